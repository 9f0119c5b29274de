/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a framework tells the master. A call is made of copies on the caller's thread and posted
 * to the loop, which sends it; the caller never waits. While there is no master a launch is
 * answered at once by updates that say so; other calls are lost, as the header warns.
 */
#include <errno.h>

#include "core/sdk/scheduler.h"
#include "tepui/record.h"

/* --- the road to the loop -------------------------------------------------------------- */

static struct scheduler_post *call_new(struct tp_scheduler_driver *driver)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct scheduler_post *posted = tp_arena_alloc(arena, sizeof(*posted));

	posted->arena = arena;
	posted->driver = driver;
	posted->call = tp_record_new(&tp_scheduler_call_desc, arena);
	return posted;
}

static void call_run(struct tp_post *post)
{
	struct scheduler_post *posted =
		tp_container_of(post, struct scheduler_post, post);
	struct tp_scheduler_driver *self = posted->driver;
	/* What was asked for before stop() is still sent. */
	bool sends = self->subscribed &&
		atomic_load(&self->status) != TP_DRIVER_ABORTED &&
		scheduler_send(self, posted->call, posted->call->type) == 0;

	if (!sends)
		scheduler_call_lost(self, posted->call);
	tp_arena_destroy(posted->arena);
}

static enum tp_status call_post(struct scheduler_post *posted, int type)
{
	struct tp_scheduler_driver *driver = posted->driver;
	int status = atomic_load(&driver->status);

	atomic_store(&driver->refusal, NULL);
	if (status != TP_DRIVER_RUNNING) {
		tp_arena_destroy(posted->arena);
		return (enum tp_status)status;
	}
	posted->call->type = type;
	posted->post.run = call_run;
	tp_loop_post(driver->instance.loop, &posted->post);
	return TP_DRIVER_RUNNING;
}

/* Nothing happens; refusal() says why. `why` is a literal. */
static enum tp_status call_refuse(struct tp_scheduler_driver *driver, const char *why)
{
	atomic_store(&driver->refusal, why);
	return (enum tp_status)atomic_load(&driver->status);
}

static void task_lost(struct tp_scheduler_driver *self, const struct tp_task_info *task)
{
	bool aware = false;

	for (size_t i = 0; i < self->framework->n_capabilities; i++)
		aware |= self->framework->capabilities[i]->type ==
			TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE;
	const struct tp_task_status status = {
		.task_id = task->task_id,
		.has_state = true,
		.state = aware ? TP_TASK_DROPPED : TP_TASK_LOST,
		.message = "The driver is not connected to a master",
		.has_source = true,
		.source = TP_SOURCE_MASTER,
		.has_reason = true,
		.reason = TP_REASON_MASTER_DISCONNECTED,
		.agent_id = task->agent_id,
		.has_timestamp_ns = true,
		.timestamp_ns = tp_loop_wall_ns(self->instance.loop),
	};

	if (scheduler_running(self) && self->scheduler->status_update != NULL)
		self->scheduler->status_update(self, self->user, &status);
}

void scheduler_call_lost(
	struct tp_scheduler_driver *self, const struct tp_scheduler_call *call)
{
	if (call->type != TP_SCHEDULER_CALL_ACCEPT)
		return;
	for (size_t i = 0; i < call->accept->n_operations; i++) {
		const struct tp_offer_operation *operation = call->accept->operations[i];

		for (size_t j = 0;
			operation->launch != NULL && j < operation->launch->n_task_infos;
			j++)
			task_lost(self, operation->launch->task_infos[j]);
	}
}

/* --- copies of arguments --------------------------------------------------------------- */

static const char **strings_copy(
	struct tp_arena *arena, const char *const *strings, size_t n)
{
	const char **copy = tp_arena_alloc(arena, (n + 1) * sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = tp_arena_strdup(arena, strings[i]);
	return copy;
}

static struct tp_scheduler_call_accept *accept_new(struct scheduler_post *posted,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids,
	const struct tp_filters *filters)
{
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_accept *accept =
		tp_record_new(&tp_scheduler_call_accept_desc, arena);

	for (size_t i = 0; i < n_offer_ids; i++)
		tp_arena_push(arena, &accept->offer_ids, &accept->n_offer_ids,
			tp_record_copy(&tp_offer_id_desc, offer_ids[i], arena));
	accept->filters = tp_record_copy(&tp_filters_desc, filters, arena);
	posted->call->accept = accept;
	return accept;
}

/* --- calls ----------------------------------------------------------------------------- */

enum tp_status tp_scheduler_driver_launch_tasks(struct tp_scheduler_driver *driver,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids,
	struct tp_task_info *const *tasks, size_t n_tasks,
	const struct tp_filters *filters)
{
	struct tp_offer_operation_launch launch = { .n_task_infos = 0 };
	struct tp_offer_operation operation = {
		.has_type = true,
		.type = TP_OFFER_OPERATION_LAUNCH,
		.launch = &launch,
	};
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_accept *accept =
		accept_new(posted, offer_ids, n_offer_ids, filters);

	for (size_t i = 0; i < n_tasks; i++)
		tp_arena_push(posted->arena, &launch.task_infos, &launch.n_task_infos,
			tp_record_copy(&tp_task_info_desc, tasks[i], posted->arena));
	if (n_tasks > 0)
		tp_arena_push(posted->arena, &accept->operations, &accept->n_operations,
			tp_record_copy(
				&tp_offer_operation_desc, &operation, posted->arena));
	return call_post(posted, TP_SCHEDULER_CALL_ACCEPT);
}

enum tp_status tp_scheduler_driver_accept_offers(struct tp_scheduler_driver *driver,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids,
	struct tp_offer_operation *const *operations, size_t n_operations,
	const struct tp_filters *filters)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_accept *accept =
		accept_new(posted, offer_ids, n_offer_ids, filters);

	for (size_t i = 0; i < n_operations; i++)
		tp_arena_push(posted->arena, &accept->operations, &accept->n_operations,
			tp_record_copy(
				&tp_offer_operation_desc, operations[i], posted->arena));
	return call_post(posted, TP_SCHEDULER_CALL_ACCEPT);
}

enum tp_status tp_scheduler_driver_decline_offer(struct tp_scheduler_driver *driver,
	const struct tp_offer_id *offer_id, const struct tp_filters *filters)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_decline *decline =
		tp_record_new(&tp_scheduler_call_decline_desc, arena);

	tp_arena_push(arena, &decline->offer_ids, &decline->n_offer_ids,
		tp_record_copy(&tp_offer_id_desc, offer_id, arena));
	decline->filters = tp_record_copy(&tp_filters_desc, filters, arena);
	posted->call->decline = decline;
	return call_post(posted, TP_SCHEDULER_CALL_DECLINE);
}

enum tp_status tp_scheduler_driver_revive_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_revive *revive =
		tp_record_new(&tp_scheduler_call_revive_desc, posted->arena);

	revive->roles = strings_copy(posted->arena, roles, n_roles);
	revive->n_roles = n_roles;
	posted->call->revive = revive;
	return call_post(posted, TP_SCHEDULER_CALL_REVIVE);
}

enum tp_status tp_scheduler_driver_suppress_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_suppress *suppress =
		tp_record_new(&tp_scheduler_call_suppress_desc, posted->arena);

	suppress->roles = strings_copy(posted->arena, roles, n_roles);
	suppress->n_roles = n_roles;
	posted->call->suppress = suppress;
	return call_post(posted, TP_SCHEDULER_CALL_SUPPRESS);
}

enum tp_status tp_scheduler_driver_request_resources(struct tp_scheduler_driver *driver,
	struct tp_request *const *requests, size_t n_requests)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_request *request =
		tp_record_new(&tp_scheduler_call_request_desc, posted->arena);

	for (size_t i = 0; i < n_requests; i++)
		tp_arena_push(posted->arena, &request->requests, &request->n_requests,
			tp_record_copy(&tp_request_desc, requests[i], posted->arena));
	posted->call->request = request;
	return call_post(posted, TP_SCHEDULER_CALL_REQUEST);
}

enum tp_status tp_scheduler_driver_kill_task(struct tp_scheduler_driver *driver,
	const struct tp_task_id *task_id, const struct tp_agent_id *agent_id,
	const struct tp_kill_policy *policy)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_kill *kill =
		tp_record_new(&tp_scheduler_call_kill_desc, arena);

	kill->task_id = tp_record_copy(&tp_task_id_desc, task_id, arena);
	kill->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, arena);
	kill->kill_policy = tp_record_copy(&tp_kill_policy_desc, policy, arena);
	posted->call->kill = kill;
	return call_post(posted, TP_SCHEDULER_CALL_KILL);
}

enum tp_status tp_scheduler_driver_shutdown_executor(struct tp_scheduler_driver *driver,
	const struct tp_executor_id *executor_id, const struct tp_agent_id *agent_id)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_shutdown *shutdown =
		tp_record_new(&tp_scheduler_call_shutdown_desc, posted->arena);

	shutdown->executor_id =
		tp_record_copy(&tp_executor_id_desc, executor_id, posted->arena);
	shutdown->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, posted->arena);
	posted->call->shutdown = shutdown;
	return call_post(posted, TP_SCHEDULER_CALL_SHUTDOWN);
}

enum tp_status tp_scheduler_driver_acknowledge(
	struct tp_scheduler_driver *driver, const struct tp_task_status *status)
{
	struct scheduler_post *posted;
	struct tp_scheduler_call_acknowledge *acknowledge;

	if (!driver->explicit_acknowledgements)
		return call_refuse(driver, "this driver acknowledges updates itself");
	if (status->uuid.len == 0 || status->agent_id == NULL)
		return call_refuse(
			driver, "an update without a uuid needs no acknowledgement");
	posted = call_new(driver);
	acknowledge = tp_record_new(&tp_scheduler_call_acknowledge_desc, posted->arena);
	acknowledge->agent_id =
		tp_record_copy(&tp_agent_id_desc, status->agent_id, posted->arena);
	acknowledge->task_id =
		tp_record_copy(&tp_task_id_desc, status->task_id, posted->arena);
	acknowledge->uuid.data =
		tp_arena_memdup(posted->arena, status->uuid.data, status->uuid.len);
	acknowledge->uuid.len = status->uuid.len;
	posted->call->acknowledge = acknowledge;
	return call_post(posted, TP_SCHEDULER_CALL_ACKNOWLEDGE);
}

enum tp_status tp_scheduler_driver_send_framework_message(
	struct tp_scheduler_driver *driver, const struct tp_executor_id *executor_id,
	const struct tp_agent_id *agent_id, const void *data, size_t len)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_message *message =
		tp_record_new(&tp_scheduler_call_message_desc, arena);

	message->executor_id = tp_record_copy(&tp_executor_id_desc, executor_id, arena);
	message->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, arena);
	message->data.data = tp_arena_memdup(arena, data, len);
	message->data.len = len;
	posted->call->message = message;
	return call_post(posted, TP_SCHEDULER_CALL_MESSAGE);
}

enum tp_status tp_scheduler_driver_reconcile(struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_task *const *tasks, size_t n_tasks)
{
	struct scheduler_post *posted = call_new(driver);
	struct tp_scheduler_call_reconcile *reconcile =
		tp_record_new(&tp_scheduler_call_reconcile_desc, posted->arena);

	for (size_t i = 0; i < n_tasks; i++)
		tp_arena_push(posted->arena, &reconcile->tasks, &reconcile->n_tasks,
			tp_record_copy(&tp_scheduler_call_reconcile_task_desc, tasks[i],
				posted->arena));
	posted->call->reconcile = reconcile;
	return call_post(posted, TP_SCHEDULER_CALL_RECONCILE);
}

/* --- calls whose behaviour is not there yet -------------------------------------------- */

enum tp_status tp_scheduler_driver_accept_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters)
{
	(void)offer_ids;
	(void)n_offer_ids;
	(void)filters;
	return call_refuse(driver, "inverse offers are not supported yet");
}

enum tp_status tp_scheduler_driver_decline_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters)
{
	(void)offer_ids;
	(void)n_offer_ids;
	(void)filters;
	return call_refuse(driver, "inverse offers are not supported yet");
}

enum tp_status tp_scheduler_driver_acknowledge_operation(
	struct tp_scheduler_driver *driver, const struct tp_operation_status *status)
{
	(void)status;
	return call_refuse(driver, "operations with feedback are not supported yet");
}

enum tp_status tp_scheduler_driver_reconcile_operations(
	struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_operations_operation *const *operations,
	size_t n_operations)
{
	(void)operations;
	(void)n_operations;
	return call_refuse(driver, "operations with feedback are not supported yet");
}

enum tp_status tp_scheduler_driver_update_framework(struct tp_scheduler_driver *driver,
	const struct tp_framework_info *framework, const char *const *suppressed_roles,
	size_t n_suppressed_roles)
{
	(void)framework;
	(void)suppressed_roles;
	(void)n_suppressed_roles;
	return call_refuse(driver, "updating a framework is not supported yet");
}
