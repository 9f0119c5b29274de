/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients: a framework in one of its roles. One is listed, and so has a turn, while its framework
 * is active, subscribes to the role and has not suppressed it; it exists as long as the
 * framework subscribes or holds something, so that shares and quotas count what is held.
 */
#include "core/cluster/allocation/client.h"

#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/metric.h"

static uint32_t slot_take(struct tp_allotment *self)
{
	uint32_t slot = self->free_client;

	if (slot != ALLOC_NONE) {
		self->free_client = self->clients[slot].handle;
		return slot;
	}
	if (self->n_clients == self->clients_room) {
		self->clients_room =
			self->clients_room == 0 ? 16 : 2 * self->clients_room;
		self->clients = tp_realloc(
			self->clients, self->clients_room * sizeof *self->clients);
	}
	self->clients[self->n_clients] = (struct alloc_client){ .used = false };
	return self->n_clients++;
}

/* The first framework of a role makes the role a client of the order of roles. */
static void role_open(struct tp_allotment *self, struct alloc_role *role)
{
	const struct tp_sorter_spec spec = {
		.cluster = &self->cluster,
		.flat = true,
		.seed = self->seed + role->index + 1,
	};

	role->frameworks =
		self->framework_sorter.ops->create(self->framework_sorter.impl, &spec);
	role->handle = self->role_sorter.ops->add(
		self->role_order, role->text->text, role->index);
	alloc_role_metrics_add(self, role);
}

static void role_close(struct tp_allotment *self, struct alloc_role *role)
{
	self->framework_sorter.ops->destroy(role->frameworks);
	role->frameworks = NULL;
	self->role_sorter.ops->remove(self->role_order, role->handle);
}

/* By its id; the slot tells those apart that have the same, or none. */
static uint32_t framework_enter(struct tp_allotment *self, const struct alloc_role *role,
	uint32_t framework, uint32_t client)
{
	const char *id = self->frameworks[framework].id;
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s %010u", id == NULL ? "" : id, framework);

	return self->framework_sorter.ops->add(role->frameworks, path, client);
}

static uint32_t client_create(
	struct tp_allotment *self, uint32_t framework, const char *name)
{
	struct alloc_role *role = alloc_role_get(self, name);
	uint32_t slot = slot_take(self);
	struct alloc_client *client = &self->clients[slot];
	struct alloc_framework *owner = &self->frameworks[framework];

	alloc_filters_renew(self, slot);
	*client = (struct alloc_client){
		.used = true,
		.framework = framework,
		.role = role->index,
		.epoch = client->epoch,
	};
	if (role->n_clients++ == 0)
		role_open(self, role);
	client->handle = framework_enter(self, role, framework, slot);
	if (owner->n_clients == owner->room) {
		owner->room = owner->room == 0 ? 2 : 2 * owner->room;
		owner->clients =
			tp_realloc(owner->clients, owner->room * sizeof *owner->clients);
	}
	owner->clients[owner->n_clients++] = slot;
	return slot;
}

uint32_t alloc_client_find(
	const struct tp_allotment *self, uint32_t framework, const char *role)
{
	const struct alloc_framework *owner;
	uint32_t i;

	if (framework >= self->n_frameworks)
		return ALLOC_NONE;
	owner = &self->frameworks[framework];
	for (i = 0; i < owner->n_clients; i++) {
		const struct alloc_client *client = &self->clients[owner->clients[i]];

		if (strcmp(self->roles[client->role]->text->text, role) == 0)
			return owner->clients[i];
	}
	return ALLOC_NONE;
}

uint32_t alloc_client_get(struct tp_allotment *self, uint32_t framework, const char *role)
{
	uint32_t client = alloc_client_find(self, framework, role);

	return client != ALLOC_NONE ? client : client_create(self, framework, role);
}

/* --- listing --------------------------------------------------------------------------- */

static void list(struct tp_allotment *self, uint32_t slot, struct alloc_role *role)
{
	self->clients[slot].listed = true;
	self->framework_sorter.ops->activate(
		role->frameworks, self->clients[slot].handle);
	self->n_listed++;
	if (role->n_listed++ == 0) {
		self->role_sorter.ops->activate(self->role_order, role->handle);
		role->hungry_ns = tp_loop_now_ns(self->instance->loop);
	}
}

static void unlist(struct tp_allotment *self, uint32_t slot, struct alloc_role *role)
{
	self->clients[slot].listed = false;
	self->framework_sorter.ops->deactivate(
		role->frameworks, self->clients[slot].handle);
	self->n_listed--;
	if (--role->n_listed == 0)
		self->role_sorter.ops->deactivate(self->role_order, role->handle);
}

void alloc_client_refresh(struct tp_allotment *self, uint32_t slot)
{
	const struct alloc_client *client = &self->clients[slot];
	const struct alloc_framework *owner = &self->frameworks[client->framework];
	bool listed =
		owner->used && owner->active && client->subscribed && !client->suppressed;

	if (listed == client->listed)
		return;
	if (listed)
		list(self, slot, self->roles[client->role]);
	else
		unlist(self, slot, self->roles[client->role]);
}

/* --- the end --------------------------------------------------------------------------- */

void alloc_client_remove(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_client *client = &self->clients[slot];
	struct alloc_framework *owner = &self->frameworks[client->framework];
	struct alloc_role *role = self->roles[client->role];
	struct alloc_role *top = self->roles[role->top];
	uint32_t i;

	client->subscribed = false;
	alloc_client_refresh(self, slot);
	alloc_filters_clear_client(self, slot);
	alloc_constraints_set(self, slot, NULL);
	alloc_minimum_set(self, slot, NULL);
	tp_quantities_subtract(&role->held, &client->held);
	tp_quantities_subtract(&top->unreserved, &client->unreserved);
	tp_quantities_subtract(&self->offered, &client->held);
	if (!tp_quantities_empty(&client->held))
		self->role_sorter.ops->unallocated(
			self->role_order, role->handle, ALLOC_NONE, &client->held);
	self->framework_sorter.ops->remove(role->frameworks, client->handle);
	for (i = 0; owner->clients[i] != slot; i++)
		;
	owner->clients[i] = owner->clients[--owner->n_clients];
	client->used = false;
	client->handle = self->free_client;
	self->free_client = slot;
	if (--role->n_clients == 0)
		role_close(self, role);
	alloc_role_release(self, role);
}

void alloc_client_release(struct tp_allotment *self, uint32_t slot)
{
	const struct alloc_client *client = &self->clients[slot];

	if (!client->subscribed && client->n_holds == 0)
		alloc_client_remove(self, slot);
}

void alloc_clients_fini(struct tp_allotment *self)
{
	uint32_t i;

	for (i = 0; i < self->n_clients; i++) {
		struct alloc_client *client = &self->clients[i];

		if (!client->used)
			continue;
		alloc_constraints_destroy(client->constraints);
		alloc_minimum_destroy(client->minimum);
	}
	tp_free(self->clients);
}
