/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keep-running FILE N RESOURCES COMMAND: an example framework that keeps N copies of a command
 * running, whatever fails. FILE keeps its id; TEPUI_MASTER says where the master is.
 *
 * After each registration it forgets its tasks and asks for all; before it knows them, nothing is
 * launched. One that is out of sight is replaced, and killed if it comes back as one too many.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tepui/offer.h"
#include "tepui/scheduler.h"
#include "tepui/task_life.h"

struct keeper {
	FILE *file;
	const char *command;
	struct tp_resources each; /* what one copy needs */
	char id[128],
		(*places)[128]; /* of the framework; of the task in each place, or "" */
	size_t n;
	time_t launched; /* a command that fails is not started without a pause */
};

static char *find(struct keeper *self, const char *task)
{
	for (size_t i = 0; i < self->n; i++) {
		if (strcmp(self->places[i], task) == 0)
			return self->places[i];
	}
	return NULL;
}

static void on_reregistered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_master_info *master)
{
	struct keeper *self = user;

	(void)master;
	memset(self->places, 0, self->n * sizeof(*self->places));
	tp_scheduler_driver_reconcile_all(driver, NULL);
}

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *id, const struct tp_master_info *master)
{
	struct keeper *self = user;

	if (self->id[0] == '\0' &&
		(fprintf(self->file, "%s\n", id->value) < 0 || fflush(self->file) != 0))
		perror("keep-running");
	on_reregistered(driver, user, master);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	const struct tp_filters soon = { .has_refuse_ns = true, .refuse_ns = TP_SEC };
	struct keeper *self = user;
	bool may =
		tp_scheduler_driver_is_reconciled(driver) && self->launched != time(NULL);

	for (size_t i = 0; i < n_offers; i++) {
		tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
		tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
		struct tp_task_info **tasks = NULL;
		size_t n = 0;
		char *place;

		tp_offer_resources(offers[i], &left);
		while (may && (place = find(self, "")) != NULL &&
			tp_resources_contains(&left, &self->each)) {
			tp_resources_subtract(&left, &self->each);
			snprintf(place, sizeof(*self->places), "%s-%zu",
				offers[i]->id->value, n);
			tp_arena_push(arena, &tasks, &n,
				tp_offer_task(offers[i], place, self->command,
					&self->each, arena));
			self->launched = time(NULL);
		}
		tp_scheduler_driver_launch_tasks(
			driver, &offers[i]->id, 1, tasks, n, &soon);
	}
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct keeper *self = user;
	const char *task = status->task_id->value;
	char *place = find(self, task), *vacant = find(self, "");
	bool runs = !tp_task_state_is_terminal(status->state) &&
		status->state != TP_TASK_UNREACHABLE;

	printf("%s %s\n", task, tp_enum_name(&tp_task_state_enum, status->state));
	if (place != NULL && !runs)
		place[0] = '\0';
	else if (place == NULL && runs && vacant != NULL)
		snprintf(vacant, sizeof(*self->places), "%s", task);
	else if (place == NULL && runs)
		tp_scheduler_driver_kill_task(
			driver, status->task_id, status->agent_id, NULL);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	(void)driver;
	(void)user;
	fprintf(stderr, "keep-running: %s\n", message);
}

int main(int argc, char **argv)
{
	static const struct tp_scheduler scheduler = { on_registered, on_reregistered,
		.resource_offers = on_offers, .status_update = on_update,
		.error = on_error };
	struct tp_framework_info_capability aware = { true,
		TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE };
	struct tp_framework_info_capability *capabilities = &aware;
	struct keeper self = { .n = argc == 5 ? strtoul(argv[2], NULL, 10) : 0 };
	struct tp_framework_id id = { .value = self.id };
	struct tp_framework_info info = { .name = "keep-running", .id = &id };
	const struct tp_scheduler_options options = {
		.scheduler = &scheduler, .user = &self, .framework = &info
	};
	struct tp_scheduler_driver *driver;
	struct tp_error err = { .text = "usage: keep-running FILE N RESOURCES COMMAND" };

	info.has_checkpoint = info.checkpoint = info.has_failover_timeout_ns = true;
	info.failover_timeout_ns = TP_WEEK;
	info.capabilities = &capabilities;
	info.n_capabilities = 1;
	self.file = self.n > 0 ? fopen(argv[1], "a+") : NULL;
	if (self.file != NULL && fscanf(self.file, "%127s", self.id) != 1)
		self.id[0] = '\0'; /* none yet */
	if (self.file == NULL || tp_resources_parse(&self.each, argv[3], "*", &err) < 0 ||
		tp_scheduler_driver_create(&options, &driver, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	self.command = argv[4];
	self.places = tp_alloc(self.n * sizeof(*self.places));
	tp_scheduler_driver_run(driver);
	tp_scheduler_driver_destroy(driver);
	return 1;
}
