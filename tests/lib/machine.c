/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See machine.h. Who is killed is cut off from the network and the disk in the same moment, its
 * kernel is then stopped for the sake of our memory: what the modules do on the way out reaches
 * nobody.
 */
#include "machine.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tepui/kind/daemon.h"
#include "tepui/strbuf.h"
#include "tests/lib/cluster.h"
#include "tests/lib/sim_registry.h"

static void asked_to_exit(void *user, int status)
{
	((struct machine *)user)->exit_status = status;
}

/* --- the start ------------------------------------------------------------------------- */

static char *master_manifest(const struct machine *m)
{
	return tp_asprintf(
		"modules:\n  - module: %s\n"
		"  - module: %s\n  - module: %s\n  - module: master\n    config:\n"
		"      work_dir: %s/%s\n      listen: %s\n%s",
		m->cluster->allocator, m->resources,
		m->party == NULL ? "election-standalone" : "sim-election",
		m->cluster->dir.path, m->name, m->url, m->config);
}

static char *agent_manifest(const struct machine *m)
{
	const char *dir = m->cluster->dir.path;

	return tp_asprintf("modules:\n  - module: fake-containerizer\n%s%s"
			   "  - module: agent\n    config:\n%s%s%s"
			   "      listen: tcp://127.0.0.1:0\n      work_dir: %s/%s\n"
			   "      runtime_dir: %s/%s.run\n      hostname: %s\n"
			   "      resources: \"%s;disk:1024;ports:[]\"\n%s",
		m->party == NULL ? "" : "  - module: sim-election\n",
		m->lender == NULL ? "" : "  - module: sim-lender\n",
		m->party == NULL ? "      master: " : "",
		m->party == NULL ? m->cluster->master_urls : "",
		m->party == NULL ? "\n" : "", dir, m->name, dir, m->name, m->name,
		m->resources, m->config);
}

/* The port that was chosen, for whoever comes and for a restart. */
static void learn_url(struct machine *m)
{
	tp_cleanup(strbuf) struct tp_strbuf ready = TP_STRBUF_INIT;
	const char *at;

	tp_kernel_ready(m->kernel, &ready);
	at = strstr(tp_strbuf_text(&ready), "master.listen=");
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(sscanf(at, "master.listen=%63s", m->url), 1);
	if (m->cluster->real)
		snprintf(m->cluster->master_urls, sizeof m->cluster->master_urls, "%s",
			m->url);
}

static void bind(struct machine *m)
{
	void *registry = tp_kernel_instance(m->kernel, "sim-registry");

	if (m->containers != NULL)
		sim_containers_bind(m->containers,
			tp_kernel_instance(m->kernel, "fake-containerizer"));
	if (m->lender != NULL)
		sim_lender_bind(m->lender, tp_kernel_instance(m->kernel, "sim-lender"));
	if (m->party != NULL)
		sim_party_bind(m->party, tp_kernel_instance(m->kernel, "sim-election"));
	if (registry != NULL)
		sim_registry_bind(m->cluster->registry, registry);
}

void cluster_restart(struct machine *m)
{
	static const struct tp_module *const modules[] = { &sim_containerizer,
		&sim_election_module, &sim_lender_module, &sim_registry_module };
	const struct tp_kernel_options options = {
		.loop = m->loop,
		.services = m->services,
		.n_services = TP_COUNT(m->services),
		.modules = modules,
		.n_modules = TP_COUNT(modules),
		.exit = asked_to_exit,
		.user = m,
	};
	tp_cleanup(ptr) char *text =
		m->is_master ? master_manifest(m) : agent_manifest(m);
	struct tp_error err = { 0 };
	int r;

	ck_assert_ptr_null(m->kernel);
	m->exit_status = -1;
	sim_disk_revive(m->sim_disk);
	if (m->node != NULL)
		fake_node_kill(m->node, false);
	m->kernel = tp_kernel_create(&options);
	r = tp_kernel_load_text(m->kernel, m->name, text, NULL, 0, &err);
	ck_assert_msg(r >= 0, "%s", err.text);
	bind(m);
	if (m->cluster->tamper != NULL)
		m->cluster->tamper(m);
	r = tp_kernel_start(m->kernel, &err);
	ck_assert_msg(r >= 0, "%s does not start: %s", m->name, err.text);
	if (m->is_master)
		learn_url(m);
	cluster_advance(m->cluster, 0);
}

static void place(struct machine *m)
{
	struct cluster *c = m->cluster;

	if (c->real) {
		m->transport = *c->real_transport;
		m->loop = c->loop;
		return;
	}
	m->clock = sim_clock_create(&c->time);
	m->loop = m->clock->loop;
	m->node = fake_transport_node(c->network);
	m->transport = *fake_node_get(m->node);
	if (c->election != NULL)
		m->party = sim_party_create(c->election, m->loop);
}

static uint64_t next_seed(struct cluster *c)
{
	return c->seed == 0 ? 0 : sim_random_next(&c->random) | 1;
}

void machine_init(struct machine *m, struct cluster *c, const char *name, bool is_master,
	const char *resources, const char *config)
{
	tp_cleanup(ptr) char *meta = tp_asprintf("%s/%s/meta", c->dir.path, name);
	struct tp_disk_service disk;
	struct tp_work_service work;

	m->cluster = c;
	m->is_master = is_master;
	snprintf(m->name, sizeof m->name, "%s", name);
	snprintf(m->resources, sizeof m->resources, "%s", resources);
	m->config = tp_strdup(config == NULL ? "" : config);
	place(m);
	m->work = work_inline_create(m->loop, next_seed(c));
	work = work_inline_service(m->work);
	m->disk = disk_create(m->loop, (struct tp_work_service){ 0 });
	m->sim_disk = sim_disk_create(m->loop, m->disk, meta, next_seed(c));
	disk = sim_disk_service(m->sim_disk);
	if (!is_master && c->lends)
		m->lender = sim_lender_create();
	if (!is_master)
		m->containers = sim_containers_create(m->loop, &m->transport);
	m->services[0] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("work", TP_WORK_ABI, work);
	m->services[1] =
		(struct tp_kernel_service)TP_KERNEL_SERVICE("disk", TP_DISK_ABI, disk);
	m->services[2] = (struct tp_kernel_service)TP_KERNEL_SERVICE(
		"transport", TP_TRANSPORT_ABI, m->transport);
}

/* --- the end --------------------------------------------------------------------------- */

void machine_fini(struct machine *m)
{
	if (m->frozen)
		cluster_freeze(m, false);
	cluster_stop(m);
	sim_containers_destroy(m->containers);
	sim_lender_destroy(m->lender);
	work_inline_destroy(m->work);
	disk_destroy(m->disk);
	sim_disk_destroy(m->sim_disk);
	tp_free(m->config);
}

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
	if (m->lender != NULL)
		sim_lender_bind(m->lender, NULL);
	if (m->party != NULL)
		sim_party_bind(m->party, NULL);
	tp_kernel_destroy(m->kernel);
	m->kernel = NULL;
}

static void stop_dead(struct machine *m, bool power_loss)
{
	void *registry = tp_kernel_instance(m->kernel, "sim-registry");

	fake_node_kill(m->node, true);
	sim_disk_kill(m->sim_disk, power_loss);
	if (registry != NULL)
		sim_registry_kill(m->cluster->registry, registry);
	if (m->party != NULL)
		sim_party_kill(m->party);
	cluster_stop(m);
}

/* The kernel of the operating system closes what was open: peers are told. */
void cluster_kill(struct machine *m)
{
	if (m->node == NULL) {
		cluster_stop(m);
		return;
	}
	cluster_freeze(m, false);
	fake_node_cut(m->node);
	stop_dead(m, false);
}

static void forget_boot(const struct machine *m)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/%s/meta/boot_id", m->cluster->dir.path, m->name);
	FILE *file = fopen(path, "r+");

	if (file == NULL)
		return;
	ck_assert(fputs("another boot", file) >= 0);
	ck_assert_int_eq(fclose(file), 0);
}

void cluster_power_loss(struct machine *m)
{
	ck_assert_ptr_nonnull(m->node);
	cluster_freeze(m, false);
	if (m->kernel != NULL)
		stop_dead(m, true);
	else
		fake_node_kill(m->node, true);
	if (m->containers != NULL)
		sim_containers_power_loss(m->containers);
	cluster_advance(m->cluster, 0);
	sim_disk_power_loss(m->sim_disk);
	forget_boot(m);
}

void cluster_freeze(struct machine *m, bool frozen)
{
	ck_assert_ptr_nonnull(m->node);
	if (m->frozen == frozen)
		return;
	m->frozen = frozen;
	m->clock->frozen = frozen;
	fake_node_freeze(m->node, frozen);
	if (m->party != NULL)
		sim_party_cut(m->party, frozen);
}

void cluster_jump_wall(struct machine *m, int64_t by_ms)
{
	ck_assert_ptr_nonnull(m->node);
	m->clock->wall_offset_ns += by_ms * TP_MSEC;
}

/* --- what it says ----------------------------------------------------------------------- */

const char *machine_id(struct machine *m)
{
	struct tp_instance *daemon =
		tp_kernel_instance(m->kernel, m->is_master ? "master" : "agent");
	const struct tp_provide *provide = daemon->module->provides;

	while (strcmp(provide->kind, "daemon") != 0)
		provide++;
	return ((const struct tp_daemon_ops *)provide->ops)->id(daemon);
}
