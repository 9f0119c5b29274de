/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui module: what modules are installed, what one of them is and how it is configured, and how
 * the modules of a manifest are connected.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "table.h"
#include "tepui/module.h"

static const char *module_dir(void)
{
	const char *dir = getenv("TEPUI_MODULE_DIR");

	return dir != NULL && dir[0] != '\0' ? dir : TEPUI_MODULE_DIR;
}

static int module_open(struct tp_arena *arena, const char *name,
	const struct tp_module **ret, struct tp_error *err)
{
	const char *path = strchr(name, '/') != NULL
		? name
		: tp_arena_printf(arena, "%s/%s.so", module_dir(), name);
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	const struct tp_module *module;

	if (handle == NULL)
		return tp_fail(err, ENOENT, "%s", dlerror());
	module = dlsym(handle, "tp_module");
	if (module == NULL)
		return tp_fail(
			err, ENOEXEC, "%s is not a module: it has no tp_module", path);
	if (module->abi != TP_MODULE_ABI)
		return tp_fail(err, ENOEXEC, "%s: module ABI %u, this tepui speaks %u",
			path, module->abi, TP_MODULE_ABI);
	*ret = module;
	return 0;
}

static const void *row(const void *table, size_t stride, size_t i)
{
	return (const char *)table + stride * i;
}

static const char *module_kinds(struct tp_arena *arena, const struct tp_module *module)
{
	const char *text = NULL;

	for (size_t i = 0; module->provides != NULL; i++) {
		const struct tp_provide *provide =
			row(module->provides, module->provide_size, i);

		if (provide->kind == NULL)
			break;
		text = text == NULL
			? provide->kind
			: tp_arena_printf(arena, "%s, %s", text, provide->kind);
	}
	return text;
}

static int name_filter(const struct dirent *entry)
{
	const char *dot = strrchr(entry->d_name, '.');

	return dot != NULL && strcmp(dot, ".so") == 0;
}

static int module_list(struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "NAME", "VERSION", "KINDS", "SUMMARY",
		NULL };
	struct dirent **entries;
	struct table table;
	int n = scandir(module_dir(), &entries, name_filter, alphasort);

	if (n < 0)
		return tp_fail_errno(err, errno, "reading '%s'", module_dir());
	table_init(&table, arena, headings);
	for (int i = 0; i < n; i++) {
		const char *name = tp_arena_strndup(
			arena, entries[i]->d_name, strlen(entries[i]->d_name) - 3);
		const struct tp_module *module;
		struct tp_error why;

		free(entries[i]);
		if (module_open(arena, name, &module, &why) < 0) {
			fprintf(stderr, "tepui: %s\n", why.text);
			continue;
		}
		const char *const cells[] = { module->name, module->version,
			module_kinds(arena, module), module->summary };
		table_row(&table, cells);
	}
	free(entries);
	table_print(&table);
	return 0;
}

/* --- describe -------------------------------------------------------------------------- */

static const char *type_name(const struct tp_field *field)
{
	static const char *const names[] = {
		[TP_BOOL] = "bool",
		[TP_INT32] = "number",
		[TP_INT64] = "number",
		[TP_UINT32] = "number",
		[TP_UINT64] = "number",
		[TP_DOUBLE] = "decimal",
		[TP_STRING] = "string",
		[TP_ENUM] = "one of",
		[TP_MILLI] = "decimal",
		[TP_SECONDS] = "duration",
		[TP_DURATION] = "duration",
		[TP_SIZE] = "size",
	};

	if (field->label == TP_MANY)
		return "list";
	return field->type < TP_COUNT(names) && names[field->type] != NULL
		? names[field->type]
		: "value";
}

static const char *type_text(struct tp_arena *arena, const struct tp_field *field)
{
	const char *text = type_name(field);
	const struct tp_enum *values = field->sub;

	for (size_t i = 0; field->type == TP_ENUM && values->values[i].name != NULL; i++)
		text = tp_arena_printf(arena, "%s %s", text, values->values[i].name);
	return text;
}

static void describe_config(struct tp_arena *arena, const struct tp_module *module)
{
	static const char *const headings[] = { "KEY", "TYPE", "DEFAULT", "MEANING",
		NULL };
	struct table table;

	table_init(&table, arena, headings);
	for (size_t i = 0; module->config != NULL; i++) {
		const struct tp_field *field = row(module->config, module->field_size, i);

		if (field->name == NULL)
			break;
		const char *const cells[] = {
			field->name,
			type_text(arena, field),
			field->label == TP_REQUIRED ? "required" : field->default_text,
			(field->flags & TP_FIELD_UNSUPPORTED) != 0 ? "not supported yet"
								   : field->doc,
		};
		table_row(&table, cells);
	}
	if (table.n_rows > 1)
		table_print(&table);
	else
		puts("No configuration.");
}

static int module_describe(struct tp_arena *arena, const char *name, struct tp_error *err)
{
	const struct tp_module *module;
	int r = module_open(arena, name, &module, err);

	if (r < 0)
		return r;
	printf("%s %s: %s\n\n", module->name, module->version,
		module->summary != NULL ? module->summary : "");
	for (size_t i = 0; module->provides != NULL; i++) {
		const struct tp_provide *provide =
			row(module->provides, module->provide_size, i);

		if (provide->kind == NULL)
			break;
		printf("provides %s (ABI %u)%s%s\n", provide->kind, provide->abi,
			provide->key != NULL ? " for " : "",
			provide->key != NULL ? provide->key : "");
	}
	for (size_t i = 0; module->requires != NULL; i++) {
		const struct tp_require *require =
			row(module->requires, module->require_size, i);

		if (require->kind == NULL)
			break;
		printf("requires %s (ABI %u)%s\n", require->kind, require->abi,
			(require->flags & TP_REQUIRE_IS_MANY) != 0 ? ", any number"
				: (require->flags & TP_REQUIRE_IS_OPTIONAL) != 0
				? ", optional"
				: "");
	}
	putchar('\n');
	describe_config(arena, module);
	return 0;
}

/* --- the command ----------------------------------------------------------------------- */

struct module_args {
	char *words[3];
	size_t n_words;
	const char *manifest;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct module_args *args = state->input;

	switch (key) {
	case 'c':
		args->manifest = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->n_words == 2)
			argp_error(state, "unexpected argument '%s'", arg);
		args->words[args->n_words++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->n_words == 0)
			argp_error(state, "list, describe or graph? see --help");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* tepuid knows how manifests are read. */
static int module_graph(const char *manifest, struct tp_error *err)
{
	const char *path = cli_tepuid();

	execlp(path, path, "-c", manifest, "--graph", (char *)NULL);
	return tp_fail_errno(err, errno, "executing '%s'", path);
}

int cli_module(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "config", 'c', "FILE", 0, "graph: the manifest; default: local.yaml",
			0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "list\ndescribe NAME\ngraph",
		"Modules: what is installed, what one is and how it is configured, how "
		"those of a "
		"manifest are connected.",
		NULL, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct module_args args = { .manifest = TEPUI_CONF_DIR "/local.yaml" };
	struct tp_error err = { 0 };
	int r;

	if (cli_parse(&argp, argc, argv, &args) < 0)
		return CLI_USAGE;
	if (strcmp(args.words[0], "list") == 0)
		r = module_list(arena, &err);
	else if (strcmp(args.words[0], "describe") == 0 && args.n_words == 2)
		r = module_describe(arena, args.words[1], &err);
	else if (strcmp(args.words[0], "graph") == 0)
		r = module_graph(args.manifest, &err);
	else
		r = tp_fail(&err, EINVAL, "module: list, describe NAME or graph");
	return r < 0 ? cli_error(&err) : CLI_OK;
}
