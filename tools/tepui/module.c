/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui module: what modules are installed, what one of them is and how it is configured, how
 * the modules of a manifest are connected, and how those of a running daemon are doing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "cli.h"
#include "core/host/installed.h" /* opens modules as tepuid does, with its checks */
#include "table.h"
#include "tepui/module.h"

static const char *module_kinds(struct tp_arena *arena, const struct tp_module *module)
{
	const char *text = NULL;

	for (const struct tp_provide *provide = module->provides;
		provide != NULL && provide->kind != NULL; provide++) {
		text = text == NULL
			? provide->kind
			: tp_arena_printf(arena, "%s, %s", text, provide->kind);
	}
	return text;
}

static int module_list(
	struct tp_installed *installed, struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "NAME", "VERSION", "KINDS", "SUMMARY",
		NULL };
	struct table table;
	const char **names, *file;
	size_t n;
	int r = tp_installed_names(installed, arena, &names, &n, err);

	if (r < 0)
		return r;
	table_init(&table, arena, headings);
	for (size_t i = 0; i < n; i++) {
		const struct tp_module *module;
		struct tp_error why;

		if (tp_installed_open(installed, names[i], &module, &file, &why) < 0) {
			fprintf(stderr, "tepui: %s\n", why.text);
			continue;
		}
		const char *const cells[] = { module->name, module->version,
			module_kinds(arena, module), module->summary };
		table_row(&table, cells);
	}
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
	for (const struct tp_field *field = module->config;
		field != NULL && field->name != NULL; field++) {
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

static int module_describe(struct tp_installed *installed, struct tp_arena *arena,
	const char *name, struct tp_error *err)
{
	const struct tp_module *module;
	const char *file;
	int r = tp_installed_open(installed, name, &module, &file, err);

	if (r < 0)
		return r;
	printf("%s %s: %s\n%s\n\n", module->name, module->version,
		module->summary != NULL ? module->summary : "", file);
	for (const struct tp_provide *provide = module->provides;
		provide != NULL && provide->kind != NULL; provide++) {
		printf("provides %s (ABI %u)%s%s\n", provide->kind, provide->abi,
			provide->key != NULL ? " for " : "",
			provide->key != NULL ? provide->key : "");
	}
	for (const struct tp_require *require = module->requires;
		require != NULL && require->kind != NULL; require++) {
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

/* --- a running daemon ------------------------------------------------------------------ */

static int daemon_list(const char *socket, struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "INSTANCE", "MODULE", "VERSION", "KINDS",
		"FILE", NULL };
	struct admin_answer *answer;
	struct table table;
	int r = admin_ask(socket, "list", NULL, arena, &answer, err);

	if (r < 0)
		return r;
	table_init(&table, arena, headings);
	for (size_t i = 0; i < answer->n_instances; i++) {
		const struct admin_instance *one = answer->instances[i];
		const char *const cells[] = { one->name, one->module, one->version,
			one->kinds, one->file };

		table_row(&table, cells);
	}
	table_print(&table);
	return 0;
}

static void print_status(const struct admin_instance *one)
{
	const char *at = one->status != NULL ? one->status : "";

	printf("%s (%s %s)\n", one->name, one->module != NULL ? one->module : "",
		one->version != NULL ? one->version : "");
	while (*at != '\0') {
		size_t len = strcspn(at, "\n");

		printf("    %.*s\n", (int)len, at);
		at += len + (at[len] == '\n');
	}
}

static int daemon_status(const char *socket, const char *instance, struct tp_arena *arena,
	struct tp_error *err)
{
	struct admin_answer *answer;
	int r = admin_ask(socket, "status", instance, arena, &answer, err);

	for (size_t i = 0; r >= 0 && i < answer->n_instances; i++)
		print_status(answer->instances[i]);
	return r;
}

static int daemon_graph(const char *socket, struct tp_arena *arena, struct tp_error *err)
{
	struct admin_answer *answer;
	int r = admin_ask(socket, "graph", NULL, arena, &answer, err);

	if (r >= 0 && answer->text != NULL)
		fputs(answer->text, stdout);
	return r;
}

struct module_args {
	char *words[3];
	size_t n_words;
	const char *manifest;
	const char *socket;
};

static int daemon_swap(
	const struct module_args *args, struct tp_arena *arena, struct tp_error *err)
{
	struct admin_answer *answer;
	int r = admin_ask(args->socket, "swap",
		tp_arena_printf(arena, "%s %s", args->words[1], args->words[2]), arena,
		&answer, err);

	if (r >= 0)
		puts(answer->text);
	return r;
}

/* --- the command ----------------------------------------------------------------------- */

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct module_args *args = state->input;

	switch (key) {
	case 'c':
		args->manifest = arg;
		return 0;
	case 's':
		args->socket = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->n_words == TP_COUNT(args->words))
			argp_error(state, "unexpected argument '%s'", arg);
		args->words[args->n_words++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->n_words == 0)
			argp_error(state,
				"list, describe, graph, status or swap? see --help");
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

static int module_run(
	const struct module_args *args, struct tp_arena *arena, struct tp_error *err)
{
	struct tp_installed *installed = tp_installed_create();
	const char *command = args->words[0];
	int r;

	if (strcmp(command, "status") == 0)
		r = daemon_status(args->socket, args->words[1], arena, err);
	else if (strcmp(command, "describe") == 0 && args->n_words == 2)
		r = module_describe(installed, arena, args->words[1], err);
	else if (strcmp(command, "list") == 0 && args->n_words == 1)
		r = args->socket != NULL ? daemon_list(args->socket, arena, err)
					 : module_list(installed, arena, err);
	else if (strcmp(command, "swap") == 0 && args->n_words == 3)
		r = daemon_swap(args, arena, err);
	else if (strcmp(command, "graph") == 0 && args->n_words == 1)
		r = args->socket != NULL ? daemon_graph(args->socket, arena, err)
					 : module_graph(args->manifest, err);
	else
		r = tp_fail(err, EINVAL,
			"module: list, describe NAME, graph, status [INSTANCE] or swap "
			"INSTANCE MODULE");
	tp_installed_destroy(installed);
	return r;
}

int cli_module(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "config", 'c', "FILE", 0, "graph: the manifest; default: local.yaml",
			0 },
		{ "socket", 's', "PATH", 0,
			"list, graph, status, swap: of the running daemon with this "
			"admin "
			"socket; status and swap by default of the one daemon here",
			0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option,
		"list\ndescribe NAME\ngraph\nstatus [INSTANCE]\nswap INSTANCE MODULE",
		"Modules: what is installed, what one is and how it is configured, how "
		"those of a manifest are connected, and how those of a running daemon "
		"are doing. swap puts another module in the place of one that runs, with "
		"its default config: tepui module swap allocator allocator-priority. "
		"With a changed manifest, `tepui daemon reload` does the same.",
		NULL, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct module_args args = { .manifest = TEPUI_CONF_DIR "/local.yaml" };
	struct tp_error err = { 0 };

	if (cli_parse(&argp, argc, argv, &args) < 0)
		return CLI_USAGE;
	return module_run(&args, arena, &err) < 0 ? cli_error(&err) : CLI_OK;
}
