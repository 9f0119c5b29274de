/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors and memory of decoders. A path is a chain of places on the stack of the decoder and
 * becomes text only when something fails. The budget bounds what a hostile message costs: an
 * empty record takes one byte on the wire and hundreds in memory.
 */
#include "decoder.h"

#include <errno.h>
#include <stdarg.h>

#include "tepui/strbuf.h"

#define UNFOLD_FACTOR ((size_t)64)
#define UNFOLD_FREE ((size_t)64 * 1024)

void decoder_init(struct decoder *decoder, const struct tp_desc *root, size_t len,
	struct tp_arena *arena, struct tp_error *err)
{
	decoder->arena = arena;
	decoder->err = err;
	decoder->root = root;
	decoder->budget = len < SIZE_MAX / (2 * UNFOLD_FACTOR)
		? len * UNFOLD_FACTOR + UNFOLD_FREE
		: SIZE_MAX / 2;
}

static void print_place(const struct place *place, struct tp_strbuf *out)
{
	if (place == NULL)
		return;
	print_place(place->outer, out);
	tp_strbuf_printf(out, ".%s", place->field->name);
	if (place->key != NULL)
		tp_strbuf_printf(out, "['%s']", place->key);
	else if (place->field->label >= TP_MANY)
		tp_strbuf_printf(out, "[%zu]", place->index);
}

int decoder_fail(
	const struct decoder *decoder, const struct place *place, const char *fmt, ...)
{
	tp_cleanup(strbuf) struct tp_strbuf path = TP_STRBUF_INIT;
	va_list args;
	int r;

	va_start(args, fmt);
	r = tp_vfail(decoder->err, EINVAL, fmt, args);
	va_end(args);
	tp_strbuf_puts(&path, decoder->root->name);
	print_place(place, &path);
	return tp_wrap(decoder->err, r, "%s", tp_strbuf_text(&path));
}

int decoder_charge(struct decoder *decoder, const struct place *place, size_t bytes)
{
	if (bytes > decoder->budget)
		return decoder_fail(decoder, place,
			"takes too much memory for a message of this length");
	decoder->budget -= bytes;
	return 0;
}

void *decoder_alloc(struct decoder *decoder, const struct place *place, size_t bytes)
{
	if (decoder_charge(decoder, place, bytes) < 0)
		return NULL;
	return tp_arena_alloc(decoder->arena, bytes);
}

const char *decoder_type(const struct tp_field *field)
{
	switch ((enum tp_type)field->type) {
	case TP_BOOL:
		return "a bool";
	case TP_INT32:
		return "an integer of 32 bits";
	case TP_INT64:
		return "an integer of 64 bits";
	case TP_UINT32:
		return "an unsigned integer of 32 bits";
	case TP_UINT64:
		return "an unsigned integer of 64 bits";
	case TP_DOUBLE:
	case TP_MILLI:
	case TP_SECONDS:
		return "a number";
	case TP_STRING:
		return "text in UTF-8";
	case TP_BYTES:
		return "bytes";
	case TP_ENUM:
		return "one of the names of its enum";
	case TP_RECORD:
		return "a record";
	case TP_DURATION:
		return "a duration";
	case TP_SIZE:
		return "a size";
	}
	return "a value";
}
