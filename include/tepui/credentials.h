/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files with credentials, of servers (many) and of those who dial them (one). The forms:
 *
 *	principal secret				one a line, # begins a comment line
 *	{"credentials": [{"principal": ..., "secret": ...}]}	JSON or YAML
 *	{"principal": ..., "secret": ...}		the same for one
 *
 * Errors name the file and the line, and never say what a secret is. Everything lives in the
 * arena. `path` may begin with file://.
 */
#ifndef TEPUI_CREDENTIALS_H
#define TEPUI_CREDENTIALS_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/wire/common.h"

/* *ret_exposed: anybody on this machine can read the file; worth a warning. May be NULL. */
TP_EXPORT int tp_credentials_read(const char *path, struct tp_arena *arena,
	struct tp_credentials **ret, bool *ret_exposed, struct tp_error *err);
/* The same, and it must hold exactly one. */
TP_EXPORT int tp_credential_read(const char *path, struct tp_arena *arena,
	struct tp_credential **ret, bool *ret_exposed, struct tp_error *err);
/* Can everybody on this machine read that file? false when it is not there. */
TP_EXPORT bool tp_credentials_exposed(const char *path);
/* `name` is the file's, for errors. */
TP_EXPORT int tp_credentials_parse(const char *name, const char *text, size_t len,
	struct tp_arena *arena, struct tp_credentials **ret, struct tp_error *err);

#endif
