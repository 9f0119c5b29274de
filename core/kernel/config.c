/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a mapping to members: first every row gets its default, then every key that was written
 * is converted, then what is required and missing is named. Rows are walked by the stride they
 * came with. This file knows field types; the texts of units belong to core/base.
 *
 * Nested records are allocated by descriptor like wire records: their rows set has_x, and what
 * is absent stays absent. The rows of a config table have no has_x (extra is 0).
 */
#include "core/kernel/config.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/suggest.h"
#include "tepui/record.h"
#include "tepui/units.h"

#define MAX_DEPTH 16
#define MAX_VALUES 20000 /* an alias inside a recursive record may multiply */

struct filler {
	struct tp_arena *arena;
	struct issues *issues;
	size_t n_values;
	int depth;
};

/* One value on its way: its row, what it is called in messages, where it was written. */
struct spot {
	const struct tp_field *field;
	const char *path; /* "allocator: interval" */
	const struct node *node;
};

static const struct tp_field *row(const struct config_table *table, size_t i)
{
	const struct tp_field *field;

	if (table->fields == NULL || i >= table->n_fields)
		return NULL;
	field = (const void *)((const char *)table->fields + i * table->field_size);
	return field->name != NULL ? field : NULL;
}

/* What was written, quoted; nothing of a secret. */
static const char *shown(struct filler *filler, const struct spot *spot)
{
	if (spot->field->flags & TP_FIELD_SECRET)
		return "the value";
	return tp_arena_printf(filler->arena, "'%.100s'", node_shown(spot->node));
}

static void complain(struct filler *filler, const struct spot *spot, const char *what)
{
	issues_add(filler->issues, &spot->node->mark, "%s: %s %s", spot->path,
		shown(filler, spot), what);
}

static void set_bool(struct filler *filler, const struct spot *spot, bool *ret)
{
	const char *text = spot->node->text;

	if (strcmp(text, "true") == 0 || strcmp(text, "yes") == 0 ||
		strcmp(text, "on") == 0 || strcmp(text, "1") == 0)
		*ret = true;
	else if (strcmp(text, "false") == 0 || strcmp(text, "no") == 0 ||
		strcmp(text, "off") == 0 || strcmp(text, "0") == 0)
		*ret = false;
	else
		complain(filler, spot, "is not a truth value (true or false)");
}

/* A decimal whole number within [min, max], negative ones in two's complement. */
static bool parse_whole(struct filler *filler, const struct spot *spot, int64_t min,
	uint64_t max, uint64_t *ret)
{
	const char *text = spot->node->text;
	bool negative = strchr(text, '-') != NULL;
	char *end;

	errno = 0;
	*ret = negative ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
	if (end == text || *end != '\0') {
		complain(filler, spot, "is not a whole number");
		return false;
	}
	if (errno != ERANGE && (negative ? (int64_t)*ret >= min : *ret <= max))
		return true;
	issues_add(filler->issues, &spot->node->mark,
		"%s: %s is out of range (%" PRId64 " to %" PRIu64 ")", spot->path,
		shown(filler, spot), min, max);
	return false;
}

static void set_integer(struct filler *filler, const struct spot *spot, void *at)
{
	uint64_t value;

	switch (spot->field->type) {
	case TP_INT32:
		if (parse_whole(filler, spot, INT32_MIN, INT32_MAX, &value))
			*(int32_t *)at = (int32_t)value;
		break;
	case TP_INT64:
		if (parse_whole(filler, spot, INT64_MIN, INT64_MAX, &value))
			*(int64_t *)at = (int64_t)value;
		break;
	case TP_UINT32:
		if (parse_whole(filler, spot, 0, UINT32_MAX, &value))
			*(uint32_t *)at = (uint32_t)value;
		break;
	default:
		if (parse_whole(filler, spot, 0, UINT64_MAX, &value))
			*(uint64_t *)at = value;
	}
}

static void set_double(struct filler *filler, const struct spot *spot, double *ret)
{
	char *end;
	double value = strtod(spot->node->text, &end);

	if (end == spot->node->text || *end != '\0' || !isfinite(value))
		complain(filler, spot, "is not a number");
	else
		*ret = value;
}

static void set_enum(struct filler *filler, const struct spot *spot, int *ret)
{
	const struct tp_enum *values = spot->field->sub;
	tp_cleanup(strbuf) struct tp_strbuf names = TP_STRBUF_INIT;

	if (tp_enum_number(values, spot->node->text, ret) == 0)
		return;
	for (const struct tp_enum_value *v = values->values; v->name != NULL; v++)
		tp_strbuf_printf(&names, "%s%s", names.len > 0 ? ", " : "", v->name);
	issues_add(filler->issues, &spot->node->mark, "%s: %s is not one of %s",
		spot->path, shown(filler, spot), tp_strbuf_text(&names));
}

/* Types whose text core/base parses: all of them land in an int64_t. */
static void set_quantity(struct filler *filler, const struct spot *spot, int64_t *ret)
{
	struct tp_error err = { 0 };
	int r;

	switch (spot->field->type) {
	case TP_SIZE:
		r = tp_size_parse(spot->node->text, ret, &err);
		break;
	case TP_MILLI:
		r = tp_milli_parse(spot->node->text, ret, &err);
		break;
	default:
		r = tp_duration_parse(spot->node->text, ret, &err);
	}
	if (r >= 0)
		return;
	/* The error quotes the text, which nobody may see when it is not in the manifest. */
	if (spot->node->written != NULL || spot->field->flags & TP_FIELD_SECRET)
		complain(filler, spot,
			spot->field->type == TP_SIZE            ? "is not a size"
				: spot->field->type == TP_MILLI ? "is not a number"
								: "is not a duration");
	else
		issues_add(filler->issues, &spot->node->mark, "%s: %s", spot->path,
			err.text);
}

static void set_scalar(struct filler *filler, const struct spot *spot, void *at)
{
	const char *text = spot->node->text;
	struct tp_bytes *bytes;

	switch (spot->field->type) {
	case TP_BOOL:
		set_bool(filler, spot, at);
		break;
	case TP_DOUBLE:
		set_double(filler, spot, at);
		break;
	case TP_STRING:
		*(const char **)at = tp_arena_strdup(filler->arena, text);
		break;
	case TP_BYTES:
		bytes = at;
		bytes->len = strlen(text);
		bytes->data = tp_arena_memdup(filler->arena, text, bytes->len + 1);
		break;
	case TP_ENUM:
		set_enum(filler, spot, at);
		break;
	case TP_MILLI:
	case TP_SECONDS:
	case TP_DURATION:
	case TP_SIZE:
		set_quantity(filler, spot, at);
		break;
	default:
		set_integer(filler, spot, at);
	}
}

static void fill(struct filler *filler, const struct config_table *table,
	const char *path, const struct mark *where, const struct node *map, void *object);

/* One value, of a single member or of a list: a record or anything written as one word. */
static void set_value(struct filler *filler, const struct spot *spot, void *at)
{
	const struct node *node = spot->node;
	bool is_record = spot->field->type == TP_RECORD;
	const struct tp_desc *desc = spot->field->sub;
	void *record;

	if (++filler->n_values == MAX_VALUES || filler->depth == MAX_DEPTH)
		issues_add(filler->issues, &node->mark, "%s: too many or too deep values",
			spot->path);
	if (filler->n_values >= MAX_VALUES || filler->depth == MAX_DEPTH)
		return;
	if (node->kind != (is_record ? NODE_MAP : NODE_SCALAR)) {
		issues_add(filler->issues, &node->mark, "%s: must be %s, this is %s",
			spot->path, is_record ? "a mapping" : "a single value",
			node_kind_name(node));
		return;
	}
	if (!is_record) {
		set_scalar(filler, spot, at);
		return;
	}
	record = tp_record_new(desc, filler->arena);
	filler->depth++;
	fill(filler,
		&(struct config_table){ desc->fields, desc->field_size, desc->n_fields },
		spot->path, &node->mark, node, record);
	filler->depth--;
	*(void **)at = record;
}

/*
 * What is given for a list as one: the words of a text between its commas, the pairs of a mapping
 * where NAME=value is asked for, else one value alone.
 */
static const struct node *as_list(struct tp_arena *arena, const struct spot *spot)
{
	const struct node *from = spot->node;
	bool is_pairs = spot->field->flags & TP_FIELD_PAIRS;
	struct node *list = node_map(arena, &from->mark), *item;
	char *word = NULL, *rest;

	if (from->kind == NODE_LIST)
		return from;
	if (from->kind == (is_pairs ? NODE_SCALAR : NODE_MAP))
		tp_arena_push(arena, &list->items, &list->n_items, (struct node *)from);
	else if (!is_pairs)
		word = strtok_r(tp_arena_strdup(arena, from->text), ",", &rest);
	for (; word != NULL; word = strtok_r(NULL, ",", &rest)) {
		item = node_scalar(arena, &from->mark, word + strspn(word, " "));
		item->written = from->written;
		tp_arena_push(arena, &list->items, &list->n_items, item);
	}
	for (size_t i = 0; is_pairs && from->kind == NODE_MAP && i < from->n_items; i++) {
		item = from->items[i];
		if (item->kind == NODE_SCALAR)
			item = node_scalar(arena, &item->mark,
				tp_arena_printf(
					arena, "%s=%s", from->keys[i]->text, item->text));
		tp_arena_push(arena, &list->items, &list->n_items, item);
	}
	return list;
}

static void set_list(struct filler *filler, const struct spot *spot, void *object)
{
	const struct tp_field *field = spot->field;
	const struct node *list = as_list(filler->arena, spot);
	size_t n = list->n_items, size = tp_field_size(field);
	char *items = tp_arena_alloc(filler->arena, n * size + 1);

	for (size_t i = 0; i < n && filler->n_values < MAX_VALUES; i++) {
		struct spot item = { field, spot->path, list->items[i] };

		item.path = tp_arena_printf(filler->arena, "%s[%zu]", spot->path, i);
		set_value(filler, &item, items + i * size);
	}
	*(void **)((char *)object + field->offset) = items;
	*(size_t *)((char *)object + field->extra) = n;
}

static void set_field(struct filler *filler, const struct spot *spot, void *object)
{
	const struct tp_field *field = spot->field;
	const struct node *node = spot->node;

	if (field->flags & TP_FIELD_UNSUPPORTED)
		issues_add(
			filler->issues, &node->mark, "%s: not supported yet", spot->path);
	else if (field->label == TP_MAP)
		issues_add(filler->issues, &node->mark, "%s: cannot be set here",
			spot->path);
	else if (node->kind == NODE_SCALAR && node->null)
		issues_add(filler->issues, &node->mark,
			"%s: has no value: leave the key out, or write '' for an empty "
			"text",
			spot->path);
	else if (field->label == TP_MANY)
		set_list(filler, spot, object);
	else
		set_value(filler, spot, (char *)object + field->offset);
	if (field->label < TP_MANY && field->extra != 0)
		*(bool *)((char *)object + field->extra) = true;
}

static const struct tp_field *find(const struct config_table *table, const char *name)
{
	const struct tp_field *field;

	for (size_t i = 0; (field = row(table, i)) != NULL; i++) {
		if (strcmp(field->name, name) == 0)
			break;
	}
	return field;
}

static void complain_unknown(const struct config_table *table, const char *path,
	const struct node *key, struct issues *issues)
{
	struct suggest suggest = { .word = key->text };
	const struct tp_field *field;

	for (size_t i = 0; (field = row(table, i)) != NULL; i++) {
		if (!(field->flags & TP_FIELD_UNSUPPORTED))
			suggest_offer(&suggest, field->name);
	}
	issues_add(issues, &key->mark, "%s: unknown key '%s'" SUGGEST_FMT, path,
		key->text, SUGGEST_ARGS(&suggest));
}

/* Which of the first n keys of the mapping sets the member of this row, under any name? n: none. */
static size_t written(const struct config_table *table, const struct node *map, size_t n,
	const struct tp_field *field)
{
	size_t i = 0;

	for (; i < n; i++) {
		const struct tp_field *other = find(table, map->keys[i]->text);

		if (other != NULL && other->offset == field->offset &&
			!((other->flags | field->flags) & TP_FIELD_UNSUPPORTED))
			break;
	}
	return i;
}

const struct mark *config_mark(
	const struct config_table *table, const struct node *map, const char *key)
{
	const struct tp_field *field = find(table, key);
	size_t n = field == NULL || map == NULL ? 0 : map->n_items;
	size_t i = n == 0 ? 0 : written(table, map, n, field);

	return i < n ? &map->items[i]->mark : NULL;
}

static void fill_written(struct filler *filler, const struct config_table *table,
	const char *path, const struct node *map, void *object)
{
	for (size_t i = 0; map != NULL && i < map->n_items; i++) {
		struct spot spot = { find(table, map->keys[i]->text), NULL,
			map->items[i] };
		size_t twin;

		if (spot.field == NULL) {
			complain_unknown(table, path, map->keys[i], filler->issues);
			continue;
		}
		twin = written(table, map, i, spot.field);
		if (twin < i)
			issues_add(filler->issues, &map->keys[i]->mark,
				"%s: '%s' is another name of '%s' (%s): keep one of them",
				path, spot.field->name, map->keys[twin]->text,
				mark_text(&map->keys[twin]->mark).text);
		spot.path =
			tp_arena_printf(filler->arena, "%s: %s", path, spot.field->name);
		set_field(filler, &spot, object);
	}
}

static void fill(struct filler *filler, const struct config_table *table,
	const char *path, const struct mark *where, const struct node *map, void *object)
{
	const struct tp_field *field;

	for (size_t i = 0; (field = row(table, i)) != NULL; i++) {
		const struct node *node = node_get(map, field->name);

		if (node == NULL && field->default_text != NULL && filler->depth == 0 &&
			!(field->flags & TP_FIELD_UNSUPPORTED)) {
			struct spot spot = { field, NULL, NULL };

			spot.path = tp_arena_printf(
				filler->arena, "%s: default of %s", path, field->name);
			spot.node =
				node_scalar(filler->arena, where, field->default_text);
			set_field(filler, &spot, object);
		} else if (node == NULL && field->label == TP_REQUIRED) {
			issues_add(filler->issues, where, "%s: '%s' is missing%s%s", path,
				field->name, field->doc != NULL ? ": " : "",
				field->doc != NULL ? field->doc : "");
		}
	}
	fill_written(filler, table, path, map, object);
}

void config_fill(const struct config_table *table, const char *owner,
	const struct mark *where, const struct node *config, struct tp_arena *arena,
	void *object, struct issues *issues)
{
	struct filler filler = { .arena = arena, .issues = issues };

	fill(&filler, table, owner, where, config, object);
}

static bool same_value(const struct tp_field *field, const void *a, const void *b)
{
	const struct tp_bytes *x = a, *y = b;

	if (field->type == TP_STRING)
		return tp_streq(*(const char *const *)a, *(const char *const *)b);
	if (field->type == TP_BYTES)
		return x->len == y->len &&
			(x->len == 0 || memcmp(x->data, y->data, x->len) == 0);
	return memcmp(a, b, tp_field_size(field)) == 0;
}

bool config_same(const struct tp_field *field, const void *a, const void *b)
{
	const char *x = (const char *)a + field->offset;
	const char *y = (const char *)b + field->offset;
	size_t size = tp_field_size(field), n, m;

	if (field->label != TP_MANY)
		return same_value(field, x, y);
	n = *(const size_t *)(const void *)((const char *)a + field->extra);
	m = *(const size_t *)(const void *)((const char *)b + field->extra);
	x = *(const char *const *)(const void *)x;
	y = *(const char *const *)(const void *)y;
	for (size_t i = 0; n == m && i < n; i++) {
		if (!same_value(field, x + i * size, y + i * size))
			return false;
	}
	return n == m;
}

void config_move(const struct tp_field *field, void *to, const void *from)
{
	bool is_list = field->label == TP_MANY;

	memcpy((char *)to + field->offset, (const char *)from + field->offset,
		is_list ? sizeof(void *) : tp_field_size(field));
	if (is_list)
		memcpy((char *)to + field->extra, (const char *)from + field->extra,
			sizeof(size_t));
}
