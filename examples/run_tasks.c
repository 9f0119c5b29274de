/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run-tasks: an example framework. It runs a list of commands as tasks, wherever offers allow,
 * and ends when all have ended. Written against the scheduler SDK as anybody would:
 *
 *	run-tasks --master 127.0.0.1:5060 --count 10 --resources 'cpus:0.5;mem:64' -- 'echo hi'
 *	run-tasks --task 'cpus:2;mem:1024=make' --task 'cpus:1;mem:2048=make test'
 *
 * All callbacks run on the driver's thread and nothing else touches the state meanwhile, so there
 * is no lock.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/offer.h"
#include "tepui/scheduler.h"

struct task {
	char id[64];
	const char *resources_text, *command;
	struct tp_resources resources;
	bool launched;
	int state; /* enum tp_task_state */
	char agent[128];
};

struct framework {
	const char *master, *name, *resources_text, *expected_offer, *role;
	bool checkpoint, revocable, quiet;
	unsigned count;
	struct task *tasks;
	size_t n_tasks, n_ended;
	bool had_offer, failed;
	struct tp_scheduler_driver *driver;
};

static bool is_terminal(int state)
{
	switch (state) {
	case TP_TASK_STAGING:
	case TP_TASK_STARTING:
	case TP_TASK_RUNNING:
	case TP_TASK_KILLING:
	case TP_TASK_UNREACHABLE:
	case TP_TASK_UNKNOWN:
		return false;
	default:
		return true;
	}
}

static void say(const struct framework *self, const char *what, const char *text)
{
	if (!self->quiet)
		printf("%s: %s%s\n", self->name, what, text);
	fflush(stdout);
}

/* --- callbacks ------------------------------------------------------------------------- */

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *framework_id, const struct tp_master_info *master)
{
	(void)driver;
	(void)master;
	say(user, "registered as ", framework_id->value);
}

/* Puts as many waiting tasks into the offer as fit. */
static void offer_use(struct framework *self, const struct tp_offer *offer)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_resources left = TP_RESOURCES_INIT;
	struct tp_task_info **infos = NULL;
	struct tp_offer_id *id = offer->id;
	struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	size_t n_infos = 0;

	tp_offer_resources(offer, &left);
	tp_resources_print(&left, &text);
	say(self, "offered ", tp_strbuf_text(&text));
	if (!self->had_offer && self->expected_offer != NULL &&
		strcmp(self->expected_offer, tp_strbuf_text(&text)) != 0) {
		fprintf(stderr, "%s: expected to be offered %s\n", self->name,
			self->expected_offer);
		self->failed = true;
	}
	self->had_offer = true;
	for (size_t i = 0; i < self->n_tasks; i++) {
		struct task *task = &self->tasks[i];

		if (task->launched || !tp_resources_contains(&left, &task->resources))
			continue;
		task->launched = true;
		snprintf(task->agent, sizeof(task->agent), "%s", offer->agent_id->value);
		tp_resources_subtract(&left, &task->resources);
		tp_arena_push(arena, &infos, &n_infos,
			tp_offer_task(
				offer, task->id, task->command, &task->resources, arena));
	}
	tp_resources_fini(&left);
	if (n_infos > 0)
		tp_scheduler_driver_launch_tasks(
			self->driver, &id, 1, infos, n_infos, &none);
	else
		tp_scheduler_driver_decline_offer(self->driver, id, NULL);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct framework *self = user;
	bool waiting = false;

	for (size_t i = 0; i < n_offers; i++)
		offer_use(self, offers[i]);
	for (size_t i = 0; i < self->n_tasks; i++)
		waiting |= !self->tasks[i].launched;
	if (!waiting)
		tp_scheduler_driver_suppress_offers(driver, NULL, 0);
	if (self->failed)
		tp_scheduler_driver_stop(driver, false);
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct framework *self = user;
	char text[256];

	for (size_t i = 0; i < self->n_tasks; i++) {
		struct task *task = &self->tasks[i];

		if (strcmp(task->id, status->task_id->value) != 0 ||
			is_terminal(task->state))
			continue;
		task->state = status->state;
		snprintf(text, sizeof(text), "%s %s", task->id,
			tp_enum_name(&tp_task_state_enum, status->state));
		say(self, "", text);
		if (is_terminal(status->state))
			self->n_ended++;
	}
	if (self->n_ended == self->n_tasks)
		tp_scheduler_driver_stop(driver, false);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	struct framework *self = user;

	(void)driver;
	fprintf(stderr, "%s: %s\n", self->name, message);
	self->failed = true;
}

/* --- the command line ------------------------------------------------------------------ */

static int task_add(struct framework *self, const char *resources, const char *command)
{
	struct task *task;
	struct tp_error err;

	self->tasks = tp_realloc(self->tasks, (self->n_tasks + 1) * sizeof(*self->tasks));
	task = &self->tasks[self->n_tasks];
	*task = (struct task){ .command = command, .state = TP_TASK_STAGING };
	snprintf(task->id, sizeof(task->id), "%s-%zu", self->name, self->n_tasks + 1);
	if (tp_resources_parse(&task->resources, resources, "*", &err) < 0) {
		fprintf(stderr, "run-tasks: %s\n", err.text);
		return -1;
	}
	self->n_tasks++;
	return 0;
}

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct framework *self = state->input;
	char *equals;

	switch (key) {
	case 'm':
		self->master = arg;
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
	case 'c':
		self->count = (unsigned)strtoul(arg, NULL, 10);
		return 0;
	case 'x':
		self->expected_offer = arg;
		return 0;
	case 'C':
		self->checkpoint = true;
		return 0;
	case 'V':
		self->revocable = true;
		return 0;
	case 'q':
		self->quiet = true;
		return 0;
	case 't':
		equals = strchr(arg, '=');
		if (equals == NULL)
			argp_error(state, "--task: '%s' is not RESOURCES=COMMAND", arg);
		*equals = '\0';
		return task_add(self, arg, equals + 1) < 0 ? EINVAL : 0;
	case ARGP_KEY_ARG:
		for (unsigned i = 0; i < self->count; i++) {
			if (task_add(self, self->resources_text, arg) < 0)
				return EINVAL;
		}
		return 0;
	case ARGP_KEY_END:
		if (self->n_tasks == 0)
			argp_error(state, "nothing to run");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int framework_run(struct framework *self)
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
			.type = TP_FRAMEWORK_INFO_CAPABILITY_REVOCABLE_RESOURCES },
	};
	struct tp_framework_info_capability *capabilities[] = { &can[0], &can[1] };
	const struct tp_framework_info info = {
		.user = "",
		.name = self->name,
		.has_checkpoint = true,
		.checkpoint = self->checkpoint,
		.has_failover_timeout_ns = self->checkpoint,
		.failover_timeout_ns = TP_MIN,
		.roles = roles,
		.n_roles = 1,
		.capabilities = capabilities,
		.n_capabilities = self->revocable ? 2 : 1,
	};
	const struct tp_scheduler_options options = {
		.scheduler = &scheduler,
		.user = self,
		.framework = &info,
		.master = self->master,
	};
	struct tp_error err;

	if (tp_scheduler_driver_create(&options, &self->driver, &err) < 0) {
		fprintf(stderr, "run-tasks: %s\n", err.text);
		return 1;
	}
	tp_scheduler_driver_run(self->driver);
	tp_scheduler_driver_destroy(self->driver);
	return self->failed ? 1 : 0;
}

static int report(const struct framework *self)
{
	int failed = 0;

	if (!self->quiet)
		printf("%-24s  %-14s  %s\n", "TASK", "STATE", "AGENT");
	for (size_t i = 0; i < self->n_tasks; i++) {
		const struct task *task = &self->tasks[i];

		failed |= task->state != TP_TASK_FINISHED;
		if (!self->quiet)
			printf("%-24s  %-14s  %s\n", task->id,
				tp_enum_name(&tp_task_state_enum, task->state),
				task->agent);
	}
	return failed;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "master", 'm', "ADDRESS", 0,
			"the master; default TEPUI_MASTER, else 127.0.0.1:5060", 0 },
		{ "name", 'n', "NAME", 0, "of the framework, and of its tasks", 0 },
		{ "task", 't', "RESOURCES=COMMAND", 0, "one task; may be repeated", 0 },
		{ "count", 'c', "N", 0, "how many tasks the next COMMAND makes", 0 },
		{ "resources", 'r', "TEXT", 0, "of each of them; default cpus:0.5;mem:64",
			0 },
		{ "role", 'R', "ROLE", 0, "default *", 0 },
		{ "expect-offer", 'x', "TEXT", 0, "fail unless this is the first offer",
			0 },
		{ "checkpoint", 'C', NULL, 0, "tasks survive a restart of their agent",
			0 },
		{ "revocable", 'V', NULL, 0,
			"take offers of what may be taken back at any time, for tasks "
			"whose resources say so, in JSON",
			0 },
		{ "quiet", 'q', NULL, 0, "say nothing", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, on_option, "[COMMAND...]",
		"Runs commands as tasks of one framework; exits with 0 when all "
		"finished.",
		NULL, NULL, NULL };
	struct framework self = {
		.master = "127.0.0.1:5060",
		.name = "run-tasks",
		.resources_text = "cpus:0.5;mem:64",
		.role = "*",
		.count = 1,
	};
	int status;

	if (getenv("TEPUI_MASTER") != NULL)
		self.master = getenv("TEPUI_MASTER");
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &self) != 0)
		return 2;
	status = framework_run(&self) | report(&self);
	for (size_t i = 0; i < self.n_tasks; i++)
		tp_resources_fini(&self.tasks[i].resources);
	tp_free(self.tasks);
	return status;
}
