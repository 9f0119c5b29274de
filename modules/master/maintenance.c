/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One plan holds, and one change of it at a time is on its way to the registry; further ones wait,
 * since what may follow depends on it.
 *
 *	waiting -> checked -> stored -> in force -> agents removed -> answered
 */
#include "maintenance.h"

#include <errno.h>

#include "absent.h"
#include "agents.h"
#include "calls.h"
#include "departure.h"
#include "inverse_offers.h"
#include "maintenance_check.h"
#include "maintenance_plan.h"
#include "offers.h"
#include "register.h"
#include "registrar.h"

#include "tepui/record.h"

struct change {
	struct tp_list node;
	struct master *master;
	struct tp_submission *submission;
	const struct tp_master_call *call; /* lives until it is answered */
	struct maintenance_plan *next;     /* NULL: not made yet, or in force */
	struct registrar_operation operation;
	struct registrar_setting *settings;
	size_t n, size;
};

struct maintenance {
	struct maintenance_plan *plan;
	struct tp_list changes; /* the first one is under way */
};

int maintenance_create(struct master *m)
{
	m->maintenance = tp_alloc(sizeof *m->maintenance);
	m->maintenance->plan = plan_create();
	tp_list_init(&m->maintenance->changes);
	return 0;
}

void maintenance_destroy(struct master *m)
{
	if (m->maintenance == NULL)
		return;
	plan_destroy(m->maintenance->plan);
	tp_free(m->maintenance);
	m->maintenance = NULL;
}

void maintenance_load(struct master *m, enum tp_registry_what what, const void *record)
{
	struct maintenance_plan *plan = m->maintenance->plan;

	if (what == TP_REGISTRY_MACHINE)
		plan_load_machine(
			plan, ((const struct tp_registry_state_machine *)record)->info);
	else
		plan_load_schedule(plan, record);
}

static int check_allocator(const struct master *m, struct tp_error *err)
{
	return m->allocator.ops->update_unavailability != NULL
		? 0
		: tp_fail(err, ENOTSUP,
			  "the allocator knows no maintenance: use another");
}

int maintenance_allocate(const struct master *m, struct tp_error *err)
{
	return m->maintenance->plan->machines.n == 0 &&
			tp_list_empty(&m->maintenance->changes)
		? 0
		: check_allocator(m, err);
}

/* --- agents ---------------------------------------------------------------------------- */

static const struct planned_machine *machine_of(const struct agent *a)
{
	return plan_machine_of(a->master->maintenance->plan, a->info->hostname, a->ip);
}

static void observe(struct agent *a, const struct planned_machine *machine)
{
	const struct tp_allocator *allocator = &a->master->allocator;
	const struct tp_unavailability *before = a->unavailability;

	a->planned = machine != NULL;
	a->unavailability = machine == NULL ? NULL : machine->info->unavailability;
	if (tp_record_equal(&tp_unavailability_desc, before, a->unavailability))
		return;
	offers_withdraw_agent(a);
	inverse_offers_forget_agent(a);
	if (a->in_allocator && allocator->ops->update_unavailability != NULL)
		allocator->ops->update_unavailability(
			allocator->impl, a->slot, a->unavailability);
}

void maintenance_observe(struct agent *a)
{
	observe(a, machine_of(a));
}

static bool is_down(const struct planned_machine *machine)
{
	return machine != NULL && machine->info->mode == TP_MACHINE_INFO_MODE_DOWN;
}

bool maintenance_is_down(const struct master *m, const char *hostname, const char *ip)
{
	return is_down(plan_machine_of(m->maintenance->plan, hostname, ip));
}

/* Of those that are not back nothing but the hostname is known; see register.c for the others. */
static void remove_recovered(struct master *m)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_info **infos = NULL;
	size_t n = 0;

	absent_infos(m, arena, &infos, &n);
	for (size_t i = 0; i < n; i++) {
		const char *id = infos[i]->id->value;

		/* One that is just being let in is removed when it is. */
		if (maintenance_is_down(m, infos[i]->hostname, NULL) &&
			!register_is_under_way(m, id))
			departure_down_absent(m, id);
	}
}

void maintenance_recovered(struct master *m)
{
	if (m->maintenance->plan->machines.n > 0)
		remove_recovered(m);
}

/*
 * Agents remember what is planned for them by pointers into the plan. Only a new schedule can name
 * machines that were not in it: else all other agents are passed over.
 */
static void put_in_force(struct master *m, struct maintenance_plan *plan, bool scheduled)
{
	struct maintenance_plan *before = m->maintenance->plan;

	m->maintenance->plan = plan;
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		struct agent *a = agents_at(m, i);
		const struct planned_machine *machine;

		if (a == NULL || !(a->planned || scheduled))
			continue;
		machine = machine_of(a);
		observe(a, machine);
		if (is_down(machine))
			departure_down(a);
	}
	plan_destroy(before);
}

/* --- changes --------------------------------------------------------------------------- */

static void set(struct change *change, enum tp_registry_what what, const char *key,
	const void *record)
{
	if (change->n == change->size) {
		change->size = change->size == 0 ? 8 : 2 * change->size;
		change->settings = tp_realloc(
			change->settings, change->size * sizeof *change->settings);
	}
	change->settings[change->n++] = (struct registrar_setting){ what, key, record };
}

static void set_machine(struct change *change, struct planned_machine *machine)
{
	struct tp_registry_state_machine *record =
		tp_record_new(&tp_registry_state_machine_desc, change->next->arena);

	record->info = machine->info;
	set(change, TP_REGISTRY_MACHINE, machine->node.key, record);
}

/* What the registry must be told for the next plan to hold. */
static void compare(struct change *change, const struct maintenance_plan *before)
{
	const struct maintenance_plan *next = change->next;
	struct tp_list *node, *tmp;

	if (!tp_record_equal(
		    &tp_maintenance_schedule_desc, before->schedule, next->schedule))
		set(change, TP_REGISTRY_SCHEDULE, "",
			next->schedule->n_windows == 0 ? NULL : next->schedule);
	tp_map_foreach (node, tmp, &next->machines) {
		struct planned_machine *machine =
			tp_map_entry(node, struct planned_machine, node);
		const struct planned_machine *old = plan_find(before, machine->info->id);

		if (old == NULL ||
			!tp_record_equal(&tp_machine_info_desc, old->info, machine->info))
			set_machine(change, machine);
	}
	tp_map_foreach (node, tmp, &before->machines) {
		const struct planned_machine *old =
			tp_map_entry(node, struct planned_machine, node);

		if (plan_find(next, old->info->id) == NULL)
			set(change, TP_REGISTRY_MACHINE, old->node.key, NULL);
	}
}

static void answer(struct change *change, int r, const struct tp_error *err)
{
	tp_list_remove(&change->node);
	calls_done(change->submission, r < 0 ? calls_status(r) : 200, err);
	plan_destroy(change->next);
	tp_free(change->settings);
	tp_free(change);
}

static struct maintenance_plan *next_of(
	const struct maintenance_plan *plan, const struct tp_master_call *call)
{
	switch (call->type) {
	case TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE:
		return plan_scheduled(plan, call->update_maintenance_schedule->schedule);
	case TP_MASTER_CALL_START_MAINTENANCE:
		return plan_started(plan, call->start_maintenance->machines,
			call->start_maintenance->n_machines);
	default:
		return plan_stopped(plan, call->stop_maintenance->machines,
			call->stop_maintenance->n_machines);
	}
}

static void stored(struct registrar_operation *operation, int status);

static struct change *first_of(struct master *m)
{
	return tp_list_first(&m->maintenance->changes, struct change, node);
}

/* Those that are refused are answered at once, up to the first one that is not. */
static void begin(struct master *m)
{
	const struct maintenance_plan *plan = m->maintenance->plan;
	struct change *change;

	while ((change = first_of(m)) != NULL) {
		struct tp_error err = { 0 };
		int r = check_allocator(m, &err);

		if (r >= 0)
			r = maintenance_check(plan, change->call, &err);
		if (r < 0) {
			answer(change, r, &err);
			continue;
		}
		change->next = next_of(plan, change->call);
		compare(change, plan);
		change->operation.done = stored;
		registrar_apply(m, &change->operation, REGISTRAR_SET,
			&(struct registrar_arguments){
				.settings = change->settings, .n_settings = change->n });
		return;
	}
}

/* The process ends. */
static void fail_all(struct master *m, int status)
{
	struct change *change;
	struct tp_error err = { 0 };

	tp_fail(&err, -status, "the registry could not be written");
	while ((change = first_of(m)) != NULL)
		answer(change, status, &err);
}

/* Operations are done in order: those that remove the agents were before this one. */
static void settled(struct registrar_operation *operation, int status)
{
	struct change *change = tp_container_of(operation, struct change, operation);
	struct master *m = change->master;
	const struct tp_error none = { 0 };

	if (status < 0) {
		fail_all(m, status);
		return;
	}
	answer(change, 0, &none);
	begin(m);
}

static void stored(struct registrar_operation *operation, int status)
{
	struct change *change = tp_container_of(operation, struct change, operation);
	struct master *m = change->master;
	struct maintenance_plan *next = change->next;

	if (status < 0) {
		fail_all(m, status);
		return;
	}
	change->next = NULL;
	put_in_force(m, next,
		change->call->type == TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE);
	if (change->call->type == TP_MASTER_CALL_START_MAINTENANCE)
		remove_recovered(m);
	tp_info(m, "an operator changed the maintenance of machines",
		"call=%s planned_machines=%zu",
		tp_enum_name(&tp_master_call_type_enum, change->call->type),
		next->machines.n);
	change->operation.done = settled;
	registrar_apply(m, &change->operation, REGISTRAR_SET,
		&(struct registrar_arguments){ .n_settings = 0 });
}

void maintenance_change(struct master *m, struct tp_submission *submission,
	const struct tp_master_call *call)
{
	struct change *change = tp_alloc(sizeof *change);
	bool alone = tp_list_empty(&m->maintenance->changes);

	change->master = m;
	change->submission = submission;
	change->call = call;
	tp_list_append(&m->maintenance->changes, &change->node);
	if (alone)
		begin(m);
}

/* --- what operators see ---------------------------------------------------------------- */

struct tp_master_response_get_maintenance_schedule *maintenance_schedule_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_maintenance_schedule *record =
		tp_record_new(&tp_master_response_get_maintenance_schedule_desc, arena);

	record->schedule = m->maintenance->plan->schedule;
	return record;
}

/* A machine of the status, by the name it has in the plan. */
struct draining {
	struct tp_map_node node;
	struct tp_maintenance_cluster_status_draining_machine *record;
};

static void add_machine(struct tp_maintenance_cluster_status *status,
	const struct planned_machine *machine, struct tp_map *draining,
	struct tp_arena *arena)
{
	struct draining *entry;

	if (machine->info->mode == TP_MACHINE_INFO_MODE_DOWN) {
		tp_arena_push(arena, &status->down_machines, &status->n_down_machines,
			machine->info->id);
		return;
	}
	entry = tp_arena_alloc(arena, sizeof *entry);
	entry->record = tp_record_new(
		&tp_maintenance_cluster_status_draining_machine_desc, arena);
	entry->record->id = machine->info->id;
	tp_arena_push(arena, &status->draining_machines, &status->n_draining_machines,
		entry->record);
	tp_map_add(draining, &entry->node, machine->node.key);
}

struct tp_master_response_get_maintenance_status *maintenance_status_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_maintenance_status *record =
		tp_record_new(&tp_master_response_get_maintenance_status_desc, arena);
	struct tp_list *node, *tmp;
	struct tp_map draining;

	tp_map_init(&draining);
	record->status = tp_record_new(&tp_maintenance_cluster_status_desc, arena);
	tp_map_foreach (node, tmp, &m->maintenance->plan->machines)
		add_machine(record->status,
			tp_map_entry(node, struct planned_machine, node), &draining,
			arena);
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);
		const struct planned_machine *machine =
			a == NULL || !a->planned ? NULL : machine_of(a);
		const struct draining *entry = machine == NULL
			? NULL
			: tp_map_get(&draining, machine->node.key, struct draining, node);

		if (entry != NULL)
			inverse_offers_statuses(a, arena, &entry->record->statuses,
				&entry->record->n_statuses);
	}
	tp_map_fini(&draining);
	return record;
}
