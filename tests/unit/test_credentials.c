/* SPDX-License-Identifier: Apache-2.0 */
/* Files with credentials: every form, every mistake with its line, and no secret in any text. */
#include "tepui/credentials.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *text;
	size_t n;
	const char *first, *secret;
} good[] = {
	{ "", 0, NULL, NULL },
	{ "# nobody\n\n", 0, NULL, NULL },
	{ "alice pa55", 1, "alice", "pa55" },
	{ "  alice\tpa55  \r\n\n# x y z\nbob hunter2\n", 2, "alice", "pa55" },
	{ "credentials {x\n", 1, "credentials", "{x" },
	{ "{\"principal\":\"alice\",\"secret\":\"pa 55\"}", 1, "alice", "pa 55" },
	{ "{\"credentials\":[]}", 0, NULL, NULL },
	{ "{\n\t\"credentials\": [\n\t\t{\"principal\": \"bob\", \"secret\": \"2\"},\n"
	  "\t\t{\"principal\": \"alice\", \"secret\": \"1\\u0031\"}\n\t]\n}\n",
		2, "alice", "11" },
	{ "[{\"principal\":\"alice\",\"secret\":\"x\"}]", 1, "alice", "x" },
	{ "# yaml\ncredentials:\n  - principal: alice\n    secret: pa55\n", 1, "alice",
		"pa55" },
	{ "principal: alice\nsecret: 12345\n", 1, "alice", "12345" },
	{ "- {principal: alice, secret: x}\n- {principal: bob, secret: y}\n", 2, "alice",
		"x" },
};

START_TEST(all_forms_are_read)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_credentials *all;
	struct tp_error err = { 0 };
	int r = tp_credentials_parse(
		"c", good[_i].text, strlen(good[_i].text), arena, &all, &err);

	ck_assert_msg(r == 0, "%s: %s", good[_i].text, err.text);
	ck_assert_uint_eq(all->n_credentials, good[_i].n);
	if (good[_i].n == 0)
		return;
	ck_assert_str_eq(all->credentials[0]->principal, good[_i].first);
	ck_assert_str_eq(all->credentials[0]->secret, good[_i].secret);
}
END_TEST

/* "pa55" is the secret: no error may repeat it. */
static const struct {
	const char *text, *says;
} bad[] = {
	{ "pa55", "c:1" },
	{ "alice x\n\nbob pa55 more\n", "c:3" },
	{ "alice pa55\nalice pa55\n", "twice" },
	{ "al\x01ice pa55\n", "c:1" },
	{ "{\"principal\":\"alice\"}", "c:1" },
	{ "{\"secret\":\"pa55\"}", "c:1" },
	{ "{\"principal\":\"\",\"secret\":\"pa55\"}", "c:1" },
	{ "{\"principal\":\"a\",\"secret\":\"\"}", "c:1" },
	{ "{\"principal\":\"a\",\"secret\":null}", "c:1" },
	{ "{\"principal\":\"a\",\"secret\":[\"pa55\"]}", "c:1" },
	{ "{\"credentials\":\"pa55\"}", "list" },
	{ "{\"credentials\":{\"alice\":\"pa55\"}}", "list" },
	{ "{\"credentials\":[\n\"pa55\"]}", "c:2" },
	{ "{\"credentials\":[\n{\"principal\":\"a\",\"secret\":\"pa55\"\n", "c:" },
	{ "{\"principal\":\"a\",\"secret\":\"pa55\"} pa55", "c:1" },
	{ "---\nalice pa55\n", "c:2" },
	{ "principal: a\nsecret: *pa55\n", "c:2:9: " },
	{ "principal: a\nsecret: &pa55 *pa55\n", "c:2:" },
	{ "{principal: a,\n pa55: b, pa55: c}", "c:2:11: " },
	{ "principal: a\nsecret: !pa55! %pa55\n", "c:2:" },
};

START_TEST(mistakes_have_a_line_and_no_secret)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_credentials *all;
	struct tp_error err = { 0 };
	int r = tp_credentials_parse(
		"c", bad[_i].text, strlen(bad[_i].text), arena, &all, &err);

	ck_assert_msg(r == -EINVAL, "%s", bad[_i].text);
	ck_assert_msg(strstr(err.text, bad[_i].says) != NULL, "%s", err.text);
	ck_assert_msg(strstr(err.text, "pa55") == NULL, "%s", err.text);
}
END_TEST

START_TEST(limits_hold_at_their_edges)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	static char text[2000];
	struct tp_credentials *all;
	struct tp_error err;

	memset(text, 'p', 255);
	strcpy(text + 255, " secret");
	ck_assert_int_eq(
		tp_credentials_parse("c", text, strlen(text), arena, &all, &err), 0);
	memset(text, 'p', 256);
	strcpy(text + 256, " secret");
	ck_assert_int_eq(tp_credentials_parse("c", text, strlen(text), arena, &all, &err),
		-EINVAL);
	strcpy(text, "a ");
	memset(text + 2, 's', 1025);
	text[1026] = '\0';
	ck_assert_int_eq(
		tp_credentials_parse("c", text, strlen(text), arena, &all, &err), 0);
	text[1026] = 's';
	ck_assert_int_eq(tp_credentials_parse("c", text, strlen(text), arena, &all, &err),
		-EINVAL);
	ck_assert_int_eq(
		tp_credentials_parse("c", "a b\0c d", 7, arena, &all, &err), -EINVAL);
}
END_TEST

START_TEST(files_are_read_and_their_mode_is_seen)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	char path[] = "/tmp/test_credentials.XXXXXX", url[64] = "file://";
	struct tp_credentials *all;
	struct tp_credential *one;
	struct tp_error err;
	bool exposed = true;
	int fd = mkstemp(path);

	ck_assert_int_eq(write(fd, "a b\n", 4), 4);
	strcat(url, path);
	ck_assert_int_eq(tp_credentials_read(path, arena, &all, &exposed, &err), 0);
	ck_assert(!exposed);
	ck_assert_int_eq(fchmod(fd, 0604), 0);
	ck_assert_int_eq(tp_credential_read(url, arena, &one, &exposed, &err), 0);
	ck_assert(exposed);
	ck_assert_str_eq(one->secret, "b");
	ck_assert_int_eq(write(fd, "c d\n", 4), 4);
	ck_assert_int_eq(tp_credential_read(path, arena, &one, NULL, &err), -EINVAL);
	ck_assert_int_eq(ftruncate(fd, (1 << 20) + 1), 0);
	ck_assert_int_eq(tp_credentials_read(path, arena, &all, NULL, &err), -EFBIG);
	close(fd);
	unlink(path);
	ck_assert_int_eq(tp_credentials_read(path, arena, &all, NULL, &err), -ENOENT);
	ck_assert_int_eq(tp_credentials_read("/tmp", arena, &all, NULL, &err), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credentials");
	TCase *tc = tcase_create("credentials");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, all_forms_are_read, 0, (int)TP_COUNT(good));
	tcase_add_loop_test(
		tc, mistakes_have_a_line_and_no_secret, 0, (int)TP_COUNT(bad));
	tcase_add_test(tc, limits_hold_at_their_edges);
	tcase_add_test(tc, files_are_read_and_their_mode_is_seen);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
