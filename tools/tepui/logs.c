/* SPDX-License-Identifier: Apache-2.0 */
/* tepui logs: the output of a task, from its sandbox. */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "cli.h"
#include "client.h"
#include "find.h"
#include "follow.h"

struct logs {
	struct cli_options options;
	const char *task;
	const char *framework;
	const char *file;
	bool keep_following;
	struct tp_arena *arena;
	struct client master, agent;
	struct follow follow;
	bool ended;
	struct tp_error err;
	int status;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct logs *logs = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &logs->options;
		return 0;
	case 'e':
		logs->file = "stderr";
		return 0;
	case 'f':
		logs->keep_following = true;
		return 0;
	case 'F':
		logs->framework = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (logs->task != NULL)
			argp_error(state, "one task at a time, please");
		logs->task = arg;
		return 0;
	case ARGP_KEY_END:
		if (logs->task == NULL)
			argp_error(state, "which task? see --help");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static void on_ended(struct follow *follow, int status, const char *text)
{
	struct logs *logs = tp_container_of(follow, struct logs, follow);

	logs->ended = true;
	logs->status = status;
	if (status < 0)
		tp_fail(&logs->err, -status, "%s",
			text != NULL ? text : "the agent is gone");
}

static int logs_run(struct logs *logs)
{
	const struct tp_task *task = NULL;
	const char *address = NULL, *executor;
	int r = client_open(&logs->master, logs->options.master, &logs->err);

	if (r == 0)
		r = find_task(&logs->master, logs->task, logs->framework, logs->arena,
			&task, &logs->err);
	if (r == 0)
		r = find_agent_address(&logs->master, task->agent_id->value, logs->arena,
			&address, &logs->err);
	if (r == 0)
		r = client_open(&logs->agent, address, &logs->err);
	if (r < 0)
		return r;
	executor = task->executor_id != NULL && task->executor_id->value[0] != '\0'
		? task->executor_id->value
		: task->task_id->value;
	logs->follow = (struct follow){
		.agent = &logs->agent,
		.arena = logs->arena,
		.path = tp_arena_printf(logs->arena, "%s/%s",
			find_sandbox(logs->arena, task->framework_id->value, executor),
			logs->file),
		.out_fd = STDOUT_FILENO,
		.last_round = !logs->keep_following,
		.ended = on_ended,
	};
	follow_start(&logs->follow);
	while (!logs->ended)
		tp_loop_turn(logs->agent.instance.loop, -1);
	return logs->status;
}

int cli_logs(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "stderr", 'e', NULL, 0, "its stderr instead of its stdout", 0 },
		{ "follow", 'f', NULL, 0, "go on while it writes, until interrupted", 0 },
		{ "framework", 'F', "ID", 0, "the task's framework", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "TASK",
		"Prints the output of a task, as it stands in its sandbox.", cli_children,
		NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct logs logs = { .arena = arena, .file = "stdout" };
	int r;

	cli_options_init(&logs.options);
	if (cli_parse(&argp, argc, argv, &logs) < 0)
		return CLI_USAGE;
	r = logs_run(&logs);
	client_close(&logs.agent);
	client_close(&logs.master);
	return r < 0 ? cli_error(&logs.err) : CLI_OK;
}
