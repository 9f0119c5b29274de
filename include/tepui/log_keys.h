/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The config keys log_dir, logging_level and quiet, which daemons share. The log is the
 * process's: with two daemons in one process every file gets all lines, and the last word about
 * the rest holds.
 */
#ifndef TEPUI_LOG_KEYS_H
#define TEPUI_LOG_KEYS_H

#include "tepui/field.h"
#include "tepui/log.h"

struct tp_log_keys {
	const char *dir;
	int level; /* enum tp_log_level */
	bool quiet;
	/* private */
	bool applied;
	int fd; /* of the file; -1 = none */
	enum tp_log_level before;
};

TP_EXPORT extern const struct tp_enum tp_log_levels;

#define TP_LOG_KEYS(object, member) \
	TP_CONFIG("log_dir", TP_STRING, object, member.dir, NULL, \
		"Directory of a log file <instance>.log, besides stderr."), \
		{ .name = "logging_level", \
			.type = TP_ENUM, \
			.flags = TP_FIELD_RELOAD, \
			.offset = offsetof(object, member.level), \
			.sub = &tp_log_levels, \
			.default_text = "INFO", \
			.doc = "The least level that is logged; INFO leaves it to the " \
			       "log level of the manifest or the command line." }, \
		TP_CONFIG_RELOAD("quiet", TP_BOOL, object, member.quiet, "false", \
			"Log nothing to stderr.")

/* At start, and again when level or quiet changed; `name` is the instance's. */
TP_EXPORT int tp_log_keys_apply(
	struct tp_log_keys *keys, const char *name, struct tp_error *err);
/* Closes the file; level and stderr are as they were. Also when never applied. */
TP_EXPORT void tp_log_keys_revert(struct tp_log_keys *keys);

#endif
