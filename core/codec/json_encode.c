/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to JSON by the rules of the v1 API, streaming into a buffer: no tree, no second pass.
 * Absent fields with a default are printed unless they are deprecated; empty lists only where
 * clients have always seen them (TP_FIELD_LISTED).
 */
#include "base64.h"
#include "member.h"
#include "number.h"
#include "tepui/codec.h"
#include "writer.h"

struct json {
	struct writer w;
	unsigned flags;
	unsigned depth;
};

static void put_record(struct json *j, const struct tp_desc *desc, const void *record);

static void put_line(struct json *j)
{
	unsigned i;

	if ((j->flags & TP_JSON_PRETTY) == 0)
		return;
	writer_byte(&j->w, '\n');
	for (i = 0; i < j->depth; i++)
		writer_add(&j->w, "  ", 2);
}

static void put_open(struct json *j, char bracket)
{
	writer_byte(&j->w, (uint8_t)bracket);
	j->depth++;
}

static void put_close(struct json *j, char bracket, bool any)
{
	j->depth--;
	if (any)
		put_line(j);
	writer_byte(&j->w, (uint8_t)bracket);
}

/* Before each item of an object or array. */
static void put_next(struct json *j, bool *any)
{
	if (*any)
		writer_byte(&j->w, ',');
	*any = true;
	put_line(j);
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGH UINT64_C(0x8080808080808080)

/* Is a byte of the eight zero, or (wrongly, but safely) just above one that is? */
static uint64_t has_zero(uint64_t word)
{
	return (word - ONES) & ~word & HIGH;
}

/* Nothing to escape and nothing to validate: ASCII without quotes, backslashes, controls. */
static bool is_plain(const char *text, size_t len)
{
	uint64_t word;

	for (; len >= 8; len -= 8, text += 8) {
		memcpy(&word, text, sizeof word);
		if (((word & HIGH) | ((word - 0x20 * ONES) & HIGH) |
			    has_zero(word ^ '"' * ONES) | has_zero(word ^ '\\' * ONES)) !=
			0)
			return false;
	}
	for (; len > 0; len--, text++)
		if ((uint8_t)*text < 0x20 || (uint8_t)*text >= 0x80 || *text == '"' ||
			*text == '\\')
			return false;
	return true;
}

static void put_text(struct json *j, const char *text)
{
	size_t len = strlen(text);

	writer_byte(&j->w, '"');
	if (is_plain(text, len)) {
		writer_add(&j->w, text, len);
	} else {
		writer_end(&j->w);
		tp_strbuf_json_escape(j->w.out, text, len);
		writer_begin(&j->w, j->w.out);
	}
	writer_byte(&j->w, '"');
}

static void put_colon(struct json *j)
{
	if ((j->flags & TP_JSON_PRETTY) != 0)
		writer_add(&j->w, ": ", 2);
	else
		writer_byte(&j->w, ':');
}

/* Names of the schema have nothing to escape. */
static void put_name(struct json *j, const struct tp_field *field)
{
	size_t len = strlen(field->name);

	writer_need(&j->w, len + 2);
	*j->w.p++ = '"';
	memcpy(j->w.p, field->name, len);
	j->w.p += len;
	*j->w.p++ = '"';
	put_colon(j);
}

static void put_bytes(struct json *j, const struct tp_bytes *bytes)
{
	size_t len = BASE64_TEXT_LEN(bytes->len);

	writer_need(&j->w, len + 2);
	*j->w.p++ = '"';
	base64_encode(bytes->data, bytes->len, (char *)j->w.p);
	j->w.p += len;
	*j->w.p++ = '"';
}

static void put_enum(struct json *j, const struct tp_enum *e, int number)
{
	const char *name = tp_enum_name(e, number);

	if (name != NULL) {
		put_text(j, name);
	} else {
		writer_need(&j->w, NUMBER_TEXT_MAX);
		j->w.p += number_print_int(number, (char *)j->w.p);
	}
}

static void put_number(struct json *j, const struct tp_field *field, const void *value)
{
	char *out;

	writer_need(&j->w, NUMBER_TEXT_MAX);
	out = (char *)j->w.p;
	switch ((enum tp_type)field->type) {
	case TP_INT32:
		j->w.p += number_print_int(*(const int32_t *)value, out);
		break;
	case TP_UINT32:
		j->w.p += number_print_uint(*(const uint32_t *)value, out);
		break;
	case TP_UINT64:
		j->w.p += number_print_uint(*(const uint64_t *)value, out);
		break;
	case TP_DOUBLE:
		j->w.p += number_print_double(*(const double *)value, out);
		break;
	case TP_MILLI:
		j->w.p += number_print_fixed(*(const int64_t *)value, 3, out);
		break;
	case TP_SECONDS:
		j->w.p += number_print_fixed(*(const int64_t *)value, 9, out);
		break;
	default:
		j->w.p += number_print_int(*(const int64_t *)value, out);
	}
}

static void put_value(struct json *j, const struct tp_field *field, const void *value)
{
	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		if (*(const bool *)value)
			writer_add(&j->w, "true", 4);
		else
			writer_add(&j->w, "false", 5);
		break;
	case TP_STRING:
		put_text(j, *(const char *const *)value);
		break;
	case TP_BYTES:
		put_bytes(j, value);
		break;
	case TP_ENUM:
		put_enum(j, field->sub, *(const int *)value);
		break;
	case TP_RECORD:
		put_record(j, field->sub, *(const void *const *)value);
		break;
	default:
		put_number(j, field, value);
	}
}

static void put_list(
	struct json *j, const struct tp_field *field, const char *values, size_t n)
{
	size_t size = tp_field_size(field);
	bool any = false;

	put_open(j, '[');
	for (; n > 0; n--, values += size) {
		put_next(j, &any);
		put_value(j, field, values);
	}
	put_close(j, ']', any);
}

/* Entries are records { key, value }; an entry without a value has an empty one. */
static void put_map(
	struct json *j, const struct tp_field *field, const void *values, size_t n)
{
	const struct tp_desc *entry = field->sub;
	const struct tp_field *key = tp_desc_field(entry, 0);
	const struct tp_field *value = tp_desc_field(entry, 1);
	const void *const *entries = values;
	const void *text, *at;
	bool any = false;
	size_t i, there;

	put_open(j, '{');
	for (i = 0; i < n; i++) {
		text = member_values(key, entries[i], &there);
		put_next(j, &any);
		put_text(j, there > 0 ? *(const char *const *)text : "");
		put_colon(j);
		at = member_values(value, entries[i], &there);
		if (there > 0)
			put_value(j, value, at);
		else if (value->type == TP_RECORD)
			writer_add(&j->w, "{}", 2);
		else
			writer_add(&j->w, "\"\"", 2);
	}
	put_close(j, '}', any);
}

/* Defaults come as text of the schema; doubles get the fraction that JSON shows. */
static void put_default(struct json *j, const struct tp_field *field)
{
	const char *text = field->default_text;

	if (field->type == TP_STRING || field->type == TP_ENUM) {
		put_text(j, text);
		return;
	}
	writer_add(&j->w, text, strlen(text));
	if ((field->type == TP_DOUBLE || field->type == TP_MILLI ||
		    field->type == TP_SECONDS) &&
		strpbrk(text, ".e") == NULL)
		writer_add(&j->w, ".0", 2);
}

static void put_absent(struct json *j, const struct tp_field *field, bool *any)
{
	if ((j->flags & TP_JSON_BARE) != 0)
		return;
	if ((field->flags & TP_FIELD_LISTED) != 0) {
		put_next(j, any);
		put_name(j, field);
		writer_add(&j->w, "[]", 2);
	} else if (field->default_text != NULL &&
		(field->flags & TP_FIELD_DEPRECATED) == 0) {
		put_next(j, any);
		put_name(j, field);
		put_default(j, field);
	}
}

static void put_record(struct json *j, const struct tp_desc *desc, const void *record)
{
	const struct tp_field *field;
	const void *values;
	bool any = false;
	uint32_t i;
	size_t n;

	put_open(j, '{');
	for (i = 0; i < desc->n_fields; i++) {
		field = tp_desc_field(desc, i);
		if ((field->flags & TP_FIELD_NATIVE) != 0 &&
			(j->flags & TP_JSON_NATIVE) == 0)
			continue;
		values = member_values(field, record, &n);
		if (n == 0) {
			put_absent(j, field, &any);
			continue;
		}
		put_next(j, &any);
		put_name(j, field);
		if (field->label == TP_MAP)
			put_map(j, field, values, n);
		else if (field->label == TP_MANY)
			put_list(j, field, values, n);
		else
			put_value(j, field, values);
	}
	put_close(j, '}', any);
}

void tp_json_encode(const struct tp_desc *desc, const void *record, unsigned flags,
	struct tp_strbuf *out)
{
	struct json j = { .flags = flags };

	writer_begin(&j.w, out);
	put_record(&j, desc, record);
	writer_end(&j.w);
}
