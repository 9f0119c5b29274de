/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What any record can do, by walking its field table. A member is reached by its offset; one
 * value of a type takes tp_field_size() bytes, alone in its struct or as an item of an array.
 * Bytes are moved with memcpy, so the walk has no opinion on the types that the schema emitted.
 */
#include "tepui/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/strbuf.h"
#include "tepui/units.h"

/* Where a check is, for its error: a chain from the innermost record out to the root. */
struct place {
	const struct place *outer;
	const struct tp_field *field;
	size_t index;
};

static bool is_many(const struct tp_field *field)
{
	return field->label == TP_MANY || field->label == TP_MAP;
}

static const void *member(const struct tp_field *field, const void *record)
{
	return (const char *)record + field->offset;
}

static const void *pointer_at(const void *place)
{
	const void *ptr;

	memcpy(&ptr, place, sizeof ptr);
	return ptr;
}

static size_t count_of(const struct tp_field *field, const void *record)
{
	size_t n;

	memcpy(&n, (const char *)record + field->extra, sizeof n);
	return n;
}

bool tp_field_present(const struct tp_field *field, const void *record)
{
	if (is_many(field))
		return count_of(field, record) > 0;
	if (field->type == TP_STRING || field->type == TP_RECORD ||
		field->type == TP_BYTES) /* struct tp_bytes begins with its pointer */
		return pointer_at(member(field, record)) != NULL;
	return *(const bool *)((const char *)record + field->extra);
}

/* The values of a field: *ret_n of them in a row. */
static const char *values(const struct tp_field *field, const void *record, size_t *ret_n)
{
	if (is_many(field)) {
		*ret_n = count_of(field, record);
		return pointer_at(member(field, record));
	}
	*ret_n = tp_field_present(field, record) ? 1 : 0;
	return member(field, record);
}

void *tp_record_new(const struct tp_desc *desc, struct tp_arena *arena)
{
	return tp_arena_alloc(arena, desc->size);
}

/* Replaces the pointer in one copied value by a copy of what it points to. */
static void copy_value(const struct tp_field *field, char *value, struct tp_arena *arena)
{
	struct tp_bytes bytes;
	const void *ptr;

	if (field->type == TP_BYTES) {
		memcpy(&bytes, value, sizeof bytes);
		if (bytes.data != NULL)
			bytes.data = tp_arena_memdup(arena, bytes.data, bytes.len);
		memcpy(value, &bytes, sizeof bytes);
		return;
	}
	ptr = pointer_at(value);
	if (field->type == TP_STRING)
		ptr = tp_arena_strdup(arena, ptr);
	else
		ptr = tp_record_copy(field->sub, ptr, arena);
	memcpy(value, &ptr, sizeof ptr);
}

static void copy_field(const struct tp_field *field, char *copy, struct tp_arena *arena)
{
	char *value = copy + field->offset;
	size_t size = tp_field_size(field);
	const void *items;
	size_t n = 1;

	if (is_many(field)) {
		n = count_of(field, copy);
		items = n == 0 ? NULL
			       : tp_arena_memdup(arena, pointer_at(value), n * size);
		memcpy(value, &items, sizeof items);
		value = (char *)items;
	}
	if (field->type != TP_STRING && field->type != TP_RECORD &&
		field->type != TP_BYTES)
		return;
	for (; n > 0; n--, value += size)
		copy_value(field, value, arena);
}

void *tp_record_copy(
	const struct tp_desc *desc, const void *record, struct tp_arena *arena)
{
	char *copy;
	uint32_t i;

	if (record == NULL)
		return NULL;
	copy = tp_arena_memdup(arena, record, desc->size);
	for (i = 0; i < desc->n_fields; i++)
		copy_field(tp_desc_field(desc, i), copy, arena);
	return copy;
}

static bool value_equal(const struct tp_field *field, const char *a, const char *b)
{
	struct tp_bytes one, two;
	double x, y;

	switch ((enum tp_type)field->type) {
	case TP_STRING:
		return tp_streq(pointer_at(a), pointer_at(b));
	case TP_RECORD:
		return tp_record_equal(field->sub, pointer_at(a), pointer_at(b));
	case TP_BYTES:
		memcpy(&one, a, sizeof one);
		memcpy(&two, b, sizeof two);
		return one.len == two.len &&
			(one.len == 0 || memcmp(one.data, two.data, one.len) == 0);
	case TP_DOUBLE:
		memcpy(&x, a, sizeof x);
		memcpy(&y, b, sizeof y);
		return x == y;
	default:
		return memcmp(a, b, tp_field_size(field)) == 0;
	}
}

bool tp_record_equal(const struct tp_desc *desc, const void *a, const void *b)
{
	const struct tp_field *field;
	const char *one, *two;
	size_t n, m, size;
	uint32_t i;

	if (a == NULL || b == NULL)
		return a == b;
	for (i = 0; i < desc->n_fields; i++) {
		field = tp_desc_field(desc, i);
		one = values(field, a, &n);
		two = values(field, b, &m);
		if (n != m)
			return false;
		size = tp_field_size(field);
		for (; n > 0; n--, one += size, two += size)
			if (!value_equal(field, one, two))
				return false;
	}
	return true;
}

static void print_place(const struct place *place, struct tp_strbuf *out)
{
	if (place->outer != NULL) {
		print_place(place->outer, out);
		tp_strbuf_putc(out, '.');
	}
	tp_strbuf_puts(out, place->field->name);
	if (is_many(place->field))
		tp_strbuf_printf(out, "[%zu]", place->index);
}

static int fail_at(const struct place *place, int r, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf path = TP_STRBUF_INIT;

	if (place == NULL)
		return r;
	print_place(place, &path);
	return tp_wrap(err, r, "%s", path.data);
}

/* At most one member of each oneof; its members stand in any order in the table. */
static int check_oneof(const struct tp_desc *desc, const void *record, uint32_t at,
	const struct place *place, struct tp_error *err)
{
	const struct tp_field *field = tp_desc_field(desc, at), *other;
	uint32_t i;

	if (field->oneof == 0 || !tp_field_present(field, record))
		return 0;
	for (i = 0; i < at; i++) {
		other = tp_desc_field(desc, i);
		if (other->oneof == field->oneof && tp_field_present(other, record))
			return fail_at(place,
				tp_fail(err, EINVAL,
					"Expecting only one of '%s' and '%s' to be "
					"present",
					other->name, field->name),
				err);
	}
	return 0;
}

static int check(const struct tp_desc *desc, const void *record,
	const struct place *outer, struct tp_error *err)
{
	struct place place = { outer, NULL, 0 };
	const void *const *records;
	uint32_t i;
	size_t n;
	int r;

	for (i = 0; i < desc->n_fields; i++) {
		place.field = tp_desc_field(desc, i);
		if (place.field->label == TP_REQUIRED &&
			!tp_field_present(place.field, record))
			return fail_at(outer,
				tp_fail(err, EINVAL, "Expecting '%s' to be present",
					place.field->name),
				err);
		r = check_oneof(desc, record, i, outer, err);
		if (r < 0)
			return r;
		if (place.field->type != TP_RECORD)
			continue;
		records = (const void *)values(place.field, record, &n);
		for (place.index = 0; place.index < n; place.index++) {
			r = check(place.field->sub, records[place.index], &place, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int tp_record_check(const struct tp_desc *desc, const void *record, struct tp_error *err)
{
	return check(desc, record, NULL, err);
}

/* Seconds with a fraction as nanoseconds: the digits are those of a duration. */
static int seconds_parse(const char *text, int64_t *ret_ns)
{
	char duration[64];
	size_t len = strlen(text);

	if (len + 2 > sizeof duration)
		return -EINVAL;
	memcpy(duration, text, len);
	memcpy(duration + len, "s", 2);
	return tp_duration_parse(duration, ret_ns, NULL);
}

static bool parse_default(const struct tp_field *field, void *value)
{
	const char *text = field->default_text;

	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		*(bool *)value = tp_streq(text, "true");
		return true;
	case TP_INT32:
	case TP_UINT32:
		*(uint32_t *)value = (uint32_t)strtoll(text, NULL, 10);
		return true;
	case TP_INT64:
		*(int64_t *)value = strtoll(text, NULL, 10);
		return true;
	case TP_UINT64:
		*(uint64_t *)value = strtoull(text, NULL, 10);
		return true;
	case TP_DOUBLE:
		*(double *)value = strtod(text, NULL);
		return true;
	case TP_ENUM:
		return tp_enum_number(field->sub, text, value) == 0;
	case TP_MILLI:
		return tp_milli_parse(text, value, NULL) == 0;
	case TP_SECONDS:
		return seconds_parse(text, value) == 0;
	case TP_STRING:
		*(const char **)value = text; /* the table outlives its records */
		return true;
	default:
		return false;
	}
}

static void fill_default(const struct tp_field *field, void *record)
{
	void *value = (char *)record + field->offset;

	if (field->default_text == NULL || field->oneof != 0 ||
		tp_field_present(field, record) || !parse_default(field, value))
		return;
	if (field->type != TP_STRING)
		*(bool *)((char *)record + field->extra) = true;
}

void tp_record_fill(const struct tp_desc *desc, void *record, struct tp_arena *arena)
{
	const struct tp_field *field;
	void *const *records;
	uint32_t i;
	size_t n;

	for (i = 0; i < desc->n_fields; i++) {
		field = tp_desc_field(desc, i);
		if (field->label == TP_OPTIONAL && field->type != TP_RECORD)
			fill_default(field, record);
		if (field->type != TP_RECORD)
			continue;
		records = (void *const *)(const void *)values(field, record, &n);
		for (; n > 0; n--, records++)
			tp_record_fill(field->sub, *records, arena);
	}
}
