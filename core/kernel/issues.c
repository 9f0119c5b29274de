/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collects the issues of a manifest as lines of text. It is not a log and prints nothing: who
 * asked for the check decides where the lines go. Bounded, since the manifest may be anything.
 */
#include "core/kernel/issues.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define MAX_LINES 100

struct mark_text mark_text(const struct mark *mark)
{
	struct mark_text out;

	if (mark->line == 0)
		snprintf(out.text, sizeof(out.text), "%s", mark->file);
	else
		snprintf(out.text, sizeof(out.text), "%.256s:%u:%u", mark->file,
			mark->line, mark->column);
	return out;
}

void issues_add(struct issues *issues, const struct mark *mark, const char *fmt, ...)
{
	va_list args;

	if (mark != NULL && mark->told)
		return;
	issues->n++;
	if (issues->n > MAX_LINES)
		return;
	if (mark != NULL)
		tp_strbuf_printf(&issues->text, "%s: ", mark_text(mark).text);
	va_start(args, fmt);
	if (issues->instead != NULL)
		tp_strbuf_puts(&issues->text, issues->instead);
	else
		tp_strbuf_vprintf(&issues->text, fmt, args);
	va_end(args);
	tp_strbuf_putc(&issues->text, '\n');
	if (issues->n == MAX_LINES)
		tp_strbuf_puts(&issues->text,
			"there may be more: only the first hundred are shown\n");
}

int issues_error(const struct issues *issues, struct tp_error *err)
{
	const char *text = tp_strbuf_text(&issues->text);
	int len = (int)strcspn(text, "\n");

	if (issues->n == 0)
		return 0;
	if (issues->n == 1)
		return tp_fail(err, EINVAL, "%.*s", len, text);
	return tp_fail(err, EINVAL, "%.*s (and %zu more)", len, text, issues->n - 1);
}

void issues_fini(struct issues *issues)
{
	tp_strbuf_fini(&issues->text);
	issues->n = 0;
}
