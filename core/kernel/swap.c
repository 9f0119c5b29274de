/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another module in the place of one that runs. The new instance is made, configured, bound and
 * started beside the old one; then the user of the old one takes it over (tp_module.rebind), and
 * only then the old one ends. Whatever goes wrong before, the old one goes on.
 */
#include <errno.h>
#include <string.h>

#include "core/kernel/kernel_private.h"

/* Who uses the old one, by which row. */
struct user {
	const struct instance *node;
	const struct tp_require *row;
	struct provider *provider;
};

static int find_user(const struct graph *graph, const struct instance *old,
	struct user *ret, struct tp_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < graph->n_nodes; i++) {
		const struct instance *node = graph->nodes[i];
		const struct tp_require *row = node->module->requires;

		for (size_t k = 0; row != NULL && row[k].kind != NULL; k++) {
			for (size_t p = 0; p < node->bindings[k].n; p++) {
				if (node->bindings[k].providers[p]->instance != old)
					continue;
				*ret = (struct user){ node, &row[k],
					node->bindings[k].providers[p] };
				n++;
			}
		}
	}
	if (n != 1 || ret->node->module->rebind == NULL ||
		(ret->row->flags & TP_REQUIRE_IS_MANY))
		return tp_fail(err, ENOTSUP,
			"'%s' cannot be replaced while it runs: it takes a restart",
			old->name);
	return 0;
}

/* The row of the new one that serves the user, or NULL. */
static const struct tp_provide *find_row(
	const struct tp_module *module, const struct tp_require *wanted)
{
	const struct tp_provide *row = module->provides;

	for (; row != NULL && row->kind != NULL; row++) {
		if (strcmp(row->kind, wanted->kind) == 0 && row->abi == wanted->abi)
			return row;
	}
	return NULL;
}

/* Ready to serve, as anybody of its module would be. */
static int prepare(struct tp_kernel *kernel, struct instance *fresh, struct tp_error *err)
{
	struct issues issues = { 0 };
	int r;

	kernel_configure(fresh, &issues);
	graph_bind_node(&kernel->graph, fresh, &issues);
	r = issues_error(&issues, err);
	issues_fini(&issues);
	if (r < 0)
		return r;
	graph_wire_node(&kernel->graph, fresh);
	return life_begin(fresh, err);
}

/* The user has the new service in its slot while it takes it over. */
static int hand_over(const struct graph *graph, const struct user *user,
	struct instance *fresh, struct tp_error *err)
{
	struct tp_service *slot = (void *)((char *)user->node->self + user->row->slot);
	const struct tp_service before_slot = *slot;
	const struct provider before = *user->provider;
	int r;

	*user->provider = (struct provider){ fresh, find_row(fresh->module, user->row) };
	*slot = graph_service(graph, user->provider, user->row);
	r = user->node->module->rebind(user->node->self, user->row->kind, err);
	if (r < 0) {
		*slot = before_slot;
		*user->provider = before;
	}
	return r;
}

static void replace(struct instance **items, size_t n, const struct instance *old,
	struct instance *fresh)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i] == old)
			items[i] = fresh;
	}
}

int tp_kernel_swap(struct tp_kernel *kernel, const char *name, const char *module,
	const struct node *config, struct tp_error *err)
{
	struct graph *graph = &kernel->graph;
	struct instance *old = graph_find(graph, name), *fresh;
	struct manifest_entry *entry = tp_arena_alloc(kernel->arena, sizeof *entry);
	const struct loaded *loaded;
	struct user user = { 0 };
	int r = old == NULL || old->entry == NULL || old->left_out
		? tp_fail(err, ENOENT, "there is no instance '%s'", name)
		: find_user(graph, old, &user, err);

	if (r >= 0)
		r = loader_open(&kernel->loader, module, &loaded, err);
	if (r >= 0 && find_row(loaded->module, user.row) == NULL)
		r = tp_fail(err, EINVAL, "%s does not provide %s ABI %u", loaded->origin,
			user.row->kind, user.row->abi);
	if (r < 0)
		return r;
	*entry = *old->entry;
	entry->module = tp_arena_strdup(kernel->arena, module);
	entry->config = (struct node *)config;
	fresh = kernel_instance_create(kernel, entry, loaded);
	r = prepare(kernel, fresh, err);
	entry->config = NULL; /* it is filled in, and not ours to keep */
	if (r >= 0)
		r = hand_over(graph, &user, fresh, err);
	if (r < 0) {
		life_end(fresh);
		return r;
	}
	tp_info(fresh->self, "has taken the place of another module", "was=%s now=%s",
		old->module->name, module);
	replace(graph->nodes, graph->n_nodes, old, fresh);
	replace(graph->order, graph->n_order, old, fresh);
	life_end(old);
	return 0;
}
