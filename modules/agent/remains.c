/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walks down to the logs: <framework>/executors/<E>/runs/<container>/tasks/<T>/task.updates. A
 * folder whose log lives stays until the next start of the agent finds it over.
 */
#include "remains.h"

#include <errno.h>
#include <unistd.h>

#include "tepui/task_life.h"

#include "checkpoint.h"
#include "frameworks.h"
#include "journal.h"
#include "status.h"
#include "updates.h"

/*
 * Its tasks are told by the updates themselves: the framework may not be known here. It was
 * launched, or there were no updates: it is gone, not dropped.
 */
static void end_unknown(struct agent *agent, const struct tp_status_update *last)
{
	const char *framework_id = last->framework_id->value;
	const struct status_reason why = {
		.state = status_pick(framework_find(agent, framework_id), TP_TASK_GONE),
		.reason = TP_REASON_AGENT_RESTARTED,
		.message = "The agent lost its record of the task with a loss of power",
	};

	status_refuse(agent, framework_id,
		last->executor_id == NULL ? NULL : last->executor_id->value,
		last->status->task_id->value, &why);
}

/* 1: it has something to say; 0: nothing, or there is none. */
static int play_log(struct agent *agent, const char *path, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct updates_recovered found;
	int r = checkpoint_play_updates(agent, path, arena, &found, err);

	if (r >= 0 && found.last != NULL && !found.terminal_acknowledged) {
		if (!tp_task_state_is_terminal(found.last->status->state))
			end_unknown(agent, found.last);
		r = 1;
	}
	return r;
}

/* Calls `each` for what is below `dir`/`name`; how many have something to say. */
static int below(struct agent *agent, const char *dir, const char *name,
	int (*each)(struct agent *, const char *, struct tp_error *),
	struct tp_error *err)
{
	tp_cleanup(ptr) char *parent = tp_asprintf("%s/%s", dir, name);
	tp_cleanup(ptr) char **names = NULL;
	size_t n = 0;
	int live = 0, r = checkpoint_list(agent, parent, &names, &n, err);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", parent, names[i]);

		r = each(agent, path, err);
		live += r;
	}
	return r < 0 ? r : live;
}

/*
 * Of what is forgotten nobody needs the record. One that a loss of power left torn would be damage to
 * the next start, when the framework is known again.
 */
static int record_drop(
	struct agent *agent, const char *dir, const char *name, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/%s", dir, name);

	if (agent->rebooted && unlink(path) < 0 && errno != ENOENT)
		return tp_fail_errno(err, errno, "remove '%s'", path);
	return 0;
}

static int task_below(struct agent *agent, const char *dir, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/task.updates", dir);
	int r = record_drop(agent, dir, "task.info", err);

	return r < 0 ? r : play_log(agent, path, err);
}

static int run_below(struct agent *agent, const char *dir, struct tp_error *err)
{
	return below(agent, dir, "tasks", task_below, err);
}

static int executor_below(struct agent *agent, const char *dir, struct tp_error *err)
{
	int r = record_drop(agent, dir, "executor.info", err);

	return r < 0 ? r : below(agent, dir, "runs", run_below, err);
}

static int finish(struct agent *agent, const char *dir, int live)
{
	if (live < 0)
		return live;
	tp_info(agent,
		live > 0 ? "updates of forgotten tasks are found, sending them again"
			 : "removing what an earlier end left in the checkpoint",
		"path=%s", dir);
	if (live == 0)
		journal_remove(agent->journal, dir);
	return live;
}

int remains_of_task(struct agent *agent, const char *dir, struct tp_error *err)
{
	return finish(agent, dir, task_below(agent, dir, err));
}

int remains_of_run(struct agent *agent, const char *dir, struct tp_error *err)
{
	return finish(agent, dir, run_below(agent, dir, err));
}

int remains_of_framework(struct agent *agent, const char *dir, struct tp_error *err)
{
	return finish(agent, dir, below(agent, dir, "executors", executor_below, err));
}
