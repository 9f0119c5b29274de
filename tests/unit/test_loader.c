/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and opening modules, and the words for everything that can be wrong with a file or a
 * descriptor. An old module must load as if it had been compiled today.
 */
#include "core/kernel/loader.h"

#include <check.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/kernel/descriptor.h"

static struct loader loader;
static struct tp_error err;
static const struct loaded *loaded;

static const struct tp_module linked_module = {
	TP_MODULE_HEADER,
	.name = "linked",
	.instance_size = sizeof(struct tp_instance),
};
static const struct tp_module *const linked[] = { &linked_module };

static void setup(void)
{
	loader_init(&loader, linked, TP_COUNT(linked));
	err = (struct tp_error){ 0 };
	loaded = NULL;
}

static void teardown(void)
{
	loader_fini(&loader);
}

START_TEST(opens_by_name_and_by_path)
{
	const struct loaded *again;

	loader_add_dir(&loader, "/nonexistent");
	loader_add_dir(&loader, TOY_DIR);
	ck_assert_int_eq(loader_open(&loader, "toy_greeter", &loaded, &err), 0);
	ck_assert_str_eq(loaded->module->name, "toy_greeter");
	ck_assert_str_eq(loaded->file, TOY_DIR "/toy_greeter.so");
	ck_assert_str_eq(loaded->origin, "toy_greeter.so");
	ck_assert_int_eq(loader_open(&loader, "toy_greeter", &again, &err), 0);
	ck_assert_ptr_eq(again, loaded);
	ck_assert_int_eq(
		loader_open(&loader, TOY_DIR "/toy_greeter.so", &again, &err), 0);
	ck_assert_str_eq(again->module->name, "toy_greeter");
}
END_TEST

START_TEST(linked_modules_come_first)
{
	loader_add_dir(&loader, TOY_DIR);
	ck_assert_int_eq(loader_open(&loader, "linked", &loaded, &err), 0);
	ck_assert_str_eq(loaded->module->name, "linked");
	ck_assert_str_eq(loaded->module->version, "");
	ck_assert_str_eq(loaded->file, "");
}
END_TEST

START_TEST(directories_come_from_the_environment)
{
	setenv("TEPUI_MODULE_DIR", "/a::" TOY_DIR ":b", 1);
	loader_add_default_dirs(&loader);
	ck_assert_uint_eq(loader.n_dirs, 3);
	ck_assert_str_eq(loader.dirs[0], "/a");
	ck_assert_str_eq(loader.dirs[1], TOY_DIR);
	ck_assert_int_eq(loader.dirs[2][0], '/'); /* made absolute */
	setenv("TEPUI_MODULE_DIR", "", 1);
	loader_add_default_dirs(&loader);
	ck_assert_str_eq(loader.dirs[3], TEPUI_MODULE_DIR);
}
END_TEST

START_TEST(a_missing_file_names_where_it_was_sought)
{
	loader_add_dir(&loader, "/nonexistent");
	loader_add_dir(&loader, TOY_DIR);
	ck_assert_int_eq(loader_open(&loader, "toy_greter", &loaded, &err), -ENOENT);
	ck_assert_str_eq(err.text,
		"no module 'toy_greter' in /nonexistent, " TOY_DIR
		", did you mean 'toy_greeter'?");
	ck_assert_int_eq(loader_open(&loader, "something", &loaded, &err), -ENOENT);
	ck_assert_str_eq(err.text, "no module 'something' in /nonexistent, " TOY_DIR);
	ck_assert_int_eq(
		loader_open(&loader, "/nonexistent/x.so", &loaded, &err), -ENOENT);
	ck_assert_str_eq(
		err.text, "no module '/nonexistent/x.so': No such file or directory");
	ck_assert_ptr_null(loaded);
}
END_TEST

START_TEST(broken_files_say_why)
{
	char path[] = "/tmp/tepui-module-XXXXXX.so";
	int fd = mkstemps(path, 3);

	loader_add_dir(&loader, TOY_DIR);
	ck_assert_int_eq(loader_open(&loader, "toy_unresolved", &loaded, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, "toy_unresolved.so: cannot load it: "));
	ck_assert_ptr_nonnull(
		strstr(err.text, "undefined symbol: toy_nobody_defines_this"));
	ck_assert_int_eq(write(fd, "not an object", 13), 13);
	close(fd);
	ck_assert_int_eq(loader_open(&loader, path, &loaded, &err), -ENOEXEC);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot load it: "));
	ck_assert_ptr_nonnull(strstr(err.text, "file too short"));
	unlink(path);
	ck_assert_int_eq(loader_open(&loader, "toy_nosymbol", &loaded, &err), -ENOEXEC);
	ck_assert_str_eq(
		err.text, "toy_nosymbol.so: not a module: it exports no 'tp_module'");
	ck_assert_int_eq(loader_open(&loader, "toy_abi", &loaded, &err), -ENOEXEC);
	ck_assert_str_eq(err.text, "toy_abi.so: module ABI 3, this tepuid speaks 1");
	/* Still refused when asked again. */
	ck_assert_int_eq(loader_open(&loader, "toy_abi", &loaded, &err), -ENOEXEC);
}
END_TEST

START_TEST(an_old_module_is_brought_up_to_date)
{
	const struct tp_module *module;

	loader_add_dir(&loader, TOY_DIR);
	ck_assert_int_eq(loader_open(&loader, "toy_old", &loaded, &err), 0);
	module = loaded->module;
	ck_assert_uint_eq(module->size, sizeof(struct tp_module));
	ck_assert_ptr_null(module->status);
	ck_assert_uint_eq(module->provide_size, sizeof(struct tp_provide));
	ck_assert_str_eq(module->provides[0].kind, "greeter");
	ck_assert_uint_eq(module->provides[0].ops_size, sizeof(void *));
	ck_assert_ptr_null(module->provides[0].key);
	ck_assert_ptr_null(module->provides[1].kind);
	ck_assert_uint_eq(module->field_size, sizeof(struct tp_field));
	ck_assert_str_eq(module->config[0].name, "text");
	ck_assert_str_eq(module->config[1].name, "delay");
	ck_assert_str_eq(module->config[1].default_text, "2s");
	ck_assert_ptr_null(module->config[1].doc);
	ck_assert_ptr_null(module->config[2].name);
}
END_TEST

/* A module of the future: longer structs whose ends we do not know. */
START_TEST(a_newer_module_loads)
{
	static const struct {
		struct tp_provide row;
		long news[4];
	} provides[] = { { TP_PROVIDE("greeter", 1, linked_module), { 1 } },
		{ TP_PROVIDE("second", 1, linked_module), { 1 } }, { { 0 }, { 0 } } };
	static const struct {
		struct tp_module module;
		void *news;
	} newer = { { TP_MODULE_HEADER, .name = "newer",
			    .instance_size = sizeof(struct tp_instance) },
		NULL };
	struct tp_module module = newer.module;
	const struct tp_module *const own[] = { &module };

	module.size = sizeof(newer);
	module.provide_size = sizeof(provides[0]);
	module.provides = &provides[0].row;
	loader.linked = own;
	ck_assert_int_eq(loader_open(&loader, "newer", &loaded, &err), 0);
	ck_assert_str_eq(loaded->module->provides[1].kind, "second");
	ck_assert_ptr_null(loaded->module->provides[2].kind);
}
END_TEST

struct thing {
	struct tp_instance instance;
	struct tp_service service;
	const char *text;
	const char **list;
	size_t n_list;
};

static const struct tp_enum no_values = { 0 };

/* Each spoils a good descriptor. */
static void no_name(struct tp_module *m)
{
	m->name = "";
}
static void short_descriptor(struct tp_module *m)
{
	m->size = 40;
}
static void small_instance(struct tp_module *m)
{
	m->instance_size = 8;
}
static void short_rows(struct tp_module *m)
{
	m->field_size = 16;
}
static void odd_rows(struct tp_module *m)
{
	m->require_size = sizeof(struct tp_require) + 1;
}
static void huge_rows(struct tp_module *m)
{
	m->provide_size = 4096;
}
static void endless(struct tp_module *m)
{
	static struct tp_field rows[1001];

	for (size_t i = 0; i < TP_COUNT(rows); i++)
		rows[i].name = "x";
	m->config = rows;
}
static void field_outside(struct tp_module *m)
{
	m->instance_size = offsetof(struct thing, text);
}
static void field_in_head(struct tp_module *m)
{
	static const struct tp_field rows[] = { { .name = "text", .type = TP_STRING },
		{ 0 } };

	m->config = rows;
}
static void count_outside(struct tp_module *m)
{
	static const struct tp_field rows[] = { { .name = "text",
							.type = TP_STRING,
							.label = TP_MANY,
							.offset = offsetof(
								struct thing, list),
							.extra = 10000 },
		{ 0 } };

	m->config = rows;
}
static void count_in_head(struct tp_module *m)
{
	static const struct tp_field rows[] = { { .name = "text",
							.type = TP_STRING,
							.label = TP_MANY,
							.offset = offsetof(
								struct thing, list),
							.extra = 8 },
		{ 0 } };

	m->config = rows;
}
static void presence_outside(struct tp_module *m)
{
	static const struct tp_field rows[] = { { .name = "text",
							.type = TP_STRING,
							.offset = offsetof(
								struct thing, text),
							.extra = sizeof(struct thing) },
		{ 0 } };

	m->config = rows;
}
static void presence_in_head(struct tp_module *m)
{
	static const struct tp_field rows[] = {
		{ .name = "text",
			.type = TP_STRING,
			.offset = offsetof(struct thing, text),
			.extra = sizeof(struct tp_instance) - 1 },
		{ 0 }
	};

	m->config = rows;
}
static void strange_type(struct tp_module *m)
{
	static const struct tp_field rows[] = {
		{ .name = "text", .type = 99, .offset = offsetof(struct thing, text) },
		{ 0 }
	};

	m->config = rows;
}
static void enum_without_values(struct tp_module *m)
{
	static const struct tp_field rows[] = { { .name = "text",
							.type = TP_ENUM,
							.offset = offsetof(
								struct thing, text) },
		{ 0 } };

	m->config = rows;
}
static void slot_outside(struct tp_module *m)
{
	static const struct tp_require rows[] = {
		{ .kind = "k", .abi = 1, .slot = sizeof(struct thing) - 8 }, { 0 }
	};

	m->requires = rows;
}
static void slot_in_head(struct tp_module *m)
{
	static const struct tp_require rows[] = { { .kind = "k", .abi = 1 }, { 0 } };

	m->requires = rows;
}
static void no_ops(struct tp_module *m)
{
	static const struct tp_provide rows[] = { { .kind = "k", .abi = 1 }, { 0 } };

	m->provides = rows;
}

static const struct {
	void (*spoil)(struct tp_module *m);
	const char *text;
} broken[] = {
	{ no_name, "bad.so: its descriptor has no name" },
	{ short_descriptor,
		"bad.so: its descriptor is 40 bytes long, the shortest known is" },
	{ small_instance,
		"bad.so: an instance of 8 bytes: it begins with struct tp_instance" },
	{ short_rows, "bad.so: rows of 'config' are 16 bytes long, this tepuid knows " },
	{ odd_rows, "bad.so: rows of 'requires' are 33 bytes long, this tepuid knows " },
	{ huge_rows,
		"bad.so: rows of 'provides' are 4096 bytes long, this tepuid knows " },
	{ endless, "bad.so: 'config' has no end within 1000 rows" },
	{ field_outside,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ field_in_head,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ count_outside,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ count_in_head,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ presence_outside,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ presence_in_head,
		"bad.so: config key 'text' lies outside the instance's own members" },
	{ strange_type, "bad.so: config key 'text' has a type that is not known" },
	{ enum_without_values, "bad.so: config key 'text' has a type that is not known" },
	{ slot_outside,
		"bad.so: the slot for 'k' lies outside the instance's own members" },
	{ slot_in_head,
		"bad.so: the slot for 'k' lies outside the instance's own members" },
	{ no_ops, "bad.so: provides 'k' without operations" },
};

START_TEST(broken_descriptors_are_refused)
{
	static const struct tp_field config[] = { TP_CONFIG("text", TP_STRING,
							  struct thing, text, NULL, NULL),
		TP_CONFIG_ENUM("list", &no_values, struct thing, n_list, NULL, NULL),
		{ 0 } };
	static const struct tp_require requires[] = {
		TP_REQUIRE(
			"k", 1,
			struct {
				struct tp_instance instance;
				struct {
					const struct tp_module *ops;
					void *impl;
				} service;
			},
			service),
		{ 0 }
	};
	static const struct tp_provide provides[] = { TP_PROVIDE("p", 1, config), { 0 } };
	struct tp_module module = {
		TP_MODULE_HEADER,
		.name = "bad",
		.provides = provides,
		.requires = requires,
		.config = config,
		.instance_size = sizeof(struct thing),
	};
	const struct tp_module *ret = NULL;

	ck_assert_int_eq(descriptor_read(&module, "bad.so", loader.arena, &ret, &err), 0);
	ck_assert_ptr_nonnull(ret);
	ret = NULL;
	broken[_i].spoil(&module);
	ck_assert_int_eq(
		descriptor_read(&module, "bad.so", loader.arena, &ret, &err), -ENOEXEC);
	ck_assert_ptr_null(ret);
	ck_assert_msg(strncmp(err.text, broken[_i].text, strlen(broken[_i].text)) == 0,
		"'%s'", err.text);
}
END_TEST

START_TEST(loaders_follow_each_other)
{
	for (int i = 0; i < 3; i++) {
		struct loader other;

		loader_init(&other, NULL, 0);
		loader_add_dir(&other, TOY_DIR);
		ck_assert_int_eq(loader_open(&other, "toy_greeter", &loaded, &err), 0);
		ck_assert_int_eq(
			loader_open(&other, "toy_unresolved", &loaded, &err), -ENOEXEC);
		ck_assert_ptr_nonnull(strstr(err.text, "undefined symbol"));
		loader_fini(&other);
	}
}
END_TEST

/* However much of it is missing: an error, not a bus error. */
START_TEST(what_was_cut_off_is_refused)
{
	static char whole[1 << 20];
	char path[] = "/tmp/tepui-cut-XXXXXX.so";
	int in = open(TOY_DIR "/toy_greeter.so", O_RDONLY | O_CLOEXEC);
	int fd = mkstemps(path, 3);
	ssize_t len = read(in, whole, sizeof(whole));

	ck_assert_int_gt(len, 8192);
	for (ssize_t n = 0; n < 8192; n += 61) {
		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(pwrite(fd, whole, (size_t)n, 0), n);
		ck_assert_int_eq(loader_open(&loader, path, &loaded, &err), -ENOEXEC);
		ck_assert_ptr_nonnull(strstr(err.text, "cannot load it: "));
	}
	close(in);
	close(fd);
	unlink(path);
}
END_TEST

/* Its headers are not laid out as ours: the linker knows best what it is. */
START_TEST(an_object_of_another_machine_is_not_called_cut_off)
{
	static char whole[1 << 20];
	char path[] = "/tmp/tepui-cut-XXXXXX.so";
	int in = open(TOY_DIR "/toy_greeter.so", O_RDONLY | O_CLOEXEC);
	int fd = mkstemps(path, 3);
	ssize_t len = read(in, whole, sizeof(whole));
	bool is_64 = whole[EI_CLASS] == ELFCLASS64;

	ck_assert_int_gt(len, EI_NIDENT);
	whole[EI_CLASS] = is_64 ? ELFCLASS32 : ELFCLASS64;
	ck_assert_int_eq(write(fd, whole, (size_t)len), len);
	ck_assert_int_eq(loader_open(&loader, path, &loaded, &err), -ENOEXEC);
	ck_assert_msg(strstr(err.text, "wrong ELF class") != NULL, "%s", err.text);
	close(in);
	close(fd);
	unlink(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("loader");
	TCase *tc = tcase_create("loader");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_cut_off_is_refused);
	tcase_add_test(tc, an_object_of_another_machine_is_not_called_cut_off);
	tcase_add_test(tc, opens_by_name_and_by_path);
	tcase_add_test(tc, linked_modules_come_first);
	tcase_add_test(tc, directories_come_from_the_environment);
	tcase_add_test(tc, a_missing_file_names_where_it_was_sought);
	tcase_add_test(tc, broken_files_say_why);
	tcase_add_test(tc, an_old_module_is_brought_up_to_date);
	tcase_add_test(tc, a_newer_module_loads);
	tcase_add_loop_test(tc, broken_descriptors_are_refused, 0, TP_COUNT(broken));
	tcase_add_test(tc, loaders_follow_each_other);
	suite_add_tcase(suite, tc);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
