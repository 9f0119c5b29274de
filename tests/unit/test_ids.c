/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids: UUIDs and their text, valid and invalid ids, the ids of a master's making.
 */
#include "tepui/ids.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

START_TEST(uuids_differ_and_survive_text)
{
	uint8_t a[TP_UUID_BYTES], b[TP_UUID_BYTES], parsed[TP_UUID_BYTES];
	char text[TP_UUID_TEXT];

	tp_uuid_generate(a);
	tp_uuid_generate(b);
	ck_assert_mem_ne(a, b, TP_UUID_BYTES);
	tp_uuid_print(a, text);
	ck_assert_uint_eq(strlen(text), 36);
	ck_assert_int_eq(text[14], '4');
	ck_assert_ptr_nonnull(strchr("89ab", text[19]));
	ck_assert_int_eq(tp_uuid_parse(text, parsed, NULL), 0);
	ck_assert_mem_eq(a, parsed, TP_UUID_BYTES);
}
END_TEST

static const char *const bad_uuids[] = { "", "x", "00000000-0000-4000-8000-00000000000",
	"00000000-0000-4000-8000-0000000000000", "00000000-0000-4000-8000-00000000000g",
	"000000000000-4000-8000-000000000000", "00000000-0000-4000-80000-00000000000" };

START_TEST(other_text_is_no_uuid)
{
	uint8_t uuid[TP_UUID_BYTES] = { 42 };
	struct tp_error err = { 0, "" };

	ck_assert_int_eq(tp_uuid_parse(bad_uuids[_i], uuid, &err), -EINVAL);
	ck_assert_int_eq(uuid[0], 42);
}
END_TEST

START_TEST(fixed_uuid)
{
	uint8_t uuid[TP_UUID_BYTES];
	char text[TP_UUID_TEXT];

	memset(uuid, 0xff, sizeof uuid);
	tp_uuid_from_random(uuid);
	tp_uuid_print(uuid, text);
	ck_assert_str_eq(text, "ffffffff-ffff-4fff-bfff-ffffffffffff");
	ck_assert_int_eq(
		tp_uuid_parse("FFFFFFFF-FFFF-4FFF-BFFF-FFFFFFFFFFFF", uuid, NULL), 0);
}
END_TEST

START_TEST(valid_and_invalid_ids)
{
	static const char *const bad[] = { "", ".", "..", "a/b", "a\\b", "a\nb", "\x7f" };
	struct tp_error err = { 0, "" };
	char id[300];
	size_t i;

	ck_assert_int_eq(tp_id_validate("TaskID", "task 1.a-b_c:d", &err), 0);
	ck_assert_int_eq(tp_id_validate("TaskID", "...", &err), 0);
	for (i = 0; i < TP_COUNT(bad); i++)
		ck_assert_int_eq(tp_id_validate("TaskID", bad[i], &err), -EINVAL);
	ck_assert_int_eq(tp_id_validate("TaskID", NULL, &err), -EINVAL);
	memset(id, 'x', sizeof id);
	id[255] = '\0';
	ck_assert_int_eq(tp_id_validate("TaskID", id, &err), 0);
	id[255] = 'x';
	id[256] = '\0';
	ck_assert_int_eq(tp_id_validate("TaskID", id, &err), -EINVAL);
	ck_assert_str_eq(err.text, "TaskID must not be longer than 255 characters");
}
END_TEST

START_TEST(ids_of_a_master)
{
	char *framework = tp_framework_id_make("m", 7),
	     *agent = tp_agent_id_make("m", 12);
	char *offer = tp_offer_id_make("m", 0), *many = tp_framework_id_make("m", 12345);

	ck_assert_str_eq(framework, "m-0007");
	ck_assert_str_eq(many, "m-12345");
	ck_assert_str_eq(agent, "m-S12");
	ck_assert_str_eq(offer, "m-O0");
	tp_free(framework);
	tp_free(agent);
	tp_free(offer);
	tp_free(many);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ids");
	TCase *tc = tcase_create("ids");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tc, uuids_differ_and_survive_text);
	tcase_add_loop_test(tc, other_text_is_no_uuid, 0, TP_COUNT(bad_uuids));
	tcase_add_test(tc, fixed_uuid);
	tcase_add_test(tc, valid_and_invalid_ids);
	tcase_add_test(tc, ids_of_a_master);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
