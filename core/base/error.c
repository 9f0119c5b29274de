/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors with a text. Each text is formatted beside the error first, so that arguments may point
 * into the text that it replaces. A text that is too long loses its end, never its beginning:
 * what callers put before it names the thing.
 */
#include "tepui/error.h"

#include <stdio.h>
#include <string.h>

/* Puts `text` at err->text[at..], cut to what fits. */
static void put_text(struct tp_error *err, size_t at, const char *text)
{
	size_t len = strnlen(text, sizeof err->text - 1 - at);

	memmove(err->text + at, text, len);
	err->text[at + len] = '\0';
}

int tp_vfail(struct tp_error *err, int code, const char *fmt, va_list args)
{
	char text[TP_ERROR_TEXT_MAX];

	tp_assert(code > 0);
	if (err == NULL)
		return -code;
	vsnprintf(text, sizeof text, fmt, args);
	put_text(err, 0, text);
	err->code = code;
	return -code;
}

int tp_fail(struct tp_error *err, int code, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = tp_vfail(err, code, fmt, args);
	va_end(args);
	return r;
}

int tp_fail_errno(struct tp_error *err, int code, const char *fmt, ...)
{
	char text[TP_ERROR_TEXT_MAX];
	char reason[128];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	return tp_fail(
		err, code, "%s: %s", text, strerror_r(code, reason, sizeof reason));
}

int tp_wrap(struct tp_error *err, int r, const char *fmt, ...)
{
	char text[TP_ERROR_TEXT_MAX];
	va_list args;
	size_t len;

	if (err == NULL)
		return r;
	va_start(args, fmt);
	vsnprintf(text, sizeof text - 2, fmt, args);
	va_end(args);
	strcat(text, ": ");
	len = strlen(text);
	put_text(err, len, err->text);
	memcpy(err->text, text, len);
	return r;
}
