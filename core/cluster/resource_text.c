/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of resources: "name(role):value;...", or JSON. Parsing gives records as they were
 * written, so that "gpus:0" is known to have been said; a bundle is made of them afterwards.
 */
#include <errno.h>
#include <string.h>

#include "core/cluster/value_text.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/role.h"

/* The wrapper that makes a JSON array an object that the codec decodes. */
struct records {
	struct tp_resource **resources;
	size_t n_resources;
};

static const struct tp_field records_fields[] = {
	{ .name = "resources",
		.number = 1,
		.type = TP_RECORD,
		.label = TP_MANY,
		.offset = offsetof(struct records, resources),
		.extra = offsetof(struct records, n_resources),
		.sub = &tp_resource_desc },
};

static const struct tp_desc records_desc = { .name = "Resources",
	.size = sizeof(struct records),
	.fields = records_fields,
	.n_fields = 1,
	.field_size = sizeof(struct tp_field),
	.max_number = 1 };

struct parser {
	const char *text;
	const char *default_role;
	struct tp_arena *arena;
	struct records *out;
};

static void reserve_static(
	struct tp_resource *record, const char *role, struct tp_arena *arena)
{
	struct tp_resource_reservation_info *info;

	if (role == NULL || strcmp(role, TP_ROLE_DEFAULT) == 0)
		return;
	info = tp_record_new(&tp_resource_reservation_info_desc, arena);
	info->has_type = true;
	info->type = TP_RESOURCE_RESERVATION_INFO_STATIC;
	info->role = tp_arena_strdup(arena, role);
	tp_arena_push(arena, &record->reservations, &record->n_reservations, info);
}

/* "name" or "name(role)"; take_value() has all of it validated. */
static int parse_name(const struct parser *p, const char *text, size_t len,
	struct tp_resource *record, struct tp_error *err)
{
	const char *open = memchr(text, '(', len), *close = memchr(text, ')', len);
	const char *role = p->default_role, *part;
	size_t name_len = open == NULL ? len : (size_t)(open - text), part_len;

	if ((open == NULL) != (close == NULL) ||
		(open != NULL && (close < open || close != text + len - 1)))
		return tp_fail(err, EINVAL, "parentheses do not match");
	if (open != NULL) {
		part_len = (size_t)(close - open) - 1;
		part = text_trim(open + 1, &part_len);
		role = tp_arena_strndup(p->arena, part, part_len);
	}
	text = text_trim(text, &name_len);
	if (name_len == 0)
		return tp_fail(err, EINVAL, "the name is missing");
	record->name = tp_arena_strndup(p->arena, text, name_len);
	reserve_static(record, role, p->arena);
	return 0;
}

static int take_value(
	struct tp_resource *record, const struct tp_value *value, struct tp_error *err)
{
	if (value->type == TP_VALUE_TEXT)
		return tp_fail(err, EINVAL,
			"'%s' is neither a number nor [ranges] nor a {set}",
			value->text->value);
	record->has_type = true;
	record->type = value->type;
	record->scalar = value->scalar;
	record->ranges = value->ranges;
	record->set = value->set;
	return tp_resource_validate(record, err);
}

/* 0.0001 is not nothing, but there is no such amount. */
static int check_tiny(
	const struct tp_value *value, const char *text, size_t len, struct tp_error *err)
{
	size_t i;

	if (value->type != TP_VALUE_SCALAR || value->scalar->value_milli != 0)
		return 0;
	for (i = 0; i < len && text[i] != 'e' && text[i] != 'E'; i++)
		if (text[i] >= '1' && text[i] <= '9')
			return tp_fail(err, EINVAL, "the smallest amount is 0.001");
	return 0;
}

static int parse_entry(
	const struct parser *p, const char *text, size_t len, struct tp_error *err)
{
	struct tp_resource *record = tp_record_new(&tp_resource_desc, p->arena);
	const char *colon = memchr(text, ':', len), *part;
	struct tp_value value;
	size_t name_len, part_len;
	int r;

	if (len == 0)
		return tp_fail(err, EINVAL, "the entry is empty");
	if (colon == NULL)
		return tp_fail(err, EINVAL, "missing ':'");
	name_len = (size_t)(colon - text);
	part_len = len - name_len - 1;
	part = text_trim(colon + 1, &part_len);
	if (memchr(part, ':', part_len) != NULL)
		return tp_fail(err, EINVAL, "more than one ':'");
	r = parse_name(p, text_trim(text, &name_len), name_len, record, err);
	if (r == 0)
		r = value_parse(part, part_len, p->arena, &value, err);
	if (r == 0)
		r = check_tiny(&value, part, part_len, err);
	if (r == 0)
		r = take_value(record, &value, err);
	if (r < 0)
		return r;
	tp_arena_push(p->arena, &p->out->resources, &p->out->n_resources, record);
	return 0;
}

static int parse_text(const struct parser *p, struct tp_error *err)
{
	const char *at = p->text, *entry;
	size_t len;
	int r;

	for (;; at++) {
		len = strcspn(at, ";");
		entry = text_trim(at, &len);
		if (len == 0 && *at == '\0' && at > p->text)
			return 0; /* one ';' may end the text */
		r = parse_entry(p, entry, len, err);
		if (r < 0)
			return tp_wrap(err, r, "resources '%.*s' (at byte %zu)", (int)len,
				entry, (size_t)(entry - p->text));
		at += strcspn(at, ";");
		if (*at == '\0')
			return 0;
	}
}

static int parse_json(const struct parser *p, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf object = TP_STRBUF_INIT;
	struct records *decoded;
	struct tp_resource *record;
	void *tree;
	size_t i;
	int r;

	tp_strbuf_printf(&object, "{\"resources\":%s}", p->text);
	r = tp_json_decode(&records_desc, object.data, object.len, p->arena, &tree, err);
	if (r < 0)
		return r;
	decoded = tree;
	for (i = 0; i < decoded->n_resources; i++) {
		record = decoded->resources[i];
		r = tp_resource_validate(record, err);
		if (r < 0)
			return tp_wrap(err, r, "resources[%zu]", i);
		if (record->n_reservations == 0 && record->role == NULL)
			reserve_static(record, p->default_role, p->arena);
		tp_resource_upgrade(record, p->arena);
	}
	*p->out = *decoded;
	return 0;
}

int tp_resource_records_parse(const char *text, const char *default_role,
	struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n,
	struct tp_error *err)
{
	struct records out = { NULL, 0 };
	struct parser p = { text, default_role, arena, &out };
	size_t len = strlen(text);
	const char *first = text_trim(text, &len);
	int r = 0;

	if (len > 0)
		r = *first == '[' ? parse_json(&p, err) : parse_text(&p, err);
	if (r < 0)
		return r;
	*ret = out.resources;
	*ret_n = out.n_resources;
	return 0;
}

int tp_resources_parse(struct tp_resources *ret, const char *text,
	const char *default_role, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **records;
	size_t n;
	int r;

	r = tp_resource_records_parse(text, default_role, arena, &records, &n, err);
	if (r < 0)
		return r;
	return tp_resources_from_records(ret, records, n, err);
}
