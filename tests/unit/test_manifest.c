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
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/tmpdir.h"

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
		"m.yaml:8:5: an entry of 'modules' must be a mapping with 'module', not "
		"a single value\n"
		"m.yaml:9:13: a second instance named 'a' (the first is at m.yaml:4:13): "
		"give it another name with 'as'\n"
		"m.yaml:11:9: 'a b' is no name: it has at most 64 of letters, digits, - "
		"and _\n");
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
		"m.yaml:1:21: '../x' is neither the name of a module nor a .so's "
		"absolute path\n" },
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
	{ "modules: [{ module: *nobody, as: 5.5 }, *me]\nlog: { level: *l }\nmodul: 1",
		"m.yaml:1:21: '*nobody' has no anchor '&nobody' before it\n"
		"m.yaml:1:41: '*me' has no anchor '&me' before it\n"
		"m.yaml:2:15: '*l' has no anchor '&l' before it\n"
		"m.yaml:3:1: unknown key 'modul' of the manifest, did you mean "
		"'modules'?\n" },
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

START_TEST(values_refer_to_the_environment)
{
	const struct node *config;

	setenv("TEPUI_TEST_A", "x: [y", 1);
	setenv("TEPUI_TEST_EMPTY", "", 1);
	unsetenv("TEPUI_TEST_NONE");
	parse("modules:\n"
	      "  - module: a\n"
	      "    config:\n"
	      "      plain: ${TEPUI_TEST_A}\n"
	      "      inside: \"<${TEPUI_TEST_A}>${TEPUI_TEST_EMPTY}\"\n"
	      "      default: ${TEPUI_TEST_NONE:-/var/x}\n"
	      "      empty: ${TEPUI_TEST_EMPTY:-full}\n"
	      "      nothing: ${TEPUI_TEST_NONE:-}\n"
	      "      dollars: $$ $ $${A} $a $$$\n"
	      "      list: [&one '${TEPUI_TEST_A}', *one]\n"
	      "      ${key}: 1\n");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	config = manifest.entries[0]->config;
	ck_assert_str_eq(node_get(config, "plain")->text, "x: [y");
	ck_assert_str_eq(node_shown(node_get(config, "plain")), "${TEPUI_TEST_A}");
	ck_assert_str_eq(node_get(config, "inside")->text, "<x: [y>");
	ck_assert_str_eq(node_get(config, "default")->text, "/var/x");
	ck_assert_str_eq(node_get(config, "empty")->text, "full");
	ck_assert_str_eq(node_get(config, "nothing")->text, "");
	ck_assert(!node_get(config, "nothing")->null);
	ck_assert_str_eq(node_get(config, "dollars")->text, "$ $ ${A} $a $$");
	ck_assert_str_eq(node_get(config, "list")->items[1]->text, "x: [y");
	ck_assert_str_eq(node_get(config, "${key}")->text, "1");
}
END_TEST

START_TEST(what_a_reference_stands_for_is_not_expanded_again)
{
	setenv("TEPUI_TEST_A", "${TEPUI_TEST_B}$$", 1);
	parse("modules: [{ module: a, config: { x: '${TEPUI_TEST_A}' } }]");
	ck_assert_str_eq(
		node_get(manifest.entries[0]->config, "x")->text, "${TEPUI_TEST_B}$$");
}
END_TEST

START_TEST(bad_references_have_a_place)
{
	unsetenv("TEPUI_TEST_NONE");
	setenv("TEPUI_TEST_A", "hunter2 hunter2", 1);
	expect("log: { level: '${TEPUI_TEST_A}' }\n"
	       "modules:\n"
	       "  - module: a\n"
	       "    config: { x: \"${TEPUI_TEST_NONE}\" }\n"
	       "  - module: ${TEPUI_TEST_A}\n"
	       "  - module: b\n"
	       "    config: { x: \"${\", y: \"${}\", z: \"${A-b}\" }\n",
		"m.yaml:4:18: ${TEPUI_TEST_NONE}: the environment has no "
		"'TEPUI_TEST_NONE': set it, or write ${TEPUI_TEST_NONE:-default}\n"
		"m.yaml:7:18: '${' begins no reference: write ${NAME} or "
		"${NAME:-default}, and $$ for a dollar\n"
		"m.yaml:7:27: '${' begins no reference: write ${NAME} or "
		"${NAME:-default}, and $$ for a dollar\n"
		"m.yaml:7:37: '${' begins no reference: write ${NAME} or "
		"${NAME:-default}, and $$ for a dollar\n"
		"m.yaml:1:15: '${TEPUI_TEST_A}' is not a log level (debug, info, warning "
		"or error)\n"
		"m.yaml:5:13: '${TEPUI_TEST_A}' is neither the name of a module nor a "
		".so's "
		"absolute path\n");
}
END_TEST

START_TEST(entries_may_be_missing_or_fail)
{
	parse("modules: [{ module: a, if: exists }, { module: b, on-failure: ignore },\n"
	      "  { module: c }]");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert(manifest.entries[0]->if_exists && !manifest.entries[0]->may_fail);
	ck_assert(!manifest.entries[1]->if_exists && manifest.entries[1]->may_fail);
	ck_assert(!manifest.entries[2]->if_exists && !manifest.entries[2]->may_fail);
}
END_TEST

START_TEST(other_conditions_are_refused)
{
	expect("modules: [{ module: a, if: maybe, on-failure: [ignore], iff: exists }]",
		"m.yaml:1:57: unknown key 'iff' of a module, did you mean 'if'?\n"
		"m.yaml:1:28: 'if' can only be 'exists', this is 'maybe'\n"
		"m.yaml:1:47: 'on-failure' must be a single value, this is a list\n");
}
END_TEST

START_TEST(drop_ins_change_keys_and_add)
{
	const struct manifest_entry *a;

	parse("modules:\n"
	      "  - { module: m, as: a, config: &c { x: 1, y: 2 }, use: { k: one } }\n"
	      "  - { module: b, config: *c }\n");
	manifest_parse(&manifest, "m.yaml.d/1.yaml",
		"log: { level: error }\n"
		"modules:\n"
		"  - { as: a, config: { y: 3, z: 4 }, use: { k: two }, if: exists }\n"
		"  - { module: new }\n",
		strlen("log: { level: error }\n"
		       "modules:\n"
		       "  - { as: a, config: { y: 3, z: 4 }, use: { k: two }, if: exists "
		       "}\n"
		       "  - { module: new }\n"),
		&issues);
	manifest_parse(&manifest, "m.yaml.d/2.yaml", "", 0, &issues);
	manifest_parse(&manifest, "m.yaml.d/3.yaml",
		"modules: [{ module: m, as: a, config: { y: 5 } }]", 49, &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert(manifest.level == TP_LOG_ERROR);
	ck_assert_uint_eq(manifest.n_entries, 3);
	a = manifest.entries[0];
	ck_assert_str_eq(node_get(a->config, "x")->text, "1");
	ck_assert_str_eq(node_get(a->config, "y")->text, "5");
	ck_assert_str_eq(node_get(a->config, "y")->mark.file, "m.yaml.d/3.yaml");
	ck_assert_str_eq(node_get(a->config, "z")->text, "4");
	ck_assert_str_eq(node_get(a->use, "k")->text, "two");
	ck_assert_str_eq(a->module, "m");
	ck_assert(a->if_exists);
	/* Not what shared the node. */
	ck_assert_str_eq(node_get(manifest.entries[1]->config, "y")->text, "2");
	ck_assert_str_eq(manifest.entries[2]->name, "new");
}
END_TEST

START_TEST(bad_drop_ins_are_named)
{
	static const char text[] = "modules:\n"
				   "  - { as: nobody }\n"
				   "  - { module: other, as: a }\n"
				   "  - { as: a }\n";

	parse("modules: [{ module: a }]");
	manifest_parse(&manifest, "d.yaml", text, strlen(text), &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text),
		"d.yaml:2:5: this entry has no 'module'\n"
		"d.yaml:3:15: instance 'a' is of module 'a' (m.yaml:1:21): a drop-in "
		"changes keys\n"
		"d.yaml:4:5: this entry has no 'module'\n");
}
END_TEST

static void put_file(const char *dir, const char *name, const char *text)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", dir, name);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	fclose(file);
}

START_TEST(drop_ins_are_read_in_order)
{
	struct test_tmpdir dir;
	const char *path, *drop_ins;

	test_tmpdir_init(&dir);
	path = test_tmpdir_file(&dir, "m.yaml");
	drop_ins = test_tmpdir_file(&dir, "m.yaml.d");
	put_file(dir.path, "m.yaml", "modules: [{ module: a, config: { x: 0 } }]");
	ck_assert_int_eq(mkdir(drop_ins, 0700), 0);
	put_file(drop_ins, "20.yaml", "modules: [{ as: a, config: { x: 2 } }]");
	put_file(drop_ins, "10.yaml", "modules: [{ as: a, config: { x: 1, y: 1 } }]");
	put_file(drop_ins, "30.yml", "modules: [{ as: a, config: { z: 3 } }]");
	put_file(drop_ins, "35.json",
		"{\"modules\":[{\"as\":\"a\",\"config\":{\"z\":4}}]}");
	put_file(drop_ins, ".40.yaml", "not: read");
	put_file(drop_ins, "50.yaml~", "not: read");
	put_file(drop_ins, "50.yaml.dpkg-old", "not: read");
	put_file(drop_ins, "50.yaml.rpmsave", "not: read");
	manifest_load(&manifest, path, &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert_str_eq(node_get(manifest.entries[0]->config, "x")->text, "2");
	ck_assert_str_eq(node_get(manifest.entries[0]->config, "y")->text, "1");
	ck_assert_str_eq(node_get(manifest.entries[0]->config, "z")->text, "4");
	test_tmpdir_fini(&dir);
}
END_TEST

START_TEST(a_file_among_drop_ins_that_is_not_read_is_named)
{
	struct test_tmpdir dir;
	tp_cleanup(ptr) char *want = NULL;
	const char *drop_ins;

	test_tmpdir_init(&dir);
	drop_ins = test_tmpdir_file(&dir, "m.yaml.d");
	put_file(dir.path, "m.yaml", "modules: [{ module: a }]");
	ck_assert_int_eq(mkdir(drop_ins, 0700), 0);
	put_file(drop_ins, "10.conf", "");
	want = tp_asprintf(
		"%s: '10.conf' is not read: name it *.yaml, *.yml or *.json\n", drop_ins);
	manifest_load(&manifest, test_tmpdir_file(&dir, "m.yaml"), &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), want);
	test_tmpdir_fini(&dir);
}
END_TEST

/* What a drop-in adds to is not known without it: one issue, not two. */
START_TEST(drop_ins_of_a_manifest_that_cannot_be_read_are_no_issue)
{
	struct test_tmpdir dir;
	tp_cleanup(ptr) char *want = NULL;

	test_tmpdir_init(&dir);
	ck_assert_int_eq(mkdir(test_tmpdir_file(&dir, "m.yaml.d"), 0700), 0);
	put_file(test_tmpdir_file(&dir, "m.yaml.d"), "10.yaml", "modules: [{ as: a }]");
	want = tp_asprintf("%s: cannot read the manifest: No such file or directory\n",
		test_tmpdir_file(&dir, "m.yaml"));
	manifest_load(&manifest, test_tmpdir_file(&dir, "m.yaml"), &issues);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), want);
	test_tmpdir_fini(&dir);
}
END_TEST

static const char libraries[] =
	"{ \"libraries\": [\n"
	"  { \"file\": \"/opt/libthing.so\", \"modules\": [\n"
	"    { \"name\": \"org_thing\", \"parameters\": [\n"
	"      { \"key\": \"path\", \"value\": \"/var\" },\n"
	"      { \"key\": \"tries\", \"value\": 3 } ] },\n"
	"    { \"name\": \"other\" } ] },\n"
	"  { \"name\": \"plain\", \"modules\": [ { \"name\": \"plain\" } ] } ] }\n";

START_TEST(the_older_form_is_read)
{
	const struct manifest_entry *entry;

	parse(libraries);
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert_uint_eq(manifest.n_entries, 3);
	entry = manifest.entries[0];
	ck_assert_str_eq(entry->module, "/opt/libthing.so");
	ck_assert_str_eq(entry->name, "org_thing");
	ck_assert_str_eq(node_get(entry->config, "path")->text, "/var");
	ck_assert_str_eq(node_get(entry->config, "tries")->text, "3");
	ck_assert_uint_eq(node_get(entry->config, "tries")->mark.line, 5);
	ck_assert_uint_eq(node_get(entry->config, "tries")->mark.column, 34);
	ck_assert_str_eq(manifest.entries[1]->name, "other");
	ck_assert_str_eq(manifest.entries[1]->module, "/opt/libthing.so");
	ck_assert_str_eq(manifest.entries[2]->module, "plain");
}
END_TEST

START_TEST(the_older_form_stands_beside_the_newer)
{
	parse("modules: [{ module: a }]\n"
	      "libraries: [{ name: b, modules: [{ name: c }] }]\n");
	ck_assert_str_eq(tp_strbuf_text(&issues.text), "");
	ck_assert_uint_eq(manifest.n_entries, 2);
	ck_assert_str_eq(manifest.entries[1]->name, "c");
}
END_TEST

START_TEST(the_older_form_has_places)
{
	expect("libraries:\n"
	       "  - { file: /x.so, name: x, modules: [{ name: x }] }\n"
	       "  - { modules: [{ name: x }] }\n"
	       "  - { name: y }\n"
	       "  - { name: y, modules: [] }\n"
	       "  - { name: y, modules: [{ nam: y }, { name: z, parameters: [\n"
	       "        { key: k }, { key: k, value: 1 }, { key: k, value: 2 }] }] }\n"
	       "  - text\n"
	       "  - { name: y, modules: [{ name: z }] }\n",
		"m.yaml:2:26: a library has either 'file' or 'name', not both\n"
		"m.yaml:3:5: a library needs 'file' or 'name'\n"
		"m.yaml:4:5: a library has no 'modules'\n"
		"m.yaml:5:25: this library lists no 'modules'\n"
		"m.yaml:6:28: unknown key 'nam' of a library's module, did you mean "
		"'name'?\n"
		"m.yaml:6:26: a library's module has no 'name'\n"
		"m.yaml:7:9: a parameter has no 'value'\n"
		"m.yaml:7:50: parameter 'k' is here a second time\n"
		"m.yaml:8:5: a library must be a mapping, this is a single value\n"
		"m.yaml:9:34: a second instance named 'z' (the first is at "
		"m.yaml:6:13): give it another name with 'as'\n");
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
	tcase_add_test(tc, values_refer_to_the_environment);
	tcase_add_test(tc, what_a_reference_stands_for_is_not_expanded_again);
	tcase_add_test(tc, bad_references_have_a_place);
	tcase_add_test(tc, entries_may_be_missing_or_fail);
	tcase_add_test(tc, other_conditions_are_refused);
	tcase_add_test(tc, drop_ins_change_keys_and_add);
	tcase_add_test(tc, bad_drop_ins_are_named);
	tcase_add_test(tc, drop_ins_are_read_in_order);
	tcase_add_test(tc, a_file_among_drop_ins_that_is_not_read_is_named);
	tcase_add_test(tc, drop_ins_of_a_manifest_that_cannot_be_read_are_no_issue);
	tcase_add_test(tc, the_older_form_is_read);
	tcase_add_test(tc, the_older_form_stands_beside_the_newer);
	tcase_add_test(tc, the_older_form_has_places);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
