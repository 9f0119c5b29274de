/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was once on a wire keeps its meaning. tests/golden/v1 holds records as JSON and as the
 * msgpack of the first release; whoever changes a number or a type breaks their pairs. Its
 * folders hold v1 answers of a real master and agent: decoded and encoded again they are the
 * same JSON, with the same defaults and the same empty lists. fields.txt lists the number, name
 * and type of every field and enum value that was ever in the schema: lines are only added.
 */
#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"

static const struct {
	const char *name;
	const struct tp_desc *desc;
} pairs[] = {
	{ "agent_reregister", &tp_agent_reregister_desc },
	{ "master_call", &tp_master_call_desc },
	{ "scheduler_call", &tp_scheduler_call_desc },
	{ "status_update", &tp_status_update_desc },
	{ "task_info", &tp_task_info_desc },
};

static const struct {
	const char *name;
	const struct tp_desc *desc;
} answers[] = {
	{ "master/GET_AGENTS", &tp_master_response_desc },
	{ "master/GET_EXECUTORS", &tp_master_response_desc },
	{ "master/GET_FLAGS", &tp_master_response_desc },
	{ "master/GET_FRAMEWORKS", &tp_master_response_desc },
	{ "master/GET_MASTER", &tp_master_response_desc },
	{ "master/GET_ROLES", &tp_master_response_desc },
	{ "master/GET_STATE", &tp_master_response_desc },
	{ "master/GET_STATE_ended", &tp_master_response_desc },
	{ "master/GET_TASKS", &tp_master_response_desc },
	{ "master/GET_VERSION", &tp_master_response_desc },
	{ "agent/GET_AGENT", &tp_agent_response_desc },
	{ "agent/GET_CONTAINERS", &tp_agent_response_desc },
	{ "agent/GET_EXECUTORS", &tp_agent_response_desc },
	{ "agent/GET_FRAMEWORKS", &tp_agent_response_desc },
	{ "agent/GET_STATE", &tp_agent_response_desc },
	{ "agent/GET_STATE_ended", &tp_agent_response_desc },
	{ "agent/GET_TASKS", &tp_agent_response_desc },
	{ "agent/LIST_FILES", &tp_agent_response_desc },
};

static struct tp_arena *arena;
static struct tp_strbuf text, bytes, out;
static struct tp_error err;

static void setup(void)
{
	arena = tp_arena_create(0);
	memset(&text, 0, sizeof text);
	memset(&bytes, 0, sizeof bytes);
	memset(&out, 0, sizeof out);
}

static void teardown(void)
{
	tp_strbuf_fini(&text);
	tp_strbuf_fini(&bytes);
	tp_strbuf_fini(&out);
	tp_arena_destroy(arena);
}

static void read_golden(const char *name, const char *suffix, struct tp_strbuf *ret)
{
	const char *folder = getenv("srcdir");
	char path[512], part[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof path, "%s/tests/golden/v1/%s.%s", folder ? folder : ".",
		name, suffix);
	file = fopen(path, "rb");
	if (file == NULL && strcmp(suffix, "msgpack") == 0)
		return;
	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	while ((n = fread(part, 1, sizeof part, file)) > 0)
		tp_strbuf_add(ret, part, n);
	fclose(file);
}

static void *decode_text(const struct tp_desc *desc)
{
	void *record;

	ck_assert_msg(
		tp_json_decode(desc, text.data, text.len, arena, &record, &err) == 0,
		"%s", err.text);
	ck_assert_msg(tp_record_check(desc, record, &err) == 0, "%s", err.text);
	return record;
}

static void same_json(const char *name)
{
	json_t *wanted = json_loadb(text.data, text.len, 0, NULL);
	json_t *got = json_loadb(out.data, out.len, 0, NULL);

	ck_assert(wanted != NULL && got != NULL);
	if (!json_equal(wanted, got))
		fprintf(stderr, "%s came out as\n%s\n", name, out.data);
	ck_assert_msg(json_equal(wanted, got), "%s differs", name);
	json_decref(wanted);
	json_decref(got);
}

/* A new pair gets its bytes from here, once it was looked at. */
static void same_bytes(const char *name)
{
	char path[256];
	FILE *file;

	if (out.len == bytes.len && memcmp(out.data, bytes.data, out.len) == 0)
		return;
	snprintf(path, sizeof path, "%s.msgpack", name);
	file = fopen(path, "wb");
	if (file != NULL) {
		fwrite(out.data, 1, out.len, file);
		fclose(file);
	}
	ck_abort_msg("%s is not what it was; ./%s has what it is now", name, path);
}

START_TEST(pairs_mean_the_same)
{
	const struct tp_desc *desc = pairs[_i].desc;
	void *record, *again;

	read_golden(pairs[_i].name, "json", &text);
	read_golden(pairs[_i].name, "msgpack", &bytes);
	record = decode_text(desc);
	tp_msgpack_encode(desc, record, &out);
	same_bytes(pairs[_i].name);

	ck_assert_msg(
		tp_msgpack_decode(desc, bytes.data, bytes.len, arena, &again, &err) == 0,
		"%s", err.text);
	ck_assert(tp_record_equal(desc, record, again));
	tp_strbuf_clear(&out);
	tp_json_encode(desc, again, TP_JSON_BARE | TP_JSON_NATIVE, &out);
	same_json(pairs[_i].name);
}
END_TEST

START_TEST(answers_come_out_as_they_were)
{
	const struct tp_desc *desc = answers[_i].desc;

	read_golden(answers[_i].name, "json", &text);
	tp_json_encode(desc, decode_text(desc), 0, &out);
	same_json(answers[_i].name);
}
END_TEST

/* --- the schema ------------------------------------------------------------------------ */

static void list_enum(const struct tp_enum *e)
{
	for (const struct tp_enum_value *v = e->values; v->name != NULL; v++)
		tp_strbuf_printf(&out, "enum %s %d %s\n", e->name, v->number, v->name);
}

static void list_field(const struct tp_desc *desc, const struct tp_field *field)
{
	const char *sub = field->sub == NULL ? "-"
		: field->type == TP_ENUM     ? ((const struct tp_enum *)field->sub)->name
					     : ((const struct tp_desc *)field->sub)->name;

	tp_strbuf_printf(&out, "%s %u %s type %u label %u %s\n", desc->name,
		field->number, field->name, field->type, field->label, sub);
	if (field->type == TP_ENUM)
		list_enum(field->sub);
}

static bool has_line(const char *all, const char *line, size_t len)
{
	const char *at = all;

	while (at != NULL && *at != '\0') {
		if (strncmp(at, line, len) == 0 && at[len] == '\n')
			return true;
		at = strchr(at, '\n');
		at = at == NULL ? NULL : at + 1;
	}
	return false;
}

/* Each line of `from` is in `in`; prints those that are not. */
static size_t missing_lines(const char *from, const char *in, const char *what)
{
	size_t n = 0;

	for (const char *line = from, *end; (end = strchr(line, '\n')) != NULL;
		line = end + 1) {
		if (has_line(in, line, (size_t)(end - line)))
			continue;
		fprintf(stderr, "%s: %.*s\n", what, (int)(end - line), line);
		n++;
	}
	return n;
}

START_TEST(the_schema_only_grows)
{
	size_t n_lost, n_new;

	list_enum(&tp_message_type_enum);
	for (size_t i = 0; tp_wire_descs[i] != NULL; i++) {
		for (uint32_t k = 0; k < tp_wire_descs[i]->n_fields; k++)
			list_field(tp_wire_descs[i], tp_desc_field(tp_wire_descs[i], k));
	}
	read_golden("fields", "txt", &text);
	n_lost = missing_lines(tp_strbuf_text(&text), tp_strbuf_text(&out), "was once");
	ck_assert_msg(n_lost == 0, "%zu fields or values are not what they were", n_lost);
	n_new = missing_lines(tp_strbuf_text(&out), tp_strbuf_text(&text), "is new");
	ck_assert_msg(n_new == 0,
		"%zu fields or values are new: add their lines to "
		"tests/golden/v1/fields.txt",
		n_new);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("golden");
	TCase *tc = tcase_create("golden");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, pairs_mean_the_same, 0, (int)TP_COUNT(pairs));
	tcase_add_loop_test(tc, answers_come_out_as_they_were, 0, (int)TP_COUNT(answers));
	tcase_add_test(tc, the_schema_only_grows);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
