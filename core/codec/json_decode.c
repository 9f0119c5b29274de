/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON to records by the rules of the v1 API. jansson parses (and refuses doubled keys, bad
 * UTF-8, NULs and trailing text); this walks its tree along the table. Keys that the table does
 * not know are ignored, null is absent, and numbers and bools may come as text.
 */
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "base64.h"
#include "decoder.h"
#include "member.h"
#include "number.h"
#include "tepui/codec.h"
#include "tepui/units.h"

static int get_record(struct decoder *d, const struct tp_desc *desc, json_t *json,
	const struct place *place, void **ret);

static int fail_type(struct decoder *d, const struct place *place)
{
	return decoder_fail(d, place, "expected %s", decoder_type(place->field));
}

static bool get_bool(json_t *json, bool *ret)
{
	const char *text = json_string_value(json);

	*ret = json_is_true(json) || (text != NULL && tp_streq(text, "true"));
	return json_is_boolean(json) || *ret || (text != NULL && tp_streq(text, "false"));
}

/* Whole numbers in any of their spellings: 5, 5.0, "5". */
static bool get_int(json_t *json, int64_t *ret)
{
	const char *text = json_string_value(json);
	double real;
	char *end;

	if (json_is_integer(json)) {
		*ret = json_integer_value(json);
		return true;
	}
	if (text != NULL) {
		errno = 0;
		*ret = strtoll(text, &end, 10);
		return errno == 0 && end != text && *end == '\0';
	}
	real = json_real_value(json);
	if (!json_is_real(json) || real < -9e15 || real > 9e15)
		return false;
	*ret = (int64_t)real;
	return (double)*ret == real;
}

/* As text the upper half of 64 bits comes through too, which jansson has no numbers for. */
static bool get_uint(json_t *json, uint64_t *ret)
{
	const char *text = json_string_value(json);
	int64_t i;
	char *end;

	if (text == NULL) {
		if (!get_int(json, &i) || i < 0)
			return false;
		*ret = (uint64_t)i;
		return true;
	}
	errno = 0;
	*ret = strtoull(text, &end, 10);
	return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool get_double(json_t *json, double *ret)
{
	const char *text = json_string_value(json);
	char *end;

	if (text == NULL) {
		*ret = json_number_value(json);
		return json_is_number(json);
	}
	*ret = strtod(text, &end);
	return end != text && *end == '\0' && isfinite(*ret);
}

/* Numbers and bools; false when the value does not fit the field. */
static bool get_scalar(const struct tp_field *field, json_t *json, void *value)
{
	uint64_t u;
	int64_t i;
	double real;

	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		return get_bool(json, value);
	case TP_INT32:
		if (!get_int(json, &i) || i < INT32_MIN || i > INT32_MAX)
			return false;
		*(int32_t *)value = (int32_t)i;
		return true;
	case TP_UINT32:
		if (!get_uint(json, &u) || u > UINT32_MAX)
			return false;
		*(uint32_t *)value = (uint32_t)u;
		return true;
	case TP_INT64:
		return get_int(json, value);
	case TP_UINT64:
		return get_uint(json, value);
	case TP_DOUBLE:
		return get_double(json, value);
	case TP_MILLI:
		return get_double(json, &real) &&
			tp_milli_from_double(real, value, NULL) == 0;
	case TP_SECONDS:
		return get_double(json, &real) && number_seconds_to_ns(real, value);
	default:
		return false;
	}
}

static int get_text(
	struct decoder *d, json_t *json, const struct place *place, const char **ret)
{
	size_t len = json_string_length(json);

	if (!json_is_string(json))
		return fail_type(d, place);
	if (decoder_charge(d, place, len + 1) < 0)
		return -EINVAL;
	*ret = tp_arena_strndup(d->arena, json_string_value(json), len);
	return 0;
}

static int get_bytes(
	struct decoder *d, json_t *json, const struct place *place, struct tp_bytes *ret)
{
	size_t len = json_string_length(json);
	uint8_t *data;

	if (!json_is_string(json))
		return decoder_fail(d, place, "expected bytes in base64");
	data = decoder_alloc(d, place, BASE64_DATA_MAX(len) + 1);
	if (data == NULL)
		return -EINVAL;
	if (!base64_decode(json_string_value(json), len, data, &ret->len))
		return decoder_fail(d, place, "is not base64");
	ret->data = data;
	return 0;
}

/* 1 when there is a value, 0 when an unknown name was dropped. */
static int get_enum(struct decoder *d, json_t *json, const struct place *place, int *ret)
{
	const char *name = json_string_value(json);

	if (name == NULL)
		return fail_type(d, place);
	if (tp_enum_number(place->field->sub, name, ret) == 0)
		return 1;
	if (place->field->label == TP_REQUIRED)
		return decoder_fail(d, place, "unknown enum value '%s'", name);
	return 0;
}

/* 1 when there is a value, 0 when it was dropped. */
static int get_value(
	struct decoder *d, json_t *json, const struct place *place, void *value)
{
	int r = 0;

	switch ((enum tp_type)place->field->type) {
	case TP_STRING:
		r = get_text(d, json, place, value);
		break;
	case TP_BYTES:
		r = get_bytes(d, json, place, value);
		break;
	case TP_ENUM:
		return get_enum(d, json, place, value);
	case TP_RECORD:
		r = get_record(d, place->field->sub, json, place, value);
		break;
	default:
		if (!get_scalar(place->field, json, value))
			r = fail_type(d, place);
	}
	return r < 0 ? r : 1;
}

static int get_list(struct decoder *d, json_t *json, struct place *place, char *record)
{
	const struct tp_field *field = place->field;
	size_t size = tp_field_size(field), n = 0;
	char *items;
	int r;

	if (!json_is_array(json))
		return decoder_fail(
			d, place->outer, "'%s' must be an array", field->name);
	if (json_array_size(json) == 0)
		return 0;
	items = decoder_alloc(d, place, json_array_size(json) * size);
	if (items == NULL)
		return -EINVAL;
	for (; place->index < json_array_size(json); place->index++) {
		r = get_value(
			d, json_array_get(json, place->index), place, items + n * size);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	memcpy(record + field->offset, &items, sizeof items);
	memcpy(record + field->extra, &n, sizeof n);
	return 0;
}

/* An entry { key, value } of a map. */
static int get_entry(struct decoder *d, const char *key, json_t *json,
	const struct place *place, char **ret)
{
	const struct tp_desc *desc = place->field->sub;
	struct place at = *place;
	const char *copy;
	char *entry;
	int r;

	entry = decoder_alloc(d, place, desc->size + strlen(key) + 1);
	if (entry == NULL)
		return -EINVAL;
	copy = tp_arena_strdup(d->arena, key);
	memcpy(entry + tp_desc_field(desc, 0)->offset, &copy, sizeof copy);
	at.field = tp_desc_field(desc, 1);
	at.outer = place;
	at.key = NULL;
	at.depth++;
	r = get_value(d, json, &at, entry + at.field->offset);
	*ret = entry;
	return r;
}

static int get_map(struct decoder *d, json_t *json, struct place *place, char *record)
{
	const struct tp_field *field = place->field;
	char **entries;
	size_t n = 0;
	json_t *value;
	int r;

	if (!json_is_object(json))
		return decoder_fail(
			d, place->outer, "'%s' must be an object", field->name);
	if (json_object_size(json) == 0)
		return 0;
	entries = decoder_alloc(d, place, json_object_size(json) * sizeof *entries);
	if (entries == NULL)
		return -EINVAL;
	json_object_foreach(json, place->key, value)
	{
		r = get_entry(d, place->key, value, place, &entries[n]);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	memcpy(record + field->offset, &entries, sizeof entries);
	memcpy(record + field->extra, &n, sizeof n);
	return 0;
}

static int get_field(struct decoder *d, const struct tp_field *field, json_t *json,
	const struct place *outer, char *record)
{
	struct place place = { outer, field, 0, NULL, outer == NULL ? 1 : outer->depth };
	int r;

	place.depth += field->label >= TP_MANY ? 2 : 1;
	if (field->label == TP_MAP)
		return get_map(d, json, &place, record);
	if (field->label == TP_MANY)
		return get_list(d, json, &place, record);
	r = get_value(d, json, &place, record + field->offset);
	if (r == 1 && field->type != TP_STRING && field->type != TP_RECORD &&
		field->type != TP_BYTES)
		*(bool *)(record + field->extra) = true;
	return r < 0 ? r : 0;
}

static int get_record(struct decoder *d, const struct tp_desc *desc, json_t *json,
	const struct place *place, void **ret)
{
	const struct tp_field *field;
	const char *key;
	json_t *value;
	char *record;
	int r;

	if (place != NULL && place->depth > TP_CODEC_DEPTH_MAX)
		return decoder_fail(
			d, place, "nests deeper than %d levels", TP_CODEC_DEPTH_MAX);
	if (!json_is_object(json))
		return decoder_fail(d, place, "expected an object");
	record = decoder_alloc(d, place, desc->size);
	if (record == NULL)
		return -EINVAL;
	json_object_foreach(json, key, value)
	{
		field = tp_desc_find(desc, key);
		if (field == NULL || json_is_null(value))
			continue;
		r = get_field(d, field, value, place, record);
		if (r < 0)
			return r;
	}
	*ret = record;
	return 0;
}

int tp_json_decode(const struct tp_desc *desc, const char *text, size_t len,
	struct tp_arena *arena, void **ret, struct tp_error *err)
{
	struct decoder d;
	json_error_t why;
	json_t *json;
	int r;

	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (json == NULL)
		return tp_fail(err, EINVAL, "%s: line %d, column %d: %s", desc->name,
			why.line, why.column, why.text);
	decoder_init(&d, desc, len, arena, err);
	r = get_record(&d, desc, json, NULL, ret);
	json_decref(json);
	return r;
}
