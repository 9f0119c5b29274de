/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators do to a running cluster in a history: another allocator, weights, quota,
 * reservations, volumes. Nobody waits for the answers; what must hold all the same is invariants.c's.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "history.h"
#include "tepui/kind/calls.h"
#include "tepui/module.h"
#include "tepui/record.h"

#define CPUS_MILLI 500
#define DISK_MILLI (64 * 1000)

/* A call whose answer nobody reads. */
struct errand {
	struct tp_submission submission;
	struct tp_arena *arena;
};

static void errand_done(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	(void)status, (void)desc, (void)body, (void)error;
	tp_arena_destroy(tp_container_of(submission, struct errand, submission)->arena);
}

void operators_submit(struct machine *m, struct tp_submission *submission)
{
	struct tp_instance *daemon = tp_kernel_instance(m->kernel, "master");
	const struct tp_provide *provide = daemon->module->provides;
	const struct tp_calls_ops *ops;

	submission->api = TP_API_OPERATOR;
	while (strcmp(provide->kind, "calls") != 0)
		provide++;
	ops = provide->ops;
	ops->submit(daemon, submission);
}

/* `call` lives in the arena, which is taken. */
static void tell(
	struct machine *m, const struct tp_master_call *call, struct tp_arena *arena)
{
	struct errand *errand = tp_arena_alloc(arena, sizeof *errand);

	errand->arena = arena;
	errand->submission.call = call;
	errand->submission.done = errand_done;
	operators_submit(m, &errand->submission);
}

static struct machine *leader(struct history *h)
{
	return cluster_leader(h->cluster);
}

static unsigned below(struct history *h, unsigned n)
{
	return sim_random_below(&h->random, n);
}

void operators_swap_allocator(struct history *h)
{
	static const char *const modules[] = { "allocator-drf", "allocator-priority" };
	struct machine *m = leader(h);
	const char *module = modules[below(h, TP_COUNT(modules))];
	struct tp_error err = { 0 };

	if (m == NULL)
		return;
	steps_narrate(h, "another allocator:", module);
	ck_assert_msg(tp_kernel_swap(m->kernel, "allocator-drf", module, NULL, &err) >= 0,
		"%s", err.text);
}

void operators_change_weights(struct history *h)
{
	struct machine *m = leader(h);
	struct tp_arena *arena;
	struct tp_master_call *call;
	struct tp_weight_info *info;

	if (m == NULL)
		return;
	steps_narrate(h, "weights", "");
	arena = tp_arena_create(0);
	call = tp_record_new(&tp_master_call_desc, arena);
	info = tp_record_new(&tp_weight_info_desc, arena);
	info->role = "*";
	info->has_weight = true;
	info->weight = 1 + below(h, 4);
	call->has_type = true;
	call->type = TP_MASTER_CALL_UPDATE_WEIGHTS;
	call->update_weights = tp_record_new(&tp_master_call_update_weights_desc, arena);
	tp_arena_push(arena, &call->update_weights->weight_infos,
		&call->update_weights->n_weight_infos, info);
	tell(m, call, arena);
}

/* A limit for everybody, sometimes below what they have; or none. */
void operators_change_quota(struct history *h)
{
	struct machine *m = leader(h);
	struct tp_arena *arena;
	struct tp_master_call *call;
	struct tp_quota_config *config;
	struct tp_quota_config_limits_entry *limit;

	if (m == NULL)
		return;
	steps_narrate(h, "quota", "");
	arena = tp_arena_create(0);
	call = tp_record_new(&tp_master_call_desc, arena);
	config = tp_record_new(&tp_quota_config_desc, arena);
	config->role = "*";
	if (below(h, 3) > 0) {
		limit = tp_record_new(&tp_quota_config_limits_entry_desc, arena);
		limit->key = "cpus";
		limit->value = tp_record_new(&tp_value_scalar_desc, arena);
		limit->value->has_value_milli = true;
		limit->value->value_milli = 1000 * (int64_t)below(h, 16);
		tp_arena_push(arena, &config->limits, &config->n_limits, limit);
	}
	call->has_type = true;
	call->type = TP_MASTER_CALL_UPDATE_QUOTA;
	call->update_quota = tp_record_new(&tp_master_call_update_quota_desc, arena);
	call->update_quota->has_force = true;
	call->update_quota->force = true;
	tp_arena_push(arena, &call->update_quota->quota_configs,
		&call->update_quota->n_quota_configs, config);
	tell(m, call, arena);
}

/* Kept for a role that nobody has. */
static struct tp_resource *reserved(
	const char *name, int64_t milli, struct tp_arena *arena)
{
	struct tp_resource *resource = tp_record_new(&tp_resource_desc, arena);
	struct tp_resource_reservation_info *reservation =
		tp_record_new(&tp_resource_reservation_info_desc, arena);

	reservation->has_type = true;
	reservation->type = TP_RESOURCE_RESERVATION_INFO_DYNAMIC;
	reservation->role = OPERATORS_ROLE;
	resource->name = name;
	resource->has_type = true;
	resource->type = TP_VALUE_SCALAR;
	resource->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	resource->scalar->has_value_milli = true;
	resource->scalar->value_milli = milli;
	tp_arena_push(
		arena, &resource->reservations, &resource->n_reservations, reservation);
	return resource;
}

static struct tp_resource *volume(struct tp_arena *arena)
{
	struct tp_resource *disk = reserved("disk", DISK_MILLI, arena);

	disk->disk = tp_record_new(&tp_resource_disk_info_desc, arena);
	disk->disk->persistence =
		tp_record_new(&tp_resource_disk_info_persistence_desc, arena);
	disk->disk->persistence->id = OPERATORS_VOLUME;
	disk->disk->volume = tp_record_new(&tp_volume_desc, arena);
	disk->disk->volume->container_path = OPERATORS_VOLUME;
	disk->disk->volume->has_mode = true;
	disk->disk->volume->mode = TP_VOLUME_MODE_RW;
	return disk;
}

enum operation { RESERVE, UNRESERVE, CREATE, DESTROY };

/* A call with an agent and resources: `member` of the call, and what its list is called. */
#define OPERATION(TYPE, member, list) \
	.type = TP_MASTER_CALL_##TYPE, .desc = &tp_master_call_##member##_desc, \
	.at = offsetof(struct tp_master_call, member), \
	.agent_at = offsetof(struct tp_master_call_##member, agent_id), \
	.list_at = offsetof(struct tp_master_call_##member, list), \
	.n_at = offsetof(struct tp_master_call_##member, n_##list)
static const struct {
	const char *name;
	int type;
	const struct tp_desc *desc;
	size_t at, agent_at, list_at, n_at;
	bool of_volume;
} operations[] = {
	[RESERVE] = { "reserve",
		OPERATION(RESERVE_RESOURCES, reserve_resources, resources) },
	[UNRESERVE] = { "unreserve",
		OPERATION(UNRESERVE_RESOURCES, unreserve_resources, resources) },
	[CREATE] = { "create a volume",
		OPERATION(CREATE_VOLUMES, create_volumes, volumes), .of_volume = true },
	[DESTROY] = { "destroy a volume",
		OPERATION(DESTROY_VOLUMES, destroy_volumes, volumes), .of_volume = true },
};

static void operate(struct machine *m, const char *agent_id, enum operation which)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_call *call = tp_record_new(&tp_master_call_desc, arena);
	struct tp_agent_id *id = tp_record_new(&tp_agent_id_desc, arena);
	char *record = tp_record_new(operations[which].desc, arena);
	void *list = record + operations[which].list_at;
	size_t *n = (size_t *)(record + operations[which].n_at);

	id->value = tp_arena_strdup(arena, agent_id);
	call->has_type = true;
	call->type = operations[which].type;
	*(void **)((char *)call + operations[which].at) = record;
	*(struct tp_agent_id **)(record + operations[which].agent_at) = id;
	if (operations[which].of_volume) {
		tp_arena_push(arena, list, n, volume(arena));
	} else {
		tp_arena_push(arena, list, n, reserved("cpus", CPUS_MILLI, arena));
		tp_arena_push(arena, list, n, reserved("disk", DISK_MILLI, arena));
	}
	tell(m, call, arena);
}

/* What comes next by what the agent has, and now and then what cannot be. */
static enum operation choose(
	struct history *h, const struct tp_master_response_get_agents_agent *agent)
{
	static const enum operation next[] = { RESERVE, CREATE, DESTROY };
	bool other = below(h, 4) == 0;
	unsigned has = 0; /* nothing, a reservation, a volume */

	for (size_t i = 0; i < agent->n_total_resources; i++) {
		const struct tp_resource *r = agent->total_resources[i];

		if (r->disk != NULL && r->disk->persistence != NULL)
			has = 2;
		else if (has == 0 && r->n_reservations > 0 &&
			strcmp(r->name, "disk") == 0)
			has = 1;
	}
	return other ? UNRESERVE : next[has];
}

void operators_operate(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	const struct tp_master_response *response;
	const struct tp_master_response_get_agents_agent *agent;
	struct machine *m = leader(h);
	enum operation which;

	response = m == NULL ? NULL : cluster_try_ask(m, &call, arena);
	if (response == NULL || response->get_agents->n_agents == 0)
		return;
	agent = response->get_agents
			->agents[below(h, (unsigned)response->get_agents->n_agents)];
	which = choose(h, agent);
	steps_narrate(h, operations[which].name, "");
	operate(m, agent->agent_info->id->value, which);
}
