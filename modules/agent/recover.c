/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	READ the checkpoint ─► ADOPT containers ─► WAIT for executors ─► done
 *
 * WAIT ends when every executor that lives has subscribed, or `executor_reregistration_timeout`
 * later: who is not back by then is ended. Containers that nobody remembers (those of frameworks
 * that do not checkpoint) are ended by the containerizers.
 *
 * With `strict` damage in the checkpoint stops the agent; else it is logged and skipped. A file
 * that is missing is not damage: the agent was killed before it was written.
 */
#include "recover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/codec.h"
#include "tepui/ids.h"
#include "tepui/record.h"
#include "tepui/wire/machine.h"

#include "agent_info.h"
#include "checkpoint.h"
#include "containers.h"
#include "executors.h"
#include "frameworks.h"
#include "journal.h"
#include "metrics.h"
#include "remains.h"
#include "run_task.h"
#include "sandbox.h"
#include "tasks.h"
#include "updates.h"

#define FILE_MAX_BYTES (64 * 1024 * 1024)

struct recovery {
	struct agent *agent;
	struct tp_timer late; /* for executors */
	struct tp_arena *arena;
	struct tp_container_state **states;
	size_t n_states;
	size_t n_kept; /* what stays for the next start: logs of unknown tasks, damage */
	int64_t began_ns;
	bool waiting;
};

/* --- reading --------------------------------------------------------------------------- */

/*
 * 1: *ret is the record; 0: there is no such file. The .info files of what runs are written without
 * fsync: one that a loss of power left torn was never there. It is gone before the new boot is
 * noted, so that the next start does not find it.
 */
static int read_record(struct agent *agent, const char *path, const struct tp_desc *desc,
	struct tp_arena *arena, void **ret, struct tp_error *err)
{
	tp_cleanup(ptr) char *data = NULL;
	size_t len;
	int r = agent->disk.ops->read(
		agent->disk.impl, path, FILE_MAX_BYTES, &data, &len, err);

	if (r == -ENOENT || (r >= 0 && len == 0))
		return 0;
	if (r >= 0)
		r = tp_msgpack_decode(desc, data, len, arena, ret, err);
	if (r >= 0)
		r = tp_record_check(desc, *ret, err);
	if (r < 0 && agent->rebooted) {
		tp_warn(agent, "a loss of power left a file of the checkpoint torn",
			"path=%s error=%s", path, err->text);
		if (unlink(path) < 0 && errno != ENOENT)
			return tp_fail_errno(err, errno, "remove torn '%s'", path);
		return 0;
	}
	return r < 0 ? tp_wrap(err, r, "%s", path) : 1;
}

/* This process lacks something; the checkpoint may be whole, so nobody goes on without a part. */
static bool is_short_of(int r)
{
	return r == -EMFILE || r == -ENFILE || r == -ENOMEM;
}

/* Damage: fatal when strict. */
static int tolerate(struct agent *agent, int r, const struct tp_error *err)
{
	if (is_short_of(r))
		return r;
	agent->metrics->recovery_errors.value++;
	if (agent->config.strict)
		return r;
	tp_warn(agent, "the checkpoint is damaged, going on without this part",
		"error=%s", err->text);
	return 0;
}

/* It stays where it is: what cannot be read may hold the fate of tasks. */
static int damaged(struct recovery *self, int r, const struct tp_error *err)
{
	r = tolerate(self->agent, r, err);
	if (r >= 0)
		self->n_kept++;
	return r;
}

/* Where nothing is noted pids and start times decide. */
static bool was_rebooted(struct agent *agent)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/meta/boot_id", agent->config.work_dir);
	tp_cleanup(ptr) char *now = checkpoint_boot_id();
	tp_cleanup(ptr) char *then = NULL;
	size_t len;

	return agent->disk.ops->read(agent->disk.impl, path, 4096, &then, &len, NULL) >=
		0 &&
		!tp_streq(now, then);
}

int recover_agent(struct agent *agent, struct tp_error *err)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/meta/slaves/latest/agent.info", agent->config.work_dir);
	struct tp_arena *arena = tp_arena_create(0);
	void *record;
	int r = read_record(agent, path, &tp_agent_info_desc, arena, &record, err);
	const struct tp_agent_info *info = r > 0 ? record : NULL;

	if (info != NULL &&
		(info->id == NULL ||
			tp_id_validate("AgentID", info->id->value, NULL) < 0))
		r = tp_fail(err, EBADMSG, "%s: it has no id", path);
	if (r < 0 && !is_short_of(r)) {
		tp_wrap(err, r,
			"who this agent is (strict: false goes on as a new one, which "
			"ends all tasks)");
		r = tolerate(agent, r, err);
	}
	if (r <= 0) {
		tp_arena_destroy(arena);
		return r;
	}
	agent->rebooted = was_rebooted(agent);
	r = agent_info_check(agent, info, err);
	if (r >= 0) {
		agent_set_id(agent, info->id->value);
	} else if (agent->rebooted) {
		tp_warn(agent, "the agent changed with a reboot, becoming a new one",
			"was=%s why=%s", info->id->value, err->text);
		agent->rebooted = false; /* of the new one nothing is remembered */
		r = 0;
	}
	tp_arena_destroy(arena);
	return r < 0 ? r : 0;
}

/* --- entities -------------------------------------------------------------------------- */

static void recover_pid(struct executor *executor)
{
	struct agent *agent = executor->framework->agent;
	tp_cleanup(ptr) char *dir = checkpoint_run_path(executor);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/forked.pid", dir);
	tp_cleanup(ptr) char *text = NULL;
	long long pid;
	unsigned long long ticks;
	size_t len;

	if (agent->disk.ops->read(agent->disk.impl, path, 4096, &text, &len, NULL) < 0 ||
		sscanf(text, "%lld %llu", &pid, &ticks) != 2)
		return;
	executor->pid = pid;
	executor->start_ticks = ticks;
}

/* Plays the log of a task's updates; what is not acknowledged will be sent again. */
static int recover_updates(struct task *task, struct tp_error *err)
{
	struct agent *agent = task->executor->framework->agent;
	tp_cleanup(ptr) char *path = checkpoint_updates_path(task);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct updates_recovered found;
	int r = checkpoint_play_updates(agent, path, arena, &found, err);

	if (r >= 0 && found.torn_bytes > 0)
		tp_warn(agent, "the end of a log of updates was cut short, dropping it",
			"path=%s bytes=%zu", path, found.torn_bytes);
	if (r >= 0 && found.last != NULL)
		task_happened(task, TASK_EVENT_REPORTED, found.last->status);
	if (r >= 0 && found.terminal_acknowledged)
		task_happened(task, TASK_EVENT_ACKNOWLEDGED, NULL);
	return r;
}

/* Where the tasks of a run are; names are checked as ids. */
struct run {
	struct framework *framework;
	const char *executor_id;
	const char *container_id;
	char *executor_dir, *run_dir, *tasks_dir;
};

static int read_task(struct agent *agent, const struct run *run, const char *task_id,
	struct tp_arena *arena, struct tp_task_info **ret, struct tp_error *err)
{
	tp_cleanup(ptr) char *path =
		tp_asprintf("%s/%s/task.info", run->tasks_dir, task_id);
	void *record;
	int r = read_record(agent, path, &tp_task_info_desc, arena, &record, err);

	if (r <= 0)
		return r;
	*ret = record;
	if (!tp_streq((*ret)->task_id->value, task_id))
		return tp_fail(err, EBADMSG, "%s: it is of another task", path);
	return 1;
}

static struct executor *recover_executor(const struct run *run,
	struct tp_executor_info *info, bool command, struct tp_arena *arena,
	const struct tp_task_info *first)
{
	struct executor *executor =
		executor_create(run->framework, info, run->container_id, arena);
	gid_t gid;

	executor->command = command;
	executor->recovered = true;
	executor->begun = true;
	executor->launched = true;
	executor->stored = true;
	recover_pid(executor);
	sandbox_pick_user(executor, first, &gid, NULL);
	containers_adopt(executor);
	return executor;
}

/* The executor of a run, from executor.info or, for a command task, from its task. */
static int open_executor(struct agent *agent, const struct run *run, char **task_ids,
	size_t n_tasks, struct executor **ret, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/executor.info", run->executor_dir);
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_task_info *task = NULL;
	void *info = NULL;
	int r = read_record(agent, path, &tp_executor_info_desc, arena, &info, err);

	if (r > 0 &&
		!tp_streq(((struct tp_executor_info *)info)->executor_id->value,
			run->executor_id))
		r = tp_fail(err, EBADMSG, "%s: it is of another executor", path);
	if (r > 0) {
		*ret = recover_executor(run, info, false, arena, NULL);
		return 1;
	}
	if (r == 0 && n_tasks == 1 && tp_streq(task_ids[0], run->executor_id))
		r = read_task(agent, run, task_ids[0], arena, &task, err);
	if (r > 0 && task->executor != NULL)
		r = 0; /* its executor.info is missing: it was never launched */
	if (r <= 0) {
		tp_arena_destroy(arena);
		return r;
	}
	info = run_task_command_executor(run->framework, task, arena);
	info = tp_record_copy(&tp_executor_info_desc, info, arena);
	*ret = recover_executor(run, info, true, arena, task);
	return 1;
}

static int note_remains(struct recovery *self, int found)
{
	if (found > 0)
		self->n_kept += (size_t)found;
	return found < 0 ? found : 0;
}

static int recover_task(struct recovery *self, struct executor *executor,
	const struct run *run, const char *task_id, struct tp_error *err)
{
	struct agent *agent = executor->framework->agent;
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_task_info *info;
	struct task *task;
	int r = read_task(agent, run, task_id, arena, &info, err);

	if (r <= 0) {
		tp_arena_destroy(arena);
		tp_cleanup(ptr) char *dir = tp_asprintf("%s/%s", run->tasks_dir, task_id);
		return r < 0 ? r : note_remains(self, remains_of_task(agent, dir, err));
	}
	task = task_create(executor, info, arena);
	task_happened(task, TASK_EVENT_RECOVERED, NULL);
	return recover_updates(task, err);
}

static void remember_container(struct recovery *self, struct executor *executor)
{
	struct tp_container_state *state =
		tp_record_new(&tp_container_state_desc, self->arena);

	state->executor_info = executor->info;
	state->container_info = executor->info->container;
	state->container_id = tp_record_new(&tp_container_id_desc, self->arena);
	state->container_id->value = executor->container_id;
	state->has_pid = true;
	state->pid = (uint64_t)executor->pid;
	state->directory = executor->directory;
	tp_arena_push(self->arena, &self->states, &self->n_states, state);
}

/* 1: it has a sentinel. */
static int run_is_over(struct agent *agent, const struct run *run, struct tp_error *err)
{
	tp_cleanup(ptr) char *path = tp_asprintf("%s/executor.sentinel", run->run_dir);
	tp_cleanup(ptr) char *data = NULL;
	size_t len;
	int r = agent->disk.ops->read(agent->disk.impl, path, 4096, &data, &len, err);

	return r == -ENOENT ? 0 : r < 0 ? r : 1;
}

static int recover_tasks(struct recovery *self, struct executor *executor,
	const struct run *run, char **task_ids, size_t n, struct tp_error *err)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (tp_id_validate("TaskID", task_ids[i], NULL) < 0)
			continue;
		r = recover_task(self, executor, run, task_ids[i], err);
		if (r < 0)
			r = damaged(self, r, err);
	}
	return r;
}

static int recover_run(struct recovery *self, const struct run *run, struct tp_error *err)
{
	struct agent *agent = self->agent;
	struct executor *executor = NULL;
	tp_cleanup(ptr) char **tasks = NULL;
	size_t n_tasks;
	int r = run_is_over(agent, run, err);

	if (r > 0) {
		journal_remove(agent->journal, run->run_dir);
		return 0;
	}
	if (r == 0)
		r = checkpoint_list(agent, run->tasks_dir, &tasks, &n_tasks, err);
	if (r < 0)
		return r;
	r = open_executor(agent, run, tasks, n_tasks, &executor, err);
	if (r == 0)
		return note_remains(self, remains_of_run(agent, run->run_dir, err));
	if (r > 0)
		r = recover_tasks(self, executor, run, tasks, n_tasks, err);
	if (r < 0)
		return r;
	if (agent->rebooted)
		executor_set_end(executor, TP_TASK_FAILED, TP_REASON_EXECUTOR_TERMINATED,
			"The machine was rebooted");
	if (agent->rebooted || (executor->command && executor->tasks.n == 0)) {
		/* It is over; a process that is still there is an orphan. */
		executor_terminated(executor, &(struct tp_container_termination){ 0 });
		return 0;
	}
	remember_container(self, executor);
	return 0;
}

static int recover_runs(struct recovery *self, struct framework *framework,
	const char *dir, const char *executor_id, struct tp_error *err)
{
	struct agent *agent = self->agent;
	tp_cleanup(ptr) char *executor_dir = tp_asprintf("%s/%s", dir, executor_id);
	tp_cleanup(ptr) char *runs = tp_asprintf("%s/runs", executor_dir);
	tp_cleanup(ptr) char **names = NULL;
	size_t n;
	int r = checkpoint_list(agent, runs, &names, &n, err);

	for (size_t i = 0; r >= 0 && i < n; i++) {
		tp_cleanup(ptr) char *dir_of = tp_asprintf("%s/%s", runs, names[i]);
		tp_cleanup(ptr) char *tasks = tp_asprintf("%s/tasks", dir_of);
		const struct run run = {
			.framework = framework,
			.executor_id = executor_id,
			.container_id = names[i],
			.executor_dir = executor_dir,
			.run_dir = dir_of,
			.tasks_dir = tasks,
		};

		if (tp_id_validate("ContainerID", names[i], NULL) < 0)
			continue;
		/* Only one run of an executor lives; others were on their way out. */
		if (executor_find(agent, framework->id, executor_id) != NULL)
			break;
		r = recover_run(self, &run, err);
		if (r < 0)
			r = damaged(self, r, err);
	}
	return r;
}

static int recover_framework(
	struct recovery *self, const char *dir, const char *id, struct tp_error *err)
{
	struct agent *agent = self->agent;
	struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(ptr) char *path = tp_asprintf("%s/%s/framework.info", dir, id);
	tp_cleanup(ptr) char *executors = tp_asprintf("%s/%s/executors", dir, id);
	size_t kept = self->n_kept;
	struct framework *framework;
	void *info = NULL;
	size_t n;
	int r = read_record(agent, path, &tp_framework_info_desc, arena, &info, err);

	if (r > 0 &&
		(((struct tp_framework_info *)info)->id == NULL ||
			!tp_streq(((struct tp_framework_info *)info)->id->value, id)))
		r = tp_fail(err, EBADMSG, "%s: it is of another framework", path);
	if (r == 0) {
		/* Half written or half removed when the agent was killed, or lost. */
		tp_cleanup(ptr) char *left = tp_asprintf("%s/%s", dir, id);
		r = note_remains(self, remains_of_framework(agent, left, err));
	}
	if (info == NULL || r < 0) {
		tp_arena_destroy(arena);
		return r;
	}
	framework = framework_get(agent, info);
	framework->stored = true;
	framework->held = true;
	tp_arena_destroy(arena);
	tp_cleanup(ptr) char **names = NULL;
	r = checkpoint_list(agent, executors, &names, &n, err);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (tp_id_validate("ExecutorID", names[i], NULL) >= 0)
			r = recover_runs(self, framework, executors, names[i], err);
	}
	framework->held = false;
	if (r < 0)
		return r;
	if (framework->executors.n == 0 && self->n_kept == kept)
		checkpoint_remove_framework(framework);
	framework_check_finished(framework);
	return r;
}

static int recover_frameworks(struct recovery *self, struct tp_error *err)
{
	struct agent *agent = self->agent;
	tp_cleanup(ptr) char *root = checkpoint_agent_path(agent);
	tp_cleanup(ptr) char *dir = tp_asprintf("%s/frameworks", root);
	tp_cleanup(ptr) char **names = NULL;
	size_t n;
	int r = checkpoint_list(agent, dir, &names, &n, err);

	if (r < 0)
		return damaged(self, r, err);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (tp_id_validate("FrameworkID", names[i], NULL) < 0)
			continue;
		r = recover_framework(self, dir, names[i], err);
		if (r < 0)
			r = damaged(self, r, err);
	}
	return r;
}

/* --- waiting --------------------------------------------------------------------------- */

/* Calls `each` for every executor that was found and has not subscribed yet. */
static size_t missing(struct agent *agent, void (*each)(struct executor *executor))
{
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_map_foreach (node, tmp, &agent->containers->executors) {
		struct executor *executor =
			tp_map_entry(node, struct executor, container);

		if (!executor->recovered || executor->state != EXECUTOR_REGISTERING)
			continue;
		n++;
		if (each != NULL)
			each(executor);
	}
	return n;
}

static void recover_finish(struct recovery *self)
{
	struct agent *agent = self->agent;
	int64_t took_ns = tp_loop_now_ns(agent->instance.loop) - self->began_ns;

	self->waiting = false;
	tp_timer_disarm(agent->instance.loop, &self->late);
	checkpoint_boot(agent);
	agent->metrics->recovery_time_secs.value = (double)took_ns / (double)TP_SEC;
	agent_recovered(agent);
}

static void end_missing(struct executor *executor)
{
	struct framework *framework = executor->framework;

	tp_warn(framework->agent, "an executor did not come back in time, ending it",
		"framework=%s executor=%s", framework->id, executor->id);
	executor_set_end(executor,
		framework_can(framework, TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE)
			? TP_TASK_GONE
			: TP_TASK_LOST,
		TP_REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
		"Executor did not reregister after the agent's restart");
	executor_destroy_container(executor);
}

static void recover_late(struct tp_timer *timer)
{
	struct recovery *self = tp_container_of(timer, struct recovery, late);

	missing(self->agent, end_missing);
	recover_finish(self);
}

void recover_check(struct agent *agent)
{
	struct recovery *self = agent->recovery;

	if (self != NULL && self->waiting && missing(agent, NULL) == 0)
		recover_finish(self);
}

static void containers_recovered(
	struct agent *agent, int status, const struct tp_error *err)
{
	struct recovery *self = agent->recovery;
	int64_t wait_ns = 0;

	if (status < 0) {
		tp_err(agent, "containers cannot be recovered, ending", "error=%s",
			err->text);
		tp_instance_exit(&agent->instance, 1);
		return;
	}
	self->waiting = true;
	if (missing(agent, NULL) > 0 && agent->config.recover == AGENT_RECOVER_RECONNECT)
		wait_ns = agent->config.executor_reregistration_timeout_ns;
	tp_timer_arm(agent->instance.loop, &self->late, wait_ns);
}

int recover_begin(struct agent *agent, struct tp_error *err)
{
	struct recovery *self = tp_alloc(sizeof(*self));
	int r = 0;

	self->agent = agent;
	self->arena = tp_arena_create(0);
	self->late.fire = recover_late;
	self->began_ns = tp_loop_now_ns(agent->instance.loop);
	agent->recovery = self;
	if (agent->id[0] != '\0')
		r = recover_frameworks(self, err);
	if (r < 0)
		return tp_wrap(err, r,
			is_short_of(r)
				? "recovering the agent (nothing is damaged: raise the "
				  "limit, start it again)"
				: "recovering the agent (strict: false goes on without "
				  "what is damaged)");
	if (self->n_states > 0)
		tp_info(agent, "executors are remembered, waiting for them",
			"executors=%zu", self->n_states);
	containers_recover(agent, self->states, self->n_states, containers_recovered);
	return 0;
}

void recover_fini(struct agent *agent)
{
	struct recovery *self = agent->recovery;

	if (self == NULL)
		return;
	tp_timer_disarm(agent->instance.loop, &self->late);
	tp_arena_destroy(self->arena);
	tp_free(self);
	agent->recovery = NULL;
}
