/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of agents. An agent's slot number is what the allocator knows it by.
 */
#include "agents.h"

#include <string.h>

#include "frameworks.h"
#include "health.h"
#include "kill.h"
#include "native.h"
#include "offers.h"
#include "slot_table.h"
#include "use.h"

#include "tepui/ids.h"
#include "tepui/operation.h"
#include "tepui/record.h"

struct agents {
	struct master *master;
	struct slot_table slots;
	struct tp_map by_id;
	struct tp_list disconnected;
	uint64_t next_id;
};

int agents_create(struct master *m)
{
	struct agents *as = m->agents = tp_alloc(sizeof *as);

	as->master = m;
	tp_map_init(&as->by_id);
	tp_list_init(&as->disconnected);
	return 0;
}

static void destroy_agent(struct agent *a)
{
	kill_forget(a);
	health_end(a);
	tp_resources_fini(&a->total);
	tp_arena_destroy(a->arena);
	tp_free(a);
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
	slot_table_fini(&as->slots);
	tp_map_fini(&as->by_id);
	tp_free(as);
	m->agents = NULL;
}

void agents_forget(struct agent *a)
{
	struct agents *as = a->master->agents;

	tp_map_remove(&as->by_id, &a->node);
	slot_table_release(&as->slots, a->slot);
	destroy_agent(a);
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
	health_init(a);
	tp_list_init(&a->disconnected);
	tp_list_init(&a->tasks);
	tp_list_init(&a->executors);
	tp_list_init(&a->offers);
	tp_list_init(&a->inverse_offers);
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
	a->ip = tp_arena_strdup(a->arena, registration->ip);
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

struct tp_list *agents_disconnected(const struct master *m)
{
	return &m->agents->disconnected;
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
		a->unavailability, !a->leaving };
	struct tp_allocator_use *used;
	struct tp_list *node, *tmp;
	size_t n = 0;

	if (a->in_allocator) {
		ops->update_agent(impl, a->slot, &spec);
		if (!a->leaving)
			ops->activate_agent(impl, a->slot);
		return;
	}
	tp_list_foreach (node, tmp, &a->uses)
		n++;
	tp_list_foreach (node, tmp, &a->offers)
		n++;
	used = tp_arena_alloc(arena, (n + 1) * sizeof *used);
	n = 0;
	tp_list_foreach (node, tmp, &a->uses) {
		struct use *use = tp_container_of(node, struct use, in_agent);

		used[n++] = (struct tp_allocator_use){ use->framework->slot, a->slot,
			&use->resources };
	}
	/* What is offered counts as used; there is none unless the allocator is new. */
	tp_list_foreach (node, tmp, &a->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_agent);

		used[n++] = (struct tp_allocator_use){ offer->framework->slot, a->slot,
			&offer->resources };
	}
	a->in_allocator = true;
	ops->add_agent(impl, a->slot, &spec, used, n);
}

void agent_deallocate(struct agent *a)
{
	struct master *m = a->master;

	if (!a->in_allocator)
		return;
	offers_withdraw_agent(a);
	m->allocator.ops->remove_agent(m->allocator.impl, a->slot);
	a->in_allocator = false;
}
