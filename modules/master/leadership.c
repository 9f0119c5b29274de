/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	standby -elected-> leading (recovering, then serving) -lost-> the process ends
 */
#include "leadership.h"

#include <errno.h>
#include <stdio.h>

#include "registrar.h"

#include "tepui/wire.h"

static void elected(struct tp_candidate *candidate)
{
	struct master *m = tp_container_of(candidate, struct master, candidate);

	if (m->elected_ns != 0 || m->stopping)
		return;
	m->elected_ns = tp_loop_wall_ns(m->instance.loop);
	m->elected_at_ns = tp_loop_now_ns(m->instance.loop);
	tp_info(m, "elected, reading the registry", "id=%s", m->id);
	registrar_fetch(m);
}

static void lost(struct tp_candidate *candidate, const char *why)
{
	struct master *m = tp_container_of(candidate, struct master, candidate);

	m->contending = false;
	tp_err(m, "leadership lost, ending", "why=%s", why);
	tp_instance_exit(&m->instance, MASTER_EXIT_NOT_LEADING);
}

static void changed(struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct master *m = tp_container_of(detector, struct master, detector);
	const struct tp_address *address = leader == NULL ? NULL : leader->address;

	m->leader[0] = '\0';
	if (leader == NULL)
		return;
	if (address != NULL && address->ip != NULL)
		snprintf(m->leader, sizeof m->leader, "master %s at %s:%d", leader->id,
			address->ip, (int)address->port);
	else
		snprintf(m->leader, sizeof m->leader, "master %s", leader->id);
	if (m->elected_ns == 0)
		tp_info(m, "waiting, another master leads", "leader=\"%s\"", m->leader);
}

void leadership_start(struct master *m)
{
	m->candidate.info = m->info;
	m->candidate.elected = elected;
	m->candidate.lost = lost;
	m->contending = true;
	m->election.ops->contend(m->election.impl, &m->candidate);
	m->detector.changed = changed;
	m->detecting = true;
	m->election.ops->detect(m->election.impl, &m->detector);
}

void leadership_stop(struct master *m)
{
	if (m->contending)
		m->election.ops->withdraw(m->election.impl, &m->candidate);
	if (m->detecting)
		m->election.ops->ignore(m->election.impl, &m->detector);
	m->contending = m->detecting = false;
}

int leadership_check(const struct master *m, struct tp_error *err)
{
	if (m->elected_ns != 0)
		return 0;
	return tp_fail(err, EAGAIN, "master %s is a standby; %s%s", m->id,
		m->leader[0] == '\0' ? "it knows no leader" : "the leader is ",
		m->leader);
}
