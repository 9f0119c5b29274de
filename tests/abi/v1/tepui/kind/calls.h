/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `calls`: the one door to a daemon. The scheduler, executor and operator protocols are the
 * v1 Call, Event and Response records; whichever carriage they came by (native session, HTTP with
 * JSON or protobuf), they are submitted here, so a feature is written once. Validation and
 * authorization happen behind this door; decoding before it.
 *
 * Loop thread only.
 *
 * Changelog of TP_CALLS_ABI:  1 first
 */
#ifndef TEPUI_KIND_CALLS_H
#define TEPUI_KIND_CALLS_H

#include "tepui/arena.h"
#include "tepui/field.h"

#define TP_CALLS_ABI 1

enum tp_api {
	TP_API_SCHEDULER = 1, /* master: struct tp_scheduler_call */
	TP_API_EXECUTOR,      /* agent: struct tp_executor_call */
	TP_API_OPERATOR,      /* struct tp_master_call, struct tp_agent_call */
};

/* Who is asking. NULL instead of one of these = nobody was authenticated. */
struct tp_principal {
	const char *value; /* NULL when it has claims only */
};

struct tp_sink;

/* A carriage's end of a stream of events: SUBSCRIBE brings one along. */
struct tp_sink_ops {
	/* Sends one event; the record is borrowed. 0, or negative when the stream is over. */
	int (*event)(struct tp_sink *sink, const struct tp_desc *desc, const void *event);
	/* Its queue is long: send nothing that can wait. */
	bool (*busy)(struct tp_sink *sink);
	/* The daemon is done with it, after what was sent; it will not touch the sink again. */
	void (*close)(struct tp_sink *sink);
};

struct tp_sink {
	const struct tp_sink_ops *ops;
	void *subject; /* the daemon's: the framework, executor or watcher it belongs to */
	const char
		*address; /* of the client, for people; borrowed while the sink lives */
};

/* One call. The submitter owns it and all it points to until done(). */
struct tp_submission {
	enum tp_api api;
	const struct tp_principal *principal;
	const void *call;
	/*
	 * SUBSCRIBE: the new stream, taken over when the answer is 200. Other scheduler and
	 * executor calls: the stream they belong to, NULL when the client named none.
	 */
	struct tp_sink *sink;
	/*
	 * Exactly once, also from inside submit(). status is that of the v1 HTTP API: 200 with
	 * or without body, 202, 400, 403, 404, 409, 500, 501, 503. Everything is borrowed.
	 */
	void (*done)(struct tp_submission *submission, int status,
		const struct tp_desc *desc, const void *body, const char *error);
};

struct tp_calls_ops {
	void (*submit)(void *impl, struct tp_submission *submission);
	/* The client of a sink that was taken over is gone; the sink is not touched again. */
	void (*gone)(void *impl, struct tp_sink *sink);
};

struct tp_calls {
	const struct tp_calls_ops *ops;
	void *impl;
};

#endif
