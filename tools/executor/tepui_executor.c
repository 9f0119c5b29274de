/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui-executor: the command executor. It is the init of its container: it applies the launch
 * plan to itself, subscribes to the agent, runs the one task it is given as a child process and
 * reports what becomes of it. Static, one thread, a few hundred kilobytes for the life of a task.
 *
 *	WAITING -> RUNNING -> (KILLING) -> ENDED
 *
 * ENDED lingers until the agent has acknowledged the last update, then the exit status is kept,
 * what the task left behind is killed, and the process exits.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tepui/executor.h"
#include "tepui/process.h"
#include "tepui/record.h"
#include "tools/launch/plan.h"

#define EXIT_PLAN_FAILED 125
#define KILL_GRACE_NS (3 * TP_SEC)
#define REAP_NS \
	(2 * TP_SEC) /* after the grace, until all is told; the agent gives as much */

enum state { WAITING, RUNNING, KILLING, ENDED };

struct command_executor {
	struct tp_executor_driver *driver;
	struct tp_arena *arena; /* plan and task: they live as long as we do */
	struct tp_launch_plan *plan;
	const struct tp_task_info *task;
	bool reports_killing; /* the framework has the TASK_KILLING_STATE capability */
	enum state state;
	struct tp_child child;
	struct tp_signal orphans; /* descendants that became our children */
	struct tp_timer escalate;
	int64_t escalate_due_ns;
	struct tp_timer too_long; /* its max_completion_time */
	bool took_too_long;
	int wait_status; /* of the task; -1 = it never ran */
};

/* --- reports --------------------------------------------------------------------------- */

static void report_on(struct command_executor *self, struct tp_task_id *task_id,
	enum tp_task_state state, const char *message)
{
	const struct tp_task_status status = {
		.task_id = task_id,
		.has_state = true,
		.state = (int)state,
		.message = message,
		.has_reason = self->took_too_long,
		.reason = TP_REASON_MAX_COMPLETION_TIME_REACHED,
	};

	tp_executor_driver_send_status_update(self->driver, &status);
}

static void report(
	struct command_executor *self, enum tp_task_state state, const char *message)
{
	report_on(self, self->task->task_id, state, message);
}

static void finish(
	struct command_executor *self, enum tp_task_state state, const char *message)
{
	tp_timer_disarm(tp_executor_driver_loop(self->driver), &self->escalate);
	tp_timer_disarm(tp_executor_driver_loop(self->driver), &self->too_long);
	self->state = ENDED;
	report(self, state, message);
	/* The driver gives up by itself when the agent stays away for too long. */
	tp_executor_driver_stop(self->driver, TP_WEEK);
}

/* --- the task's process ---------------------------------------------------------------- */

static void task_exited(struct tp_child *child, int wait_status)
{
	struct command_executor *self =
		tp_container_of(child, struct command_executor, child);
	bool killed = self->state == KILLING;
	char text[96];

	self->wait_status = wait_status;
	if (WIFEXITED(wait_status))
		snprintf(text, sizeof(text), "Command exited with status %d",
			WEXITSTATUS(wait_status));
	else
		snprintf(text, sizeof(text), "Command terminated with signal %s",
			strsignal(WTERMSIG(wait_status)));
	if (self->took_too_long)
		finish(self, TP_TASK_FAILED, text);
	else if (killed)
		finish(self, TP_TASK_KILLED, text);
	else if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0)
		finish(self, TP_TASK_FINISHED, text);
	else
		finish(self, TP_TASK_FAILED, text);
}

/* What the task sees on top of the executor's own environment and its command's. */
static const char *const *task_environment(struct command_executor *self)
{
	const struct tp_task_info *task = self->task;
	const struct tp_resource *first =
		task->n_resources > 0 ? task->resources[0] : NULL;
	const char *role = first != NULL && first->allocation_info != NULL
		? first->allocation_info->role
		: NULL;
	const char *const extra[] = {
		"MESOS_TASK_ID",
		task->task_id->value,
		"TEPUI_TASK_ID",
		task->task_id->value,
		role == NULL ? NULL : "MESOS_ALLOCATION_ROLE",
		role,
		"TEPUI_ALLOCATION_ROLE",
		role,
		NULL,
	};

	return plan_environment(self->arena, self->plan->info->environment,
		task->command->environment, extra);
}

static int task_start(struct command_executor *self, struct tp_error *err)
{
	const int fds[] = { -1, 1, 2 };
	struct tp_spawn spawn = { .fds = fds, .n_fds = TP_COUNT(fds) };
	const char *const *env;
	int r;

	if (self->task->command == NULL)
		return tp_fail(err, EINVAL, "the task has no command");
	env = task_environment(self);
	r = plan_command(
		self->arena, self->task->command, env, &spawn.path, &spawn.argv, err);
	if (r < 0)
		return r;
	spawn.envp = env;
	self->child.exited = task_exited;
	return tp_child_spawn(
		tp_executor_driver_loop(self->driver), &self->child, &spawn, err);
}

static void on_escalate(struct tp_timer *timer)
{
	struct command_executor *self =
		tp_container_of(timer, struct command_executor, escalate);

	tp_process_signal_below(getpid(), SIGKILL);
	tp_child_kill(&self->child, SIGKILL);
}

static int64_t kill_grace_ns(
	const struct command_executor *self, const struct tp_kill_policy *policy)
{
	if (policy == NULL)
		policy = self->task->kill_policy;
	if (policy == NULL || policy->grace_period == NULL)
		return KILL_GRACE_NS;
	return policy->grace_period->nanoseconds > 0 ? policy->grace_period->nanoseconds
						     : 0;
}

/* A second kill can only shorten the grace that is left. */
static void task_kill(struct command_executor *self, int64_t grace_ns)
{
	struct tp_loop *loop = tp_executor_driver_loop(self->driver);
	int64_t due_ns = tp_loop_now_ns(loop) + grace_ns;

	if (self->state == KILLING && due_ns >= self->escalate_due_ns)
		return;
	if (self->state == RUNNING) {
		self->state = KILLING;
		if (self->reports_killing)
			report(self, TP_TASK_KILLING, NULL);
		tp_process_signal_below(getpid(), SIGTERM);
	}
	self->escalate_due_ns = due_ns;
	tp_timer_arm(loop, &self->escalate, grace_ns);
}

/* It had all the time it was given: no grace on top. */
static void on_too_long(struct tp_timer *timer)
{
	struct command_executor *self =
		tp_container_of(timer, struct command_executor, too_long);

	if (self->state != RUNNING)
		return; /* it is being killed anyway */
	self->took_too_long = true;
	task_kill(self, 0);
}

static void limit_time(struct command_executor *self)
{
	const struct tp_duration_info *limit = self->task->max_completion_time;

	if (limit != NULL && limit->nanoseconds >= 0)
		tp_timer_arm(tp_executor_driver_loop(self->driver), &self->too_long,
			limit->nanoseconds);
}

/* --- callbacks ------------------------------------------------------------------------- */

static void on_registered(struct tp_executor_driver *driver, void *user,
	const struct tp_executor_info *executor,
	const struct tp_framework_info *framework, const struct tp_agent_info *agent)
{
	struct command_executor *self = user;

	(void)driver;
	(void)executor;
	(void)agent;
	for (size_t i = 0; i < framework->n_capabilities; i++) {
		if (framework->capabilities[i]->type ==
			TP_FRAMEWORK_INFO_CAPABILITY_TASK_KILLING_STATE)
			self->reports_killing = true;
	}
}

static void on_launch_task(
	struct tp_executor_driver *driver, void *user, const struct tp_task_info *task)
{
	struct command_executor *self = user;
	struct tp_error err;

	if (self->state != WAITING) {
		report_on(self, task->task_id, TP_TASK_FAILED,
			"A command executor runs one task only");
		return;
	}
	self->task = tp_record_copy(&tp_task_info_desc, task, self->arena);
	tp_executor_driver_set_shutdown_grace(
		driver, kill_grace_ns(self, NULL) + REAP_NS);
	report(self, TP_TASK_STARTING, NULL);
	if (task_start(self, &err) < 0) {
		fprintf(stderr, "tepui-executor: %s\n", err.text);
		finish(self, TP_TASK_FAILED, err.text);
		return;
	}
	self->state = RUNNING;
	report(self, TP_TASK_RUNNING, NULL);
	limit_time(self);
}

static void on_kill_task(struct tp_executor_driver *driver, void *user,
	const struct tp_task_id *task_id, const struct tp_kill_policy *policy)
{
	struct command_executor *self = user;

	(void)driver;
	if ((self->state == RUNNING || self->state == KILLING) &&
		tp_streq(task_id->value, self->task->task_id->value))
		task_kill(self, kill_grace_ns(self, policy));
}

static void on_shutdown(struct tp_executor_driver *driver, void *user)
{
	struct command_executor *self = user;

	if (self->state == RUNNING || self->state == KILLING)
		task_kill(self, kill_grace_ns(self, NULL));
	else
		tp_executor_driver_stop(driver, 0);
}

static void on_error(struct tp_executor_driver *driver, void *user, const char *message)
{
	(void)driver;
	(void)user;
	fprintf(stderr, "tepui-executor: %s\n", message);
}

/* --- being init ------------------------------------------------------------------------ */

/* Reaps what the task left to us; the task itself is the driver loop's. */
static void on_orphan(struct tp_signal *watch)
{
	struct command_executor *self =
		tp_container_of(watch, struct command_executor, orphans);
	siginfo_t info = { 0 };

	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		info.si_pid != 0 && info.si_pid != self->child.pid) {
		waitpid(info.si_pid, NULL, 0);
		info.si_pid = 0;
	}
}

static int environment_take(struct command_executor *self)
{
	const char *const *env =
		plan_environment(self->arena, self->plan->info->environment, NULL, NULL);

	if (clearenv() != 0)
		return -ENOMEM;
	for (; *env != NULL; env++) {
		const char *value = strchr(*env, '=');

		setenv(tp_arena_strndup(self->arena, *env, (size_t)(value - *env)),
			value + 1, 1);
	}
	return 0;
}

static int run(
	struct command_executor *self, int *ret_termination_fd, struct tp_error *err)
{
	static const struct tp_executor callbacks = {
		.registered = on_registered,
		.launch_task = on_launch_task,
		.kill_task = on_kill_task,
		.shutdown = on_shutdown,
		.error = on_error,
	};
	int r = plan_read(PLAN_FD, self->arena, &self->plan, err);

	if (r < 0)
		return r;
	close(PLAN_FD);
	r = termination_open(self->plan->termination_path, err);
	if (r < 0)
		return r;
	*ret_termination_fd = r;
	r = plan_apply(self->plan, err);
	if (r == 0)
		r = environment_take(self);
	if (r == 0)
		r = tp_executor_driver_create(&callbacks, self, &self->driver, err);
	if (r == 0)
		r = tp_signal_watch(tp_executor_driver_loop(self->driver), &self->orphans,
			SIGCHLD, err);
	if (r < 0)
		return r;
	tp_executor_driver_run(self->driver);
	plan_end_leftovers();
	return 0;
}

static void keep_exit_status(
	struct command_executor *self, int fd, int r, struct tp_error *err)
{
	struct tp_container_termination *end =
		tp_record_new(&tp_container_termination_desc, self->arena);

	if (r < 0) {
		end->message = tp_arena_strdup(self->arena, err->text);
		end->has_reason = true;
		end->reason = TP_REASON_CONTAINER_LAUNCH_FAILED;
	}
	end->has_status = true;
	end->status = r < 0             ? EXIT_PLAN_FAILED << 8
		: self->wait_status < 0 ? 0 /* there was nothing to run */
					: self->wait_status;
	if (termination_write(fd, end, false, err) < 0)
		fprintf(stderr, "tepui-executor: %s\n", err->text);
}

int main(int argc, char **argv)
{
	struct command_executor self = { .wait_status = -1 };
	struct tp_error err = { 0 };
	int fd = -1, r;

	if (argc != 2 || argv[1][0] == '-') {
		fprintf(stderr,
			"tepui-executor CONTAINER-ID: runs one command task, started by"
			" containerizer-native with its plan on descriptor 3\n");
		return argc == 2 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
	}
	self.arena = tp_arena_create(0);
	self.escalate.fire = on_escalate;
	self.too_long.fire = on_too_long;
	self.orphans.fire = on_orphan;
	r = run(&self, &fd, &err);
	if (r < 0)
		fprintf(stderr, "tepui-executor: container %s: %s\n", argv[1], err.text);
	if (fd >= 0)
		keep_exit_status(&self, fd, r, &err);
	tp_executor_driver_destroy(self.driver);
	tp_arena_destroy(self.arena);
	return r < 0 ? EXIT_PLAN_FAILED : 0;
}
