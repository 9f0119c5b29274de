/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui registry: what a master keeps, while it does not run. Opening a store may write files of
 * its own, so root becomes the owner of the master's work_dir first.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "input.h"
#include "registry_store.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/registry_variable.h"
#include "tepui/wire.h"

#define FORMAT 1
#define SETTINGS_MAX 16

struct registry_args {
	char *words[2];
	size_t n_words;
	const char *work_dir, *module;
	const char *settings[SETTINGS_MAX];
	size_t n_settings;
};

struct contents {
	struct tp_arena *arena;
	struct tp_registry_entry *entries;
	size_t n;
	uint64_t version;
};

/* --- finding fault -------------------------------------------------------------------------- */

/* The agent of a variable that gives it a place, or NULL. */
static const char *placed_agent(const struct tp_registry_entry *entry)
{
	const struct tp_registry_variable *row = tp_registry_variable_of(entry->name);

	if (row == NULL ||
		(row->what != TP_REGISTRY_AGENT && row->what != TP_REGISTRY_UNREACHABLE &&
			row->what != TP_REGISTRY_GONE))
		return NULL;
	return entry->name + strlen(row->prefix);
}

/* An agent has one of three variables at most; those of one agent stand together. */
static size_t check_places(const struct contents *c, size_t i)
{
	const char *id = placed_agent(&c->entries[i]);
	size_t n = 0;

	for (size_t k = i < 2 ? 0 : i - 2; id != NULL && k < i; k++) {
		if (!tp_streq(placed_agent(&c->entries[k]), id))
			continue;
		printf("'%s' contradicts '%s'\n", c->entries[i].name, c->entries[k].name);
		n++;
	}
	return n;
}

static size_t check_one(const struct tp_registry_entry *entry)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_registry_variable *row;
	struct tp_error err = { 0 };
	void *record;
	int r = tp_registry_variable_decode(entry, arena, &row, &record, &err);

	if (r < 0)
		printf("%s%s\n", r == -ENOENT ? "note: " : "", err.text);
	return r < 0 && r != -ENOENT ? 1 : 0;
}

static int by_place(const void *a, const void *b)
{
	const struct tp_registry_entry *x = a, *y = b;
	const char *p = placed_agent(x), *q = placed_agent(y);

	if (p == NULL || q == NULL)
		return (p != NULL) - (q != NULL);
	return strcmp(p, q);
}

/* How many problems there are; each is printed. Sorts the entries by what they are about. */
static size_t check_all(const struct contents *c)
{
	size_t n = 0;

	qsort(c->entries, c->n, sizeof(*c->entries), by_place);
	for (size_t i = 0; i < c->n; i++) {
		n += check_one(&c->entries[i]);
		n += check_places(c, i);
	}
	return n;
}

/* --- files ---------------------------------------------------------------------------------- */

static struct tp_registry_backup *backup_record(
	const struct contents *c, bool decoded, struct tp_arena *arena)
{
	static const char *const members[] = { "master", "agent", "unreachable", "gone",
		"machine", "schedule", "quota", "weight", "capability" };
	struct tp_registry_backup *backup =
		tp_record_new(&tp_registry_backup_desc, arena);

	backup->has_format = true;
	backup->format = FORMAT;
	backup->has_version = true;
	backup->version = c->version;
	for (size_t i = 0; i < c->n; i++) {
		struct tp_registry_backup_variable *v =
			tp_record_new(&tp_registry_backup_variable_desc, arena);
		const struct tp_registry_variable *row;
		void *record;

		v->name = c->entries[i].name;
		if (decoded &&
			tp_registry_variable_decode(
				&c->entries[i], arena, &row, &record, NULL) >= 0) {
			const struct tp_field *field = tp_desc_find(
				&tp_registry_backup_variable_desc, members[row->what]);

			memcpy((char *)v + field->offset, &record, sizeof(record));
		} else {
			v->data.data = c->entries[i].data;
			v->data.len = c->entries[i].len;
		}
		tp_arena_push(arena, &backup->variables, &backup->n_variables, v);
	}
	return backup;
}

static int write_all(
	int fd, const char *path, const struct tp_strbuf *text, struct tp_error *err)
{
	size_t at = 0;

	while (at < text->len) {
		ssize_t n = write(fd, text->data + at, text->len - at);

		if (n < 0 && errno != EINTR)
			return tp_fail_errno(err, errno, "writing '%s'", path);
		at += n < 0 ? 0 : (size_t)n;
	}
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return tp_fail_errno(err, errno, "writing '%s'", path);
	return 0;
}

static int parse_backup(const char *path, struct contents *c, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	const struct tp_registry_backup *backup;
	void *record;
	int r = input_read(path, &text, err);

	if (r >= 0)
		r = tp_json_decode(&tp_registry_backup_desc, tp_strbuf_text(&text),
			text.len, c->arena, &record, err);
	if (r >= 0)
		r = tp_record_check(&tp_registry_backup_desc, record, err);
	if (r < 0)
		return tp_wrap(err, r, "'%s' is not a backup of a registry", path);
	backup = record;
	if (backup->format != FORMAT)
		return tp_fail(err, EPROTONOSUPPORT,
			"'%s' has format %u, this tepui reads %d", path, backup->format,
			FORMAT);
	c->n = backup->n_variables;
	c->entries = tp_arena_alloc(c->arena, (c->n + 1) * sizeof(*c->entries));
	for (size_t i = 0; i < c->n; i++) {
		const struct tp_registry_backup_variable *v = backup->variables[i];

		if (v->data.data == NULL)
			return tp_fail(err, EINVAL,
				"'%s': variable '%s' has no data: a dump is for people, "
				"only what `tepui registry backup` wrote can be restored",
				path, v->name);
		c->entries[i] =
			(struct tp_registry_entry){ v->name, v->data.data, v->data.len };
	}
	return 0;
}

/* --- the commands --------------------------------------------------------------------------- */

/* Files that the store makes must be the master's. */
static int become_owner(const char *work_dir, struct tp_error *err)
{
	struct stat st;

	if (stat(work_dir, &st) < 0)
		return tp_fail_errno(err, errno, "work_dir '%s'", work_dir);
	if (geteuid() != 0 || st.st_uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setgid(st.st_gid) < 0 || setuid(st.st_uid) < 0)
		return tp_fail_errno(err, errno, "becoming the owner of '%s'", work_dir);
	return 0;
}

static int read_store(
	const struct registry_args *args, struct contents *c, struct tp_error *err)
{
	struct registry_store *store = NULL;
	int r = become_owner(args->work_dir, err);

	if (r >= 0)
		r = registry_store_create(
			args->module, args->settings, args->n_settings, &store, err);
	if (r >= 0)
		r = registry_store_open(store, args->work_dir, err);
	if (r >= 0)
		r = registry_store_fetch(
			store, c->arena, &c->entries, &c->n, &c->version, err);
	registry_store_destroy(store);
	if (r >= 0 && c->version == 0)
		return tp_fail(err, ENOENT,
			"nothing was ever stored in the registry below '%s'; is "
			"--work_dir the master's?",
			args->work_dir);
	return r;
}

static int dump(
	const struct registry_args *args, struct contents *c, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	int r = read_store(args, c, err);

	if (r < 0)
		return r;
	tp_json_encode(&tp_registry_backup_desc, backup_record(c, true, c->arena),
		TP_JSON_PRETTY | TP_JSON_NATIVE | TP_JSON_BARE, &text);
	tp_strbuf_puts(&text, "\n");
	return write_all(STDOUT_FILENO, "standard output", &text, err);
}

static int check(
	const struct registry_args *args, struct contents *c, struct tp_error *err)
{
	int r = read_store(args, c, err);
	size_t n;

	if (r < 0)
		return r;
	n = check_all(c);
	printf("%zu variables, %zu problems\n", c->n, n);
	return n == 0 ? 0
		      : tp_fail(err, EUCLEAN,
				"the registry is damaged: no master will serve with it; "
				"restore a backup");
}

/* -1 when it cannot be read: then its names are not ours to keep. */
static int open_folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	tp_cleanup(ptr) char *folder = slash == NULL
		? tp_strdup(".")
		: tp_strndup(path, slash == path ? 1 : (size_t)(slash - path));

	return open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int backup(
	const struct registry_args *args, struct contents *c, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	const char *path = args->words[1];
	/* Before root gives up what it may. */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	tp_cleanup(fd) int folder = open_folder_of(path);
	int r;

	if (fd < 0)
		return tp_fail_errno(err, errno, "making '%s'", path);
	r = read_store(args, c, err);
	if (r >= 0) {
		tp_json_encode(&tp_registry_backup_desc,
			backup_record(c, false, c->arena),
			TP_JSON_PRETTY | TP_JSON_NATIVE | TP_JSON_BARE, &text);
		tp_strbuf_puts(&text, "\n");
		r = write_all(fd, path, &text, err);
	}
	if (r >= 0 && folder >= 0 && fsync(folder) < 0 && errno != EINVAL)
		r = tp_fail_errno(err, errno, "syncing the folder of '%s'", path);
	close(fd);
	if (r < 0)
		unlink(path);
	else
		printf("%zu variables of version %llu are in %s\n", c->n,
			(unsigned long long)c->version, path);
	return r;
}

static int replace(const struct registry_args *args, const struct contents *c,
	char **ret_where, struct tp_error *err)
{
	struct registry_store *store = NULL;
	int r = registry_store_create(
		args->module, args->settings, args->n_settings, &store, err);

	if (r >= 0)
		r = registry_store_set_aside(store, args->work_dir, ret_where, err);
	if (r >= 0)
		r = registry_store_open(store, args->work_dir, err);
	if (r >= 0)
		r = registry_store_fill(store, c->entries, c->n, err);
	registry_store_destroy(store);
	return r;
}

static int restore(
	const struct registry_args *args, struct contents *c, struct tp_error *err)
{
	tp_cleanup(ptr) char *where = NULL;
	int r = parse_backup(args->words[1], c, err);

	if (r < 0)
		return r;
	if (check_all(c) > 0)
		return tp_fail(err, EUCLEAN, "'%s' is damaged: nothing was changed",
			args->words[1]);
	r = become_owner(args->work_dir, err);
	if (r >= 0)
		r = replace(args, c, &where, err);
	if (r < 0)
		return r;
	if (where != NULL)
		printf("what was there before is in %s\n", where);
	printf("%zu variables are restored\n", c->n);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(const struct registry_args *args, struct contents *c,
		struct tp_error *err);
	size_t n_words;
} commands[] = {
	{ "dump", dump, 1 },
	{ "check", check, 1 },
	{ "backup", backup, 2 },
	{ "restore", restore, 2 },
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct registry_args *args = state->input;

	switch (key) {
	case 'w':
		args->work_dir = arg;
		return 0;
	case 'M':
		args->module = arg;
		return 0;
	case 's':
		if (args->n_settings == SETTINGS_MAX)
			argp_error(state, "too many --set");
		args->settings[args->n_settings++] = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->n_words == 2)
			argp_error(state, "unexpected argument '%s'", arg);
		args->words[args->n_words++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->n_words == 0)
			argp_error(state, "dump, check, backup or restore? see --help");
		if (args->work_dir == NULL)
			argp_error(state, "--work_dir, as the master has it, is missing");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(const struct registry_args *args, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct contents contents = { .arena = arena };

	for (size_t i = 0; i < TP_COUNT(commands); i++) {
		if (strcmp(commands[i].name, args->words[0]) == 0 &&
			commands[i].n_words == args->n_words)
			return commands[i].run(args, &contents, err);
	}
	return tp_fail(err, EINVAL, "registry: dump, check, backup FILE or restore FILE");
}

int cli_registry(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "work_dir", 'w', "DIR", 0, "the master's work_dir", 0 },
		{ "module", 'M', "NAME", 0,
			"the module that keeps the registry; default: registry-leveldb",
			0 },
		{ "set", 's', "KEY=VALUE", 0, "a config key of that module", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option,
		"dump\ncheck\nbackup FILE\nrestore FILE",
		"What a master keeps, while it does not run.\v"
		"dump prints it as JSON for people, check finds what is damaged or "
		"contradicts itself, backup writes a file from which restore makes a new "
		"registry; the old one is kept aside.",
		NULL, NULL, NULL };
	struct registry_args args = { .module = "registry-leveldb" };
	struct tp_error err = { 0 };

	if (cli_parse(&argp, argc, argv, &args) < 0)
		return CLI_USAGE;
	return run(&args, &err) < 0 ? cli_error(&err) : CLI_OK;
}
