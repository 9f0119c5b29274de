/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operators do to a running cluster in a history: another allocator, weights, quota,
 * reservations. Nobody waits for the answers; what must hold all the same is invariants.c's.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/kernel/kernel.h"
#include "history.h"
#include "tepui/kind/calls.h"
#include "tepui/module.h"
#include "tepui/record.h"

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

/* `call` lives in the arena, which is taken. */
static void tell(
	struct machine *m, const struct tp_master_call *call, struct tp_arena *arena)
{
	struct tp_instance *daemon = tp_kernel_instance(m->kernel, "master");
	const struct tp_provide *provide = daemon->module->provides;
	struct errand *errand = tp_arena_alloc(arena, sizeof *errand);
	const struct tp_calls_ops *ops;

	errand->arena = arena;
	errand->submission.api = TP_API_OPERATOR;
	errand->submission.call = call;
	errand->submission.done = errand_done;
	while (strcmp(provide->kind, "calls") != 0)
		provide++;
	ops = provide->ops;
	ops->submit(daemon, &errand->submission);
}

static struct machine *leader(struct history *h)
{
	struct machine *m = cluster_leader(h->cluster);

	return m == NULL || m->kernel == NULL || m->frozen ? NULL : m;
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

/* Half a cpu for a role that nobody has, or back again. */
static struct tp_resource *half_a_cpu(struct tp_arena *arena)
{
	struct tp_resource *cpus = tp_record_new(&tp_resource_desc, arena);
	struct tp_resource_reservation_info *reservation =
		tp_record_new(&tp_resource_reservation_info_desc, arena);

	reservation->has_type = true;
	reservation->type = TP_RESOURCE_RESERVATION_INFO_DYNAMIC;
	reservation->role = "operators";
	cpus->name = "cpus";
	cpus->has_type = true;
	cpus->type = TP_VALUE_SCALAR;
	cpus->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	cpus->scalar->has_value_milli = true;
	cpus->scalar->value_milli = 500;
	tp_arena_push(arena, &cpus->reservations, &cpus->n_reservations, reservation);
	return cpus;
}

static void reserve(struct machine *m, const char *agent_id, bool undo)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_master_call *call = tp_record_new(&tp_master_call_desc, arena);
	struct tp_agent_id *id = tp_record_new(&tp_agent_id_desc, arena);

	id->value = tp_arena_strdup(arena, agent_id);
	call->has_type = true;
	if (undo) {
		call->type = TP_MASTER_CALL_UNRESERVE_RESOURCES;
		call->unreserve_resources =
			tp_record_new(&tp_master_call_unreserve_resources_desc, arena);
		call->unreserve_resources->agent_id = id;
		tp_arena_push(arena, &call->unreserve_resources->resources,
			&call->unreserve_resources->n_resources, half_a_cpu(arena));
	} else {
		call->type = TP_MASTER_CALL_RESERVE_RESOURCES;
		call->reserve_resources =
			tp_record_new(&tp_master_call_reserve_resources_desc, arena);
		call->reserve_resources->agent_id = id;
		tp_arena_push(arena, &call->reserve_resources->resources,
			&call->reserve_resources->n_resources, half_a_cpu(arena));
	}
	tell(m, call, arena);
}

void operators_reserve(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_AGENTS };
	const struct tp_master_response *response;
	const struct tp_master_response_get_agents *agents;
	struct machine *m = leader(h);
	bool undo = below(h, 2) == 0;

	response = m == NULL ? NULL : cluster_try_ask(m, &call, arena);
	if (response == NULL || response->get_agents->n_agents == 0)
		return;
	agents = response->get_agents;
	steps_narrate(h, undo ? "unreserve" : "reserve", "");
	reserve(m,
		agents->agents[below(h, (unsigned)agents->n_agents)]
			->agent_info->id->value,
		undo);
}
