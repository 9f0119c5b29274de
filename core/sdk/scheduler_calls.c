/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a framework tells the master. A call is made of copies on the caller's thread and goes to
 * the loop by scheduler_outbox.c; the caller never waits.
 */
#include <errno.h>
#include <string.h>

#include "core/sdk/scheduler.h"
#include "tepui/record.h"

#define UPDATE_TIMEOUT_NS (15 * TP_SEC)

/* --- copies of arguments --------------------------------------------------------------- */

/* Appends a copy to a list of the call. */
static void push_copy(struct scheduler_post *posted, void *items, size_t *n,
	const struct tp_desc *desc, const void *record)
{
	if (record == NULL)
		posted->has_holes = true;
	else
		tp_arena_push(posted->arena, items, n,
			tp_record_copy(desc, record, posted->arena));
}

/* Appends copies of ids to a list of the call. */
static void push_ids(struct scheduler_post *posted, void *items, size_t *n,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids)
{
	for (size_t i = 0; i < n_offer_ids; i++)
		push_copy(posted, items, n, &tp_offer_id_desc, offer_ids[i]);
}

static const char **strings_copy(
	struct scheduler_post *posted, const char *const *strings, size_t n)
{
	const char **copy = tp_arena_alloc(posted->arena, (n + 1) * sizeof(*copy));

	for (size_t i = 0; i < n; i++) {
		posted->has_holes |= strings[i] == NULL;
		copy[i] = tp_arena_strdup(posted->arena, strings[i]);
	}
	return copy;
}

static struct tp_scheduler_call_accept *accept_new(struct scheduler_post *posted,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids,
	const struct tp_filters *filters)
{
	struct tp_scheduler_call_accept *accept =
		tp_record_new(&tp_scheduler_call_accept_desc, posted->arena);

	push_ids(
		posted, &accept->offer_ids, &accept->n_offer_ids, offer_ids, n_offer_ids);
	accept->filters = tp_record_copy(&tp_filters_desc, filters, posted->arena);
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
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_accept *accept =
		accept_new(posted, offer_ids, n_offer_ids, filters);

	for (size_t i = 0; i < n_tasks; i++)
		push_copy(posted, &launch.task_infos, &launch.n_task_infos,
			&tp_task_info_desc, tasks[i]);
	if (n_tasks > 0)
		tp_arena_push(posted->arena, &accept->operations, &accept->n_operations,
			tp_record_copy(
				&tp_offer_operation_desc, &operation, posted->arena));
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_ACCEPT);
}

enum tp_status tp_scheduler_driver_accept_offers(struct tp_scheduler_driver *driver,
	struct tp_offer_id *const *offer_ids, size_t n_offer_ids,
	struct tp_offer_operation *const *operations, size_t n_operations,
	const struct tp_filters *filters)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_accept *accept =
		accept_new(posted, offer_ids, n_offer_ids, filters);

	for (size_t i = 0; i < n_operations; i++)
		push_copy(posted, &accept->operations, &accept->n_operations,
			&tp_offer_operation_desc, operations[i]);
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_ACCEPT);
}

enum tp_status tp_scheduler_driver_decline_offer(struct tp_scheduler_driver *driver,
	const struct tp_offer_id *offer_id, const struct tp_filters *filters)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_decline *decline =
		tp_record_new(&tp_scheduler_call_decline_desc, arena);

	push_copy(posted, &decline->offer_ids, &decline->n_offer_ids, &tp_offer_id_desc,
		offer_id);
	decline->filters = tp_record_copy(&tp_filters_desc, filters, arena);
	posted->call->decline = decline;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_DECLINE);
}

enum tp_status tp_scheduler_driver_accept_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_accept_inverse_offers *accept = tp_record_new(
		&tp_scheduler_call_accept_inverse_offers_desc, posted->arena);

	push_ids(posted, &accept->inverse_offer_ids, &accept->n_inverse_offer_ids,
		offer_ids, n_offer_ids);
	accept->filters = tp_record_copy(&tp_filters_desc, filters, posted->arena);
	posted->call->accept_inverse_offers = accept;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_ACCEPT_INVERSE_OFFERS);
}

enum tp_status tp_scheduler_driver_decline_inverse_offers(
	struct tp_scheduler_driver *driver, struct tp_offer_id *const *offer_ids,
	size_t n_offer_ids, const struct tp_filters *filters)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_decline_inverse_offers *decline = tp_record_new(
		&tp_scheduler_call_decline_inverse_offers_desc, posted->arena);

	push_ids(posted, &decline->inverse_offer_ids, &decline->n_inverse_offer_ids,
		offer_ids, n_offer_ids);
	decline->filters = tp_record_copy(&tp_filters_desc, filters, posted->arena);
	posted->call->decline_inverse_offers = decline;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_DECLINE_INVERSE_OFFERS);
}

/* Both change what the next subscription says, connected or not. */
static void revive_run(struct scheduler_post *posted)
{
	const struct tp_scheduler_call_revive *revive = posted->call->revive;

	scheduler_revive(posted->driver, revive->roles, revive->n_roles);
	scheduler_call_run(posted);
}

static void suppress_run(struct scheduler_post *posted)
{
	const struct tp_scheduler_call_suppress *suppress = posted->call->suppress;

	scheduler_suppress(posted->driver, suppress->roles, suppress->n_roles);
	scheduler_call_run(posted);
}

enum tp_status tp_scheduler_driver_revive_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_revive *revive =
		tp_record_new(&tp_scheduler_call_revive_desc, posted->arena);

	revive->roles = strings_copy(posted, roles, n_roles);
	revive->n_roles = n_roles;
	posted->call->revive = revive;
	return scheduler_call_post_as(posted, TP_SCHEDULER_CALL_REVIVE, revive_run);
}

enum tp_status tp_scheduler_driver_suppress_offers(
	struct tp_scheduler_driver *driver, const char *const *roles, size_t n_roles)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_suppress *suppress =
		tp_record_new(&tp_scheduler_call_suppress_desc, posted->arena);

	suppress->roles = strings_copy(posted, roles, n_roles);
	suppress->n_roles = n_roles;
	posted->call->suppress = suppress;
	return scheduler_call_post_as(posted, TP_SCHEDULER_CALL_SUPPRESS, suppress_run);
}

enum tp_status tp_scheduler_driver_request_resources(struct tp_scheduler_driver *driver,
	struct tp_request *const *requests, size_t n_requests)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_request *request =
		tp_record_new(&tp_scheduler_call_request_desc, posted->arena);

	for (size_t i = 0; i < n_requests; i++)
		push_copy(posted, &request->requests, &request->n_requests,
			&tp_request_desc, requests[i]);
	posted->call->request = request;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_REQUEST);
}

enum tp_status tp_scheduler_driver_kill_task(struct tp_scheduler_driver *driver,
	const struct tp_task_id *task_id, const struct tp_agent_id *agent_id,
	const struct tp_kill_policy *policy)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_kill *kill =
		tp_record_new(&tp_scheduler_call_kill_desc, arena);

	kill->task_id = tp_record_copy(&tp_task_id_desc, task_id, arena);
	kill->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, arena);
	kill->kill_policy = tp_record_copy(&tp_kill_policy_desc, policy, arena);
	posted->call->kill = kill;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_KILL);
}

enum tp_status tp_scheduler_driver_shutdown_executor(struct tp_scheduler_driver *driver,
	const struct tp_executor_id *executor_id, const struct tp_agent_id *agent_id)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_shutdown *shutdown =
		tp_record_new(&tp_scheduler_call_shutdown_desc, posted->arena);

	shutdown->executor_id =
		tp_record_copy(&tp_executor_id_desc, executor_id, posted->arena);
	shutdown->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, posted->arena);
	posted->call->shutdown = shutdown;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_SHUTDOWN);
}

enum tp_status tp_scheduler_driver_acknowledge(
	struct tp_scheduler_driver *driver, const struct tp_task_status *status)
{
	struct scheduler_post *posted;
	struct tp_scheduler_call_acknowledge *acknowledge;

	if (!driver->explicit_acknowledgements)
		return scheduler_call_refuse(driver, SCHEDULER_IMPLICIT);
	if (status->uuid.len == 0 || status->agent_id == NULL)
		return scheduler_call_refuse(
			driver, "an update without a uuid needs no acknowledgement");
	posted = scheduler_call_new(driver);
	acknowledge = tp_record_new(&tp_scheduler_call_acknowledge_desc, posted->arena);
	acknowledge->agent_id =
		tp_record_copy(&tp_agent_id_desc, status->agent_id, posted->arena);
	acknowledge->task_id =
		tp_record_copy(&tp_task_id_desc, status->task_id, posted->arena);
	acknowledge->uuid.data =
		tp_arena_memdup(posted->arena, status->uuid.data, status->uuid.len);
	acknowledge->uuid.len = status->uuid.len;
	posted->call->acknowledge = acknowledge;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_ACKNOWLEDGE);
}

enum tp_status tp_scheduler_driver_send_framework_message(
	struct tp_scheduler_driver *driver, const struct tp_executor_id *executor_id,
	const struct tp_agent_id *agent_id, const void *data, size_t len)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_arena *arena = posted->arena;
	struct tp_scheduler_call_message *message =
		tp_record_new(&tp_scheduler_call_message_desc, arena);

	message->executor_id = tp_record_copy(&tp_executor_id_desc, executor_id, arena);
	message->agent_id = tp_record_copy(&tp_agent_id_desc, agent_id, arena);
	message->data.data = tp_arena_memdup(arena, data, len);
	message->data.len = len;
	posted->call->message = message;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_MESSAGE);
}

enum tp_status tp_scheduler_driver_reconcile(struct tp_scheduler_driver *driver,
	struct tp_scheduler_call_reconcile_task *const *tasks, size_t n_tasks)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_reconcile *reconcile =
		tp_record_new(&tp_scheduler_call_reconcile_desc, posted->arena);

	for (size_t i = 0; i < n_tasks; i++)
		push_copy(posted, &reconcile->tasks, &reconcile->n_tasks,
			&tp_scheduler_call_reconcile_task_desc, tasks[i]);
	posted->call->reconcile = reconcile;
	return scheduler_call_post(posted, TP_SCHEDULER_CALL_RECONCILE);
}

static void reconcile_all_run(struct scheduler_post *posted)
{
	scheduler_reconcile_begin(posted->driver, posted->reconciled);
	scheduler_post_free(posted);
}

enum tp_status tp_scheduler_driver_reconcile_all(
	struct tp_scheduler_driver *driver, tp_scheduler_reconciled_f *done)
{
	struct scheduler_post *posted = scheduler_call_new(driver);

	posted->reconciled = done;
	return scheduler_call_post_as(
		posted, TP_SCHEDULER_CALL_RECONCILE, reconcile_all_run);
}

bool tp_scheduler_driver_is_reconciled(struct tp_scheduler_driver *driver)
{
	return atomic_load(&driver->reconciliation.over);
}

/* --- the framework itself -------------------------------------------------------------- */

static void on_update_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct scheduler_post *posted =
		tp_container_of(call, struct scheduler_post, answer);
	struct tp_scheduler_driver *self = posted->driver;

	/* Who was not heard says it again with the next subscription. */
	if (reply->status < 0 && reply->status != -ENOTCONN &&
		reply->status != -ECANCELED && !scheduler_is_later(reply->status))
		scheduler_fail(self, reply->text);
	scheduler_post_free(posted);
}

static void update_framework_run(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;
	struct tp_scheduler_call_update_framework *update =
		posted->call->update_framework;
	struct tp_framework_id id = { .value = self->framework_id };
	struct tp_error err;
	int r = -ENOTCONN;

	scheduler_framework_set(self, update->framework_info, update->suppressed_roles,
		update->n_suppressed_roles);
	update->framework_info = self->framework;
	update->framework_info->id = posted->call->framework_id = &id;
	posted->answer = (struct tp_call){ .done = on_update_answer };
	if (self->subscribed)
		r = tp_link_call(self->link, &posted->answer, TP_MESSAGE_SCHEDULER_CALL,
			&tp_scheduler_call_desc, posted->call, UPDATE_TIMEOUT_NS, &err);
	self->framework->id = NULL;
	if (r < 0)
		scheduler_post_free(posted);
}

enum tp_status tp_scheduler_driver_update_framework(struct tp_scheduler_driver *driver,
	const struct tp_framework_info *framework, const char *const *suppressed_roles,
	size_t n_suppressed_roles)
{
	struct scheduler_post *posted = scheduler_call_new(driver);
	struct tp_scheduler_call_update_framework *update =
		tp_record_new(&tp_scheduler_call_update_framework_desc, posted->arena);

	update->framework_info =
		tp_record_copy(&tp_framework_info_desc, framework, posted->arena);
	/* An empty user means the calling one, so that nobody has to give it. */
	if (update->framework_info != NULL && update->framework_info->user == NULL)
		update->framework_info->user = "";
	update->suppressed_roles =
		strings_copy(posted, suppressed_roles, n_suppressed_roles);
	update->n_suppressed_roles = n_suppressed_roles;
	posted->call->update_framework = update;
	return scheduler_call_post_as(
		posted, TP_SCHEDULER_CALL_UPDATE_FRAMEWORK, update_framework_run);
}
