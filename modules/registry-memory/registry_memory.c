/* SPDX-License-Identifier: Apache-2.0 */
/*
 * registry-memory: the registry contract without durability. For tests, demonstrations and
 * clusters that may forget their agents when the master ends; everything is lost with the
 * process. Answers come on the next turn of the loop, as the contract asks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/arena.h"
#include "tepui/kind/registry.h"
#include "tepui/list.h"
#include "tepui/map.h"
#include "tepui/module.h"

struct variable {
	struct tp_map_node node;
	char *name;
	void *data;
	size_t len;
};

/* A request on its way to done(). */
struct answer {
	struct tp_defer defer;
	struct tp_list node;
	struct memory *self;
	struct tp_registry_request *request;
	struct tp_arena *arena; /* of a fetch: the entries as they were */
	int status;
};

struct memory {
	struct tp_instance instance;
	struct tp_map variables;
	struct tp_list answers;
	uint64_t version;
};

static void variable_destroy(struct memory *self, struct variable *variable)
{
	tp_map_remove(&self->variables, &variable->node);
	tp_free(variable->name);
	tp_free(variable->data);
	tp_free(variable);
}

static void answer_destroy(struct answer *answer)
{
	tp_list_remove(&answer->node);
	tp_arena_destroy(answer->arena);
	tp_free(answer);
}

static void answer_run(struct tp_defer *defer)
{
	struct answer *answer = tp_container_of(defer, struct answer, defer);
	struct tp_registry_request *request = answer->request;

	request->done(request, answer->status);
	answer_destroy(answer);
}

static struct answer *answer_queue(
	struct memory *self, struct tp_registry_request *request, int status)
{
	struct answer *answer = tp_alloc(sizeof(*answer));

	answer->self = self;
	answer->request = request;
	answer->status = status;
	answer->defer.run = answer_run;
	tp_list_append(&self->answers, &answer->node);
	tp_loop_defer(self->instance.loop, &answer->defer);
	return answer;
}

static int memory_open(void *impl, const char *work_dir, struct tp_error *err)
{
	(void)impl;
	(void)work_dir;
	(void)err;
	return 0;
}

static int entry_compare(const void *a, const void *b)
{
	return strcmp(((const struct tp_registry_entry *)a)->name,
		((const struct tp_registry_entry *)b)->name);
}

static void memory_fetch(void *impl, struct tp_registry_request *request)
{
	struct memory *self = impl;
	struct answer *answer = answer_queue(self, request, 0);
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_registry_entry *entries =
		tp_arena_alloc(arena, (self->variables.n + 1) * sizeof(*entries));
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_map_foreach (node, tmp, &self->variables) {
		struct variable *variable = tp_map_entry(node, struct variable, node);

		entries[n++] = (struct tp_registry_entry){
			.name = tp_arena_strdup(arena, variable->name),
			.data = tp_arena_memdup(arena, variable->data, variable->len),
			.len = variable->len,
		};
	}
	qsort(entries, n, sizeof(*entries), entry_compare);
	answer->arena = arena;
	request->entries = entries;
	request->n_entries = n;
	request->version = self->version;
}

static void memory_apply(struct memory *self, const struct tp_registry_entry *change)
{
	struct variable *variable =
		tp_map_get(&self->variables, change->name, struct variable, node);

	if (variable != NULL)
		variable_destroy(self, variable);
	if (change->data == NULL)
		return;
	variable = tp_alloc(sizeof(*variable));
	variable->name = tp_strdup(change->name);
	variable->data = tp_alloc(change->len + 1);
	memcpy(variable->data, change->data, change->len);
	variable->len = change->len;
	tp_map_add(&self->variables, &variable->node, variable->name);
}

static void memory_store(void *impl, struct tp_registry_request *request,
	const struct tp_registry_entry *changes, size_t n_changes)
{
	struct memory *self = impl;

	if (request->version != self->version) {
		int r = tp_fail(&request->err, ESTALE,
			"the registry is at version %llu, the change is based on %llu",
			(unsigned long long)self->version,
			(unsigned long long)request->version);

		answer_queue(self, request, r);
		return;
	}
	for (size_t i = 0; i < n_changes; i++)
		memory_apply(self, &changes[i]);
	request->version = ++self->version;
	answer_queue(self, request, 0);
}

static int memory_init(void *impl, struct tp_error *err)
{
	struct memory *self = impl;

	(void)err;
	tp_map_init(&self->variables);
	tp_list_init(&self->answers);
	return 0;
}

static void memory_fini(void *impl)
{
	struct memory *self = impl;
	struct tp_list *node, *tmp;

	if (self->answers.next == NULL)
		return; /* init() never ran */
	tp_list_foreach (node, tmp, &self->answers) {
		struct answer *answer = tp_container_of(node, struct answer, node);

		tp_loop_undefer(self->instance.loop, &answer->defer);
		answer_destroy(answer);
	}
	tp_map_foreach (node, tmp, &self->variables) {
		variable_destroy(self, tp_map_entry(node, struct variable, node));
	}
	tp_map_fini(&self->variables);
}

static const struct tp_registry_ops memory_ops = {
	.open = memory_open,
	.fetch = memory_fetch,
	.store = memory_store,
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "registry-memory",
	.version = "1.0",
	.summary = "Keeps the registry in memory: lost with the master",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("registry", TP_REGISTRY_ABI, memory_ops), { 0 } },
	.instance_size = sizeof(struct memory),
	.init = memory_init,
	.fini = memory_fini,
};
