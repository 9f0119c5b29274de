/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The graph of instances: who uses whose services. Bound from requires, provides and the `use`
 * of the manifest before anything runs.
 */
#ifndef KERNEL_GRAPH_H
#define KERNEL_GRAPH_H

#include "core/kernel/instance.h"
#include "tepui/strbuf.h"

struct graph {
	struct tp_arena *arena;
	struct instance **nodes; /* services of the kernel, then the manifest's order */
	size_t n_nodes;
	struct instance **order; /* every instance after all that it uses */
	size_t n_order;
};

/* NULL when there is none of that name. */
struct instance *graph_find(const struct graph *graph, const char *name);
/* Chooses providers for every require row of every node, or of one. */
void graph_bind(struct graph *graph, struct issues *issues);
void graph_bind_node(struct graph *graph, struct instance *node, struct issues *issues);
/* Fills `order`: the manifest's order, but for what has to come earlier. */
void graph_sort(struct graph *graph, struct issues *issues);
/*
 * Takes back what an instance provides, from those that can do without: where its kind is
 * optional or one of many. When somebody cannot, returns them and changes nothing; NULL = done.
 */
const struct instance *graph_drop(struct graph *graph, const struct instance *instance);
/* Writes the services into the slots of every instance, or of one. */
void graph_wire(struct graph *graph);
void graph_wire_node(const struct graph *graph, const struct instance *node);
/* What such a slot holds. */
struct tp_service graph_service(const struct graph *graph,
	const struct provider *provider, const struct tp_require *require);
/* One paragraph per instance: where it comes from, what it provides, what it uses of whom. */
void graph_print(const struct graph *graph, struct tp_strbuf *out);

#endif
