/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	<root>/volumes/roles/eng/v		a volume: kept, whatever is in it
 *	<root>/volumes/roles/eng		above one: looked into
 *	<root>/volumes/roles/eng/other		neither: removed, whole
 *
 * The roots are the work directory and PATH disks. Symbolic links are neither followed nor removed.
 * The work only looks; what it found is removed on the loop, unless it became a volume meanwhile.
 *
 * Not the contents of MOUNT disks: what lies on one without a volume may be its owner's.
 */
#include "volume_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operations.h"
#include "volumes.h"

struct paths {
	char **items;
	size_t n;
};

struct volume_sweep {
	struct tp_work work;
	struct agent *agent;
	struct paths roots, volumes; /* the work's own copies */
	struct paths found;
	struct tp_done *stopped;
};

static void paths_take(struct paths *paths, char *path)
{
	paths->items = tp_realloc(paths->items, (paths->n + 1) * sizeof *paths->items);
	paths->items[paths->n++] = path;
}

static void paths_fini(struct paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		tp_free(paths->items[i]);
	tp_free(paths->items);
}

enum place { NOBODYS, ABOVE_A_VOLUME, A_VOLUME };

static enum place place_of(const struct paths *volumes, const char *path)
{
	size_t len = strlen(path);
	enum place place = NOBODYS;

	for (size_t i = 0; place != A_VOLUME && i < volumes->n; i++) {
		const char *volume = volumes->items[i];

		if (strncmp(volume, path, len) != 0)
			continue;
		if (volume[len] == '\0')
			place = A_VOLUME;
		else if (volume[len] == '/')
			place = ABOVE_A_VOLUME;
	}
	return place;
}

/* --- off the loop ---------------------------------------------------------------------- */

static void look_into(
	struct volume_sweep *self, int parent, const char *name, const char *path);

static void look_at(
	struct volume_sweep *self, int parent, const char *name, const char *path)
{
	struct stat st;

	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode))
		return;
	switch (place_of(&self->volumes, path)) {
	case A_VOLUME:
		return;
	case ABOVE_A_VOLUME:
		/* No deeper than volumes are. */
		look_into(self, parent, name, path);
		return;
	case NOBODYS:
		paths_take(&self->found, tp_strdup(path));
	}
}

static void look_into(
	struct volume_sweep *self, int parent, const char *name, const char *path)
{
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (fd >= 0 && dir == NULL)
		close(fd);
	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		tp_cleanup(ptr) char *child = tp_asprintf("%s/%s", path, entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			look_at(self, dirfd(dir), entry->d_name, child);
	}
	if (dir != NULL)
		closedir(dir);
}

static int sweep_run(struct tp_work *work)
{
	struct volume_sweep *self = tp_container_of(work, struct volume_sweep, work);

	for (size_t i = 0; i < self->roots.n; i++)
		look_into(self, AT_FDCWD, self->roots.items[i], self->roots.items[i]);
	return 0;
}

/* --- on the loop ----------------------------------------------------------------------- */

static void list_volumes(const struct agent *agent, struct paths *ret)
{
	const struct tp_resources *total = operations_total(agent);

	for (uint32_t i = 0; i < total->n; i++) {
		char *path = volumes_path(agent, total->items[i].key->record);

		if (path != NULL)
			paths_take(ret, path);
	}
}

/* Many resources are on one disk. */
static void take_once(struct paths *paths, char *path)
{
	for (size_t i = 0; i < paths->n; i++) {
		if (strcmp(paths->items[i], path) == 0) {
			tp_free(path);
			return;
		}
	}
	paths_take(paths, path);
}

static void list_roots(const struct agent *agent, struct paths *ret)
{
	const struct tp_resources *total = operations_total(agent);

	take_once(ret, volumes_root(agent, NULL));
	for (uint32_t i = 0; i < total->n; i++)
		take_once(ret, volumes_root(agent, total->items[i].key->record));
}

static void discard(struct agent *agent, const char *path)
{
	int r = volumes_discard(agent, path);

	if (r < 0)
		tp_err(agent,
			"what is left of a volume cannot be removed, remove it by hand",
			"path=%s error=%s", path, strerror(-r));
	else
		tp_info(agent, "removing what is left of a volume", "path=%s", path);
}

static void sweep_done(struct tp_work *work, int status)
{
	struct volume_sweep *self = tp_container_of(work, struct volume_sweep, work);
	struct agent *agent = self->agent;
	struct paths volumes = { 0 };
	struct tp_done *stopped = self->stopped;

	list_volumes(agent, &volumes);
	for (size_t i = 0; status >= 0 && i < self->found.n; i++) {
		if (place_of(&volumes, self->found.items[i]) == NOBODYS)
			discard(agent, self->found.items[i]);
	}
	paths_fini(&volumes);
	paths_fini(&self->roots);
	paths_fini(&self->volumes);
	paths_fini(&self->found);
	tp_free(self);
	agent->volume_sweep = NULL;
	if (stopped != NULL)
		tp_done(stopped, 0);
}

void volume_sweep_start(struct agent *agent)
{
	struct volume_sweep *self;

	if (!operations_known(agent))
		return;
	self = tp_alloc(sizeof *self);
	self->work.run = sweep_run;
	self->work.done = sweep_done;
	self->agent = agent;
	list_roots(agent, &self->roots);
	list_volumes(agent, &self->volumes);
	agent->volume_sweep = self;
	tp_work_submit(&agent->work, &self->work);
}

void volume_sweep_stop(struct agent *agent, struct tp_done *done)
{
	if (agent->volume_sweep == NULL)
		tp_done(done, 0);
	else
		agent->volume_sweep->stopped = done;
}
