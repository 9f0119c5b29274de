/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of an agent is free, sorted by who may have it. Shared resources never leave their portion
 * while the agent has them.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/run.h"
#include "core/cluster/resource_item.h"

uint32_t alloc_classes_of(const struct tp_resource_item *item)
{
	uint32_t classes = 0;

	if ((item->key->flags & TP_RESOURCE_REVOCABLE) != 0)
		classes |= ALLOC_REVOCABLE;
	if ((item->key->flags & TP_RESOURCE_SHARED) != 0)
		classes |= ALLOC_SHARED;
	if (item->key->n_reservations > 1)
		classes |= ALLOC_REFINED;
	return classes;
}

/* The place among the others, or ALLOC_NONE. */
static uint32_t other_find(const struct tp_allotment *self,
	const struct alloc_agent *agent, const struct tp_resource_item *item)
{
	uint32_t classes = alloc_classes_of(item), i;

	for (i = 0; i < agent->n_others; i++) {
		const struct alloc_portion *portion = &agent->others[i];

		if (portion->classes != classes)
			continue;
		if (item->key->n_reservations == 0) {
			if (portion->role == ALLOC_NONE)
				return i;
		} else if (portion->role != ALLOC_NONE &&
			strcmp(self->roles[portion->role]->text->text, item->key->role) ==
				0) {
			return i;
		}
	}
	return ALLOC_NONE;
}

/*
 * Portions come and go with every offer. One that was keeps its place and its array beyond those that
 * are, for what comes back: so an agent's memory stays together. Here one is put first of them, best
 * one that had the same role.
 */
static void former_next(struct alloc_agent *agent, uint32_t role, uint32_t classes)
{
	struct alloc_portion *first, found;
	uint32_t i;

	if (agent->n_others == agent->others_room) {
		agent->others = tp_realloc(
			agent->others, (agent->others_room + 1) * sizeof *agent->others);
		agent->others[agent->others_room++] =
			(struct alloc_portion){ .free = TP_RESOURCES_INIT };
	}
	first = &agent->others[agent->n_others];
	for (i = agent->n_others; i < agent->others_room; i++)
		if (agent->others[i].role == role && agent->others[i].classes == classes)
			break;
	found = agent->others[i < agent->others_room ? i : agent->n_others];
	if (i < agent->others_room)
		agent->others[i] = *first;
	*first = (struct alloc_portion){ role, classes, 0, found.free };
}

static uint32_t other_add(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resource_item *item)
{
	uint32_t role = ALLOC_NONE;

	if (item->key->n_reservations > 0) {
		struct alloc_role *there = alloc_role_get(self, item->key->role);

		there->n_portions++;
		role = there->index;
	}
	former_next(agent, role, alloc_classes_of(item));
	return agent->n_others++;
}

void alloc_portion_remove(
	struct tp_allotment *self, struct alloc_agent *agent, uint32_t i)
{
	struct alloc_portion *portion = &agent->others[i], gone = *portion;
	struct alloc_role *role = gone.role == ALLOC_NONE ? NULL : self->roles[gone.role];

	while (gone.free.n > 0)
		item_release(&gone.free.items[--gone.free.n]);
	agent->n_others--;
	memmove(portion, portion + 1, (agent->n_others - i) * sizeof *portion);
	agent->others[agent->n_others] = gone;
	agent->version += i < agent->n_others; /* others have another place */
	if (role != NULL) {
		role->n_portions--;
		alloc_role_release(self, role);
	}
}

struct tp_resources *alloc_portion_bare(const struct alloc_agent *agent)
{
	uint32_t i;

	for (i = agent->n_others; i < agent->others_room; i++)
		if (agent->others[i].free.items == NULL)
			return &agent->others[i].free;
	return NULL;
}

void alloc_portions_fini(struct alloc_agent *agent)
{
	uint32_t i;

	for (i = 0; i < agent->others_room; i++)
		tp_resources_fini(&agent->others[i].free);
	tp_free(agent->others);
}

static bool is_plain(const struct tp_resource_item *item)
{
	return item->key->n_reservations == 0 &&
		(item->key->flags & (TP_RESOURCE_REVOCABLE | TP_RESOURCE_SHARED)) == 0;
}

void alloc_free_changed(struct tp_allotment *self, struct alloc_agent *agent)
{
	agent->version++;
	alloc_agent_stand(self, (uint32_t)(agent - self->agents));
}

void alloc_plain_count(struct tp_allotment *self, struct alloc_agent *agent)
{
	const struct tp_resource_item *item;
	struct tp_quantities sum;
	uint32_t i;
	int at;

	memset(agent->known, 0, sizeof agent->known);
	agent->mass = 0;
	agent->odd = false;
	for (i = 0; i < agent->plain.n; i++) {
		item = &agent->plain.items[i];
		agent->mass += alloc_mass_of(item);
		at = tp_quantity_of(&self->names, item);
		if (at >= TP_KNOWN_MAX)
			agent->odd = true;
		else if (at >= 0)
			agent->known[at] += item->milli;
	}
	alloc_plain_sum(self, agent, &sum);
	agent->enough = alloc_minimum_met(self, &self->minimum, &sum);
}

static void headroom_change(
	struct tp_allotment *self, const struct alloc_agent *agent, int sign)
{
	const struct tp_resources *free = &agent->plain;
	uint32_t i;
	int at;

	for (i = 0; i < free->n; i++) {
		at = tp_quantity_of(&self->names, &free->items[i]);
		if (at >= 0)
			self->headroom.milli[at] += sign * free->items[i].milli;
	}
}

static void item_add_free(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resource_item *item)
{
	struct tp_resource_item bare = *item; /* borrows its references */
	uint32_t at;

	bare.allocation = NULL;
	bare.key = alloc_intern_key(&self->interns, item->key);
	if (is_plain(item)) {
		tp_resources_add_item(&agent->plain, &bare);
		return;
	}
	at = other_find(self, agent, &bare);
	if (at == ALLOC_NONE)
		at = other_add(self, agent, &bare);
	tp_resources_add_item(&agent->others[at].free, &bare);
}

static void item_subtract_free(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resource_item *item)
{
	struct tp_resource_item bare = *item;
	uint32_t at;

	bare.allocation = NULL;
	if (is_plain(item)) {
		tp_resources_subtract_item(&agent->plain, &bare);
		return;
	}
	at = other_find(self, agent, &bare);
	if (at == ALLOC_NONE)
		return;
	tp_resources_subtract_item(&agent->others[at].free, &bare);
	if (tp_resources_empty(&agent->others[at].free))
		alloc_portion_remove(self, agent, at);
}

void alloc_free_set(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources)
{
	uint32_t i;

	headroom_change(self, agent, -1);
	tp_resources_fini(&agent->plain);
	while (agent->n_others > 0)
		alloc_portion_remove(self, agent, agent->n_others - 1);
	for (i = 0; i < resources->n; i++)
		item_add_free(self, agent, &resources->items[i]);
	headroom_change(self, agent, 1);
	alloc_plain_count(self, agent);
	alloc_free_changed(self, agent);
}

/* What is shared is there already. */
void alloc_free_add(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources)
{
	uint32_t i;

	headroom_change(self, agent, -1);
	for (i = 0; i < resources->n; i++)
		if ((resources->items[i].key->flags & TP_RESOURCE_SHARED) == 0)
			item_add_free(self, agent, &resources->items[i]);
	headroom_change(self, agent, 1);
	alloc_plain_count(self, agent);
	alloc_free_changed(self, agent);
}

/* What is shared stays. */
void alloc_free_subtract(struct tp_allotment *self, struct alloc_agent *agent,
	const struct tp_resources *resources)
{
	uint32_t i;

	headroom_change(self, agent, -1);
	for (i = 0; i < resources->n; i++)
		if ((resources->items[i].key->flags & TP_RESOURCE_SHARED) == 0)
			item_subtract_free(self, agent, &resources->items[i]);
	headroom_change(self, agent, 1);
	alloc_plain_count(self, agent);
	alloc_free_changed(self, agent);
}

void alloc_free_copy(const struct alloc_agent *agent, struct tp_resources *ret)
{
	uint32_t i;

	tp_resources_copy(ret, &agent->plain);
	for (i = 0; i < agent->n_others; i++)
		tp_resources_add(ret, &agent->others[i].free);
}

/* What of the total is shared is free, nothing else that is shared is. */
void alloc_shared_refresh(struct tp_allotment *self, struct alloc_agent *agent)
{
	const struct tp_resources *total = &alloc_host_of(self, agent)->total;
	tp_cleanup(resources) struct tp_resources free = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources all = TP_RESOURCES_INIT;
	bool any = false;
	uint32_t i;

	alloc_free_copy(agent, &all);
	for (i = 0; i < all.n; i++) {
		if ((all.items[i].key->flags & TP_RESOURCE_SHARED) != 0)
			any = true;
		else
			tp_resources_add_item(&free, &all.items[i]);
	}
	for (i = 0; i < total->n; i++) {
		if ((total->items[i].key->flags & TP_RESOURCE_SHARED) == 0)
			continue;
		tp_resources_add_item(&free, &total->items[i]);
		any = true;
	}
	if (any)
		alloc_free_set(self, agent, &free);
}
