/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The books. What a client holds of an agent is one number, the sum of all amounts of whatever
 * kind: enough to know when nothing is left. Shared resources are kept with their counts, since
 * the same one held twice on an agent counts once for the client, and once for its role.
 */
#include "core/cluster/allocation/hold.h"

#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/run.h"
#include "core/cluster/allocation/vector.h"

uint64_t alloc_mass_of(const struct tp_resource_item *item)
{
	uint64_t mass = 0;
	uint32_t i;

	if (item->key->type == TP_VALUE_SCALAR)
		return (uint64_t)item->milli * item->copies;
	if (item->key->type == TP_VALUE_SET)
		return item->words->n;
	for (i = 0; i < item->spans->n; i++)
		mass += item->spans->items[i].end - item->spans->items[i].begin + 1;
	return mass;
}

void alloc_amount_of(const struct tp_allotment *self,
	const struct tp_resource_item *items, uint32_t n, struct alloc_amount *ret)
{
	const struct tp_resource_item *item;
	int at;

	*ret = (struct alloc_amount){ .mass = 0 };
	for (item = items; item < items + n; item++) {
		ret->mass += alloc_mass_of(item);
		if ((item->key->flags & TP_RESOURCE_SHARED) != 0) {
			ret->shared = true;
			continue;
		}
		at = tp_quantity_of(&self->names, item);
		if (at < 0)
			continue;
		ret->all.milli[at] += item->milli;
		if (item->key->n_reservations == 0 &&
			(item->key->flags & TP_RESOURCE_REVOCABLE) == 0)
			ret->unreserved.milli[at] += item->milli;
	}
}

/* --- entries --------------------------------------------------------------------------- */

struct alloc_hold *alloc_hold_find(const struct alloc_agent *agent, uint32_t client)
{
	uint32_t i;

	for (i = 0; i < agent->n_holds; i++)
		if (alloc_holds_of(agent)[i].client == client)
			return &alloc_holds_of(agent)[i];
	return NULL;
}

bool alloc_framework_holds(const struct tp_allotment *self,
	const struct alloc_agent *agent, uint32_t framework)
{
	uint32_t i;

	for (i = 0; i < agent->n_holds; i++)
		if (self->clients[alloc_holds_of(agent)[i].client].framework == framework)
			return true;
	return false;
}

/* The one that stands in the agent moves out when a second comes. */
static void holds_grow(struct alloc_agent *agent)
{
	uint32_t room = agent->holds_room == 0 ? 2 : 2 * agent->holds_room;
	struct alloc_hold *many = agent->holds_room == 0 ? NULL : agent->holds.many;
	struct alloc_hold one = agent->holds.one;

	many = tp_realloc(many, room * sizeof *many);
	if (agent->holds_room == 0)
		many[0] = one;
	agent->holds.many = many;
	agent->holds_room = room;
}

static struct alloc_hold *hold_get(
	struct tp_allotment *self, struct alloc_agent *agent, uint32_t client)
{
	struct alloc_hold *hold = alloc_hold_find(agent, client);

	if (hold != NULL)
		return hold;
	if (agent->n_holds > 0 && agent->n_holds >= agent->holds_room)
		holds_grow(agent);
	self->clients[client].n_holds++;
	hold = &alloc_holds_of(agent)[agent->n_holds++];
	*hold = (struct alloc_hold){ .client = client };
	return hold;
}

static void hold_destroy(
	struct tp_allotment *self, struct alloc_agent *agent, struct alloc_hold *hold)
{
	if (hold->shared != NULL)
		tp_resources_fini(hold->shared);
	tp_free(hold->shared);
	self->clients[hold->client].n_holds--;
	*hold = alloc_holds_of(agent)[--agent->n_holds];
}

void alloc_holds_drop_client(struct tp_allotment *self, uint32_t client)
{
	struct alloc_hold *hold;
	uint32_t i;

	for (i = 0; i < self->n_agents && self->clients[client].n_holds > 0; i++) {
		hold = alloc_hold_find(&self->agents[i], client);
		if (hold != NULL)
			hold_destroy(self, &self->agents[i], hold);
	}
}

void alloc_holds_drop_agent(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_agent *agent = &self->agents[slot];

	while (agent->n_holds > 0) {
		uint32_t client = alloc_holds_of(agent)[0].client;

		hold_destroy(self, agent, &alloc_holds_of(agent)[0]);
		alloc_client_release(self, client);
	}
	if (agent->holds_room > 0)
		tp_free(agent->holds.many);
	agent->holds_room = 0;
}

/* --- shared ---------------------------------------------------------------------------- */

static bool holds_item(const struct alloc_hold *hold, const struct tp_resource_item *item)
{
	struct tp_resources one = { (struct tp_resource_item *)item, 1, 1 };

	return hold->shared != NULL && tp_resources_contains(hold->shared, &one);
}

/* Another client of the same role holds it on this agent. */
static bool role_holds_item(const struct tp_allotment *self,
	const struct alloc_agent *agent, const struct alloc_hold *but,
	const struct tp_resource_item *item)
{
	uint32_t i;

	for (i = 0; i < agent->n_holds; i++) {
		const struct alloc_hold *hold = &alloc_holds_of(agent)[i];

		if (hold != but &&
			self->clients[hold->client].role ==
				self->clients[but->client].role &&
			holds_item(hold, item))
			return true;
	}
	return false;
}

/* Counts the shared items that came or went into the client's and the role's amount. */
static void shared_book(struct tp_allotment *self, struct alloc_agent *agent,
	struct alloc_hold *hold, const struct tp_resource_item *items, uint32_t n,
	bool more, struct tp_quantities *client, struct tp_quantities *role)
{
	struct tp_resource_item item;
	uint32_t i;
	bool held;
	int at;

	for (i = 0; i < n; i++) {
		if ((items[i].key->flags & TP_RESOURCE_SHARED) == 0)
			continue;
		item = items[i];
		item.allocation = NULL;
		if (hold->shared == NULL)
			hold->shared = tp_alloc(sizeof *hold->shared);
		if (!more)
			tp_resources_subtract_item(hold->shared, &item);
		item.copies = 1;
		held = holds_item(hold, &item);
		item.copies = items[i].copies;
		if (more)
			tp_resources_add_item(hold->shared, &item);
		at = tp_quantity_of(&self->names, &item);
		item.copies = 1;
		if (held || at < 0)
			continue;
		client->milli[at] += item.milli;
		if (!role_holds_item(self, agent, hold, &item))
			role->milli[at] += item.milli;
	}
}

/* --- sums ------------------------------------------------------------------------------ */

static void sums_add(struct tp_allotment *self, struct alloc_client *client,
	const struct tp_quantities *all, const struct tp_quantities *role_all,
	const struct tp_quantities *unreserved)
{
	struct alloc_role *role = self->roles[client->role];
	uint32_t n_names = self->cluster.n_names;

	vector_add(&client->held, all, n_names);
	vector_add(&role->held, role_all, n_names);
	vector_add(&self->offered, role_all, n_names);
	vector_add(&client->unreserved, unreserved, n_names);
	vector_add(&self->roles[role->top]->unreserved, unreserved, n_names);
}

static void sums_subtract(struct tp_allotment *self, struct alloc_client *client,
	const struct tp_quantities *all, const struct tp_quantities *role_all,
	const struct tp_quantities *unreserved)
{
	struct alloc_role *role = self->roles[client->role];
	uint32_t n_names = self->cluster.n_names;

	vector_subtract(&client->held, all, n_names);
	vector_subtract(&role->held, role_all, n_names);
	vector_subtract(&self->offered, role_all, n_names);
	vector_subtract(&client->unreserved, unreserved, n_names);
	vector_subtract(&self->roles[role->top]->unreserved, unreserved, n_names);
}

/* In all books but those of the sorters, for which it returns the gift. */
static void client_book(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount, struct alloc_gift *ret)
{
	struct alloc_agent *agent = &self->agents[agent_slot];
	struct alloc_hold *hold = hold_get(self, agent, slot);

	hold->mass += amount->mass;
	ret->client = slot;
	vector_copy(&ret->of_client, &amount->all, self->cluster.n_names);
	vector_copy(&ret->of_role, &amount->all, self->cluster.n_names);
	if (amount->shared)
		shared_book(self, agent, hold, items, n, true, &ret->of_client,
			&ret->of_role);
	sums_add(self, &self->clients[slot], &ret->of_client, &ret->of_role,
		&amount->unreserved);
}

static void gift_tell(
	struct tp_allotment *self, uint32_t agent, const struct alloc_gift *gift)
{
	const struct alloc_client *client = &self->clients[gift->client];
	const struct alloc_role *role = self->roles[client->role];

	self->framework_sorter.ops->allocated(
		role->frameworks, client->handle, agent, &gift->of_client);
	self->role_sorter.ops->allocated(
		self->role_order, role->handle, agent, &gift->of_role);
}

static void client_hold(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	struct alloc_gift gift = { .client = slot };

	client_book(self, slot, agent_slot, items, n, amount, &gift);
	gift_tell(self, agent_slot, &gift);
}

static void client_unhold(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	struct alloc_agent *agent = &self->agents[agent_slot];
	struct alloc_client *client = &self->clients[slot];
	struct alloc_role *role = self->roles[client->role];
	struct alloc_hold *hold = alloc_hold_find(agent, slot);
	struct tp_quantities all = amount->all, role_all = amount->all;

	if (hold == NULL)
		return; /* told twice, or never given */
	hold->mass = hold->mass > amount->mass ? hold->mass - amount->mass : 0;
	if (amount->shared)
		shared_book(self, agent, hold, items, n, false, &all, &role_all);
	sums_subtract(self, client, &all, &role_all, &amount->unreserved);
	self->framework_sorter.ops->unallocated(
		role->frameworks, client->handle, agent_slot, &all);
	self->role_sorter.ops->unallocated(
		self->role_order, role->handle, agent_slot, &role_all);
	if (hold->mass == 0)
		hold_destroy(self, agent, hold);
}

/* --- bundles --------------------------------------------------------------------------- */

static const char *role_of(const struct tp_resource_item *item)
{
	const char *role = tp_resource_allocation(item);

	return role == NULL ? "*" : role;
}

/* Moves the items of the first one's role to the front of items[0..n); returns how many. */
static uint32_t gather(struct tp_resource_item *items, uint32_t n)
{
	const char *role = role_of(&items[0]);
	struct tp_resource_item item;
	uint32_t n_part = 1, i;

	for (i = 1; i < n; i++) {
		if (items[i].allocation != items[0].allocation &&
			strcmp(role_of(&items[i]), role) != 0)
			continue;
		item = items[i];
		items[i] = items[n_part];
		items[n_part++] = item;
	}
	return n_part;
}

typedef void part_f(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount);

/* Calls `each` for the part of every role; clients that are not there are made, or passed over. */
static void by_role(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources, bool make, part_f *each)
{
	struct tp_resource_item few[16], *items = few;
	struct alloc_amount amount;
	uint32_t at = 0, n, client;

	if (resources->n > TP_COUNT(few))
		items = tp_alloc(resources->n * sizeof *items);
	if (resources->n > 0)
		memcpy(items, resources->items, resources->n * sizeof *items);
	for (; at < resources->n; at += n) {
		n = gather(items + at, resources->n - at);
		client = make ? alloc_client_get(self, framework, role_of(&items[at]))
			      : alloc_client_find(self, framework, role_of(&items[at]));
		if (client == ALLOC_NONE)
			continue;
		alloc_amount_of(self, items + at, n, &amount);
		each(self, client, agent, items + at, n, &amount);
	}
	if (items != few)
		tp_free(items);
}

void alloc_hold(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	by_role(self, framework, agent, resources, true, client_hold);
}

static void unhold_and_release(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	client_unhold(self, client, agent, items, n, amount);
	alloc_client_release(self, client);
}

void alloc_unhold(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *resources)
{
	by_role(self, framework, agent, resources, false, unhold_and_release);
}

void alloc_hold_client(struct tp_allotment *self, uint32_t client, uint32_t agent,
	const struct tp_resources *resources, const struct alloc_amount *amount)
{
	struct alloc_run *run = self->scratch;

	run->gifts = alloc_grow(
		run->gifts, &run->gifts_room, run->n_gifts, sizeof *run->gifts);
	client_book(self, client, agent, resources->items, resources->n, amount,
		&run->gifts[run->n_gifts++]);
}

void alloc_gifts_tell(struct tp_allotment *self, uint32_t agent)
{
	struct alloc_run *run = self->scratch;
	uint32_t i;

	for (i = 0; i < run->n_gifts; i++)
		gift_tell(self, agent, &run->gifts[i]);
	run->n_gifts = 0;
}

static void convert_out(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	static const struct tp_quantities nothing;
	struct alloc_agent *agent = &self->agents[agent_slot];
	struct alloc_client *client = &self->clients[slot];
	struct alloc_role *role = self->roles[client->role];
	struct alloc_hold *hold = alloc_hold_find(agent, slot);
	struct tp_quantities all = amount->all, role_all = amount->all;

	if (hold == NULL)
		return;
	hold->mass -= amount->mass;
	if (amount->shared)
		shared_book(self, agent, hold, items, n, false, &all, &role_all);
	sums_subtract(self, client, &all, &role_all, &amount->unreserved);
	self->framework_sorter.ops->update(
		role->frameworks, client->handle, agent_slot, &all, &nothing);
	self->role_sorter.ops->update(
		self->role_order, role->handle, agent_slot, &role_all, &nothing);
}

static void convert_in(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	static const struct tp_quantities nothing;
	struct alloc_agent *agent = &self->agents[agent_slot];
	struct alloc_hold *hold = hold_get(self, agent, slot);
	struct alloc_client *client = &self->clients[slot];
	struct alloc_role *role = self->roles[client->role];
	struct tp_quantities all = amount->all, role_all = amount->all;

	hold->mass += amount->mass;
	if (amount->shared)
		shared_book(self, agent, hold, items, n, true, &all, &role_all);
	sums_add(self, client, &all, &role_all, &amount->unreserved);
	self->framework_sorter.ops->update(
		role->frameworks, client->handle, agent_slot, &nothing, &all);
	self->role_sorter.ops->update(
		self->role_order, role->handle, agent_slot, &nothing, &role_all);
}

static void convert_end(struct tp_allotment *self, uint32_t slot, uint32_t agent_slot,
	const struct tp_resource_item *items, uint32_t n,
	const struct alloc_amount *amount)
{
	struct alloc_agent *agent = &self->agents[agent_slot];
	struct alloc_hold *hold = alloc_hold_find(agent, slot);

	(void)items, (void)n, (void)amount;
	if (hold == NULL || hold->mass > 0)
		return;
	hold_destroy(self, agent, hold);
	alloc_client_release(self, slot);
}

void alloc_hold_convert(struct tp_allotment *self, uint32_t framework, uint32_t agent,
	const struct tp_resources *from, const struct tp_resources *to)
{
	by_role(self, framework, agent, from, false, convert_out);
	by_role(self, framework, agent, to, true, convert_in);
	by_role(self, framework, agent, from, false, convert_end);
}
