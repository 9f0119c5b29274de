/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_registry.h. The variables are in memory and outlive all kernels. A request takes two
 * steps, each after its time: first it happens, then it is told.
 *
 *	WAITING ─► HAPPENED ─► done		WAITING ─killed─► happened or not, done(-EIO)
 */
#include "sim_registry.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "sim_random.h"
#include "tepui/arena.h"
#include "tepui/list.h"
#include "tepui/map.h"

#define STEP_NS_MAX (2 * TP_MSEC)

struct variable {
	struct tp_map_node node;
	char *name;
	void *data;
	size_t len;
};

struct sim_registry {
	struct tp_map variables;
	uint64_t version;
	struct sim_random random;
	bool instant;
	int64_t slow_ns;
	unsigned fail_n;
};

struct sim_registry_instance {
	struct tp_instance instance;
	struct sim_registry *world;
	struct tp_list requests; /* oldest first, each with its timer */
	int64_t last_due_ns;
	bool dead; /* nothing it asks for happens any more */
};

struct pending {
	struct tp_list node;
	struct sim_registry_instance *module;
	struct tp_registry_request *request;
	struct tp_arena *arena; /* what is to be stored, or what was fetched */
	bool is_store;
	const struct tp_registry_entry *changes;
	size_t n_changes;
	bool happened;
	int status;
	struct tp_timer timer;
};

/* --- the store -------------------------------------------------------------------------- */

static void variable_destroy(struct sim_registry *self, struct variable *variable)
{
	tp_map_remove(&self->variables, &variable->node);
	tp_free(variable->name);
	tp_free(variable->data);
	tp_free(variable);
}

static void apply(struct sim_registry *self, const struct tp_registry_entry *change)
{
	struct variable *variable =
		tp_map_get(&self->variables, change->name, struct variable, node);

	if (variable != NULL)
		variable_destroy(self, variable);
	if (change->data == NULL)
		return;
	variable = tp_alloc(sizeof *variable);
	variable->name = tp_strdup(change->name);
	variable->data = tp_alloc(change->len + 1);
	memcpy(variable->data, change->data, change->len);
	variable->len = change->len;
	tp_map_add(&self->variables, &variable->node, variable->name);
}

static void store(struct sim_registry *self, struct pending *p)
{
	if (p->request->version != self->version) {
		p->status = tp_fail(&p->request->err, ESTALE,
			"somebody else wrote the registry since it was read");
		return;
	}
	for (size_t i = 0; i < p->n_changes; i++)
		apply(self, &p->changes[i]);
	p->request->version = ++self->version;
}

static int compare(const void *a, const void *b)
{
	return strcmp(((const struct tp_registry_entry *)a)->name,
		((const struct tp_registry_entry *)b)->name);
}

static void fetch(struct sim_registry *self, struct pending *p)
{
	struct tp_registry_entry *entries =
		tp_arena_alloc(p->arena, (self->variables.n + 1) * sizeof *entries);
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_map_foreach (node, tmp, &self->variables) {
		struct variable *variable = tp_map_entry(node, struct variable, node);

		entries[n++] = (struct tp_registry_entry){
			.name = tp_arena_strdup(p->arena, variable->name),
			.data = tp_arena_memdup(p->arena, variable->data, variable->len),
			.len = variable->len,
		};
	}
	qsort(entries, n, sizeof *entries, compare);
	p->request->entries = entries;
	p->request->n_entries = n;
	p->request->version = self->version;
}

static void happen(struct pending *p)
{
	struct sim_registry *self = p->module->world;

	p->happened = true;
	if (self->fail_n > 0) {
		self->fail_n--;
		p->status = tp_fail_errno(
			&p->request->err, EIO, "the simulated registry says no");
	} else if (p->is_store) {
		store(self, p);
	} else {
		fetch(self, p);
	}
}

/* --- the requests ----------------------------------------------------------------------- */

static void tell(struct pending *p)
{
	struct tp_registry_request *request = p->request;
	int status = p->status;
	struct tp_arena *arena = p->arena;

	tp_timer_disarm(p->module->instance.loop, &p->timer);
	tp_list_remove(&p->node);
	tp_free(p);
	request->done(request, status);
	tp_arena_destroy(arena);
}

/* Never before the one that came earlier. */
static void wait(struct pending *p)
{
	struct sim_registry_instance *module = p->module;
	struct sim_registry *self = module->world;
	int64_t now_ns = tp_loop_now_ns(module->instance.loop);
	int64_t due_ns = now_ns + self->slow_ns / 2;

	if (!self->instant)
		due_ns += sim_random_below(&self->random, (unsigned)STEP_NS_MAX);
	if (due_ns > module->last_due_ns)
		module->last_due_ns = due_ns;
	tp_timer_arm(module->instance.loop, &p->timer, module->last_due_ns - now_ns);
}

static void on_timer(struct tp_timer *timer)
{
	struct pending *p = tp_container_of(timer, struct pending, timer);

	if (p->happened) {
		tell(p);
		return;
	}
	happen(p);
	wait(p);
}

static void settle(struct pending *p)
{
	p->happened = true;
	if (p->status == 0)
		p->status = tp_fail(&p->request->err, EIO, "the process died");
}

static struct pending *pending_add(
	struct sim_registry_instance *module, struct tp_registry_request *request)
{
	struct pending *p = tp_alloc(sizeof *p);

	p->module = module;
	p->request = request;
	p->arena = tp_arena_create(0);
	p->timer.fire = on_timer;
	tp_list_append(&module->requests, &p->node);
	if (module->dead)
		settle(p);
	return p;
}

static int sim_open(void *impl, const char *work_dir, struct tp_error *err)
{
	(void)impl, (void)work_dir, (void)err;
	return 0;
}

static void sim_fetch(void *impl, struct tp_registry_request *request)
{
	wait(pending_add(impl, request));
}

static void sim_store(void *impl, struct tp_registry_request *request,
	const struct tp_registry_entry *changes, size_t n_changes)
{
	struct pending *p = pending_add(impl, request);
	struct tp_registry_entry *copy =
		tp_arena_alloc(p->arena, (n_changes + 1) * sizeof *copy);

	for (size_t i = 0; i < n_changes; i++) {
		copy[i].name = tp_arena_strdup(p->arena, changes[i].name);
		copy[i].len = changes[i].len;
		if (changes[i].data != NULL)
			copy[i].data = tp_arena_memdup(
				p->arena, changes[i].data, changes[i].len);
	}
	p->is_store = true;
	p->changes = copy;
	p->n_changes = n_changes;
	wait(p);
}

static const struct tp_registry_ops sim_ops = {
	.open = sim_open,
	.fetch = sim_fetch,
	.store = sim_store,
};

static int sim_init(void *impl, struct tp_error *err)
{
	struct sim_registry_instance *module = impl;

	(void)err;
	tp_list_init(&module->requests);
	return 0;
}

static void sim_fini(void *impl)
{
	struct sim_registry_instance *module = impl;
	struct tp_list *node, *tmp;

	if (module->requests.next == NULL)
		return; /* init() never ran */
	/* Whoever asked and went waits for the answer, to free what it asked with. */
	tp_list_foreach (node, tmp, &module->requests) {
		struct pending *p = tp_container_of(node, struct pending, node);

		p->status = tp_fail(
			&p->request->err, ECANCELED, "the simulated registry ends");
		tell(p);
	}
}

const struct tp_module sim_registry_module = {
	TP_MODULE_HEADER,
	.name = "sim-registry",
	.version = "1",
	.summary = "A registry on virtual time",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("registry", TP_REGISTRY_ABI, sim_ops), { 0 } },
	.instance_size = sizeof(struct sim_registry_instance),
	.init = sim_init,
	.fini = sim_fini,
};

/* --- what tests do to it ---------------------------------------------------------------- */

struct sim_registry *sim_registry_create(uint64_t seed)
{
	struct sim_registry *self = tp_alloc(sizeof *self);

	tp_map_init(&self->variables);
	self->random.state = seed;
	self->instant = seed == 0;
	return self;
}

void sim_registry_destroy(struct sim_registry *self)
{
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_map_foreach (node, tmp, &self->variables)
		variable_destroy(self, tp_map_entry(node, struct variable, node));
	tp_map_fini(&self->variables);
	tp_free(self);
}

void sim_registry_bind(struct sim_registry *self, void *instance)
{
	((struct sim_registry_instance *)instance)->world = self;
}

void sim_registry_kill(struct sim_registry *self, void *instance)
{
	struct sim_registry_instance *module = instance;
	struct tp_list *node, *tmp;

	module->dead = true;
	tp_list_foreach (node, tmp, &module->requests) {
		struct pending *p = tp_container_of(node, struct pending, node);

		if (!p->happened && sim_random_below(&self->random, 2) == 0)
			happen(p);
		settle(p);
		tp_timer_arm(module->instance.loop, &p->timer, 0);
	}
}

void sim_registry_slow(struct sim_registry *self, int64_t delay_ns)
{
	self->slow_ns = delay_ns;
}

void sim_registry_fail(struct sim_registry *self, unsigned n)
{
	self->fail_n = n;
}

bool sim_registry_has(const struct sim_registry *self, const char *name)
{
	return tp_map_find(&self->variables, name) != NULL;
}

size_t sim_registry_count(const struct sim_registry *self, const char *prefix)
{
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_map_foreach (node, tmp, &self->variables) {
		const struct variable *variable =
			tp_map_entry(node, struct variable, node);

		n += strncmp(variable->name, prefix, strlen(prefix)) == 0;
	}
	return n;
}
