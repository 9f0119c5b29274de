/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offer constraints: which agents a client wants offers of, by attributes and place. They are
 * judged when the client or the agent is told of, once for each pair; runs look at one bit. A turn
 * of the loop has a few milliseconds for that, whether a client comes where there are many agents
 * or agents come where there are many clients; what is left goes on in the next one.
 */
#include "core/cluster/allocation/constraint.h"

#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/pattern.h"
#include "core/cluster/allocation/run.h"
#include "tepui/record.h"

/* What judging costs, about, in nanoseconds; memory is not in the cache. */
#define COST_AGENT 200
#define COST_CONSTRAINT 50
#define COST_STEP 5 /* of a pattern */
#define COST_MAX (2 * TP_MSEC)

struct alloc_constraint {
	const struct tp_attribute_constraint_selector *selector;
	const struct tp_attribute_constraint_predicate *predicate;
	struct alloc_pattern *pattern; /* of a predicate with one; NULL matches nothing */
};

/* An agent that is judged. */
struct judged {
	const struct alloc_site *site;
	uint64_t cost;
};

/* What is looked at: text, something that is no text, or nothing. */
struct subject {
	bool exists;
	const char
		*text; /* NULL: not a text, which satisfies every predicate about text */
};

static bool matches(const struct alloc_constraint *constraint, const char *text,
	struct judged *judged)
{
	uint64_t steps = 0;
	bool all = constraint->pattern != NULL &&
		alloc_pattern_matches(constraint->pattern, text, &steps);

	judged->cost += steps * COST_STEP;
	return all;
}

static bool holds(const struct alloc_constraint *constraint,
	const struct subject *subject, struct judged *judged)
{
	const struct tp_attribute_constraint_predicate *predicate = constraint->predicate;
	const char *text = subject->text;
	bool other = subject->exists && text == NULL;

	judged->cost += COST_CONSTRAINT;
	if (predicate->exists != NULL)
		return subject->exists;
	if (predicate->not_exists != NULL)
		return !subject->exists;
	if (predicate->text_equals != NULL)
		return other || tp_streq(text, predicate->text_equals->value);
	if (predicate->text_not_equals != NULL)
		return text == NULL || !tp_streq(text, predicate->text_not_equals->value);
	if (predicate->text_matches != NULL)
		return other || (text != NULL && matches(constraint, text, judged));
	if (predicate->text_not_matches != NULL)
		return text == NULL || !matches(constraint, text, judged);
	return false; /* a predicate of a later version */
}

static struct subject fact(const struct alloc_site *site, int type)
{
	const struct tp_domain_info_fault_domain *place =
		site->domain == NULL ? NULL : site->domain->fault_domain;
	const char *text = NULL;

	if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_HOSTNAME)
		text = site->hostname;
	else if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_REGION &&
		place != NULL && place->region != NULL)
		text = place->region->name;
	else if (type == TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_ZONE &&
		place != NULL && place->zone != NULL)
		text = place->zone->name;
	return (struct subject){ text != NULL, text };
}

static struct subject attribute_subject(const struct tp_attribute *attribute)
{
	bool is_text = attribute->type == TP_VALUE_TEXT && attribute->text != NULL;

	return (struct subject){ true, is_text ? attribute->text->value : NULL };
}

/* A name that repeats: one attribute that passes is enough. */
static bool constraint_holds(
	const struct alloc_constraint *constraint, struct judged *judged)
{
	const struct tp_attribute_constraint_selector *selector = constraint->selector;
	const struct alloc_site *site = judged->site;
	struct subject subject = { false, NULL };
	bool found = false;
	size_t i;

	if (selector->attribute_name == NULL) {
		subject = fact(site, selector->pseudoattribute_type);
		return holds(constraint, &subject, judged);
	}
	for (i = 0; i < site->n_attributes; i++) {
		if (!tp_streq(site->attributes[i]->name, selector->attribute_name))
			continue;
		found = true;
		subject = attribute_subject(site->attributes[i]);
		if (holds(constraint, &subject, judged))
			return true;
	}
	return !found && holds(constraint, &subject, judged);
}

static bool group_holds(
	const struct alloc_constraint *items, size_t n, struct judged *judged)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!constraint_holds(&items[i], judged))
			return false;
	return true;
}

static void exclude(struct alloc_constraints *constraints, uint32_t agent)
{
	constraints->excluded =
		alloc_grow(constraints->excluded, &constraints->n_bytes, agent / 8, 1);
	constraints->excluded[agent / 8] |= (uint8_t)(1U << agent % 8);
}

static uint64_t judge(
	struct tp_allotment *self, struct alloc_constraints *constraints, uint32_t agent)
{
	static const struct alloc_site nowhere = { .hostname = NULL };
	const struct tp_offer_constraints_role_constraints *record = constraints->record;
	const struct alloc_constraint *items = constraints->items;
	struct judged judged = { self->hosts[agent].site, COST_AGENT };
	bool any = record->n_groups == 0;
	size_t i;

	if (judged.site == NULL)
		judged.site = &nowhere;
	exclude(constraints, agent);
	for (i = 0; i < record->n_groups && !any; i++) {
		any = group_holds(
			items, record->groups[i]->n_attribute_constraints, &judged);
		items += record->groups[i]->n_attribute_constraints;
	}
	if (any)
		constraints->excluded[agent / 8] &= (uint8_t) ~(1U << agent % 8);
	return judged.cost;
}

/* --- slices ---------------------------------------------------------------------------- */

/* The constraints of a client that an agent must be judged by, or NULL. */
static struct alloc_constraints *constraints_at(
	const struct tp_allotment *self, uint32_t client, uint32_t agent)
{
	struct alloc_constraints *constraints = self->clients[client].constraints;

	return self->clients[client].used && constraints != NULL &&
			agent < constraints->next
		? constraints
		: NULL;
}

/* By the clients from `first` on, as far as this turn may go; true when it was by all. */
static bool judge_agent(struct tp_allotment *self, uint32_t agent, uint32_t first)
{
	struct alloc_constraints *constraints;
	bool was_late = self->judge_from[agent] != 0, late = false;
	uint32_t i;

	for (i = first; self->n_constrained > 0 && i < self->n_clients && !late; i++) {
		constraints = constraints_at(self, i, agent);
		late = constraints != NULL && self->judge_cost >= (uint64_t)COST_MAX;
		if (constraints != NULL && !late)
			self->judge_cost += judge(self, constraints, agent);
	}
	self->judge_from[agent] = late ? i : 0;
	self->n_late += late;
	self->n_late -= was_late;
	return !late;
}

/* Agents that came while there was no time; each of them wants a run when it was judged. */
static void judge_late(struct tp_allotment *self)
{
	uint32_t agent;

	for (agent = 0; self->n_late > 0 && agent < self->n_judge_from; agent++) {
		if (self->judge_from[agent] == 0)
			continue;
		if (!judge_agent(self, agent, self->judge_from[agent] - 1))
			return;
		if (self->agents[agent].used)
			alloc_want(self, agent, true);
	}
}

/* As far as this turn may go; true when all agents are judged. */
static bool judge_some(struct tp_allotment *self, struct alloc_constraints *constraints)
{
	for (; constraints->next < self->n_agents; constraints->next++) {
		if (self->judge_cost >= (uint64_t)COST_MAX)
			return false;
		if (self->agents[constraints->next].used)
			self->judge_cost += judge(self, constraints, constraints->next);
	}
	constraints->next = UINT32_MAX;
	self->n_unjudged--;
	return true;
}

void alloc_constraints_judge_more(struct tp_defer *defer)
{
	struct tp_allotment *self =
		tp_container_of(defer, struct tp_allotment, judge_more);
	bool done = false;
	uint32_t i;

	self->judge_cost = 0;
	judge_late(self);
	for (i = 0; self->n_unjudged > 0 && i < self->n_clients; i++) {
		struct alloc_constraints *constraints = self->clients[i].constraints;

		if (!self->clients[i].used || constraints == NULL ||
			constraints->next == UINT32_MAX)
			continue;
		if (!judge_some(self, constraints))
			break;
		done = true;
	}
	if (done)
		alloc_want_all(self, true);
	if (self->n_unjudged > 0 || self->n_late > 0)
		tp_loop_defer(self->instance->loop, &self->judge_more);
}

/* --- setting --------------------------------------------------------------------------- */

static const char *regex_of(const struct tp_attribute_constraint_predicate *predicate)
{
	if (predicate->text_matches != NULL)
		return predicate->text_matches->regex;
	return predicate->text_not_matches != NULL ? predicate->text_not_matches->regex
						   : NULL;
}

/* Their owner has refused bad patterns, maybe larger ones than these, too. */
static void compile(struct alloc_constraints *constraints)
{
	const struct tp_offer_constraints_role_constraints *record = constraints->record;
	size_t n = 0, i, j;

	for (i = 0; i < record->n_groups; i++)
		n += record->groups[i]->n_attribute_constraints;
	constraints->items = tp_alloc((n + 1) * sizeof *constraints->items);
	for (i = 0; i < record->n_groups; i++) {
		for (j = 0; j < record->groups[i]->n_attribute_constraints; j++) {
			const struct tp_attribute_constraint *from =
				record->groups[i]->attribute_constraints[j];
			struct alloc_constraint *item =
				&constraints->items[constraints->n_items++];
			const char *regex = regex_of(from->predicate);

			item->selector = from->selector;
			item->predicate = from->predicate;
			if (regex != NULL)
				(void)alloc_pattern_compile(regex,
					ALLOC_PATTERN_STEPS_MAX, &item->pattern, NULL);
		}
	}
}

void alloc_constraints_destroy(struct alloc_constraints *constraints)
{
	uint32_t i;

	if (constraints == NULL)
		return;
	for (i = 0; i < constraints->n_items; i++)
		alloc_pattern_destroy(constraints->items[i].pattern);
	tp_free(constraints->items);
	tp_arena_destroy(constraints->arena);
	tp_free(constraints->excluded);
	tp_free(constraints);
}

static void drop(struct tp_allotment *self, struct alloc_client *client)
{
	self->n_constrained--;
	self->n_unjudged -= client->constraints->next != UINT32_MAX;
	alloc_constraints_destroy(client->constraints);
	client->constraints = NULL;
}

void alloc_constraints_set(struct tp_allotment *self, uint32_t slot,
	const struct tp_offer_constraints_role_constraints *record)
{
	struct alloc_client *client = &self->clients[slot];
	struct alloc_constraints *constraints;

	if (client->constraints != NULL) {
		if (tp_record_equal(&tp_offer_constraints_role_constraints_desc,
			    client->constraints->record, record))
			return;
		drop(self, client);
	}
	if (record == NULL)
		return;
	constraints = tp_alloc(sizeof *constraints);
	constraints->arena = tp_arena_create(0);
	constraints->record = tp_record_copy(
		&tp_offer_constraints_role_constraints_desc, record, constraints->arena);
	compile(constraints);
	client->constraints = constraints;
	self->n_constrained++;
	self->n_unjudged++;
	judge_some(self, constraints);
	if (!self->stopped)
		tp_loop_defer(self->instance->loop, &self->judge_more);
}

void alloc_constraints_judge_agent(struct tp_allotment *self, uint32_t agent)
{
	uint32_t i;

	if (self->n_constrained == 0)
		return;
	self->judge_from = alloc_grow(
		self->judge_from, &self->n_judge_from, agent, sizeof(uint32_t));
	for (i = 0; i < self->n_clients; i++)
		if (constraints_at(self, i, agent) != NULL)
			exclude(self->clients[i].constraints, agent);
	judge_agent(self, agent, 0);
	if (!self->stopped)
		tp_loop_defer(self->instance->loop, &self->judge_more);
}
