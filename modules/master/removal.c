/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One queue in order of arrival; a turn every interval, the first at once. Counted as scheduled
 * when it is asked for, as canceled when the agent was heard of in time; who counts completed
 * ones is the owner.
 */
#include "removal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"

#include "tepui/units.h"

struct removals {
	struct master *master;
	struct tp_list waiting;
	struct tp_timer timer; /* the next turn; armed while somebody waits */
	int64_t next_ns;       /* loop time: not before */
};

static void next_turn(struct tp_timer *timer)
{
	struct removals *rs = tp_container_of(timer, struct removals, timer);
	struct removal *first = tp_list_first(&rs->waiting, struct removal, node);
	struct tp_loop *loop = rs->master->instance.loop;

	rs->next_ns = tp_loop_now_ns(loop) + rs->master->removal_interval_ns;
	tp_list_remove(&first->node);
	first->waiting = false;
	if (!tp_list_empty(&rs->waiting))
		tp_timer_arm(loop, &rs->timer, rs->master->removal_interval_ns);
	first->turn(first);
}

int removals_create(struct master *m)
{
	struct removals *rs = m->removals = tp_alloc(sizeof *rs);

	rs->master = m;
	rs->next_ns = INT64_MIN;
	tp_list_init(&rs->waiting);
	rs->timer.fire = next_turn;
	return 0;
}

void removals_destroy(struct master *m)
{
	if (m->removals == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &m->removals->timer);
	tp_free(m->removals);
	m->removals = NULL;
}

void removal_schedule(struct master *m, struct removal *removal)
{
	struct removals *rs = m->removals;
	int64_t now = tp_loop_now_ns(m->instance.loop);

	if (removal->waiting)
		return;
	counter_add(m, COUNTER_AGENT_UNREACHABLE_SCHEDULED, 1);
	counter_add(m, COUNTER_AGENT_SHUTDOWNS_SCHEDULED, 1);
	if (m->removal_interval_ns == 0) {
		removal->turn(removal);
		return;
	}
	removal->waiting = true;
	tp_list_append(&rs->waiting, &removal->node);
	if (!tp_timer_armed(&rs->timer))
		tp_timer_arm(m->instance.loop, &rs->timer,
			rs->next_ns > now ? rs->next_ns - now : 0);
}

bool removal_cancel(struct master *m, struct removal *removal)
{
	if (!removal->waiting)
		return false;
	removal->waiting = false;
	tp_list_remove(&removal->node);
	if (tp_list_empty(&m->removals->waiting))
		tp_timer_disarm(m->instance.loop, &m->removals->timer);
	counter_add(m, COUNTER_AGENT_UNREACHABLE_CANCELED, 1);
	counter_add(m, COUNTER_AGENT_SHUTDOWNS_CANCELED, 1);
	return true;
}

/* --- config ---------------------------------------------------------------------------- */

int removal_parse_rate(const char *text, int64_t *ret_interval_ns, struct tp_error *err)
{
	int64_t duration_ns;
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end != '/' || n < 1 ||
		tp_duration_parse(end + 1, &duration_ns, NULL) < 0 || duration_ns / n < 1)
		return tp_fail(err, EINVAL, "'%s' is not a rate (like 1/20mins)", text);
	*ret_interval_ns = duration_ns / n;
	return 0;
}

int removal_parse_percent(const char *text, double *ret_percent, struct tp_error *err)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || strcmp(end, "%") != 0 || !(percent >= 0 && percent <= 100))
		return tp_fail(
			err, EINVAL, "'%s' is not a share from 0%% to 100%%", text);
	*ret_percent = percent;
	return 0;
}
