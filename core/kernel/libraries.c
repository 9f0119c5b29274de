/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Turns the older form of the manifest into the newer one, node by node; what the nodes mean is
 * manifest.c's business alone. One of our shared objects is one module, so a library with several
 * modules becomes several instances of it.
 */
#include "core/kernel/libraries.h"

#include <string.h>

#include "core/kernel/suggest.h"

#define MAX_MODULES 256
#define MAX_PARAMETERS 256

/* A mapping that has no other keys than these; false after an issue. */
static bool is_map_of(const struct node *node, const char *const *known, const char *what,
	struct issues *issues)
{
	if (node->kind != NODE_MAP) {
		issues_add(issues, &node->mark, "%s must be a mapping, this is %s", what,
			node_kind_name(node));
		return false;
	}
	for (size_t i = 0; i < node->n_items; i++) {
		struct suggest suggest = { .word = node->keys[i]->text };
		bool found = false;

		for (const char *const *key = known; *key != NULL; key++) {
			found = found || strcmp(*key, suggest.word) == 0;
			suggest_offer(&suggest, *key);
		}
		if (!found)
			issues_add(issues, &node->keys[i]->mark,
				"unknown key '%s' of %s" SUGGEST_FMT, suggest.word, what,
				SUGGEST_ARGS(&suggest));
	}
	return true;
}

/* The value of a key that has to be there and of this kind; NULL after an issue. */
static struct node *need(const struct node *map, const char *key, enum node_kind kind,
	const char *what, struct issues *issues)
{
	struct node *node = node_get(map, key);

	if (node == NULL)
		issues_add(issues, &map->mark, "%s has no '%s'", what, key);
	else if (node->kind == kind)
		return node;
	else
		issues_add(issues, &node->mark, "'%s' must be %s, this is %s", key,
			node_kind_name(&(struct node){ .kind = kind }),
			node_kind_name(node));
	return NULL;
}

static void put(
	struct tp_arena *arena, struct node **map, const char *key, struct node *value)
{
	*map = node_with(arena, *map, node_scalar(arena, &value->mark, key), value);
}

static struct node *read_parameters(
	struct tp_arena *arena, const struct node *list, struct issues *issues)
{
	static const char *const keys[] = { "key", "value", NULL };
	struct node *config = node_map(arena, &list->mark);

	if (list->n_items > MAX_PARAMETERS) {
		issues_add(issues, &list->mark, "at most %d parameters", MAX_PARAMETERS);
		return config;
	}
	for (size_t i = 0; i < list->n_items; i++) {
		const struct node *item = list->items[i];
		struct node *key, *value;

		if (!is_map_of(item, keys, "a parameter", issues))
			continue;
		key = need(item, "key", NODE_SCALAR, "a parameter", issues);
		value = node_get(item, "value");
		if (value == NULL)
			issues_add(issues, &item->mark, "a parameter has no 'value'");
		if (key == NULL || value == NULL)
			continue;
		if (node_get(config, key->text) != NULL)
			issues_add(issues, &key->mark,
				"parameter '%s' is here a second time", key->text);
		else
			config = node_with(arena, config, key, value);
	}
	return config;
}

static void read_module(struct tp_arena *arena, struct node *library,
	const struct node *module, struct node *entries, struct issues *issues)
{
	static const char *const keys[] = { "name", "parameters", NULL };
	struct node *parameters = node_get(module, "parameters");
	struct node *entry, *name;

	if (!is_map_of(module, keys, "a library's module", issues))
		return;
	if (entries->n_items == MAX_MODULES) {
		issues_add(issues, &module->mark, "at most %d modules", MAX_MODULES);
		return;
	}
	name = need(module, "name", NODE_SCALAR, "a library's module", issues);
	if (parameters != NULL)
		parameters = need(module, "parameters", NODE_LIST, "", issues);
	if (name == NULL)
		return;
	entry = node_map(arena, &module->mark);
	put(arena, &entry, "module", library);
	put(arena, &entry, "as", name);
	if (parameters != NULL)
		put(arena, &entry, "config", read_parameters(arena, parameters, issues));
	tp_arena_push(arena, &entries->items, &entries->n_items, entry);
}

static void read_library(struct tp_arena *arena, const struct node *node,
	struct node *entries, struct issues *issues)
{
	static const char *const keys[] = { "file", "name", "modules", NULL };
	struct node *file = node_get(node, "file");
	struct node *name = node_get(node, "name");
	const struct node *modules;

	if (!is_map_of(node, keys, "a library", issues))
		return;
	modules = need(node, "modules", NODE_LIST, "a library", issues);
	if (file == NULL && name == NULL)
		issues_add(issues, &node->mark, "a library needs 'file' or 'name'");
	else if (file != NULL && name != NULL)
		issues_add(issues, &name->mark,
			"a library has either 'file' or 'name', not both");
	else if (modules != NULL && modules->n_items == 0)
		issues_add(issues, &modules->mark, "this library lists no 'modules'");
	else
		for (size_t i = 0; modules != NULL && i < modules->n_items &&
			entries->n_items <= MAX_MODULES && i <= MAX_MODULES;
			i++)
			read_module(arena, file != NULL ? file : name, modules->items[i],
				entries, issues);
}

struct node *libraries_convert(
	struct tp_arena *arena, const struct node *libraries, struct issues *issues)
{
	struct node *entries = node_map(arena, &libraries->mark);

	entries->kind = NODE_LIST;
	if (libraries->n_items > MAX_MODULES)
		issues_add(issues, &libraries->mark, "at most %d libraries", MAX_MODULES);
	for (size_t i = 0; i < libraries->n_items && i < MAX_MODULES; i++)
		read_library(arena, libraries->items[i], entries, issues);
	return entries;
}
