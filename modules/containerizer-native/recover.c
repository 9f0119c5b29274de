/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding containers again after the agent's death. <runtime_dir>/containers/<id>/pid holds the
 * init process's pid and start time, which together name one process for ever; it is written
 * without fsync, because after a power loss there are no processes to find. What the agent
 * remembers is adopted, or reported as over when its process is gone; everything else is an
 * orphan and killed. A container of which neither can be said, for want of descriptors or by an
 * error of the disk, ends the recovery: nobody may call over what runs on.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "container.h"

int container_checkpoint(struct container *container, struct tp_error *err)
{
	const char *path = container_path(container, "pid");
	char text[64];
	int r = tp_process_start_time(container->pid, &container->start_ticks, err);

	if (r < 0)
		return r;
	int len = snprintf(text, sizeof(text), "%d %" PRIu64 "\n", (int)container->pid,
		container->start_ticks);
	tp_cleanup(fd) int fd =
		open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (fd < 0 || write(fd, text, (size_t)len) != len)
		return tp_fail_errno(err, errno, "writing '%s'", path);
	return 0;
}

/*
 * EINVAL is a thread that has the pid now. Without a pid that was written in full the agent was
 * killed before init got its plan, and without one it ends by itself.
 */
static bool is_gone(int r)
{
	return r == -ESRCH || r == -EINVAL || r == -ENOENT || r == -EUCLEAN;
}

static void adopted_exited(struct tp_child *child, int wait_status)
{
	container_over(tp_container_of(child, struct container, init), wait_status);
}

/* is_gone() when the process is gone, or another one has its pid now. */
static int container_adopt(struct container *container, struct tp_error *err)
{
	const char *path = container_path(container, "pid");
	uint64_t ticks, now_ticks;
	char text[64];
	int pid;

	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (len < 0)
		return tp_fail_errno(err, errno, "reading '%s'", path);
	text[len] = '\0';
	if (sscanf(text, "%d %" SCNu64, &pid, &ticks) != 2 || pid <= 1)
		return tp_fail(
			err, EUCLEAN, "'%s' does not hold a pid and a start time", path);
	container->init.exited = adopted_exited;
	/* While its session lives, nobody else gets the pid: survivors can be found by it. */
	container->pid = pid;
	int r = tp_child_adopt(
		container->self->instance.loop, &container->init, pid, err);
	if (r < 0)
		return r;
	/* The pidfd is open: from here on the pid cannot be reused under our feet. */
	r = tp_process_start_time(pid, &now_ticks, err);
	if (r == 0 && now_ticks != ticks)
		r = tp_fail(err, ESRCH, "pid %d is another process now", pid);
	if (r < 0) {
		tp_child_forget(container->self->instance.loop, &container->init);
		container->pid = 0;
		return r;
	}
	/* An agent that died while it destroyed the container has left its init stopped. */
	tp_child_kill(&container->init, SIGCONT);
	container->start_ticks = ticks;
	container->state = CONTAINER_RUNNING;
	return 0;
}

/* A container whose process is gone is over: told after the recovery was answered. */
static void container_gone(struct tp_timer *timer)
{
	container_over(tp_container_of(timer, struct container, gone), -1);
}

static void container_end_later(struct container *container)
{
	container->state = CONTAINER_DESTROYING;
	container->gone.fire = container_gone;
	tp_timer_arm(container->self->instance.loop, &container->gone, 0);
}

/* 1: it is here again; 0: it is over. */
static int container_find_again(struct container *container, struct tp_error *err)
{
	int r = container_adopt(container, err);

	if (r >= 0)
		return 1;
	if (is_gone(r))
		return 0;
	tp_wrap(err, r, "container '%s' is left alone, nobody can say whether it runs",
		container->id);
	container_destroy(container);
	return r;
}

static void container_recover_isolation(
	struct container *container, const struct tp_container_state *state)
{
	struct native *self = container->self;
	struct tp_error err;

	for (size_t i = 0; i < self->isolators.n; i++) {
		struct tp_isolator isolator = native_isolator(self, i);

		if (isolator.ops->recover == NULL ||
			isolator.ops->recover(isolator.impl, state, &err) == 0)
			continue;
		tp_warn(self, "an isolator cannot find a container again, destroying it",
			"container=%s isolator=%s error=%s", container->id,
			self->isolators.items[i].instance, err.text);
		container_kill(container);
		return;
	}
}

static int container_recover(
	struct native *self, const struct tp_container_state *state, struct tp_error *err)
{
	struct container *container = container_create(self, state->container_id->value);
	int r;

	if (container == NULL)
		return 0;
	container->is_told = true;
	r = container_find_again(container, err);
	if (r > 0) {
		container_recover_isolation(container, state);
	} else if (r == 0) {
		tp_info(self, "a remembered container is over", "container=%s why=%s",
			container->id, err->text);
		container_end_later(container);
	}
	return r;
}

static int orphan_kill(struct native *self, const char *id, struct tp_error *err)
{
	struct container *container;
	int r;

	if (id[0] == '.' || container_find(self, id) != NULL)
		return 0;
	container = container_create(self, id);
	tp_warn(self, "a container nobody remembers, destroying it", "container=%s", id);
	r = container_find_again(container, err);
	if (r > 0)
		container_kill(container);
	else if (r == 0)
		container_end_later(container);
	return r;
}

static int orphans_kill(struct native *self, struct tp_error *err)
{
	DIR *dir = opendir(self->containers_dir);
	struct dirent *entry;
	int r = 0;

	if (dir == NULL)
		return tp_fail_errno(err, errno, "listing '%s'", self->containers_dir);
	while (r >= 0 && (errno = 0, entry = readdir(dir)) != NULL)
		r = orphan_kill(self, entry->d_name, err);
	if (r >= 0 && errno != 0)
		r = tp_fail_errno(err, errno, "listing '%s'", self->containers_dir);
	closedir(dir);
	return r;
}

void native_recover(void *impl, struct tp_container_state *const *states, size_t n,
	struct tp_container_request *request)
{
	struct native *self = impl;
	struct tp_error err;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++)
		r = container_recover(self, states[i], &err);
	if (r >= 0)
		r = orphans_kill(self, &err);
	native_answer(self, request, r < 0 ? r : 0, &err);
}
