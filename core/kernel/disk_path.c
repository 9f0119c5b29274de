/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Directories are made by many: the service, its users, a process that was killed before it could
 * sync. So nobody reports them; what is not known to last is synced once, from the directory that
 * is needed up to the first one that is known, the mount, or one that this user may not read and
 * so has not made. A directory is told from another one of its name by inode and time of birth;
 * where the file system keeps no such time nothing is known and all is synced each time.
 */
#include "disk_path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk_tree.h"

#define KNOWN_MAX 1024

struct place {
	struct tp_map_node node;
	uint64_t inode;
	struct statx_timestamp born;
	char path[];
};

void disk_paths_init(struct disk_paths *paths)
{
	tp_map_init(&paths->known);
}

void disk_paths_forget(struct disk_paths *paths, const char *dir)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &paths->known) {
		struct place *place = tp_map_entry(node, struct place, node);

		if (dir != NULL && strcmp(place->path, dir) != 0)
			continue;
		tp_map_remove(&paths->known, &place->node);
		tp_free(place);
	}
}

void disk_paths_fini(struct disk_paths *paths)
{
	disk_paths_forget(paths, NULL);
	tp_map_fini(&paths->known);
}

static bool is_known(const struct place *place, const struct statx *stx)
{
	return place != NULL && (stx->stx_mask & STATX_BTIME) != 0 &&
		place->inode == stx->stx_ino &&
		memcmp(&place->born, &stx->stx_btime, sizeof place->born) == 0;
}

static void remember(struct disk_paths *paths, const char *dir, const struct statx *stx)
{
	size_t size = strlen(dir) + 1;
	struct place *place = tp_map_get(&paths->known, dir, struct place, node);

	if (place == NULL) {
		if (paths->known.n == KNOWN_MAX)
			disk_paths_forget(paths, NULL);
		place = tp_alloc(sizeof *place + size);
		memcpy(place->path, dir, size);
		tp_map_add(&paths->known, &place->node, place->path);
	}
	place->inode = stx->stx_ino;
	place->born = stx->stx_btime;
}

void disk_paths_secure(struct disk_paths *paths, const char *dir,
	void (*need)(void *arg, const char *path), void *arg)
{
	tp_cleanup(ptr) char *at = tp_strdup(dir);
	struct statx stx;

	while (statx(AT_FDCWD, at, 0, STATX_INO | STATX_BTIME, &stx) == 0 &&
		!is_known(tp_map_get(&paths->known, at, struct place, node), &stx)) {
		char *parent = disk_parent(at);
		bool top = strcmp(parent, at) == 0 ||
			(stx.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0 ||
			access(parent, R_OK) < 0;

		remember(paths, at, &stx);
		need(arg, at);
		tp_free(at);
		at = parent;
		if (top)
			break;
		need(arg, at); /* also when it is known: it has a new entry */
	}
}
