/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	connected -ping, no word-> missed -... max_agent_ping_timeouts-> removal scheduled -turn-> gone
 *	    ^                        |                                        |
 *	    +-------- any word ------+----------------------------------------+
 *	disconnected -agent_reregister_timeout-> removal scheduled; registering again calls it off
 *
 * In a time in which the master overslept nothing was missed.
 */
#include "health.h"

#include "agents.h"
#include "departure.h"

#include "tepui/record.h"
#include "tepui/wire.h"

static void turn(struct removal *removal)
{
	departure_unreachable(tp_container_of(removal, struct agent, removal));
}

static void send_ping(struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_ping *body = tp_record_new(&tp_agent_ping_desc, arena);

	body->has_connected = true;
	body->connected = true;
	a->heard = false;
	agent_send(a, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, body);
	tp_timer_arm(
		a->master->instance.loop, &a->ping, a->master->agent_ping_timeout_ns);
}

static void ping_expired(struct tp_timer *timer)
{
	struct agent *a = tp_container_of(timer, struct agent, ping);
	struct master *m = a->master;

	if (!a->heard &&
		!tp_timer_overslept(m->instance.loop, timer, m->agent_ping_timeout_ns) &&
		++a->missed_pings >= m->max_agent_ping_timeouts && !a->removal.waiting &&
		!a->leaving) {
		tp_warn(m, "agent does not answer, it is to be marked unreachable",
			"agent=%s missed_pings=%u", a->id, a->missed_pings);
		removal_schedule(m, &a->removal);
	}
	/* Without a limit its turn has come already. */
	if (!a->leaving)
		send_ping(a);
}

static void reregister_expired(struct tp_timer *timer)
{
	struct agent *a = tp_container_of(timer, struct agent, reregister);
	struct master *m = a->master;

	if (tp_timer_overslept(m->instance.loop, timer, m->agent_reregister_timeout_ns)) {
		tp_timer_arm(m->instance.loop, timer, m->agent_reregister_timeout_ns);
		return;
	}
	tp_warn(m, "agent did not come back in time, it is to be marked unreachable",
		"agent=%s", a->id);
	removal_schedule(m, &a->removal);
}

void health_init(struct agent *a)
{
	a->ping.fire = ping_expired;
	a->reregister.fire = reregister_expired;
	a->removal.turn = turn;
}

void health_end(struct agent *a)
{
	tp_timer_disarm(a->master->instance.loop, &a->ping);
	tp_timer_disarm(a->master->instance.loop, &a->reregister);
	tp_list_remove(&a->disconnected);
	removal_cancel(a->master, &a->removal);
}

void health_connected(struct agent *a)
{
	struct master *m = a->master;

	/* Its registration is word enough: thousands may come at once after a restart. */
	health_end(a);
	a->missed_pings = 0;
	a->heard = true;
	tp_timer_arm(m->instance.loop, &a->ping, m->agent_ping_timeout_ns);
}

void health_disconnected(struct agent *a, bool silent)
{
	struct master *m = a->master;

	/* One that was silent before has no more time for it: its pings go on being missed. */
	if (a->missed_pings == 0)
		tp_timer_disarm(m->instance.loop, &a->ping);
	tp_list_remove(&a->disconnected);
	tp_list_append(agents_disconnected(m), &a->disconnected);
	if (silent)
		removal_schedule(m, &a->removal);
	else if (!a->removal.waiting)
		tp_timer_arm(
			m->instance.loop, &a->reregister, m->agent_reregister_timeout_ns);
}

void health_heard(struct agent *a)
{
	a->heard = true;
	a->missed_pings = 0;
	if (removal_cancel(a->master, &a->removal))
		tp_info(a->master, "agent answers again, it stays", "agent=%s", a->id);
}
