/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors. A function that can fail returns 0 or something positive when it is fine and a
 * negative errno when it failed; it takes `struct tp_error *err` last and fills it exactly when
 * it returns negative. The text names what was wrong and how to mend it; callers add context
 * on the way up, so that the last reader sees the whole path:
 *
 *	recovering the master: open '/var/lib/tepui/registry': Permission denied
 *
 * libtepui returns errors and never logs what it returns. `err` may be NULL everywhere.
 */
#ifndef TEPUI_ERROR_H
#define TEPUI_ERROR_H

#include <stdarg.h>

#include "tepui/base.h"

#define TP_ERROR_TEXT_MAX 1024

struct tp_error {
	int code; /* positive errno; 0 while nothing failed */
	char text[TP_ERROR_TEXT_MAX];
};

/* Sets the error and returns -code. `code` is a positive errno. */
TP_EXPORT int tp_fail(struct tp_error *err, int code, const char *fmt, ...)
	TP_PRINTF(3, 4);
TP_EXPORT int tp_vfail(struct tp_error *err, int code, const char *fmt, va_list args);

/* Sets the error to "<text>: <strerror(code)>" and returns -code. */
TP_EXPORT int tp_fail_errno(struct tp_error *err, int code, const char *fmt, ...)
	TP_PRINTF(3, 4);

/* Puts "<text>: " before the error that is there; returns r unchanged. */
TP_EXPORT int tp_wrap(struct tp_error *err, int r, const char *fmt, ...) TP_PRINTF(3, 4);

#endif
