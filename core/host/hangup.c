/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGHUP: the manifest is read again, and an operator finds in the log what changed, what needs
 * a restart and what is wrong. Names only: a value may be a secret.
 */
#include "core/host/hangup.h"

#include <signal.h>
#include <string.h>

static void log_lines(const struct hangup *hangup, enum tp_log_level level,
	const char *message, const struct tp_strbuf *lines)
{
	const char *at = tp_strbuf_text(lines);

	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		tp_log(&hangup->topic, level, message, "what=%.*s", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static void on_hangup(struct tp_signal *signal)
{
	struct hangup *hangup = tp_container_of(signal, struct hangup, signal);
	struct tp_kernel_changes changes = { 0 };
	struct tp_error err = { 0 };

	if (tp_kernel_reload(*hangup->kernel, &changes, &err) < 0) {
		log_lines(
			hangup, TP_LOG_ERROR, "wrong in the manifest", &changes.refused);
		tp_err(hangup, "cannot reload, going on as before", "error=%s", err.text);
	} else {
		log_lines(hangup, TP_LOG_INFO, "has a new value", &changes.applied);
		log_lines(hangup, TP_LOG_WARN,
			"changed, going on as before: needs a restart", &changes.pending);
		log_lines(hangup, TP_LOG_ERROR, "refuses its new values, keeping the old",
			&changes.refused);
		tp_info(hangup, "reloaded", "");
	}
	if (hangup->done != NULL)
		hangup->done(hangup, &changes);
	tp_kernel_changes_fini(&changes);
}

int hangup_watch(struct hangup *hangup, struct tp_loop *loop, struct tp_kernel **kernel,
	struct tp_error *err)
{
	hangup->topic.name = "tepuid";
	hangup->kernel = kernel;
	hangup->signal.fire = on_hangup;
	return tp_signal_watch(loop, &hangup->signal, SIGHUP, err);
}
