/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See launcher.h. All callbacks run on the driver's thread; the mutex guards what the waiting
 * thread reads. Not a model of a framework: it takes any offer, and gives up when a task fails.
 */
#include "tests/bench/launcher.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/scheduler.h"
#include "tests/bench/bench_framework.h"
#include "tests/bench/cpu_meter.h"

#define HELD_MAX 256

struct held {
	char offer[128], agent[128];
	size_t room; /* tasks that fit */
};

struct launcher {
	struct launcher_job job;
	struct tp_scheduler_driver *driver;
	struct tp_arena *arena;
	struct tp_task_info *task; /* id and agent are filled in for each */
	double cpus, mem;          /* of a task */
	struct held held[HELD_MAX];
	size_t n_held, n_launched, n_flying, task_bytes;
	int64_t *launched_ns, *latency_ns, *cycle_ns;
	bool *counted;
	int64_t last_ns;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	size_t n_counted;
	bool failed;
	atomic_size_t n_changes;
};

/* --- launching ------------------------------------------------------------------------- */

static double scalar_of(struct tp_resource *const *resources, size_t n, const char *name)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(resources[i]->name, name) == 0 && resources[i]->scalar != NULL)
			sum += (double)resources[i]->scalar->value_milli / 1000;
	}
	return sum;
}

static struct tp_task_info *task_make(
	struct launcher *self, struct tp_arena *arena, const struct held *held)
{
	struct tp_task_info *task = tp_arena_alloc(arena, sizeof *task);

	*task = *self->task;
	task->task_id = tp_record_new(&tp_task_id_desc, arena);
	task->task_id->value = tp_arena_printf(arena, "task-%zu", self->n_launched);
	task->agent_id = tp_record_new(&tp_agent_id_desc, arena);
	task->agent_id->value = held->agent;
	return task;
}

static void offer_use(struct launcher *self, struct held *held)
{
	static const struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_offer_id id = { .value = held->offer };
	struct tp_offer_id *ids[] = { &id };
	struct tp_task_info **tasks = NULL;
	size_t n = 0;

	while (n < held->room && self->n_launched < self->job.n &&
		self->n_flying < self->job.in_flight) {
		int64_t now_ns = cpu_clock_ns();

		tp_arena_push(arena, &tasks, &n, task_make(self, arena, held));
		self->launched_ns[self->n_launched] = now_ns;
		if (self->n_launched > 0)
			self->cycle_ns[self->n_launched - 1] =
				now_ns - self->launched_ns[self->n_launched - 1];
		self->n_launched++;
		self->n_flying++;
	}
	tp_scheduler_driver_launch_tasks(self->driver, ids, 1, tasks, n, &none);
}

static void launch(struct launcher *self)
{
	while (self->n_held > 0 && self->n_launched < self->job.n &&
		self->n_flying < self->job.in_flight)
		offer_use(self, &self->held[--self->n_held]);
}

/* --- callbacks ------------------------------------------------------------------------- */

static void fail(struct launcher *self, const char *what, const char *text)
{
	fprintf(stderr, "launcher: %s: %s\n", what, text == NULL ? "" : text);
	pthread_mutex_lock(&self->mutex);
	self->failed = true;
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->mutex);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct launcher *self = user;

	(void)driver;
	for (size_t i = 0; i < n_offers && self->n_held < HELD_MAX; i++) {
		const struct tp_offer *offer = offers[i];
		struct held *held = &self->held[self->n_held];
		double cpus = scalar_of(offer->resources, offer->n_resources, "cpus");
		double mem = scalar_of(offer->resources, offer->n_resources, "mem");

		held->room = (size_t)(cpus / self->cpus + 0.001);
		if (mem / self->mem < (double)held->room)
			held->room = (size_t)(mem / self->mem + 0.001);
		snprintf(held->offer, sizeof held->offer, "%s", offer->id->value);
		snprintf(held->agent, sizeof held->agent, "%s", offer->agent_id->value);
		if (held->room > 0)
			self->n_held++;
	}
	launch(self);
}

static void on_rescinded(
	struct tp_scheduler_driver *driver, void *user, const struct tp_offer_id *id)
{
	struct launcher *self = user;

	(void)driver;
	for (size_t i = 0; i < self->n_held; i++) {
		if (strcmp(self->held[i].offer, id->value) == 0) {
			self->held[i] = self->held[--self->n_held];
			return;
		}
	}
}

static void task_counts(struct launcher *self, size_t number)
{
	self->last_ns = cpu_clock_ns();
	self->latency_ns[number] = self->last_ns - self->launched_ns[number];
	self->counted[number] = true;
	self->n_flying--;
	launch(self);
	if (self->n_counted + 1 < self->job.n) {
		self->n_counted++;
		return;
	}
	pthread_mutex_lock(&self->mutex);
	self->n_counted++;
	pthread_cond_broadcast(&self->changed);
	pthread_mutex_unlock(&self->mutex);
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct launcher *self = user;
	size_t number =
		(size_t)strtoull(status->task_id->value + strlen("task-"), NULL, 10);

	(void)driver;
	if (number >= self->n_launched)
		return;
	if (self->counted[number]) {
		if (status->state != TP_TASK_STAGING &&
			status->state != TP_TASK_STARTING &&
			status->state != TP_TASK_RUNNING)
			atomic_fetch_add(&self->n_changes, 1);
		return;
	}
	switch (status->state) {
	case TP_TASK_STAGING:
	case TP_TASK_STARTING:
		return;
	case TP_TASK_RUNNING:
		if (!self->job.until_ended)
			task_counts(self, number);
		return;
	case TP_TASK_FINISHED:
		task_counts(self, number);
		return;
	default:
		fail(self, tp_enum_name(&tp_task_state_enum, status->state),
			status->message);
	}
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	(void)driver;
	fail(user, "error", message);
}

/* --- life ------------------------------------------------------------------------------ */

static struct tp_labels *labels_make(struct tp_arena *arena, size_t n)
{
	struct tp_labels *labels = tp_record_new(&tp_labels_desc, arena);

	for (size_t i = 0; i < n; i++) {
		struct tp_label *label = tp_record_new(&tp_label_desc, arena);

		label->key = tp_arena_printf(arena, "label-%zu", i);
		label->value = tp_arena_printf(arena, "value-%zu-of-the-label", i);
		tp_arena_push(arena, &labels->labels, &labels->n_labels, label);
	}
	return labels;
}

static bool template_make(struct launcher *self)
{
	struct tp_task_info *task = tp_record_new(&tp_task_info_desc, self->arena);
	tp_cleanup(strbuf) struct tp_strbuf bytes = TP_STRBUF_INIT;
	struct tp_resources resources = TP_RESOURCES_INIT;
	struct tp_error err;

	if (tp_resources_parse(&resources, self->job.resources, "*", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	tp_resources_allocate(&resources, "*");
	tp_resources_to_records(&resources, TP_RESOURCE_POST, self->arena,
		&task->resources, &task->n_resources);
	tp_resources_fini(&resources);
	self->cpus = scalar_of(task->resources, task->n_resources, "cpus");
	self->mem = scalar_of(task->resources, task->n_resources, "mem");
	task->name = "bench";
	task->command = tp_record_new(&tp_command_info_desc, self->arena);
	task->command->has_shell = true;
	task->command->shell = self->job.shell;
	task->command->value = self->job.command;
	if (self->job.n_labels > 0)
		task->labels = labels_make(self->arena, self->job.n_labels);
	self->task = task;
	self->held[0] =
		(struct held){ .agent = "01234567-89ab-cdef-0123-456789abcdef-S0" };
	tp_msgpack_encode(
		&tp_task_info_desc, task_make(self, self->arena, &self->held[0]), &bytes);
	self->task_bytes = bytes.len;
	return true;
}

static bool subscribe(struct launcher *self)
{
	static const struct tp_scheduler scheduler = {
		.resource_offers = on_offers,
		.offer_rescinded = on_rescinded,
		.status_update = on_update,
		.error = on_error,
	};
	const struct bench_framework framework = {
		.name = "bench",
		.role = "*",
		.master = self->job.master,
		.checkpoint = self->job.checkpoint,
		.scheduler = &scheduler,
		.user = self,
	};

	return bench_framework_start(&framework, &self->driver);
}

struct launcher *launcher_start(const struct launcher_job *job)
{
	struct launcher *self = tp_alloc(sizeof *self);

	self->job = *job;
	self->arena = tp_arena_create(0);
	self->launched_ns = tp_alloc(job->n * sizeof *self->launched_ns);
	self->latency_ns = tp_alloc(job->n * sizeof *self->latency_ns);
	self->cycle_ns = tp_alloc(job->n * sizeof *self->cycle_ns);
	self->counted = tp_alloc(job->n * sizeof *self->counted);
	pthread_mutex_init(&self->mutex, NULL);
	pthread_cond_init(&self->changed, NULL);
	if (template_make(self) && subscribe(self))
		return self;
	launcher_stop(self);
	return NULL;
}

size_t launcher_changes(const struct launcher *launcher)
{
	return atomic_load(&launcher->n_changes);
}

bool launcher_wait(struct launcher *self)
{
	struct timespec until;
	int r = 0;
	bool done;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += self->job.timeout_ms / 1000;
	pthread_mutex_lock(&self->mutex);
	while (self->n_counted < self->job.n && !self->failed && r == 0)
		r = pthread_cond_timedwait(&self->changed, &self->mutex, &until);
	done = self->n_counted >= self->job.n;
	pthread_mutex_unlock(&self->mutex);
	if (!done && r == ETIMEDOUT)
		fprintf(stderr,
			"launcher: %zu of %zu tasks launched, %zu ended within %d ms\n",
			self->n_launched, self->job.n, self->n_counted,
			self->job.timeout_ms);
	return done;
}

void launcher_stop(struct launcher *self)
{
	if (self->driver != NULL) {
		tp_scheduler_driver_stop(self->driver, false);
		tp_scheduler_driver_join(self->driver);
		tp_scheduler_driver_destroy(self->driver);
	}
	pthread_cond_destroy(&self->changed);
	pthread_mutex_destroy(&self->mutex);
	tp_arena_destroy(self->arena);
	tp_free(self->launched_ns);
	tp_free(self->latency_ns);
	tp_free(self->cycle_ns);
	tp_free(self->counted);
	tp_free(self);
}

int64_t *launcher_latencies(struct launcher *self)
{
	return self->latency_ns;
}

int64_t *launcher_cycles(struct launcher *self)
{
	return self->cycle_ns;
}

int64_t launcher_span_ns(const struct launcher *self)
{
	return self->last_ns - self->launched_ns[0];
}

size_t launcher_task_bytes(const struct launcher *self)
{
	return self->task_bytes;
}
