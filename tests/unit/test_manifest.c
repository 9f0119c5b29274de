/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The manifest: what is read from a good one, and the exact words and places for everything that
 * can be wrong with one. Modules are not loaded here.
 */
#include "core/kernel/manifest.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct manifest manifest;
static struct issues issues;

static void setup(void)
{
	manifest_init(&manifest);
	issues = (struct issues){ 0 };
}

static void teardown(void)
{
	manifest_fini(&manifest);
	issues_fini(&issues);
}

static void parse(const char *text)
{
	manifest_parse(&manifest, "m.yaml", text, strlen(text), &issues);
}

/* The manifest has exactly these issues. */
static void expect(const char *text, const char *lines)
{
	parse(text);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), lines);
}

START_TEST(reads_names_use_and_config)
{
	struct manifest_entry *entry;

	parse("log: { level: debug, format: json }\n"
	      "modules:\n"
	      "  - module: registry-leveldb\n"
	      "    as: registry\n"
	      "    use: { work: work, isolator: [a, b] }\n"
	      "    config: { path: /var/lib, tries: 3 }\n"
	      "  - module: /opt/my-thing.so\n"
	      "  - module: master\n"
	      "    use:\n"
	      "    config: ~\n");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert(manifest.level == TP_LOG_DEBUG);
	ck_assert(manifest.format == TP_LOG_JSON);
	ck_assert_uint_eq(manifest.n_entries, 3);
	entry = manifest.entries[0];
	ck_assert_str_eq(entry->module, "registry-leveldb");
	ck_assert_str_eq(entry->name, "registry");
	ck_assert_uint_eq(entry->mark.line, 3);
	ck_assert_uint_eq(entry->mark.column, 13);
	ck_assert_str_eq(node_get(entry->use, "work")->text, "work");
	ck_assert_uint_eq(node_get(entry->use, "isolator")->n_items, 2);
	ck_assert_str_eq(node_get(entry->config, "path")->text, "/var/lib");
	ck_assert_ptr_null(node_get(entry->config, "absent"));
	ck_assert_str_eq(manifest.entries[1]->name, "my-thing");
	ck_assert_str_eq(manifest.entries[2]->name, "master");
	ck_assert_ptr_null(manifest.entries[2]->config);
	ck_assert_ptr_eq(manifest_find(&manifest, "registry"), entry);
	ck_assert_ptr_null(manifest_find(&manifest, "none"));
}
END_TEST

START_TEST(anchors_share_a_config)
{
	parse("modules:\n"
	      "  - module: a\n"
	      "    config: &shared { x: 1 }\n"
	      "  - module: b\n"
	      "    config: *shared\n");
	ck_assert_uint_eq(issues.n, 0);
	ck_assert_ptr_eq(manifest.entries[0]->config, manifest.entries[1]->config);
	/* A setting changes one of them only. */
	manifest_set(&manifest, "a.x=2", &issues);
	ck_assert_str_eq(node_get(manifest.entries[0]->config, "x")->text, "2");
	ck_assert_str_eq(node_get(manifest.entries[1]->config, "x")->text, "1");
}
END_TEST

START_TEST(all_issues_come_at_once)
{
	expect("modles: 1\n"
	       "log: { level: loud, format: xml, levle: 1 }\n"
	       "modules:\n"
	       "  - module: a\n"
	       "    confg: {}\n"
	       "    use: [x]\n"
	       "  - as: nothing\n"
	       "  - just text\n"
	       "  - module: a\n"
	       "  - module: b\n"
	       "    as: a b\n",
		"m.yaml:1:1: unknown key 'modles' of the manifest, did you mean "
		"'modules'?\n"
		"m.yaml:2:34: unknown key 'levle' of the log, did you mean 'level'?\n"
		"m.yaml:2:15: 'loud' is not a log level (debug, info, warning or error)\n"
		"m.yaml:2:29: 'xml' is not a log format (text or json)\n"
		"m.yaml:5:5: unknown key 'confg' of a module, did you mean 'config'?\n"
		"m.yaml:6:10: 'use' must be a mapping, this is a list\n"
		"m.yaml:7:5: this entry has no 'module'\n"
		"m.yaml:8:5: an entry of 'modules' must be a mapping with 'module', this "
		"is "
		"a single value\n"
		"m.yaml:9:13: a second instance named 'a' (the first is at m.yaml:4:13): "
		"give it another name with 'as'\n"
		"m.yaml:11:9: 'a b' is no name for an instance: at most 64 of letters, "
		"digits, - and _\n");
}
END_TEST

START_TEST(keys_are_unique)
{
	expect("modules:\n"
	       "  - module: a\n"
	       "    config: { x: 1, y: 2, x: 3 }\n"
	       "    module: b\n",
		"m.yaml:3:27: key 'x' is here a second time, first in line 3\n"
		"m.yaml:4:5: key 'module' is here a second time, first in line 2\n");
	/* The first one stays. */
	ck_assert_str_eq(manifest.entries[0]->module, "a");
}
END_TEST

static const struct {
	const char *text, *lines;
} bad[] = {
	{ "", "m.yaml: the manifest is empty: it needs a list of 'modules'\n" },
	{ "# only this\n",
		"m.yaml: the manifest is empty: it needs a list of 'modules'\n" },
	{ "---\n", "m.yaml: the manifest is empty: it needs a list of 'modules'\n" },
	{ "[a]",
		"m.yaml:1:1: the manifest must be a mapping with 'modules', this is a "
		"list\n" },
	{ "log: {}", "m.yaml: the manifest lists no 'modules'\n" },
	{ "modules: []", "m.yaml: the manifest lists no 'modules'\n" },
	{ "modules: {}", "m.yaml:1:10: 'modules' must be a list, this is a mapping\n" },
	{ "modules: [{ module: }]", "m.yaml:1:21: 'module' is empty\n" },
	{ "modules: [{ module: [] }]",
		"m.yaml:1:21: 'module' must be a single value, this is a list\n" },
	{ "modules: [{ module: ../x }]",
		"m.yaml:1:21: '../x' is neither the name of a module nor the absolute "
		"path "
		"of a .so\n" },
	{ "modules: [{ module: a, use: { k: } }]",
		"m.yaml:1:34: the name of an instance is empty\n" },
	{ "modules: [{ module: a, use: { k: [{}] } }]",
		"m.yaml:1:35: the name of an instance must be a single value, this is a "
		"mapping\n" },
	{ "modules: [{ module: \"a\\0b\" }]",
		"m.yaml:1:21: a text with a NUL character\n" },
	{ "? [a]\n: b\nmodules: [{module: a}]",
		"m.yaml:1:3: a key must be a text, this is a list\n" },
	{ "modules: [{module: a}]\n---\nmodules: []",
		"m.yaml:2:1: a second YAML document: put everything into one\n" },
	{ "modules: *nobody",
		"m.yaml:1:10: '*nobody' has no anchor '&nobody' before it\n" },
	{ "modules: &m [*m]", "m.yaml:1:14: '&m' contains itself\n" },
	{ "modules: [{ module: a }",
		"m.yaml:2:1: this is not YAML: did not find expected "
		"',' or ']', while parsing a flow sequence that began "
		"in line 1\n" },
	{ "a: \xff",
		"m.yaml: this is not YAML: invalid leading UTF-8 octet at byte 3\n" },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
		"m.yaml:1:33: too deep or too large: at most 32 levels and 50000 "
		"values\n" },
};

START_TEST(refuses)
{
	expect(bad[_i].text, bad[_i].lines);
}
END_TEST

START_TEST(an_alias_bomb_costs_nothing)
{
	struct tp_strbuf text = TP_STRBUF_INIT;

	tp_strbuf_puts(&text, "a0: &a0 [x]\n");
	for (int i = 1; i < 31; i++)
		tp_strbuf_printf(&text, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d]\n", i, i,
			i - 1, i - 1, i - 1, i - 1);
	tp_strbuf_puts(&text, "modules: [{ module: a, config: { x: *a30 } }]\n");
	parse(text.data);
	ck_assert_uint_eq(issues.n, 31); /* the unknown keys */
	ck_assert_uint_lt(tp_arena_bytes(manifest.arena), 1024 * 1024);
	tp_strbuf_fini(&text);
}
END_TEST

START_TEST(bounds_what_it_reads)
{
	struct tp_strbuf text = TP_STRBUF_INIT;

	tp_strbuf_puts(&text, "modules:\n");
	for (int i = 0; i < 257; i++)
		tp_strbuf_printf(&text, "  - module: m%d\n", i);
	expect(text.data, "m.yaml:2:3: at most 256 modules\n");
	tp_strbuf_clear(&text);
	tp_strbuf_clear(&issues.text);
	tp_strbuf_puts(&text, "modules: [{ module: a, config: { ");
	for (int i = 0; i < 257; i++)
		tp_strbuf_printf(&text, "k%d: 1, ", i);
	tp_strbuf_puts(&text, "}}]");
	parse(text.data);
	ck_assert_ptr_nonnull(
		strstr(tp_strbuf_text(&issues.text), "a mapping has at most 256 keys"));
	tp_strbuf_clear(&text);
	tp_strbuf_clear(&issues.text);
	for (int i = 0; i < 50000; i++)
		tp_strbuf_puts(&text, "- 1\n");
	parse(text.data);
	ck_assert_ptr_nonnull(
		strstr(tp_strbuf_text(&issues.text), "too deep or too large"));
	tp_strbuf_fini(&text);
}
END_TEST

START_TEST(settings_replace_and_add)
{
	struct manifest_entry *entry;

	parse("modules: [{ module: a, config: { x: 1 } }, { module: b }]");
	manifest_set(&manifest, "a.x=2", &issues);
	manifest_set(&manifest, "a.list=[p, 'q r']", &issues);
	manifest_set(&manifest, "b.url=tcp://h:1?a=b.c", &issues);
	manifest_set(&manifest, "b.empty=", &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	entry = manifest.entries[0];
	ck_assert_str_eq(node_get(entry->config, "x")->text, "2");
	ck_assert_str_eq(
		mark_text(&node_get(entry->config, "x")->mark).text, "--set a.x=2");
	ck_assert_str_eq(node_get(entry->config, "list")->items[1]->text, "q r");
	entry = manifest.entries[1];
	ck_assert_str_eq(node_get(entry->config, "url")->text, "tcp://h:1?a=b.c");
	ck_assert_str_eq(node_get(entry->config, "empty")->text, "");
	ck_assert(!node_get(entry->config, "empty")->null);
}
END_TEST

START_TEST(settings_are_refused)
{
	parse("modules: [{ module: registry }]");
	manifest_set(&manifest, "path=/x", &issues);
	manifest_set(&manifest, "registry.=/x", &issues);
	manifest_set(&manifest, ".path=/x", &issues);
	manifest_set(&manifest, "registry.path", &issues);
	manifest_set(&manifest, "registri.path=/x", &issues);
	manifest_set(&manifest, "registry.path=[a", &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"--set path=/x: expected instance.key=value\n"
		"--set registry.=/x: expected instance.key=value\n"
		"--set .path=/x: expected instance.key=value\n"
		"--set registry.path: expected instance.key=value\n"
		"--set registri.path=/x: no instance 'registri' in the manifest, did you "
		"mean "
		"'registry'?\n"
		"--set registry.path=[a: this is not YAML: did not find expected ',' or "
		"']', "
		"while parsing a flow sequence that began in line 1\n");
}
END_TEST

START_TEST(files_are_read_or_refused)
{
	char path[] = "/tmp/tepui-manifest-XXXXXX";
	int fd = mkstemp(path);
	struct tp_strbuf want = TP_STRBUF_INIT;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(dprintf(fd, "modules: [{ module: a }]\n"), 25);
	manifest_load(&manifest, path, &issues);
	ck_assert_uint_eq(issues.n, 0);
	ck_assert_str_eq(manifest.entries[0]->mark.file, path);
	ck_assert_int_eq(ftruncate(fd, 1024 * 1024 + 1), 0);
	manifest_load(&manifest, path, &issues);
	tp_strbuf_printf(&want, "%s: a manifest is at most 1048576 bytes long\n", path);
	close(fd);
	unlink(path);
	manifest_load(&manifest, path, &issues);
	tp_strbuf_printf(
		&want, "%s: cannot read the manifest: No such file or directory\n", path);
	manifest_load(&manifest, "/tmp", &issues);
	tp_strbuf_puts(&want, "/tmp: the manifest is not a file\n");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), want.data);
	tp_strbuf_fini(&want);
}
END_TEST

START_TEST(issues_are_bounded_and_sum_up)
{
	struct tp_error err = { 0 };
	size_t lines = 0;

	ck_assert_int_eq(issues_error(&issues, &err), 0);
	issues_add(&issues, NULL, "number 0");
	ck_assert_int_eq(issues_error(&issues, &err), -EINVAL);
	ck_assert_str_eq(err.text, "number 0");
	for (int i = 1; i < 500; i++)
		issues_add(&issues, NULL, "number %d", i);
	issues_error(&issues, &err);
	ck_assert_str_eq(err.text, "number 0 (and 499 more)");
	for (const char *c = issues.text.data; *c != '\0'; c++)
		lines += *c == '\n';
	ck_assert_uint_eq(lines, 101);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("manifest");
	TCase *tc = tcase_create("manifest");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, reads_names_use_and_config);
	tcase_add_test(tc, anchors_share_a_config);
	tcase_add_test(tc, all_issues_come_at_once);
	tcase_add_test(tc, keys_are_unique);
	tcase_add_loop_test(tc, refuses, 0, TP_COUNT(bad));
	tcase_add_test(tc, an_alias_bomb_costs_nothing);
	tcase_add_test(tc, bounds_what_it_reads);
	tcase_add_test(tc, settings_replace_and_add);
	tcase_add_test(tc, settings_are_refused);
	tcase_add_test(tc, files_are_read_or_refused);
	tcase_add_test(tc, issues_are_bounded_and_sum_up);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
