/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One generic codec per encoding, driven by field tables. Decoders trust nothing: counts are
 * checked against the bytes that are left, nesting against TP_CODEC_DEPTH_MAX, text against
 * UTF-8, and every refusal says where ("Offer.resources[1].scalar: expected a number"). A
 * decoded tree lives in the caller's arena and borrows nothing from the input.
 *
 * msgpack  arrays by field number: element n-1 is field n, nil = absent, trailing nils are cut,
 *          unknown trailing elements are skipped. Maps are arrays of [key, value] arrays.
 * JSON     the rules of the v1 HTTP API: snake_case keys, enums by name, bytes in base64,
 *          64-bit integers as numbers, absent optional fields with a default are printed.
 */
#ifndef TEPUI_CODEC_H
#define TEPUI_CODEC_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/field.h"
#include "tepui/strbuf.h"

#define TP_CODEC_DEPTH_MAX 32

/* Appends to `out`; cannot fail on a record that is well formed in memory. */
TP_EXPORT void tp_msgpack_encode(
	const struct tp_desc *desc, const void *record, struct tp_strbuf *out);

/*
 * Decodes one value that fills data[0..len) exactly. Missing required fields are not its
 * business: see tp_record_check().
 */
TP_EXPORT int tp_msgpack_decode(const struct tp_desc *desc, const void *data, size_t len,
	struct tp_arena *arena, void **ret, struct tp_error *err);

/*
 * Walks one msgpack value without decoding it: depth, counts against bytes left, no trailing
 * bytes. Run over every frame before anything else looks at it.
 */
TP_EXPORT int tp_msgpack_scan(const void *data, size_t len, struct tp_error *err);

enum tp_json_flags {
	TP_JSON_PRETTY = 1 << 0, /* indented by two spaces, for people */
	TP_JSON_NATIVE = 1 << 1, /* print TP_FIELD_NATIVE fields too */
	TP_JSON_BARE = 1 << 2,   /* do not print defaults of absent fields */
};

TP_EXPORT void tp_json_encode(const struct tp_desc *desc, const void *record,
	unsigned flags, struct tp_strbuf *out);

/*
 * Accepts what v1 clients send: numbers and bools as strings too, unknown keys ignored, null =
 * absent; an unknown enum name is dropped in an optional field and an error in a required one.
 */
TP_EXPORT int tp_json_decode(const struct tp_desc *desc, const char *text, size_t len,
	struct tp_arena *arena, void **ret, struct tp_error *err);

#endif
