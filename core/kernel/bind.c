/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chooses who serves whom. For each require row either the manifest says it (`use`), or exactly
 * one other instance provides the kind; a MANY row takes all others in the manifest's order. An
 * instance never serves itself: one that requires what it provides wraps another one. All that
 * cannot be bound is reported, with the names of the candidates.
 */
#include "core/kernel/graph.h"

#include <string.h>

#include "core/kernel/suggest.h"

/* The requirer's side while one of its rows is bound. */
struct search {
	struct graph *graph;
	struct instance *node;
	const struct tp_require *row;
	struct binding *binding;
	struct issues *issues;
};

static const struct mark *mark_at(const struct instance *node, const struct node *use)
{
	return use != NULL ? &use->mark : &node->entry->mark;
}

static const char *origin(const struct instance *node)
{
	return node->loaded != NULL ? node->loaded->origin : "the kernel";
}

/* Adds the rows of `from` that fit; rows of another ABI are counted and, if asked, reported. */
static size_t add_rows(const struct search *search, struct instance *from,
	const struct node *use, bool report, size_t *n_others)
{
	const struct tp_require *row = search->row;
	const struct tp_provide *p = from->module->provides;
	struct tp_arena *arena = search->graph->arena;
	size_t n = 0;

	for (; p != NULL && p->kind != NULL; p++) {
		struct provider *provider;

		if (strcmp(p->kind, row->kind) != 0)
			continue;
		if (p->abi != row->abi) {
			*n_others += 1;
			if (report)
				issues_add(search->issues, mark_at(search->node, use),
					"%s: %s requires %s ABI %u, but '%s' (%s) "
					"provides %s ABI %u",
					search->node->name, origin(search->node),
					row->kind, row->abi, from->name, origin(from),
					row->kind, p->abi);
			continue;
		}
		provider = tp_arena_alloc(arena, sizeof(*provider));
		provider->instance = from;
		provider->row = p;
		tp_arena_push(arena, &search->binding->providers, &search->binding->n,
			provider);
		n++;
	}
	return n;
}

static bool provides(const struct instance *node, const char *kind)
{
	const struct tp_provide *p = node->module->provides;

	for (; p != NULL && p->kind != NULL; p++) {
		if (strcmp(p->kind, kind) == 0)
			return true;
	}
	return false;
}

struct instance *graph_find(const struct graph *graph, const char *name)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		if (strcmp(graph->nodes[i]->name, name) == 0)
			return graph->nodes[i];
	}
	return NULL;
}

/* Binds to one instance that the manifest names. */
static void bind_named(const struct search *search, const struct node *use)
{
	const struct graph *graph = search->graph;
	const char *owner = search->node->name;
	const char *kind = search->row->kind;
	struct instance *from;
	struct suggest suggest = { .word = use->text };
	size_t n_others = 0;

	if (use->kind != NODE_SCALAR) /* manifest.c has reported it */
		return;
	from = graph_find(graph, use->text);
	if (from == NULL) {
		for (size_t i = 0; i < graph->n_nodes; i++) {
			if (provides(graph->nodes[i], kind))
				suggest_offer(&suggest, graph->nodes[i]->name);
		}
		issues_add(search->issues, &use->mark,
			"%s: use %s: there is no instance '%s'" SUGGEST_FMT, owner, kind,
			use->text, SUGGEST_ARGS(&suggest));
	} else if (from == search->node) {
		issues_add(search->issues, &use->mark,
			"%s: use %s: an instance cannot use itself", owner, kind);
	} else if (add_rows(search, from, use, true, &n_others) == 0 && n_others == 0) {
		issues_add(search->issues, &use->mark,
			"%s: use %s: '%s' (%s) does not provide %s", owner, kind,
			from->name, origin(from), kind);
	}
}

/* A list of names is for MANY rows; the empty list also says that an optional row has nobody. */
static void bind_by_manifest(const struct search *search, const struct node *use)
{
	bool many = search->row->flags & TP_REQUIRE_IS_MANY;
	bool optional = search->row->flags & TP_REQUIRE_IS_OPTIONAL;

	if (use->kind != NODE_LIST) {
		bind_named(search, use);
	} else if (!many && !(optional && use->n_items == 0)) {
		issues_add(search->issues, &use->mark,
			"%s: use %s: takes the name of one instance, this is a list",
			search->node->name, search->row->kind);
	} else {
		for (size_t i = 0; i < use->n_items; i++)
			bind_named(search, use->items[i]);
	}
}

static void report_ambiguity(const struct search *search)
{
	const struct binding *binding = search->binding;
	const char *kind = search->row->kind;
	tp_cleanup(strbuf) struct tp_strbuf names = TP_STRBUF_INIT;

	for (size_t i = 0; i < binding->n; i++)
		tp_strbuf_printf(&names, "%s%s", i > 0 ? ", " : "",
			binding->providers[i]->instance->name);
	issues_add(search->issues, &search->node->entry->mark,
		"%s: several instances provide %s (%s): choose one, as in 'use: { %s: %s "
		"}'",
		search->node->name, kind, names.data, kind,
		binding->providers[0]->instance->name);
}

/* Nobody fits: either all that there are have another ABI, or there is none. */
static void report_missing(const struct search *search, size_t n_others)
{
	const struct graph *graph = search->graph;
	const char *kind = search->row->kind;

	for (size_t i = 0; n_others > 0 && i < graph->n_nodes; i++) {
		size_t ignored = 0;

		if (graph->nodes[i] != search->node)
			add_rows(search, graph->nodes[i], NULL, true, &ignored);
	}
	if (n_others == 0)
		issues_add(search->issues, &search->node->entry->mark,
			"%s: requires %s ABI %u, which no %sinstance provides: add a "
			"module that does",
			search->node->name, kind, search->row->abi,
			provides(search->node, kind) ? "other " : "");
}

/* Binds to whoever provides the kind. */
static void bind_by_kind(const struct search *search)
{
	bool many = search->row->flags & TP_REQUIRE_IS_MANY;
	bool optional = search->row->flags & TP_REQUIRE_IS_OPTIONAL;
	size_t n_others = 0;

	for (size_t i = 0; i < search->graph->n_nodes; i++) {
		struct instance *from = search->graph->nodes[i];

		if (from != search->node)
			add_rows(search, from, NULL, many || optional, &n_others);
	}
	if (many)
		return;
	if (search->binding->n > 1)
		report_ambiguity(search);
	else if (search->binding->n == 0 && !optional)
		report_missing(search, n_others);
}

/* Names in `use` that the module does not require at all. */
static void check_use(const struct instance *node, struct issues *issues)
{
	const struct node *use = node->entry->use;

	for (size_t i = 0; use != NULL && i < use->n_items; i++) {
		struct suggest suggest = { .word = use->keys[i]->text };
		const struct tp_require *row = node->module->requires;
		bool found = false;

		for (; row != NULL && row->kind != NULL; row++) {
			found = found || strcmp(row->kind, suggest.word) == 0;
			suggest_offer(&suggest, row->kind);
		}
		if (!found)
			issues_add(issues, &use->keys[i]->mark,
				"%s: %s does not require '%s'" SUGGEST_FMT, node->name,
				origin(node), suggest.word, SUGGEST_ARGS(&suggest));
	}
}

void graph_bind_node(struct graph *graph, struct instance *node, struct issues *issues)
{
	const struct tp_require *rows = node->module->requires;
	size_t n = 0;

	if (rows == NULL || node->entry == NULL)
		return;
	while (rows[n].kind != NULL)
		n++;
	node->bindings = tp_arena_alloc(graph->arena, (n + 1) * sizeof(struct binding));
	for (size_t i = 0; i < n; i++) {
		struct search search = { graph, node, &rows[i], &node->bindings[i],
			issues };
		const struct node *use = node_get(node->entry->use, rows[i].kind);

		if (use != NULL)
			bind_by_manifest(&search, use);
		else
			bind_by_kind(&search);
	}
}

void graph_bind(struct graph *graph, struct issues *issues)
{
	for (size_t i = 0; i < graph->n_nodes; i++) {
		struct instance *node = graph->nodes[i];

		graph_bind_node(graph, node, issues);
		if (node->entry != NULL)
			check_use(node, issues);
	}
}
