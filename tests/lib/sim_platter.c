/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_platter.h. Each file that was ever synced has an entry: so many bytes of the file that
 * stands under its name are safe. Once that file is replaced or removed the entry holds the safe
 * bytes themselves, until a sync makes the change safe. sim_names.c knows whose name is safe.
 */
#include "sim_platter.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_names.h"
#include "sim_random.h"
#include "tepui/map.h"
#include "tepui/strbuf.h"

struct safe {
	struct tp_map_node node;
	char *path;
	size_t len;
	char *old;    /* the bytes; NULL: they are the file's */
	bool removed; /* the name was removed, and no sync came since */
};

/* A symbolic link that was made since its directory was synced. */
struct link {
	struct link *next;
	char *path;
	char *old; /* target; NULL: there was none */
};

struct sim_platter {
	char *root;
	struct tp_map safe;
	struct sim_names *names;
	struct link *links;
};

/* --- files ------------------------------------------------------------------------------ */

static char *read_file(const char *path, size_t max, size_t *ret_len)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char *data = tp_alloc(max + 1);
	size_t len = 0;
	ssize_t n;

	while (fd >= 0 && len < max && (n = read(fd, data + len, max - len)) > 0)
		len += (size_t)n;
	*ret_len = len;
	return data;
}

static void make_parents(const char *path)
{
	tp_cleanup(ptr) char *dir = tp_strdup(path);

	for (char *slash = strchr(dir + 1, '/'); slash != NULL;
		slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(dir, 0755);
		*slash = '/';
	}
}

static void write_file(const char *path, const char *data, size_t len)
{
	int fd;

	make_parents(path);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	tp_assert(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

static size_t file_size(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode) ? (size_t)st.st_size : 0;
}

/* --- what is safe ----------------------------------------------------------------------- */

static struct safe *find(const struct sim_platter *self, const char *path)
{
	return tp_map_get(&self->safe, path, struct safe, node);
}

static void safe_destroy(struct sim_platter *self, struct safe *safe)
{
	tp_map_remove(&self->safe, &safe->node);
	tp_free(safe->path);
	tp_free(safe->old);
	tp_free(safe);
}

static void safe_keep(struct safe *safe)
{
	if (safe->old == NULL)
		safe->old = read_file(safe->path, safe->len, &safe->len);
}

static void note(struct sim_platter *self, const char *path)
{
	struct safe *safe = find(self, path);

	if (safe == NULL) {
		safe = tp_alloc(sizeof *safe);
		safe->path = tp_strdup(path);
		tp_map_add(&self->safe, &safe->node, safe->path);
	}
	tp_free(safe->old);
	safe->old = NULL;
	safe->removed = false;
	safe->len = file_size(path);
}

void sim_platter_before_replace(struct sim_platter *self, const char *path)
{
	struct safe *safe = find(self, path);

	if (safe != NULL)
		safe_keep(safe);
}

void sim_platter_before_remove(struct sim_platter *self, const char *path)
{
	size_t len = strlen(path);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->safe) {
		struct safe *safe = tp_map_entry(node, struct safe, node);

		if (strncmp(safe->path, path, len) != 0 ||
			(safe->path[len] != '\0' && safe->path[len] != '/'))
			continue;
		safe_keep(safe);
		safe->removed = true;
	}
}

void sim_platter_before_link(struct sim_platter *self, const char *path)
{
	struct link *link = tp_alloc(sizeof *link);
	char target[4096];
	ssize_t n = readlink(path, target, sizeof target);

	link->path = tp_strdup(path);
	link->old = n < 0 ? NULL : tp_strndup(target, (size_t)n);
	link->next = self->links;
	self->links = link;
}

/* Those in `dir`; NULL: all. */
static void forget_links(struct sim_platter *self, const char *dir)
{
	size_t len = dir == NULL ? 0 : strlen(dir);

	for (struct link **at = &self->links; *at != NULL;) {
		struct link *link = *at;

		if (dir != NULL &&
			(strncmp(link->path, dir, len) != 0 ||
				strrchr(link->path, '/') != link->path + len)) {
			at = &link->next;
			continue;
		}
		*at = link->next;
		tp_free(link->path);
		tp_free(link->old);
		tp_free(link);
	}
}

void sim_platter_synced_dir(struct sim_platter *self, const char *path)
{
	sim_names_synced(self->names, path);
	forget_links(self, path);
}

void sim_platter_synced(struct sim_platter *self, const char *path)
{
	struct tp_list *node, *tmp;

	if (path != NULL)
		note(self, path);
	tp_map_foreach (node, tmp, &self->safe) {
		struct safe *safe = tp_map_entry(node, struct safe, node);

		if (safe->removed)
			safe_destroy(self, safe);
	}
}

/* --- the power loss --------------------------------------------------------------------- */

struct found {
	char **paths;
	size_t n;
};

static struct found *found; /* nftw() has no argument for us */

static int on_found(
	const char *path, const struct stat *st, int type, struct FTW *position)
{
	(void)st, (void)position;
	if (type != FTW_F)
		return 0;
	found->paths = tp_realloc(found->paths, (found->n + 1) * sizeof *found->paths);
	found->paths[found->n++] = tp_strdup(path);
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The order of a folder is that of its file system: sorted, a seed means the same everywhere. */
static void find_files(struct sim_platter *self, struct found *files)
{
	found = files;
	nftw(self->root, on_found, 16, FTW_PHYS);
	found = NULL;
	if (files->n > 0)
		qsort(files->paths, files->n, sizeof *files->paths, compare);
}

/* The bytes from `safe` on were not synced. */
static void tear(const char *path, size_t safe, struct sim_random *random)
{
	size_t size = file_size(path), cut, len;
	tp_cleanup(ptr) char *data = NULL;

	if (size <= safe)
		return;
	cut = safe + sim_random_below(random, (unsigned)(size - safe));
	if (sim_random_below(random, 4) > 0) {
		tp_assert(truncate(path, (off_t)cut) == 0);
		return;
	}
	data = read_file(path, size, &len);
	memset(data + cut, 0, len - cut);
	write_file(path, data, len);
}

static void settle_file(
	const char *path, const struct safe *safe, struct sim_random *random)
{
	unsigned fate = sim_random_below(random, 3);

	if (safe != NULL && safe->old == NULL) {
		if (fate > 0)
			tear(path, safe->len, random);
	} else if (fate == 0) {
		tear(path, 0, random);
	} else if (fate == 1 && safe != NULL) {
		write_file(path, safe->old, safe->len);
	} else if (fate == 1) {
		unlink(path);
	}
}

static void settle_links(struct sim_platter *self, struct sim_random *random)
{
	bool lost = sim_random_below(random, 2) == 0;

	for (struct link *link = self->links; link != NULL; link = link->next) {
		if (!lost)
			continue;
		unlink(link->path);
		if (link->old != NULL)
			tp_assert(symlink(link->old, link->path) == 0);
	}
	forget_links(self, NULL);
}

static void settle_removed(struct sim_platter *self, struct sim_random *random)
{
	bool return_all = sim_random_below(random, 2) == 0;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->safe) {
		struct safe *safe = tp_map_entry(node, struct safe, node);
		struct stat st;

		if (safe->removed && return_all && lstat(safe->path, &st) < 0)
			write_file(safe->path, safe->old, safe->len);
	}
}

void sim_platter_power_loss(struct sim_platter *self, struct sim_random *random)
{
	struct found files = { 0 };
	struct tp_list *node, *tmp;

	sim_names_power_loss(self->names, self->root, random);
	find_files(self, &files);
	for (size_t i = 0; i < files.n; i++)
		settle_file(files.paths[i], find(self, files.paths[i]), random);
	settle_removed(self, random);
	settle_links(self, random);
	tp_map_foreach (node, tmp, &self->safe)
		safe_destroy(self, tp_map_entry(node, struct safe, node));
	for (size_t i = 0; i < files.n; i++)
		tp_free(files.paths[i]);
	tp_free(files.paths);
	/* What is there now was read from the platter. */
	sim_names_all_safe(self->names, self->root);
	files = (struct found){ 0 };
	find_files(self, &files);
	for (size_t i = 0; i < files.n; i++) {
		note(self, files.paths[i]);
		tp_free(files.paths[i]);
	}
	tp_free(files.paths);
}

/* --- life ------------------------------------------------------------------------------- */

struct sim_platter *sim_platter_create(const char *root)
{
	struct sim_platter *self = tp_alloc(sizeof *self);

	self->root = tp_strdup(root);
	tp_map_init(&self->safe);
	self->names = sim_names_create();
	return self;
}

void sim_platter_destroy(struct sim_platter *self)
{
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_map_foreach (node, tmp, &self->safe)
		safe_destroy(self, tp_map_entry(node, struct safe, node));
	tp_map_fini(&self->safe);
	sim_names_destroy(self->names);
	forget_links(self, NULL);
	tp_free(self->root);
	tp_free(self);
}
