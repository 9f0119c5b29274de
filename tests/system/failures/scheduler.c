/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler that does what it is told and tells what it hears, for the failure tests:
 *
 *	scheduler --commands FIFO [--id FRAMEWORK] NAME		commands, one a line:
 *
 *	launch TASK HOST RESOURCES COMMAND...		a command task
 *	launch-on EXECUTOR TASK HOST RESOURCES COMMAND...	a task of --executor
 *	reconcile [TASK AGENT-ID]			all tasks, or this one
 *	kill TASK | teardown | leave
 *	accept-inverse OFFER | decline-inverse OFFER	asked for again after an hour
 *
 * Each callback is one line on stdout: milliseconds since the epoch, what, and its data; of an update
 * "update TASK STATE SOURCE REASON MESSAGE" with "-" for what is not set. A launch waits until
 * HOST offers enough. Commands come on the main thread, callbacks on the driver's.
 */
#include <argp.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tepui/list.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/scheduler.h"

struct launch {
	struct tp_list node;
	char task[64], host[64], executor[64], command[1024];
	struct tp_resources resources;
};

struct scheduler {
	const char *name, *master, *id, *commands, *executor;
	double failover_s;
	bool checkpoint, aware;
	struct tp_scheduler_driver *driver;
	pthread_mutex_t mutex;
	struct tp_list launches; /* guarded by mutex: no offer fitted yet */
};

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	struct timespec now;
	va_list args;

	clock_gettime(CLOCK_REALTIME, &now);
	flockfile(stdout);
	printf("%lld ", (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	funlockfile(stdout);
}

/* --- callbacks ------------------------------------------------------------------------- */

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *framework_id, const struct tp_master_info *master)
{
	(void)driver;
	(void)user;
	say("registered %s %s", framework_id->value, master == NULL ? "-" : master->id);
}

static void on_reregistered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_master_info *master)
{
	(void)driver;
	(void)user;
	say("reregistered %s", master == NULL ? "-" : master->id);
}

static void on_disconnected(struct tp_scheduler_driver *driver, void *user)
{
	(void)driver;
	(void)user;
	say("disconnected");
}

static struct tp_executor_info *executor_info(
	const struct scheduler *self, const struct launch *launch, struct tp_arena *arena)
{
	struct tp_executor_info *info = tp_record_new(&tp_executor_info_desc, arena);

	info->executor_id = tp_record_new(&tp_executor_id_desc, arena);
	info->executor_id->value = launch->executor;
	info->has_type = true;
	info->type = TP_EXECUTOR_INFO_CUSTOM;
	info->command = tp_record_new(&tp_command_info_desc, arena);
	info->command->value = self->executor;
	return info;
}

static struct tp_task_info *task_info(const struct scheduler *self, struct launch *launch,
	const struct tp_offer *offer, struct tp_arena *arena)
{
	struct tp_task_info *info = tp_record_new(&tp_task_info_desc, arena);

	info->name = launch->task;
	info->task_id = tp_record_new(&tp_task_id_desc, arena);
	info->task_id->value = launch->task;
	info->agent_id = offer->agent_id;
	if (offer->allocation_info != NULL)
		tp_resources_allocate(&launch->resources, offer->allocation_info->role);
	tp_resources_to_records(&launch->resources, TP_RESOURCE_POST, arena,
		&info->resources, &info->n_resources);
	if (launch->executor[0] != '\0') {
		info->executor = executor_info(self, launch, arena);
		info->data.data = (uint8_t *)launch->command;
		info->data.len = strlen(launch->command);
	} else {
		info->command = tp_record_new(&tp_command_info_desc, arena);
		info->command->value = launch->command;
	}
	return info;
}

static void launch_free(struct launch *launch)
{
	tp_list_remove(&launch->node);
	tp_resources_fini(&launch->resources);
	tp_free(launch);
}

/* Every launch that waits for this host and fits, in one call; they are copied by it. */
static void offer_use(struct scheduler *self, const struct tp_offer *offer)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
	struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	struct tp_list *node, *tmp, used;
	struct tp_task_info **infos = NULL;
	struct tp_offer_id *id = offer->id;
	size_t n_infos = 0;

	tp_list_init(&used);
	tp_resources_from_records(&left, offer->resources, offer->n_resources, NULL);
	tp_resources_unallocate(&left);
	tp_list_foreach (node, tmp, &self->launches) {
		struct launch *launch = tp_container_of(node, struct launch, node);

		if (strcmp(launch->host, offer->hostname) != 0 ||
			!tp_resources_contains(&left, &launch->resources))
			continue;
		tp_resources_subtract(&left, &launch->resources);
		tp_arena_push(
			arena, &infos, &n_infos, task_info(self, launch, offer, arena));
		tp_list_remove(&launch->node);
		tp_list_append(&used, &launch->node);
	}
	if (n_infos > 0)
		tp_scheduler_driver_launch_tasks(
			self->driver, &id, 1, infos, n_infos, &none);
	else
		tp_scheduler_driver_decline_offer(self->driver, id, NULL);
	tp_list_foreach (node, tmp, &used) {
		launch_free(tp_container_of(node, struct launch, node));
	}
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct scheduler *self = user;

	pthread_mutex_lock(&self->mutex);
	for (size_t i = 0; i < n_offers; i++)
		offer_use(self, offers[i]);
	if (tp_list_empty(&self->launches))
		tp_scheduler_driver_suppress_offers(driver, NULL, 0);
	pthread_mutex_unlock(&self->mutex);
}

static void on_inverse_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_inverse_offer *const *offers, size_t n_offers)
{
	(void)driver;
	(void)user;
	for (size_t i = 0; i < n_offers; i++)
		say("inverse-offer %s %s %lld", offers[i]->id->value,
			offers[i]->agent_id->value,
			(long long)offers[i]->unavailability->start->nanoseconds);
}

static void on_inverse_rescinded(struct tp_scheduler_driver *driver, void *user,
	const struct tp_offer_id *offer_id)
{
	(void)driver;
	(void)user;
	say("inverse-rescinded %s", offer_id->value);
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	(void)driver;
	(void)user;
	say("update %s %s %s %s %s", status->task_id->value,
		tp_enum_name(&tp_task_state_enum, status->state),
		status->has_source
			? tp_enum_name(&tp_task_status_source_enum, status->source)
			: "-",
		status->has_reason
			? tp_enum_name(&tp_task_status_reason_enum, status->reason)
			: "-",
		status->message == NULL ? "-" : status->message);
}

static void on_agent_lost(struct tp_scheduler_driver *driver, void *user,
	const struct tp_agent_id *agent_id)
{
	(void)driver;
	(void)user;
	say("agent-lost %s", agent_id->value);
}

static void on_executor_lost(struct tp_scheduler_driver *driver, void *user,
	const struct tp_executor_id *executor_id, const struct tp_agent_id *agent_id,
	int wait_status)
{
	(void)driver;
	(void)user;
	(void)agent_id;
	if (WIFSIGNALED(wait_status))
		say("executor-lost %s signal %d", executor_id->value,
			WTERMSIG(wait_status));
	else
		say("executor-lost %s status %d", executor_id->value,
			WEXITSTATUS(wait_status));
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	(void)driver;
	(void)user;
	say("error %s", message);
}

/* --- commands -------------------------------------------------------------------------- */

static void launch(struct scheduler *self, char *line, bool on_executor)
{
	struct launch *launch = tp_alloc(sizeof *launch);
	char resources[128];
	struct tp_error err;
	int n = 0;

	if (on_executor)
		sscanf(line, "launch-on %63s %63s %63s %127s %n", launch->executor,
			launch->task, launch->host, resources, &n);
	else
		sscanf(line, "launch %63s %63s %127s %n", launch->task, launch->host,
			resources, &n);
	if (n == 0 || tp_resources_parse(&launch->resources, resources, "*", &err) < 0) {
		say("bad-command %s", line);
		tp_free(launch);
		return;
	}
	snprintf(launch->command, sizeof launch->command, "%s", line + n);
	pthread_mutex_lock(&self->mutex);
	tp_list_append(&self->launches, &launch->node);
	pthread_mutex_unlock(&self->mutex);
	tp_scheduler_driver_revive_offers(self->driver, NULL, 0);
}

static void reconcile_one(struct scheduler *self, const char *line)
{
	char task[64], agent[128];
	struct tp_task_id task_id = { .value = task };
	struct tp_agent_id agent_id = { .value = agent };
	struct tp_scheduler_call_reconcile_task record = {
		.task_id = &task_id,
		.agent_id = &agent_id,
	};
	struct tp_scheduler_call_reconcile_task *records[] = { &record };

	if (sscanf(line, "reconcile %63s %127s", task, agent) != 2)
		say("bad-command %s", line);
	else
		tp_scheduler_driver_reconcile(self->driver, records, 1);
}

static void answer_inverse(struct scheduler *self, const char *line)
{
	const struct tp_filters filters = { .has_refuse_ns = true, .refuse_ns = TP_HOUR };
	struct tp_offer_id id = { .value = strchr(line, ' ') + 1 }, *ids[] = { &id };

	if (line[0] == 'a')
		tp_scheduler_driver_accept_inverse_offers(self->driver, ids, 1, &filters);
	else
		tp_scheduler_driver_decline_inverse_offers(
			self->driver, ids, 1, &filters);
}

/* False: it was the last one. */
static bool command(struct scheduler *self, char *line)
{
	struct tp_task_id id = { .value = line + 5 };

	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "launch-on ", 10) == 0)
		launch(self, line, true);
	else if (strncmp(line, "launch ", 7) == 0)
		launch(self, line, false);
	else if (strncmp(line, "kill ", 5) == 0)
		tp_scheduler_driver_kill_task(self->driver, &id, NULL, NULL);
	else if (strncmp(line, "accept-inverse ", 15) == 0 ||
		strncmp(line, "decline-inverse ", 16) == 0)
		answer_inverse(self, line);
	else if (strcmp(line, "reconcile") == 0)
		tp_scheduler_driver_reconcile(self->driver, NULL, 0);
	else if (strncmp(line, "reconcile ", 10) == 0)
		reconcile_one(self, line);
	else if (strcmp(line, "teardown") == 0 || strcmp(line, "leave") == 0)
		tp_scheduler_driver_stop(self->driver, line[0] == 'l');
	else
		say("bad-command %s", line);
	return line[0] != 't' && strcmp(line, "leave") != 0;
}

static int follow(struct scheduler *self)
{
	/* Writing, too: so that it never ends when one who commands goes. */
	int fd = open(self->commands, O_RDWR | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
	char line[1400];

	if (file == NULL) {
		perror(self->commands);
		return 1;
	}
	if (tp_scheduler_driver_start(self->driver) != TP_DRIVER_RUNNING)
		return 1;
	while (fgets(line, sizeof line, file) != NULL && command(self, line))
		;
	fclose(file);
	return tp_scheduler_driver_join(self->driver) == TP_DRIVER_STOPPED ? 0 : 1;
}

/* --- the command line ------------------------------------------------------------------ */

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct scheduler *self = state->input;

	switch (key) {
	case 'c':
		self->commands = arg;
		return 0;
	case 'i':
		self->id = arg;
		return 0;
	case 'e':
		self->executor = arg;
		return 0;
	case 'f':
		self->failover_s = strtod(arg, NULL);
		return 0;
	case 'n':
		self->checkpoint = false;
		return 0;
	case 'p':
		self->aware = true;
		return 0;
	case ARGP_KEY_ARG:
		self->name = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int run(struct scheduler *self)
{
	static const struct tp_scheduler callbacks = {
		.registered = on_registered,
		.reregistered = on_reregistered,
		.disconnected = on_disconnected,
		.resource_offers = on_offers,
		.inverse_offers = on_inverse_offers,
		.inverse_offer_rescinded = on_inverse_rescinded,
		.status_update = on_update,
		.agent_lost = on_agent_lost,
		.executor_lost = on_executor_lost,
		.error = on_error,
	};
	struct tp_framework_info_capability aware = {
		.has_type = true,
		.type = TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE,
	};
	struct tp_framework_info_capability *capabilities[] = { &aware };
	struct tp_framework_id id = { .value = self->id };
	const struct tp_framework_info info = {
		.user = "",
		.name = self->name,
		.id = self->id == NULL ? NULL : &id,
		.has_checkpoint = true,
		.checkpoint = self->checkpoint,
		.has_failover_timeout_ns = true,
		.failover_timeout_ns = (int64_t)(self->failover_s * 1e3) * TP_MSEC,
		.capabilities = capabilities,
		.n_capabilities = self->aware ? 1 : 0,
	};
	const struct tp_scheduler_options options = {
		.scheduler = &callbacks,
		.user = self,
		.framework = &info,
		.master = self->master,
	};
	struct tp_error err;
	int status;

	if (tp_scheduler_driver_create(&options, &self->driver, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	status = follow(self);
	tp_scheduler_driver_destroy(self->driver);
	return status;
}

int main(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "commands", 'c', "FIFO", 0, "where commands come from", 0 },
		{ "id", 'i', "FRAMEWORK", 0, "take over that framework", 0 },
		{ "executor", 'e', "COMMAND", 0, "starts the executor of launch-on", 0 },
		{ "failover", 'f', "SECONDS", 0, "failover_timeout; default 600", 0 },
		{ "no-checkpoint", 'n', NULL, 0, "tasks end with their agent", 0 },
		{ "partition-aware", 'p', NULL, 0, "has that capability", 0 },
		{ 0 },
	};
	static const struct argp argp = { options, on_option, "NAME", NULL, NULL, NULL,
		NULL };
	struct scheduler self = {
		.name = "scheduler",
		.master = getenv("TEPUI_MASTER"),
		.failover_s = 600,
		.checkpoint = true,
		.mutex = PTHREAD_MUTEX_INITIALIZER,
	};
	struct tp_list *node, *tmp;
	int status;

	tp_list_init(&self.launches);
	if (argp_parse(&argp, argc, argv, 0, NULL, &self) != 0 || self.commands == NULL)
		return 2;
	status = run(&self);
	tp_list_foreach (node, tmp, &self.launches) {
		launch_free(tp_container_of(node, struct launch, node));
	}
	return status;
}
