/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime directory of one agent is <runtime_dir>/<hash of work_dir>: the same after each
 * restart, so that executors find the socket, and another one for each agent of the machine.
 * Below /tmp anybody may have made it first: a directory that is not ours alone is refused.
 */
#include "directories.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LOCK_TRIES 100 /* of 10 ms */

static uint64_t hash64(const char *text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (; *text != '\0'; text++)
		hash = (hash ^ (uint8_t)*text) * UINT64_C(1099511628211);
	return hash;
}

static int open_work_dir(struct agent *agent, struct tp_error *err)
{
	const char *given = agent->config.work_dir;
	const struct tp_disk_service *disk = &agent->disk;
	int r = disk->ops->mkdirs(disk->impl, given, 0755, err);
	char *real;

	if (r < 0)
		return tp_wrap(err, r, "work_dir");
	real = realpath(given, NULL);
	if (real == NULL)
		return tp_fail_errno(err, errno, "work_dir '%s'", given);
	agent->work_dir = tp_strdup(real);
	free(real);
	agent->config.work_dir = agent->work_dir;
	tp_cleanup(ptr) char *meta = tp_asprintf("%s/meta/slaves", agent->work_dir);
	return disk->ops->mkdirs(disk->impl, meta, 0755, err);
}

static int lock_work_dir(struct agent *agent, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/meta/lock", agent->work_dir);

	agent->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (agent->lock_fd < 0)
		return tp_fail_errno(err, errno, "opening '%s'", path);
	/* A killed agent holds it until the kernel is done with it: wait a moment. */
	for (int i = 0; flock(agent->lock_fd, LOCK_EX | LOCK_NB) < 0; i++) {
		if (i == LOCK_TRIES)
			return tp_fail(err, EBUSY,
				"another agent uses work_dir '%s': give each its own",
				agent->work_dir);
		nanosleep(&(struct timespec){ .tv_nsec = 10 * TP_MSEC }, NULL);
	}
	return 0;
}

static int make_own(const char *path, struct tp_error *err)
{
	struct stat st;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return tp_fail_errno(err, errno, "making runtime_dir '%s'", path);
	if (lstat(path, &st) < 0)
		return tp_fail_errno(err, errno, "runtime_dir '%s'", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() || (st.st_mode & 0022) != 0)
		return tp_fail(err, EPERM,
			"runtime_dir '%s' must be a directory that only this user can "
			"write: remove it or choose another one",
			path);
	return 0;
}

static char *pick_runtime_dir(const struct agent *agent)
{
	const char *given = agent->config.runtime_dir;

	if (given != NULL && given[0] != '\0')
		return tp_strdup(given);
	if (geteuid() == 0 && (mkdir("/run/tepui", 0755) == 0 || errno == EEXIST) &&
		access("/run/tepui", W_OK) == 0)
		return tp_strdup("/run/tepui");
	return tp_asprintf("/tmp/tepui-%u", (unsigned)geteuid());
}

int directories_open(struct agent *agent, struct tp_error *err)
{
	int r = open_work_dir(agent, err);

	if (r >= 0)
		r = lock_work_dir(agent, err);
	if (r < 0)
		return r;
	tp_cleanup(ptr) char *base = pick_runtime_dir(agent);
	r = make_own(base, err);
	if (r < 0)
		return r;
	agent->runtime_dir = tp_asprintf("%s/%016" PRIx64, base, hash64(agent->work_dir));
	return make_own(agent->runtime_dir, err);
}

static int make_one(const char *path, mode_t mode)
{
	return mkdir(path, mode) < 0 && errno != EEXIST ? -errno : 0;
}

/* mkdir -p: from the last part up to the first that can be made. */
static int make_upwards(char *path)
{
	char *slash;
	int r = make_one(path, 0755);

	if (r != -ENOENT)
		return r;
	slash = strrchr(path, '/');
	if (slash == NULL || slash == path)
		return r;
	*slash = '\0';
	r = make_upwards(path);
	*slash = '/';
	return r < 0 ? r : make_one(path, 0755);
}

int directories_make(const char *path, size_t known, mode_t mode)
{
	tp_cleanup(ptr) char *text = tp_strdup(path);
	size_t len = strlen(path), at = known;
	int r;

	tp_assert(path[known] == '/' || known == len);
	text[at] = '\0';
	r = make_upwards(text);
	while (r >= 0 && at < len) {
		text[at] = '/';
		at += 1 + strcspn(path + at + 1, "/");
		text[at] = '\0';
		r = make_one(text, at == len ? mode : 0755);
	}
	return r;
}

void directories_close(struct agent *agent)
{
	tp_fd_cleanup(&agent->lock_fd);
	agent->lock_fd = -1;
	tp_free(agent->runtime_dir);
	tp_free(agent->work_dir);
	agent->runtime_dir = agent->work_dir = NULL;
}
