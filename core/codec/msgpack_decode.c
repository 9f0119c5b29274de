/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msgpack to records: a cursor over the bytes, led by the table, with no tree in between. Rows
 * are in order of number and so are the elements, so the two are walked side by side. Whatever
 * the input says is checked before it is used: kinds, ranges, counts, depth, UTF-8, memory.
 */
#include <errno.h>

#include "decoder.h"
#include "member.h"
#include "tepui/codec.h"
#include "token.h"
#include "utf8.h"

struct cursor {
	struct decoder decoder;
	const uint8_t *p;
	const uint8_t *end;
};

static int get_record(struct cursor *c, const struct tp_desc *desc,
	const struct place *place, void **ret);

static int fail_type(
	struct cursor *c, const struct place *place, const struct token *token)
{
	if (token->kind == TOKEN_BAD)
		return decoder_fail(&c->decoder, place, "%s", token->why);
	return decoder_fail(
		&c->decoder, place, "expected %s", decoder_type(place->field));
}

static bool is_int(const struct token *token, int64_t min, int64_t max)
{
	if (token->kind == TOKEN_NEGATIVE)
		return token->i >= min;
	return token->kind == TOKEN_UINT && token->u <= (uint64_t)max;
}

static bool is_uint(const struct token *token, uint64_t max)
{
	return token->kind == TOKEN_UINT && token->u <= max;
}

static bool get_double(const struct token *token, double *ret)
{
	if (token->kind == TOKEN_DOUBLE)
		*ret = token->d;
	else if (token->kind == TOKEN_UINT)
		*ret = (double)token->u;
	else if (token->kind == TOKEN_NEGATIVE)
		*ret = (double)token->i;
	else
		return false;
	return true;
}

/* Scalars; false when the token does not fit the field. */
static bool get_scalar(
	const struct tp_field *field, const struct token *token, void *value)
{
	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		*(bool *)value = token->kind == TOKEN_BOOL && token->u != 0;
		return token->kind == TOKEN_BOOL;
	case TP_INT32:
	case TP_ENUM:
		*(int32_t *)value = (int32_t)token->i;
		return is_int(token, INT32_MIN, INT32_MAX);
	case TP_UINT32:
		*(uint32_t *)value = (uint32_t)token->u;
		return is_uint(token, UINT32_MAX);
	case TP_UINT64:
		*(uint64_t *)value = token->u;
		return is_uint(token, UINT64_MAX);
	case TP_INT64:
	case TP_MILLI:
	case TP_SECONDS:
	case TP_DURATION:
	case TP_SIZE:
		*(int64_t *)value = token->i;
		return is_int(token, INT64_MIN, INT64_MAX);
	case TP_DOUBLE:
		return get_double(token, value);
	default:
		return false;
	}
}

static int get_text(struct cursor *c, const struct token *token,
	const struct place *place, const char **ret)
{
	int r;

	if (token->kind != TOKEN_STR || !utf8_valid(token->data, token->n))
		return fail_type(c, place, token);
	r = decoder_charge(&c->decoder, place, token->n + 1);
	if (r < 0)
		return r;
	*ret = tp_arena_strndup(c->decoder.arena, (const char *)token->data, token->n);
	return 0;
}

static int get_bytes(struct cursor *c, const struct token *token,
	const struct place *place, struct tp_bytes *ret)
{
	int r;

	if (token->kind != TOKEN_BIN)
		return fail_type(c, place, token);
	r = decoder_charge(&c->decoder, place, token->n);
	if (r < 0)
		return r;
	ret->data = tp_arena_memdup(c->decoder.arena, token->data, token->n);
	ret->len = token->n;
	return 0;
}

static bool knows(const struct tp_enum *e, int number)
{
	const struct tp_enum_value *v;

	for (v = e->values; v->name != NULL; v++)
		if (v->number == number)
			return true;
	return false;
}

/* 1 when there is a value, 0 when an unknown enum number was dropped. */
static int get_value(struct cursor *c, const struct place *place, void *value)
{
	const struct tp_field *field = place->field;
	struct token token;
	int r;

	if (field->type == TP_RECORD) {
		r = get_record(c, field->sub, place, value);
		return r < 0 ? r : 1;
	}
	token_next(&c->p, c->end, &token);
	if (field->type == TP_STRING) {
		r = get_text(c, &token, place, value);
		return r < 0 ? r : 1;
	}
	if (field->type == TP_BYTES) {
		r = get_bytes(c, &token, place, value);
		return r < 0 ? r : 1;
	}
	if (!get_scalar(field, &token, value))
		return fail_type(c, place, &token);
	if (field->type != TP_ENUM || knows(field->sub, *(int *)value))
		return 1;
	if (field->label == TP_REQUIRED)
		return decoder_fail(
			&c->decoder, place, "unknown enum number %d", *(int *)value);
	return 0;
}

static int get_many(struct cursor *c, struct place *place, char *record)
{
	const struct tp_field *field = place->field;
	size_t size = tp_field_size(field), n = 0, left;
	struct token token;
	char *items;
	int r;

	token_next(&c->p, c->end, &token);
	if (token.kind != TOKEN_ARRAY)
		return token.kind == TOKEN_BAD
			? fail_type(c, place, &token)
			: decoder_fail(&c->decoder, place, "expected an array");
	if (token.n == 0)
		return 0;
	items = decoder_alloc(&c->decoder, place, token.n * size);
	if (items == NULL)
		return -EINVAL;
	for (left = token.n; left > 0; left--, place->index++) {
		r = get_value(c, place, items + n * size);
		if (r < 0)
			return r;
		n += (size_t)r;
	}
	memcpy(record + field->offset, &items, sizeof items);
	memcpy(record + field->extra, &n, sizeof n);
	return 0;
}

static int get_field(struct cursor *c, const struct tp_field *field,
	const struct place *outer, char *record)
{
	struct place place = { outer, field, 0, NULL, outer == NULL ? 1 : outer->depth };
	int r;

	if (member_is_many(field)) {
		place.depth += 2;
		return get_many(c, &place, record);
	}
	place.depth++;
	r = get_value(c, &place, record + field->offset);
	if (r == 1 && field->type != TP_STRING && field->type != TP_RECORD &&
		field->type != TP_BYTES)
		*(bool *)(record + field->extra) = true;
	return r < 0 ? r : 0;
}

/* The elements of a record; its head has been read. */
static int get_fields(struct cursor *c, const struct tp_desc *desc,
	const struct place *place, size_t n, char *record)
{
	uint32_t row = 0;
	const struct tp_field *field;
	const char *why;
	size_t number;
	int r;

	for (number = 1; number <= n; number++) {
		if (c->p < c->end && *c->p == 0xc0) {
			c->p++;
			continue;
		}
		while (row < desc->n_fields && tp_desc_field(desc, row)->number < number)
			row++;
		field = row < desc->n_fields ? tp_desc_field(desc, row) : NULL;
		if (field != NULL && field->number == number) {
			r = get_field(c, field, place, record);
			if (r < 0)
				return r;
			continue;
		}
		why = token_skip(&c->p, c->end);
		if (why != NULL)
			return decoder_fail(&c->decoder, place,
				"the unknown field %zu %s", number, why);
	}
	return 0;
}

static int get_record(struct cursor *c, const struct tp_desc *desc,
	const struct place *place, void **ret)
{
	struct token token;
	void *record;
	int r;

	if (place != NULL && place->depth > TP_CODEC_DEPTH_MAX)
		return decoder_fail(&c->decoder, place, "nests deeper than %d levels",
			TP_CODEC_DEPTH_MAX);
	token_next(&c->p, c->end, &token);
	if (token.kind != TOKEN_ARRAY)
		return decoder_fail(&c->decoder, place, "%s",
			token.kind == TOKEN_BAD ? token.why : "expected a record");
	record = decoder_alloc(&c->decoder, place, desc->size);
	if (record == NULL)
		return -EINVAL;
	r = get_fields(c, desc, place, token.n, record);
	if (r < 0)
		return r;
	*ret = record;
	return 0;
}

int tp_msgpack_decode(const struct tp_desc *desc, const void *data, size_t len,
	struct tp_arena *arena, void **ret, struct tp_error *err)
{
	struct cursor c;
	void *record;
	int r;

	c.p = len > 0 ? data : (const uint8_t *)"";
	c.end = c.p + len;
	decoder_init(&c.decoder, desc, len, arena, err);
	r = get_record(&c, desc, NULL, &record);
	if (r < 0)
		return r;
	if (c.p != c.end)
		return decoder_fail(&c.decoder, NULL, "%zu bytes follow the record",
			(size_t)(c.end - c.p));
	*ret = record;
	return 0;
}
