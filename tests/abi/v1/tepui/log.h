/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging: leveled, topic-named, key-value. The topic is the name of the module instance; the
 * message is a fixed sentence; facts follow as pairs that are written as one printf format, so
 * that the compiler checks them:
 *
 *	tp_warn(self, "agent is silent, marking it unreachable",
 *		"agent=%s silent_ms=%" PRId64, agent->id, silent_ms);
 *
 * Text:  2026-11-20T10:21:25.123456Z warn master: agent is silent, ... agent=... silent_ms=75000
 * JSON:  {"time":"...","level":"warn","topic":"master","message":"...","agent":"...",...}
 *
 * Modules, tools and main() log; libtepui returns errors instead. info tells an operator's
 * story, debug a developer's; a warning ends with what happens next. Nothing secret, ever.
 * Thread-safe; one write(2) per line.
 */
#ifndef TEPUI_LOG_H
#define TEPUI_LOG_H

#include <stdarg.h>

#include "tepui/error.h"

enum tp_log_level { TP_LOG_DEBUG, TP_LOG_INFO, TP_LOG_WARN, TP_LOG_ERROR };
enum tp_log_format { TP_LOG_TEXT, TP_LOG_JSON };

/* What a log line needs of its speaker; the first member of struct tp_instance. */
struct tp_topic {
	const char *name;
};

/* Process-wide; before the first thread starts. fd is borrowed, default 2. */
TP_EXPORT void tp_log_setup(enum tp_log_format format, int fd);
/* Every line also goes there, until it is removed; -ENOSPC beyond four. */
TP_EXPORT int tp_log_add_fd(int fd);
TP_EXPORT void tp_log_remove_fd(int fd);
/* Nothing to the fd of tp_log_setup(): only to those that were added. */
TP_EXPORT void tp_log_set_quiet(bool quiet);
TP_EXPORT void tp_log_set_level(enum tp_log_level level);
TP_EXPORT enum tp_log_level tp_log_get_level(void);
/* "debug", "info", "warning"/"warn", "error" in any case. */
TP_EXPORT int tp_log_level_parse(
	const char *text, enum tp_log_level *ret, struct tp_error *err);

/*
 * `pairs` is "key=%s other=%d": keys and conversions separated by single spaces; values may
 * hold anything. An empty string means no pairs. A value that would be misread is quoted and
 * escaped as in JSON.
 */
TP_EXPORT void tp_log(const struct tp_topic *topic, enum tp_log_level level,
	const char *message, const char *pairs, ...) TP_PRINTF(4, 5);

/*
 * `self` is any struct whose first member is a struct tp_instance or struct tp_topic. The pairs
 * are a literal; the space before them, which tp_log() skips, keeps compilers from warning
 * about an empty format.
 */
#define tp_debug(self, message, ...) \
	tp_log((const struct tp_topic *)(self), TP_LOG_DEBUG, message, " " __VA_ARGS__)
#define tp_info(self, message, ...) \
	tp_log((const struct tp_topic *)(self), TP_LOG_INFO, message, " " __VA_ARGS__)
#define tp_warn(self, message, ...) \
	tp_log((const struct tp_topic *)(self), TP_LOG_WARN, message, " " __VA_ARGS__)
#define tp_err(self, message, ...) \
	tp_log((const struct tp_topic *)(self), TP_LOG_ERROR, message, " " __VA_ARGS__)

#endif
