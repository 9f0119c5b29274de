/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said at a daemon's admin socket: one call, one answer, as records of their own, for the
 * process knows nothing of the domain whose messages the schema describes. Numbers are for ever,
 * fields are appended.
 */
#ifndef CORE_HOST_ADMIN_CALL_H
#define CORE_HOST_ADMIN_CALL_H

#include "tepui/field.h"

#define ADMIN_SERVER "tepuid" /* how the server introduces itself */
#define ADMIN_CALL 1000       /* the message's number, out of the schema's way */

struct admin_call {
	const char
		*command; /* "list", "status", "graph", "log-level", "reload", "swap" */
	const char *
		argument; /* status: of this instance; log-level: the new one; swap: "INSTANCE MODULE" */
};

struct admin_instance {
	const char *name, *module, *version;
	const char *kinds;  /* that it provides: "calls, daemon" */
	const char *file;   /* of the .so; "" when it is part of the program */
	const char *status; /* lines "key: value"; only for "status" */
};

struct admin_answer {
	const char *text;
	struct admin_instance **instances;
	size_t n_instances;
	bool has_failed,
		failed; /* the command did not do all that was asked: text says why */
};

extern const struct tp_desc admin_call_desc, admin_answer_desc;

#endif
