/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attributes of agents. A set is refused: agents have none, although a value could be one.
 */
#include "tepui/attributes.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "core/cluster/value_text.h"
#include "tepui/record.h"
#include "tepui/units.h"

static int parse_pair(const char *text, size_t len, struct tp_arena *arena,
	struct tp_attribute **ret, struct tp_error *err)
{
	struct tp_attribute *attribute = tp_record_new(&tp_attribute_desc, arena);
	const char *colon = memchr(text, ':', len), *part;
	size_t name_len = colon == NULL ? 0 : (size_t)(colon - text), part_len;
	struct tp_value value;
	int r;

	if (colon == NULL)
		return tp_fail(err, EINVAL, "missing ':' between name and value");
	part_len = len - name_len - 1;
	part = text_trim(colon + 1, &part_len);
	text = text_trim(text, &name_len);
	if (name_len == 0)
		return tp_fail(err, EINVAL, "the name is missing");
	r = value_parse(part, part_len, arena, &value, err);
	if (r < 0)
		return r;
	if (value.type == TP_VALUE_SET)
		return tp_fail(err, EINVAL, "attributes cannot be sets");
	attribute->name = tp_arena_strndup(arena, text, name_len);
	attribute->has_type = true;
	attribute->type = value.type;
	attribute->scalar = value.scalar;
	attribute->ranges = value.ranges;
	attribute->text = value.text;
	*ret = attribute;
	return 0;
}

int tp_attributes_parse(const char *text, struct tp_arena *arena,
	struct tp_attribute ***ret, size_t *ret_n, struct tp_error *err)
{
	struct tp_attribute **items = NULL, *attribute = NULL;
	const char *pair;
	size_t n = 0, len;
	int r;

	for (; *text != '\0'; text += *text != '\0') {
		len = strcspn(text, ";\n");
		pair = text;
		text += len;
		pair = text_trim(pair, &len);
		if (len == 0)
			continue;
		r = parse_pair(pair, len, arena, &attribute, err);
		if (r < 0)
			return tp_wrap(err, r, "attribute '%.*s'", (int)len, pair);
		tp_arena_push(arena, &items, &n, attribute);
	}
	*ret = items;
	*ret_n = n;
	return 0;
}

static void print_ranges(const struct tp_value_ranges *ranges, struct tp_strbuf *out)
{
	size_t i;

	tp_strbuf_putc(out, '[');
	for (i = 0; i < ranges->n_range; i++)
		tp_strbuf_printf(out, "%s%" PRIu64 "-%" PRIu64, i == 0 ? "" : ", ",
			ranges->range[i]->begin, ranges->range[i]->end);
	tp_strbuf_putc(out, ']');
}

void tp_attribute_value_print(const struct tp_attribute *attribute, struct tp_strbuf *out)
{
	if (attribute->scalar != NULL)
		tp_milli_print(attribute->scalar->value_milli, out);
	else if (attribute->ranges != NULL)
		print_ranges(attribute->ranges, out);
	else if (attribute->text != NULL && attribute->text->value != NULL)
		tp_strbuf_puts(out, attribute->text->value);
}

void tp_attributes_print(
	struct tp_attribute *const *attributes, size_t n, struct tp_strbuf *out)
{
	size_t i;

	for (i = 0; i < n; i++) {
		tp_strbuf_printf(out, "%s%s:", i == 0 ? "" : ";", attributes[i]->name);
		tp_attribute_value_print(attributes[i], out);
	}
}

static size_t count_equal(struct tp_attribute *const *attributes, size_t n,
	const struct tp_attribute *attribute)
{
	size_t i, count = 0;

	for (i = 0; i < n; i++)
		count += tp_record_equal(&tp_attribute_desc, attributes[i], attribute);
	return count;
}

bool tp_attributes_equal(struct tp_attribute *const *a, size_t n_a,
	struct tp_attribute *const *b, size_t n_b)
{
	size_t i;

	if (n_a != n_b)
		return false;
	for (i = 0; i < n_a; i++)
		if (count_equal(a, n_a, a[i]) != count_equal(b, n_b, a[i]))
			return false;
	return true;
}
