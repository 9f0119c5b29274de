/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records to msgpack: an array whose element n-1 is field n, nil where a field is absent, cut
 * behind the last field that is set. Numbers take their shortest form. There is no failure: a
 * record in memory is taken at its word.
 */
#include "member.h"
#include "tepui/codec.h"
#include "writer.h"

static void put_record(struct writer *w, const struct tp_desc *desc, const void *record);

static void put_big(struct writer *w, uint8_t head, uint64_t u, unsigned bytes)
{
	writer_need(w, 9);
	*w->p++ = head;
	while (bytes-- > 0)
		*w->p++ = (uint8_t)(u >> (8 * bytes));
}

static void put_uint(struct writer *w, uint64_t u)
{
	if (u < 0x80)
		writer_byte(w, (uint8_t)u);
	else if (u <= UINT8_MAX)
		put_big(w, 0xcc, u, 1);
	else if (u <= UINT16_MAX)
		put_big(w, 0xcd, u, 2);
	else if (u <= UINT32_MAX)
		put_big(w, 0xce, u, 4);
	else
		put_big(w, 0xcf, u, 8);
}

static void put_int(struct writer *w, int64_t i)
{
	if (i >= 0)
		put_uint(w, (uint64_t)i);
	else if (i >= -32)
		writer_byte(w, (uint8_t)i);
	else if (i >= INT8_MIN)
		put_big(w, 0xd0, (uint64_t)i, 1);
	else if (i >= INT16_MIN)
		put_big(w, 0xd1, (uint64_t)i, 2);
	else if (i >= INT32_MIN)
		put_big(w, 0xd2, (uint64_t)i, 4);
	else
		put_big(w, 0xd3, (uint64_t)i, 8);
}

static void put_double(struct writer *w, double d)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	put_big(w, 0xcb, bits, 8);
}

static void put_array(struct writer *w, size_t n)
{
	if (n < 16)
		writer_byte(w, (uint8_t)(0x90 | n));
	else if (n <= UINT16_MAX)
		put_big(w, 0xdc, n, 2);
	else
		put_big(w, 0xdd, n, 4);
}

static void put_text(struct writer *w, const char *text)
{
	size_t len = strlen(text);

	if (len < 32)
		writer_byte(w, (uint8_t)(0xa0 | len));
	else if (len <= UINT8_MAX)
		put_big(w, 0xd9, len, 1);
	else if (len <= UINT16_MAX)
		put_big(w, 0xda, len, 2);
	else
		put_big(w, 0xdb, len, 4);
	writer_add(w, text, len);
}

static void put_bytes(struct writer *w, const struct tp_bytes *bytes)
{
	if (bytes->len <= UINT8_MAX)
		put_big(w, 0xc4, bytes->len, 1);
	else if (bytes->len <= UINT16_MAX)
		put_big(w, 0xc5, bytes->len, 2);
	else
		put_big(w, 0xc6, bytes->len, 4);
	writer_add(w, bytes->data, bytes->len);
}

static void put_value(struct writer *w, const struct tp_field *field, const void *value)
{
	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		writer_byte(w, *(const bool *)value ? 0xc3 : 0xc2);
		break;
	case TP_INT32:
	case TP_ENUM:
		put_int(w, *(const int32_t *)value);
		break;
	case TP_UINT32:
		put_uint(w, *(const uint32_t *)value);
		break;
	case TP_UINT64:
		put_uint(w, *(const uint64_t *)value);
		break;
	case TP_INT64:
	case TP_MILLI:
	case TP_SECONDS:
	case TP_DURATION:
	case TP_SIZE:
		put_int(w, *(const int64_t *)value);
		break;
	case TP_DOUBLE:
		put_double(w, *(const double *)value);
		break;
	case TP_STRING:
		put_text(w, *(const char *const *)value);
		break;
	case TP_BYTES:
		put_bytes(w, value);
		break;
	case TP_RECORD:
		put_record(w, field->sub, *(const void *const *)value);
		break;
	}
}

static void put_field(struct writer *w, const struct tp_field *field, const void *record)
{
	const char *values;
	size_t n, size;

	values = member_values(field, record, &n);
	if (n == 0) {
		writer_byte(w, 0xc0);
		return;
	}
	if (!member_is_many(field)) {
		put_value(w, field, values);
		return;
	}
	put_array(w, n);
	for (size = tp_field_size(field); n > 0; n--, values += size)
		put_value(w, field, values);
}

static void put_record(struct writer *w, const struct tp_desc *desc, const void *record)
{
	const struct tp_field *field;
	uint32_t rows = desc->n_fields, i;
	unsigned number = 0;
	size_t n = 0;

	for (; rows > 0; rows--) {
		field = tp_desc_field(desc, rows - 1);
		member_values(field, record, &n);
		if (n > 0)
			break;
	}
	put_array(w, rows > 0 ? field->number : 0);
	for (i = 0; i < rows; i++) {
		field = tp_desc_field(desc, i);
		while (++number < field->number)
			writer_byte(w, 0xc0);
		put_field(w, field, record);
	}
}

void tp_msgpack_encode(
	const struct tp_desc *desc, const void *record, struct tp_strbuf *out)
{
	struct writer w;

	writer_begin(&w, out);
	put_record(&w, desc, record);
	writer_end(&w);
}
