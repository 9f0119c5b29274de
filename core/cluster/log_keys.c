/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A daemon's log file. It is opened once and appended to, so that a rotation that copies and
 * truncates works; it is never the only log unless the operator asks for quiet.
 */
#include "tepui/log_keys.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tepui/strbuf.h"

static const struct tp_enum_value values[] = {
	{ "INFO", TP_LOG_INFO },
	{ "WARNING", TP_LOG_WARN },
	{ "ERROR", TP_LOG_ERROR },
	{ NULL, 0 },
};
const struct tp_enum tp_log_levels = { "logging_level", values };

static int open_file(struct tp_log_keys *keys, const char *name, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf path = TP_STRBUF_INIT;
	int fd;

	if (mkdir(keys->dir, 0755) < 0 && errno != EEXIST)
		return tp_fail_errno(err, errno, "log_dir: making '%s'", keys->dir);
	tp_strbuf_printf(&path, "%s/%s.log", keys->dir, name);
	fd = open(tp_strbuf_text(&path),
		O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return tp_fail_errno(
			err, errno, "log_dir: opening '%s'", tp_strbuf_text(&path));
	if (tp_log_add_fd(fd) < 0) {
		close(fd);
		return tp_fail(err, ENOSPC,
			"log_dir: this process has too many log files: leave it out of "
			"some instances");
	}
	keys->fd = fd;
	return 0;
}

int tp_log_keys_apply(struct tp_log_keys *keys, const char *name, struct tp_error *err)
{
	int r;

	if (!keys->applied) {
		keys->applied = true;
		keys->before = tp_log_get_level();
		keys->fd = -1;
	}
	if (keys->dir != NULL && *keys->dir != '\0' && keys->fd < 0) {
		r = open_file(keys, name, err);
		if (r < 0)
			return r;
	}
	tp_log_set_level(keys->level > TP_LOG_INFO ? (enum tp_log_level)keys->level
						   : keys->before);
	tp_log_set_quiet(keys->quiet);
	return 0;
}

void tp_log_keys_revert(struct tp_log_keys *keys)
{
	if (!keys->applied)
		return;
	if (keys->fd >= 0) {
		tp_log_remove_fd(keys->fd);
		close(keys->fd);
	}
	tp_log_set_level(keys->before);
	if (keys->quiet)
		tp_log_set_quiet(false);
	keys->applied = false;
}
