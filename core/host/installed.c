/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's loader, for tools. Part of libtepui because the loader is not exported. */
#include "core/host/installed.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernel/loader.h"

struct tp_installed {
	struct loader loader;
};

struct tp_installed *tp_installed_create(void)
{
	struct tp_installed *installed = tp_alloc(sizeof(*installed));

	loader_init(&installed->loader, NULL, 0);
	loader_add_default_dirs(&installed->loader);
	return installed;
}

void tp_installed_destroy(struct tp_installed *installed)
{
	if (installed == NULL)
		return;
	loader_fini(&installed->loader);
	tp_free(installed);
}

static void add_names(
	DIR *dir, struct tp_arena *arena, const char ***names, size_t *n_names)
{
	const struct dirent *entry;

	while ((entry = readdir(dir)) != NULL) {
		size_t len = strlen(entry->d_name);

		if (len > 3 && strcmp(entry->d_name + len - 3, ".so") == 0)
			tp_arena_push(arena, names, n_names,
				tp_arena_strndup(arena, entry->d_name, len - 3));
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int tp_installed_names(struct tp_installed *installed, struct tp_arena *arena,
	const char ***ret, size_t *ret_n, struct tp_error *err)
{
	const struct loader *loader = &installed->loader;
	const char **names = NULL;
	size_t n = 0, n_dirs = 0, n_different = 0;
	int r = 0;

	for (size_t i = 0; i < loader->n_dirs; i++) {
		DIR *dir = opendir(loader->dirs[i]);

		if (dir == NULL) {
			r = tp_fail_errno(err, errno, "reading '%s'", loader->dirs[i]);
			continue;
		}
		add_names(dir, arena, &names, &n);
		closedir(dir);
		n_dirs++;
	}
	if (n_dirs == 0 && r < 0)
		return r;
	if (n > 0)
		qsort(names, n, sizeof(*names), compare);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || strcmp(names[i], names[n_different - 1]) != 0)
			names[n_different++] = names[i];
	}
	*ret = names;
	*ret_n = n_different;
	return 0;
}

int tp_installed_open(struct tp_installed *installed, const char *name,
	const struct tp_module **ret, const char **ret_file, struct tp_error *err)
{
	const struct loaded *loaded;
	char *path = NULL;
	int r;

	if (strchr(name, '/') != NULL) {
		path = realpath(name, NULL);
		if (path == NULL)
			return tp_fail_errno(err, errno, "no module '%s'", name);
	}
	r = loader_open(&installed->loader, path != NULL ? path : name, &loaded, err);
	free(path);
	if (r < 0)
		return r;
	*ret = loaded->module;
	*ret_file = loaded->file;
	return 0;
}
