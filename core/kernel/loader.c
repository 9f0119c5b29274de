/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where modules come from. Only the given directories and absolute paths are looked at, never
 * LD_LIBRARY_PATH or the current directory; libltdl gets absolute paths only. What was opened
 * stays open until the loader ends, also when its descriptor was refused.
 */
#include "core/kernel/loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/kernel/descriptor.h"
#include "core/kernel/suggest.h"
#include "core/kernel/trust.h"
#include "tepui/strbuf.h"

void loader_init(
	struct loader *loader, const struct tp_module *const *linked, size_t n_linked)
{
	*loader = (struct loader){
		.arena = tp_arena_create(0), .linked = linked, .n_linked = n_linked
	};
}

void loader_fini(struct loader *loader)
{
	for (size_t i = loader->n_all; i > 0; i--)
		sharedobject_close(loader->all[i - 1]->object);
	if (loader->begun)
		sharedobject_end();
	tp_arena_destroy(loader->arena);
	*loader = (struct loader){ 0 };
}

static void add_dir(struct loader *loader, const char *dir, size_t len)
{
	char *cwd = NULL;
	char *path;

	if (len == 0)
		return;
	if (dir[0] != '/')
		cwd = getcwd(NULL, 0);
	path = tp_arena_printf(loader->arena, "%s%s%.*s", cwd != NULL ? cwd : "",
		cwd != NULL ? "/" : "", (int)len, dir);
	free(cwd);
	tp_arena_push(loader->arena, &loader->dirs, &loader->n_dirs, path);
}

void loader_add_dir(struct loader *loader, const char *dir)
{
	add_dir(loader, dir, strlen(dir));
}

void loader_add_default_dirs(struct loader *loader)
{
	const char *dirs = getenv("TEPUI_MODULE_DIR");

	if (dirs == NULL || *dirs == '\0') {
		loader_add_dir(loader, TEPUI_MODULE_DIR);
		return;
	}
	for (; *dirs != '\0'; dirs += strspn(dirs, ":")) {
		size_t len = strcspn(dirs, ":");

		add_dir(loader, dirs, len);
		dirs += len;
	}
}

static const struct tp_module *find_linked(const struct loader *loader, const char *name)
{
	for (size_t i = 0; i < loader->n_linked; i++) {
		if (tp_streq(loader->linked[i]->name, name))
			return loader->linked[i];
	}
	return NULL;
}

/* Offers the names of all modules in a directory. Names live in the loader's arena. */
static void suggest_dir(struct loader *loader, const char *dir, struct suggest *suggest)
{
	DIR *stream = opendir(dir);
	const struct dirent *entry;

	while (stream != NULL && (entry = readdir(stream)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0)
			suggest_offer(suggest,
				tp_arena_strndup(loader->arena, entry->d_name, len - 3));
	}
	if (stream != NULL)
		closedir(stream);
}

static int fail_not_found(struct loader *loader, const char *name, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf dirs = TP_STRBUF_INIT;
	struct suggest suggest = { .word = name };

	for (size_t i = 0; i < loader->n_linked; i++)
		suggest_offer(&suggest, loader->linked[i]->name);
	for (size_t i = 0; i < loader->n_dirs; i++) {
		suggest_dir(loader, loader->dirs[i], &suggest);
		tp_strbuf_printf(&dirs, "%s%s", i > 0 ? ", " : "", loader->dirs[i]);
	}
	return tp_fail(err, ENOENT, "no module '%s' in %s" SUGGEST_FMT, name,
		dirs.len > 0 ? dirs.data : "this program", SUGGEST_ARGS(&suggest));
}

/* The absolute path of the file. */
static int find_file(
	struct loader *loader, const char *name, const char **ret, struct tp_error *err)
{
	if (name[0] == '/') {
		if (access(name, F_OK) < 0)
			return tp_fail_errno(err, errno, "no module '%s'", name);
		*ret = tp_arena_strdup(loader->arena, name);
		return 0;
	}
	for (size_t i = 0; i < loader->n_dirs; i++) {
		char *path =
			tp_arena_printf(loader->arena, "%s/%s.so", loader->dirs[i], name);

		if (access(path, F_OK) == 0) {
			*ret = path;
			return 0;
		}
	}
	return fail_not_found(loader, name, err);
}

static int open_file(struct loader *loader, struct loaded *loaded, struct tp_error *err)
{
	const struct tp_module *module;
	int r;

	r = find_file(loader, loaded->asked, &loaded->file, err);
	if (r < 0)
		return r;
	loaded->origin = strrchr(loaded->file, '/') + 1;
	r = trust_check(loaded->file, err);
	if (r < 0)
		return tp_wrap(err, r, "refusing to load %s", loaded->origin);
	if (!loader->begun) {
		r = sharedobject_begin(err);
		if (r < 0)
			return r;
		loader->begun = true;
	}
	r = sharedobject_open(loaded->file, &loaded->object, err);
	if (r < 0)
		return tp_wrap(err, r, "%s", loaded->origin);
	module = sharedobject_symbol(loaded->object, "tp_module");
	if (module == NULL)
		return tp_fail(err, ENOEXEC,
			"%s: not a module: it exports no 'tp_module'", loaded->origin);
	return descriptor_read(
		module, loaded->origin, loader->arena, &loaded->module, err);
}

int loader_open(struct loader *loader, const char *name, const struct loaded **ret,
	struct tp_error *err)
{
	const struct tp_module *linked = find_linked(loader, name);
	struct loaded *loaded;
	int r;

	for (size_t i = 0; i < loader->n_all; i++) {
		if (strcmp(loader->all[i]->asked, name) == 0 &&
			loader->all[i]->module != NULL) {
			*ret = loader->all[i];
			return 0;
		}
	}
	loaded = tp_arena_alloc(loader->arena, sizeof(*loaded));
	loaded->asked = tp_arena_strdup(loader->arena, name);
	loaded->file = "";
	loaded->origin = loaded->asked;
	tp_arena_push(loader->arena, &loader->all, &loader->n_all, loaded);
	if (linked != NULL)
		r = descriptor_read(linked, name, loader->arena, &loaded->module, err);
	else
		r = open_file(loader, loaded, err);
	if (r == 0)
		*ret = loaded;
	return r;
}
