/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The executor driver: one session to the agent over plain sockets, on the caller's thread.
 *
 * Invariants: an update stays in `updates` until the agent acknowledged its uuid; a task stays in
 * `tasks` until its first update was acknowledged. Both lists travel with every SUBSCRIBE, so
 * nothing depends on a message having arrived.
 */
#include "tepui/executor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "tepui/list.h"
#include "tepui/log.h"
#include "tepui/net.h"
#include "tepui/record.h"
#include "tepui/units.h"

#define UUID_BYTES 16
#define SUBSCRIBE_TIMEOUT_NS (15 * TP_SEC)
#define RECOVERY_TIMEOUT_NS (15 * TP_MIN)

/* An update the agent has not acknowledged. */
struct update {
	struct tp_list node;
	struct tp_arena *arena;
	struct tp_executor_call_update *call;
};

/* A task none of whose updates was acknowledged. */
struct task {
	struct tp_list node;
	struct tp_arena *arena;
	struct tp_task_info *info;
};

struct tp_executor_driver {
	struct tp_instance instance; /* what the session needs of us */
	const struct tp_executor *executor;
	void *user;
	struct tp_transport *transport;
	struct tp_link *link;
	struct tp_call subscribe;
	enum tp_status status;
	const char *
		address; /* of the agent; borrowed from the environment, as are the ids */
	struct tp_framework_id framework_id;
	struct tp_executor_id executor_id;
	struct tp_agent_id agent_id;
	char *session_id; /* "<framework id>/<executor id>" */
	bool checkpoint;
	int64_t recovery_timeout_ns;
	bool was_registered, subscribed;
	bool agent_lost; /* nobody is waited for any more */
	struct tp_list updates, tasks;
	struct tp_timer recovery; /* runs while the agent is away */
	struct tp_timer
		linger; /* runs while the last updates wait for their acknowledgement */
	bool stopping;
};

/* --- unacknowledged tasks and updates -------------------------------------------------- */

static void update_destroy(struct update *update)
{
	tp_list_remove(&update->node);
	tp_arena_destroy(update->arena);
}

static void task_destroy(struct task *task)
{
	tp_list_remove(&task->node);
	tp_arena_destroy(task->arena);
}

static void task_remember(
	struct tp_executor_driver *self, const struct tp_task_info *info)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct task *task = tp_arena_alloc(arena, sizeof(*task));

	task->arena = arena;
	task->info = tp_record_copy(&tp_task_info_desc, info, arena);
	tp_list_append(&self->tasks, &task->node);
}

static void task_acknowledged(struct tp_executor_driver *self, const char *task_id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->tasks) {
		struct task *task = tp_container_of(node, struct task, node);

		if (tp_streq(task->info->task_id->value, task_id))
			task_destroy(task);
	}
}

/* --- the session ----------------------------------------------------------------------- */

static int driver_send(struct tp_executor_driver *self, struct tp_executor_call *call)
{
	call->framework_id = &self->framework_id;
	call->executor_id = &self->executor_id;
	call->has_type = true;
	return tp_link_send(
		self->link, TP_MESSAGE_EXECUTOR_CALL, &tp_executor_call_desc, call);
}

static void driver_end(struct tp_executor_driver *self, enum tp_status status)
{
	if (self->status != TP_DRIVER_RUNNING)
		return;
	self->status = status;
	tp_timer_disarm(self->instance.loop, &self->recovery);
	tp_timer_disarm(self->instance.loop, &self->linger);
	tp_loop_stop(self->instance.loop, 0);
}

static void driver_fail(struct tp_executor_driver *self, const char *message)
{
	if (self->status != TP_DRIVER_RUNNING)
		return;
	driver_end(self, TP_DRIVER_ABORTED);
	if (self->executor->error != NULL)
		self->executor->error(self, self->user, message);
}

static void driver_shutdown(struct tp_executor_driver *self)
{
	if (self->executor->shutdown != NULL)
		self->executor->shutdown(self, self->user);
	else
		tp_executor_driver_stop(self, 0);
}

static void on_subscribe_answer(struct tp_call *call, const struct tp_reply *reply)
{
	struct tp_executor_driver *self =
		tp_container_of(call, struct tp_executor_driver, subscribe);

	/* A lost session is dialled again; a refusal is final. */
	if (reply->status == 0 || reply->status == -ENOTCONN ||
		reply->status == -ECANCELED)
		return;
	if (reply->status == -ETIMEDOUT)
		tp_link_reconnect(self->link);
	else
		driver_fail(self, reply->text);
}

static void driver_subscribe(struct tp_executor_driver *self)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_executor_call_subscribe *subscribe =
		tp_record_new(&tp_executor_call_subscribe_desc, arena);
	struct tp_executor_call *call = tp_record_new(&tp_executor_call_desc, arena);
	struct tp_list *node, *tmp;
	struct tp_error err;

	tp_list_foreach (node, tmp, &self->tasks) {
		tp_arena_push(arena, &subscribe->unacknowledged_tasks,
			&subscribe->n_unacknowledged_tasks,
			tp_container_of(node, struct task, node)->info);
	}
	tp_list_foreach (node, tmp, &self->updates) {
		tp_arena_push(arena, &subscribe->unacknowledged_updates,
			&subscribe->n_unacknowledged_updates,
			tp_container_of(node, struct update, node)->call);
	}
	call->framework_id = &self->framework_id;
	call->executor_id = &self->executor_id;
	call->has_type = true;
	call->type = TP_EXECUTOR_CALL_SUBSCRIBE;
	call->subscribe = subscribe;
	self->subscribe = (struct tp_call){ .done = on_subscribe_answer };
	if (tp_link_call(self->link, &self->subscribe, TP_MESSAGE_EXECUTOR_CALL,
		    &tp_executor_call_desc, call, SUBSCRIBE_TIMEOUT_NS, &err) < 0)
		tp_link_reconnect(self->link);
}

static void on_up(void *user, const struct tp_hello *server)
{
	struct tp_executor_driver *self = user;

	(void)server;
	driver_subscribe(self);
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct tp_executor_driver *self = user;
	bool was_subscribed = self->subscribed;

	self->subscribed = false;
	if (self->status != TP_DRIVER_RUNNING)
		return;
	if (why->code == EACCES) {
		driver_fail(self, why->text);
		return;
	}
	if (was_up && was_subscribed) {
		if (self->executor->disconnected != NULL)
			self->executor->disconnected(self, self->user);
		if (!self->checkpoint) {
			self->agent_lost = true;
			driver_shutdown(self);
			return;
		}
	}
	if (!tp_timer_armed(&self->recovery))
		tp_timer_arm(
			self->instance.loop, &self->recovery, self->recovery_timeout_ns);
}

static void on_recovery_timeout(struct tp_timer *timer)
{
	struct tp_executor_driver *self =
		tp_container_of(timer, struct tp_executor_driver, recovery);

	self->agent_lost = true;
	driver_shutdown(self);
}

static void on_linger_timeout(struct tp_timer *timer)
{
	driver_end(tp_container_of(timer, struct tp_executor_driver, linger),
		TP_DRIVER_STOPPED);
}

/* --- events ---------------------------------------------------------------------------- */

static void on_subscribed(
	struct tp_executor_driver *self, const struct tp_executor_event_subscribed *event)
{
	bool first = !self->was_registered;

	self->was_registered = self->subscribed = true;
	self->agent_lost = false;
	tp_timer_disarm(self->instance.loop, &self->recovery);
	if (first && self->executor->registered != NULL)
		self->executor->registered(self, self->user, event->executor_info,
			event->framework_info, event->agent_info);
	else if (!first && self->executor->reregistered != NULL)
		self->executor->reregistered(self, self->user, event->agent_info);
}

static void on_acknowledged(struct tp_executor_driver *self,
	const struct tp_executor_event_acknowledged *event)
{
	struct tp_list *node, *tmp;

	task_acknowledged(self, event->task_id->value);
	tp_list_foreach (node, tmp, &self->updates) {
		struct update *update = tp_container_of(node, struct update, node);
		const struct tp_bytes *uuid = &update->call->status->uuid;

		if (uuid->len == event->uuid.len &&
			memcmp(uuid->data, event->uuid.data, uuid->len) == 0)
			update_destroy(update);
	}
	if (self->stopping && tp_list_empty(&self->updates))
		driver_end(self, TP_DRIVER_STOPPED);
}

static void launch_task(struct tp_executor_driver *self, const struct tp_task_info *task)
{
	if (self->executor->launch_task != NULL)
		self->executor->launch_task(self, self->user, task);
}

static void on_launch_group(
	struct tp_executor_driver *self, const struct tp_task_group_info *group)
{
	for (size_t i = 0; i < group->n_tasks; i++)
		task_remember(self, group->tasks[i]);
	if (self->executor->launch_task_group != NULL) {
		self->executor->launch_task_group(self, self->user, group);
		return;
	}
	for (size_t i = 0; i < group->n_tasks; i++)
		launch_task(self, group->tasks[i]);
}

static void on_event(void *user, struct tp_message *message)
{
	struct tp_executor_driver *self = user;
	const struct tp_executor_event *event = message->body;

	if (self->status != TP_DRIVER_RUNNING)
		return;
	switch (event->has_type ? event->type : TP_EXECUTOR_EVENT_UNKNOWN) {
	case TP_EXECUTOR_EVENT_SUBSCRIBED:
		if (event->subscribed != NULL)
			on_subscribed(self, event->subscribed);
		break;
	case TP_EXECUTOR_EVENT_LAUNCH:
		if (event->launch != NULL) {
			task_remember(self, event->launch->task);
			launch_task(self, event->launch->task);
		}
		break;
	case TP_EXECUTOR_EVENT_LAUNCH_GROUP:
		if (event->launch_group != NULL)
			on_launch_group(self, event->launch_group->task_group);
		break;
	case TP_EXECUTOR_EVENT_KILL:
		if (event->kill != NULL && self->executor->kill_task != NULL)
			self->executor->kill_task(self, self->user, event->kill->task_id,
				event->kill->kill_policy);
		break;
	case TP_EXECUTOR_EVENT_ACKNOWLEDGED:
		if (event->acknowledged != NULL)
			on_acknowledged(self, event->acknowledged);
		break;
	case TP_EXECUTOR_EVENT_MESSAGE:
		if (event->message != NULL && self->executor->framework_message != NULL)
			self->executor->framework_message(self, self->user,
				event->message->data.data, event->message->data.len);
		break;
	case TP_EXECUTOR_EVENT_SHUTDOWN:
		driver_shutdown(self);
		break;
	case TP_EXECUTOR_EVENT_ERROR:
		driver_fail(self, event->error != NULL ? event->error->message : "");
		break;
	default:
		break; /* HEARTBEAT, and what later agents may say */
	}
}

/* --- life ------------------------------------------------------------------------------ */

/* TEPUI_<name>, or the field's own MESOS_<name>. */
static const char *environment_get(const char *name)
{
	char key[64];
	const char *value;

	snprintf(key, sizeof(key), "TEPUI_%s", name);
	value = getenv(key);
	if (value != NULL)
		return value;
	snprintf(key, sizeof(key), "MESOS_%s", name);
	return getenv(key);
}

static int driver_read_environment(struct tp_executor_driver *self, struct tp_error *err)
{
	const char *checkpoint = environment_get("CHECKPOINT");
	const char *timeout = environment_get("RECOVERY_TIMEOUT");
	int r = 0;

	self->address = getenv("TEPUI_AGENT_ADDRESS");
	self->framework_id.value = environment_get("FRAMEWORK_ID");
	self->executor_id.value = environment_get("EXECUTOR_ID");
	self->agent_id.value = environment_get("AGENT_ID");
	if (self->agent_id.value == NULL)
		self->agent_id.value = getenv("MESOS_SLAVE_ID");
	if (self->address == NULL || self->framework_id.value == NULL ||
		self->executor_id.value == NULL || self->agent_id.value == NULL)
		return tp_fail(err, EINVAL,
			"TEPUI_AGENT_ADDRESS, TEPUI_FRAMEWORK_ID, TEPUI_EXECUTOR_ID and"
			" TEPUI_AGENT_ID must be set: an executor is started by an "
			"agent");
	self->checkpoint = checkpoint != NULL && strcmp(checkpoint, "1") == 0;
	self->recovery_timeout_ns = RECOVERY_TIMEOUT_NS;
	if (timeout != NULL)
		r = tp_duration_parse(timeout, &self->recovery_timeout_ns, err);
	return r < 0 ? tp_wrap(err, r, "TEPUI_RECOVERY_TIMEOUT") : 0;
}

int tp_executor_driver_create(const struct tp_executor *executor, void *user,
	struct tp_executor_driver **ret, struct tp_error *err)
{
	struct tp_executor_driver *self = tp_alloc(sizeof(*self));
	int r;

	self->executor = executor;
	self->user = user;
	self->status = TP_DRIVER_NOT_STARTED;
	self->instance.topic.name = "executor";
	self->recovery.fire = on_recovery_timeout;
	self->linger.fire = on_linger_timeout;
	tp_list_init(&self->updates);
	tp_list_init(&self->tasks);
	r = driver_read_environment(self, err);
	if (r == 0) {
		self->session_id = tp_asprintf(
			"%s/%s", self->framework_id.value, self->executor_id.value);
		self->instance.loop = tp_loop_create(NULL, err);
		r = self->instance.loop == NULL ? -ENOMEM : 0;
	}
	if (r == 0)
		r = tp_transport_create_plain(self->instance.loop, &self->transport, err);
	if (r < 0) {
		tp_executor_driver_destroy(self);
		return r;
	}
	*ret = self;
	return 0;
}

void tp_executor_driver_destroy(struct tp_executor_driver *driver)
{
	struct tp_list *node, *tmp;

	if (driver == NULL)
		return;
	tp_link_destroy(driver->link);
	tp_list_foreach (node, tmp, &driver->updates) {
		update_destroy(tp_container_of(node, struct update, node));
	}
	tp_list_foreach (node, tmp, &driver->tasks) {
		task_destroy(tp_container_of(node, struct task, node));
	}
	tp_transport_destroy(driver->transport);
	tp_loop_destroy(driver->instance.loop);
	tp_free(driver->session_id);
	tp_free(driver);
}

struct tp_loop *tp_executor_driver_loop(struct tp_executor_driver *driver)
{
	return driver->instance.loop;
}

enum tp_status tp_executor_driver_start(struct tp_executor_driver *driver)
{
	static const struct tp_handler handlers[] = {
		{ TP_MESSAGE_EXECUTOR_EVENT, 0, &tp_executor_event_desc, on_event },
	};
	const struct tp_link_config config = {
		.instance = &driver->instance,
		.transport = *driver->transport,
		.self = { .kind = "executor", .id = driver->session_id },
		.urls = driver->address,
		.handlers = handlers,
		.n_handlers = TP_COUNT(handlers),
		.user = driver,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err;

	if (driver->status != TP_DRIVER_NOT_STARTED)
		return driver->status;
	driver->status = TP_DRIVER_RUNNING;
	if (tp_link_create(&config, &driver->link, &err) < 0)
		driver_fail(driver, err.text);
	return driver->status;
}

enum tp_status tp_executor_driver_join(struct tp_executor_driver *driver)
{
	if (driver->status == TP_DRIVER_RUNNING)
		tp_loop_run(driver->instance.loop);
	return driver->status;
}

enum tp_status tp_executor_driver_run(struct tp_executor_driver *driver)
{
	tp_executor_driver_start(driver);
	return tp_executor_driver_join(driver);
}

enum tp_status tp_executor_driver_stop(
	struct tp_executor_driver *driver, int64_t linger_ns)
{
	if (driver->status != TP_DRIVER_RUNNING)
		return driver->status;
	driver->stopping = true;
	if (linger_ns <= 0 || driver->agent_lost || tp_list_empty(&driver->updates))
		driver_end(driver, TP_DRIVER_STOPPED);
	else
		tp_timer_arm(driver->instance.loop, &driver->linger, linger_ns);
	return driver->status;
}

enum tp_status tp_executor_driver_abort(struct tp_executor_driver *driver)
{
	driver_end(driver, TP_DRIVER_ABORTED);
	return driver->status;
}

/* --- calls ----------------------------------------------------------------------------- */

enum tp_status tp_executor_driver_send_status_update(
	struct tp_executor_driver *driver, const struct tp_task_status *status)
{
	struct tp_executor_call call = { .type = TP_EXECUTOR_CALL_UPDATE };
	struct tp_arena *arena;
	struct tp_task_status *copy;
	struct update *update;

	if (driver->status != TP_DRIVER_RUNNING)
		return driver->status;
	arena = tp_arena_create(0);
	update = tp_arena_alloc(arena, sizeof(*update));
	copy = tp_record_copy(&tp_task_status_desc, status, arena);
	uint8_t *uuid = tp_arena_alloc(arena, UUID_BYTES);
	tp_assert(getrandom(uuid, UUID_BYTES, 0) == UUID_BYTES);
	copy->uuid = (struct tp_bytes){ uuid, UUID_BYTES };
	copy->has_source = true;
	copy->source = TP_SOURCE_EXECUTOR;
	copy->has_timestamp_ns = true;
	copy->timestamp_ns = tp_loop_wall_ns(driver->instance.loop);
	copy->executor_id =
		tp_record_copy(&tp_executor_id_desc, &driver->executor_id, arena);
	copy->agent_id = tp_record_copy(&tp_agent_id_desc, &driver->agent_id, arena);
	update->arena = arena;
	update->call = tp_record_new(&tp_executor_call_update_desc, arena);
	update->call->status = copy;
	tp_list_append(&driver->updates, &update->node);
	call.update = update->call;
	if (driver->subscribed)
		driver_send(driver, &call);
	return driver->status;
}

enum tp_status tp_executor_driver_send_framework_message(
	struct tp_executor_driver *driver, const void *data, size_t len)
{
	struct tp_executor_call_message message = { .data = { data, len } };
	struct tp_executor_call call = {
		.type = TP_EXECUTOR_CALL_MESSAGE,
		.message = &message,
	};

	if (driver->status == TP_DRIVER_RUNNING && driver->subscribed)
		driver_send(driver, &call);
	return driver->status;
}
