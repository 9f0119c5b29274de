/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `calls` service of the master: the one door for scheduler and operator calls, whichever
 * carriage brings them.
 */
#ifndef MASTER_CALLS_H
#define MASTER_CALLS_H

#include "tepui/kind/calls.h"

#include "master.h"

extern const struct tp_calls_ops calls_ops;

/* What a sink's subject points to: embedded in the framework or subscriber that has it. */
struct sink_owner {
	void (*gone)(struct sink_owner *owner); /* the client left; forget the sink */
};

void calls_submit(struct master *m, struct tp_submission *submission);
/* The client of a sink that was taken over is gone. */
void calls_gone(struct master *m, struct tp_sink *sink);

/* Answers without a body: status as of the v1 HTTP API, `err` for 4xx and 5xx. */
void calls_done(struct tp_submission *submission, int status, const struct tp_error *err);
/* The HTTP status of a handler's result: 202 for 0, itself when positive. */
int calls_status(int r);

#endif
