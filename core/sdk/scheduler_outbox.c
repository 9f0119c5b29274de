/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The road of a call from any thread to the loop, which sends it. While there is no master a
 * launch is answered by updates that say so; other calls are lost, as the header warns.
 */
#include <errno.h>
#include <string.h>

#include "core/sdk/scheduler.h"
#include "tepui/record.h"

#define TEXTS_MAX 64 /* different refusals that are kept */

/* --- what becomes of a launch while there is no master --------------------------------- */

static bool is_partition_aware(const struct tp_framework_info *framework)
{
	for (size_t i = 0; i < framework->n_capabilities; i++) {
		if (framework->capabilities[i]->type ==
			TP_FRAMEWORK_INFO_CAPABILITY_PARTITION_AWARE)
			return true;
	}
	return false;
}

static void task_lost(struct tp_scheduler_driver *self, const struct tp_task_info *task)
{
	const struct tp_task_status status = {
		.task_id = task->task_id,
		.has_state = true,
		.state = is_partition_aware(self->framework) ? TP_TASK_DROPPED
							     : TP_TASK_LOST,
		.message = "Master disconnected",
		.has_source = true,
		.source = TP_SOURCE_MASTER,
		.has_reason = true,
		.reason = TP_REASON_MASTER_DISCONNECTED,
		.agent_id = task->agent_id,
		.has_timestamp_ns = true,
		.timestamp_ns = tp_loop_wall_ns(self->instance.loop),
	};

	if (scheduler_running(self) && self->scheduler->status_update != NULL)
		self->scheduler->status_update(self, self->user, &status);
}

static void tasks_lost(struct tp_scheduler_driver *self,
	struct tp_task_info *const *tasks, size_t n_tasks)
{
	for (size_t i = 0; i < n_tasks; i++)
		task_lost(self, tasks[i]);
}

static void call_lost(
	struct tp_scheduler_driver *self, const struct tp_scheduler_call *call)
{
	if (call->type != TP_SCHEDULER_CALL_ACCEPT)
		return;
	for (size_t i = 0; i < call->accept->n_operations; i++) {
		const struct tp_offer_operation *operation = call->accept->operations[i];

		if (operation->launch != NULL)
			tasks_lost(self, operation->launch->task_infos,
				operation->launch->n_task_infos);
		if (operation->launch_group != NULL)
			tasks_lost(self, operation->launch_group->task_group->tasks,
				operation->launch_group->task_group->n_tasks);
	}
}

/* --- the road to the loop -------------------------------------------------------------- */

struct scheduler_post *scheduler_call_new(struct tp_scheduler_driver *driver)
{
	struct scheduler_post *posted = scheduler_post_new(driver);

	posted->call = tp_record_new(&tp_scheduler_call_desc, posted->arena);
	return posted;
}

/* Texts stay: a thread may still read the one that another thread's call replaced. */
static const char *text_keep(struct tp_scheduler_driver *driver, const char *text)
{
	char *kept = NULL;

	pthread_mutex_lock(&driver->mutex);
	for (size_t i = 0; i < driver->n_texts && kept == NULL; i++) {
		if (strcmp(driver->texts[i], text) == 0)
			kept = driver->texts[i];
	}
	if (kept == NULL && driver->n_texts < TEXTS_MAX) {
		kept = tp_arena_strdup(driver->refusals, text);
		tp_arena_push(driver->refusals, &driver->texts, &driver->n_texts, kept);
	}
	pthread_mutex_unlock(&driver->mutex);
	return kept != NULL ? kept : "a required part of the call is missing";
}

/* Nothing happens; refusal() says why. `why` stays valid. */
enum tp_status scheduler_call_refuse(struct tp_scheduler_driver *driver, const char *why)
{
	atomic_store(&driver->refusal, why);
	return (enum tp_status)atomic_load(&driver->status);
}

static enum tp_status call_drop(struct scheduler_post *posted, const char *why)
{
	struct tp_scheduler_driver *driver = posted->driver;

	scheduler_post_free(posted);
	return scheduler_call_refuse(driver, why);
}

void scheduler_call_run(struct scheduler_post *posted)
{
	struct tp_scheduler_driver *self = posted->driver;
	/* What was asked for before stop() is still sent. */
	bool sends = atomic_load(&self->status) != TP_DRIVER_ABORTED &&
		scheduler_send(self, posted->call, posted->call->type) == 0;

	if (!sends)
		call_lost(self, posted->call);
	scheduler_post_free(posted);
}

/* The call must be complete: the master would take an incomplete one for a broken session. */
enum tp_status scheduler_call_post_as(struct scheduler_post *posted, int type,
	void (*run)(struct scheduler_post *posted))
{
	struct tp_scheduler_driver *driver = posted->driver;
	struct tp_error err = { 0 };
	int status = atomic_load(&driver->status);

	if (status != TP_DRIVER_RUNNING)
		return call_drop(posted, NULL);
	if (posted->has_holes)
		return call_drop(posted, "a list in the arguments has a NULL in it");
	posted->call->has_type = true;
	posted->call->type = type;
	if (tp_record_check(&tp_scheduler_call_desc, posted->call, &err) < 0)
		return call_drop(posted, text_keep(driver, err.text));
	atomic_store(&driver->refusal, NULL);
	posted->run = run;
	scheduler_post(posted);
	return TP_DRIVER_RUNNING;
}

enum tp_status scheduler_call_post(struct scheduler_post *posted, int type)
{
	return scheduler_call_post_as(posted, type, scheduler_call_run);
}
