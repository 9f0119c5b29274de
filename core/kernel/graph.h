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

/* Chooses providers for every require row of every node. */
void graph_bind(struct graph *graph, struct issues *issues);
/* Fills `order`: the manifest's order, but for what has to come earlier. */
void graph_sort(struct graph *graph, struct issues *issues);
/*
 * Takes back what an instance provides, from those that can do without: where its kind is
 * optional or one of many. When somebody cannot, returns them and changes nothing; NULL = done.
 */
const struct instance *graph_drop(struct graph *graph, const struct instance *instance);
/* Writes the services into the slots of every instance. */
void graph_wire(struct graph *graph);
/* One paragraph per instance: where it comes from, what it provides, what it uses of whom. */
void graph_print(const struct graph *graph, struct tp_strbuf *out);

#endif
