/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing of single values. White space may stand between the parts of ranges and sets. An
 * empty pair of brackets is an empty value: operators use it to offer nothing of a kind.
 */
#include "core/cluster/value_text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "tepui/record.h"
#include "tepui/units.h"

const char *text_trim(const char *text, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)*text)) {
		text++;
		(*len)--;
	}
	while (*len > 0 && isspace((unsigned char)text[*len - 1]))
		(*len)--;
	return text;
}

/* A whole number of text[0..len); -EINVAL when it is something else. */
static int parse_uint(const char *text, size_t len, uint64_t *ret)
{
	uint64_t n = 0;
	size_t i;

	text = text_trim(text, &len);
	if (len == 0)
		return -EINVAL;
	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]) ||
			__builtin_mul_overflow(n, 10, &n) ||
			__builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
			return -EINVAL;
	*ret = n;
	return 0;
}

static int parse_range(
	const char *text, size_t len, struct tp_value_range *ret, struct tp_error *err)
{
	const char *dash = memchr(text, '-', len);
	size_t first = dash == NULL ? 0 : (size_t)(dash - text);

	if (dash == NULL || parse_uint(text, first, &ret->begin) < 0 ||
		parse_uint(dash + 1, len - first - 1, &ret->end) < 0)
		return tp_fail(err, EINVAL, "'%.*s' is not a range (like 21000-24000)",
			(int)len, text);
	if (ret->begin > ret->end)
		return tp_fail(
			err, EINVAL, "range '%.*s' begins after its end", (int)len, text);
	ret->has_begin = ret->has_end = true;
	return 0;
}

static int parse_ranges(const char *text, size_t len, struct tp_arena *arena,
	struct tp_value *ret, struct tp_error *err)
{
	struct tp_value_ranges *ranges = tp_record_new(&tp_value_ranges_desc, arena);
	const char *end = text + len, *comma, *part;
	struct tp_value_range *range;
	size_t part_len;
	int r;

	text_trim(text, &len);
	for (; len > 0 && text <= end; text = comma + 1) {
		comma = memchr(text, ',', (size_t)(end - text));
		if (comma == NULL)
			comma = end;
		part_len = (size_t)(comma - text);
		part = text_trim(text, &part_len);
		range = tp_record_new(&tp_value_range_desc, arena);
		r = parse_range(part, part_len, range, err);
		if (r < 0)
			return r;
		tp_arena_push(arena, &ranges->range, &ranges->n_range, range);
	}
	ret->type = TP_VALUE_RANGES;
	ret->ranges = ranges;
	return 0;
}

static int parse_set(const char *text, size_t len, struct tp_arena *arena,
	struct tp_value *ret, struct tp_error *err)
{
	struct tp_value_set *set = tp_record_new(&tp_value_set_desc, arena);
	const char *end = text + len, *comma, *part;
	size_t part_len;

	text_trim(text, &len);
	for (; len > 0 && text <= end; text = comma + 1) {
		comma = memchr(text, ',', (size_t)(end - text));
		if (comma == NULL)
			comma = end;
		part_len = (size_t)(comma - text);
		part = text_trim(text, &part_len);
		if (part_len == 0)
			return tp_fail(err, EINVAL, "an item of the set is empty");
		tp_arena_push(arena, &set->item, &set->n_item,
			tp_arena_strndup(arena, part, part_len));
	}
	ret->type = TP_VALUE_SET;
	ret->set = set;
	return 0;
}

static int parse_plain(const char *text, size_t len, struct tp_arena *arena,
	struct tp_value *ret, struct tp_error *err)
{
	const char *copy = tp_arena_strndup(arena, text, len);
	struct tp_error number_err = { 0, "" };
	int64_t milli;
	int r;

	r = tp_milli_parse(copy, &milli, &number_err);
	if (r == -ERANGE)
		return tp_fail(err, ERANGE, "%s", number_err.text);
	if (r == 0) {
		ret->type = TP_VALUE_SCALAR;
		ret->scalar = tp_record_new(&tp_value_scalar_desc, arena);
		ret->scalar->has_value_milli = true;
		ret->scalar->value_milli = milli;
		return 0;
	}
	ret->type = TP_VALUE_TEXT;
	ret->text = tp_record_new(&tp_value_text_desc, arena);
	ret->text->value = copy;
	return 0;
}

int value_parse(const char *text, size_t len, struct tp_arena *arena,
	struct tp_value *ret, struct tp_error *err)
{
	char close = text[0] == '[' ? ']' : '}';

	memset(ret, 0, sizeof *ret);
	ret->has_type = true;
	if (len == 0)
		return tp_fail(err, EINVAL, "the value is missing");
	if (text[0] != '[' && text[0] != '{')
		return parse_plain(text, len, arena, ret, err);
	if (len < 2 || memchr(text, close, len) != text + len - 1)
		return tp_fail(err, EINVAL, "brackets do not match");
	if (close == ']')
		return parse_ranges(text + 1, len - 2, arena, ret, err);
	return parse_set(text + 1, len - 2, arena, ret, err);
}
