/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON by the rules of the v1 API: what is printed and how, what is accepted and what is not.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"
#include "tests/lib/random_record.h"

#define ROUNDS 8

static struct tp_arena *arena;
static struct tp_strbuf out;
static struct tp_error err;

static void setup(void)
{
	arena = tp_arena_create(0);
	memset(&out, 0, sizeof out);
	memset(&err, 0, sizeof err);
}

static void teardown(void)
{
	tp_strbuf_fini(&out);
	tp_arena_destroy(arena);
}

static int decode(const struct tp_desc *desc, const char *text, void *ret)
{
	return tp_json_decode(desc, text, strlen(text), arena, ret, &err);
}

static void accepts(const struct tp_desc *desc, const char *text, void *ret)
{
	ck_assert_msg(decode(desc, text, ret) == 0, "%s: %s", text, err.text);
}

static void refuses(const struct tp_desc *desc, const char *text, const char *why)
{
	void *record = &err;

	memset(&err, 0, sizeof err);
	ck_assert_int_eq(decode(desc, text, &record), -EINVAL);
	ck_assert_msg(strstr(err.text, why) != NULL, "'%s' lacks '%s'", err.text, why);
	ck_assert_ptr_eq(record, &err);
}

static void prints(
	const struct tp_desc *desc, const void *record, unsigned flags, const char *text)
{
	tp_strbuf_clear(&out);
	tp_json_encode(desc, record, flags, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), text);
}

START_TEST(every_record_comes_back)
{
	static const unsigned flags[] = { TP_JSON_BARE | TP_JSON_NATIVE,
		TP_JSON_BARE | TP_JSON_NATIVE | TP_JSON_PRETTY };
	const struct tp_desc *const *desc;
	void *record, *again;
	uint64_t seed;

	for (desc = tp_wire_descs; *desc != NULL; desc++) {
		for (seed = 0; seed < ROUNDS && !(*desc)->map_entry; seed++) {
			record = random_record(*desc, seed, arena);
			tp_strbuf_clear(&out);
			tp_json_encode(*desc, record, flags[seed % 2], &out);
			accepts(*desc, tp_strbuf_text(&out), &again);
			ck_assert_msg(tp_record_equal(*desc, record, again), "%s %d\n%s",
				(*desc)->name, (int)seed, out.data);
		}
		tp_arena_reset(arena);
	}
}
END_TEST

START_TEST(defaults_are_printed)
{
	struct tp_framework_info info = { .user = "u", .name = "n" };

	/* Not role: it has a default but is deprecated. */
	prints(&tp_framework_info_desc, &info, 0,
		"{\"user\":\"u\",\"name\":\"n\",\"failover_timeout\":0.0,"
		"\"checkpoint\":false}");
	prints(&tp_framework_info_desc, &info, TP_JSON_BARE,
		"{\"user\":\"u\",\"name\":\"n\"}");
	info.role = "r";
	info.has_checkpoint = info.checkpoint = true;
	prints(&tp_framework_info_desc, &info, TP_JSON_BARE,
		"{\"user\":\"u\",\"name\":\"n\",\"checkpoint\":true,\"role\":\"r\"}");
}
END_TEST

START_TEST(empty_lists)
{
	struct tp_master_response_get_agents agents = { 0 };
	struct tp_master_response_get_weights weights = { 0 };

	prints(&tp_master_response_get_agents_desc, &agents, 0,
		"{\"agents\":[],\"recovered_agents\":[]}");
	prints(&tp_master_response_get_agents_desc, &agents, TP_JSON_BARE, "{}");
	prints(&tp_master_response_get_weights_desc, &weights, 0, "{}");
}
END_TEST

START_TEST(native_fields_stay_inside)
{
	struct tp_master_response_get_agents_agent agent = { .version = "1",
		.address = "tcp://a" };

	prints(&tp_master_response_get_agents_agent_desc, &agent, 0,
		"{\"version\":\"1\"}");
	prints(&tp_master_response_get_agents_agent_desc, &agent, TP_JSON_NATIVE,
		"{\"version\":\"1\",\"address\":\"tcp://a\"}");
}
END_TEST

START_TEST(pretty)
{
	struct tp_value_range range = { true, 1, true, 2 }, *ranges[] = { &range };
	struct tp_value_ranges value = { ranges, 1 };
	struct tp_labels none = { 0 };

	prints(&tp_value_ranges_desc, &value, TP_JSON_PRETTY,
		"{\n  \"range\": [\n    {\n      \"begin\": 1,\n      \"end\": 2\n    }\n"
		"  ]\n}");
	prints(&tp_labels_desc, &none, TP_JSON_PRETTY, "{}");
}
END_TEST

START_TEST(quantities_and_times)
{
	static const struct {
		int64_t milli;
		const char *text;
	} rows[] = { { 0, "0.0" }, { 4000, "4.0" }, { 500, "0.5" }, { 1, "0.001" },
		{ -1, "-0.001" }, { -1500, "-1.5" }, { 1024125, "1024.125" },
		{ 999999999999999, "999999999999.999" },
		{ INT64_C(1000000000000000000), "1000000000000000.0" } };
	struct tp_value_scalar scalar = { .has_value_milli = true };
	struct tp_filters filters = { .has_refuse_ns = true };
	char text[64];
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++) {
		scalar.value_milli = rows[i].milli;
		tp_strbuf_clear(&out);
		tp_json_encode(&tp_value_scalar_desc, &scalar, 0, &out);
		snprintf(text, sizeof text, "{\"value\":%s}", rows[i].text);
		ck_assert_str_eq(out.data, text);
	}
	filters.refuse_ns = 1500 * TP_MSEC;
	prints(&tp_filters_desc, &filters, 0, "{\"refuse_seconds\":1.5}");
	filters.refuse_ns = INT64_C(1795165862622091000);
	prints(&tp_filters_desc, &filters, 0, "{\"refuse_seconds\":1795165862.622091}");
	/* More digits than a double has: as many as bring the same double back. */
	filters.refuse_ns = INT64_C(1795165862622091234);
	prints(&tp_filters_desc, &filters, 0, "{\"refuse_seconds\":1795165862.6220913}");
}
END_TEST

/* The shortest of all texts that read back, as printf finds it by trying. */
START_TEST(times_are_shortest)
{
	struct tp_filters filters = { .has_refuse_ns = true };
	uint64_t x = 88172645463325252u + (uint64_t)_i;
	char wanted[64], *got;
	int i, digits;
	double d;

	for (i = 0; i < 20000; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		filters.refuse_ns = (int64_t)(x >> (1 + i % 50));
		tp_strbuf_clear(&out);
		tp_json_encode(&tp_filters_desc, &filters, 0, &out);
		got = out.data + strlen("{\"refuse_seconds\":");
		d = filters.refuse_ns < INT64_C(1) << 53
			? (double)filters.refuse_ns / 1e9
			: (double)((long double)filters.refuse_ns / 1e9L);
		ck_assert_msg(strtod(got, NULL) == d, "%s is not %.17g", got, d);
		for (digits = 1; digits <= 17; digits++) {
			snprintf(wanted, sizeof wanted, "%.*g", digits, d);
			if (strtod(wanted, NULL) == d)
				break;
		}
		if (strchr(wanted, 'e') == NULL && strchr(wanted, '.') != NULL)
			ck_assert_uint_le(strcspn(got, "}"), strlen(wanted) + 1);
	}
}
END_TEST

START_TEST(doubles)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = { { 0, "0.0" }, { 1, "1.0" }, { 0.1, "0.1" },
		{ 1.0 / 3, "0.3333333333333333" }, { 1e100, "1e+100" }, { -2.5, "-2.5" },
		{ 1e15, "1000000000000000.0" } };
	struct tp_weight_info weight = { .has_weight = true };
	char text[64];
	size_t i;

	for (i = 0; i < TP_COUNT(rows); i++) {
		weight.weight = rows[i].value;
		snprintf(text, sizeof text, "{\"weight\":%s}", rows[i].text);
		prints(&tp_weight_info_desc, &weight, 0, text);
	}
}
END_TEST

START_TEST(numbers_and_bools_as_text)
{
	struct tp_address *address;
	struct tp_filters *filters;
	struct tp_rlimit_info_rlimit *limit;
	struct tp_framework_info *info;

	accepts(&tp_address_desc, "{\"port\":\"80\"}", &address);
	ck_assert_int_eq(address->port, 80);
	accepts(&tp_address_desc, "{\"port\":80.0}", &address);
	ck_assert_int_eq(address->port, 80);
	accepts(&tp_filters_desc, "{\"refuse_seconds\":\"0.5\"}", &filters);
	ck_assert_int_eq(filters->refuse_ns, 500 * TP_MSEC);
	accepts(&tp_filters_desc, "{\"refuse_seconds\":1e300}", &filters);
	ck_assert_int_eq(filters->refuse_ns, INT64_MAX);
	accepts(&tp_rlimit_info_rlimit_desc, "{\"hard\":\"18446744073709551615\"}",
		&limit);
	ck_assert_uint_eq(limit->hard, UINT64_MAX);
	accepts(&tp_framework_info_desc, "{\"checkpoint\":\"true\"}", &info);
	ck_assert(info->has_checkpoint && info->checkpoint);
	accepts(&tp_framework_info_desc, "{\"checkpoint\":\"false\"}", &info);
	ck_assert(info->has_checkpoint && !info->checkpoint);
}
END_TEST

START_TEST(what_is_ignored)
{
	struct tp_task_status *status;
	struct tp_framework_info_capability *capability;
	struct tp_request *request;

	accepts(&tp_request_desc,
		"{\"agent_id\":null,\"resources\":[],\"new\":{\"a\":[1,{}]}}", &request);
	ck_assert_ptr_null(request->agent_id);
	accepts(&tp_task_status_desc, "{\"source\":\"SOURCE_MOON\"}", &status);
	ck_assert(!status->has_source);
	accepts(&tp_framework_info_capability_desc, "{\"type\":\"FLYING\"}", &capability);
	ck_assert(!capability->has_type);
}
END_TEST

START_TEST(errors_name_the_place)
{
	const struct tp_desc *task = &tp_task_info_desc;

	refuses(task, "{\"resources\":[{},{\"scalar\":{\"value\":\"x\"}}]}",
		"TaskInfo.resources[1].scalar.value: expected a number");
	refuses(task, "{\"limits\":{\"cpus\":{\"value\":true}}}",
		"TaskInfo.limits['cpus'].value.value: expected a number");
	refuses(task, "{\"resources\":{}}", "'resources' must be an array");
	refuses(task, "{\"limits\":[]}", "'limits' must be an object");
	refuses(task, "{\"task_id\":5}", "TaskInfo.task_id: expected an object");
	refuses(task, "{\"name\":5}", "TaskInfo.name: expected text");
	refuses(task, "{\"data\":\"a\"}", "TaskInfo.data: is not base64");
	refuses(&tp_task_status_desc, "{\"state\":\"TASK_X\"}",
		"TaskStatus.state: unknown enum value 'TASK_X'");
	refuses(&tp_labels_desc, "{\"labels\":[null]}", "Labels.labels[0]");
}
END_TEST

START_TEST(hostile_text)
{
	const struct tp_desc *desc = &tp_container_id_desc;
	struct tp_strbuf deep = TP_STRBUF_INIT;
	int i;

	refuses(desc, "", "ContainerID: line");
	refuses(desc, "[]", "expected an object");
	refuses(desc, "{", "line 1");
	refuses(desc, "{} {}", "line 1");
	refuses(desc, "{\"value\":\"a\",\"value\":\"b\"}", "duplicate");
	refuses(desc, "{\"value\":\"a\\u0000b\"}", "line 1");
	refuses(desc, "{\"value\":\"\xc0\x80\"}", "decode byte");
	refuses(&tp_address_desc, "{\"port\":2147483648}", "Address.port");
	refuses(&tp_address_desc, "{\"port\":1.5}", "Address.port");
	refuses(&tp_address_desc, "{\"port\":\"80x\"}", "Address.port");
	refuses(&tp_rlimit_info_rlimit_desc, "{\"hard\":-1}", "hard");
	refuses(&tp_rlimit_info_rlimit_desc, "{\"hard\":\"-1\"}", "hard");
	refuses(&tp_value_scalar_desc, "{\"value\":1e30}", "Value.Scalar.value");
	refuses(&tp_value_scalar_desc, "{\"value\":\"nan\"}", "Value.Scalar.value");
	for (i = 0; i < 40; i++)
		tp_strbuf_puts(&deep, "{\"parent\":");
	tp_strbuf_puts(&deep, "{}");
	for (i = 0; i < 40; i++)
		tp_strbuf_puts(&deep, "}");
	refuses(desc, deep.data, "deeper than 32");
	tp_strbuf_fini(&deep);
}
END_TEST

START_TEST(base64)
{
	static const char *const bad[] = { "A", "AA", "AAA", "A===", "AA=A",
		"AB==", "AAB=", "A*==", "AA==AA==", "====", "AA\\n=" };
	struct tp_uuid *uuid;
	char text[64];
	size_t i;

	accepts(&tp_uuid_desc, "{\"value\":\"\"}", &uuid);
	ck_assert(uuid->value.data != NULL && uuid->value.len == 0);
	accepts(&tp_uuid_desc, "{\"value\":\"+/8=\"}", &uuid);
	ck_assert_uint_eq(uuid->value.len, 2);
	ck_assert_mem_eq(uuid->value.data, "\xfb\xff", 2);
	for (i = 0; i < TP_COUNT(bad); i++) {
		snprintf(text, sizeof text, "{\"value\":\"%s\"}", bad[i]);
		refuses(&tp_uuid_desc, text, "base64");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = tcase_create("json");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_record_comes_back);
	tcase_add_test(tc, defaults_are_printed);
	tcase_add_test(tc, empty_lists);
	tcase_add_test(tc, native_fields_stay_inside);
	tcase_add_test(tc, pretty);
	tcase_add_test(tc, quantities_and_times);
	tcase_add_loop_test(tc, times_are_shortest, 0, 2);
	tcase_add_test(tc, doubles);
	tcase_add_test(tc, numbers_and_bools_as_text);
	tcase_add_test(tc, what_is_ignored);
	tcase_add_test(tc, errors_name_the_place);
	tcase_add_test(tc, hostile_text);
	tcase_add_test(tc, base64);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
