/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a manifest and checks its shape. What needs the modules themselves (which keys a config
 * has, which kinds can be bound) is checked later by config.c and graph.c with the marks kept
 * here. An entry that is wrong is reported and left out, so that one run shows everything.
 */
#include "core/kernel/manifest.h"

#include <string.h>

#include "core/kernel/expand.h"
#include "core/kernel/libraries.h"
#include "core/kernel/suggest.h"

#define MAX_NAME 64
#define MAX_SOCKET 107 /* sun_path without its NUL */
#define MAX_INSTANCES 256

void manifest_init(struct manifest *manifest)
{
	*manifest = (struct manifest){
		.arena = tp_arena_create(0), .level = TP_LOG_INFO, .format = TP_LOG_TEXT
	};
}

void manifest_fini(struct manifest *manifest)
{
	tp_arena_destroy(manifest->arena);
	manifest->arena = NULL;
}

/* NULL, and an issue, unless the node is a text that says something. */
static const char *text_of(
	const struct node *node, const char *what, struct issues *issues)
{
	if (node->kind != NODE_SCALAR)
		issues_add(issues, &node->mark, "%s must be a single value, this is %s",
			what, node_kind_name(node));
	else if (node->null || *node->text == '\0')
		issues_add(issues, &node->mark, "%s is empty", what);
	else
		return node->text;
	return NULL;
}

static void check_keys(const struct node *map, const char *const *known,
	const char *where, struct issues *issues)
{
	for (size_t i = 0; i < map->n_items; i++) {
		struct suggest suggest = { .word = map->keys[i]->text };
		bool found = false;

		for (const char *const *key = known; *key != NULL; key++) {
			found = found || strcmp(*key, suggest.word) == 0;
			suggest_offer(&suggest, *key);
		}
		if (!found)
			issues_add(issues, &map->keys[i]->mark,
				"unknown key '%s' %s" SUGGEST_FMT, suggest.word, where,
				SUGGEST_ARGS(&suggest));
	}
}

/* The value of a key that must be of this kind; NULL when it is missing, null or wrong. */
static struct node *get_kind(const struct node *map, const char *key, enum node_kind kind,
	struct issues *issues)
{
	struct node *node = node_get(map, key);

	if (node == NULL || (node->kind == NODE_SCALAR && node->null))
		return NULL;
	if (node->kind == kind)
		return node;
	issues_add(issues, &node->mark, "'%s' must be %s, this is %s", key,
		node_kind_name(&(struct node){ .kind = kind }), node_kind_name(node));
	return NULL;
}

static void read_log(
	struct manifest *manifest, const struct node *root, struct issues *issues)
{
	static const char *const keys[] = { "level", "format", NULL };
	const struct node *log = get_kind(root, "log", NODE_MAP, issues);
	const struct node *level = get_kind(log, "level", NODE_SCALAR, issues);
	const struct node *format = get_kind(log, "format", NODE_SCALAR, issues);
	struct tp_error err = { 0 };

	if (log != NULL)
		check_keys(log, keys, "of the log", issues);
	if (level != NULL && tp_log_level_parse(level->text, &manifest->level, &err) < 0)
		issues_add(issues, &level->mark,
			"'%s' is not a log level (debug, info, warning or error)",
			node_shown(level));
	if (format != NULL && strcmp(format->text, "json") == 0)
		manifest->format = TP_LOG_JSON;
	else if (format != NULL && strcmp(format->text, "text") != 0)
		issues_add(issues, &format->mark,
			"'%s' is not a log format (text or json)", node_shown(format));
}

static void read_admin(
	struct manifest *manifest, const struct node *root, struct issues *issues)
{
	static const char *const keys[] = { "socket", NULL };
	const struct node *admin = get_kind(root, "admin", NODE_MAP, issues);
	const struct node *socket = get_kind(admin, "socket", NODE_SCALAR, issues);

	if (admin != NULL)
		check_keys(admin, keys, "of 'admin'", issues);
	if (socket == NULL)
		return;
	manifest->admin_socket = socket->text;
	if (socket->text[0] != '\0' &&
		(socket->text[0] != '/' || strlen(socket->text) > MAX_SOCKET))
		issues_add(issues, &socket->mark,
			"'%s' is not an absolute path of at most %d bytes",
			node_shown(socket), MAX_SOCKET);
}

/* Names stand in messages, options and metrics: letters, digits, '-' and '_'. */
static bool good_name(const char *name, size_t len)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	return len > 0 && len <= MAX_NAME && strspn(name, letters) >= len;
}

/* The name of a module, or what a path has before ".so"; NULL when it is neither. */
static const char *default_name(struct tp_arena *arena, const char *module)
{
	const char *base = module;
	size_t len = strlen(base);

	if (module[0] == '/') {
		base = strrchr(module, '/') + 1;
		len = strlen(base);
		if (len < 3 || strcmp(base + len - 3, ".so") != 0)
			return NULL;
		len -= 3;
	}
	return good_name(base, len) ? tp_arena_strndup(arena, base, len) : NULL;
}

/* The entry's name, from 'as' or the module's; NULL after an issue. */
static const char *name_of(const struct manifest *manifest, const struct node *module,
	const struct node *as, struct issues *issues)
{
	const char *text = module != NULL ? text_of(module, "'module'", issues) : NULL;
	const char *name = NULL;

	if (module != NULL && text == NULL)
		return NULL;
	if (module != NULL)
		name = default_name(manifest->arena, text);
	if (module != NULL && name == NULL)
		issues_add(issues, &module->mark,
			"'%s' is neither the name of a module nor a .so's absolute path",
			node_shown(module));
	if (as != NULL)
		name = text_of(as, "'as'", issues);
	if (name != NULL && !good_name(name, strlen(name)))
		issues_add(issues, &as->mark,
			"'%s' is no name: it has at most %d of letters, digits, - and _",
			node_shown(as), MAX_NAME);
	return name;
}

/* A drop-in says more about an instance that is there: its keys win one by one. */
static void merge(struct manifest *manifest, struct manifest_entry *into,
	const struct manifest_entry *from, struct issues *issues)
{
	if (from->module != NULL && strcmp(from->module, into->module) != 0)
		issues_add(issues, &from->mark,
			"instance '%s' is of module '%s' (%s): a drop-in changes keys",
			into->name, into->module, mark_text(&into->mark).text);
	for (size_t i = 0; from->use != NULL && i < from->use->n_items; i++)
		into->use = node_with(manifest->arena, into->use, from->use->keys[i],
			from->use->items[i]);
	for (size_t i = 0; from->config != NULL && i < from->config->n_items; i++)
		into->config = node_with(manifest->arena, into->config,
			from->config->keys[i], from->config->items[i]);
	into->if_exists = into->if_exists || from->if_exists;
	into->may_fail = into->may_fail || from->may_fail;
	into->file = manifest->n_files;
}

/* Names the entry and adds it, or merges it into the one of that name. */
static void add_entry(struct manifest *manifest, struct manifest_entry *entry,
	const struct node *node, struct issues *issues)
{
	const struct node *module = node_get(node, "module");
	const struct node *as = node_get(node, "as");
	struct manifest_entry *twin;

	entry->file = manifest->n_files;
	entry->name = name_of(manifest, module, as, issues);
	if (entry->name == NULL && (module != NULL || as != NULL))
		return;
	twin = entry->name == NULL ? NULL : manifest_find(manifest, entry->name);
	if (module == NULL && (twin == NULL || twin->file == manifest->n_files)) {
		issues_add(issues, &node->mark, "this entry has no 'module'");
		return;
	}
	entry->module = module != NULL ? module->text : NULL;
	entry->mark = module != NULL ? module->mark : as->mark;
	if (twin == NULL)
		tp_arena_push(
			manifest->arena, &manifest->entries, &manifest->n_entries, entry);
	else if (twin->file != manifest->n_files)
		merge(manifest, twin, entry, issues);
	else
		issues_add(issues, as != NULL ? &as->mark : &module->mark,
			"a second instance named '%s' (the first is at %s): give it "
			"another name with 'as'",
			entry->name, mark_text(&twin->mark).text);
}

/* A key that is either absent or this one word. */
static bool read_word(
	const struct node *node, const char *key, const char *word, struct issues *issues)
{
	const struct node *value = get_kind(node, key, NODE_SCALAR, issues);

	if (value == NULL)
		return false;
	if (strcmp(value->text, word) != 0)
		issues_add(issues, &value->mark, "'%s' can only be '%s', this is '%s'",
			key, word, node_shown(value));
	return true;
}

static void check_use(const struct node *use, struct issues *issues)
{
	for (size_t i = 0; i < use->n_items; i++) {
		const struct node *value = use->items[i];

		if (value->kind == NODE_LIST) {
			for (size_t k = 0; k < value->n_items; k++)
				text_of(value->items[k], "the name of an instance",
					issues);
		} else {
			text_of(value, "the name of an instance", issues);
		}
	}
}

static void read_entry(
	struct manifest *manifest, const struct node *node, struct issues *issues)
{
	static const char *const keys[] = { "module", "as", "use", "config", "if",
		"on-failure", NULL };
	struct manifest_entry *entry = tp_arena_alloc(manifest->arena, sizeof(*entry));

	if (node->kind != NODE_MAP) {
		issues_add(issues, &node->mark,
			"an entry of 'modules' must be a mapping with 'module', not %s",
			node_kind_name(node));
		return;
	}
	check_keys(node, keys, "of a module", issues);
	entry->use = get_kind(node, "use", NODE_MAP, issues);
	entry->config = get_kind(node, "config", NODE_MAP, issues);
	entry->if_exists = read_word(node, "if", "exists", issues);
	entry->may_fail = read_word(node, "on-failure", "ignore", issues);
	if (entry->use != NULL)
		check_use(entry->use, issues);
	add_entry(manifest, entry, node, issues);
}

static void read_entries(
	struct manifest *manifest, const struct node *list, struct issues *issues)
{
	if (list->n_items > MAX_INSTANCES ||
		manifest->n_entries + list->n_items > MAX_INSTANCES) {
		issues_add(issues, &list->mark, "at most %d modules", MAX_INSTANCES);
		return;
	}
	for (size_t i = 0; i < list->n_items; i++)
		read_entry(manifest, list->items[i], issues);
}

static void read_root(
	struct manifest *manifest, const struct node *root, struct issues *issues)
{
	static const char *const keys[] = { "log", "admin", "modules", "libraries",
		NULL };
	const struct node *modules, *libraries;

	check_keys(root, keys, "of the manifest", issues);
	read_log(manifest, root, issues);
	read_admin(manifest, root, issues);
	modules = get_kind(root, "modules", NODE_LIST, issues);
	libraries = get_kind(root, "libraries", NODE_LIST, issues);
	if (manifest->n_files == 1 &&
		(modules != NULL || node_get(root, "modules") == NULL) &&
		(libraries != NULL || node_get(root, "libraries") == NULL) &&
		(modules == NULL || modules->n_items == 0) &&
		(libraries == NULL || libraries->n_items == 0))
		issues_add(issues, &(struct mark){ .file = root->mark.file },
			"the manifest lists no 'modules'");
	if (modules != NULL)
		read_entries(manifest, modules, issues);
	if (libraries != NULL)
		read_entries(manifest,
			libraries_convert(manifest->arena, libraries, issues), issues);
}

void manifest_parse(struct manifest *manifest, const char *file, const char *text,
	size_t len, struct issues *issues)
{
	struct mark whole = { .file = tp_arena_strdup(manifest->arena, file) };
	size_t n_before = issues->n;
	struct node *root = node_parse(manifest->arena, whole.file, text, len, issues);

	manifest->n_files++;
	node_expand(manifest->arena, root, issues);
	if (root == NULL || (root->kind == NODE_SCALAR && root->null)) {
		if (issues->n == n_before && manifest->n_files == 1)
			issues_add(issues, &whole,
				"the manifest is empty: it needs a list of 'modules'");
	} else if (root->kind != NODE_MAP) {
		issues_add(issues, &root->mark,
			"the manifest must be a mapping with 'modules', this is %s",
			node_kind_name(root));
	} else {
		read_root(manifest, root, issues);
	}
}

void manifest_set(struct manifest *manifest, const char *setting, struct issues *issues)
{
	struct tp_arena *arena = manifest->arena;
	struct mark mark = { .file = tp_arena_printf(arena, "--set %s", setting) };
	const char *dot = strchr(setting, '.');
	const char *equals = strchr(setting, '=');
	struct manifest_entry *entry;
	struct node *value;
	const char *name, *key;
	size_t n_before = issues->n;

	if (dot == NULL || equals == NULL || dot == setting || dot + 1 >= equals) {
		issues_add(issues, &mark, "expected instance.key=value");
		return;
	}
	name = tp_arena_strndup(arena, setting, (size_t)(dot - setting));
	key = tp_arena_strndup(arena, dot + 1, (size_t)(equals - dot - 1));
	entry = manifest_find(manifest, name);
	if (entry == NULL) {
		struct suggest suggest = { .word = name };

		for (size_t i = 0; i < manifest->n_entries; i++)
			suggest_offer(&suggest, manifest->entries[i]->name);
		issues_add(issues, &mark, "no instance '%s' in the manifest" SUGGEST_FMT,
			name, SUGGEST_ARGS(&suggest));
		return;
	}
	value = node_parse_option(arena, mark.file, equals + 1, issues);
	if (value == NULL && issues->n == n_before)
		value = node_scalar(arena, &mark, "");
	if (issues->n != n_before)
		return;
	entry->config =
		node_with(arena, entry->config, node_scalar(arena, &mark, key), value);
}

struct manifest_entry *manifest_find(const struct manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->n_entries; i++) {
		if (strcmp(manifest->entries[i]->name, name) == 0)
			return manifest->entries[i];
	}
	return NULL;
}
