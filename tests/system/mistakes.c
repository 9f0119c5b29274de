/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler that makes one mistake after another, and at last none, for bad-input.sh: it says
 * what it is told about each task, one line "TASK STATE REASON MESSAGE". A mistake costs its own
 * task, not the framework, so that the task without one runs.
 */
#include <stdio.h>
#include <string.h>

#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/scheduler.h"

static const struct step {
	const char *task;
	const char *offer; /* NULL = the one that came */
	const char *agent; /* likewise */
	const char *resources;
	bool declined; /* give the offer back first */
} steps[] = {
	{ "unknown-offer", "no-such-offer", NULL, "cpus:0.1;mem:32", false },
	{ "offer-is-gone", NULL, NULL, "cpus:0.1;mem:32", true },
	{ "exceeds-offer", NULL, NULL, "cpus:1000;mem:32", false },
	{ "unknown-agent", NULL, "no-such-agent", "cpus:0.1;mem:32", false },
	{ "no-mistake", NULL, NULL, "cpus:0.1;mem:32", false },
};

struct framework {
	size_t step;
	bool launched; /* this step's task */
	bool failed;
};

static struct tp_task_info *make_task(
	const struct step *step, const struct tp_offer *offer, struct tp_arena *arena)
{
	struct tp_task_info *info = tp_record_new(&tp_task_info_desc, arena);
	struct tp_resources resources = TP_RESOURCES_INIT;

	info->name = step->task;
	info->task_id = tp_record_new(&tp_task_id_desc, arena);
	info->task_id->value = step->task;
	info->agent_id = tp_record_new(&tp_agent_id_desc, arena);
	info->agent_id->value =
		step->agent != NULL ? step->agent : offer->agent_id->value;
	tp_resources_parse(&resources, step->resources, "*", NULL);
	if (offer->allocation_info != NULL)
		tp_resources_allocate(&resources, offer->allocation_info->role);
	tp_resources_to_records(&resources, TP_RESOURCE_POST, arena, &info->resources,
		&info->n_resources);
	tp_resources_fini(&resources);
	info->command = tp_record_new(&tp_command_info_desc, arena);
	info->command->value = "true";
	return info;
}

static void take(struct tp_scheduler_driver *driver, struct framework *self,
	const struct tp_offer *offer)
{
	static const struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct step *step = &steps[self->step];
	struct tp_offer_id other = { .value = step->offer };
	struct tp_offer_id *id = step->offer != NULL ? &other : offer->id;
	struct tp_task_info *task = make_task(step, offer, arena);

	self->launched = true;
	if (step->declined || step->offer != NULL)
		tp_scheduler_driver_decline_offer(driver, offer->id, &none);
	tp_scheduler_driver_launch_tasks(driver, &id, 1, &task, 1, &none);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	static const struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	struct framework *self = user;

	for (size_t i = 0; i < n_offers; i++) {
		if (self->launched || self->step == TP_COUNT(steps))
			tp_scheduler_driver_decline_offer(driver, offers[i]->id, &none);
		else
			take(driver, self, offers[i]);
	}
}

static bool is_over(int state)
{
	return state != TP_TASK_STAGING && state != TP_TASK_STARTING &&
		state != TP_TASK_RUNNING;
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct framework *self = user;
	const char *reason = status->has_reason
		? tp_enum_name(&tp_task_status_reason_enum, status->reason)
		: "-";

	printf("%s %s %s %s\n", status->task_id->value,
		tp_enum_name(&tp_task_state_enum, status->state), reason,
		status->message != NULL ? status->message : "-");
	fflush(stdout);
	if (self->step == TP_COUNT(steps) || !is_over(status->state) ||
		strcmp(status->task_id->value, steps[self->step].task) != 0)
		return;
	self->launched = false;
	if (++self->step == TP_COUNT(steps))
		tp_scheduler_driver_stop(driver, false);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	struct framework *self = user;

	(void)driver;
	fprintf(stderr, "mistakes: %s\n", message);
	self->failed = true;
}

int main(void)
{
	static const struct tp_scheduler scheduler = {
		.resource_offers = on_offers,
		.status_update = on_update,
		.error = on_error,
	};
	const struct tp_framework_info info = { .user = "", .name = "mistakes" };
	struct framework self = { .step = 0 };
	const struct tp_scheduler_options options = {
		.scheduler = &scheduler,
		.user = &self,
		.framework = &info,
	};
	struct tp_scheduler_driver *driver;
	struct tp_error err;

	if (tp_scheduler_driver_create(&options, &driver, &err) < 0) {
		fprintf(stderr, "mistakes: %s\n", err.text);
		return 1;
	}
	tp_scheduler_driver_run(driver);
	tp_scheduler_driver_destroy(driver);
	return self.failed || self.step < TP_COUNT(steps);
}
