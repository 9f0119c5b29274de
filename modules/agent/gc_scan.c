/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	<work_dir>/slaves/<this agent>/frameworks/F/executors/E/runs/C	each run that has no executor
 *	<work_dir>/slaves/<another>, <work_dir>/meta/slaves/<another>	whole, as old as its last run
 *
 * The age is that of the folder's time of change, which gc_add() sets when a run ends. What is
 * alive is sorted out on the loop, when the work is done: it may have begun meanwhile.
 */
#include "gc_scan.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tepui/strbuf.h"

#include "executors.h"
#include "gc.h"

struct found {
	int64_t changed_ns; /* wall time */
	char *path;
	char *agent_id;                   /* NULL: of this agent */
	char *framework_id, *executor_id; /* of a run; else NULL */
};

struct gc_scan {
	struct tp_work work;
	struct agent *agent;
	char *work_dir, *agent_id; /* the work's own copies */
	size_t max;
	void (*done)(struct agent *agent, bool more);
	struct found *found;
	size_t n, size;
	bool more;
};

/* --- off the loop ---------------------------------------------------------------------- */

/* Calls `each` for every folder in `path`; links are none. */
static void folders(struct gc_scan *scan, const char *path,
	void (*each)(struct gc_scan *scan, const char *path, const char *name, void *arg),
	void *arg)
{
	DIR *dir = opendir(path);
	struct dirent *entry;

	while (dir != NULL && (entry = readdir(dir)) != NULL) {
		struct stat st;

		if (entry->d_name[0] == '.')
			continue;
		tp_cleanup(ptr) char *child = tp_asprintf("%s/%s", path, entry->d_name);
		if (lstat(child, &st) == 0 && S_ISDIR(st.st_mode))
			each(scan, child, entry->d_name, arg);
	}
	if (dir != NULL)
		closedir(dir);
}

static int64_t changed_ns(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return INT64_MAX; /* gone meanwhile: as young as can be */
	return (int64_t)st.st_mtim.tv_sec * TP_SEC + st.st_mtim.tv_nsec;
}

static void found_fini(struct found *found)
{
	tp_free(found->path);
	tp_free(found->agent_id);
	tp_free(found->framework_id);
	tp_free(found->executor_id);
}

static int found_compare(const void *a, const void *b)
{
	int64_t x = ((const struct found *)a)->changed_ns;
	int64_t y = ((const struct found *)b)->changed_ns;

	return x < y ? -1 : x > y;
}

/* The oldest `max`, in order. */
static void scan_trim(struct gc_scan *scan)
{
	if (scan->n > 1)
		qsort(scan->found, scan->n, sizeof(*scan->found), found_compare);
	while (scan->n > scan->max) {
		found_fini(&scan->found[--scan->n]);
		scan->more = true;
	}
}

static void scan_add(struct gc_scan *scan, struct found found)
{
	if (scan->n == 2 * scan->max)
		scan_trim(scan);
	if (scan->n == scan->size) {
		scan->size = scan->size == 0 ? 64 : scan->size * 2;
		scan->found = tp_realloc(scan->found, scan->size * sizeof(*scan->found));
	}
	scan->found[scan->n++] = found;
}

/* Where in the tree a walk is. */
struct place {
	const char *framework_id, *executor_id;
	int64_t newest_ns; /* of the runs of another agent */
	bool own;
};

static void on_run(struct gc_scan *scan, const char *path, const char *name, void *arg)
{
	struct place *place = arg;
	int64_t ns = changed_ns(path);

	(void)name;
	if (ns != INT64_MAX && ns > place->newest_ns)
		place->newest_ns = ns;
	if (place->own)
		scan_add(scan,
			(struct found){
				.changed_ns = ns,
				.path = tp_strdup(path),
				.framework_id = tp_strdup(place->framework_id),
				.executor_id = tp_strdup(place->executor_id),
			});
}

static void on_executor(
	struct gc_scan *scan, const char *path, const char *name, void *arg)
{
	struct place *place = arg;

	tp_cleanup(ptr) char *runs = tp_asprintf("%s/runs", path);
	place->executor_id = name;
	folders(scan, runs, on_run, place);
}

static void on_framework(
	struct gc_scan *scan, const char *path, const char *name, void *arg)
{
	struct place *place = arg;

	tp_cleanup(ptr) char *executors = tp_asprintf("%s/executors", path);
	place->framework_id = name;
	folders(scan, executors, on_executor, place);
}

static void on_agent(struct gc_scan *scan, const char *path, const char *name, void *arg)
{
	struct place place = { .own = strcmp(name, scan->agent_id) == 0 };

	(void)arg;
	tp_cleanup(ptr) char *frameworks = tp_asprintf("%s/frameworks", path);
	place.newest_ns = changed_ns(path);
	folders(scan, frameworks, on_framework, &place);
	if (place.own)
		return;
	scan_add(scan,
		(struct found){
			.changed_ns = place.newest_ns,
			.path = tp_strdup(path),
			.agent_id = tp_strdup(name),
		});
}

/* Its sandboxes may say that it lived longer than its own folder does. */
static void on_meta(struct gc_scan *scan, const char *path, const char *name, void *arg)
{
	struct place place = { .newest_ns = changed_ns(path) };

	(void)arg;
	if (strcmp(name, scan->agent_id) == 0)
		return;
	tp_cleanup(ptr) char *frameworks =
		tp_asprintf("%s/slaves/%s/frameworks", scan->work_dir, name);
	folders(scan, frameworks, on_framework, &place);
	scan_add(scan,
		(struct found){
			.changed_ns = place.newest_ns,
			.path = tp_strdup(path),
			.agent_id = tp_strdup(name),
		});
}

static int scan_run(struct tp_work *work)
{
	struct gc_scan *scan = tp_container_of(work, struct gc_scan, work);
	tp_cleanup(ptr) char *slaves = tp_asprintf("%s/slaves", scan->work_dir);
	tp_cleanup(ptr) char *meta = tp_asprintf("%s/meta/slaves", scan->work_dir);

	folders(scan, slaves, on_agent, NULL);
	folders(scan, meta, on_meta, NULL);
	scan_trim(scan);
	return 0;
}

/* --- on the loop ----------------------------------------------------------------------- */

static bool is_used(struct agent *agent, const struct found *found)
{
	const struct executor *executor;

	if (found->agent_id != NULL)
		return tp_streq(found->agent_id, agent->id);
	executor = executor_find(agent, found->framework_id, found->executor_id);
	return executor != NULL && tp_streq(executor->directory, found->path);
}

static void scan_done(struct tp_work *work, int status)
{
	struct gc_scan *scan = tp_container_of(work, struct gc_scan, work);
	struct agent *agent = scan->agent;
	int64_t now_ns = tp_loop_wall_ns(agent->instance.loop);
	void (*done)(struct agent *, bool) = scan->done;
	bool more = scan->more;

	for (size_t i = 0; i < scan->n; i++) {
		struct found *found = &scan->found[i];

		if (status >= 0 && found->changed_ns != INT64_MAX &&
			!is_used(agent, found))
			gc_add_aged(agent, found->path, now_ns - found->changed_ns);
		found_fini(found);
	}
	tp_free(scan->found);
	tp_free(scan->work_dir);
	tp_free(scan->agent_id);
	tp_free(scan);
	done(agent, more);
}

struct gc_scan *gc_scan_begin(
	struct agent *agent, size_t max, void (*done)(struct agent *agent, bool more))
{
	struct gc_scan *scan = tp_alloc(sizeof(*scan));

	scan->work.run = scan_run;
	scan->work.done = scan_done;
	scan->agent = agent;
	scan->work_dir = tp_strdup(agent->config.work_dir);
	scan->agent_id = tp_strdup(agent->id);
	scan->max = max;
	scan->done = done;
	tp_work_submit(&agent->work, &scan->work);
	return scan;
}
