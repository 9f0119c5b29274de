/* SPDX-License-Identifier: Apache-2.0 */
/* See sim_names.h. Directories are told from others of their name by inode and birth. */
#include "sim_names.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim_random.h"
#include "tepui/disk.h"
#include "tepui/map.h"
#include "tepui/strbuf.h"

struct identity {
	bool is_dir;
	uint64_t inode;
	struct statx_timestamp born;
};

struct name {
	struct tp_map_node node;
	struct identity identity;
	char text[];
};

struct dir {
	struct tp_map_node node;
	struct identity identity;
	struct tp_map names;
	char path[];
};

struct sim_names {
	struct tp_map dirs;
};

/* False: it is not there, or a symbolic link. */
static bool identify(const char *path, struct identity *ret)
{
	struct statx stx;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BASIC_STATS | STATX_BTIME,
		    &stx) < 0 ||
		S_ISLNK(stx.stx_mode))
		return false;
	memset(ret, 0, sizeof *ret);
	ret->is_dir = S_ISDIR(stx.stx_mode);
	/* What a file's name shows is the platter's: the old file or the new one. */
	if (ret->is_dir) {
		ret->inode = stx.stx_ino;
		ret->born = stx.stx_btime;
	}
	return true;
}

static bool same(const struct identity *a, const struct identity *b)
{
	return a->is_dir == b->is_dir && a->inode == b->inode &&
		a->born.tv_sec == b->born.tv_sec && a->born.tv_nsec == b->born.tv_nsec;
}

static void dir_clear(struct dir *dir)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &dir->names) {
		struct name *name = tp_map_entry(node, struct name, node);

		tp_map_remove(&dir->names, &name->node);
		tp_free(name);
	}
}

static struct dir *dir_get(struct sim_names *self, const char *path)
{
	struct dir *dir = tp_map_get(&self->dirs, path, struct dir, node);
	size_t size = strlen(path) + 1;

	if (dir == NULL) {
		dir = tp_alloc(sizeof *dir + size);
		memcpy(dir->path, path, size);
		tp_map_init(&dir->names);
		tp_map_add(&self->dirs, &dir->node, dir->path);
	}
	return dir;
}

static void name_add(struct dir *dir, const char *text)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", dir->path, text);
	size_t size = strlen(text) + 1;
	struct identity identity;
	struct name *name;

	if (!identify(path, &identity))
		return;
	name = tp_alloc(sizeof *name + size);
	memcpy(name->text, text, size);
	name->identity = identity;
	tp_map_add(&dir->names, &name->node, name->text);
}

static int is_entry(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Calls each() for what is in it, by name: a seed means the same everywhere. */
static void visit(const char *path, void (*each)(void *arg, const char *name), void *arg)
{
	struct dirent **entries;
	int n = scandir(path, &entries, is_entry, alphasort);

	for (int i = 0; i < n; i++) {
		each(arg, entries[i]->d_name);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

static void note_one(void *arg, const char *name)
{
	name_add(arg, name);
}

void sim_names_synced(struct sim_names *self, const char *path)
{
	struct identity identity;
	struct dir *dir;

	if (!identify(path, &identity))
		return;
	dir = dir_get(self, path);
	dir->identity = identity;
	dir_clear(dir);
	visit(path, note_one, dir);
}

/* --- the power loss --------------------------------------------------------------------- */

struct walk {
	struct sim_names *names;
	struct sim_random *random; /* NULL: everything is safe */
	const char *path;
};

static bool is_safe(struct sim_names *self, const char *in, const char *text,
	const struct identity *now)
{
	struct dir *dir = dir_get(self, in);
	const struct name *name = tp_map_get(&dir->names, text, struct name, node);
	struct identity here;

	return name != NULL && identify(in, &here) && same(&here, &dir->identity) &&
		same(now, &name->identity);
}

static void walk_dir(const struct walk *walk);

static void walk_one(void *arg, const char *name)
{
	struct walk *walk = arg;
	tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", walk->path, name);
	struct identity identity;

	if (!identify(path, &identity))
		return;
	if (walk->random != NULL && !is_safe(walk->names, walk->path, name, &identity) &&
		sim_random_below(walk->random, 2) == 0)
		tp_assert(tp_disk_tree_remove(path, NULL) == 0);
	else if (identity.is_dir)
		walk_dir(&(struct walk){ walk->names, walk->random, path });
}

static void walk_dir(const struct walk *walk)
{
	struct walk copy = *walk;

	if (walk->random == NULL)
		sim_names_synced(walk->names, walk->path);
	visit(walk->path, walk_one, &copy);
}

void sim_names_all_safe(struct sim_names *self, const char *root)
{
	walk_dir(&(struct walk){ self, NULL, root });
}

void sim_names_power_loss(
	struct sim_names *self, const char *root, const struct sim_random *random)
{
	/* Of its own: what the platter draws otherwise stays what it was. */
	struct sim_random own = { random->state ^ UINT64_C(0x9e3779b97f4a7c15) };

	walk_dir(&(struct walk){ self, &own, root });
}

/* --- life ------------------------------------------------------------------------------- */

struct sim_names *sim_names_create(void)
{
	struct sim_names *self = tp_alloc(sizeof *self);

	tp_map_init(&self->dirs);
	return self;
}

void sim_names_destroy(struct sim_names *self)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->dirs) {
		struct dir *dir = tp_map_entry(node, struct dir, node);

		dir_clear(dir);
		tp_map_fini(&dir->names);
		tp_map_remove(&self->dirs, &dir->node);
		tp_free(dir);
	}
	tp_map_fini(&self->dirs);
	tp_free(self);
}
