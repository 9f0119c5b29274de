/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler SDK: write a framework's scheduler against this header and libtepui. Begin with
 * docs/FRAMEWORKS.md.
 *
 * The driver keeps the session with the leading master on a thread of its own: it subscribes,
 * reconnects, acknowledges.
 *
 * Callbacks run one at a time on the driver's thread; records are borrowed during the call (copy
 * what must stay with tp_record_copy). Calls may come from any thread, callbacks included; they
 * copy their arguments, never block, and return the driver's status: what they ask for is
 * answered by a callback, never from inside the call. In a wrong state a call does nothing and
 * returns that state. With wrong or missing arguments it does nothing and returns RUNNING:
 * tp_scheduler_driver_refusal() says why.
 *
 * Order: calls of one thread are sent as they were made; callbacks come as the master said
 * things, updates of one task in the order of its life. An acknowledgement by the driver leaves
 * when status_update() returns, before the calls made in it.
 *
 * Do not rely on delivery: what is called without a master is lost, but for a launch, which is
 * answered at once (TASK_LOST, or TASK_DROPPED if partition-aware, MASTER_DISCONNECTED), and for
 * suppress, revive and update_framework, which the next subscription repeats. Launches and kills
 * are answered by status updates, and reconciliation closes the gaps.
 */
#ifndef TEPUI_SCHEDULER_H
#define TEPUI_SCHEDULER_H

#include "tepui/error.h"
#include "tepui/wire.h"

struct tp_scheduler_driver;

/* The callbacks; members may be NULL. */
struct tp_scheduler {
	/* For the first time, also with an id that was given: keep it, it is needed to return. */
	void (*registered)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_framework_id *framework_id,
		const struct tp_master_info *master);
	/* Again, maybe with another master: the time to reconcile. */
	void (*reregistered)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_master_info *master);
	/*
	 * The master is gone, or nobody leads. All offers are void, without being rescinded; tasks
	 * go on. A new session comes with reregistered(): at once, if there is a master.
	 */
	void (*disconnected)(struct tp_scheduler_driver *driver, void *user);
	void (*resource_offers)(struct tp_scheduler_driver *driver, void *user,
		struct tp_offer *const *offers, size_t n_offers);
	void (*offer_rescinded)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_offer_id *offer_id);
	void (*inverse_offers)(struct tp_scheduler_driver *driver, void *user,
		struct tp_inverse_offer *const *offers, size_t n_offers);
	void (*inverse_offer_rescinded)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_offer_id *offer_id);
	/* Acknowledged when this returns, unless explicitly; may come twice, with one uuid. */
	void (*status_update)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_task_status *status);
	void (*operation_status_update)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_operation_status *status);
	/* From an executor; at most once, in no particular order. */
	void (*framework_message)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_executor_id *executor_id,
		const struct tp_agent_id *agent_id, const void *data, size_t len);
	void (*agent_lost)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_agent_id *agent_id);
	/* Its tasks' ends come as updates. wait_status as of waitpid(2), -1 = not known. */
	void (*executor_lost)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_executor_id *executor_id,
		const struct tp_agent_id *agent_id, int wait_status);
	/*
	 * The driver was aborted before this is called; nothing follows. The master refused the
	 * framework or its credential, another scheduler took it over ("Framework failed over"), or
	 * it was removed ("Framework has been removed").
	 */
	void (*error)(
		struct tp_scheduler_driver *driver, void *user, const char *message);
};

struct tp_scheduler_options {
	const struct tp_scheduler *scheduler;
	void *user;
	/*
	 * A name is needed; an empty user means the calling one, an empty hostname this machine's.
	 * id set: take over the framework with that id.
	 */
	const struct tp_framework_info *framework;
	/*
	 * host:port, tcp://host:port, master@host:port, [IPv6]:port, a comma list of them, or
	 * file:///path, a file with such a list that is read at each attempt; tls+tcp://host:port
	 * with TEPUI_TLS_CA (and _CERTIFICATE, _KEY) naming PEM files. NULL or "": of TEPUI_MASTER
	 * or MESOS_MASTER. Further environment is in docs/FRAMEWORKS.md.
	 */
	const char *master;
	/* NULL: of the file that TEPUI_CREDENTIAL or MESOS_CREDENTIAL names, if one is set. */
	const struct tp_credential *credential;
	/* No offers for these roles from the beginning. */
	const char *const *suppressed_roles;
	size_t n_suppressed_roles;
	/* Every update with a uuid must then be acknowledged by the scheduler. */
	bool explicit_acknowledgements;
};

/*
 * Everything in `options` is copied, but for scheduler and user. Fails, with what is wrong and
 * where, on every mistake that can be seen without a master.
 */
TP_EXPORT int tp_scheduler_driver_create(const struct tp_scheduler_options *options,
	struct tp_scheduler_driver **ret, struct tp_error *err);
/* Aborts and joins, if nobody did; when no other thread calls any more; never from a callback. */
TP_EXPORT void tp_scheduler_driver_destroy(struct tp_scheduler_driver *driver);

TP_EXPORT enum tp_status tp_scheduler_driver_start(struct tp_scheduler_driver *driver);
/*
 * What was called before is still sent; no callback begins after it. false: the framework ends
 * with all its tasks, if a master hears it. true: it stays, for another scheduler with its id.
 */
TP_EXPORT enum tp_status tp_scheduler_driver_stop(
	struct tp_scheduler_driver *driver, bool failover);
/*
 * No callback begins after it, though one that runs on the driver's thread goes on; what was
 * called and not yet sent is lost; the framework stays. A later stop() has no effect.
 */
TP_EXPORT enum tp_status tp_scheduler_driver_abort(struct tp_scheduler_driver *driver);
/* Waits until the driver was stopped or aborted and its thread is done; not from a callback. */
TP_EXPORT enum tp_status tp_scheduler_driver_join(struct tp_scheduler_driver *driver);
/* start + join. */
TP_EXPORT enum tp_status tp_scheduler_driver_run(struct tp_scheduler_driver *driver);

/* filters NULL = the default of 5 s. All offers must be of one agent. */
TP_EXPORT enum tp_status tp_scheduler_driver_launch_tasks(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, struct tp_task_info *const *tasks, size_t n_tasks,
	const struct tp_filters *filters);
TP_EXPORT enum tp_status tp_scheduler_driver_accept_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, struct tp_offer_operation *const *operations,
	size_t n_operations, const struct tp_filters *filters);
TP_EXPORT enum tp_status tp_scheduler_driver_decline_offer(
	struct tp_scheduler_driver *driver, const struct tp_offer_id *offer_id,
	const struct tp_filters *filters);
TP_EXPORT enum tp_status tp_scheduler_driver_accept_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters);
TP_EXPORT enum tp_status tp_scheduler_driver_decline_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters);
/* n_roles 0 = all roles. */
TP_EXPORT enum tp_status tp_scheduler_driver_revive_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles);
TP_EXPORT enum tp_status tp_scheduler_driver_suppress_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles);
TP_EXPORT enum tp_status tp_scheduler_driver_request_resources(
	struct tp_scheduler_driver *driver, struct tp_request *const *requests,
	size_t n_requests);
/* agent_id and policy may be NULL. */
TP_EXPORT enum tp_status tp_scheduler_driver_kill_task(struct tp_scheduler_driver *driver,
	const struct tp_task_id *task_id, const struct tp_agent_id *agent_id,
	const struct tp_kill_policy *policy);
TP_EXPORT enum tp_status tp_scheduler_driver_shutdown_executor(
	struct tp_scheduler_driver *driver, const struct tp_executor_id *executor_id,
	const struct tp_agent_id *agent_id);
/* With explicit acknowledgements only, else refused; an update without a uuid needs none. */
TP_EXPORT enum tp_status tp_scheduler_driver_acknowledge(
	struct tp_scheduler_driver *driver, const struct tp_task_status *status);
TP_EXPORT enum tp_status tp_scheduler_driver_acknowledge_operation(
	struct tp_scheduler_driver *driver, const struct tp_operation_status *status);
TP_EXPORT enum tp_status tp_scheduler_driver_send_framework_message(
	struct tp_scheduler_driver *driver, const struct tp_executor_id *executor_id,
	const struct tp_agent_id *agent_id, const void *data, size_t len);
/* n_tasks 0: everything the master knows of this framework. */
TP_EXPORT enum tp_status tp_scheduler_driver_reconcile(struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_task *const *tasks, size_t n_tasks);
/*
 * Asks for all tasks until all are known, also those of agents that the master waits for since
 * its restart, and then calls done() (may be NULL), after the last status_update() that answers.
 * What was not named by then does not exist. disconnected() ends it: ask again when registered.
 */
typedef void tp_scheduler_reconciled_f(struct tp_scheduler_driver *driver, void *user);
TP_EXPORT enum tp_status tp_scheduler_driver_reconcile_all(
	struct tp_scheduler_driver *driver, tp_scheduler_reconciled_f *done);
/* Is the last reconcile_all() over, and the session still that in which it was asked? */
TP_EXPORT bool tp_scheduler_driver_is_reconciled(struct tp_scheduler_driver *driver);
TP_EXPORT enum tp_status tp_scheduler_driver_reconcile_operations(
	struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_operations_operation *const *operations,
	size_t n_operations);
/*
 * What may change: name, failover_timeout, hostname, webui_url, capabilities, labels, roles,
 * offer_filters. The id is filled in. What the master refuses ends in error().
 */
TP_EXPORT enum tp_status tp_scheduler_driver_update_framework(
	struct tp_scheduler_driver *driver, const struct tp_framework_info *framework,
	const char *const *suppressed_roles, size_t n_suppressed_roles);

/* Why the last call, of any thread, was refused; "" when it was not. Valid as long as the driver. */
TP_EXPORT const char *tp_scheduler_driver_refusal(struct tp_scheduler_driver *driver);

#endif
