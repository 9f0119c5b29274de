/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A custom executor for the failure tests: the data of each task is a command for the shell, many
 * at a time. With --deaf it does not care for SHUTDOWN; with --long its last updates are longer
 * than a block of any disk.
 */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "tepui/executor.h"
#include "tepui/list.h"
#include "tepui/record.h"

struct executor {
	struct tp_executor_driver *driver;
	struct tp_list tasks;
	bool deaf, verbose;
};

#define LONG 9000

struct task {
	struct tp_list node;
	struct tp_child child;
	struct executor *executor;
	bool killed;
	char id[64];
};

static void report(struct executor *self, char *id, int state, const char *message)
{
	struct tp_task_id task_id = { .value = id };
	const struct tp_task_status status = {
		.task_id = &task_id,
		.has_state = true,
		.state = state,
		.message = message,
	};

	tp_executor_driver_send_status_update(self->driver, &status);
}

static void task_free(struct task *task)
{
	tp_list_remove(&task->node);
	tp_free(task);
}

static void on_exited(struct tp_child *child, int wait_status)
{
	struct task *task = tp_container_of(child, struct task, child);
	bool well = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
	char text[LONG + 1];

	memset(text, '.', LONG);
	text[LONG] = '\0';
	if (!task->executor->verbose)
		snprintf(text, sizeof text, "wait status %d", wait_status);
	report(task->executor, task->id,
		task->killed   ? TP_TASK_KILLED
			: well ? TP_TASK_FINISHED
			       : TP_TASK_FAILED,
		text);
	task_free(task);
}

static void on_launch(
	struct tp_executor_driver *driver, void *user, const struct tp_task_info *info)
{
	char command[1024];
	const char *const argv[] = { "sh", "-c", command, NULL };
	const int fds[] = { -1, 1, 2 };
	const struct tp_spawn spec = { .path = "/bin/sh",
		.argv = argv,
		.fds = fds,
		.n_fds = 3,
		.new_session = true };
	struct executor *self = user;
	struct task *task = tp_alloc(sizeof *task);
	struct tp_error err;

	snprintf(command, sizeof command, "exec %.*s", (int)info->data.len,
		(const char *)info->data.data);
	snprintf(task->id, sizeof task->id, "%s", info->task_id->value);
	task->executor = self;
	task->child.exited = on_exited;
	tp_list_append(&self->tasks, &task->node);
	if (tp_child_spawn(tp_executor_driver_loop(driver), &task->child, &spec, &err) <
		0) {
		report(self, task->id, TP_TASK_FAILED, err.text);
		task_free(task);
		return;
	}
	report(self, task->id, TP_TASK_RUNNING, NULL);
}

static void on_kill(struct tp_executor_driver *driver, void *user,
	const struct tp_task_id *task_id, const struct tp_kill_policy *policy)
{
	struct executor *self = user;
	struct tp_list *node, *tmp;

	(void)driver;
	(void)policy;
	tp_list_foreach (node, tmp, &self->tasks) {
		struct task *task = tp_container_of(node, struct task, node);

		if (strcmp(task->id, task_id->value) != 0)
			continue;
		task->killed = true;
		tp_child_kill(&task->child, SIGKILL);
	}
}

static void on_shutdown(struct tp_executor_driver *driver, void *user)
{
	struct executor *self = user;
	struct tp_list *node, *tmp;

	if (self->deaf)
		return;
	tp_list_foreach (node, tmp, &self->tasks) {
		struct task *task = tp_container_of(node, struct task, node);

		task->killed = true;
		tp_child_kill(&task->child, SIGKILL);
	}
	tp_executor_driver_stop(driver, TP_SEC);
}

int main(int argc, char **argv)
{
	static const struct tp_executor callbacks = {
		.launch_task = on_launch,
		.kill_task = on_kill,
		.shutdown = on_shutdown,
	};
	struct executor self = {
		.deaf = argc > 1 && strcmp(argv[1], "--deaf") == 0,
		.verbose = argc > 1 && strcmp(argv[1], "--long") == 0,
	};
	struct tp_list *node, *tmp;
	struct tp_error err;

	tp_list_init(&self.tasks);
	if (tp_executor_driver_create(&callbacks, &self, &self.driver, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	tp_executor_driver_run(self.driver);
	tp_list_foreach (node, tmp, &self.tasks) {
		struct task *task = tp_container_of(node, struct task, node);

		tp_child_forget(tp_executor_driver_loop(self.driver), &task->child);
		task_free(task);
	}
	tp_executor_driver_destroy(self.driver);
	return 0;
}
