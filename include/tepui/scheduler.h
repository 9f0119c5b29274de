/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduler SDK: write a framework's scheduler against this header and libtepui.
 *
 * The driver keeps the session with the leading master on a thread of its own: it subscribes,
 * reconnects, acknowledges. Callbacks run one at a time on that thread; records are borrowed
 * during the call (copy what must stay with tp_record_copy). Calls may come from any thread,
 * callbacks included; they return the driver's status and never block: what they ask for is
 * answered by a callback. In a wrong state a call does nothing and returns that state.
 *
 * A framework must not rely on delivery: launches and kills are answered by status updates, and
 * tp_scheduler_driver_reconcile() closes the gaps.
 */
#ifndef TEPUI_SCHEDULER_H
#define TEPUI_SCHEDULER_H

#include "tepui/error.h"
#include "tepui/wire.h"

struct tp_scheduler_driver;

/* The callbacks; members may be NULL. */
struct tp_scheduler {
	void (*registered)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_framework_id *framework_id,
		const struct tp_master_info *master);
	void (*reregistered)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_master_info *master);
	/* The master is gone; a new session comes with reregistered(). */
	void (*disconnected)(struct tp_scheduler_driver *driver, void *user);
	void (*resource_offers)(struct tp_scheduler_driver *driver, void *user,
		struct tp_offer *const *offers, size_t n_offers);
	void (*offer_rescinded)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_offer_id *offer_id);
	void (*inverse_offers)(struct tp_scheduler_driver *driver, void *user,
		struct tp_inverse_offer *const *offers, size_t n_offers);
	void (*inverse_offer_rescinded)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_offer_id *offer_id);
	/* Acknowledged when this returns, unless explicit acknowledgements were asked for. */
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
	/* wait_status as of waitpid(2). */
	void (*executor_lost)(struct tp_scheduler_driver *driver, void *user,
		const struct tp_executor_id *executor_id,
		const struct tp_agent_id *agent_id, int wait_status);
	/* The driver was aborted before this is called; nothing follows. */
	void (*error)(
		struct tp_scheduler_driver *driver, void *user, const char *message);
};

struct tp_scheduler_options {
	const struct tp_scheduler *scheduler;
	void *user;
	/* user and name are needed; id set: take over the framework with that id. */
	const struct tp_framework_info *framework;
	/*
	 * host:port, tcp://host:port, master@host:port, a comma list, file:///path; or
	 * tls+tcp://host:port with TEPUI_TLS_CA (and _CERTIFICATE, _KEY) naming PEM files.
	 */
	const char *master;
	/* Copied. NULL: of the file that TEPUI_CREDENTIAL names, if it is set. */
	const struct tp_credential *credential;
	const char *const *suppressed_roles;
	size_t n_suppressed_roles;
	/* Every update with a uuid must then be acknowledged by the scheduler. */
	bool explicit_acknowledgements;
};

/* Everything in `options` is copied, but for scheduler and user. */
TP_EXPORT int tp_scheduler_driver_create(const struct tp_scheduler_options *options,
	struct tp_scheduler_driver **ret, struct tp_error *err);
/* After stop or abort and join; never from a callback. */
TP_EXPORT void tp_scheduler_driver_destroy(struct tp_scheduler_driver *driver);

TP_EXPORT enum tp_status tp_scheduler_driver_start(struct tp_scheduler_driver *driver);
/* failover: the framework stays, another scheduler may take it over by its id. */
TP_EXPORT enum tp_status tp_scheduler_driver_stop(
	struct tp_scheduler_driver *driver, bool failover);
/* No callback follows; the framework stays. */
TP_EXPORT enum tp_status tp_scheduler_driver_abort(struct tp_scheduler_driver *driver);
/* Waits until the driver was stopped or aborted; never from a callback. */
TP_EXPORT enum tp_status tp_scheduler_driver_join(struct tp_scheduler_driver *driver);
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
/* With explicit acknowledgements only; an update without a uuid needs none. */
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
TP_EXPORT enum tp_status tp_scheduler_driver_reconcile_operations(
	struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_operations_operation *const *operations,
	size_t n_operations);
TP_EXPORT enum tp_status tp_scheduler_driver_update_framework(
	struct tp_scheduler_driver *driver, const struct tp_framework_info *framework,
	const char *const *suppressed_roles, size_t n_suppressed_roles);

/*
 * Why the last call on this thread's driver was refused, for calls whose behaviour is "not
 * supported yet" or whose arguments were wrong; "" when it was not. Valid until the next call.
 */
TP_EXPORT const char *tp_scheduler_driver_refusal(struct tp_scheduler_driver *driver);

#endif
