/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent daemon as a module: descriptor and life cycle. Each concern has a file of its own;
 * this one only brings them up and down in order.
 *
 * Stopping the agent leaves executors alone: a restarted agent finds them again. Only a master's
 * AGENT_SHUTDOWN, and `recover: cleanup`, end what runs.
 */
#include "agent.h"

#include <errno.h>

#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"
#include "tepui/kind/daemon.h"
#include "tepui/kind/hook.h"

#include "agent_info.h"
#include "calls.h"
#include "changes.h"
#include "checkpoint.h"
#include "config.h"
#include "containers.h"
#include "directories.h"
#include "executor_front.h"
#include "files.h"
#include "frameworks.h"
#include "gc.h"
#include "hooks.h"
#include "identity.h"
#include "journal.h"
#include "leader.h"
#include "leave.h"
#include "litter.h"
#include "metrics.h"
#include "native.h"
#include "operations.h"
#include "oversubscription.h"
#include "qos.h"
#include "recover.h"
#include "registration.h"
#include "shutdown.h"
#include "state.h"
#include "status.h"
#include "updates.h"
#include "volume_sweep.h"

static int agent_init(void *impl, struct tp_error *err)
{
	struct agent *agent = impl;

	agent->id = "";
	agent->lock_fd = -1;
	frameworks_init(agent);
	containers_init(agent);
	changes_init(agent);
	files_init(agent);
	metrics_init(agent);
	agent->journal = journal_create(&agent->instance, &agent->disk);
	agent_info_init(agent);
	litter_init(agent);
	gc_init(agent);
	status_init(agent);
	operations_init(agent);
	oversubscription_init(agent);
	qos_init(agent);
	registration_init(agent);
	leader_init(agent);
	return leader_check(agent, err);
}

static int agent_start(void *impl, struct tp_error *err)
{
	struct agent *agent = impl;
	int (*const steps[])(struct agent *, struct tp_error *) = {
		directories_open,
		identity_create,
		hooks_identity,
		recover_agent,
		operations_recover,
		containers_open,
		oversubscription_open,
		qos_open,
		executor_front_open,
		executor_front_start,
		native_start,
		leave_start,
	};

	int r = tp_log_keys_apply(&agent->config.log, agent->instance.topic.name, err);

	agent->started_wall_ns = tp_loop_wall_ns(agent->instance.loop);
	if (r < 0)
		return r;
	for (size_t i = 0; i < TP_COUNT(steps); i++) {
		r = steps[i](agent, err);
		if (r < 0)
			return r;
	}
	tp_instance_ready(&agent->instance, "listen", native_url(agent));
	tp_info(agent, "listening", "operators=%s executors=%s", native_url(agent),
		executor_front_url(agent));
	return 0;
}

static int agent_recover(void *impl, struct tp_error *err)
{
	return recover_begin(impl, err);
}

void agent_recovered(struct agent *agent)
{
	struct tp_error err;

	if (agent->state == AGENT_TERMINATING)
		return; /* told to end meanwhile */
	agent->state = AGENT_DISCONNECTED;
	if (agent->config.recover == AGENT_RECOVER_CLEANUP) {
		agent_shut_down(agent, "recover: cleanup");
		return;
	}
	gc_start(agent);
	volume_sweep_start(agent);
	oversubscription_start(agent);
	qos_start(agent);
	if (leader_start(agent, &err) >= 0)
		return;
	tp_err(agent, "no master can be dialled, ending", "error=%s", err.text);
	tp_instance_exit(&agent->instance, 1);
}

/* --- the end --------------------------------------------------------------------------- */

void agent_shut_down(struct agent *agent, const char *why)
{
	struct tp_list *node, *tmp;

	if (agent->state == AGENT_TERMINATING)
		return;
	tp_warn(agent, "shutting down with all executors", "why=%s", why);
	agent->state = AGENT_TERMINATING;
	checkpoint_forget_agent(agent);
	tp_map_foreach (node, tmp, &agent->frameworks->running) {
		shutdown_framework(tp_map_entry(node, struct framework, node));
	}
	agent_check_finished(agent);
}

void agent_check_finished(struct agent *agent)
{
	if (agent->state == AGENT_TERMINATING && agent->frameworks->running.n == 0)
		leave_finish(agent);
}

/*
 * stop():  link down ─► operators ─► executors' socket ─► files ─► gc, sweep ─► disk ─► done
 */
static void stop_step(struct tp_done *done, int status)
{
	struct agent *agent = tp_container_of(done, struct agent, stop_done);
	void (*const steps[])(struct agent *, struct tp_done *) = {
		native_stop,
		executor_front_stop,
		files_stop,
		gc_stop,
		volume_sweep_stop,
		journal_stop,
	};

	(void)status;
	if (agent->stop_at < TP_COUNT(steps))
		steps[agent->stop_at++](agent, done);
	else
		tp_done(agent->stopping, 0);
}

static void agent_stop(void *impl, struct tp_done *done)
{
	struct agent *agent = impl;

	agent->stopping = done;
	agent->stop_at = 0;
	agent->stop_done.call = stop_step;
	leave_stop(agent);
	qos_stop(agent);
	oversubscription_stop(agent);
	leader_stop(agent);
	updates_flush(agent->updates);
	litter_flush(agent);
	stop_step(&agent->stop_done, 0);
}

static void agent_fini(void *impl)
{
	struct agent *agent = impl;

	if (agent->frameworks == NULL)
		return; /* init() never ran */
	leave_stop(agent);
	recover_fini(agent);
	frameworks_fini(agent);
	executor_front_fini(agent);
	native_fini(agent);
	leader_fini(agent);
	registration_fini(agent);
	status_fini(agent);
	qos_fini(agent);
	oversubscription_fini(agent);
	operations_fini(agent);
	gc_fini(agent);
	agent_info_fini(agent);
	litter_fini(agent);
	journal_destroy(agent->journal);
	metrics_fini(agent);
	files_fini(agent);
	changes_fini(agent);
	containers_fini(agent);
	identity_destroy(agent);
	directories_close(agent);
	tp_log_keys_revert(&agent->config.log);
}

static int agent_reload(void *impl, struct tp_error *err)
{
	struct agent *agent = impl;

	return tp_log_keys_apply(&agent->config.log, agent->instance.topic.name, err);
}

static void agent_report(void *impl, struct tp_strbuf *out)
{
	static const char *const states[] = { "recovering", "disconnected", "running",
		"terminating" };
	struct agent *agent = impl;

	tp_strbuf_printf(out, "id: %s\nstate: %s\nframeworks: %zu\ncontainers: %zu\n",
		agent->id, states[agent->state], agent->frameworks->running.n,
		agent->containers->executors.n);
}

static const char *daemon_role(void *impl)
{
	(void)impl;
	return "agent";
}

static const char *daemon_id(void *impl)
{
	return ((struct agent *)impl)->id;
}

static const struct tp_daemon_ops daemon_ops = {
	.role = daemon_role,
	.id = daemon_id,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "agent",
	.version = AGENT_VERSION,
	.summary = "Runs tasks on this machine for a master",
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
			TP_REQUIRE_MANY("containerizer", TP_CONTAINERIZER_ABI,
				struct tp_containerizer_ops, struct agent,
				containerizers),
			TP_REQUIRE_OPTIONAL(
				"election", TP_ELECTION_ABI, struct agent, election),
			TP_REQUIRE_OPTIONAL("resource_estimator",
				TP_RESOURCE_ESTIMATOR_ABI, struct agent,
				resource_estimator),
			TP_REQUIRE_OPTIONAL("qos_controller", TP_QOS_CONTROLLER_ABI,
				struct agent, qos_controller),
			TP_REQUIRE(
				"transport", TP_TRANSPORT_ABI, struct agent, transport),
			TP_REQUIRE("disk", TP_DISK_ABI, struct agent, disk),
			TP_REQUIRE("work", TP_WORK_ABI, struct agent, work),
			TP_REQUIRE_MANY("hook", TP_HOOK_ABI, struct tp_hook_ops,
				struct agent, hooks),
			TP_REQUIRE_MANY("authenticatee", TP_AUTHENTICATEE_ABI,
				struct tp_authenticatee_ops, struct agent,
				authenticatees),
			TP_REQUIRE_MANY("authenticator", TP_AUTHENTICATOR_ABI,
				struct tp_authenticator_ops, struct agent,
				authenticators),
			{ 0 },
		},
	.config = config_fields,
	.instance_size = sizeof(struct agent),
	.init = agent_init,
	.start = agent_start,
	.recover = agent_recover,
	.stop = agent_stop,
	.fini = agent_fini,
	.status = agent_report,
	.reload = agent_reload,
	.check = config_check,
};
