/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Departures. Each is a registry operation and, when that is durable, the same removal with
 * another event for the tasks (tepui/task_life.h). While the operation is on its way the agent
 * is `leaving`: it cannot register, and nothing else ends it.
 */
#include "departure.h"

#include <errno.h>
#include <string.h>

#include "absent.h"
#include "agents.h"
#include "calls.h"
#include "changes.h"
#include "counters.h"
#include "executors.h"
#include "frameworks.h"
#include "health.h"
#include "hooks.h"
#include "inverse_offers.h"
#include "messages.h"
#include "native.h"
#include "offers.h"
#include "operations.h"
#include "register.h"
#include "tasks.h"
#include "updates.h"

#define WHY_GONE "Agent has been marked gone"
#define WHY_DOWN "Operator initiated 'Machine DOWN'"

/* --- disconnection --------------------------------------------------------------------- */

/* What cannot be found again by the agent is lost when its session breaks. */
static void end_not_checkpointing(struct agent *a)
{
	const struct happening happening = {
		.event = TP_TASK_EVENT_AGENT_DISCONNECTED,
		.agent_id = a->id,
		.message = "Agent disconnected",
	};
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->tasks) {
		struct task *task = tp_container_of(node, struct task, list);

		if (!framework_checkpoints(task->framework))
			updates_happened(a->master, task, &happening);
	}
	tp_list_foreach (node, tmp, &a->executors) {
		struct executor *e = tp_container_of(node, struct executor, node);

		if (!framework_checkpoints(e->framework))
			executors_remove(e);
	}
}

void departure_disconnected(struct agent *a, const struct tp_error *why)
{
	struct master *m = a->master;

	a->peer = 0;
	tp_info(m, "agent disconnected", "agent=%s why=%s", a->id, why->text);
	if (a->leaving)
		return;
	if (a->in_allocator)
		m->allocator.ops->deactivate_agent(m->allocator.impl, a->slot);
	offers_withdraw_agent(a);
	inverse_offers_withdraw_agent(a);
	end_not_checkpointing(a);
	health_disconnected(a, why->code == ETIMEDOUT);
}

void departure_early(struct agent *a)
{
	struct tp_error why = { 0 };

	tp_fail(&why, ENOTCONN, "its session ended while it was being registered");
	departure_disconnected(a, &why);
}

/* --- removal --------------------------------------------------------------------------- */

struct way {
	enum tp_task_event event;
	const char *message;  /* of the updates */
	enum counter counter; /* COUNTERS = none */
	int operations;       /* the state its operations end in */
	bool kick;            /* its session, if there is one, is of no use any more */
};

static const struct way silent = { TP_TASK_EVENT_AGENT_SILENT, "Agent is unreachable",
	COUNTER_AGENT_REMOVALS_UNHEALTHY, TP_OPERATION_UNREACHABLE, true };
static const struct way left = { TP_TASK_EVENT_AGENT_LEFT, "Agent was removed",
	COUNTER_AGENT_REMOVALS_UNREGISTERED, TP_OPERATION_GONE_BY_OPERATOR, false };
static const struct way replaced = { TP_TASK_EVENT_AGENT_LEFT,
	"Agent was replaced by a new one", COUNTER_AGENT_REMOVALS_REGISTERED,
	TP_OPERATION_GONE_BY_OPERATOR, true };
static const struct way down = { TP_TASK_EVENT_AGENT_LEFT, WHY_DOWN, COUNTERS,
	TP_OPERATION_GONE_BY_OPERATOR, true };
static const struct way marked_gone = { TP_TASK_EVENT_AGENT_GONE, WHY_GONE, COUNTERS,
	TP_OPERATION_GONE_BY_OPERATOR, true };

static void end_tasks(struct agent *a, const struct way *way)
{
	const struct happening happening = {
		.event = way->event,
		.agent_id = a->id,
		.message = way->message,
		.unreachable_ns =
			way->event == TP_TASK_EVENT_AGENT_SILENT ? a->leaving_ns : 0,
	};
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->tasks)
		updates_happened(
			a->master, tp_container_of(node, struct task, list), &happening);
}

static void remove_agent(struct agent *a, const struct way *way)
{
	struct master *m = a->master;

	tp_warn(m, "agent removed", "agent=%s why=%s", a->id, way->message);
	counter_add(m, COUNTER_AGENT_REMOVALS, 1);
	if (way->counter != COUNTERS)
		counter_add(m, way->counter, 1);
	if (a->in_allocator)
		m->allocator.ops->deactivate_agent(m->allocator.impl, a->slot);
	offers_withdraw_agent(a);
	inverse_offers_forget_agent(a);
	end_tasks(a, way);
	executors_remove_all_of_agent(a);
	operations_end_all_of_agent(a, way->operations);
	if (a->in_allocator)
		m->allocator.ops->remove_agent(m->allocator.impl, a->slot);
	native_unbind_agent(m, a, way->kick ? way->message : NULL);
	messages_agent_lost(m, a->id);
	changes_agent_removed(m, a);
	hooks_agent_lost(a);
	agents_forget(a);
}

static void begin(struct agent *a, enum registrar_kind kind,
	void (*done)(struct registrar_operation *operation, int status))
{
	a->leaving = true;
	a->leaving_ns = tp_loop_wall_ns(a->master->instance.loop);
	a->ending.done = done;
	registrar_apply(a->master, &a->ending, kind,
		&(struct registrar_arguments){ .agent_id = a->id,
			.at_ns = a->leaving_ns,
			.machine_down = kind == REGISTRAR_MARK_AGENT_GONE });
}

static void on_unreachable(struct registrar_operation *operation, int status)
{
	struct agent *a = tp_container_of(operation, struct agent, ending);
	struct master *m = a->master;

	if (status < 0)
		return;
	counter_add(m, COUNTER_AGENT_UNREACHABLE_COMPLETED, 1);
	counter_add(m, COUNTER_AGENT_SHUTDOWNS_COMPLETED, 1);
	absent_put(m, TP_REGISTRY_UNREACHABLE, a->id, a->leaving_ns);
	remove_agent(a, &silent);
}

void departure_unreachable(struct agent *a)
{
	if (!a->leaving)
		begin(a, REGISTRAR_MARK_AGENT_UNREACHABLE, on_unreachable);
}

static void on_left(struct registrar_operation *operation, int status)
{
	struct agent *a = tp_container_of(operation, struct agent, ending);
	const struct tp_message farewell = a->farewell;
	struct master *m = a->master;

	if (status < 0) {
		native_refuse(m, &farewell, EAGAIN, "the registry did not take it");
		return;
	}
	remove_agent(a, &left);
	native_answer(m, &farewell, TP_MESSAGE_NONE, NULL, NULL);
}

void departure_leave(struct agent *a, const struct tp_message *message)
{
	if (a->leaving) {
		native_refuse(
			a->master, message, EAGAIN, "the agent's state is changing");
		return;
	}
	a->farewell = (struct tp_message){ .peer = message->peer, .call = message->call };
	begin(a, REGISTRAR_REMOVE_AGENT, on_left);
}

static void on_down(struct registrar_operation *operation, int status)
{
	struct agent *a = tp_container_of(operation, struct agent, ending);

	if (status < 0)
		return;
	absent_put_down(a->master, a->id, a->leaving_ns);
	remove_agent(a, &down);
}

/*
 * It may not hear of it, and its frameworks do: so it may never come back. Whatever else is ending
 * it has begun before, and ends it as well; only from being unreachable it could come back.
 */
void departure_down(struct agent *a)
{
	register_shut_down(a->master, a->peer, WHY_DOWN);
	if (a->leaving) {
		if (a->ending.kind == REGISTRAR_MARK_AGENT_UNREACHABLE)
			departure_down_absent(a->master, a->id);
		return;
	}
	if (a->in_allocator)
		a->master->allocator.ops->deactivate_agent(
			a->master->allocator.impl, a->slot);
	offers_withdraw_agent(a);
	begin(a, REGISTRAR_MARK_AGENT_GONE, on_down);
}

static void on_replaced(struct registrar_operation *operation, int status)
{
	if (status >= 0)
		remove_agent(tp_container_of(operation, struct agent, ending), &replaced);
}

void departure_replaced(struct agent *a)
{
	tp_info(a->master, "another agent registers at its address", "agent=%s", a->id);
	if (!a->leaving)
		begin(a, REGISTRAR_REMOVE_AGENT, on_replaced);
}

/* --- gone ------------------------------------------------------------------------------ */

/* One that may not come back, while the registry stores that. */
struct going {
	struct registrar_operation operation;
	struct master *master;
	struct tp_submission *submission; /* MARK_AGENT_GONE; NULL: its machine is DOWN */
	int64_t at_ns;
	char id[];
};

static void begin_going(struct master *m, const char *id,
	struct tp_submission *submission,
	void (*done)(struct registrar_operation *operation, int status))
{
	size_t len = strlen(id) + 1;
	struct going *going = tp_alloc(sizeof *going + len);

	going->master = m;
	going->submission = submission;
	going->at_ns = tp_loop_wall_ns(m->instance.loop);
	going->operation.done = done;
	memcpy(going->id, id, len);
	absent_hold(m, id, true);
	registrar_apply(m, &going->operation, REGISTRAR_MARK_AGENT_GONE,
		&(struct registrar_arguments){ .agent_id = going->id,
			.at_ns = going->at_ns,
			.machine_down = submission == NULL });
}

/* Tasks that were set aside when the agent became unreachable. */
static void end_set_aside(struct framework *f, const struct happening *happening)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->unreachable) {
		struct task *task = tp_container_of(node, struct task, list);
		const char *id = task_agent_id(task, arena);

		if (id != NULL && strcmp(id, happening->agent_id) == 0)
			updates_happened(f->master, task, happening);
		tp_arena_reset(arena);
	}
}

static void end_absent(struct master *m, const char *id, const struct way *way)
{
	const struct happening happening = {
		.event = way->event, .agent_id = id, .message = way->message
	};

	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		struct framework *f = frameworks_at(m, i);

		if (f != NULL)
			end_set_aside(f, &happening);
	}
}

static void end_everything_of(struct going *going)
{
	struct master *m = going->master;
	struct agent *a = agents_find(m, going->id);
	bool unknown_yet = absent_is(m, TP_REGISTRY_AGENT, going->id);

	absent_put(m, TP_REGISTRY_GONE, going->id, going->at_ns);
	if (a != NULL) {
		register_shut_down(m, a->peer, WHY_GONE);
		remove_agent(a, &marked_gone);
		return;
	}
	end_absent(m, going->id, &marked_gone);
	if (unknown_yet)
		messages_agent_lost(m, going->id);
}

static void on_gone(struct registrar_operation *operation, int status)
{
	struct going *going = tp_container_of(operation, struct going, operation);
	struct agent *a = agents_find(going->master, going->id);
	struct tp_error err = { 0 };

	if (status >= 0) {
		end_everything_of(going);
	} else {
		if (a != NULL)
			a->leaving = false;
		absent_hold(going->master, going->id, false);
		tp_fail(&err, -status, "the registry did not take it");
	}
	calls_done(going->submission, status >= 0 ? 200 : calls_status(status), &err);
	tp_free(going);
}

static int check_gone(const struct master *m, const char *id, struct tp_error *err)
{
	const struct agent *a = agents_find(m, id);

	if (a == NULL && !absent_is_known(m, id))
		return tp_fail(err, ENOENT, "No agent found with specified ID '%s'", id);
	if ((a != NULL && a->leaving) || absent_is_changing(m, id) ||
		register_is_under_way(m, id))
		return tp_fail(err, EAGAIN,
			"the state of agent '%s' is changing, try again", id);
	return 0;
}

void departure_mark_gone(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	const char *id = call->mark_agent_gone->agent_id->value;
	struct agent *a = agents_find(m, id);
	struct tp_error err = { 0 };
	int r = check_gone(m, id, &err);

	if (r < 0 || absent_is(m, TP_REGISTRY_GONE, id)) {
		calls_done(submission, r < 0 ? calls_status(r) : 200, &err);
		return;
	}
	tp_info(m, "an operator declares an agent gone", "agent=%s", id);
	if (a != NULL)
		a->leaving = true;
	begin_going(m, id, submission, on_gone);
}

/* --- gone with its machine ------------------------------------------------------------- */

static void on_down_absent(struct registrar_operation *operation, int status)
{
	struct going *going = tp_container_of(operation, struct going, operation);
	struct master *m = going->master;
	bool unknown_yet = absent_is(m, TP_REGISTRY_AGENT, going->id);

	if (status < 0) {
		absent_hold(m, going->id, false);
	} else if (!absent_is(m, TP_REGISTRY_GONE, going->id)) {
		tp_warn(m, "an agent that is not there is gone with its machine",
			"agent=%s", going->id);
		absent_put_down(m, going->id, going->at_ns);
		end_absent(m, going->id, &down);
		if (unknown_yet)
			messages_agent_lost(m, going->id);
	}
	tp_free(going);
}

void departure_down_absent(struct master *m, const char *id)
{
	begin_going(m, id, NULL, on_down_absent);
}
