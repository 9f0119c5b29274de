/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Orders and wires the graph that bind.c made. After graph_sort() without issues there are no
 * cycles. A provider compiled against an older header may have a shorter ops table than its
 * user knows: the user then gets a copy that is extended with NULL.
 */
#include "core/kernel/graph.h"

#include <string.h>

enum { VISIT_NEW, VISIT_OPEN, VISIT_DONE };

static const struct tp_require *require_row(const struct instance *node, size_t i)
{
	const struct tp_require *rows = node->module->requires;

	return rows != NULL && rows[i].kind != NULL ? &rows[i] : NULL;
}

struct path {
	struct instance **nodes;
	size_t n;
};

static void report_cycle(
	const struct path *path, const struct instance *again, struct issues *issues)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	size_t i = 0;

	while (path->nodes[i] != again)
		i++;
	for (; i < path->n; i++)
		tp_strbuf_printf(&text, "%s -> ", path->nodes[i]->name);
	issues_add(issues, &again->entry->mark,
		"%s: modules use each other in a circle: %s%s", again->name, text.data,
		again->name);
}

/* Depth first; as deep as there are instances at most. False after a cycle was reported. */
static bool visit(struct graph *graph, struct instance *node, struct path *path,
	struct issues *issues)
{
	if (node->visited == VISIT_DONE)
		return true;
	if (node->visited == VISIT_OPEN) {
		report_cycle(path, node, issues);
		return false;
	}
	node->visited = VISIT_OPEN;
	path->nodes[path->n++] = node;
	for (size_t i = 0; require_row(node, i) != NULL; i++) {
		const struct binding *binding = &node->bindings[i];

		for (size_t k = 0; k < binding->n; k++) {
			if (!visit(graph, binding->providers[k]->instance, path, issues))
				return false;
		}
	}
	path->n--;
	node->visited = VISIT_DONE;
	graph->order[graph->n_order++] = node;
	return true;
}

void graph_sort(struct graph *graph, struct issues *issues)
{
	size_t bytes = graph->n_nodes * sizeof(struct instance *);
	struct path path = { tp_arena_alloc(graph->arena, bytes), 0 };

	graph->order = tp_arena_alloc(graph->arena, bytes);
	graph->n_order = 0;
	for (size_t i = 0; i < graph->n_nodes; i++) {
		if (!visit(graph, graph->nodes[i], &path, issues))
			return;
	}
}

struct tp_service graph_service(const struct graph *graph,
	const struct provider *provider, const struct tp_require *require)
{
	const struct tp_provide *row = provider->row;
	const void *ops = row->ops;

	if (row->ops_size < require->ops_size) {
		void *longer = tp_arena_alloc(graph->arena, require->ops_size);

		memcpy(longer, row->ops, row->ops_size);
		ops = longer;
	}
	return (struct tp_service){ ops, provider->instance->self };
}

static void wire_many(const struct graph *graph, const struct binding *binding,
	const struct tp_require *require, struct tp_services *slot)
{
	struct tp_service_item *items =
		tp_arena_alloc(graph->arena, (binding->n + 1) * sizeof(*items));

	for (size_t i = 0; i < binding->n; i++) {
		items[i].service = graph_service(graph, binding->providers[i], require);
		items[i].key = binding->providers[i]->row->key;
		items[i].instance = binding->providers[i]->instance->name;
	}
	slot->items = items;
	slot->n = binding->n;
}

static bool is_bound_to(const struct binding *binding, const struct instance *instance)
{
	for (size_t i = 0; i < binding->n; i++) {
		if (binding->providers[i]->instance == instance)
			return true;
	}
	return false;
}

static const struct instance *find_needer(
	const struct graph *graph, const struct instance *instance)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct instance *node = graph->nodes[i];
		const struct tp_require *row;

		for (size_t k = 0;
			!node->left_out && (row = require_row(node, k)) != NULL; k++) {
			bool free = row->flags &
				(TP_REQUIRE_IS_MANY | TP_REQUIRE_IS_OPTIONAL);

			/* Who has begun may have kept what its slot holds. */
			if (is_bound_to(&node->bindings[k], instance) &&
				(!free || node->begun))
				return node;
		}
	}
	return NULL;
}

static void unbind(const struct graph *graph, const struct instance *node, size_t k,
	const struct instance *instance)
{
	const struct tp_require *row = require_row(node, k);
	struct binding *binding = &node->bindings[k];
	void *slot = (char *)node->self + row->slot;
	size_t n = 0;

	for (size_t i = 0; i < binding->n; i++) {
		if (binding->providers[i]->instance != instance)
			binding->providers[n++] = binding->providers[i];
	}
	binding->n = n;
	if (row->flags & TP_REQUIRE_IS_MANY)
		wire_many(graph, binding, row, slot);
	else
		*(struct tp_service *)slot = (struct tp_service){ 0 };
}

const struct instance *graph_drop(struct graph *graph, const struct instance *instance)
{
	const struct instance *needer = find_needer(graph, instance);

	if (needer != NULL)
		return needer;
	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct instance *node = graph->nodes[i];

		for (size_t k = 0; require_row(node, k) != NULL; k++) {
			if (is_bound_to(&node->bindings[k], instance))
				unbind(graph, node, k, instance);
		}
	}
	return NULL;
}

void graph_wire_node(const struct graph *graph, const struct instance *node)
{
	const struct tp_require *row;

	for (size_t k = 0; (row = require_row(node, k)) != NULL; k++) {
		const struct binding *binding = &node->bindings[k];
		void *slot = (char *)node->self + row->slot;

		if (row->flags & TP_REQUIRE_IS_MANY)
			wire_many(graph, binding, row, slot);
		else if (binding->n == 1)
			*(struct tp_service *)slot =
				graph_service(graph, binding->providers[0], row);
	}
}

void graph_wire(struct graph *graph)
{
	for (size_t i = 0; i < graph->n_nodes; i++)
		graph_wire_node(graph, graph->nodes[i]);
}

static void print_require(const struct tp_require *row, const struct binding *binding,
	struct tp_strbuf *out)
{
	tp_strbuf_printf(out, "\trequires %s ABI %u <-", row->kind, row->abi);
	if (binding->n == 0)
		tp_strbuf_puts(out, " nobody");
	for (size_t i = 0; i < binding->n; i++)
		tp_strbuf_printf(out, "%s %s", i > 0 ? "," : "",
			binding->providers[i]->instance->name);
	tp_strbuf_putc(out, '\n');
}

static void print_node(const struct instance *node, struct tp_strbuf *out)
{
	const struct tp_provide *provide = node->module->provides;
	const struct tp_require *require;

	if (node->entry == NULL)
		tp_strbuf_printf(out, "%s: service of the kernel\n", node->name);
	else
		tp_strbuf_printf(out, "%s: %s %s%s%s\n", node->name, node->module->name,
			node->module->version, *node->loaded->file != '\0' ? ", " : "",
			node->loaded->file);
	for (; provide != NULL && provide->kind != NULL; provide++)
		tp_strbuf_printf(out, "\tprovides %s ABI %u%s%s%s\n", provide->kind,
			provide->abi, provide->key != NULL ? " (" : "",
			provide->key != NULL ? provide->key : "",
			provide->key != NULL ? ")" : "");
	for (size_t i = 0; (require = require_row(node, i)) != NULL; i++)
		print_require(require, &node->bindings[i], out);
}

void graph_print(const struct graph *graph, struct tp_strbuf *out)
{
	for (size_t i = 0; i < graph->n_order; i++)
		print_node(graph->order[i], out);
}
