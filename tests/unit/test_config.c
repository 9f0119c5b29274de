/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From YAML to members: every type, its bounds and its words, defaults, lists, nested records,
 * and tables whose rows are longer than ours.
 */
#include "core/kernel/config.h"

#include <check.h>
#include <string.h>

enum { TEST_RED = 3, TEST_GREEN = 7 };

static const struct tp_enum colours = { "colour",
	(const struct tp_enum_value[]){
		{ "red", TEST_RED }, { "green", TEST_GREEN }, { NULL, 0 } } };

struct leaf {
	const char *name;
	bool has_weight;
	int64_t weight;
	struct leaf **children;
	size_t n_children;
};

static const struct tp_desc leaf_desc;
static const struct tp_field leaf_fields[] = {
	{ .name = "name",
		.type = TP_STRING,
		.label = TP_REQUIRED,
		.offset = offsetof(struct leaf, name) },
	{ .name = "weight",
		.type = TP_MILLI,
		.offset = offsetof(struct leaf, weight),
		.extra = offsetof(struct leaf, has_weight),
		.default_text = "1" },
	{ .name = "children",
		.type = TP_RECORD,
		.label = TP_MANY,
		.offset = offsetof(struct leaf, children),
		.extra = offsetof(struct leaf, n_children),
		.sub = &leaf_desc },
};
static const struct tp_desc leaf_desc = { .name = "Leaf",
	.size = sizeof(struct leaf),
	.fields = leaf_fields,
	.n_fields = 3,
	.field_size = sizeof(struct tp_field) };

struct thing {
	bool flag;
	int32_t small;
	int64_t big;
	uint32_t count;
	uint64_t huge;
	double ratio;
	const char *text;
	const char *secret;
	struct tp_bytes bytes;
	int colour;
	int64_t cpus;
	int64_t interval_ns;
	int64_t limit_bytes;
	const char **names;
	size_t n_names;
	int32_t *ports;
	size_t n_ports;
	struct leaf *leaf;
	int64_t later;
};

static const struct tp_field thing_fields[] = {
	TP_CONFIG("flag", TP_BOOL, struct thing, flag, "true", "A flag."),
	TP_CONFIG("small", TP_INT32, struct thing, small, "-5", NULL),
	TP_CONFIG("big", TP_INT64, struct thing, big, NULL, NULL),
	TP_CONFIG("count", TP_UINT32, struct thing, count, NULL, NULL),
	TP_CONFIG("huge", TP_UINT64, struct thing, huge, NULL, NULL),
	TP_CONFIG("ratio", TP_DOUBLE, struct thing, ratio, NULL, NULL),
	TP_CONFIG_REQUIRED("text", TP_STRING, struct thing, text, "What to say."),
	{ .name = "secret",
		.type = TP_ENUM,
		.flags = TP_FIELD_SECRET,
		.sub = &colours,
		.offset = offsetof(struct thing, colour) },
	TP_CONFIG("bytes", TP_BYTES, struct thing, bytes, NULL, NULL),
	TP_CONFIG_ENUM("colour", &colours, struct thing, colour, "green", NULL),
	TP_CONFIG("cpus", TP_MILLI, struct thing, cpus, "0.5", NULL),
	TP_CONFIG("interval", TP_DURATION, struct thing, interval_ns, "1s", NULL),
	TP_CONFIG_ALIAS("period", TP_DURATION, struct thing, interval_ns, NULL),
	TP_CONFIG("limit", TP_SIZE, struct thing, limit_bytes, "64MB", NULL),
	TP_CONFIG_LIST("names", struct thing, names, NULL),
	{ .name = "ports",
		.type = TP_INT32,
		.label = TP_MANY,
		.offset = offsetof(struct thing, ports),
		.extra = offsetof(struct thing, n_ports),
		.default_text = "80" },
	{ .name = "leaf",
		.type = TP_RECORD,
		.offset = offsetof(struct thing, leaf),
		.sub = &leaf_desc },
	{ .name = "later",
		.type = TP_INT64,
		.flags = TP_FIELD_UNSUPPORTED,
		.offset = offsetof(struct thing, later) },
	{ 0 },
};
static const struct config_table thing_table = { thing_fields, sizeof(struct tp_field),
	SIZE_MAX };

static struct tp_arena *arena;
static struct issues issues;
static struct thing thing;

static void setup(void)
{
	arena = tp_arena_create(0);
	issues = (struct issues){ 0 };
	memset(&thing, 0, sizeof(thing));
}

static void teardown(void)
{
	tp_arena_destroy(arena);
	issues_fini(&issues);
}

static void fill(const struct config_table *table, const char *yaml, void *object)
{
	struct tp_arena *nodes = tp_arena_create(0);
	struct node *config = node_parse(nodes, "m.yaml", yaml, strlen(yaml), &issues);
	struct mark where = { .file = "m.yaml", .line = 9, .column = 9 };

	config_fill(table, "toy", &where, config, arena, object, &issues);
	tp_arena_destroy(nodes); /* nothing may point into the nodes */
}

START_TEST(defaults_fill_what_is_not_written)
{
	fill(&thing_table, "text: hi", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert(thing.flag);
	ck_assert_int_eq(thing.small, -5);
	ck_assert_int_eq(thing.colour, TEST_GREEN);
	ck_assert_int_eq(thing.cpus, 500);
	ck_assert_int_eq(thing.interval_ns, TP_SEC);
	ck_assert_int_eq(thing.limit_bytes, 64 << 20);
	ck_assert_uint_eq(thing.n_ports, 1);
	ck_assert_int_eq(thing.ports[0], 80);
	ck_assert_ptr_null(thing.names);
	ck_assert_ptr_null(thing.leaf);
	ck_assert_str_eq(thing.text, "hi");
}
END_TEST

START_TEST(every_type_is_read)
{
	fill(&thing_table,
		"{ flag: no, small: 2147483647, big: -9223372036854775808, count: "
		"4294967295,"
		" huge: 18446744073709551615, ratio: 2.5e3, text: '', bytes: abc, "
		"colour: red,"
		" cpus: 1.125, interval: 1.5h, limit: 2GB, names: [a, 'b c'], ports: [1, "
		"2, 3],"
		" leaf: { name: top, weight: 2, children: [{ name: x }, { name: y }] } }",
		&thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert(!thing.flag);
	ck_assert_int_eq(thing.small, INT32_MAX);
	ck_assert(thing.big == INT64_MIN);
	ck_assert(thing.count == UINT32_MAX);
	ck_assert(thing.huge == UINT64_MAX);
	ck_assert_double_eq(thing.ratio, 2500);
	ck_assert_str_eq(thing.text, "");
	ck_assert_uint_eq(thing.bytes.len, 3);
	ck_assert_mem_eq(thing.bytes.data, "abc", 3);
	ck_assert_int_eq(thing.colour, TEST_RED);
	ck_assert_int_eq(thing.cpus, 1125);
	ck_assert_int_eq(thing.interval_ns, 90 * TP_MIN);
	ck_assert_int_eq(thing.limit_bytes, INT64_C(2) << 30);
	ck_assert_uint_eq(thing.n_names, 2);
	ck_assert_str_eq(thing.names[1], "b c");
	ck_assert_uint_eq(thing.n_ports, 3);
	ck_assert_int_eq(thing.ports[2], 3);
	ck_assert_str_eq(thing.leaf->name, "top");
	ck_assert(thing.leaf->has_weight && thing.leaf->weight == 2000);
	ck_assert_uint_eq(thing.leaf->n_children, 2);
	ck_assert_str_eq(thing.leaf->children[1]->name, "y");
	ck_assert(!thing.leaf->children[1]->has_weight);
}
END_TEST

START_TEST(one_value_is_a_list_of_one)
{
	fill(&thing_table, "{ text: x, names: solo, ports: [] }", &thing);
	ck_assert_uint_eq(issues.n, 0);
	ck_assert_uint_eq(thing.n_names, 1);
	ck_assert_str_eq(thing.names[0], "solo");
	ck_assert_uint_eq(thing.n_ports, 0);
}
END_TEST

/* As flags were given. What is an item of a list already keeps its commas. */
START_TEST(a_text_is_split_at_commas_for_a_list)
{
	fill(&thing_table, "{ text: 'x,y', names: 'a, b,c', ports: '1,2' }", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert_str_eq(thing.text, "x,y");
	ck_assert_uint_eq(thing.n_names, 3);
	ck_assert_str_eq(thing.names[1], "b");
	ck_assert_str_eq(thing.names[2], "c");
	ck_assert_uint_eq(thing.n_ports, 2);
	ck_assert_int_eq(thing.ports[1], 2);
	fill(&thing_table, "{ text: x, names: ['a,b'] }", &thing);
	ck_assert_uint_eq(thing.n_names, 1);
	ck_assert_str_eq(thing.names[0], "a,b");
	fill(&thing_table, "{ text: x, names: '' }", &thing);
	ck_assert_uint_eq(thing.n_names, 0);
}
END_TEST

START_TEST(pairs_are_a_mapping_or_a_list)
{
	static const struct tp_field fields[] = {
		{ .name = "env",
			.type = TP_STRING,
			.label = TP_MANY,
			.flags = TP_FIELD_PAIRS,
			.offset = offsetof(struct thing, names),
			.extra = offsetof(struct thing, n_names) },
		{ 0 },
	};
	struct config_table table = { fields, sizeof(fields[0]), SIZE_MAX };

	fill(&table, "env: {\"A\": \"1\", \"B\": \"x,y\"}", &thing);
	ck_assert_uint_eq(thing.n_names, 2);
	ck_assert_str_eq(thing.names[0], "A=1");
	ck_assert_str_eq(thing.names[1], "B=x,y");
	fill(&table, "env: 'A=1,2'", &thing);
	ck_assert_uint_eq(thing.n_names, 1);
	ck_assert_str_eq(thing.names[0], "A=1,2");
	fill(&table, "env: [A=1, 'B=2,3']", &thing);
	ck_assert_uint_eq(thing.n_names, 2);
	ck_assert_str_eq(thing.names[1], "B=2,3");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	fill(&table, "env: { A: 1, B: [2] }", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"m.yaml:1:17: toy: env[1]: must be a single value, this is a list\n");
}
END_TEST

START_TEST(truth_has_its_words_and_digits)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0" };

	for (size_t i = 0; i < TP_COUNT(yes); i++) {
		tp_cleanup(ptr) char *t = tp_asprintf("{ text: x, flag: %s }", yes[i]);
		tp_cleanup(ptr) char *f = tp_asprintf("{ text: x, flag: %s }", no[i]);

		fill(&thing_table, f, &thing);
		ck_assert(!thing.flag);
		fill(&thing_table, t, &thing);
		ck_assert(thing.flag);
	}
	ck_assert_uint_eq(issues.n, 0);
}
END_TEST

static const struct {
	const char *yaml, *line;
} bad[] = {
	{ "flag: maybe", "1:7: toy: flag: 'maybe' is not a truth value (true or false)" },
	{ "small: 2147483648",
		"1:8: toy: small: '2147483648' is out of range (-2147483648 "
		"to 2147483647)" },
	{ "small: 1.5", "1:8: toy: small: '1.5' is not a whole number" },
	{ "small: ''", "1:8: toy: small: '' is not a whole number" },
	{ "big: 9223372036854775808",
		"1:6: toy: big: '9223372036854775808' is out of range "
		"(-9223372036854775808 to 9223372036854775807)" },
	{ "count: -1", "1:8: toy: count: '-1' is out of range (0 to 4294967295)" },
	{ "huge: 18446744073709551616",
		"1:7: toy: huge: '18446744073709551616' is out of "
		"range (0 to 18446744073709551615)" },
	{ "huge: x", "1:7: toy: huge: 'x' is not a whole number" },
	{ "ratio: inf", "1:8: toy: ratio: 'inf' is not a number" },
	{ "ratio: 1x", "1:8: toy: ratio: '1x' is not a number" },
	{ "colour: blue", "1:9: toy: colour: 'blue' is not one of red, green" },
	{ "secret: blue", "1:9: toy: secret: the value is not one of red, green" },
	{ "cpus: many", "1:7: toy: cpus: 'many' is not a number" },
	{ "interval: 1x",
		"1:11: toy: interval: '1x' is not a duration (like 500ms, 2s, 10mins, "
		"1.5h)" },
	{ "limit: 1XB", "1:8: toy: limit: '1XB' is not a size (like 512B, 64MB, 2GB)" },
	{ "intervall: 1s",
		"1:1: toy: unknown key 'intervall', did you mean 'interval'?" },
	{ "nonsense: 1s", "1:1: toy: unknown key 'nonsense'" },
	{ "latr: 1", "1:1: toy: unknown key 'latr'" },
	{ "later: 1", "1:8: toy: later: not supported yet" },
	{ "interval: 1s\nperiod: 2s",
		"2:1: toy: 'period' is another name of 'interval' (m.yaml:1:1): keep one "
		"of them" },
	{ "period: 2s\ninterval: 2s",
		"2:1: toy: 'interval' is another name of 'period' (m.yaml:1:1): keep one "
		"of them" },
	{ "interval: [1s]",
		"1:11: toy: interval: must be a single value, this is a list" },
	{ "names: { a: b }",
		"1:8: toy: names[0]: must be a single value, this is a mapping" },
	{ "ports: [1, b]", "1:12: toy: ports[1]: 'b' is not a whole number" },
	{ "interval:",
		"1:10: toy: interval: has no value: leave the key out, or write '' "
		"for an empty text" },
	{ "leaf: 1", "1:7: toy: leaf: must be a mapping, this is a single value" },
	{ "leaf: {}", "1:7: toy: leaf: 'name' is missing" },
	{ "leaf: { name: a, children: [{ name: b, weigth: 1 }] }",
		"1:40: toy: leaf: children[0]: unknown key 'weigth', did you mean "
		"'weight'?" },
};

START_TEST(refuses)
{
	struct tp_strbuf yaml = TP_STRBUF_INIT;
	struct tp_strbuf want = TP_STRBUF_INIT;

	tp_strbuf_printf(&yaml, "%s\ntext: x\n", bad[_i].yaml);
	tp_strbuf_printf(&want, "m.yaml:%s\n", bad[_i].line);
	fill(&thing_table, yaml.data, &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), want.data);
	tp_strbuf_fini(&yaml);
	tp_strbuf_fini(&want);
}
END_TEST

START_TEST(all_issues_come_at_once)
{
	fill(&thing_table, "{ flag: 2, small: x, what: 1 }", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"m.yaml:9:9: toy: 'text' is missing: What to say.\n"
		"m.yaml:1:9: toy: flag: '2' is not a truth value (true or false)\n"
		"m.yaml:1:19: toy: small: 'x' is not a whole number\n"
		"m.yaml:1:22: toy: unknown key 'what'\n");
}
END_TEST

START_TEST(what_an_alias_of_nobody_stands_for_is_told_once)
{
	fill(&thing_table, "{ text: *a, small: *b, names: [*c], leaf: *d, flag: 7 }",
		&thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"m.yaml:1:9: '*a' has no anchor '&a' before it\n"
		"m.yaml:1:20: '*b' has no anchor '&b' before it\n"
		"m.yaml:1:32: '*c' has no anchor '&c' before it\n"
		"m.yaml:1:43: '*d' has no anchor '&d' before it\n"
		"m.yaml:1:53: toy: flag: '7' is not a truth value (true or false)\n");
}
END_TEST

START_TEST(a_wrong_default_is_named)
{
	static const struct tp_field fields[] = {
		TP_CONFIG(
			"interval", TP_DURATION, struct thing, interval_ns, "soon", NULL),
		{ 0 },
	};
	struct config_table table = { fields, sizeof(fields[0]), SIZE_MAX };

	fill(&table, "", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"m.yaml:9:9: toy: default of interval: 'soon' is not a duration (like "
		"500ms, "
		"2s, 10mins, 1.5h)\n");
}
END_TEST

START_TEST(rows_may_be_longer_than_ours)
{
	static const struct {
		struct tp_field field;
		const char *news;
	} fields[] = {
		{ TP_CONFIG("small", TP_INT32, struct thing, small, "7", NULL), "new" },
		{ TP_CONFIG("big", TP_INT64, struct thing, big, NULL, NULL), "newer" },
		{ { 0 }, NULL },
	};
	struct config_table table = { &fields[0].field, sizeof(fields[0]), SIZE_MAX };

	fill(&table, "big: 5", &thing);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert_int_eq(thing.small, 7);
	ck_assert_int_eq(thing.big, 5);
}
END_TEST

START_TEST(no_table_takes_no_keys)
{
	struct config_table table = { 0 };

	fill(&table, "x: 1", &thing);
	ck_assert_str_eq(
		tp_strbuf_text(&issues.text), "m.yaml:1:1: toy: unknown key 'x'\n");
}
END_TEST

/* Aliases inside a recursive record would multiply without end. */
START_TEST(multiplied_values_are_bounded)
{
	struct tp_strbuf yaml = TP_STRBUF_INIT;

	tp_strbuf_puts(&yaml, "text: &c0 { name: x }\n");
	for (int i = 1; i < 10; i++)
		tp_strbuf_printf(&yaml,
			"k%d: &c%d { name: x, children: [*c%d, *c%d, *c%d, *c%d, *c%d] "
			"}\n",
			i, i, i - 1, i - 1, i - 1, i - 1, i - 1);
	tp_strbuf_puts(&yaml, "leaf: *c9\n");
	fill(&thing_table, yaml.data, &thing);
	ck_assert_ptr_nonnull(
		strstr(tp_strbuf_text(&issues.text), "too many or too deep values"));
	ck_assert_uint_lt(tp_arena_bytes(arena), 16 << 20);
	tp_strbuf_fini(&yaml);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, defaults_fill_what_is_not_written);
	tcase_add_test(tc, every_type_is_read);
	tcase_add_test(tc, one_value_is_a_list_of_one);
	tcase_add_test(tc, a_text_is_split_at_commas_for_a_list);
	tcase_add_test(tc, pairs_are_a_mapping_or_a_list);
	tcase_add_test(tc, truth_has_its_words_and_digits);
	tcase_add_loop_test(tc, refuses, 0, TP_COUNT(bad));
	tcase_add_test(tc, all_issues_come_at_once);
	tcase_add_test(tc, what_an_alias_of_nobody_stands_for_is_told_once);
	tcase_add_test(tc, a_wrong_default_is_named);
	tcase_add_test(tc, rows_may_be_longer_than_ours);
	tcase_add_test(tc, no_table_takes_no_keys);
	tcase_add_test(tc, multiplied_values_are_bounded);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
