/* SPDX-License-Identifier: Apache-2.0 */
/* What an allocator says about itself: of every role and agent, and what is so. */
#include "allocator.h"

#include <stdio.h>

#define ANSWERS_MAX 8

struct answers {
	struct tp_allocator_explanation roles[ANSWERS_MAX];
	char names[ANSWERS_MAX][16];
	struct tp_allocator_agent_reason agents[ANSWERS_MAX];
	size_t n_roles, n_agents;
};

static void on_role(void *user, const struct tp_allocator_explanation *why)
{
	struct answers *answers = user;

	if (answers->n_roles == ANSWERS_MAX)
		return;
	snprintf(answers->names[answers->n_roles], sizeof(answers->names[0]), "%s",
		why->role);
	answers->roles[answers->n_roles++] = *why;
}

static void on_agent(void *user, const struct tp_allocator_agent_reason *why)
{
	struct answers *answers = user;

	if (answers->n_agents < ANSWERS_MAX)
		answers->agents[answers->n_agents++] = *why;
}

static struct answers explain(struct master *m, uint32_t framework)
{
	struct answers answers = { .n_roles = 0 };

	m->inside = true;
	m->ops->explain(m->impl, framework, on_role, &answers);
	m->inside = false;
	return answers;
}

static struct answers explain_agents(
	struct master *m, uint32_t framework, const char *role)
{
	struct answers answers = { .n_roles = 0 };

	m->inside = true;
	m->ops->explain_agents(m->impl, framework, role, on_agent, &answers);
	m->inside = false;
	return answers;
}

static uint32_t sum(const struct tp_allocator_explanation *why)
{
	return why->agents_inactive + why->agents_not_whitelisted + why->agents_full +
		why->agents_capability + why->agents_constraints + why->agents_reserved +
		why->agents_quota + why->agents_too_small + why->agents_filtered +
		why->agents_free;
}

/* Every role once, every agent under one reason. */
static void roles_are_explained(struct master *m)
{
	struct answers answers;

	master_framework(m, 0,
		&(struct framework_spec){ .roles = "role,other",
			.suppressed = "other",
			.can = CAN(MULTI_ROLE) });
	for (uint32_t i = 0; i < 3; i++)
		master_add_agent(m, i, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	answers = explain(m, 0);
	expect(m->check, answers.n_roles == 2, "explains %zu of 2 roles",
		answers.n_roles);
	for (size_t i = 0; i < answers.n_roles; i++) {
		bool suppressed = tp_streq(answers.names[i], "other");

		expect(m->check, suppressed || tp_streq(answers.names[i], "role"),
			"explains the role '%s', which it has not got", answers.names[i]);
		expect(m->check, answers.roles[i].suppressed == suppressed,
			"is wrong about '%s' being suppressed", answers.names[i]);
		expect(m->check, answers.roles[i].active, "takes it for inactive");
		expect(m->check, sum(&answers.roles[i]) == 3, "tells of %u agents of 3",
			sum(&answers.roles[i]));
	}
}

static void explaining_changes_nothing(struct master *m)
{
	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", TP_HOUR);
	for (int i = 0; i < 3; i++)
		explain(m, 0);
	check_advance(m->check, WHILE);
	expect(m->check, m->n_offers == 0, "explain() ends filters");
	check_advance(m->check, TP_HOUR);
	expect(m->check, master_count(m, 0, 0) >= 1, "explain() keeps offers away");
}

static enum tp_allocator_reason reason_of(
	struct master *m, const struct answers *answers, uint32_t agent)
{
	for (size_t i = 0; i < answers->n_agents; i++) {
		if (answers->agents[i].agent == agent)
			return answers->agents[i].reason;
	}
	expect(m->check, false, "does not tell of agent %u", agent);
	return TP_ALLOCATOR_FREE;
}

/* What is beyond doubt: who is not active, who is full, who was refused. */
static void agents_are_explained(struct master *m)
{
	struct answers answers;

	master_add_framework(m, 0);
	master_add_agent(m, 0, ALL, ALL, 0);
	master_add_agent(m, 1, ALL, NULL, 0);
	master_agent(m, 2, &(struct agent_spec){ .inactive = true });
	master_add_agent(m, 3, "cpus(other):2;mem(other):64", NULL, 0);
	check_advance(m->check, WHILE);
	master_answer_all(m, "", TP_HOUR);
	check_advance(m->check, WHILE);
	answers = explain_agents(m, 0, "role");
	expect(m->check, answers.n_agents == 4, "tells of %zu agents of 4",
		answers.n_agents);
	expect(m->check, reason_of(m, &answers, 0) == TP_ALLOCATOR_FULL,
		"an agent that is full has another reason");
	expect(m->check, reason_of(m, &answers, 1) == TP_ALLOCATOR_FILTERED,
		"an agent that was refused has another reason");
	expect(m->check, reason_of(m, &answers, 2) == TP_ALLOCATOR_INACTIVE,
		"an agent that is not active has another reason");
	expect(m->check, reason_of(m, &answers, 3) == TP_ALLOCATOR_RESERVED,
		"an agent that is reserved for others has another reason");
	for (size_t i = 0; i < answers.n_agents; i++)
		expect(m->check,
			answers.agents[i].reason != TP_ALLOCATOR_FILTERED ||
				(answers.agents[i].left_ns > 0 &&
					answers.agents[i].left_ns <= TP_HOUR),
			"a filter of an hour ends in %lld ns",
			(long long)answers.agents[i].left_ns);
	answers = explain_agents(m, 0, "nobody");
	expect(m->check, answers.n_agents == 0,
		"explains agents for a role that the framework has not got");
}

static void pauses_are_explained(struct master *m)
{
	struct answers answers;

	master_add_framework(m, 0);
	m->ops->pause(m->impl);
	answers = explain(m, 0);
	expect(m->check, answers.n_roles == 1 && answers.roles[0].paused,
		"does not say that it is paused");
	m->ops->resume(m->impl);
	answers = explain(m, 0);
	expect(m->check, answers.n_roles == 1 && !answers.roles[0].paused,
		"says that it is paused after it was resumed");
}

const struct allocator_case allocator_explain[] = {
	{ "explains each role", roles_are_explained, NEEDS(explain) },
	{ "explaining changes nothing", explaining_changes_nothing, NEEDS(explain) },
	{ "explains each agent", agents_are_explained, NEEDS(explain_agents) },
	{ "explains a pause", pauses_are_explained, NEEDS(explain_agents), AND(pause) },
	{ 0 },
};
