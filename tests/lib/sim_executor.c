/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_executor.h. A task is one struct with one timer, which is whatever it waits for: its end,
 * or, once it is being killed, the end of its grace. It is forgotten when its last update was
 * acknowledged.
 */
#include "sim_executor.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tepui/ids.h"
#include "tepui/record.h"
#include "tepui/units.h"

#define UPDATES_MAX 4 /* RUNNING, KILLING and an end, and one more than that */
#define GRACE_NS (3 * TP_SEC)
#define REDIAL_NS TP_SEC

struct sim_task {
	struct tp_list node;
	struct sim_executor *executor;
	const struct tp_task_info *info;
	const struct tp_executor_call_update *updates[UPDATES_MAX]; /* unacknowledged */
	bool acknowledged; /* the agent knows that we have it */
	bool killing;
	bool ended; /* its last update is under way */
	struct tp_timer timer;
};

static struct sim_task *task_of(const struct tp_list *node)
{
	return tp_container_of((struct tp_list *)(uintptr_t)node, struct sim_task, node);
}

static const char *text_of(const struct sim_task *task)
{
	const struct tp_command_info *command = task->info->command;

	/* A task of a framework's own executor has no command. */
	return command != NULL && command->value != NULL ? command->value
							 : task->info->name;
}

static struct sim_task *find(const struct sim_executor *self, const char *id)
{
	for (const struct tp_list *node = self->tasks.next; node != &self->tasks;
		node = node->next) {
		if (strcmp(task_of(node)->info->task_id->value, id) == 0)
			return task_of(node);
	}
	return NULL;
}

static void task_free(struct sim_task *task)
{
	tp_timer_disarm(task->executor->loop, &task->timer);
	tp_list_remove(&task->node);
	tp_free(task);
}

/* --- the end --------------------------------------------------------------------------- */

void sim_executor_hang_up(struct sim_executor *self)
{
	tp_link_destroy(self->link);
	self->link = NULL;
}

void sim_executor_free(struct sim_executor *self)
{
	struct tp_list *node, *tmp;

	sim_executor_hang_up(self);
	tp_list_foreach (node, tmp, &self->tasks)
		task_free(task_of(node));
	tp_timer_disarm(self->loop, &self->exit_timer);
	tp_timer_disarm(self->loop, &self->recovery);
	tp_timer_disarm(self->loop, &self->redial);
	tp_loop_undefer(self->loop, &self->bury);
	tp_list_remove(&self->node);
	tp_arena_destroy(self->arena);
	tp_free(self);
}

void sim_executor_die(struct sim_executor *self, int status)
{
	struct tp_list *node, *tmp;

	if (self->dead)
		return;
	self->dead = true;
	self->status = status;
	tp_list_foreach (node, tmp, &self->tasks)
		tp_timer_disarm(self->loop, &task_of(node)->timer);
	tp_timer_disarm(self->loop, &self->exit_timer);
	tp_timer_disarm(self->loop, &self->recovery);
	tp_timer_disarm(self->loop, &self->redial);
	tp_loop_defer(self->loop, &self->bury);
}

static void on_exit_timer(struct tp_timer *timer)
{
	sim_executor_die(tp_container_of(timer, struct sim_executor, exit_timer), 0);
}

static void on_recovery(struct tp_timer *timer)
{
	sim_executor_die(tp_container_of(timer, struct sim_executor, recovery), SIGKILL);
}

/* --- tasks ----------------------------------------------------------------------------- */

static void send_call(struct sim_executor *self, struct tp_executor_call *call)
{
	call->framework_id = &self->framework_id;
	call->executor_id = &self->executor_id;
	call->has_type = true;
	if (self->link != NULL)
		tp_link_send(self->link, TP_MESSAGE_EXECUTOR_CALL, &tp_executor_call_desc,
			call);
}

static void update(struct sim_task *task, int state)
{
	struct sim_executor *self = task->executor;
	struct tp_task_status *status = tp_record_new(&tp_task_status_desc, self->arena);
	struct tp_executor_call_update *call =
		tp_record_new(&tp_executor_call_update_desc, self->arena);
	uint8_t *uuid = tp_arena_alloc(self->arena, TP_UUID_BYTES);

	tp_uuid_generate(uuid);
	status->task_id = task->info->task_id;
	status->has_state = true;
	status->state = state;
	status->has_source = true;
	status->source = TP_SOURCE_EXECUTOR;
	status->uuid = (struct tp_bytes){ uuid, TP_UUID_BYTES };
	status->has_timestamp_ns = true;
	status->timestamp_ns = tp_loop_wall_ns(self->loop);
	call->status = status;
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		if (task->updates[i] == NULL) {
			task->updates[i] = call;
			break;
		}
	}
	send_call(self,
		&(struct tp_executor_call){
			.type = TP_EXECUTOR_CALL_UPDATE, .update = call });
}

static void end_task(struct sim_task *task, int state)
{
	if (task->ended)
		return;
	tp_timer_disarm(task->executor->loop, &task->timer);
	task->ended = true;
	update(task, state);
}

static void on_task_timer(struct tp_timer *timer)
{
	struct sim_task *task = tp_container_of(timer, struct sim_task, timer);
	int status = 0;

	sscanf(text_of(task), "run %*d %d", &status);
	if (task->killing)
		end_task(task, TP_TASK_KILLED);
	else
		end_task(task, status == 0 ? TP_TASK_FINISHED : TP_TASK_FAILED);
}

static void launch(struct sim_executor *self, const struct tp_task_info *info)
{
	struct sim_task *task;
	int ms;

	if (find(self, info->task_id->value) != NULL)
		return;
	task = tp_alloc(sizeof *task);
	task->executor = self;
	task->info = tp_record_copy(&tp_task_info_desc, info, self->arena);
	task->timer.fire = on_task_timer;
	tp_list_append(&self->tasks, &task->node);
	update(task, TP_TASK_RUNNING);
	if (sscanf(text_of(task), "run %d", &ms) == 1)
		tp_timer_arm(self->loop, &task->timer, ms * TP_MSEC);
}

static int64_t grace_ns(
	const struct tp_kill_policy *asked, const struct tp_kill_policy *own)
{
	const struct tp_kill_policy *policy = asked != NULL ? asked : own;

	return policy == NULL || policy->grace_period == NULL
		? GRACE_NS
		: policy->grace_period->nanoseconds;
}

static void kill_task(
	struct sim_executor *self, const struct tp_executor_event_kill *kill)
{
	struct sim_task *task = find(self, kill->task_id->value);

	if (task == NULL || task->ended || task->killing)
		return;
	if (strcmp(text_of(task), "stubborn") != 0) {
		end_task(task, TP_TASK_KILLED);
		return;
	}
	task->killing = true;
	tp_timer_arm(self->loop, &task->timer,
		grace_ns(kill->kill_policy, task->info->kill_policy));
}

/* The last word of a command executor's task was heard: it goes. */
static void forget_task(struct sim_task *task)
{
	struct sim_executor *self = task->executor;

	task_free(task);
	if (self->command && !tp_timer_armed(&self->exit_timer))
		tp_timer_arm(self->loop, &self->exit_timer, TP_MSEC);
}

static void acknowledged(struct sim_executor *self,
	const struct tp_executor_event_acknowledged *acknowledged)
{
	struct sim_task *task = find(self, acknowledged->task_id->value);
	bool idle = true;

	if (task == NULL)
		return;
	task->acknowledged = true;
	for (size_t i = 0; i < UPDATES_MAX; i++) {
		if (task->updates[i] != NULL &&
			memcmp(task->updates[i]->status->uuid.data,
				acknowledged->uuid.data, TP_UUID_BYTES) == 0)
			task->updates[i] = NULL;
		idle = idle && task->updates[i] == NULL;
	}
	if (task->ended && idle)
		forget_task(task);
}

static void shut_down(struct sim_executor *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->tasks)
		end_task(task_of(node), TP_TASK_KILLED);
	if (!tp_timer_armed(&self->exit_timer))
		tp_timer_arm(self->loop, &self->exit_timer, TP_SEC);
}

/* --- the session ----------------------------------------------------------------------- */

static void on_event(void *user, struct tp_message *message)
{
	struct sim_executor *self = user;
	const struct tp_executor_event *event = message->body;

	if (self->dead)
		return;
	switch (event->type) {
	case TP_EXECUTOR_EVENT_LAUNCH:
		launch(self, event->launch->task);
		break;
	case TP_EXECUTOR_EVENT_KILL:
		kill_task(self, event->kill);
		break;
	case TP_EXECUTOR_EVENT_ACKNOWLEDGED:
		acknowledged(self, event->acknowledged);
		break;
	case TP_EXECUTOR_EVENT_SHUTDOWN:
		shut_down(self);
		break;
	default:
		break;
	}
}

static void on_subscribed(struct tp_call *call, const struct tp_reply *reply)
{
	struct sim_executor *self = tp_container_of(call, struct sim_executor, subscribe);

	if (reply->status == -ETIMEDOUT && self->link != NULL)
		tp_link_reconnect(self->link);
	else if (reply->status >= 0)
		tp_timer_disarm(self->loop, &self->recovery);
}

static void list_unacknowledged(const struct sim_executor *self,
	struct tp_executor_call_subscribe *subscribe, struct tp_arena *arena)
{
	for (const struct tp_list *node = self->tasks.next; node != &self->tasks;
		node = node->next) {
		const struct sim_task *task = task_of(node);

		if (!task->acknowledged)
			tp_arena_push(arena, &subscribe->unacknowledged_tasks,
				&subscribe->n_unacknowledged_tasks, (void *)task->info);
		for (size_t i = 0; i < UPDATES_MAX; i++) {
			if (task->updates[i] != NULL)
				tp_arena_push(arena, &subscribe->unacknowledged_updates,
					&subscribe->n_unacknowledged_updates,
					(void *)task->updates[i]);
		}
	}
}

static void on_up(void *user, const struct tp_hello *server)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct sim_executor *self = user;
	struct tp_executor_call_subscribe *subscribe =
		tp_record_new(&tp_executor_call_subscribe_desc, arena);
	struct tp_executor_call call = { .framework_id = &self->framework_id,
		.executor_id = &self->executor_id,
		.has_type = true,
		.type = TP_EXECUTOR_CALL_SUBSCRIBE,
		.subscribe = subscribe };
	struct tp_error err;

	(void)server;
	self->was_up = true;
	list_unacknowledged(self, subscribe, arena);
	self->subscribe = (struct tp_call){ .done = on_subscribed };
	if (tp_link_call(self->link, &self->subscribe, TP_MESSAGE_EXECUTOR_CALL,
		    &tp_executor_call_desc, &call, 15 * TP_SEC, &err) < 0)
		tp_link_reconnect(self->link);
}

/* As tepui-executor: who does not checkpoint ends with the agent; who is refused ends. */
static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct sim_executor *self = user;

	if (why->code == EACCES)
		sim_executor_die(self, 1 << 8);
	else if (was_up && !self->checkpoint)
		sim_executor_die(self, 0);
	else if (self->was_up && !self->dead && !tp_timer_armed(&self->recovery)) {
		tp_timer_arm(self->loop, &self->recovery, self->recovery_timeout_ns);
		tp_timer_arm(self->loop, &self->redial, REDIAL_NS);
	}
}

/* A restarted agent waits for two seconds only: however long it was away, it is soon found. */
static void on_redial(struct tp_timer *timer)
{
	struct sim_executor *self = tp_container_of(timer, struct sim_executor, redial);

	if (tp_link_is_up(self->link))
		return;
	tp_link_reconnect(self->link);
	tp_timer_arm(self->loop, timer, REDIAL_NS);
}

static const struct tp_handler rows[] = {
	{ TP_MESSAGE_EXECUTOR_EVENT, 0, &tp_executor_event_desc, on_event },
};

void sim_executor_start(struct sim_executor *self, const struct tp_transport *transport)
{
	const struct tp_link_config config = {
		.instance = &self->instance,
		.transport = *transport,
		.self = { .kind = "executor", .id = self->session_id },
		.urls = self->address,
		.handlers = rows,
		.n_handlers = TP_COUNT(rows),
		.user = self,
		.up = on_up,
		.down = on_down,
	};
	struct tp_error err = { 0 };

	self->instance.topic.name = "executor";
	self->instance.loop = self->loop;
	ck_assert_msg(tp_link_create(&config, &self->link, &err) >= 0, "%s", err.text);
}

/* --- the beginning ---------------------------------------------------------------------- */

static void read_environment(
	struct sim_executor *self, const struct tp_environment *environment)
{
	for (size_t i = 0; i < environment->n_variables; i++) {
		const struct tp_environment_variable *v = environment->variables[i];

		if (strcmp(v->name, "TEPUI_AGENT_ADDRESS") == 0)
			self->address = tp_arena_strdup(self->arena, v->value);
		else if (strcmp(v->name, "TEPUI_FRAMEWORK_ID") == 0)
			self->framework_id.value = tp_arena_strdup(self->arena, v->value);
		else if (strcmp(v->name, "TEPUI_EXECUTOR_ID") == 0)
			self->executor_id.value = tp_arena_strdup(self->arena, v->value);
		else if (strcmp(v->name, "TEPUI_CHECKPOINT") == 0)
			self->checkpoint = strcmp(v->value, "1") == 0;
		else if (strcmp(v->name, "TEPUI_RECOVERY_TIMEOUT") == 0)
			ck_assert_int_ge(tp_duration_parse(v->value,
						 &self->recovery_timeout_ns, NULL),
				0);
	}
	self->session_id = tp_arena_printf(
		self->arena, "%s/%s", self->framework_id.value, self->executor_id.value);
}

static int64_t cpus_milli(struct tp_resource *const *items, size_t n, bool revocable)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(items[i]->name, "cpus") == 0 &&
			(items[i]->revocable != NULL) == revocable)
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

struct sim_executor *sim_executor_create(
	struct tp_loop *loop, const char *id, const struct tp_container_spec *spec)
{
	struct sim_executor *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->arena = tp_arena_create(0);
	self->id = tp_arena_strdup(self->arena, id);
	self->exit_timer.fire = on_exit_timer;
	self->recovery.fire = on_recovery;
	self->redial.fire = on_redial;
	tp_list_init(&self->node);
	tp_list_init(&self->tasks);
	if (spec == NULL) {
		self->dead = true;
		self->status = SIGKILL;
		return self;
	}
	self->command = spec->command_executor;
	if (!self->command)
		self->own_cpus_milli = cpus_milli(spec->config->executor_info->resources,
			spec->config->executor_info->n_resources, false);
	read_environment(self, spec->environment);
	return self;
}

/* --- what it runs ----------------------------------------------------------------------- */

size_t sim_executor_n_tasks(const struct sim_executor *self)
{
	size_t n = 0;

	for (const struct tp_list *node = self->tasks.next;
		!self->dead && node != &self->tasks; node = node->next)
		n += !task_of(node)->ended;
	return n;
}

int64_t sim_executor_cpus_milli(const struct sim_executor *self, bool revocable)
{
	int64_t sum = self->dead || revocable ? 0 : self->own_cpus_milli;

	for (const struct tp_list *node = self->tasks.next;
		!self->dead && node != &self->tasks; node = node->next) {
		const struct sim_task *task = task_of(node);

		if (!task->ended)
			sum += cpus_milli(task->info->resources, task->info->n_resources,
				revocable);
	}
	return sum;
}

bool sim_executor_runs(const struct sim_executor *self, const char *task_id)
{
	const struct sim_task *task = self->dead ? NULL : find(self, task_id);

	return task != NULL && !task->ended;
}

void sim_executor_fail_task(struct sim_executor *self, unsigned n)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->tasks) {
		if (!task_of(node)->ended && n-- == 0) {
			end_task(task_of(node), TP_TASK_FAILED);
			return;
		}
	}
}
