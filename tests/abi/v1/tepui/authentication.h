/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One exchange of an authentication mechanism, as both kinds see it: `authenticator` (who asks)
 * and `authenticatee` (who proves). The session owns the struct and carries the bytes in AUTH
 * frames; the mechanism knows nothing of frames, sessions or time limits.
 *
 *	start() or step() ──► done(x, 1)	x->out goes to the other end; its answer is the next step()
 *	                  ├─► done(x, 0)	proved: x->principal (authenticator only)
 *	                  └─► done(x, < 0)	x->err; -EACCES is final, anything else may be tried again
 *
 * Completion comes on the loop, exactly once for each start() or step(), never from inside it;
 * after finish() it does not come any more. A mechanism may take its time: the session limits it.
 */
#ifndef TEPUI_AUTHENTICATION_H
#define TEPUI_AUTHENTICATION_H

#include "tepui/error.h"

enum tp_authentication_status { TP_AUTHENTICATION_DONE = 0, TP_AUTHENTICATION_MORE = 1 };

struct tp_authentication {
	/* May call finish() before it returns: the mechanism touches nothing after it. */
	void (*done)(struct tp_authentication *exchange, int status);
	struct tp_error
		err; /* status < 0; goes to the other end: it says no more than it must */
	/* Status 1. Borrowed until done() returns; 32 KiB at most. */
	const void *out;
	size_t out_len;
	/* Status 0. Borrowed until done() returns. */
	const char *principal;
	void *priv; /* the mechanism's */
};

/*
 * How long a dialler waits for the end of an exchange: after n failures
 * uniform[min, min + factor * 2^n], at most max.
 */
struct tp_authentication_times {
	int64_t backoff_factor_ns; /* 0 = 1 s */
	int64_t timeout_min_ns;    /* 0 = 5 s */
	int64_t timeout_max_ns;    /* 0 = 1 min */
};

#endif
