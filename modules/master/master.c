/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master daemon as a module: its descriptor and its life. Concerns are made in init(), the
 * doors open in start(); the world is served when this master was elected and the registry was
 * read, and not before.
 *
 *	start -> standby -> elected -> registry read and written -> recovered -> stop
 */
#include "master.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "absent.h"
#include "agents.h"
#include "calls.h"
#include "changes.h"
#include "counters.h"
#include "domain.h"
#include "executors.h"
#include "flags.h"
#include "frameworks.h"
#include "inverse_offers.h"
#include "leadership.h"
#include "listen.h"
#include "maintenance.h"
#include "native.h"
#include "offers.h"
#include "operations.h"
#include "quota.h"
#include "register.h"
#include "registrar.h"
#include "removal.h"
#include "replay.h"
#include "state.h"
#include "tasks.h"
#include "weights.h"
#include "weights_flag.h"
#include "whitelist.h"

#include "tepui/ids.h"
#include "tepui/kind/authenticator.h"
#include "tepui/kind/daemon.h"
#include "tepui/kind/hook.h"
#include "tepui/machine.h"
#include "tepui/record.h"

void master_fatal(struct master *m, const char *what, const struct tp_error *why)
{
	tp_err(m, what, "why=%s", why->text);
	tp_instance_exit(&m->instance, 1);
}

static int master_init(void *self, struct tp_error *err)
{
	struct master *m = self;
	uint8_t uuid[TP_UUID_BYTES];
	int r = flags_parse(m, err);

	if (r < 0)
		return r;
	m->arena = tp_arena_create(0);
	tp_uuid_generate(uuid);
	tp_uuid_print(uuid, m->id);
	m->started_ns = tp_loop_wall_ns(m->instance.loop);
	log_level_init(m);
	counters_create(m);
	tasks_create(m);
	executors_create(m);
	removals_create(m);
	absent_create(m);
	agents_create(m);
	frameworks_create(m);
	offers_create(m);
	inverse_offers_create(m);
	maintenance_create(m);
	operations_create(m);
	quota_create(m);
	weights_create(m);
	changes_create(m);
	registers_create(m);
	return 0;
}

/* --- who we are ------------------------------------------------------------------------ */

static void add_capability(struct master *m, enum tp_master_info_capability_type type)
{
	struct tp_master_info_capability *capability =
		tp_record_new(&tp_master_info_capability_desc, m->arena);

	capability->has_type = true;
	capability->type = type;
	tp_arena_push(
		m->arena, &m->info->capabilities, &m->info->n_capabilities, capability);
}

static void fill_address(struct master *m)
{
	struct tp_address *address = tp_record_new(&tp_address_desc, m->arena);
	char host[256] = "127.0.0.1";
	struct in_addr ip = { 0 };
	uint32_t port = 0;

	listen_parse(native_url(m), host, sizeof host, &port);
	if (m->advertise_ip != NULL)
		snprintf(host, sizeof host, "%s", m->advertise_ip);
	if (m->advertise_port != 0)
		port = m->advertise_port;
	if (inet_pton(AF_INET, host, &ip) == 1)
		m->info->ip = ip.s_addr;
	m->info->has_ip = true;
	m->info->has_port = true;
	m->info->port = port;
	m->info->hostname = m->hostname != NULL
		? m->hostname
		: tp_machine_hostname(host, m->hostname_lookup, m->arena);
	m->info->pid = tp_arena_printf(m->arena, "master@%s:%u", host, port);
	address->hostname = m->info->hostname;
	address->ip = tp_arena_strdup(m->arena, host);
	address->has_port = true;
	address->port = (int32_t)port;
	m->info->address = address;
}

static void describe(struct master *m)
{
	m->info = tp_record_new(&tp_master_info_desc, m->arena);
	m->info->id = m->id;
	m->info->version = m->instance.module->version;
	m->info->domain = m->domain;
	fill_address(m);
	add_capability(m, TP_MASTER_INFO_CAPABILITY_AGENT_UPDATE);
}

/* --- leading --------------------------------------------------------------------------- */

void master_recovered(struct master *m)
{
	struct tp_error err = { 0 };
	int taken = weights_flag_take(m, &err), r = taken;

	if (r >= 0)
		r = weights_allocate(m, &err);
	if (r >= 0)
		r = quota_allocate(m, &err);
	if (r >= 0)
		r = maintenance_allocate(m, &err);
	if (r < 0) {
		tp_err(m, "the allocator cannot do what it is asked for, ending",
			"error=%s", err.text);
		tp_instance_exit(&m->instance, 1);
		return;
	}
	if (taken > 0)
		weights_flag_store(m);
	m->recovered = true;
	if (m->allocator.ops->recover != NULL)
		m->allocator.ops->recover(
			m->allocator.impl, absent_n(m, TP_REGISTRY_AGENT));
	absent_recovered(m);
	maintenance_recovered(m);
	tp_info(m, "serving", "id=%s recovered_agents=%zu", m->id,
		absent_n(m, TP_REGISTRY_AGENT));
	native_recovered(m);
}

static int master_start(void *self, struct tp_error *err)
{
	struct master *m = self;
	int r = tp_log_keys_apply(&m->log, m->instance.topic.name, err);

	if (r < 0)
		return r;
	log_level_configured(m);
	r = domain_create(m, err);
	if (r < 0)
		return r;
	r = m->disk.ops->mkdirs(m->disk.impl, m->work_dir, 0755, err);
	if (r < 0)
		return tp_wrap(err, r, "making work_dir");
	r = registrar_create(m, err);
	if (r < 0)
		return tp_wrap(err, r, "opening the registry");
	r = native_start(m, err);
	if (r < 0)
		return r;
	describe(m);
	offers_open(m);
	offers_renew(m);
	r = domain_allocate(m, err);
	if (r >= 0)
		r = whitelist_start(m, err);
	if (r < 0)
		return r;
	tp_instance_ready(&m->instance, "listen", native_url(m));
	return 0;
}

static int master_recover(void *self, struct tp_error *err)
{
	struct master *m = self;

	(void)err;
	leadership_start(m);
	return 0;
}

/* --- the end --------------------------------------------------------------------------- */

static void whitelist_stopped(struct tp_done *done, int status)
{
	struct master *m = tp_container_of(done, struct master, flushed);

	(void)status;
	native_stop(m, m->stopped);
}

static void flushed(struct tp_done *done, int status)
{
	struct master *m = tp_container_of(done, struct master, flushed);

	(void)status;
	done->call = whitelist_stopped;
	whitelist_stop(m, done);
}

static void master_stop(void *self, struct tp_done *done)
{
	struct master *m = self;

	m->stopping = true;
	m->stopped = done;
	leadership_stop(m);
	m->flushed.call = flushed;
	registrar_flush(m, &m->flushed);
}

static void master_fini(void *self)
{
	struct master *m = self;

	registrar_destroy(m);
	if (m->registers != NULL)
		registers_destroy(m);
	native_destroy(m);
	offers_destroy(m);
	inverse_offers_destroy(m);
	maintenance_destroy(m);
	operations_destroy(m);
	quota_destroy(m);
	weights_destroy(m);
	whitelist_destroy(m);
	if (m->executors != NULL)
		frameworks_destroy(m);
	executors_destroy(m);
	agents_destroy(m);
	absent_destroy(m);
	removals_destroy(m);
	tasks_destroy(m);
	changes_destroy(m);
	counters_destroy(m);
	if (m->instance.loop != NULL)
		log_level_fini(m);
	tp_log_keys_revert(&m->log);
	tp_arena_destroy(m->arena);
}

static int master_reload(void *self, struct tp_error *err)
{
	struct master *m = self;
	int r = tp_log_keys_apply(&m->log, m->instance.topic.name, err);

	if (r < 0)
		return r;
	log_level_configured(m);
	whitelist_reload(m);
	return 0;
}

static void master_status(void *self, struct tp_strbuf *out)
{
	const struct master *m = self;

	tp_strbuf_printf(out, "id: %s\n", m->id);
	tp_strbuf_printf(out, "state: %s\n",
		m->recovered                 ? "serving"
			: m->elected_ns != 0 ? "recovering"
					     : "standby");
	tp_strbuf_printf(
		out, "leader: %s\n", m->leader[0] == '\0' ? "not known" : m->leader);
	if (m->native != NULL)
		tp_strbuf_printf(out, "listen: %s\n", native_url(m));
	tp_strbuf_printf(out, "outstanding offers: %zu\n", offers_count(m));
	tp_strbuf_printf(out, "recovered agents: %zu\n", absent_n(m, TP_REGISTRY_AGENT));
	tp_strbuf_printf(
		out, "unreachable agents: %zu\n", absent_n(m, TP_REGISTRY_UNREACHABLE));
	tp_strbuf_printf(out, "gone agents: %zu\n", absent_n(m, TP_REGISTRY_GONE));
}

/* --- what it provides ------------------------------------------------------------------ */

static const char *role(void *impl)
{
	(void)impl;
	return "master";
}

static const char *id(void *impl)
{
	const struct master *m = impl;

	return m->id;
}

static const struct tp_daemon_ops daemon_ops = {
	.role = role,
	.id = id,
};

/* Of all that the master requires only the allocator can be replaced while it leads. */
static int master_rebind(void *self, const char *kind, struct tp_error *err)
{
	struct master *m = self;

	if (strcmp(kind, "allocator") != 0)
		return tp_fail(
			err, ENOTSUP, "the %s needs a restart of the master", kind);
	if (m->stopping)
		return tp_fail(err, ESHUTDOWN, "the master is stopping");
	return replay(m, err);
}

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "master",
	.version = "0.1.0",
	.summary = "The master: offers the agents' resources to frameworks.",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("daemon", TP_DAEMON_ABI, daemon_ops),
			TP_PROVIDE("calls", TP_CALLS_ABI, calls_ops),
			TP_PROVIDE("state", TP_STATE_ABI, state_ops),
			TP_PROVIDE("changes", TP_CHANGES_ABI, changes_ops),
			{ 0 },
		},
	.requires =
		(const struct tp_require[]){
			TP_REQUIRE("registry", TP_REGISTRY_ABI, struct master, registry),
			TP_REQUIRE("election", TP_ELECTION_ABI, struct master, election),
			TP_REQUIRE(
				"allocator", TP_ALLOCATOR_ABI, struct master, allocator),
			TP_REQUIRE(
				"transport", TP_TRANSPORT_ABI, struct master, transport),
			TP_REQUIRE("disk", TP_DISK_ABI, struct master, disk),
			TP_REQUIRE("work", TP_WORK_ABI, struct master, work),
			TP_REQUIRE("modules", TP_MODULES_ABI, struct master, modules),
			TP_REQUIRE_MANY("hook", TP_HOOK_ABI, struct tp_hook_ops,
				struct master, hooks),
			TP_REQUIRE_MANY("authenticator", TP_AUTHENTICATOR_ABI,
				struct tp_authenticator_ops, struct master,
				authenticators),
			{ 0 },
		},
	.config = master_config,
	.instance_size = sizeof(struct master),
	.init = master_init,
	.start = master_start,
	.recover = master_recover,
	.stop = master_stop,
	.fini = master_fini,
	.status = master_status,
	.reload = master_reload,
	.check = flags_check,
	.rebind = master_rebind,
};
