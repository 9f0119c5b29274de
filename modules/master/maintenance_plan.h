/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which machines are about to leave or away, and the schedule that says when: all that the registry
 * holds of maintenance. A plan does not change; each call makes the next one from it. Machines that
 * are UP are in no plan.
 *
 * A machine is a hostname, an IP address or both; what it has must be an agent's for the agent to
 * be on it. Plans have hostnames in small letters and addresses in their shortest form.
 */
#ifndef MASTER_MAINTENANCE_PLAN_H
#define MASTER_MAINTENANCE_PLAN_H

#include "tepui/arena.h"
#include "tepui/map.h"
#include "tepui/wire.h"

struct planned_machine {
	struct tp_map_node node;      /* by "<hostname>/<ip>" */
	struct tp_machine_info *info; /* DRAINING or DOWN, with its unavailability */
};

struct maintenance_plan {
	struct tp_arena *arena; /* of all that is in it */
	struct tp_map machines;
	struct tp_maintenance_schedule *schedule;
};

struct maintenance_plan *plan_create(void);
void plan_destroy(struct maintenance_plan *plan); /* NULL is fine */

/* As the registry has them; copied. A machine that is UP is left out. */
void plan_load_machine(struct maintenance_plan *plan, const struct tp_machine_info *info);
void plan_load_schedule(
	struct maintenance_plan *plan, const struct tp_maintenance_schedule *schedule);

/* The machine that is planned under this very name; NULL: it is UP. */
struct planned_machine *plan_find(
	const struct maintenance_plan *plan, const struct tp_machine_id *id);
/*
 * The machine of an agent, NULL: none. When there are several of its machines, say the hostname and
 * the address apart, one that is DOWN comes first, then the one that leaves first. `ip` may be NULL.
 */
const struct planned_machine *plan_machine_of(
	const struct maintenance_plan *plan, const char *hostname, const char *ip);
/* Is it an IPv4 or IPv6 address? */
bool plan_is_ip(const char *text);

/* The next plans; the calls were checked (maintenance_check.h). */
struct maintenance_plan *plan_scheduled(const struct maintenance_plan *plan,
	const struct tp_maintenance_schedule *schedule);
struct maintenance_plan *plan_started(const struct maintenance_plan *plan,
	struct tp_machine_id *const *machines, size_t n);
struct maintenance_plan *plan_stopped(const struct maintenance_plan *plan,
	struct tp_machine_id *const *machines, size_t n);

#endif
