/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of trees, oldest first, and three works of which each runs at most once at a time: one
 * looks how full the disk is, one removes the oldest tree, one looks for what an earlier run of
 * the agent left (gc_scan.c).
 *
 *	every disk_watch_interval:	measure ─► allowed age ─► remove while the oldest is older
 *	when the oldest reaches gc_delay:	remove
 *
 * Folders above a sandbox go with their last run, on the loop, where new sandboxes are made too:
 * so a run that starts never loses its parents. A run's folder bears its container's id and is
 * never used again, so nothing has to be taken off the list when an executor is launched anew.
 */
#include "gc.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tepui/disk.h"
#include "tepui/map.h"
#include "tepui/strbuf.h"

#include "gc_scan.h"
#include "metrics.h"

struct gc {
	struct agent *agent;
	struct tp_list waiting; /* oldest first */
	struct tp_map paths;    /* the same, by path */
	int64_t allowed_ns;
	struct tp_timer watch, due;
	struct gc_scan *scan; /* NULL: none runs */
	bool overflowed;      /* there is more on disk than in memory */
	bool stopping;
	struct tp_done *stopped;

	struct tp_work measure;
	bool measuring;
	double usage; /* the work's result */

	struct tp_work remove;
	struct gc_item *removing; /* the work's, off the list */
	struct tp_error remove_err;
};

struct gc_item {
	struct tp_map_node node;
	struct tp_list order;
	int64_t died_ns; /* loop time; may be before the loop began */
	char path[];
};

static void gc_remove_next(struct gc *self);

static struct gc_item *gc_oldest(struct gc *self)
{
	return tp_list_first(&self->waiting, struct gc_item, order);
}

static void item_take(struct gc *self, struct gc_item *item)
{
	tp_list_remove(&item->order);
	tp_map_remove(&self->paths, &item->node);
}

/* --- the list -------------------------------------------------------------------------- */

/* At gc_delay the oldest goes even when nobody looks at the disk before. */
static void gc_arm_due(struct gc *self)
{
	struct gc_item *oldest = gc_oldest(self);
	struct tp_loop *loop = self->agent->instance.loop;
	int64_t wait_ns;

	if (oldest == NULL || self->removing != NULL || self->stopping)
		return;
	wait_ns =
		oldest->died_ns + self->agent->config.gc_delay_ns - tp_loop_now_ns(loop);
	tp_timer_arm(loop, &self->due, wait_ns > 0 ? wait_ns : 0);
}

static void gc_due(struct tp_timer *timer)
{
	gc_remove_next(tp_container_of(timer, struct gc, due));
}

/* Too many: the youngest is forgotten and found again by a scan. */
static void gc_trim(struct gc *self)
{
	struct gc_item *youngest;

	if (self->paths.n <= GC_WAITING_MAX)
		return;
	youngest = tp_container_of(self->waiting.prev, struct gc_item, order);
	self->overflowed = true;
	item_take(self, youngest);
	tp_free(youngest);
}

void gc_add_aged(struct agent *agent, const char *path, int64_t age_ns)
{
	struct gc *self = agent->gc;
	size_t len = strlen(path) + 1;
	struct tp_list *after = self->waiting.prev;
	struct gc_item *item;

	if (tp_map_find(&self->paths, path) != NULL)
		return;
	item = tp_alloc(sizeof(*item) + len);
	memcpy(item->path, path, len);
	item->died_ns = tp_loop_now_ns(agent->instance.loop) - (age_ns > 0 ? age_ns : 0);
	while (after != &self->waiting &&
		tp_container_of(after, struct gc_item, order)->died_ns > item->died_ns)
		after = after->prev;
	tp_list_prepend(after, &item->order);
	tp_map_add(&self->paths, &item->node, item->path);
	gc_trim(self);
	gc_arm_due(self);
}

void gc_add(struct agent *agent, const char *path)
{
	int64_t now_ns = tp_loop_wall_ns(agent->instance.loop);
	const struct timespec now = { now_ns / TP_SEC, now_ns % TP_SEC };
	const struct timespec times[] = { now, now };

	/* An agent that starts anew reads from it when the sandbox was given up. */
	utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	gc_add_aged(agent, path, 0);
}

/* --- removal --------------------------------------------------------------------------- */

static int remove_run(struct tp_work *work)
{
	struct gc *self = tp_container_of(work, struct gc, remove);

	return tp_disk_tree_remove(self->removing->path, &self->remove_err);
}

/* `latest` of an executor without runs points at nothing; then what is empty goes, upwards. */
static void remove_parents(const struct agent *agent, const char *path)
{
	tp_cleanup(ptr) char *top = tp_asprintf("%s/slaves", agent->config.work_dir);
	tp_cleanup(ptr) char *dir = tp_strdup(path);
	size_t top_len = strlen(top);
	char *slash;

	if (strncmp(dir, top, top_len) != 0)
		return;
	while ((slash = strrchr(dir, '/')) != NULL && (size_t)(slash - dir) > top_len) {
		*slash = '\0';
		tp_cleanup(ptr) char *latest = tp_asprintf("%s/latest", dir);
		if (access(latest, F_OK) < 0)
			unlink(latest);
		if (rmdir(dir) < 0)
			return;
	}
}

static bool gc_work_is_over(struct gc *self)
{
	struct tp_done *stopped = self->stopped;

	if (self->measuring || self->removing != NULL || self->scan != NULL)
		return false;
	self->stopped = NULL;
	if (stopped != NULL)
		tp_done(stopped, 0);
	return true;
}

static void remove_done(struct tp_work *work, int status)
{
	struct gc *self = tp_container_of(work, struct gc, remove);
	struct agent *agent = self->agent;
	struct gc_item *item = self->removing;

	self->removing = NULL;
	if (status < 0) {
		agent->metrics->gc_failed.value++;
		tp_warn(agent,
			"what has ended cannot be removed, leaving it until the next "
			"start",
			"path=%s error=%s", item->path,
			status == -ECANCELED ? "stopping" : self->remove_err.text);
	} else {
		agent->metrics->gc_succeeded.value++;
		tp_debug(agent, "removed what has ended", "path=%s", item->path);
		remove_parents(agent, item->path);
	}
	tp_free(item);
	if (self->stopping)
		gc_work_is_over(self);
	else
		gc_remove_next(self);
}

static void gc_begin_scan(struct gc *self);

/* Removes the oldest if it may not live longer; then comes back for the next. */
static void gc_remove_next(struct gc *self)
{
	struct gc_item *oldest = gc_oldest(self);
	int64_t now_ns = tp_loop_now_ns(self->agent->instance.loop);

	if (self->removing != NULL || self->stopping)
		return;
	if (oldest == NULL && self->overflowed) {
		gc_begin_scan(self);
		return;
	}
	if (oldest == NULL)
		return;
	if (now_ns - oldest->died_ns < self->allowed_ns) {
		gc_arm_due(self);
		return;
	}
	item_take(self, oldest);
	self->removing = oldest;
	tp_timer_disarm(self->agent->instance.loop, &self->due);
	tp_work_submit(&self->agent->work, &self->remove);
}

/* --- how full the disk is -------------------------------------------------------------- */

int64_t gc_max_age_ns(int64_t delay_ns, double headroom, double usage)
{
	double part = 1 - headroom - usage;

	return part <= 0 ? 0 : (int64_t)((double)delay_ns * part);
}

static int measure_run(struct tp_work *work)
{
	struct gc *self = tp_container_of(work, struct gc, measure);
	struct statvfs fs;
	double used;

	if (statvfs(self->agent->config.work_dir, &fs) < 0)
		return -errno;
	used = (double)(fs.f_blocks - fs.f_bfree);
	if (used + (double)fs.f_bavail <= 0)
		return -ENODATA;
	self->usage = used / (used + (double)fs.f_bavail);
	return 0;
}

static void measure_done(struct tp_work *work, int status)
{
	struct gc *self = tp_container_of(work, struct gc, measure);
	struct agent *agent = self->agent;

	self->measuring = false;
	if (self->stopping) {
		gc_work_is_over(self);
		return;
	}
	if (status < 0)
		tp_warn(agent,
			"cannot see how full the disk is, keeping the last age of "
			"sandboxes",
			"error=%s", strerror(-status));
	else
		self->allowed_ns = gc_max_age_ns(agent->config.gc_delay_ns,
			agent->config.gc_disk_headroom, self->usage);
	tp_debug(agent, "looked at the disk", "usage=%.3f allowed_s=%lld", self->usage,
		(long long)(self->allowed_ns / TP_SEC));
	gc_remove_next(self);
}

static void gc_watch(struct tp_timer *timer)
{
	struct gc *self = tp_container_of(timer, struct gc, watch);
	struct agent *agent = self->agent;

	tp_timer_arm(agent->instance.loop, timer, agent->config.disk_watch_interval_ns);
	if (self->measuring)
		return; /* a disk that hangs: one thread of the pool is enough */
	self->measuring = true;
	tp_work_submit(&agent->work, &self->measure);
}

/* --- life ------------------------------------------------------------------------------ */

static void gc_scanned(struct agent *agent, bool more)
{
	struct gc *self = agent->gc;

	self->scan = NULL;
	self->overflowed |= more;
	if (self->stopping)
		gc_work_is_over(self);
	else if (gc_oldest(self) != NULL)
		gc_remove_next(self);
}

static void gc_begin_scan(struct gc *self)
{
	if (self->scan != NULL)
		return;
	self->overflowed = false;
	self->scan = gc_scan_begin(self->agent, GC_WAITING_MAX, gc_scanned);
}

void gc_init(struct agent *agent)
{
	struct gc *self = tp_alloc(sizeof(*self));

	self->agent = agent;
	self->allowed_ns = agent->config.gc_delay_ns; /* until the disk was looked at */
	self->watch.fire = gc_watch;
	self->due.fire = gc_due;
	self->measure.run = measure_run;
	self->measure.done = measure_done;
	self->remove.run = remove_run;
	self->remove.done = remove_done;
	tp_list_init(&self->waiting);
	tp_map_init(&self->paths);
	agent->gc = self;
}

void gc_start(struct agent *agent)
{
	struct gc *self = agent->gc;

	tp_timer_arm(agent->instance.loop, &self->watch, 0);
	gc_begin_scan(self);
}

void gc_stop(struct agent *agent, struct tp_done *done)
{
	struct gc *self = agent->gc;

	self->stopping = true;
	tp_timer_disarm(agent->instance.loop, &self->watch);
	tp_timer_disarm(agent->instance.loop, &self->due);
	self->stopped = done;
	gc_work_is_over(self);
}

void gc_fini(struct agent *agent)
{
	struct gc *self = agent->gc;
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_timer_disarm(agent->instance.loop, &self->watch);
	tp_timer_disarm(agent->instance.loop, &self->due);
	tp_list_foreach (node, tmp, &self->waiting) {
		struct gc_item *item = tp_container_of(node, struct gc_item, order);

		item_take(self, item);
		tp_free(item);
	}
	tp_map_fini(&self->paths);
	tp_free(self);
	agent->gc = NULL;
}

double gc_allowed_age_secs(const struct agent *agent)
{
	return (double)agent->gc->allowed_ns / (double)TP_SEC;
}

size_t gc_waiting(const struct agent *agent)
{
	return agent->gc->paths.n;
}
