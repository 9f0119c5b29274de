/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From libyaml's events to a tree of nodes. The event interface is used because only it lets us
 * bound depth and size while reading, see keys that are written twice, and share the node of an
 * anchor instead of expanding it: an alias bomb costs nothing and an anchor that contains
 * itself is refused. The only file that includes yaml.h.
 */
#include "core/kernel/node.h"

#include <errno.h>
#include <string.h>
#include <yaml.h>

#include "tepui/map.h"

#define MAX_DEPTH 32
#define MAX_NODES 50000
#define MAX_KEYS 256

struct anchor {
	struct tp_map_node entry;
	struct node *node; /* NULL while it is being read */
};

struct reader {
	yaml_parser_t yaml;
	struct tp_arena *arena;
	struct issues *issues;
	const char *file;
	bool is_option; /* all marks are the source as a whole */
	struct tp_map anchors;
	size_t n_nodes;
	int depth;
};

static struct mark mark_of(const struct reader *reader, const yaml_mark_t *at)
{
	if (reader->is_option)
		return (struct mark){ .file = reader->file };
	return (struct mark){ .file = reader->file,
		.line = (unsigned)at->line + 1,
		.column = (unsigned)at->column + 1 };
}

static void add_syntax_issue(struct reader *reader)
{
	const yaml_parser_t *yaml = &reader->yaml;
	struct mark mark = mark_of(reader, &yaml->problem_mark);
	const char *problem = yaml->problem != NULL ? yaml->problem : "broken";

	if (yaml->context != NULL)
		issues_add(reader->issues, &mark,
			"this is not YAML: %s, %s that began in line %zu", problem,
			yaml->context, yaml->context_mark.line + 1);
	else if (yaml->error == YAML_READER_ERROR)
		issues_add(reader->issues, &(struct mark){ .file = reader->file },
			"this is not YAML: %s at byte %zu", problem,
			yaml->problem_offset);
	else
		issues_add(reader->issues, &mark, "this is not YAML: %s", problem);
}

static bool next_event(struct reader *reader, yaml_event_t *event)
{
	if (yaml_parser_parse(&reader->yaml, event))
		return true;
	add_syntax_issue(reader);
	return false;
}

static struct node *new_node(
	struct reader *reader, enum node_kind kind, const yaml_event_t *event)
{
	struct node *node = tp_arena_alloc(reader->arena, sizeof(*node));

	node->kind = kind;
	node->mark = mark_of(reader, &event->start_mark);
	reader->n_nodes++;
	return node;
}

/* NULL without an anchor. A name that is used again means the newer node from here on. */
static struct anchor *anchor_begin(struct reader *reader, const yaml_char_t *name)
{
	struct anchor *anchor;

	if (name == NULL)
		return NULL;
	anchor = tp_map_get(&reader->anchors, (const char *)name, struct anchor, entry);
	if (anchor == NULL) {
		anchor = tp_arena_alloc(reader->arena, sizeof(*anchor));
		tp_map_add(&reader->anchors, &anchor->entry,
			tp_arena_strdup(reader->arena, (const char *)name));
	}
	anchor->node = NULL;
	return anchor;
}

/* An alias of nothing is a value that is not there, so that the rest is read too. */
static struct node *read_alias(struct reader *reader, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct anchor *anchor = tp_map_get(&reader->anchors, name, struct anchor, entry);
	struct node *nothing;

	if (anchor != NULL && anchor->node != NULL)
		return anchor->node;
	nothing = new_node(reader, NODE_SCALAR, event);
	nothing->text = "";
	nothing->null = true;
	if (anchor == NULL)
		issues_add(reader->issues, &nothing->mark,
			"'*%s' has no anchor '&%s' before it", name, name);
	else
		issues_add(reader->issues, &nothing->mark, "'&%s' contains itself", name);
	nothing->mark.told = true;
	return nothing;
}

static bool is_null(const char *text)
{
	return *text == '\0' || strcmp(text, "~") == 0 || strcmp(text, "null") == 0;
}

static struct node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
	struct anchor *anchor = anchor_begin(reader, event->data.scalar.anchor);
	struct node *node = new_node(reader, NODE_SCALAR, event);
	const char *value = (const char *)event->data.scalar.value;

	node->text = tp_arena_strndup(reader->arena, value, event->data.scalar.length);
	if (memchr(value, '\0', event->data.scalar.length) != NULL)
		issues_add(reader->issues, &node->mark, "a text with a NUL character");
	node->null = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
		is_null(node->text);
	if (anchor != NULL)
		anchor->node = node;
	return node;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event);

/* Reads the next node into *ret; false at the end of the collection and on failure. */
static bool read_next(
	struct reader *reader, yaml_event_type_t end, bool *failed, struct node **ret)
{
	yaml_event_t event;
	bool ended;

	if (!next_event(reader, &event)) {
		*failed = true;
		return false;
	}
	ended = event.type == end;
	if (!ended) {
		*ret = read_node(reader, &event);
		*failed = *ret == NULL;
	}
	yaml_event_delete(&event);
	return !ended && !*failed;
}

static struct node *read_list(struct reader *reader, const yaml_event_t *event)
{
	struct node *node = new_node(reader, NODE_LIST, event);
	struct node *item;
	bool failed = false;

	while (read_next(reader, YAML_SEQUENCE_END_EVENT, &failed, &item))
		tp_arena_push(reader->arena, &node->items, &node->n_items, item);
	return failed ? NULL : node;
}

/* Adds the pair, or says why not; a key that is there already loses. */
static void add_pair(
	struct reader *reader, struct node *map, struct node *key, struct node *value)
{
	size_t n_keys = map->n_items;

	if (key->kind != NODE_SCALAR) {
		issues_add(reader->issues, &key->mark, "a key must be a text, this is %s",
			node_kind_name(key));
		return;
	}
	if (n_keys >= MAX_KEYS) {
		issues_add(reader->issues, &key->mark, "a mapping has at most %d keys",
			MAX_KEYS);
		return;
	}
	for (size_t i = 0; i < n_keys; i++) {
		if (strcmp(map->keys[i]->text, key->text) != 0)
			continue;
		issues_add(reader->issues, &key->mark,
			"key '%s' is here a second time, first in line %u", key->text,
			map->keys[i]->mark.line);
		return;
	}
	tp_arena_push(reader->arena, &map->keys, &n_keys, key);
	tp_arena_push(reader->arena, &map->items, &map->n_items, value);
}

static struct node *read_map(struct reader *reader, const yaml_event_t *event)
{
	struct node *node = new_node(reader, NODE_MAP, event);
	struct node *key, *value;
	bool failed = false;

	while (read_next(reader, YAML_MAPPING_END_EVENT, &failed, &key)) {
		if (!read_next(reader, YAML_NO_EVENT, &failed, &value))
			return NULL;
		add_pair(reader, node, key, value);
	}
	return failed ? NULL : node;
}

static struct node *read_collection(struct reader *reader, const yaml_event_t *event)
{
	bool is_map = event->type == YAML_MAPPING_START_EVENT;
	struct anchor *anchor = anchor_begin(reader,
		is_map ? event->data.mapping_start.anchor
		       : event->data.sequence_start.anchor);
	struct node *node;

	reader->depth++;
	node = is_map ? read_map(reader, event) : read_list(reader, event);
	reader->depth--;
	if (anchor != NULL)
		anchor->node = node;
	return node;
}

static struct node *read_node(struct reader *reader, yaml_event_t *event)
{
	struct mark mark = mark_of(reader, &event->start_mark);

	if (reader->depth >= MAX_DEPTH || reader->n_nodes >= MAX_NODES) {
		issues_add(reader->issues, &mark,
			"too deep or too large: at most %d levels and %d values",
			MAX_DEPTH, MAX_NODES);
		return NULL;
	}
	switch (event->type) {
	case YAML_ALIAS_EVENT:
		return read_alias(reader, event);
	case YAML_SCALAR_EVENT:
		return read_scalar(reader, event);
	default:
		return read_collection(reader, event);
	}
}

/* Stream start, document start, one node, document end, stream end. */
static struct node *read_document(struct reader *reader)
{
	struct node *root = NULL;
	yaml_event_t event;
	bool more = true;

	while (more) {
		if (!next_event(reader, &event))
			return NULL;
		switch (event.type) {
		case YAML_STREAM_START_EVENT:
		case YAML_DOCUMENT_END_EVENT:
			break;
		case YAML_DOCUMENT_START_EVENT:
			if (root != NULL) {
				struct mark mark = mark_of(reader, &event.start_mark);
				issues_add(reader->issues, &mark,
					"a second YAML document: put everything into "
					"one");
				more = false;
			}
			break;
		case YAML_STREAM_END_EVENT:
			more = false;
			break;
		default:
			root = read_node(reader, &event);
			more = root != NULL;
		}
		yaml_event_delete(&event);
	}
	return root;
}

static struct node *parse(struct reader *reader, const char *text, size_t len)
{
	struct node *root;

	tp_assert(yaml_parser_initialize(&reader->yaml));
	tp_map_init(&reader->anchors);
	yaml_parser_set_input_string(&reader->yaml, (const unsigned char *)text, len);
	root = read_document(reader);
	yaml_parser_delete(&reader->yaml);
	tp_map_fini(&reader->anchors);
	return root;
}

struct node *node_parse(struct tp_arena *arena, const char *file, const char *text,
	size_t len, struct issues *issues)
{
	struct reader reader = { .arena = arena, .issues = issues, .file = file };

	return parse(&reader, text, len);
}

struct node *node_parse_option(struct tp_arena *arena, const char *option,
	const char *text, struct issues *issues)
{
	struct reader reader = {
		.arena = arena, .issues = issues, .file = option, .is_option = true
	};

	return parse(&reader, text, strlen(text));
}

struct node *node_get(const struct node *map, const char *key)
{
	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (size_t i = 0; i < map->n_items; i++) {
		if (strcmp(map->keys[i]->text, key) == 0)
			return map->items[i];
	}
	return NULL;
}

struct node *node_with(struct tp_arena *arena, const struct node *map, struct node *key,
	struct node *value)
{
	struct node *copy = node_map(arena, map != NULL ? &map->mark : &key->mark);
	size_t n_keys = 0;

	for (size_t i = 0; map != NULL && i < map->n_items; i++) {
		if (strcmp(map->keys[i]->text, key->text) == 0)
			continue;
		tp_arena_push(arena, &copy->keys, &n_keys, map->keys[i]);
		tp_arena_push(arena, &copy->items, &copy->n_items, map->items[i]);
	}
	tp_arena_push(arena, &copy->keys, &n_keys, key);
	tp_arena_push(arena, &copy->items, &copy->n_items, value);
	return copy;
}

bool node_same(const struct node *a, const struct node *b)
{
	if (a == NULL || b == NULL || a == b)
		return a == b;
	if (a->kind != b->kind || a->n_items != b->n_items)
		return false;
	if (a->kind == NODE_SCALAR)
		return strcmp(a->text, b->text) == 0;
	for (size_t i = 0; i < a->n_items; i++) {
		if ((a->kind == NODE_MAP &&
			    strcmp(a->keys[i]->text, b->keys[i]->text) != 0) ||
			!node_same(a->items[i], b->items[i]))
			return false;
	}
	return true;
}

struct node *node_scalar(
	struct tp_arena *arena, const struct mark *mark, const char *text)
{
	struct node *node = tp_arena_alloc(arena, sizeof(*node));

	node->kind = NODE_SCALAR;
	node->text = text;
	node->mark = *mark;
	return node;
}

struct node *node_map(struct tp_arena *arena, const struct mark *mark)
{
	struct node *node = tp_arena_alloc(arena, sizeof(*node));

	node->kind = NODE_MAP;
	node->mark = *mark;
	return node;
}

const char *node_shown(const struct node *node)
{
	return node->written != NULL ? node->written : node->text;
}

const char *node_kind_name(const struct node *node)
{
	static const char *const names[] = {
		[NODE_SCALAR] = "a single value",
		[NODE_LIST] = "a list",
		[NODE_MAP] = "a mapping",
	};

	return names[node->kind];
}
