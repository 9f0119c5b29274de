/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level of the log is the process's; it comes back to what it was when the time is over or
 * the master stops.
 */
#include "log_level.h"

#include <errno.h>

#include "master.h"

static void revert(struct tp_timer *timer)
{
	struct log_level *l = tp_container_of(timer, struct log_level, revert);

	tp_log_set_level(l->configured);
	l->level = 0;
}

void log_level_init(struct master *m)
{
	m->log_level.revert.fire = revert;
	m->log_level.configured = tp_log_get_level();
}

void log_level_configured(struct master *m)
{
	m->log_level.configured = tp_log_get_level();
	if (tp_timer_armed(&m->log_level.revert))
		tp_log_set_level(TP_LOG_DEBUG);
}

void log_level_fini(struct master *m)
{
	if (!tp_timer_armed(&m->log_level.revert))
		return;
	tp_timer_disarm(m->instance.loop, &m->log_level.revert);
	revert(&m->log_level.revert);
}

uint32_t log_level_get(const struct master *m)
{
	return m->log_level.level;
}

int log_level_set(
	struct master *m, uint32_t level, int64_t duration_ns, struct tp_error *err)
{
	struct log_level *l = &m->log_level;

	if (duration_ns < 0)
		return tp_fail(err, EINVAL, "Invalid 'duration': it is negative");
	if (level == 0) {
		tp_timer_disarm(m->instance.loop, &l->revert);
		revert(&l->revert);
		return 0;
	}
	if (!tp_timer_armed(&l->revert))
		l->configured = tp_log_get_level();
	l->level = level;
	tp_log_set_level(TP_LOG_DEBUG);
	tp_timer_arm(m->instance.loop, &l->revert, duration_ns);
	return 0;
}
