/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Maintenance of machines, as operators plan it:
 *
 *	UP -in the schedule-> DRAINING -START_MAINTENANCE-> DOWN -STOP_MAINTENANCE-> UP
 *	DRAINING -out of the schedule-> UP
 *
 * While a machine is in the schedule, offers of its agents say so and frameworks are asked to leave
 * (inverse_offers.h). When it goes DOWN its agents are shut down and removed, and none may register
 * from there until it is UP. All of it is durable before it holds.
 */
#ifndef MASTER_MAINTENANCE_H
#define MASTER_MAINTENANCE_H

#include "tepui/kind/calls.h"
#include "tepui/registry_variable.h"

#include "master.h"

struct agent;

int maintenance_create(struct master *m);
/* Its registry operations are over. */
void maintenance_destroy(struct master *m);

/* A variable of the registry, of a machine or the schedule. */
void maintenance_load(struct master *m, enum tp_registry_what what, const void *record);
/* -ENOTSUP when machines are planned, or are about to be, and the allocator asks nobody to leave. */
int maintenance_allocate(const struct master *m, struct tp_error *err);

/*
 * This master leads: agents of machines that are DOWN which an earlier one could not remove any more
 * are gone.
 */
void maintenance_recovered(struct master *m);

/*
 * What is planned for the agent's machine holds for it from now on. When that is something else than
 * before, its offers and inverse offers are rescinded.
 */
void maintenance_observe(struct agent *a);
/* Is the machine DOWN? `ip` NULL = not known. */
bool maintenance_is_down(const struct master *m, const char *hostname, const char *ip);

/* GET_MAINTENANCE_SCHEDULE; borrowed until it changes. */
struct tp_master_response_get_maintenance_schedule *maintenance_schedule_record(
	const struct master *m, struct tp_arena *arena);
/* GET_MAINTENANCE_STATUS, with what frameworks answered since this master leads. */
struct tp_master_response_get_maintenance_status *maintenance_status_record(
	const struct master *m, struct tp_arena *arena);
/*
 * UPDATE_MAINTENANCE_SCHEDULE, START_MAINTENANCE and STOP_MAINTENANCE, one after the other: all or
 * nothing. Answered when it is durable; START_MAINTENANCE when the agents are removed, too.
 */
void maintenance_change(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call);

#endif
