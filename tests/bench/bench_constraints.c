/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs when a framework subscribes with offer constraints: CPU time until every agent is
 * judged, and the longest that the loop is held meanwhile. The allocator is paused, so no run is
 * counted. The floor compares one text of each agent.
 *
 * -a AGENTS: 50,000 if not given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tepui/allotment.h"
#include "tepui/resources.h"
#include "tepui/wire.h"
#include "tests/lib/host.h"

#define CONSTRAINTS_MAX 32
#define ATTRIBUTES 5

extern const struct tp_module tp_module;

struct scenario {
	const char *name;
	unsigned n_equal, n_regex; /* constraints of the one group */
};

static const struct scenario scenarios[] = {
	{ "one text", 1, 0 },
	{ "one regex", 0, 1 },
	{ "ten texts and ten regexes", 10, 10 },
};

struct bench {
	struct test_host host;
	const struct tp_allocator_ops *ops;
	void *impl;
	uint32_t n_agents;
};

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

static void row(const struct bench *b, const struct scenario *scenario, const char *name,
	int64_t ns)
{
	printf("constraints_%s\t%.3f\tms\t%u agents, %s\n", name, (double)ns / 1e6,
		b->n_agents, scenario->name);
}

/* --- the cluster ----------------------------------------------------------------------- */

static void agent_add(struct bench *b, uint32_t slot, const struct tp_resources *total)
{
	static const char *const names[ATTRIBUTES] = { "rack", "zone", "disk", "kernel",
		"generation" };
	char hostname[48], texts[ATTRIBUTES][32];
	struct tp_value_text values[ATTRIBUTES];
	struct tp_attribute rows[ATTRIBUTES], *attributes[ATTRIBUTES];
	struct tp_agent_info info = {
		.hostname = hostname, .attributes = attributes, .n_attributes = ATTRIBUTES
	};
	const struct tp_allocator_agent spec = {
		.info = &info, .capabilities = 0xff, .total = total, .active = true
	};

	snprintf(hostname, sizeof hostname, "host%u.cluster.example.com", slot);
	for (int i = 0; i < ATTRIBUTES; i++) {
		snprintf(texts[i], sizeof texts[i], "%s-%u", names[i], slot % 100);
		values[i] = (struct tp_value_text){ .value = texts[i] };
		rows[i] = (struct tp_attribute){
			.name = names[i], .type = TP_VALUE_TEXT, .text = &values[i]
		};
		attributes[i] = &rows[i];
	}
	b->ops->add_agent(b->impl, slot, &spec, NULL, 0);
}

static void bench_open(struct bench *b)
{
	static const struct tp_allocator_user user = { .user = NULL };
	struct tp_resources total = TP_RESOURCES_INIT;
	struct tp_error err;

	test_host_start(&b->host, &tp_module, NULL);
	b->ops = &tp_allotment_ops;
	b->impl = test_host_impl(&b->host);
	b->ops->open(b->impl, &user);
	b->ops->pause(b->impl);
	if (tp_resources_parse(&total, "cpus:16;mem:65536", NULL, &err) < 0)
		exit(1);
	for (uint32_t i = 0; i < b->n_agents; i++)
		agent_add(b, i, &total);
	tp_resources_fini(&total);
	test_clock_settle(&b->host.clock, b->host.loop);
}

/* --- what is measured ------------------------------------------------------------------ */

/* Whatever is left to do, turn by turn; returns the longest. */
static int64_t turns(struct bench *b)
{
	int64_t longest_ns = 0, start_ns, ns;
	int ran = 1;

	while (ran > 0) {
		start_ns = cpu_ns();
		ran = tp_loop_turn(b->host.loop, 0);
		ns = cpu_ns() - start_ns;
		longest_ns = ns > longest_ns ? ns : longest_ns;
	}
	return longest_ns;
}

static void subscribe(struct bench *b, const struct scenario *scenario,
	struct tp_offer_constraints_role_constraints_group *group)
{
	struct tp_offer_constraints_role_constraints_group *groups[] = { group };
	struct tp_offer_constraints_role_constraints constraints = { groups, 1 };
	struct tp_offer_constraints_role_constraints_entry role = { "*", &constraints };
	struct tp_offer_constraints_role_constraints_entry *roles[] = { &role };
	const struct tp_offer_constraints record = { roles, 1 };
	struct tp_framework_id id = { .value = "framework" };
	struct tp_framework_info info = { .id = &id, .role = "*" };
	const struct tp_allocator_framework spec = {
		.info = &info, .constraints = &record, .active = true
	};
	int64_t start_ns = cpu_ns(), call_ns, longest_ns;

	b->ops->add_framework(b->impl, 0, &spec, NULL, 0);
	call_ns = cpu_ns() - start_ns;
	longest_ns = turns(b);
	row(b, scenario, "subscribe_cpu", cpu_ns() - start_ns);
	row(b, scenario, "longest_turn", call_ns > longest_ns ? call_ns : longest_ns);
	b->ops->remove_framework(b->impl, 0);
}

static void measure(struct bench *b, const struct scenario *scenario)
{
	struct tp_attribute_constraint_predicate_text_equals equals = { "rack-7" };
	struct tp_attribute_constraint_predicate_text_not_matches regex = {
		"host[0-9]*(7|13)\\.cluster\\.example\\.(org|net)"
	};
	struct tp_attribute_constraint_selector rack = { .attribute_name = "rack" };
	struct tp_attribute_constraint_selector hostname = { .has_pseudoattribute_type =
								     true,
		.pseudoattribute_type =
			TP_ATTRIBUTE_CONSTRAINT_SELECTOR_PSEUDOATTRIBUTE_HOSTNAME };
	struct tp_attribute_constraint_predicate_text_not_equals differs = { "rack-7" };
	struct tp_attribute_constraint_predicate is = { .text_equals = &equals };
	struct tp_attribute_constraint_predicate is_not = { .text_not_equals = &differs };
	struct tp_attribute_constraint_predicate matches = { .text_not_matches = &regex };
	struct tp_attribute_constraint rows[CONSTRAINTS_MAX], *items[CONSTRAINTS_MAX];
	struct tp_offer_constraints_role_constraints_group group = { items, 0 };

	for (unsigned i = 0; i < scenario->n_equal + scenario->n_regex; i++) {
		bool text = i < scenario->n_equal;

		rows[i] = (struct tp_attribute_constraint){ text ? &rack : &hostname,
			!text                            ? &matches
				: scenario->n_equal == 1 ? &is
							 : &is_not };
		items[group.n_attribute_constraints++] = &rows[i];
	}
	subscribe(b, scenario, &group);
}

static void measure_floor(const struct bench *b)
{
	char(*texts)[32] = tp_alloc(b->n_agents * sizeof *texts);
	static const struct scenario floor = { "floor: one text of each", 0, 0 };
	uint32_t n_equal = 0;
	int64_t start_ns;

	for (uint32_t i = 0; i < b->n_agents; i++)
		snprintf(texts[i], sizeof texts[i], "rack-%u", i % 100);
	start_ns = cpu_ns();
	for (uint32_t i = 0; i < b->n_agents; i++)
		n_equal += strcmp(texts[i], "rack-7") == 0;
	row(b, &floor, "floor_cpu", cpu_ns() - start_ns);
	tp_assert(n_equal == b->n_agents / 100 + (b->n_agents % 100 > 7));
	tp_free(texts);
}

int main(int argc, char **argv)
{
	struct bench *b = tp_alloc(sizeof *b);

	b->n_agents = argc == 3 && strcmp(argv[1], "-a") == 0
		? (uint32_t)strtoul(argv[2], NULL, 10)
		: 50000;
	bench_open(b);
	for (size_t i = 0; i < TP_COUNT(scenarios); i++)
		measure(b, &scenarios[i]);
	measure_floor(b);
	test_host_stop(&b->host);
	tp_free(b);
	return 0;
}
