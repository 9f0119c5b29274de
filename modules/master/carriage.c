/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Submissions and sinks of one native session. A submission may outlive its session (its answer
 * then goes nowhere); a stream never does. The daemon may close a stream from inside one of its
 * own calls, so the end of a scheduler's session waits for the next turn: what was answered
 * before still gets out.
 */
#include "carriage.h"

#include <stdio.h>
#include <string.h>

#include "tepui/call_status.h"

#include "calls.h"
#include "native.h"

struct stream {
	struct tp_sink sink;
	struct tp_list node; /* carriage->streams */
	struct carriage *carriage;
	uint64_t call; /* operator: the call whose replies the events are; scheduler: 0 */
	bool taken;    /* the daemon has it */
};

struct pending {
	struct tp_submission submission;
	struct tp_list node; /* carriage->pending; outside when the session is over */
	struct carriage *carriage; /* NULL when the session is over */
	struct stream *stream;     /* this call's own, while it is not decided */
	uint64_t call;
	struct tp_arena *arena;
	struct tp_principal principal;
};

struct carriage {
	struct master *master;
	struct tp_server *server;
	uint64_t peer;
	char *principal;
	char address[128];
	struct stream *scheduler; /* the one stream of a scheduler */
	struct tp_list streams;
	struct tp_list pending;
	struct tp_defer end; /* ends the session */
};

/* --- sinks ----------------------------------------------------------------------------- */

static struct stream *stream_of(struct tp_sink *sink)
{
	return tp_container_of(sink, struct stream, sink);
}

static int scheduler_event(
	struct tp_sink *sink, const struct tp_desc *desc, const void *event)
{
	const struct carriage *c = stream_of(sink)->carriage;

	return native_send(c->master, c->peer, TP_MESSAGE_SCHEDULER_EVENT, desc, event);
}

static int operator_event(
	struct tp_sink *sink, const struct tp_desc *desc, const void *event)
{
	struct stream *s = stream_of(sink);
	struct carriage *c = s->carriage;

	return tp_server_reply(c->server, c->peer, s->call, desc, event, true);
}

static bool stream_busy(struct tp_sink *sink)
{
	struct carriage *c = stream_of(sink)->carriage;

	return tp_server_busy(c->server, c->peer);
}

static void stream_free(struct stream *s)
{
	if (s->carriage->scheduler == s)
		s->carriage->scheduler = NULL;
	tp_list_remove(&s->node);
	tp_free(s);
}

static void scheduler_close(struct tp_sink *sink)
{
	struct carriage *c = stream_of(sink)->carriage;

	stream_free(stream_of(sink));
	tp_loop_defer(c->master->instance.loop, &c->end);
}

static void operator_close(struct tp_sink *sink)
{
	struct stream *s = stream_of(sink);
	struct carriage *c = s->carriage;

	tp_server_reply(c->server, c->peer, s->call, NULL, NULL, false);
	stream_free(s);
}

static const struct tp_sink_ops scheduler_sink_ops = {
	.event = scheduler_event,
	.busy = stream_busy,
	.close = scheduler_close,
};

static const struct tp_sink_ops operator_sink_ops = {
	.event = operator_event,
	.busy = stream_busy,
	.close = operator_close,
};

static struct stream *stream_create(
	struct carriage *c, const struct tp_sink_ops *ops, uint64_t call)
{
	struct stream *s = tp_alloc(sizeof *s);

	s->sink.ops = ops;
	s->sink.address = c->address;
	s->carriage = c;
	s->call = call;
	tp_list_append(&c->streams, &s->node);
	return s;
}

/* --- life ------------------------------------------------------------------------------ */

static void end_session(struct tp_defer *defer)
{
	struct carriage *c = tp_container_of(defer, struct carriage, end);

	tp_server_kick(c->server, c->peer, "the stream of events is over");
}

struct carriage *carriage_create(struct master *m, struct tp_server *server,
	uint64_t peer, const struct tp_peer_info *info)
{
	struct carriage *c = tp_alloc(sizeof *c);

	c->master = m;
	c->server = server;
	c->peer = peer;
	c->principal = info->principal == NULL ? NULL : tp_strdup(info->principal);
	snprintf(c->address, sizeof c->address, "%s", info->wire.address);
	tp_list_init(&c->streams);
	tp_list_init(&c->pending);
	c->end.run = end_session;
	return c;
}

void carriage_destroy(struct carriage *c)
{
	struct tp_list *node, *tmp;

	if (c == NULL)
		return;
	tp_list_foreach (node, tmp, &c->pending) {
		struct pending *p = tp_container_of(node, struct pending, node);

		tp_list_remove(&p->node);
		p->carriage = NULL;
		p->stream = NULL;
	}
	tp_list_foreach (node, tmp, &c->streams) {
		struct stream *s = tp_container_of(node, struct stream, node);

		if (s->taken)
			calls_gone(c->master, &s->sink);
		stream_free(s);
	}
	tp_loop_undefer(c->master->instance.loop, &c->end);
	tp_free(c->principal);
	tp_free(c);
}

/* --- calls ----------------------------------------------------------------------------- */

static void pending_free(struct pending *p)
{
	tp_list_remove(&p->node);
	tp_arena_destroy(p->arena);
	tp_free(p);
}

/* The answer of a call that is not a stream, or the first of one that is. */
static void answered(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct pending *p = tp_container_of(submission, struct pending, submission);
	struct carriage *c = p->carriage;
	bool good = status >= 200 && status < 300;
	bool streams = good && p->stream != NULL;

	if (c == NULL)
		return;
	if (streams)
		p->stream->taken = true;
	else if (p->stream != NULL)
		stream_free(p->stream);
	p->stream = NULL;
	if (p->call == 0 || (streams && submission->api == TP_API_OPERATOR))
		return;
	if (good)
		tp_server_reply(c->server, c->peer, p->call, desc, body, false);
	else
		tp_server_reply_error(c->server, c->peer, p->call, tp_call_errno(status),
			error == NULL ? "refused" : error);
}

static void done(struct tp_submission *submission, int status, const struct tp_desc *desc,
	const void *body, const char *error)
{
	answered(submission, status, desc, body, error);
	pending_free(tp_container_of(submission, struct pending, submission));
}

static struct pending *pending_create(
	struct carriage *c, struct tp_message *message, enum tp_api api)
{
	struct pending *p = tp_alloc(sizeof *p);

	p->carriage = c;
	p->call = message->call;
	p->submission.api = api;
	p->submission.call = message->body;
	p->submission.done = done;
	if (c->principal != NULL) {
		p->principal.value = c->principal;
		p->submission.principal = &p->principal;
	}
	p->arena = tp_message_take_arena(message);
	tp_list_append(&c->pending, &p->node);
	return p;
}

void carriage_on_scheduler_call(struct master *m, struct tp_message *message)
{
	const struct tp_scheduler_call *call = message->body;
	struct carriage *c = native_carriage(m, message->peer);
	struct pending *p;

	if (c == NULL)
		return;
	p = pending_create(c, message, TP_API_SCHEDULER);
	if (call->has_type && call->type == TP_SCHEDULER_CALL_SUBSCRIBE &&
		c->scheduler == NULL) {
		p->stream = stream_create(c, &scheduler_sink_ops, 0);
		c->scheduler = p->stream;
	}
	if (c->scheduler != NULL)
		p->submission.sink = &c->scheduler->sink;
	calls_submit(m, &p->submission);
}

void carriage_on_master_call(struct master *m, struct tp_message *message)
{
	const struct tp_master_call *call = message->body;
	struct carriage *c = native_carriage(m, message->peer);
	struct pending *p;

	if (c == NULL)
		return;
	p = pending_create(c, message, TP_API_OPERATOR);
	if (call->has_type && call->type == TP_MASTER_CALL_SUBSCRIBE) {
		p->stream = stream_create(c, &operator_sink_ops, message->call);
		p->submission.sink = &p->stream->sink;
	}
	calls_submit(m, &p->submission);
}
