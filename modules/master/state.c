/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What readers see. Cursors are slot numbers, so that a reader may take its time: what it has
 * passed it does not see again, what comes into a slot behind it is missed, as the contract
 * allows. Completed frameworks have no slot; their cursor is the number of their removal.
 */
#include "state.h"

#include "absent.h"
#include "agents.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "inverse_offers.h"
#include "offers.h"
#include "overlap.h"
#include "tasks.h"
#include "use.h"

static struct tp_time_info *when(struct tp_arena *arena, int64_t ns)
{
	return ns == 0 ? NULL : time_record(arena, ns);
}

struct tp_master_response_get_agents_agent *state_agent(
	const struct agent *a, struct tp_arena *arena)
{
	struct tp_master_response_get_agents_agent *record =
		tp_record_new(&tp_master_response_get_agents_agent_desc, arena);
	tp_cleanup(resources) struct tp_resources used = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources offered = TP_RESOURCES_INIT;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->uses)
		tp_resources_add(
			&used, &tp_container_of(node, struct use, in_agent)->resources);
	overlap_offered(a, NULL, &offered);
	record->agent_info = a->info;
	record->has_active = true;
	record->active = agent_connected(a);
	record->has_deactivated = true;
	record->version = a->version == NULL ? "" : a->version;
	record->address = a->address;
	record->registered_time = when(arena, a->registered_ns);
	record->reregistered_time = when(arena, a->reregistered_ns);
	record->capabilities = a->capability_records;
	record->n_capabilities = a->n_capabilities;
	tp_resources_to_records(&a->total, TP_RESOURCE_ENDPOINT, arena,
		&record->total_resources, &record->n_total_resources);
	tp_resources_to_records(&used, TP_RESOURCE_ENDPOINT, arena,
		&record->allocated_resources, &record->n_allocated_resources);
	tp_resources_to_records(&offered, TP_RESOURCE_ENDPOINT, arena,
		&record->offered_resources, &record->n_offered_resources);
	return record;
}

struct tp_master_response_get_frameworks_framework *state_framework(
	const struct framework *f, struct tp_arena *arena)
{
	struct tp_master_response_get_frameworks_framework *record =
		tp_record_new(&tp_master_response_get_frameworks_framework_desc, arena);
	tp_cleanup(resources) struct tp_resources used = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources offered = TP_RESOURCES_INIT;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->uses)
		tp_resources_add(&used,
			&tp_container_of(node, struct use, in_framework)->resources);
	tp_list_foreach (node, tmp, &f->offers) {
		const struct offer *offer =
			tp_container_of(node, struct offer, in_framework);

		tp_resources_add(&offered, &offer->resources);
		tp_arena_push(arena, &record->offers, &record->n_offers,
			offer_record(offer, arena));
	}
	inverse_offers_records(
		f, arena, &record->inverse_offers, &record->n_inverse_offers);
	record->framework_info = f->info;
	record->has_active = true;
	record->active = f->active;
	record->has_connected = true;
	record->connected = framework_connected(f);
	record->has_recovered = true;
	record->recovered = f->recovered;
	record->registered_time = when(arena, f->registered_ns);
	record->reregistered_time = when(arena, f->reregistered_ns);
	record->unregistered_time = when(arena, f->unregistered_ns);
	record->offer_constraints = (struct tp_offer_constraints *)f->constraints;
	tp_resources_to_records(&used, TP_RESOURCE_ENDPOINT, arena,
		&record->allocated_resources, &record->n_allocated_resources);
	tp_resources_to_records(&offered, TP_RESOURCE_ENDPOINT, arena,
		&record->offered_resources, &record->n_offered_resources);
	return record;
}

static struct tp_master_response_get_executors_executor *executor_of(
	const struct executor *e, struct tp_arena *arena)
{
	struct tp_master_response_get_executors_executor *record =
		tp_record_new(&tp_master_response_get_executors_executor_desc, arena);

	record->executor_info = executor_record(e, arena);
	record->agent_id = agent_id_record(arena, e->agent->id);
	return record;
}

/* --- cursors --------------------------------------------------------------------------- */

static const void *framework_at(
	const struct master *m, uint32_t slot, struct tp_arena *arena)
{
	const struct framework *f = frameworks_at(m, slot);

	return f == NULL ? NULL : state_framework(f, arena);
}

static const void *agent_at(const struct master *m, uint32_t slot, struct tp_arena *arena)
{
	const struct agent *a = agents_at(m, slot);

	return a == NULL ? NULL : state_agent(a, arena);
}

static const void *executor_at(
	const struct master *m, uint32_t slot, struct tp_arena *arena)
{
	const struct executor *e = executors_at(m, slot);

	return e == NULL ? NULL : executor_of(e, arena);
}

static const void *task_at(const struct master *m, uint32_t slot, enum task_place place,
	struct tp_arena *arena)
{
	const struct task *task = tasks_at(m, slot);

	return task == NULL || task->place != place ? NULL : task_record(task, arena);
}

static uint32_t slots_of(const struct master *m, enum tp_state_what what)
{
	switch (what) {
	case TP_STATE_AGENTS:
		return agents_slots(m);
	case TP_STATE_FRAMEWORKS:
		return frameworks_slots(m);
	case TP_STATE_EXECUTORS:
		return executors_slots(m);
	case TP_STATE_TASKS:
	case TP_STATE_COMPLETED_TASKS:
	case TP_STATE_UNREACHABLE_TASKS:
		return tasks_slots(m);
	default:
		return 0;
	}
}

static const void *record_at(const struct master *m, enum tp_state_what what,
	uint32_t slot, struct tp_arena *arena)
{
	switch (what) {
	case TP_STATE_AGENTS:
		return agent_at(m, slot, arena);
	case TP_STATE_FRAMEWORKS:
		return framework_at(m, slot, arena);
	case TP_STATE_EXECUTORS:
		return executor_at(m, slot, arena);
	case TP_STATE_TASKS:
		return task_at(m, slot, TASK_LIVE, arena);
	case TP_STATE_COMPLETED_TASKS:
		return task_at(m, slot, TASK_COMPLETED, arena);
	case TP_STATE_UNREACHABLE_TASKS:
		return task_at(m, slot, TASK_UNREACHABLE, arena);
	default:
		return NULL;
	}
}

static size_t next_completed(const struct master *m, uint64_t *cursor,
	struct tp_arena *arena, const void **records, size_t max)
{
	const struct framework *f;
	size_t n = 0;

	while (n < max && (f = frameworks_completed_after(m, *cursor)) != NULL) {
		records[n++] = state_framework(f, arena);
		*cursor = f->removal;
	}
	return n;
}

static size_t next(void *impl, enum tp_state_what what, uint64_t *cursor,
	struct tp_arena *arena, const void **records, size_t max)
{
	const struct master *m = impl;
	size_t n = 0;

	if (what == TP_STATE_COMPLETED_FRAMEWORKS)
		return next_completed(m, cursor, arena, records, max);
	while (n < max && *cursor < slots_of(m, what)) {
		const void *record = record_at(m, what, (uint32_t)*cursor, arena);

		++*cursor;
		if (record != NULL)
			records[n++] = record;
	}
	return n;
}

static const char *daemon_name(void *impl)
{
	(void)impl;
	return "master";
}

const struct tp_state_ops state_ops = {
	.next = next,
	.daemon = daemon_name,
};

/* --- whole answers --------------------------------------------------------------------- */

/* Appends everything of a kind to an array of record pointers in `arena`. */
static void all(const struct master *m, enum tp_state_what what, struct tp_arena *arena,
	void *items, size_t *n)
{
	const void *record;
	uint64_t cursor = 0;

	while (next((void *)m, what, &cursor, arena, &record, 1) == 1)
		tp_arena_push(arena, items, n, (void *)record);
}

struct tp_master_response_get_agents *state_agents(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_agents *record =
		tp_record_new(&tp_master_response_get_agents_desc, arena);

	all(m, TP_STATE_AGENTS, arena, &record->agents, &record->n_agents);
	absent_infos(m, arena, &record->recovered_agents, &record->n_recovered_agents);
	return record;
}

struct tp_master_response_get_frameworks *state_frameworks(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_frameworks *record =
		tp_record_new(&tp_master_response_get_frameworks_desc, arena);

	all(m, TP_STATE_FRAMEWORKS, arena, &record->frameworks, &record->n_frameworks);
	all(m, TP_STATE_COMPLETED_FRAMEWORKS, arena, &record->completed_frameworks,
		&record->n_completed_frameworks);
	return record;
}

struct tp_master_response_get_executors *state_executors(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_executors *record =
		tp_record_new(&tp_master_response_get_executors_desc, arena);

	all(m, TP_STATE_EXECUTORS, arena, &record->executors, &record->n_executors);
	return record;
}

struct tp_master_response_get_tasks *state_tasks(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_tasks *record =
		tp_record_new(&tp_master_response_get_tasks_desc, arena);

	all(m, TP_STATE_TASKS, arena, &record->tasks, &record->n_tasks);
	all(m, TP_STATE_COMPLETED_TASKS, arena, &record->completed_tasks,
		&record->n_completed_tasks);
	all(m, TP_STATE_UNREACHABLE_TASKS, arena, &record->unreachable_tasks,
		&record->n_unreachable_tasks);
	return record;
}

struct tp_master_response_get_state *state_all(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_state *record =
		tp_record_new(&tp_master_response_get_state_desc, arena);

	record->get_tasks = state_tasks(m, arena);
	record->get_executors = state_executors(m, arena);
	record->get_frameworks = state_frameworks(m, arena);
	record->get_agents = state_agents(m, arena);
	return record;
}
