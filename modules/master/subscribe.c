/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Subscription. An id that is not known is believed: after a restart of the master its
 * scheduler may be the first to mention it. A second scheduler with the id of a framework takes
 * it over; the first is told and its stream ends, or is told when it returns. A refused subscription is a stream that says
 * ERROR and ends, as the v1 API has it.
 */
#include "subscribe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agents.h"
#include "changes.h"
#include "counters.h"
#include "framework_info.h"
#include "idrecord.h"
#include "offers.h"
#include "use.h"

/*
 * The answer is a stream, but all it says is this. A stream that is in use already stays as it
 * is: then the call alone is refused.
 */
static void refuse(struct master *m, struct tp_submission *submission, const char *text)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);
	struct tp_sink *sink = submission->sink;

	tp_info(m, "refusing a subscription", "from=%s why=%s", sink->address, text);
	if (sink->subject != NULL) {
		submission->done(submission, 400, NULL, NULL, text);
		return;
	}
	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_ERROR;
	event->error = tp_record_new(&tp_scheduler_event_error_desc, arena);
	event->error->message = text;
	submission->done(submission, 200, NULL, NULL, NULL);
	sink->ops->event(sink, &tp_scheduler_event_desc, event);
	sink->ops->close(sink);
}

static void send_subscribed(struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);
	struct tp_scheduler_event_subscribed *subscribed =
		tp_record_new(&tp_scheduler_event_subscribed_desc, arena);

	subscribed->framework_id = framework_id_record(arena, f->id);
	subscribed->has_heartbeat_interval_ns = true;
	subscribed->heartbeat_interval_ns = MASTER_HEARTBEAT_NS;
	subscribed->master_info = f->master->info;
	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_SUBSCRIBED;
	event->subscribed = subscribed;
	framework_send(f, event);
	event = tp_record_new(&tp_scheduler_event_desc, arena);
	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_HEARTBEAT;
	framework_send(f, event);
	frameworks_start_heartbeats(f->master);
}

void subscribe_tell_agent(struct framework *f, struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_update_framework *body =
		tp_record_new(&tp_update_framework_desc, arena);

	body->framework_id = framework_id_record(arena, f->id);
	body->framework_info = f->info;
	agent_send(a, TP_MESSAGE_UPDATE_FRAMEWORK, &tp_update_framework_desc, body);
}

/* Those that run something of it; who is away hears of it as it returns. */
static void tell_agents(struct framework *f)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->uses)
		subscribe_tell_agent(
			f, tp_container_of(node, struct use, in_framework)->agent);
}

/* What cannot be told by an ERROR event: the call itself is wrong. */
static int check_call(const struct tp_submission *submission,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_framework_info *info = call->subscribe->framework_info;
	const char *outer = call->framework_id == NULL ? "" : call->framework_id->value;
	const char *inner = info->id == NULL ? "" : info->id->value;
	const struct tp_principal *who = submission->principal;

	if (submission->sink == NULL)
		return tp_fail(err, EINVAL, "Expecting a stream to subscribe with");
	if (strcmp(outer, inner) != 0)
		return tp_fail(err, EINVAL,
			"'framework_id' differs from 'subscribe.framework_info.id'");
	if (who != NULL && who->value != NULL && info->principal != NULL &&
		strcmp(who->value, info->principal) != 0)
		return tp_fail(err, EINVAL,
			"Authenticated principal '%s' does not match principal '%s' set "
			"in "
			"'FrameworkInfo'",
			who->value, info->principal);
	return 0;
}

static int check(const struct master *m, const struct framework_terms *terms,
	const char *id, struct tp_error *err)
{
	const struct framework *f = id[0] == '\0' ? NULL : frameworks_find(m, id);
	int r = framework_info_check(m, terms, err);

	if (r < 0)
		return r;
	if (id[0] != '\0' && frameworks_find_completed(m, id) != NULL)
		return tp_fail(err, EINVAL, "Framework has been removed");
	return f == NULL ? 0 : framework_info_check_change(f, terms->info, false, err);
}

/* A stream belongs to one framework for ever. */
static int check_stream(const struct framework *f, const struct tp_submission *submission,
	struct tp_error *err)
{
	const struct tp_sink *sink = submission->sink;

	if (sink->subject != NULL && (f == NULL || sink != f->sink))
		return tp_fail(err, EINVAL,
			"This connection is subscribed as another framework");
	return 0;
}

static struct framework *create(
	struct master *m, const struct framework_terms *terms, const char *id)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_framework_info *info =
		record_shallow(&tp_framework_info_desc, terms->info, arena);
	struct framework *f;
	char fresh[80];

	if (id[0] == '\0') {
		frameworks_next_id(m, fresh, sizeof fresh);
		id = fresh;
	}
	info->id = framework_id_record(arena, id);
	f = frameworks_add(m, info);
	f->registered_ns = tp_loop_wall_ns(m->instance.loop);
	return f;
}

/* A scheduler that was cut off while another took over is not taken for that one's successor. */
static int check_turn(const struct framework *f,
	const struct tp_scheduler_call_subscribe *body, struct tp_error *err)
{
	if (f != NULL && body->returns && body->scheduler != NULL &&
		f->scheduler[0] != '\0' && strcmp(f->scheduler, body->scheduler) != 0)
		return tp_fail(err, EPERM, "Framework failed over");
	return 0;
}

/* The new stream becomes the framework's; the old one, if any, is told and ended. */
static void take_over(struct framework *f, struct tp_sink *sink, const char *scheduler)
{
	snprintf(f->scheduler, sizeof f->scheduler, "%s",
		scheduler == NULL ? "" : scheduler);
	if (f->sink != NULL && f->sink != sink)
		framework_error(f, "Framework failed over");
	tp_timer_disarm(f->master->instance.loop, &f->failover);
	framework_deactivate(f, f->sink != NULL);
	f->sink = sink;
	sink->subject = &f->owner;
	f->active = true;
	f->recovered = false;
	f->reregistered_ns = tp_loop_wall_ns(f->master->instance.loop);
}

/*
 * The framework that this stream has, if `info` is the same but for the id: it asks again, before it
 * was told. NULL: none.
 */
static struct framework *subscribed_by(const struct master *m, const struct tp_sink *sink,
	const struct tp_framework_info *info)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_framework_info *copy =
		record_shallow(&tp_framework_info_desc, info, arena);

	for (uint32_t i = 0; sink->subject != NULL && i < frameworks_slots(m); i++) {
		struct framework *f = frameworks_at(m, i);

		if (f == NULL || f->sink != sink)
			continue;
		copy->id = f->info->id;
		return tp_record_equal(&tp_framework_info_desc, f->info, copy) ? f : NULL;
	}
	return NULL;
}

void subscribe(struct master *m, struct tp_submission *submission,
	const struct tp_scheduler_call *call)
{
	const struct tp_scheduler_call_subscribe *body = call->subscribe;
	const struct framework_terms terms = { body->framework_info,
		body->suppressed_roles, body->n_suppressed_roles,
		body->offer_constraints };
	const char *id = call->framework_id == NULL ? "" : call->framework_id->value;
	struct tp_error err = { 0 };
	struct framework *f;
	bool known;

	if (check_call(submission, call, &err) < 0) {
		calls_done(submission, 400, &err);
		return;
	}
	counter_add(m,
		id[0] == '\0' ? COUNTER_MESSAGES_REGISTER_FRAMEWORK
			      : COUNTER_MESSAGES_REREGISTER_FRAMEWORK,
		1);
	f = id[0] == '\0' ? subscribed_by(m, submission->sink, terms.info) : NULL;
	if (f != NULL) {
		submission->done(submission, 200, NULL, NULL, NULL);
		send_subscribed(f);
		return;
	}
	f = id[0] == '\0' ? NULL : frameworks_find(m, id);
	if (check(m, &terms, id, &err) < 0 || check_stream(f, submission, &err) < 0 ||
		check_turn(f, body, &err) < 0) {
		refuse(m, submission, err.text);
		return;
	}
	known = f != NULL;
	if (!known)
		f = create(m, &terms, id);
	take_over(f, submission->sink, body->scheduler);
	framework_info_set(f, &terms);
	tp_info(m, known ? "framework is back" : "framework subscribed",
		"framework=%s name=%s from=%s", f->id, f->info->name, f->sink->address);
	submission->done(submission, 200, NULL, NULL, NULL);
	send_subscribed(f);
	framework_allocate(f);
	tell_agents(f);
	changes_framework(m, f, known);
}

/* Offers for roles that the framework has left. */
static void withdraw_left_roles(struct framework *f)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_framework);

		if (!framework_has_role(f, offer->role))
			offer_withdraw(offer, true);
	}
}

int subscribe_update(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_update_framework *body = call->update_framework;
	const struct framework_terms terms = { body->framework_info,
		body->suppressed_roles, body->n_suppressed_roles,
		body->offer_constraints };
	int r;

	if (body->framework_info->id == NULL ||
		strcmp(body->framework_info->id->value, f->id) != 0)
		return tp_fail(err, EINVAL,
			"'framework_id' differs from "
			"'update_framework.framework_info.id'");
	r = framework_info_check(m, &terms, err);
	if (r >= 0)
		r = framework_info_check_change(f, body->framework_info, true, err);
	if (r < 0)
		return r;
	framework_info_set(f, &terms);
	withdraw_left_roles(f);
	framework_allocate(f);
	tell_agents(f);
	changes_framework(m, f, true);
	return 200;
}
