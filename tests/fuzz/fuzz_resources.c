/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resources and attributes from any text, JSON included. The first line is one bundle, the
 * second another: every refusal says why, what was printed parses to the same, wire records
 * give it back, and sums and differences agree with each other.
 */
#include <string.h>

#include "tepui/attributes.h"
#include "tepui/resources.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse(struct tp_resources *r, const char *text)
{
	struct tp_error err = { 0, "" };

	if (tp_resources_parse(r, text, "role", &err) < 0)
		tp_assert(err.text[0] != '\0');
}

static void check_print(const struct tp_resources *r, const char *text)
{
	tp_cleanup(resources) struct tp_resources again = TP_RESOURCES_INIT;
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_resources_print(r, &out);
	if (text[strspn(text, " \t\v\f\r")] == '[')
		return; /* JSON can say what text cannot */
	tp_assert(tp_resources_parse(&again, tp_strbuf_text(&out), NULL, NULL) == 0);
	tp_assert(tp_resources_equal(r, &again));
}

static void check_records(const struct tp_resources *r, enum tp_resource_format format)
{
	tp_cleanup(resources) struct tp_resources again = TP_RESOURCES_INIT;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **records;
	size_t n;

	tp_resources_to_records(r, format, arena, &records, &n);
	tp_assert(tp_resources_from_records(&again, records, n, NULL) == 0);
	tp_assert(tp_resources_contains(r, &again) && tp_resources_contains(&again, r));
}

static void check_algebra(const struct tp_resources *a, const struct tp_resources *b)
{
	tp_cleanup(resources) struct tp_resources r = TP_RESOURCES_INIT;

	tp_resources_copy(&r, a);
	tp_assert(tp_resources_equal(&r, a));
	tp_resources_add(&r, b);
	tp_assert(tp_resources_contains(&r, a) && tp_resources_contains(&r, b));
	tp_resources_subtract(&r, a);
	tp_resources_subtract(&r, b);
	tp_assert(tp_resources_empty(&r));
	tp_resources_copy(&r, a);
	tp_resources_subtract(&r, b);
	tp_assert(tp_resources_contains(a, &r));
	tp_assert(tp_resources_contains(b, a) == tp_resources_empty(&r));
	tp_resources_share(&r, a);
	tp_resources_flatten(&r);
}

static void check_attributes(const char *text)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;
	struct tp_attribute **attributes, **again;
	struct tp_error err = { 0, "" };
	size_t n, m;

	if (tp_attributes_parse(text, arena, &attributes, &n, &err) < 0) {
		tp_assert(err.text[0] != '\0');
		return;
	}
	tp_attributes_print(attributes, n, &out);
	tp_assert(
		tp_attributes_parse(tp_strbuf_text(&out), arena, &again, &m, NULL) == 0);
	tp_assert(tp_attributes_equal(attributes, n, again, m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	tp_cleanup(resources) struct tp_resources a = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources b = TP_RESOURCES_INIT;
	tp_cleanup(ptr) char *text = tp_strndup((const char *)data, size);
	char *line = strchr(text, '\n');

	check_attributes(text);
	if (line != NULL) {
		*line = '\0';
		parse(&b, line + 1);
	}
	parse(&a, text);
	check_print(&a, text);
	check_records(&a, TP_RESOURCE_PRE);
	check_records(&a, TP_RESOURCE_ENDPOINT);
	check_algebra(&a, &b);
	return 0;
}
