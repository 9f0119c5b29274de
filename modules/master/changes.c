/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The point of changes. Events are built only when somebody listens. A subscriber whose stream
 * fails is forgotten; beyond max_operator_event_stream_subscribers the oldest is closed.
 */
#include "changes.h"

#include <errno.h>

#include "agents.h"
#include "calls.h"
#include "frameworks.h"
#include "idrecord.h"
#include "state.h"
#include "tasks.h"

struct subscriber {
	struct sink_owner owner;
	struct tp_list node;
	struct tp_sink *sink;
	struct changes *changes;
};

struct changes {
	struct master *master;
	struct tp_list watchers;
	struct tp_list subscribers;
	uint32_t n_subscribers;
	struct tp_timer heartbeat;
};

static void forget(struct subscriber *s)
{
	tp_list_remove(&s->node);
	s->changes->n_subscribers--;
	tp_free(s);
}

static void tell(struct changes *c, const struct tp_master_event *event)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &c->watchers) {
		struct tp_watcher *w = tp_container_of(node, struct tp_watcher, node);

		w->changed(w, event);
	}
	tp_list_foreach (node, tmp, &c->subscribers) {
		struct subscriber *s = tp_container_of(node, struct subscriber, node);

		if (s->sink->ops->event(s->sink, &tp_master_event_desc, event) < 0)
			forget(s);
	}
}

static struct tp_master_event *new_event(
	enum tp_master_event_type type, struct tp_arena *arena)
{
	struct tp_master_event *event = tp_record_new(&tp_master_event_desc, arena);

	event->has_type = true;
	event->type = type;
	return event;
}

static void heartbeat(struct tp_timer *timer)
{
	struct changes *c = tp_container_of(timer, struct changes, heartbeat);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_event *event = new_event(TP_MASTER_EVENT_HEARTBEAT, arena);
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &c->subscribers) {
		struct subscriber *s = tp_container_of(node, struct subscriber, node);

		if (s->sink->ops->event(s->sink, &tp_master_event_desc, event) < 0)
			forget(s);
	}
	if (!tp_list_empty(&c->subscribers))
		tp_timer_arm(
			c->master->instance.loop, &c->heartbeat, MASTER_HEARTBEAT_NS);
}

int changes_create(struct master *m)
{
	struct changes *c = m->changes = tp_alloc(sizeof *c);

	c->master = m;
	tp_list_init(&c->watchers);
	tp_list_init(&c->subscribers);
	c->heartbeat.fire = heartbeat;
	return 0;
}

void changes_destroy(struct master *m)
{
	struct changes *c = m->changes;
	struct tp_list *node, *tmp;

	if (c == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &c->heartbeat);
	tp_list_foreach (node, tmp, &c->subscribers)
		forget(tp_container_of(node, struct subscriber, node));
	tp_free(c);
	m->changes = NULL;
}

static bool wanted(const struct master *m)
{
	return !tp_list_empty(&m->changes->watchers) ||
		!tp_list_empty(&m->changes->subscribers);
}

size_t changes_n_subscribers(const struct master *m)
{
	return m->changes->n_subscribers;
}

/* --- subscribers ----------------------------------------------------------------------- */

static void subscriber_gone(struct sink_owner *owner)
{
	forget(tp_container_of(owner, struct subscriber, owner));
}

static void make_room(struct changes *c)
{
	struct subscriber *oldest =
		tp_list_first(&c->subscribers, struct subscriber, node);
	struct tp_sink *sink;

	if (oldest == NULL ||
		c->n_subscribers < c->master->max_operator_event_stream_subscribers)
		return;
	tp_info(c->master, "too many subscribers, closing the oldest", "address=%s",
		oldest->sink->address);
	sink = oldest->sink;
	forget(oldest);
	sink->ops->close(sink);
}

void changes_subscribe(struct master *m, struct tp_submission *submission)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct changes *c = m->changes;
	struct tp_sink *sink = submission->sink;
	struct tp_error err = { 0 };
	struct tp_master_event *event;
	struct subscriber *s;

	if (sink == NULL) {
		tp_fail(&err, EINVAL, "Expecting a stream to subscribe with");
		calls_done(submission, 400, &err);
		return;
	}
	make_room(c);
	s = tp_alloc(sizeof *s);
	s->owner.gone = subscriber_gone;
	s->sink = sink;
	s->changes = c;
	sink->subject = &s->owner;
	tp_list_append(&c->subscribers, &s->node);
	c->n_subscribers++;
	submission->done(submission, 200, NULL, NULL, NULL);
	event = new_event(TP_MASTER_EVENT_SUBSCRIBED, arena);
	event->subscribed = tp_record_new(&tp_master_event_subscribed_desc, arena);
	event->subscribed->get_state = state_all(m, arena);
	event->subscribed->has_heartbeat_interval_ns = true;
	event->subscribed->heartbeat_interval_ns = MASTER_HEARTBEAT_NS;
	if (sink->ops->event(sink, &tp_master_event_desc, event) < 0 ||
		sink->ops->event(sink, &tp_master_event_desc,
			new_event(TP_MASTER_EVENT_HEARTBEAT, arena)) < 0) {
		forget(s);
		return;
	}
	if (!tp_timer_armed(&c->heartbeat))
		tp_timer_arm(m->instance.loop, &c->heartbeat, MASTER_HEARTBEAT_NS);
}

/* --- what changes ---------------------------------------------------------------------- */

void changes_task_added(struct master *m, const struct task *task)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(TP_MASTER_EVENT_TASK_ADDED, arena);
	event->task_added = tp_record_new(&tp_master_event_task_added_desc, arena);
	event->task_added->task = task_record(task, arena);
	tell(m->changes, event);
}

void changes_task_updated(
	struct master *m, const struct task *task, const struct tp_task_status *status)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event_task_updated *body;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(TP_MASTER_EVENT_TASK_UPDATED, arena);
	body = tp_record_new(&tp_master_event_task_updated_desc, arena);
	body->framework_id = framework_id_record(arena, task->framework->id);
	body->status = record_shallow(&tp_task_status_desc, status, arena);
	body->has_state = true;
	body->state = task->state;
	event->task_updated = body;
	tell(m->changes, event);
}

void changes_agent_added(struct master *m, const struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(TP_MASTER_EVENT_AGENT_ADDED, arena);
	event->agent_added = tp_record_new(&tp_master_event_agent_added_desc, arena);
	event->agent_added->agent = state_agent(a, arena);
	tell(m->changes, event);
}

void changes_agent_removed(struct master *m, const struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(TP_MASTER_EVENT_AGENT_REMOVED, arena);
	event->agent_removed = tp_record_new(&tp_master_event_agent_removed_desc, arena);
	event->agent_removed->agent_id = agent_id_record(arena, a->id);
	tell(m->changes, event);
}

void changes_framework(struct master *m, const struct framework *f, bool known)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(known ? TP_MASTER_EVENT_FRAMEWORK_UPDATED
				: TP_MASTER_EVENT_FRAMEWORK_ADDED,
		arena);
	if (known) {
		event->framework_updated =
			tp_record_new(&tp_master_event_framework_updated_desc, arena);
		event->framework_updated->framework = state_framework(f, arena);
	} else {
		event->framework_added =
			tp_record_new(&tp_master_event_framework_added_desc, arena);
		event->framework_added->framework = state_framework(f, arena);
	}
	tell(m->changes, event);
}

void changes_framework_removed(struct master *m, const struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_master_event *event;

	if (!wanted(m))
		return;
	arena = tp_arena_create(0);
	event = new_event(TP_MASTER_EVENT_FRAMEWORK_REMOVED, arena);
	event->framework_removed =
		tp_record_new(&tp_master_event_framework_removed_desc, arena);
	event->framework_removed->framework_info = f->info;
	tell(m->changes, event);
}

/* --- the service ----------------------------------------------------------------------- */

static void watch(void *impl, struct tp_watcher *watcher)
{
	struct master *m = impl;

	tp_list_append(&m->changes->watchers, &watcher->node);
}

static void unwatch(void *impl, struct tp_watcher *watcher)
{
	(void)impl;
	tp_list_remove(&watcher->node);
}

const struct tp_changes_ops changes_ops = {
	.watch = watch,
	.unwatch = unwatch,
};
