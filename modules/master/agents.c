/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of agents and their life after registration (register.c): sessions that end, silence,
 * removal. An agent whose session breaks has agent_reregister_timeout to come back; one that is
 * silent for all its ping timeouts is unreachable at once. Its slot number is what the allocator
 * knows it by.
 */
#include "agents.h"

#include <errno.h>
#include <string.h>

#include "changes.h"
#include "counters.h"
#include "executors.h"
#include "frameworks.h"
#include "hooks.h"
#include "idrecord.h"
#include "kill.h"
#include "messages.h"
#include "native.h"
#include "offers.h"
#include "operations.h"
#include "slot_table.h"
#include "tasks.h"
#include "updates.h"
#include "use.h"

#include "tepui/ids.h"

/* An agent that is not there: recovered or unreachable. */
struct absent {
	struct tp_map_node node;
	struct tp_arena *arena;
	const char *id;
	const struct tp_agent_info *info; /* recovered ones */
	int64_t since_ns;                 /* unreachable ones */
	struct registrar_operation operation;
	struct master *master;
	bool storing;
};

struct agents {
	struct master *master;
	struct slot_table slots;
	struct tp_map by_id;
	struct tp_map recovered;
	struct tp_map unreachable;
	uint64_t next_id;
	struct tp_timer ping;
	struct tp_timer failover; /* until the recovered ones are given up */
};

static void send_pings(struct tp_timer *timer)
{
	struct agents *as = tp_container_of(timer, struct agents, ping);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_ping *body = tp_record_new(&tp_agent_ping_desc, arena);

	body->has_connected = true;
	body->connected = true;
	for (uint32_t i = 0; i < as->slots.n; i++) {
		struct agent *a = slot_table_get(&as->slots, i);

		if (a != NULL)
			agent_send(a, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, body);
	}
	tp_timer_arm(
		as->master->instance.loop, &as->ping, as->master->agent_ping_timeout_ns);
}

static void give_up(struct tp_timer *timer);

int agents_create(struct master *m)
{
	struct agents *as = m->agents = tp_alloc(sizeof *as);

	as->master = m;
	tp_map_init(&as->by_id);
	tp_map_init(&as->recovered);
	tp_map_init(&as->unreachable);
	as->ping.fire = send_pings;
	as->failover.fire = give_up;
	return 0;
}

static void destroy_agent(struct agent *a)
{
	kill_forget(a);
	tp_timer_disarm(a->master->instance.loop, &a->reregister);
	tp_resources_fini(&a->total);
	tp_arena_destroy(a->arena);
	tp_free(a);
}

static void destroy_absent(struct tp_map *map)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, map)
		tp_arena_destroy(tp_map_entry(node, struct absent, node)->arena);
	tp_map_fini(map);
}

void agents_destroy(struct master *m)
{
	struct agents *as = m->agents;

	if (as == NULL)
		return;
	for (uint32_t i = 0; i < as->slots.n; i++) {
		struct agent *a = slot_table_get(&as->slots, i);

		if (a != NULL)
			destroy_agent(a);
	}
	tp_timer_disarm(m->instance.loop, &as->ping);
	tp_timer_disarm(m->instance.loop, &as->failover);
	slot_table_fini(&as->slots);
	tp_map_fini(&as->by_id);
	destroy_absent(&as->recovered);
	destroy_absent(&as->unreachable);
	tp_free(as);
	m->agents = NULL;
}

/* --- who is absent --------------------------------------------------------------------- */

static struct absent *absent_add(struct master *m, struct tp_map *map, const char *id)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct absent *absent = tp_arena_alloc(arena, sizeof *absent);

	absent->arena = arena;
	absent->master = m;
	absent->id = tp_arena_strdup(arena, id);
	if (!tp_map_add(map, &absent->node, absent->id)) {
		tp_arena_destroy(arena);
		return NULL;
	}
	return absent;
}

static void absent_forget(struct tp_map *map, const char *id)
{
	struct absent *absent = tp_map_get(map, id, struct absent, node);

	if (absent == NULL)
		return;
	tp_map_remove(map, &absent->node);
	tp_arena_destroy(absent->arena);
}

void agents_forget_absent(struct master *m, const char *id)
{
	absent_forget(&m->agents->recovered, id);
	absent_forget(&m->agents->unreachable, id);
}

void agents_recover(struct master *m, const struct tp_agent_info *info)
{
	struct absent *absent = info->id == NULL
		? NULL
		: absent_add(m, &m->agents->recovered, info->id->value);

	if (absent != NULL)
		absent->info = tp_record_copy(&tp_agent_info_desc, info, absent->arena);
}

void agents_recover_unreachable(
	struct master *m, const struct tp_registry_state_unreachable_agent *record)
{
	struct absent *absent = absent_add(m, &m->agents->unreachable, record->id->value);

	if (absent != NULL)
		absent->since_ns = record->timestamp->nanoseconds;
}

void agents_recovered(struct master *m)
{
	if (m->agents->recovered.n > 0)
		tp_timer_arm(m->instance.loop, &m->agents->failover,
			m->agent_reregister_timeout_ns);
	tp_timer_arm(m->instance.loop, &m->agents->ping, m->agent_ping_timeout_ns);
}

const struct tp_agent_info *agents_recovered_info(const struct master *m, const char *id)
{
	const struct absent *absent =
		tp_map_get(&m->agents->recovered, id, struct absent, node);

	return absent == NULL ? NULL : absent->info;
}

bool agents_is_recovered(const struct master *m, const char *id)
{
	return agents_recovered_info(m, id) != NULL;
}

size_t agents_n_recovered(const struct master *m)
{
	return m->agents->recovered.n;
}

size_t agents_n_unreachable(const struct master *m)
{
	return m->agents->unreachable.n;
}

int64_t agents_unreachable_since(const struct master *m, const char *id)
{
	const struct absent *absent =
		tp_map_get(&m->agents->unreachable, id, struct absent, node);

	return absent == NULL ? 0 : absent->since_ns;
}

void agents_recovered_infos(const struct master *m, struct tp_arena *arena,
	struct tp_agent_info ***items, size_t *n)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &m->agents->recovered) {
		const struct absent *absent = tp_map_entry(node, struct absent, node);

		tp_arena_push(arena, items, n,
			tp_record_copy(&tp_agent_info_desc, absent->info, arena));
	}
}

static void tell_lost(struct master *m, const char *agent_id)
{
	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		struct framework *f = frameworks_at(m, i);

		if (f != NULL && framework_connected(f))
			messages_failure(f, agent_id, NULL, 0);
	}
}

/* A recovered agent is in the registry as unreachable now. */
static void given_up(struct registrar_operation *operation, int status)
{
	struct absent *absent = tp_container_of(operation, struct absent, operation);
	struct master *m = absent->master;

	absent->storing = false;
	if (status < 0)
		return;
	tp_map_remove(&m->agents->recovered, &absent->node);
	tp_map_add(&m->agents->unreachable, &absent->node, absent->id);
	counter_add(m, COUNTER_RECOVERY_AGENT_REMOVALS, 1);
	counter_add(m, COUNTER_AGENT_REMOVALS, 1);
	tp_warn(m,
		"agent did not come back after the master's restart, it is unreachable",
		"agent=%s", absent->id);
	tell_lost(m, absent->id);
}

static void give_up(struct tp_timer *timer)
{
	struct agents *as = tp_container_of(timer, struct agents, failover);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &as->recovered) {
		struct absent *absent = tp_map_entry(node, struct absent, node);

		absent->since_ns = tp_loop_wall_ns(as->master->instance.loop);
		absent->operation.done = given_up;
		absent->storing = true;
		registrar_mark_unreachable(
			as->master, &absent->operation, absent->id, absent->since_ns);
	}
}

bool agents_is_leaving(const struct master *m, const char *id)
{
	const struct absent *absent =
		tp_map_get(&m->agents->recovered, id, struct absent, node);
	const struct agent *a = agents_find(m, id);

	return (a != NULL && a->leaving) || (absent != NULL && absent->storing);
}

/* --- the table ------------------------------------------------------------------------- */

static void reregister_expired(struct tp_timer *timer)
{
	struct agent *a = tp_container_of(timer, struct agent, reregister);

	tp_warn(a->master, "agent did not come back in time, marking it unreachable",
		"agent=%s", a->id);
	agents_mark_unreachable(a);
}

char *agents_next_id(struct master *m)
{
	return tp_agent_id_make(m->id, m->agents->next_id++);
}

struct agent *agents_add(struct master *m, const struct registration *registration)
{
	struct agent *a = tp_alloc(sizeof *a);
	bool added;

	a->master = m;
	a->slot = slot_table_take(&m->agents->slots, a);
	a->reregister.fire = reregister_expired;
	tp_list_init(&a->tasks);
	tp_list_init(&a->executors);
	tp_list_init(&a->offers);
	tp_list_init(&a->uses);
	tp_list_init(&a->operations);
	tp_list_init(&a->kills);
	agent_set(a, registration);
	added = tp_map_add(&m->agents->by_id, &a->node, a->id);
	tp_assert(added);
	return a;
}

/* Where frameworks find the agent over HTTP. */
static struct tp_url *url_of(const struct agent *a)
{
	struct tp_url *url = tp_record_new(&tp_url_desc, a->arena);

	url->scheme = "http";
	url->path = "/slave(1)";
	url->address = tp_record_new(&tp_address_desc, a->arena);
	url->address->hostname = a->info->hostname;
	url->address->has_port = true;
	url->address->port = a->info->has_port ? a->info->port : 5051;
	return url;
}

int registration_total(const struct registration *registration, struct tp_resources *ret,
	struct tp_error *err)
{
	const struct tp_agent_info *info = registration->info;
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	int r = tp_resources_from_records(ret, info->resources, info->n_resources, err);

	if (r < 0)
		return tp_wrap(err, r, "AgentInfo.resources");
	r = tp_resources_from_records(
		&kept, registration->checkpointed, registration->n_checkpointed, err);
	if (r >= 0)
		r = tp_resources_apply_checkpointed(ret, &kept, err);
	return r < 0 ? tp_wrap(err, r, "checkpointed_resources") : 0;
}

void agent_set(struct agent *a, const struct registration *registration)
{
	struct tp_arena *old = a->arena;
	bool known = a->node.key != NULL;
	int r;

	if (known)
		tp_map_remove(&a->master->agents->by_id, &a->node);
	a->arena = tp_arena_create(0);
	a->info = tp_record_copy(&tp_agent_info_desc, registration->info, a->arena);
	a->id = a->info->id->value;
	a->address = tp_arena_strdup(a->arena, registration->address);
	a->version = tp_arena_strdup(a->arena, registration->version);
	a->resource_version =
		tp_record_copy(&tp_uuid_desc, registration->resource_version, a->arena);
	a->url = url_of(a);
	a->capabilities = 0;
	a->capability_records = NULL;
	a->n_capabilities = 0;
	for (size_t i = 0; i < registration->n_capabilities; i++) {
		const struct tp_agent_info_capability *c = registration->capabilities[i];

		if (c->has_type && c->type > 0 && c->type < 32)
			a->capabilities |= UINT32_C(1) << c->type;
		tp_arena_push(a->arena, &a->capability_records, &a->n_capabilities,
			tp_record_copy(&tp_agent_info_capability_desc, c, a->arena));
	}
	r = registration_total(registration, &a->total, NULL);
	tp_assert(r >= 0); /* whoever registered it has checked */
	if (known)
		tp_map_add(&a->master->agents->by_id, &a->node, a->id);
	tp_arena_destroy(old);
}

struct agent *agents_find(const struct master *m, const char *id)
{
	return tp_map_get(&m->agents->by_id, id, struct agent, node);
}

bool agents_is_known(const struct master *m, const char *id)
{
	return tp_map_find(&m->agents->by_id, id) != NULL ||
		tp_map_find(&m->agents->recovered, id) != NULL ||
		tp_map_find(&m->agents->unreachable, id) != NULL;
}

struct agent *agents_at(const struct master *m, uint32_t slot)
{
	return slot_table_get(&m->agents->slots, slot);
}

uint32_t agents_slots(const struct master *m)
{
	return m->agents->slots.n;
}

int agent_send(
	struct agent *a, uint16_t type, const struct tp_desc *desc, const void *body)
{
	return native_send(a->master, a->peer, type, desc, body);
}

void agent_allocate(struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_allocator_ops *ops = a->master->allocator.ops;
	void *impl = a->master->allocator.impl;
	const struct tp_allocator_agent spec = { a->info, a->capabilities, &a->total,
		NULL, true };
	struct tp_allocator_use *used;
	struct tp_list *node, *tmp;
	size_t n = 0;

	if (a->in_allocator) {
		ops->update_agent(impl, a->slot, &spec);
		ops->activate_agent(impl, a->slot);
		return;
	}
	tp_list_foreach (node, tmp, &a->uses)
		n++;
	used = tp_arena_alloc(arena, (n + 1) * sizeof *used);
	n = 0;
	tp_list_foreach (node, tmp, &a->uses) {
		struct use *use = tp_container_of(node, struct use, in_agent);

		used[n++] = (struct tp_allocator_use){ use->framework->slot, a->slot,
			&use->resources };
	}
	a->in_allocator = true;
	ops->add_agent(impl, a->slot, &spec, used, n);
}

/* --- disconnection --------------------------------------------------------------------- */

/* What cannot be found again by the agent is lost when its session breaks. */
static void end_not_checkpointing(struct agent *a)
{
	const struct happening happening = {
		.event = TP_TASK_EVENT_AGENT_DISCONNECTED,
		.agent_id = a->id,
		.message = "Agent disconnected",
	};
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->tasks) {
		struct task *task = tp_container_of(node, struct task, list);
		const struct tp_framework_info *info = task->framework->info;

		if (!(info->has_checkpoint && info->checkpoint))
			updates_happened(a->master, task, &happening);
	}
	tp_list_foreach (node, tmp, &a->executors) {
		struct executor *e = tp_container_of(node, struct executor, node);
		const struct tp_framework_info *info = e->framework->info;

		if (!(info->has_checkpoint && info->checkpoint))
			executors_remove(e);
	}
}

void agents_disconnected(struct agent *a, const struct tp_error *why)
{
	struct master *m = a->master;

	a->peer = 0;
	tp_info(m, "agent disconnected", "agent=%s why=%s", a->id, why->text);
	if (a->leaving)
		return;
	if (a->in_allocator)
		m->allocator.ops->deactivate_agent(m->allocator.impl, a->slot);
	offers_withdraw_agent(a);
	end_not_checkpointing(a);
	if (why->code == ETIMEDOUT)
		agents_mark_unreachable(a);
	else
		tp_timer_arm(
			m->instance.loop, &a->reregister, m->agent_reregister_timeout_ns);
}

void agents_lost_early(struct agent *a)
{
	struct tp_error why = { 0 };

	tp_fail(&why, ENOTCONN, "its session ended while it was being registered");
	agents_disconnected(a, &why);
}

static void left(struct registrar_operation *operation, int status)
{
	if (status >= 0)
		agents_remove(
			tp_container_of(operation, struct agent, ending), TP_TASK_GONE);
}

void agents_leave(struct agent *a)
{
	if (a->leaving)
		return;
	a->leaving = true;
	a->ending.done = left;
	registrar_remove(a->master, &a->ending, a->id);
}

static void ended(struct registrar_operation *operation, int status)
{
	struct agent *a = tp_container_of(operation, struct agent, ending);
	struct master *m = a->master;

	if (status < 0)
		return;
	counter_add(m, COUNTER_AGENT_UNREACHABLE_COMPLETED, 1);
	agents_remove(a, TP_TASK_UNREACHABLE);
}

void agents_mark_unreachable(struct agent *a)
{
	struct master *m = a->master;
	int64_t now = tp_loop_wall_ns(m->instance.loop);
	struct absent *absent;

	if (a->leaving)
		return;
	a->leaving = true;
	counter_add(m, COUNTER_AGENT_UNREACHABLE_SCHEDULED, 1);
	absent = absent_add(m, &m->agents->unreachable, a->id);
	if (absent != NULL)
		absent->since_ns = now;
	a->ending.done = ended;
	registrar_mark_unreachable(m, &a->ending, a->id, now);
}

void agents_remove(struct agent *a, int state)
{
	struct master *m = a->master;
	const struct happening happening = {
		.event = state == TP_TASK_UNREACHABLE ? TP_TASK_EVENT_AGENT_SILENT
						      : TP_TASK_EVENT_AGENT_LEFT,
		.agent_id = a->id,
		.message = state == TP_TASK_UNREACHABLE ? "Agent is unreachable"
							: "Agent was removed",
		.unreachable_ns = agents_unreachable_since(m, a->id),
	};
	struct tp_list *node, *tmp;

	tp_warn(m, "agent removed", "agent=%s unreachable=%s", a->id,
		state == TP_TASK_UNREACHABLE ? "yes" : "no");
	counter_add(m, COUNTER_AGENT_REMOVALS, 1);
	counter_add(m,
		state == TP_TASK_UNREACHABLE ? COUNTER_AGENT_REMOVALS_UNHEALTHY
					     : COUNTER_AGENT_REMOVALS_UNREGISTERED,
		1);
	if (a->in_allocator)
		m->allocator.ops->deactivate_agent(m->allocator.impl, a->slot);
	offers_withdraw_agent(a);
	tp_list_foreach (node, tmp, &a->tasks) {
		struct task *task = tp_container_of(node, struct task, list);

		updates_happened(m, task, &happening);
	}
	executors_remove_all_of_agent(a);
	operations_end_all_of_agent(a,
		state == TP_TASK_UNREACHABLE ? TP_OPERATION_UNREACHABLE
					     : TP_OPERATION_GONE_BY_OPERATOR);
	if (a->in_allocator)
		m->allocator.ops->remove_agent(m->allocator.impl, a->slot);
	native_unbind_agent(m, a);
	tp_map_remove(&m->agents->by_id, &a->node);
	slot_table_release(&m->agents->slots, a->slot);
	tell_lost(m, a->id);
	changes_agent_removed(m, a);
	hooks_agent_lost(a);
	destroy_agent(a);
}
