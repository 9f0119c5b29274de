/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui execute: a framework of one command task. The scheduler driver has a thread of its own;
 * its callbacks post what happened to this thread's loop, which follows the task's output through
 * the agent and ends with the command's exit status.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "client.h"
#include "find.h"
#include "follow.h"
#include "tepui/ids.h"
#include "tepui/list.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/scheduler.h"

#define RESOURCES_DEFAULT "cpus:0.1;mem:32"
/* The output is complete when the task has ended; how long to wait for the rest of it. */
#define OUTPUT_TIMEOUT_NS (10 * TP_SEC)

struct execute {
	struct cli_options options;
	/* command line */
	const char *name, *user, *role, *resources_text, *task_id;
	char **command;
	struct tp_environment *environment;
	bool quiet, checkpoint;

	struct tp_arena *arena; /* this thread's */
	struct tp_resources resources;
	struct client master, agent;
	struct follow out, err_out;
	unsigned following; /* of out and err_out */
	struct tp_signal interrupts[2];
	struct tp_timer give_up;
	struct tp_scheduler_driver *driver;
	char *framework_id;
	const char *agent_id;
	struct tp_list
		inbox; /* struct news: what callbacks brought and nobody handled yet */
	bool ended;
	int exit_status;

	/* the driver's thread */
	bool launched;
};

/* Something the driver's thread tells this one. */
struct news {
	struct tp_post post;
	struct tp_list node;
	struct execute *self;
	struct tp_arena *arena;
	char *framework_id;            /* registered */
	struct tp_task_status *status; /* update */
	char *error;
};

/* --- the driver's thread --------------------------------------------------------------- */

static void on_news(struct tp_post *post);

static struct news *news_new(struct execute *self)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct news *news = tp_arena_alloc(arena, sizeof(*news));

	news->arena = arena;
	news->self = self;
	news->post.run = on_news;
	return news;
}

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *framework_id, const struct tp_master_info *master)
{
	struct execute *self = user;
	struct news *news = news_new(self);

	(void)driver;
	(void)master;
	news->framework_id = tp_arena_strdup(news->arena, framework_id->value);
	tp_loop_post(self->master.instance.loop, &news->post);
}

static struct tp_task_info *task_make(
	struct execute *self, const struct tp_offer *offer, struct tp_arena *arena)
{
	struct tp_task_info *task = tp_record_new(&tp_task_info_desc, arena);
	struct tp_resources resources = TP_RESOURCES_INIT;
	struct tp_command_info *command = tp_record_new(&tp_command_info_desc, arena);
	const char *role =
		offer->allocation_info != NULL ? offer->allocation_info->role : "*";

	task->name = self->name;
	task->task_id = tp_record_new(&tp_task_id_desc, arena);
	task->task_id->value = self->task_id;
	task->agent_id = offer->agent_id;
	tp_resources_copy(&resources, &self->resources);
	tp_resources_allocate(&resources, role);
	tp_resources_to_records(&resources, TP_RESOURCE_POST, arena, &task->resources,
		&task->n_resources);
	tp_resources_fini(&resources);
	task->command = command;
	command->has_shell = true;
	command->shell = false;
	command->value = self->command[0];
	for (size_t i = 0; self->command[i] != NULL; i++)
		tp_arena_push(arena, &command->arguments, &command->n_arguments,
			self->command[i]);
	command->environment = self->environment;
	command->user = self->user;
	return task;
}

static bool offer_fits(struct execute *self, const struct tp_offer *offer)
{
	struct tp_resources offered = TP_RESOURCES_INIT;
	bool fits = tp_resources_from_records(
			    &offered, offer->resources, offer->n_resources, NULL) == 0;

	if (fits) {
		tp_resources_unallocate(&offered);
		fits = tp_resources_contains(&offered, &self->resources);
	}
	tp_resources_fini(&offered);
	return fits;
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct execute *self = user;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);

	for (size_t i = 0; i < n_offers; i++) {
		struct tp_task_info *task;

		if (self->launched || !offer_fits(self, offers[i])) {
			tp_scheduler_driver_decline_offer(driver, offers[i]->id, NULL);
			continue;
		}
		self->launched = true;
		task = task_make(self, offers[i], arena);
		tp_scheduler_driver_launch_tasks(
			driver, &offers[i]->id, 1, &task, 1, NULL);
		tp_scheduler_driver_suppress_offers(driver, NULL, 0);
	}
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct execute *self = user;
	struct news *news = news_new(self);

	(void)driver;
	news->status = tp_record_copy(&tp_task_status_desc, status, news->arena);
	tp_loop_post(self->master.instance.loop, &news->post);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	struct execute *self = user;
	struct news *news = news_new(self);

	(void)driver;
	news->error = tp_arena_strdup(news->arena, message);
	tp_loop_post(self->master.instance.loop, &news->post);
}

/* --- output ---------------------------------------------------------------------------- */

static void execute_end(struct execute *self)
{
	self->ended = true;
}

static void on_output_ended(struct follow *follow, int status, const char *text)
{
	struct execute *self = follow->out_fd == STDOUT_FILENO
		? tp_container_of(follow, struct execute, out)
		: tp_container_of(follow, struct execute, err_out);

	if (status < 0)
		fprintf(stderr, "tepui: output of the task: %s\n",
			text != NULL ? text : "the agent is gone");
	if (--self->following == 0)
		execute_end(self);
}

static void output_follow(
	struct execute *self, struct follow *follow, const char *file, int fd)
{
	*follow = (struct follow){
		.agent = &self->agent,
		.arena = self->arena,
		.path = tp_arena_printf(self->arena, "%s/%s",
			find_sandbox(self->arena, self->framework_id, self->task_id),
			file),
		.out_fd = fd,
		.ended = on_output_ended,
	};
	self->following++;
	follow_start(follow);
}

/* The agent is known with the first update from it. */
static void output_start(struct execute *self, const char *agent_id)
{
	const char *address = NULL;
	struct tp_error err = { 0 };
	int r;

	self->agent_id = tp_arena_strdup(self->arena, agent_id);
	r = find_agent_address(
		&self->master, self->agent_id, self->arena, &address, &err);
	if (r == 0)
		r = client_join(&self->agent, &self->master, address, &err);
	while (r == 0 && !self->agent.up && !self->agent.down)
		tp_loop_turn(self->master.instance.loop, TP_SEC);
	if (r < 0 || self->agent.down) {
		fprintf(stderr, "tepui: the task's output cannot be followed: %s\n",
			r < 0 ? err.text : self->agent.why.text);
		return;
	}
	output_follow(self, &self->out, "stdout", STDOUT_FILENO);
	output_follow(self, &self->err_out, "stderr", STDERR_FILENO);
}

/* --- news ------------------------------------------------------------------------------ */

static bool state_is_terminal(int state)
{
	switch (state) {
	case TP_TASK_FINISHED:
	case TP_TASK_FAILED:
	case TP_TASK_KILLED:
	case TP_TASK_ERROR:
	case TP_TASK_LOST:
	case TP_TASK_DROPPED:
	case TP_TASK_GONE:
	case TP_TASK_GONE_BY_OPERATOR:
		return true;
	default:
		return false;
	}
}

/* The command executor says how the command ended in the message of its last update. */
static int exit_status_of(const struct tp_task_status *status)
{
	static const char signal_text[] = "Command terminated with signal ";
	int code;

	if (status->state == TP_TASK_FINISHED)
		return 0;
	if (status->message != NULL &&
		sscanf(status->message, "Command exited with status %d", &code) == 1)
		return code;
	for (int signo = 1; status->message != NULL && signo < NSIG; signo++) {
		if (strncmp(status->message, signal_text, strlen(signal_text)) == 0 &&
			tp_streq(status->message + strlen(signal_text), strsignal(signo)))
			return 128 + signo;
	}
	return CLI_FAILED;
}

static void on_give_up(struct tp_timer *timer)
{
	execute_end(tp_container_of(timer, struct execute, give_up));
}

static void news_status(struct execute *self, const struct tp_task_status *status)
{
	if (!self->quiet)
		fprintf(stderr, "tepui: %s %s%s%s\n", status->task_id->value,
			tp_enum_name(&tp_task_state_enum, status->state),
			status->message != NULL ? ": " : "",
			status->message != NULL ? status->message : "");
	if (self->agent_id == NULL && status->agent_id != NULL && status->has_source &&
		status->source != TP_SOURCE_MASTER)
		output_start(self, status->agent_id->value);
	if (!state_is_terminal(status->state))
		return;
	self->exit_status = exit_status_of(status);
	if (self->quiet && status->state != TP_TASK_FINISHED &&
		self->exit_status == CLI_FAILED && status->message != NULL)
		fprintf(stderr, "tepui: %s\n", status->message);
	if (self->following == 0) {
		execute_end(self);
		return;
	}
	tp_timer_arm(self->master.instance.loop, &self->give_up, OUTPUT_TIMEOUT_NS);
	follow_finish(&self->out);
	follow_finish(&self->err_out);
}

/* Handling news may wait for the loop, so it happens between its turns. */
static void on_news(struct tp_post *post)
{
	struct news *news = tp_container_of(post, struct news, post);

	tp_list_append(&news->self->inbox, &news->node);
}

static void news_handle(struct execute *self, struct news *news)
{
	if (news->framework_id != NULL) {
		self->framework_id = tp_arena_strdup(self->arena, news->framework_id);
		if (!self->quiet)
			fprintf(stderr, "tepui: framework %s, task %s\n",
				self->framework_id, self->task_id);
	}
	if (news->error != NULL) {
		fprintf(stderr, "tepui: %s\n", news->error);
		self->exit_status = CLI_FAILED;
		execute_end(self);
	}
	if (news->status != NULL && !self->ended)
		news_status(self, news->status);
}

static void inbox_handle(struct execute *self)
{
	struct news *news;

	while ((news = tp_list_first(&self->inbox, struct news, node)) != NULL) {
		tp_list_remove(&news->node);
		news_handle(self, news);
		tp_arena_destroy(news->arena);
	}
}

static void on_interrupt(struct tp_signal *watch)
{
	struct execute *self = watch->signo == SIGINT
		? tp_container_of(watch, struct execute, interrupts[0])
		: tp_container_of(watch, struct execute, interrupts[1]);
	struct tp_task_id task_id = { .value = self->task_id };

	if (self->framework_id == NULL) {
		self->exit_status = 128 + watch->signo;
		execute_end(self);
		return;
	}
	tp_scheduler_driver_kill_task(self->driver, &task_id, NULL, NULL);
}

/* --- the command ----------------------------------------------------------------------- */

static void environment_add(
	struct execute *self, const char *arg, struct argp_state *state)
{
	struct tp_environment_variable *variable =
		tp_record_new(&tp_environment_variable_desc, self->arena);
	const char *equals = strchr(arg, '=');

	if (equals == NULL || equals == arg)
		argp_error(state, "--env: '%s' is not NAME=VALUE", arg);
	if (self->environment == NULL)
		self->environment = tp_record_new(&tp_environment_desc, self->arena);
	variable->name = tp_arena_strndup(self->arena, arg, (size_t)(equals - arg));
	variable->value = equals + 1;
	tp_arena_push(self->arena, &self->environment->variables,
		&self->environment->n_variables, variable);
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct execute *self = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &self->options;
		return 0;
	case 'n':
		self->name = arg;
		return 0;
	case 'r':
		self->resources_text = arg;
		return 0;
	case 'R':
		self->role = arg;
		return 0;
	case 'u':
		self->user = arg;
		return 0;
	case 'e':
		environment_add(self, arg, state);
		return 0;
	case 'c':
		self->checkpoint = true;
		return 0;
	case 'q':
		self->quiet = true;
		return 0;
	case ARGP_KEY_ARGS:
		self->command = &state->argv[state->next];
		return 0;
	case ARGP_KEY_END:
		if (self->command == NULL)
			argp_error(
				state, "which command? like: tepui execute -- echo hi");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* Only who can bear that a task is ended for others is offered what may be taken back. */
static bool wants_revocable(const struct execute *self)
{
	for (uint32_t i = 0; i < self->resources.n; i++) {
		if (tp_resource_is_revocable(&self->resources.items[i], NULL))
			return true;
	}
	return false;
}

static int driver_make(struct execute *self, struct tp_error *err)
{
	static const struct tp_scheduler scheduler = {
		.registered = on_registered,
		.resource_offers = on_offers,
		.status_update = on_update,
		.error = on_error,
	};
	const char *roles[] = { self->role };
	struct tp_framework_info_capability can[] = {
		{ .has_type = true, .type = TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE },
		{ .has_type = true,
			.type = TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT },
		{ .has_type = true,
			.type = TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES },
		{ .has_type = true,
			.type = TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES },
	};
	struct tp_framework_info_capability *capabilities[] = { &can[0], &can[1], &can[2],
		&can[3] };
	struct tp_framework_info framework = {
		.user = self->user,
		.name = "tepui execute",
		.has_checkpoint = true,
		.checkpoint = self->checkpoint,
		.roles = roles,
		.n_roles = 1,
		.capabilities = capabilities,
		.n_capabilities = TP_COUNT(capabilities) - !wants_revocable(self),
	};
	const struct tp_scheduler_options options = {
		.scheduler = &scheduler,
		.user = self,
		.framework = &framework,
		.master = self->options.master,
	};

	return tp_scheduler_driver_create(&options, &self->driver, err);
}

static int execute_run(struct execute *self, struct tp_error *err)
{
	static const int signals[] = { SIGINT, SIGTERM };
	int r = tp_resources_parse(&self->resources, self->resources_text, "*", err);

	if (r < 0)
		return tp_wrap(err, r, "--resources");
	r = client_open(&self->master, self->options.master, err);
	for (size_t i = 0; r == 0 && i < TP_COUNT(signals); i++) {
		self->interrupts[i].fire = on_interrupt;
		r = tp_signal_watch(self->master.instance.loop, &self->interrupts[i],
			signals[i], err);
	}
	if (r == 0)
		r = driver_make(self, err);
	if (r < 0)
		return r;
	tp_scheduler_driver_start(self->driver);
	while (!self->ended) {
		tp_loop_turn(self->master.instance.loop, -1);
		inbox_handle(self);
	}
	tp_timer_disarm(self->master.instance.loop, &self->give_up);
	follow_cancel(&self->out);
	follow_cancel(&self->err_out);
	tp_scheduler_driver_stop(self->driver, false);
	tp_scheduler_driver_join(self->driver);
	tp_loop_turn(self->master.instance.loop, 0);
	inbox_handle(self);
	return 0;
}

static const char *task_id_make(struct tp_arena *arena)
{
	uint8_t uuid[TP_UUID_BYTES];
	char text[TP_UUID_TEXT];

	tp_uuid_generate(uuid);
	tp_uuid_print(uuid, text);
	return tp_arena_printf(arena, "execute-%.8s", text);
}

int cli_execute(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "name", 'n', "NAME", 0, "of the task; default: the command", 0 },
		{ "resources", 'r', "TEXT", 0, "default: " RESOURCES_DEFAULT, 0 },
		{ "role", 'R', "ROLE", 0, "default: *", 0 },
		{ "user", 'u', "USER", 0, "whom to run as; default: the calling user",
			0 },
		{ "env", 'e', "NAME=VALUE", 0, "for the command; may be repeated", 0 },
		{ "checkpoint", 'c', NULL, 0, "the task survives a restart of its agent",
			0 },
		{ "quiet", 'q', NULL, 0, "nothing but the command's output", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "[--] COMMAND [ARGUMENT...]",
		"Runs a command in the cluster, follows its status and output, and exits "
		"with its "
		"exit status.",
		cli_children, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct execute self = {
		.arena = arena,
		.role = "*",
		.resources_text = RESOURCES_DEFAULT,
		.give_up = { .fire = on_give_up },
	};
	struct tp_error err = { 0 };
	int r;

	tp_list_init(&self.inbox);
	cli_options_init(&self.options);
	if (cli_parse(&argp, argc, argv, &self) < 0)
		return CLI_USAGE;
	self.task_id = task_id_make(arena);
	if (self.name == NULL)
		self.name = self.command[0];
	r = execute_run(&self, &err);
	tp_scheduler_driver_destroy(self.driver);
	client_close(&self.agent);
	client_close(&self.master);
	tp_resources_fini(&self.resources);
	return r < 0 ? cli_error(&err) : self.exit_status;
}
