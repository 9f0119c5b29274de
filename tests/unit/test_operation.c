/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each operation takes and gives, and which operations are wrong in themselves. They are
 * written as JSON and go through the codec.
 */
#include "tepui/operation.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"

#define SIZE(size) "\"type\":\"SCALAR\",\"scalar\":{\"value\":" size "}"
#define CPUS(more) "{\"name\":\"cpus\"," SIZE("2") more "}"
#define DISK(size, more) "{\"name\":\"disk\"," SIZE(size) more "}"
#define STATIC ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"a\"}]"
#define DYNAMIC \
	",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"a\",\"principal\":\"p\"}]"
#define OTHER ",\"reservations\":[{\"type\":\"DYNAMIC\",\"role\":\"b\"}]"
#define REFINED \
	",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"a\"}," \
	"{\"type\":\"DYNAMIC\",\"role\":\"a/b\"}]"
#define VOLUME_ON(source) \
	STATIC ",\"disk\":{\"persistence\":{\"id\":\"v\"},\"volume\":{" \
	       "\"container_path\":\"d\",\"mode\":\"RW\"}" source "}"
#define VOLUME VOLUME_ON("")
#define MOUNT ",\"source\":{\"type\":\"MOUNT\",\"mount\":{\"root\":\"/m\"}}"
#define PATH ",\"source\":{\"type\":\"PATH\",\"path\":{\"root\":\"/p\"}}"

#define DYNAMIC_VOLUME \
	DYNAMIC ",\"disk\":{\"persistence\":{\"id\":\"v\"},\"volume\":{" \
		"\"container_path\":\"d\",\"mode\":\"RW\"}}"

#define RESERVE(list) "{\"type\":\"RESERVE\",\"reserve\":{\"resources\":[" list "]}}"
#define RESERVE_FROM(source, list) \
	"{\"type\":\"RESERVE\",\"reserve\":{\"source\":[" source \
	"],\"resources\":[" list "]}}"
#define UNRESERVE(list) \
	"{\"type\":\"UNRESERVE\",\"unreserve\":{\"resources\":[" list "]}}"
#define CREATE(list) "{\"type\":\"CREATE\",\"create\":{\"volumes\":[" list "]}}"
#define DESTROY(list) "{\"type\":\"DESTROY\",\"destroy\":{\"volumes\":[" list "]}}"
#define GROW(volume, addition) \
	"{\"type\":\"GROW_VOLUME\",\"grow_volume\":{\"volume\":" volume \
	",\"addition\":" addition "}}"
#define SHRINK(volume, less) \
	"{\"type\":\"SHRINK_VOLUME\",\"shrink_volume\":{\"volume\":" volume \
	",\"subtract\":{\"value\":" less "}}}"

/* What is taken and given; without the latter, what the error says. */
static const struct {
	const char *json, *from, *to;
} rows[] = {
	{ RESERVE(CPUS(DYNAMIC)), "cpus:2", "cpus(reservations: [(DYNAMIC,a,p)]):2" },
	{ RESERVE(CPUS(REFINED)), "cpus(a):2",
		"cpus(reservations: [(STATIC,a),(DYNAMIC,a/b)]):2" },
	{ RESERVE_FROM(CPUS(DYNAMIC), CPUS(OTHER)),
		"cpus(reservations: [(DYNAMIC,a,p)]):2",
		"cpus(reservations: [(DYNAMIC,b)]):2" },
	{ RESERVE_FROM(CPUS(STATIC), CPUS(REFINED)), "cpus(a):2",
		"cpus(reservations: [(STATIC,a),(DYNAMIC,a/b)]):2" },
	{ UNRESERVE(CPUS(DYNAMIC)), "cpus(reservations: [(DYNAMIC,a,p)]):2", "cpus:2" },
	{ UNRESERVE(CPUS(REFINED)), "cpus(reservations: [(STATIC,a),(DYNAMIC,a/b)]):2",
		"cpus(a):2" },
	{ CREATE(DISK("8", VOLUME)), "disk(a):8", "disk(a)[v:d]:8" },
	{ CREATE(DISK("8", VOLUME ",\"shared\":{}")), "disk(a):8",
		"disk(a)[v:d]<SHARED x1>:8" },
	{ CREATE(DISK("8", VOLUME_ON(MOUNT))), "disk(a)[MOUNT:/m]:8",
		"disk(a)[MOUNT:/m][v:d]:8" },
	{ DESTROY(DISK("8", VOLUME)), "disk(a)[v:d]:8", "disk(a):8" },
	{ GROW(DISK("8", VOLUME), DISK("2", STATIC)), "disk(a)[v:d]:8; disk(a):2",
		"disk(a)[v:d]:10" },
	{ SHRINK(DISK("8", VOLUME_ON(PATH)), "3"), "disk(a)[PATH:/p][v:d]:8",
		"disk(a)[PATH:/p][v:d]:5; disk(a)[PATH:/p]:3" },
	{ RESERVE(""), "No resources", NULL },
	{ RESERVE(CPUS("")), "not dynamically reserved", NULL },
	{ RESERVE(CPUS(STATIC)), "not dynamically reserved", NULL },
	{ RESERVE_FROM(CPUS(""), DISK("2", DYNAMIC)), "differ in more", NULL },
	/* Neither turned into a dynamic one nor put under one. */
	{ RESERVE_FROM(CPUS(STATIC), CPUS(OTHER)), "than their dynamic reservations",
		NULL },
	{ RESERVE_FROM(CPUS(DYNAMIC), CPUS(REFINED)), "than their dynamic reservations",
		NULL },
	{ RESERVE(DISK("8", DYNAMIC_VOLUME)), "which cannot be reserved", NULL },
	{ UNRESERVE(DISK("8", DYNAMIC_VOLUME)), "destroy it first", NULL },
	{ UNRESERVE(CPUS(STATIC)), "not dynamically reserved", NULL },
	{ CREATE(DISK("8", STATIC)), "not a persistent volume", NULL },
	{ CREATE(DISK("8", VOLUME) "," DISK("4", VOLUME)), "there twice", NULL },
	{ CREATE(DISK("8", VOLUME ",\"shared\":{}") "," DISK(
		  "8", VOLUME ",\"shared\":{}")),
		"there twice", NULL },
	{ DESTROY(CPUS("")), "not a persistent volume", NULL },
	{ GROW(DISK("8", VOLUME), DISK("2", OTHER)), "is not the disk", NULL },
	{ GROW(DISK("8", VOLUME ",\"shared\":{}"), DISK("2", STATIC)), "is shared",
		NULL },
	{ GROW(DISK("8", VOLUME_ON(MOUNT)), DISK("2", STATIC)), "nor on a PATH", NULL },
	{ SHRINK(DISK("8", VOLUME), "8"), "less than the volume", NULL },
	{ SHRINK(DISK("8", VOLUME), "0"), "more than 0", NULL },
	{ SHRINK(DISK("8", STATIC), "1"), "not a persistent volume", NULL },
	{ "{\"type\":\"CREATE\"}", "lacks what its type promises", NULL },
	{ "{\"type\":\"LAUNCH\"}", "converts no resources", NULL },
};

static void check_prints(const struct tp_resources *r, const char *text)
{
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	tp_resources_print(r, &out);
	ck_assert_str_eq(tp_strbuf_text(&out), text);
}

/* [Reserve-, Unreserve-, Create-, Destroy-, GrowVolume-, ShrinkVolumeOperationValidationTest.*] */
START_TEST(operation_rows)
{
	tp_cleanup(resources) struct tp_resources from = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources to = TP_RESOURCES_INIT;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = { 0, "" };
	void *operation;
	int r;

	r = tp_json_decode(&tp_offer_operation_desc, rows[_i].json, strlen(rows[_i].json),
		arena, &operation, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	r = tp_operation_resources(operation, &from, &to, &err);
	if (rows[_i].to == NULL) {
		ck_assert_msg(r < 0, "%s is accepted", rows[_i].json);
		ck_assert_msg(strstr(err.text, rows[_i].from) != NULL, "%s", err.text);
		ck_assert(tp_resources_empty(&from) && tp_resources_empty(&to));
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	check_prints(&from, rows[_i].from);
	check_prints(&to, rows[_i].to);
}
END_TEST

START_TEST(dropped_volumes_merge_with_their_disk)
{
	static const char json[] = "[" DISK("8", VOLUME ",\"shared\":{}") "," DISK(
		"8", VOLUME ",\"shared\":{}") "," DISK("1", STATIC) "," CPUS("") "]";
	struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_error err = { 0, "" };

	ck_assert_msg(tp_resources_parse(&r, json, NULL, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(r.items[0].copies, 2);
	tp_resources_drop_volumes(&r);
	check_prints(&r, "disk(a):9; cpus:2");
	ck_assert_uint_eq(r.items[0].copies, 1);
	tp_resources_fini(&r);
}
END_TEST

/* Configured, remembered, and what the agent has then: "" = the error. */
static const struct {
	const char *configured, *json, *total;
} laid[] = {
	{ "cpus:4", "[" CPUS(DYNAMIC) "]",
		"cpus:2; cpus(reservations: [(DYNAMIC,a,p)]):2" },
	{ "cpus:1", "[" CPUS(DYNAMIC) "]", "" },
	{ "cpus(a):4", "[" CPUS(REFINED) "]",
		"cpus(a):2; cpus(reservations: [(STATIC,a),(DYNAMIC,a/b)]):2" },
	{ "cpus:4", "[" CPUS(REFINED) "]", "" },
	{ "disk(a):8", "[" DISK("8", VOLUME) "]", "disk(a)[v:d]:8" },
	{ "disk:9", "[" DISK("8", DYNAMIC_VOLUME) "," DISK("1", DYNAMIC) "]",
		"disk(reservations: [(DYNAMIC,a,p)])[v:d]:8; "
		"disk(reservations: [(DYNAMIC,a,p)]):1" },
};

START_TEST(what_was_remembered_is_laid_over_what_is_configured)
{
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources again = TP_RESOURCES_INIT;
	struct tp_error err = { 0, "" };
	int r;

	r = tp_resources_parse(&total, laid[_i].configured, NULL, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	r = tp_resources_parse(&kept, laid[_i].json, NULL, &err);
	ck_assert_msg(r == 0, "%s", err.text);
	r = tp_resources_apply_checkpointed(&total, &kept, &err);
	if (laid[_i].total[0] == '\0') {
		ck_assert_int_eq(r, -EINVAL);
		check_prints(&total, laid[_i].configured);
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	check_prints(&total, laid[_i].total);
	tp_resources_checkpointed(&again, &total);
	ck_assert(tp_resources_equal(&again, &kept));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("operation");
	TCase *tc = tcase_create("operation");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tc, operation_rows, 0, TP_COUNT(rows));
	tcase_add_test(tc, dropped_volumes_merge_with_their_disk);
	tcase_add_loop_test(tc, what_was_remembered_is_laid_over_what_is_configured, 0,
		TP_COUNT(laid));
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
