/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See cluster.h. Who is killed is cut off from the network and the disk in the same moment, its
 * kernel is then stopped for the sake of our memory: what the modules do on the way out reaches
 * nobody.
 */
#include "cluster.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "framework.h"
#include "tepui/kind/calls.h"
#include "tepui/record.h"

#define DELAY_MAX_NS (3 * TP_MSEC)

static void asked_to_exit(void *user, int status)
{
	((struct machine *)user)->exit_status = status;
}

static bool says_real(void)
{
	const char *wish = getenv("TEPUI_TEST_TRANSPORT");

	return wish != NULL && strcmp(wish, "real") == 0;
}

struct cluster *cluster_create(uint64_t seed)
{
	struct cluster *c = tp_alloc(sizeof *c);
	struct tp_error err = { 0 };

	tp_log_set_level(getenv("TEPUI_TEST_LOG") == NULL ? TP_LOG_ERROR : TP_LOG_DEBUG);
	c->real = says_real();
	c->random.state = seed;
	test_tmpdir_init(&c->dir);
	test_clock_init(&c->clock);
	sim_random_seed(seed + 1);
	c->loop = tp_loop_create(c->real ? NULL : &c->clock.clock, &err);
	ck_assert_msg(c->loop != NULL, "%s", err.text);
	snprintf(c->master_url, sizeof c->master_url, "tcp://127.0.0.1:%d",
		c->real ? 0 : 5060);
	if (c->real) {
		ck_assert_msg(tp_transport_create(c->loop, &c->real_transport, &err) >= 0,
			"%s", err.text);
	} else {
		c->network = fake_transport_create(c->loop);
		fake_transport_weather(c->network, seed, seed == 0 ? 0 : DELAY_MAX_NS);
	}
	return c;
}

static void machine_fini(struct machine *m)
{
	cluster_stop(m);
	sim_containers_destroy(m->containers);
	work_inline_destroy(m->work);
	disk_destroy(m->disk);
	sim_disk_destroy(m->sim_disk);
	tp_free(m->config);
}

void cluster_destroy(struct cluster *c)
{
	for (size_t i = 0; i < c->n_frameworks; i++) {
		framework_disconnect(c->frameworks[i]);
		tp_free(c->frameworks[i]);
	}
	for (size_t i = c->n_machines; i-- > 0;)
		machine_fini(&c->machines[i]);
	fake_transport_destroy(c->network);
	tp_transport_destroy(c->real_transport);
	tp_loop_destroy(c->loop);
	test_tmpdir_fini(&c->dir);
	tp_free(c);
}

/* --- time ------------------------------------------------------------------------------ */

struct deadline {
	struct cluster *cluster;
	int64_t at_ms;
};

int64_t cluster_now_ms(const struct cluster *c)
{
	return tp_loop_now_ns(c->loop) / TP_MSEC;
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
		test_clock_advance(&c->clock, c->loop, ms * TP_MSEC);
}

bool cluster_step_until(
	struct cluster *c, bool (*until)(void *arg), void *arg, int64_t max_ms)
{
	if (c->real)
		return step_real(c, until, arg, max_ms);
	return test_clock_run_until(&c->clock, c->loop, until, arg, max_ms * TP_MSEC);
}

/* --- daemons --------------------------------------------------------------------------- */

static char *manifest(struct machine *m)
{
	const char *dir = m->cluster->dir.path;

	if (m->is_master)
		return tp_asprintf("modules:\n  - module: allocator-drf\n  - module: %s\n"
				   "  - module: election-standalone\n"
				   "  - module: master\n    config:\n"
				   "      work_dir: %s/%s\n      listen: %s\n%s",
			m->resources, dir, m->name, m->cluster->master_url, m->config);
	return tp_asprintf("modules:\n  - module: fake-containerizer\n  - module: agent\n"
			   "    config:\n      master: %s\n"
			   "      listen: tcp://127.0.0.1:0\n      work_dir: %s/%s\n"
			   "      runtime_dir: %s/%s.run\n      hostname: %s\n"
			   "      resources: \"%s;disk:0;ports:[]\"\n%s",
		m->cluster->master_url, dir, m->name, dir, m->name, m->name, m->resources,
		m->config);
}

/* The port that was chosen, for whoever comes and for a restart. */
static void learn_url(struct machine *m)
{
	tp_cleanup(strbuf) struct tp_strbuf ready = TP_STRBUF_INIT;
	const char *at;

	tp_kernel_ready(m->kernel, &ready);
	at = strstr(tp_strbuf_text(&ready), "master.listen=");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "master.listen=%63s", m->cluster->master_url), 1);
}

void cluster_restart(struct machine *m)
{
	static const struct tp_module *const modules[] = { &sim_containerizer };
	struct cluster *c = m->cluster;
	const struct tp_kernel_options options = {
		.loop = c->loop,
		.services = m->services,
		.n_services = TP_COUNT(m->services),
		.modules = modules,
		.n_modules = TP_COUNT(modules),
		.exit = asked_to_exit,
		.user = m,
	};
	tp_cleanup(ptr) char *text = manifest(m);
	struct tp_error err = { 0 };
	int r;

	ck_assert_ptr_null(m->kernel);
	m->exit_status = -1;
	sim_disk_kill(m->sim_disk, false);
	for (size_t i = 0; m->node != NULL && i < c->n_machines; i++) {
		fake_node_block(m->node, c->machines[i].node, false);
		fake_node_block(c->machines[i].node, m->node, false);
	}
	m->kernel = tp_kernel_create(&options);
	r = tp_kernel_load_text(m->kernel, m->name, text, NULL, 0, &err);
	ck_assert_msg(r >= 0, "%s", err.text);
	if (!m->is_master)
		sim_containers_bind(m->containers,
			tp_kernel_instance(m->kernel, "fake-containerizer"));
	ck_assert_msg(tp_kernel_start(m->kernel, &err) >= 0, "%s", err.text);
	if (m->is_master)
		learn_url(m);
	cluster_advance(c, 0);
}

static struct machine *machine_add(struct cluster *c, const char *name, bool is_master,
	const char *resources, const char *config)
{
	struct machine *m = &c->machines[c->n_machines++];
	struct tp_disk_service disk;
	struct tp_work_service work;

	ck_assert_uint_le(c->n_machines, CLUSTER_MACHINES_MAX);
	m->cluster = c;
	m->is_master = is_master;
	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->resources, sizeof m->resources, "%s", resources);
	m->config = tp_strdup(config == NULL ? "" : config);
	if (c->real) {
		m->transport = *c->real_transport;
	} else {
		m->node = fake_transport_node(c->network);
		m->transport = *fake_node_get(m->node);
	}
	m->work = work_inline_create(
		c->loop, c->random.state == 0 ? 0 : sim_random_next(&c->random) | 1);
	work = work_inline_service(m->work);
	m->disk = disk_create(c->loop, (struct tp_work_service){ 0 });
	m->sim_disk = sim_disk_create(c->loop, m->disk);
	disk = sim_disk_service(m->sim_disk);
	if (!is_master)
		m->containers = sim_containers_create(c->loop, &m->transport);
	m->services[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	m->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	m->services[2] = (struct tp_kernel_service)TP_KERNEL_SERVICE(
		"transport", TP_TRANSPORT_ABI, m->transport);
	cluster_restart(m);
	return m;
}

struct machine *cluster_add_master(
	struct cluster *c, const char *registry, const char *config)
{
	return machine_add(c, "master", true, registry, config);
}

struct machine *cluster_add_agent(
	struct cluster *c, const char *name, const char *resources, const char *config)
{
	return machine_add(c, name, false, resources, config);
}

/* --- the end --------------------------------------------------------------------------- */

static void on_stopped(struct tp_done *done, int status)
{
	(void)status;
	tp_container_of(done, struct machine, stopped)->is_stopped = true;
}

static bool is_stopped(void *arg)
{
	return ((struct machine *)arg)->is_stopped;
}

void cluster_stop(struct machine *m)
{
	if (m->kernel == NULL)
		return;
	m->is_stopped = false;
	m->stopped.call = on_stopped;
	tp_kernel_stop(m->kernel, &m->stopped);
	ck_assert_msg(cluster_step_until(m->cluster, is_stopped, m, 40000),
		"%s does not stop", m->name);
	if (m->containers != NULL)
		sim_containers_bind(m->containers, NULL);
	tp_kernel_destroy(m->kernel);
	m->kernel = NULL;
}

void cluster_kill(struct machine *m)
{
	struct cluster *c = m->cluster;

	if (m->node != NULL)
		fake_node_cut(m->node);
	for (size_t i = 0; m->node != NULL && i < c->n_machines; i++) {
		fake_node_block(m->node, c->machines[i].node, true);
		fake_node_block(c->machines[i].node, m->node, true);
	}
	if (m->node != NULL) {
		sim_disk_kill(m->sim_disk, true);
	}
	cluster_stop(m);
}

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

	ck_assert_msg(status == 200, "%d %s", status, error == NULL ? "" : error);
	q->answered = true;
	q->response = tp_record_copy(desc, body, q->arena);
}

static bool is_answered(void *arg)
{
	return ((struct question *)arg)->answered;
}

const void *cluster_ask(struct machine *m, const void *call, struct tp_arena *arena)
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
