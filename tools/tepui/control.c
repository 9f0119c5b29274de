/* SPDX-License-Identifier: Apache-2.0 */
/* tepui kill, teardown, gone: ending things. */
#include <errno.h>

#include "cli.h"
#include "client.h"
#include "find.h"
#include "tepui/units.h"

struct control {
	struct cli_options options;
	const char *target;
	const char *framework;
	int64_t grace_ns; /* < 0: the task's own */
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct control *control = state->input;
	struct tp_error err;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &control->options;
		return 0;
	case 'f':
		control->framework = arg;
		return 0;
	case 'g':
		if (tp_duration_parse(arg, &control->grace_ns, &err) < 0)
			argp_error(state, "--grace: %s", err.text);
		return 0;
	case ARGP_KEY_ARG:
		if (control->target != NULL)
			argp_error(state, "one at a time, please");
		control->target = arg;
		return 0;
	case ARGP_KEY_END:
		if (control->target == NULL)
			argp_error(state, "which one? see --help");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int kill_task(struct client *client, const struct control *control,
	struct tp_arena *arena, struct tp_error *err)
{
	const struct tp_task *task = NULL;
	int r = find_task(client, control->target, control->framework, arena, &task, err);

	if (r < 0)
		return r;
	struct tp_duration_info grace = { .has_nanoseconds = true,
		.nanoseconds = control->grace_ns };
	struct tp_kill_policy policy = { .grace_period = &grace };
	struct tp_master_call_kill_task kill = {
		.framework_id = task->framework_id,
		.task_id = task->task_id,
		.kill_policy = control->grace_ns >= 0 ? &policy : NULL,
	};
	const struct tp_master_call call = {
		.has_type = true,
		.type = TP_MASTER_CALL_KILL_TASK,
		.kill_task = &kill,
	};
	struct tp_master_response *response;
	return client_call_master(client, &call, arena, &response, err);
}

static int teardown(struct client *client, const struct control *control,
	struct tp_arena *arena, struct tp_error *err)
{
	tp_cleanup(ptr) char *id = tp_strdup(control->target);
	struct tp_framework_id framework_id = { .value = id };
	struct tp_master_call_teardown body = { .framework_id = &framework_id };
	const struct tp_master_call call = {
		.has_type = true,
		.type = TP_MASTER_CALL_TEARDOWN,
		.teardown = &body,
	};
	struct tp_master_response *response;

	return client_call_master(client, &call, arena, &response, err);
}

static int mark_gone(struct client *client, const struct control *control,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_agent_id id = { .value = control->target };
	struct tp_master_call_mark_agent_gone body = { .agent_id = &id };
	const struct tp_master_call call = {
		.has_type = true,
		.type = TP_MASTER_CALL_MARK_AGENT_GONE,
		.mark_agent_gone = &body,
	};
	struct tp_master_response *response;

	return client_call_master(client, &call, arena, &response, err);
}

static int control_run(const struct argp *argp, int argc, char **argv,
	int (*act)(struct client *client, const struct control *control,
		struct tp_arena *arena, struct tp_error *err))
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct control control = { .grace_ns = -1 };
	struct tp_error err = { 0 };
	struct client client;
	int r;

	cli_options_init(&control.options);
	if (cli_parse(argp, argc, argv, &control) < 0)
		return CLI_USAGE;
	r = client_open(&client, control.options.master, &err);
	if (r == 0)
		r = act(&client, &control, arena, &err);
	client_close(&client);
	return r < 0 ? cli_error(&err) : CLI_OK;
}

int cli_kill(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "framework", 'f', "ID", 0, "the task's framework", 0 },
		{ "grace", 'g', "DURATION", 0, "time between SIGTERM and SIGKILL", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "TASK", "Ends a task.",
		cli_children, NULL, NULL };

	return control_run(&argp, argc, argv, kill_task);
}

int cli_teardown(int argc, char **argv)
{
	const struct argp argp = { NULL, on_option, "FRAMEWORK",
		"Ends a framework and all its tasks.", cli_children, NULL, NULL };

	return control_run(&argp, argc, argv, teardown);
}

int cli_gone(int argc, char **argv)
{
	const struct argp argp = { NULL, on_option, "AGENT",
		"Declares an agent gone: it runs nothing any more and never comes back.\v"
		"Frameworks hear TASK_GONE_BY_OPERATOR and start their tasks elsewhere: "
		"make "
		"sure that the machine is off, or that nothing runs there. An agent that "
		"comes all the same is told to shut down.",
		cli_children, NULL, NULL };

	return control_run(&argp, argc, argv, mark_gone);
}
