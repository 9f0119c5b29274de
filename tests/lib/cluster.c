/* SPDX-License-Identifier: Apache-2.0 */
/* See cluster.h: the whole, its time and its network. One daemon's life is in machine.c. */
#include "cluster.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "framework.h"
#include "tepui/kind/calls.h"
#include "tepui/record.h"

#define DELAY_MAX_NS (3 * TP_MSEC)
#define FIRST_PORT 5060

static bool says_real(void)
{
	const char *wish = getenv("TEPUI_TEST_TRANSPORT");

	return wish != NULL && strcmp(wish, "real") == 0;
}

static void create_real(struct cluster *c)
{
	struct tp_error err = { 0 };

	c->loop = tp_loop_create(NULL, &err);
	ck_assert_msg(c->loop != NULL, "%s", err.text);
	ck_assert_msg(tp_transport_create(c->loop, &c->real_transport, &err) >= 0, "%s",
		err.text);
}

static void create_simulated(struct cluster *c)
{
	sim_time_init(&c->time);
	c->clock = sim_clock_create(&c->time);
	c->loop = c->clock->loop;
	c->network = fake_transport_create(c->loop);
	fake_transport_weather(c->network, c->seed, c->seed == 0 ? 0 : DELAY_MAX_NS);
	c->registry =
		sim_registry_create(c->seed == 0 ? 0 : sim_random_next(&c->random) | 1);
}

struct cluster *cluster_create(uint64_t seed)
{
	struct cluster *c = tp_alloc(sizeof *c);

	tp_log_set_level(getenv("TEPUI_TEST_LOG") == NULL ? TP_LOG_ERROR : TP_LOG_DEBUG);
	c->real = says_real();
	c->seed = seed;
	c->allocator = "allocator-drf";
	c->random.state = seed;
	test_tmpdir_init(&c->dir);
	sim_random_seed(seed + 1);
	if (c->real)
		create_real(c);
	else
		create_simulated(c);
	return c;
}

void cluster_elect(struct cluster *c)
{
	ck_assert_uint_eq(c->n_machines, 0);
	c->election = sim_election_create(c->loop);
}

void cluster_destroy(struct cluster *c)
{
	for (size_t i = 0; i < c->n_frameworks; i++)
		framework_destroy(c->frameworks[i]);
	for (size_t i = c->n_machines; i-- > 0;)
		machine_fini(&c->machines[i]);
	sim_election_destroy(c->election);
	sim_registry_destroy(c->registry);
	fake_transport_destroy(c->network);
	tp_transport_destroy(c->real_transport);
	for (size_t i = 0; i < c->n_machines; i++)
		sim_clock_destroy(c->machines[i].clock);
	for (size_t i = 0; i < c->n_frameworks; i++)
		framework_free(c->frameworks[i]);
	if (c->real)
		tp_loop_destroy(c->loop);
	sim_clock_destroy(c->clock);
	test_tmpdir_fini(&c->dir);
	tp_free(c);
}

static struct machine *machine_add(struct cluster *c, const char *name, bool is_master,
	const char *resources, const char *config)
{
	struct machine *m = &c->machines[c->n_machines++];

	ck_assert_uint_le(c->n_machines, CLUSTER_MACHINES_MAX);
	machine_init(m, c, name, is_master, resources, config);
	return m;
}

struct machine *cluster_add_master(
	struct cluster *c, const char *registry, const char *config)
{
	char name[16] = "master";
	struct machine *m;
	size_t len = strlen(c->master_urls);

	if (c->n_masters > 0)
		snprintf(name, sizeof name, "master%zu", c->n_masters + 1);
	m = machine_add(c, name, true, registry, config);
	snprintf(m->url, sizeof m->url, "tcp://127.0.0.1:%zu",
		c->real ? 0 : FIRST_PORT + c->n_masters++);
	snprintf(c->master_urls + len, sizeof c->master_urls - len, "%s%s",
		len == 0 ? "" : ",", m->url);
	cluster_restart(m);
	return m;
}

struct machine *cluster_add_agent(
	struct cluster *c, const char *name, const char *resources, const char *config)
{
	struct machine *m = machine_add(c, name, false, resources, config);

	cluster_restart(m);
	return m;
}

/* --- time ------------------------------------------------------------------------------ */

struct deadline {
	struct cluster *cluster;
	int64_t at_ms;
};

int64_t cluster_now_ms(const struct cluster *c)
{
	return c->real ? tp_loop_now_ns(c->loop) / TP_MSEC : c->time.now_ns / TP_MSEC;
}

static bool reached(void *arg)
{
	const struct deadline *deadline = arg;

	return cluster_now_ms(deadline->cluster) >= deadline->at_ms;
}

static bool step_real(
	struct cluster *c, bool (*until)(void *arg), void *arg, int64_t max_ms)
{
	int64_t end_ms = cluster_now_ms(c) + max_ms;

	while (!until(arg)) {
		int64_t left_ms = end_ms - cluster_now_ms(c);

		if (left_ms <= 0)
			return until(arg);
		tp_loop_turn(c->loop, left_ms < 10 ? left_ms * TP_MSEC : 10 * TP_MSEC);
	}
	return true;
}

void cluster_advance(struct cluster *c, int64_t ms)
{
	struct deadline deadline = { c, cluster_now_ms(c) + ms };

	if (c->real)
		step_real(c, reached, &deadline, ms);
	else
		sim_time_advance(&c->time, ms * TP_MSEC);
}

bool cluster_step_until(
	struct cluster *c, bool (*until)(void *arg), void *arg, int64_t max_ms)
{
	if (c->real)
		return step_real(c, until, arg, max_ms);
	return sim_time_run_until(&c->time, until, arg, max_ms * TP_MSEC);
}

/* --- the network ------------------------------------------------------------------------ */

void cluster_cut(struct machine *a, struct machine *b, bool cut)
{
	cluster_cut_one_way(a, b, cut);
	cluster_cut_one_way(b, a, cut);
}

void cluster_cut_one_way(struct machine *from, struct machine *to, bool cut)
{
	ck_assert_ptr_nonnull(from->node);
	fake_node_block(from->node, to->node, cut);
}

/* --- operators ------------------------------------------------------------------------- */

struct machine *cluster_leader(struct cluster *c)
{
	const struct tp_master_info *leader =
		c->election == NULL ? NULL : sim_election_leader(c->election);

	for (size_t i = 0; i < c->n_machines; i++) {
		struct machine *m = &c->machines[i];

		if (!m->is_master || m->kernel == NULL || m->frozen ||
			m->exit_status >= 0)
			continue;
		if (c->election == NULL ||
			(leader != NULL && strcmp(machine_id(m), leader->id) == 0))
			return m;
	}
	return NULL;
}

struct question {
	struct tp_submission submission;
	struct tp_arena *arena;
	bool answered;
	const void *response;
};

static void on_response(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct question *q = tp_container_of(submission, struct question, submission);

	(void)error;
	q->answered = true;
	q->response = status == 200 ? tp_record_copy(desc, body, q->arena) : NULL;
}

static bool is_answered(void *arg)
{
	return ((struct question *)arg)->answered;
}

const void *cluster_try_ask(struct machine *m, const void *call, struct tp_arena *arena)
{
	struct tp_instance *daemon =
		tp_kernel_instance(m->kernel, m->is_master ? "master" : "agent");
	const struct tp_provide *provide = daemon->module->provides;
	struct question q = { .arena = arena };
	const struct tp_calls_ops *ops;

	q.submission.api = TP_API_OPERATOR;
	q.submission.call = call;
	q.submission.done = on_response;
	while (strcmp(provide->kind, "calls") != 0)
		provide++;
	ops = provide->ops;
	ops->submit(daemon, &q.submission);
	ck_assert(cluster_step_until(m->cluster, is_answered, &q, 10000));
	return q.response;
}

const void *cluster_ask(struct machine *m, const void *call, struct tp_arena *arena)
{
	const void *response = cluster_try_ask(m, call, arena);

	ck_assert_msg(response != NULL, "%s does not answer", m->name);
	return response;
}
