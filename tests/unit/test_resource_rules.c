/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record must look like, which disks and volumes merge, shared counting, and the two
 * formats of reservations. Records are written as JSON and go through the codec.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/resources.h"

#define SCALAR "\"type\":\"SCALAR\",\"scalar\":{\"value\":8}"
#define DISK "\"name\":\"disk\"," SCALAR
#define CPUS "\"name\":\"cpus\"," SCALAR
#define STATIC_A "{\"type\":\"STATIC\",\"role\":\"a\"}"
#define DYNAMIC_A "{\"type\":\"DYNAMIC\",\"role\":\"a\",\"principal\":\"p\"}"
#define DYNAMIC_AB "{\"type\":\"DYNAMIC\",\"role\":\"a/b\"}"
#define VOLUME "\"volume\":{\"container_path\":\"data\",\"mode\":\"RW\"}"
#define PERSISTENT "\"disk\":{\"persistence\":{\"id\":\"v1\"}," VOLUME "}"
#define RESERVED "\"reservations\":[" STATIC_A "]"

static struct tp_arena *arena;

static void setup(void)
{
	arena = tp_arena_create(0);
}

static void teardown(void)
{
	tp_arena_destroy(arena);
}

static struct tp_resource *decode(const char *json)
{
	struct tp_error err = { 0, "" };
	void *record;

	ck_assert_msg(tp_json_decode(&tp_resource_desc, json, strlen(json), arena,
			      &record, &err) == 0,
		"%s", err.text);
	return record;
}

static struct tp_resources make(const char *json)
{
	struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_resource *record = decode(json);
	struct tp_error err = { 0, "" };

	ck_assert_msg(
		tp_resources_from_records(&r, &record, 1, &err) == 0, "%s", err.text);
	return r;
}

/* A record and what its error must say; NULL = valid. */
static const struct {
	const char *json, *error;
} rules[] = {
	{ "{" CPUS "}", NULL },
	{ "{" CPUS ",\"role\":\"*\"}", NULL },
	{ "{" CPUS ",\"role\":\"a\"}", NULL },
	{ "{" CPUS ",\"role\":\"a\",\"reservation\":{\"principal\":\"p\"}}", NULL },
	{ "{" CPUS "," RESERVED "}", NULL },
	{ "{" CPUS ",\"role\":\"*\"," RESERVED "}", NULL },
	{ "{" CPUS ",\"role\":\"a\"," RESERVED "}", NULL },
	{ "{" CPUS ",\"reservations\":[" STATIC_A "," DYNAMIC_AB "]}", NULL },
	{ "{" CPUS ",\"role\":\"a\",\"reservation\":{\"principal\":\"p\"},"
	  "\"reservations\":[" DYNAMIC_A "]}",
		NULL },
	{ "{" CPUS ",\"revocable\":{}}", NULL },
	{ "{" CPUS ",\"allocation_info\":{\"role\":\"x\"}}", NULL },
	{ "{" DISK "," RESERVED "," PERSISTENT "}", NULL },
	{ "{" DISK "," RESERVED "," PERSISTENT ",\"shared\":{}}", NULL },
	{ "{" DISK ",\"disk\":{\"source\":{\"type\":\"PATH\",\"path\":{}}}}", NULL },
	{ "{" DISK ",\"disk\":{\"source\":{\"type\":\"RAW\",\"id\":\"x\"}}}", NULL },
	{ "{" DISK ",\"role\":\"a\"," PERSISTENT "}", NULL },
	{ "{" DISK ",\"role\":\"*\"," PERSISTENT "}", "from unreserved" },
	{ "{" CPUS ",\"role\":\"a b\",\"reservation\":{\"principal\":\"p\"}}",
		"whitespace" },
	{ "{\"name\":\"\"," SCALAR "}", "Empty resource name" },
	{ "{\"name\":\"x\",\"type\":\"SCALAR\"}", "Invalid resource type" },
	{ "{\"name\":\"x\",\"type\":\"RANGES\",\"scalar\":{\"value\":8}}",
		"Invalid resource type" },
	{ "{" CPUS ",\"set\":{\"item\":[\"a\"]}}", "Invalid resource type" },
	{ "{\"name\":\"x\",\"type\":\"TEXT\",\"scalar\":{\"value\":8}}",
		"Invalid resource type" },
	{ "{\"name\":\"x\",\"type\":\"SCALAR\",\"scalar\":{\"value\":-0.001}}",
		"value < 0" },
	{ "{\"name\":\"gpus\",\"type\":\"SCALAR\",\"scalar\":{\"value\":0.5}}",
		"must be an integer" },
	{ "{\"name\":\"x\",\"type\":\"RANGES\",\"ranges\":{\"range\":"
	  "[{\"begin\":5,\"end\":4}]}}",
		"begins after its end" },
	{ "{\"name\":\"x\",\"type\":\"SET\",\"set\":{\"item\":[\"a\",\"a\"]}}",
		"'a' is there twice" },
	{ "{" CPUS ",\"role\":\"a b\"}", "whitespace" },
	{ "{" CPUS ",\"reservation\":{}}", "'*' cannot be dynamically reserved" },
	{ "{" CPUS ",\"role\":\"a\",\"reservation\":{\"role\":\"a\"}}",
		"neither type nor role" },
	{ "{" CPUS ",\"reservations\":[{\"role\":\"a\"}]}", "STATIC or DYNAMIC" },
	{ "{" CPUS
	  ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"a\",\"principal\":\"p\"}]}",
		"neither principal nor labels" },
	{ "{" CPUS ",\"reservations\":[{\"type\":\"UNKNOWN\",\"role\":\"a\"}]}",
		"STATIC or DYNAMIC" },
	{ "{" CPUS ",\"reservations\":[{\"type\":\"STATIC\"}]}", "no role" },
	{ "{" CPUS ",\"reservations\":[{\"type\":\"STATIC\",\"role\":\"*\"}]}",
		"'*' cannot be reserved" },
	{ "{" CPUS ",\"reservations\":[" DYNAMIC_A "," DYNAMIC_A "]}",
		"not a refined role" },
	{ "{" CPUS ",\"reservations\":[" DYNAMIC_AB "," DYNAMIC_A "]}",
		"not a refined role" },
	{ "{" CPUS ",\"reservations\":[" DYNAMIC_A
	  ",{\"type\":\"STATIC\",\"role\":\"a/b\"}]}",
		"only the first one may be STATIC" },
	{ "{" CPUS ",\"role\":\"b\"," RESERVED "}", "'reservations' end with 'a'" },
	{ "{" CPUS ",\"reservation\":{}," RESERVED "}", "contradicts" },
	{ "{" CPUS ",\"allocation_info\":{\"role\":\"-x\"}}", "begin with '-'" },
	{ "{" CPUS "," RESERVED "," PERSISTENT "}", "should not be set for cpus" },
	{ "{" DISK "," PERSISTENT "}", "from unreserved" },
	{ "{" DISK "," RESERVED ",\"revocable\":{}," PERSISTENT "}", "from revocable" },
	{ "{" DISK "," RESERVED ",\"disk\":{\"persistence\":{\"id\":\"v\"}}}",
		"Expecting 'volume'" },
	{ "{" DISK "," RESERVED ",\"disk\":{\"persistence\":{\"id\":\"a/b\"}," VOLUME
	  "}}",
		"invalid characters" },
	{ "{" DISK "," RESERVED ",\"disk\":{\"persistence\":{\"id\":\"v\"},\"volume\":{"
	  "\"container_path\":\"d\",\"host_path\":\"/d\",\"mode\":\"RW\"}}}",
		"'host_path' to be unset" },
	{ "{" DISK "," RESERVED ",\"disk\":{" VOLUME "}}", "Non-persistent" },
	{ "{" DISK ",\"disk\":{\"source\":{\"type\":\"MOUNT\"}}}", "no 'mount'" },
	{ "{" DISK ",\"disk\":{\"source\":{\"type\":\"PATH\"}}}", "no 'path'" },
	{ "{" DISK ",\"disk\":{\"source\":{\"type\":\"UNKNOWN\"}}}",
		"PATH, MOUNT, BLOCK or RAW" },
	{ "{" CPUS ",\"shared\":{}}", "Only persistent volumes can be shared" },
	{ "{" CPUS ",\"revocable\":{},\"reservations\":[" DYNAMIC_A "]}",
		"cannot be dynamically reserved" },
};

START_TEST(rule_rows)
{
	struct tp_error err = { 0, "" };
	int r = tp_resource_validate(decode(rules[_i].json), &err);

	if (rules[_i].error == NULL) {
		ck_assert_msg(r == 0, "%s: %s", rules[_i].json, err.text);
		return;
	}
	ck_assert_msg(r == -EINVAL, "%s is accepted", rules[_i].json);
	ck_assert_msg(strstr(err.text, rules[_i].error) != NULL, "%s", err.text);
}
END_TEST

#define SOURCE(type, more) \
	"{" DISK ",\"disk\":{\"source\":{\"type\":\"" type "\"" more "}}}"
#define VOLUME_JSON "{" DISK "," RESERVED "," PERSISTENT "}"
#define SHARED_JSON "{" DISK "," RESERVED "," PERSISTENT ",\"shared\":{}}"

/* Two of the same: how many items, and what is left after taking 5 of 8 away. */
static const struct {
	const char *json;
	unsigned n_sum;
	bool whole;
} disks[] = {
	{ "{" DISK "}", 1, false },
	{ SOURCE("PATH", ",\"path\":{\"root\":\"/a\"}"), 1, false },
	{ SOURCE("MOUNT", ",\"mount\":{\"root\":\"/a\"}"), 2, true },
	{ SOURCE("BLOCK", ",\"id\":\"b\""), 2, true },
	{ SOURCE("RAW", ",\"id\":\"b\""), 2, true },
	{ VOLUME_JSON, 2, true },
};

/* [DiskResourcesTest.Addition, DiskSourceAddition] */
START_TEST(disks_merge_or_stay_apart)
{
	struct tp_resources r = make(disks[_i].json), one = TP_RESOURCES_INIT;
	struct tp_resource_item part;

	tp_resources_copy(&one, &r);
	tp_resources_add(&r, &one);
	ck_assert_uint_eq(r.n, disks[_i].n_sum);
	ck_assert_int_eq(tp_resources_milli(&r, "disk"), 16000);
	tp_resources_subtract(&r, &one);
	ck_assert(tp_resources_equal(&r, &one));
	part = one.items[0];
	part.milli = 5000;
	tp_resources_subtract_item(&r, &part);
	ck_assert_int_eq(tp_resources_milli(&r, "disk"), disks[_i].whole ? 8000 : 3000);
	tp_resources_fini(&r);
	tp_resources_fini(&one);
}
END_TEST

START_TEST(different_paths_stay_apart)
{
	struct tp_resources a = make(SOURCE("PATH", ",\"path\":{\"root\":\"/a\"}"));
	struct tp_resources b = make(SOURCE("PATH", ",\"path\":{\"root\":\"/b\"}"));

	ck_assert(!tp_resources_contains(&a, &b));
	tp_resources_add(&a, &b);
	ck_assert_uint_eq(a.n, 2);
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

START_TEST(a_volume_cannot_be_taken_twice)
{
	struct tp_resources r = make(VOLUME_JSON), two = make(VOLUME_JSON);

	ck_assert(tp_resources_contains(&r, &two));
	tp_resources_add(&two, &r);
	ck_assert(!tp_resources_contains(&r, &two));
	ck_assert(tp_resources_contains(&two, &two));
	ck_assert_str_eq(tp_resource_persistence_id(&r.items[0]), "v1");
	ck_assert(tp_resource_is_persistent(&r.items[0], NULL));
	ck_assert(!tp_resource_is_shared(&r.items[0], NULL));
	tp_resources_fini(&r);
	tp_resources_fini(&two);
}
END_TEST

START_TEST(how_a_volume_is_mounted_makes_no_difference)
{
	struct tp_resources a = make(VOLUME_JSON);
	struct tp_resources b =
		make("{" DISK "," RESERVED ",\"disk\":{\"persistence\":{\"id\":\"v1\","
		     "\"principal\":\"p\"},\"volume\":{"
		     "\"container_path\":\"elsewhere\",\"mode\":\"RO\"}}}");
	tp_cleanup(strbuf) struct tp_strbuf out = TP_STRBUF_INIT;

	ck_assert(tp_resources_contains(&a, &b));
	tp_resources_share(&b, &a);
	tp_resources_print(&b, &out);
	ck_assert_str_eq(out.data, "disk(a)[v1:elsewhere]:8");
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

/* [SharedResourcesTest.*] */
START_TEST(shared_resources_are_counted)
{
	struct tp_resources r = make(SHARED_JSON), one = TP_RESOURCES_INIT;
	struct tp_resources two = TP_RESOURCES_INIT;

	tp_resources_copy(&one, &r);
	tp_resources_add(&r, &one);
	tp_resources_copy(&two, &r);
	ck_assert_uint_eq(r.n, 1);
	ck_assert_uint_eq(r.items[0].copies, 2);
	ck_assert(tp_resource_is_shared(&r.items[0], NULL));
	ck_assert_int_eq(tp_resources_milli(&r, "disk"), 8000);
	ck_assert(tp_resources_contains(&r, &one) && !tp_resources_contains(&one, &r));
	tp_resources_subtract(&r, &one);
	ck_assert(tp_resources_equal(&r, &one));
	tp_resources_subtract(&r, &two);
	ck_assert(tp_resources_empty(&r));
	tp_resources_fini(&r);
	tp_resources_fini(&one);
	tp_resources_fini(&two);
}
END_TEST

START_TEST(records_share_with_what_is_there)
{
	struct tp_resources offer =
		make("{" CPUS "," RESERVED ",\"allocation_info\":{\"role\":\"a\"}}");
	struct tp_resource *records[] = {
		decode("{" CPUS ",\"role\":\"a\",\"allocation_info\":{\"role\":\"a\"}}"),
		decode("{" CPUS ",\"allocation_info\":{\"role\":\"a\"}}"),
	};
	struct tp_resources task = TP_RESOURCES_INIT;

	ck_assert_int_eq(
		tp_resources_from_records_with(&task, records, 2, &offer, NULL), 0);
	ck_assert_uint_eq(task.n, 2);
	ck_assert_ptr_eq(task.items[0].key, offer.items[0].key);
	ck_assert_ptr_eq(task.items[0].allocation, offer.items[0].allocation);
	ck_assert_ptr_ne(task.items[1].key, offer.items[0].key);
	ck_assert_ptr_eq(task.items[1].allocation, offer.items[0].allocation);
	tp_resources_fini(&offer);
	ck_assert_str_eq(task.items[0].key->role, "a");
	tp_resources_fini(&task);
}
END_TEST

START_TEST(lists_are_bounded)
{
	struct tp_resource *record = decode("{" CPUS "}"), **records;
	struct tp_resources r = TP_RESOURCES_INIT;
	struct tp_error err = { 0, "" };
	size_t i;

	records = tp_arena_alloc(arena, (TP_RESOURCES_MAX + 1) * sizeof *records);
	for (i = 0; i <= TP_RESOURCES_MAX; i++)
		records[i] = record;
	ck_assert_int_eq(
		tp_resources_from_records(&r, records, TP_RESOURCES_MAX, &err), 0);
	ck_assert_int_eq(tp_resources_milli(&r, "cpus"), 8000 * TP_RESOURCES_MAX);
	ck_assert_int_eq(
		tp_resources_from_records(&r, records, TP_RESOURCES_MAX + 1, &err),
		-EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "too many"));
	tp_resources_fini(&r);
}
END_TEST

START_TEST(revocable_is_another_resource)
{
	struct tp_resources a = make("{" CPUS "}"),
			    b = make("{" CPUS ",\"revocable\":{}}");

	tp_resources_add(&a, &b);
	ck_assert_uint_eq(a.n, 2);
	ck_assert(tp_resource_is_revocable(&a.items[1], NULL));
	ck_assert(tp_resource_is_nonrevocable(&a.items[0], NULL));
	tp_resources_fini(&a);
	tp_resources_fini(&b);
}
END_TEST

static const struct tp_resource *only(
	const struct tp_resources *r, enum tp_resource_format format)
{
	struct tp_resource **records;
	size_t n;

	tp_resources_to_records(r, format, arena, &records, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(tp_resource_validate(records[0], NULL), 0);
	return records[0];
}

/* [ResourceFormatTest.Endpoint, PreReservationRefinement] */
START_TEST(formats_of_a_dynamic_reservation)
{
	struct tp_resources r =
		make("{" CPUS ",\"role\":\"a\",\"reservation\":{\"principal\":\"p\"}}");
	struct tp_resources same = make("{" CPUS ",\"reservations\":[" DYNAMIC_A "]}");
	const struct tp_resource *record;

	ck_assert(tp_resources_equal(&r, &same));
	record = only(&r, TP_RESOURCE_POST);
	ck_assert_ptr_null(record->role);
	ck_assert_ptr_null(record->reservation);
	ck_assert_str_eq(record->reservations[0]->role, "a");
	record = only(&r, TP_RESOURCE_PRE);
	ck_assert_str_eq(record->role, "a");
	ck_assert_str_eq(record->reservation->principal, "p");
	ck_assert_uint_eq(record->n_reservations, 0);
	record = only(&r, TP_RESOURCE_ENDPOINT);
	ck_assert_str_eq(record->role, "a");
	ck_assert_str_eq(record->reservation->principal, "p");
	ck_assert_str_eq(record->reservations[0]->principal, "p");
	tp_resources_fini(&r);
	tp_resources_fini(&same);
}
END_TEST

START_TEST(formats_of_others)
{
	struct tp_resources plain =
		make("{" CPUS ",\"allocation_info\":{\"role\":\"x\"}}");
	struct tp_resources fixed = make("{" CPUS ",\"role\":\"a\"}");
	struct tp_resources refined =
		make("{" CPUS ",\"reservations\":[" STATIC_A "," DYNAMIC_AB "]}");

	ck_assert_ptr_null(only(&plain, TP_RESOURCE_POST)->role);
	ck_assert_str_eq(only(&plain, TP_RESOURCE_PRE)->role, "*");
	ck_assert_str_eq(only(&plain, TP_RESOURCE_ENDPOINT)->role, "*");
	ck_assert_str_eq(only(&plain, TP_RESOURCE_PRE)->allocation_info->role, "x");
	ck_assert_str_eq(only(&fixed, TP_RESOURCE_PRE)->role, "a");
	ck_assert_ptr_null(only(&fixed, TP_RESOURCE_PRE)->reservation);
	ck_assert_ptr_null(only(&fixed, TP_RESOURCE_ENDPOINT)->reservation);
	ck_assert_uint_eq(only(&fixed, TP_RESOURCE_ENDPOINT)->n_reservations, 1);
	ck_assert_uint_eq(only(&refined, TP_RESOURCE_PRE)->n_reservations, 2);
	ck_assert_ptr_null(only(&refined, TP_RESOURCE_ENDPOINT)->role);
	ck_assert(!tp_resource_is_persistent(&plain.items[0], NULL));
	ck_assert_ptr_null(tp_resource_persistence_id(&plain.items[0]));
	ck_assert(!tp_resource_downgrade(
		(struct tp_resource *)only(&refined, TP_RESOURCE_POST), arena));
	ck_assert(tp_resource_downgrade(
		(struct tp_resource *)only(&fixed, TP_RESOURCE_POST), arena));
	tp_resources_fini(&plain);
	tp_resources_fini(&fixed);
	tp_resources_fini(&refined);
}
END_TEST

START_TEST(records_survive_the_round_trip)
{
	static const char *const all[] = { "{" CPUS "}", VOLUME_JSON, SHARED_JSON,
		"{\"name\":\"p\",\"type\":\"RANGES\",\"ranges\":{\"range\":"
		"[{\"begin\":1,\"end\":4},{\"begin\":9,\"end\":9}]}}",
		"{\"name\":\"s\",\"type\":\"SET\",\"set\":{\"item\":[\"b\",\"a\"]}}",
		"{" CPUS ",\"revocable\":{},\"provider_id\":{\"value\":\"rp\"}}" };
	struct tp_resources r, again = TP_RESOURCES_INIT;
	struct tp_resource *record;
	size_t i;

	for (i = 0; i < TP_COUNT(all); i++) {
		r = make(all[i]);
		record = (struct tp_resource *)only(&r, TP_RESOURCE_ENDPOINT);
		ck_assert_int_eq(tp_resources_from_records(&again, &record, 1, NULL), 0);
		ck_assert(tp_resources_equal(&r, &again));
		tp_resources_fini(&r);
	}
	tp_resources_fini(&again);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("resource_rules");
	TCase *tc = tcase_create("resource_rules");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, rule_rows, 0, TP_COUNT(rules));
	tcase_add_loop_test(tc, disks_merge_or_stay_apart, 0, TP_COUNT(disks));
	tcase_add_test(tc, different_paths_stay_apart);
	tcase_add_test(tc, a_volume_cannot_be_taken_twice);
	tcase_add_test(tc, how_a_volume_is_mounted_makes_no_difference);
	tcase_add_test(tc, shared_resources_are_counted);
	tcase_add_test(tc, records_share_with_what_is_there);
	tcase_add_test(tc, lists_are_bounded);
	tcase_add_test(tc, revocable_is_another_resource);
	tcase_add_test(tc, formats_of_a_dynamic_reservation);
	tcase_add_test(tc, formats_of_others);
	tcase_add_test(tc, records_survive_the_round_trip);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
