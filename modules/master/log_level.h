/* SPDX-License-Identifier: Apache-2.0 */
/* SET_LOGGING_LEVEL: more logging for a while. Level 0 is the configured one, above is debug. */
#ifndef MASTER_LOG_LEVEL_H
#define MASTER_LOG_LEVEL_H

#include "tepui/log.h"
#include "tepui/loop.h"

struct master;

struct log_level {
	struct tp_timer revert;
	enum tp_log_level configured;
	uint32_t level;
};

void log_level_init(struct master *m);
/* The level was set by the configuration: what SET_LOGGING_LEVEL comes back to. */
void log_level_configured(struct master *m);
void log_level_fini(struct master *m);
uint32_t log_level_get(const struct master *m);
int log_level_set(
	struct master *m, uint32_t level, int64_t duration_ns, struct tp_error *err);

#endif
