/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A volume that is destroyed is renamed at once and removed later, so that its name is free again
 * for an empty one. Sandboxes see volumes through symbolic links, which cannot keep a task from
 * writing: whoever wants to be kept from it (mode RO) is refused.
 *
 * What exists is operations.c's to know; ids and roles were validated before they come here.
 */
#include "volumes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "directories.h"
#include "executors.h"
#include "frameworks.h"
#include "journal.h"

#include "tepui/ids.h"

/* Shorter than any id may be, so that it fits where the volume did. */
#define TRASH ".tp-destroyed-"

static bool is_mount(const struct tp_resource *resource)
{
	const struct tp_resource_disk_info_source *source = resource->disk->source;

	return source != NULL && source->type == TP_RESOURCE_DISK_INFO_SOURCE_MOUNT &&
		source->mount != NULL && source->mount->root != NULL;
}

char *volumes_root(const struct agent *agent, const struct tp_resource *resource)
{
	const struct tp_resource_disk_info_source *source =
		resource == NULL || resource->disk == NULL ? NULL
							   : resource->disk->source;
	const char *work_dir = agent->config.work_dir;

	if (source == NULL || source->path == NULL || source->path->root == NULL)
		return tp_asprintf("%s/volumes/roles", work_dir);
	if (source->path->root[0] != '/')
		return tp_asprintf("%s/%s/volumes/roles", work_dir, source->path->root);
	return tp_asprintf("%s/volumes/roles", source->path->root);
}

char *volumes_path(const struct agent *agent, const struct tp_resource *resource)
{
	const struct tp_resource_disk_info *disk = resource->disk;
	const char *role = resource->n_reservations == 0
		? "*"
		: resource->reservations[resource->n_reservations - 1]->role;
	tp_cleanup(ptr) char *root = NULL;

	if (disk == NULL || disk->persistence == NULL)
		return NULL;
	if (is_mount(resource))
		return tp_strdup(disk->source->mount->root);
	root = volumes_root(agent, resource);
	return tp_asprintf("%s/%s/%s", root, role, disk->persistence->id);
}

/* What is mounted stays; what lies on it goes. */
static void empty(struct agent *agent, const char *path)
{
	char **names = NULL;
	size_t n = 0;

	if (agent->disk.ops->list(agent->disk.impl, path, &names, &n, NULL) < 0)
		return;
	for (size_t i = 0; i < n; i++) {
		tp_cleanup(ptr) char *inside = tp_asprintf("%s/%s", path, names[i]);

		journal_remove(agent->journal, inside);
	}
	tp_free(names);
}

int volumes_discard(struct agent *agent, const char *path)
{
	int parent = (int)(strrchr(path, '/') - path);
	uint8_t uuid[TP_UUID_BYTES];
	char text[TP_UUID_TEXT];
	tp_cleanup(ptr) char *trash = NULL;

	tp_uuid_generate(uuid);
	tp_uuid_print(uuid, text);
	trash = tp_asprintf("%.*s/" TRASH "%s", parent, path, text);
	if (rename(path, trash) < 0)
		return errno == ENOENT ? 0 : -errno;
	journal_remove(agent->journal, trash);
	return 0;
}

static int create_one(
	struct agent *agent, const struct tp_resource *resource, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = volumes_path(agent, resource);
	int r;

	if (is_mount(resource))
		return access(path, F_OK) < 0
			? tp_fail_errno(err, errno, "the mount '%s'", path)
			: 0;
	/* One of that name was destroyed, and the agent before it was removed. */
	r = volumes_discard(agent, path);
	if (r >= 0)
		r = directories_make(path, strlen(path), 0755);
	return r < 0 ? tp_fail_errno(err, -r, "making the volume '%s'", path) : 0;
}

int volumes_create(
	struct agent *agent, const struct tp_resources *made, struct tp_error *err)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < made->n; i++) {
		if (tp_resource_is_persistent(&made->items[i], NULL))
			r = create_one(agent, made->items[i].key->record, err);
	}
	return r;
}

void volumes_destroy(struct agent *agent, const struct tp_resources *gone)
{
	for (uint32_t i = 0; i < gone->n; i++) {
		const struct tp_resource *resource = gone->items[i].key->record;
		tp_cleanup(ptr) char *path = volumes_path(agent, resource);
		int r;

		if (path == NULL)
			continue;
		tp_info(agent, "destroying a volume", "path=%s", path);
		if (is_mount(resource)) {
			empty(agent, path);
			continue;
		}
		r = volumes_discard(agent, path);
		if (r < 0)
			tp_err(agent, "a volume cannot be removed, remove it by hand",
				"path=%s error=%s", path, strerror(-r));
	}
}

static bool is_at(
	const struct agent *agent, const struct tp_resource *resource, const char *path)
{
	tp_cleanup(ptr) char *own = volumes_path(agent, resource);

	return own != NULL && strcmp(own, path) == 0;
}

bool volumes_meet(const struct agent *agent, const struct tp_resources *a,
	const struct tp_resources *b)
{
	for (uint32_t i = 0; i < a->n; i++) {
		tp_cleanup(ptr) char *path = volumes_path(agent, a->items[i].key->record);

		for (uint32_t k = 0; path != NULL && k < b->n; k++) {
			if (is_at(agent, b->items[k].key->record, path))
				return true;
		}
	}
	return false;
}

/* --- in sandboxes ---------------------------------------------------------------------- */

int volumes_check(struct tp_resource *const *resources, size_t n, struct tp_error *err)
{
	for (size_t i = 0; i < n; i++) {
		const struct tp_resource_disk_info *disk = resources[i]->disk;

		if (disk != NULL && disk->persistence != NULL && disk->volume != NULL &&
			disk->volume->mode == TP_VOLUME_MODE_RO)
			return tp_fail(err, ENOTSUP,
				"Volume '%s' is wanted with mode RO, and this agent "
				"cannot "
				"keep a task from writing to it: use mode RW",
				disk->persistence->id);
	}
	return 0;
}

static int open_directory(int parent, const char *name)
{
	int fd = openat(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* The directory of this name, made if it is missing. */
static int enter(int parent, const char *name)
{
	if (mkdirat(parent, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	return open_directory(parent, name);
}

static int point(int parent, const char *name, const char *target)
{
	tp_cleanup(ptr) char *there = NULL;
	ssize_t len;

	if (symlinkat(target, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	/* Another task of the executor may have brought it along. */
	there = tp_alloc(strlen(target) + 2);
	len = readlinkat(parent, name, there, strlen(target) + 1);
	return len >= 0 && tp_streq(there, target) ? 0 : -EEXIST;
}

/*
 * Tasks that run in the sandbox may put links where a path leads: each part is opened by itself,
 * and none that is a link.
 */
static int show(const char *sandbox, const char *path, const char *target)
{
	tp_cleanup(ptr) char *parts = tp_strdup(path);
	char *rest = NULL, *next, *part = strtok_r(parts, "/", &rest);
	int inner, fd = open_directory(AT_FDCWD, sandbox);
	int r = part == NULL ? -EINVAL : 0;

	for (; fd >= 0 && r >= 0; part = next) {
		next = strtok_r(NULL, "/", &rest);
		if (strcmp(part, "..") == 0) {
			r = -EINVAL;
		} else if (next == NULL) {
			r = point(fd, part, target);
			break;
		} else {
			inner = enter(fd, part);
			close(fd);
			fd = inner;
		}
	}
	if (fd < 0)
		return fd;
	close(fd);
	return r;
}

static int link_one(const struct executor *executor, const struct tp_resource *resource,
	struct tp_error *err)
{
	const struct agent *agent = executor->framework->agent;
	const struct tp_volume *volume = resource->disk->volume;
	tp_cleanup(ptr) char *target = volumes_path(agent, resource);
	int r;

	if (volume == NULL || volume->container_path == NULL)
		return tp_fail(err, EINVAL, "volume '%s' has no container path",
			resource->disk->persistence->id);
	if (resource->shared == NULL && executor->uid != (uid_t)-1 &&
		lchown(target, executor->uid, (gid_t)-1) < 0)
		return tp_fail_errno(err, errno, "giving volume '%s' to user '%s'",
			resource->disk->persistence->id, executor->user);
	r = show(executor->directory, volume->container_path, target);
	return r < 0 ? tp_fail_errno(err, -r, "showing volume '%s' at '%s'",
			       resource->disk->persistence->id, volume->container_path)
		     : 0;
}

int volumes_link(const struct executor *executor, struct tp_resource *const *resources,
	size_t n, struct tp_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (resources[i]->disk != NULL && resources[i]->disk->persistence != NULL)
			r = link_one(executor, resources[i], err);
	}
	return r;
}
