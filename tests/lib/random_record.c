/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fills records by their tables. About half of the fields are set; nesting ends after a few
 * levels because every level sets fewer records.
 */
#include "random_record.h"

#include <stdio.h>
#include <string.h>

#include "tepui/record.h"

#define LEVELS 6

struct filler {
	uint64_t state;
	struct tp_arena *arena;
	unsigned level;
};

static void fill(struct filler *f, const struct tp_desc *desc, char *record);

/* xorshift64* */
static uint64_t next(struct filler *f)
{
	f->state ^= f->state >> 12;
	f->state ^= f->state << 25;
	f->state ^= f->state >> 27;
	return f->state * UINT64_C(2685821657736338717);
}

static uint64_t below(struct filler *f, uint64_t n)
{
	return (next(f) >> 11) % n;
}

/* Small and big numbers alike: a random count of bits. */
static uint64_t bits(struct filler *f, unsigned most)
{
	unsigned n = (unsigned)below(f, most + 1);

	return n == 0 ? 0 : next(f) >> (64 - n);
}

static int64_t either(struct filler *f, uint64_t u)
{
	return below(f, 2) ? (int64_t)u : -(int64_t)u;
}

static const char *text(struct filler *f)
{
	static const char *const parts[] = { "cpus", "a", " ", "\"", "\\", "\n", "\x7f",
		"\u00e9", "\u20ac", "\U0001f5fb", "0123456789abcdef", "/", "\x01" };
	size_t n = below(f, 6), i;
	char out[128] = "";

	for (i = 0; i < n; i++)
		strcat(out, parts[below(f, TP_COUNT(parts))]);
	return tp_arena_strdup(f->arena, out);
}

static struct tp_bytes some_bytes(struct filler *f)
{
	uint8_t data[300];
	struct tp_bytes bytes;
	size_t i;

	bytes.len = below(f, 8) == 0 ? below(f, sizeof data) : below(f, 20);
	for (i = 0; i < bytes.len; i++)
		data[i] = (uint8_t)next(f);
	bytes.data = tp_arena_memdup(f->arena, data, bytes.len);
	return bytes;
}

static int name(struct filler *f, const struct tp_enum *e)
{
	size_t n = 0;

	while (e->values[n].name != NULL)
		n++;
	return e->values[below(f, n)].number;
}

static void *record(struct filler *f, const struct tp_desc *desc)
{
	char *made = tp_record_new(desc, f->arena);

	f->level++;
	fill(f, desc, made);
	f->level--;
	return made;
}

static void value(struct filler *f, const struct tp_field *field, void *at)
{
	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		*(bool *)at = below(f, 2);
		break;
	case TP_INT32:
		*(int32_t *)at = (int32_t)either(f, bits(f, 31));
		break;
	case TP_UINT32:
		*(uint32_t *)at = (uint32_t)bits(f, 32);
		break;
	case TP_INT64:
		*(int64_t *)at = either(f, bits(f, 63));
		break;
	case TP_UINT64:
		*(uint64_t *)at = bits(f, 63);
		break;
	case TP_MILLI:
		*(int64_t *)at = either(f, bits(f, 46));
		break;
	case TP_DOUBLE:
		*(double *)at =
			(double)either(f, bits(f, 63)) / (double)(1 + bits(f, 40));
		break;
	case TP_STRING:
		*(const char **)at = text(f);
		break;
	case TP_BYTES:
		*(struct tp_bytes *)at = some_bytes(f);
		break;
	case TP_ENUM:
		*(int *)at = name(f, field->sub);
		break;
	case TP_RECORD:
		*(void **)at = record(f, field->sub);
		break;
	default: /* nanoseconds */
		*(int64_t *)at = either(f, bits(f, 52));
	}
}

static size_t size_of(const struct tp_field *field)
{
	switch (field->type) {
	case TP_BOOL:
		return sizeof(bool);
	case TP_INT32:
	case TP_UINT32:
	case TP_ENUM:
		return sizeof(int32_t);
	case TP_BYTES:
		return sizeof(struct tp_bytes);
	default:
		return 8;
	}
}

/* Entries of a map: their keys differ, and they have a value. */
static void *entry(struct filler *f, const struct tp_desc *desc, size_t i)
{
	const struct tp_field *key = tp_desc_field(desc, 0);
	const struct tp_field *content = tp_desc_field(desc, 1);
	char *made = tp_record_new(desc, f->arena);

	*(const char **)(void *)(made + key->offset) =
		tp_arena_printf(f->arena, "key %zu", i);
	f->level++;
	value(f, content, made + content->offset);
	f->level--;
	return made;
}

static void many(struct filler *f, const struct tp_field *field, char *owner)
{
	size_t n = 1 + below(f, 3), size = size_of(field), i;
	char *items = tp_arena_alloc(f->arena, n * size);

	for (i = 0; i < n; i++)
		if (field->label == TP_MAP)
			*(void **)(void *)(items + i * size) = entry(f, field->sub, i);
		else
			value(f, field, items + i * size);
	memcpy(owner + field->offset, &items, sizeof items);
	memcpy(owner + field->extra, &n, sizeof n);
}

static void fill(struct filler *f, const struct tp_desc *desc, char *owner)
{
	const struct tp_field *field;
	uint32_t i;

	for (i = 0; i < desc->n_fields; i++) {
		field = tp_desc_field(desc, i);
		if (field->type == TP_RECORD ? below(f, LEVELS) < f->level : below(f, 2))
			continue;
		if (field->label >= TP_MANY) {
			many(f, field, owner);
			continue;
		}
		value(f, field, owner + field->offset);
		if (field->type != TP_STRING && field->type != TP_BYTES &&
			field->type != TP_RECORD)
			*(bool *)(owner + field->extra) = true;
	}
}

void *random_record(const struct tp_desc *desc, uint64_t seed, struct tp_arena *arena)
{
	struct filler f = { seed * 2 + 1, arena, 1 };

	next(&f);
	return record(&f, desc);
}
