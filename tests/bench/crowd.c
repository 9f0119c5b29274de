/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See crowd.h. Drivers have threads of their own, as has the pacer; one mutex guards everything. What
 * a framework gives back is in the ledger before the master can hear of it, so an offer that
 * overdraws an agent was made while another one of the same resources was in somebody's hands.
 */
#include "tests/bench/crowd.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/map.h"
#include "tepui/offer.h"
#include "tepui/record.h"
#include "tepui/scheduler.h"
#include "tests/bench/bench_framework.h"
#include "tests/bench/cpu_meter.h"

#define TICK_MS 1

struct account {
	struct tp_map_node node;
	int64_t cpus_milli, mem_milli; /* neither used nor in an offer */
	char id[];
};

struct held {
	struct tp_list node;
	struct tp_arena *arena;
	struct tp_offer *offer;
	struct account *account;
	int64_t cpus_milli, mem_milli;
};

struct member {
	struct crowd *crowd;
	struct tp_scheduler_driver *driver;
	char name[32], role[32];
	struct tp_list held;
};

struct crowd {
	struct crowd_job job;
	struct tp_resources task;
	struct member *members;
	size_t next; /* whose turn it is */
	struct tp_map accounts;
	bool *runs; /* by number of the task */
	struct crowd_count count;
	int64_t last_offer_ns, longest_ns;
	pthread_mutex_t mutex;
	pthread_t pacer;
	bool has_pacer;
	atomic_bool settling;
};

static int64_t scalar_milli(const struct tp_offer *offer, const char *name)
{
	int64_t milli = 0;

	for (size_t i = 0; i < offer->n_resources; i++) {
		if (strcmp(offer->resources[i]->name, name) == 0 &&
			offer->resources[i]->scalar != NULL)
			milli += offer->resources[i]->scalar->value_milli;
	}
	return milli;
}

static struct account *account_of(struct crowd *self, const char *id)
{
	struct account *account = tp_map_get(&self->accounts, id, struct account, node);
	size_t len = strlen(id) + 1;

	if (account != NULL)
		return account;
	account = tp_alloc(sizeof *account + len);
	memcpy(account->id, id, len);
	account->cpus_milli = self->job.agent_cpus_milli;
	account->mem_milli = self->job.agent_mem_milli;
	tp_map_add(&self->accounts, &account->node, account->id);
	return account;
}

/* --- offers ---------------------------------------------------------------------------- */

static void held_destroy(struct held *held)
{
	tp_list_remove(&held->node);
	tp_arena_destroy(held->arena);
	tp_free(held);
}

static void take(struct member *member, const struct tp_offer *offer)
{
	struct crowd *self = member->crowd;
	struct held *held = tp_alloc(sizeof *held);

	held->arena = tp_arena_create(0);
	held->offer = tp_record_copy(&tp_offer_desc, offer, held->arena);
	held->account = account_of(self, offer->agent_id->value);
	held->cpus_milli = scalar_milli(offer, "cpus");
	held->mem_milli = scalar_milli(offer, "mem");
	held->account->cpus_milli -= held->cpus_milli;
	held->account->mem_milli -= held->mem_milli;
	self->count.doubled +=
		held->account->cpus_milli < 0 || held->account->mem_milli < 0;
	tp_list_append(&member->held, &held->node);
}

static void note_silence(struct crowd *self)
{
	int64_t now_ns = cpu_clock_ns();

	if (now_ns - self->last_offer_ns > self->longest_ns)
		self->longest_ns = now_ns - self->last_offer_ns;
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	struct member *member = user;
	struct crowd *self = member->crowd;

	(void)driver;
	pthread_mutex_lock(&self->mutex);
	for (size_t i = 0; i < n_offers; i++)
		take(member, offers[i]);
	note_silence(self);
	self->last_offer_ns = cpu_clock_ns();
	pthread_mutex_unlock(&self->mutex);
}

static void on_rescinded(
	struct tp_scheduler_driver *driver, void *user, const struct tp_offer_id *id)
{
	struct member *member = user;
	struct tp_list *node, *tmp;

	(void)driver;
	pthread_mutex_lock(&member->crowd->mutex);
	member->crowd->count.rescinded++;
	tp_list_foreach (node, tmp, &member->held) {
		struct held *held = tp_container_of(node, struct held, node);

		if (strcmp(held->offer->id->value, id->value) != 0)
			continue;
		held->account->cpus_milli += held->cpus_milli;
		held->account->mem_milli += held->mem_milli;
		held_destroy(held);
	}
	pthread_mutex_unlock(&member->crowd->mutex);
}

/* --- tasks ----------------------------------------------------------------------------- */

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct crowd *self = ((struct member *)user)->crowd;
	size_t number = strtoul(status->task_id->value + strlen("task-"), NULL, 10);

	(void)driver;
	pthread_mutex_lock(&self->mutex);
	if (status->state == TP_TASK_RUNNING && number < self->count.launched) {
		self->count.running += !self->runs[number];
		self->runs[number] = true;
	} else if (status->state != TP_TASK_STAGING &&
		status->state != TP_TASK_STARTING) {
		self->count.lost++;
		fprintf(stderr, "%s: %s: %s\n", status->task_id->value,
			tp_enum_name(&tp_task_state_enum, status->state),
			status->message == NULL ? "" : status->message);
	}
	pthread_mutex_unlock(&self->mutex);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	(void)driver;
	fprintf(stderr, "%s: %s\n", ((struct member *)user)->name, message);
}

/* The next member that has an offer, and the oldest of its offers; both NULL without one. */
static struct held *next_held(struct crowd *self, struct member **ret)
{
	for (size_t i = 0; i < self->job.n_frameworks; i++) {
		struct member *member = &self->members[self->next];
		struct held *held = tp_list_first(&member->held, struct held, node);

		self->next = (self->next + 1) % self->job.n_frameworks;
		*ret = member;
		if (held != NULL)
			return held;
	}
	return NULL;
}

static bool launch_one(struct crowd *self)
{
	static const struct tp_filters none = { .has_refuse_ns = true, .refuse_ns = 0 };
	struct member *member = NULL;
	struct tp_task_info *task;
	char id[32];

	pthread_mutex_lock(&self->mutex);
	struct held *held = next_held(self, &member);
	if (held == NULL) {
		self->count.late++;
		pthread_mutex_unlock(&self->mutex);
		return false;
	}
	snprintf(id, sizeof id, "task-%zu", self->count.launched++);
	held->account->cpus_milli += held->cpus_milli - self->job.task_cpus_milli;
	held->account->mem_milli += held->mem_milli - self->job.task_mem_milli;
	tp_list_remove(&held->node);
	tp_list_init(&held->node);
	pthread_mutex_unlock(&self->mutex);
	task = tp_offer_task(held->offer, id, "true", &self->task, held->arena);
	tp_scheduler_driver_launch_tasks(
		member->driver, &held->offer->id, 1, &task, 1, &none);
	held_destroy(held);
	return true;
}

static void *pace(void *arg)
{
	struct crowd *self = arg;
	int64_t begin_ns = cpu_clock_ns();
	size_t n = 0;

	while (!atomic_load(&self->settling)) {
		int64_t due = (cpu_clock_ns() - begin_ns) *
			(int64_t)self->job.tasks_per_s / TP_SEC;

		while ((int64_t)n < due && n < self->job.n_tasks_max && launch_one(self))
			n++;
		cpu_sleep_ms(TICK_MS);
	}
	return NULL;
}

/* --- life ------------------------------------------------------------------------------ */

static bool subscribe(struct member *member)
{
	static const struct tp_scheduler scheduler = {
		.resource_offers = on_offers,
		.offer_rescinded = on_rescinded,
		.status_update = on_update,
		.error = on_error,
	};
	const struct bench_framework framework = {
		.name = member->name,
		.role = member->role,
		.master = member->crowd->job.master,
		.scheduler = &scheduler,
		.user = member,
	};

	return bench_framework_start(&framework, &member->driver);
}

static bool begin(struct crowd *self)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_error err;

	tp_strbuf_printf(&text, "cpus:%.3f;mem:%.3f",
		(double)self->job.task_cpus_milli / 1000,
		(double)self->job.task_mem_milli / 1000);
	if (tp_resources_parse(&self->task, tp_strbuf_text(&text), "*", &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	for (size_t i = 0; i < self->job.n_frameworks; i++) {
		struct member *member = &self->members[i];

		member->crowd = self;
		tp_list_init(&member->held);
		snprintf(member->name, sizeof member->name, "framework-%zu", i);
		snprintf(member->role, sizeof member->role, "role-%zu",
			i % self->job.n_roles);
	}
	for (size_t i = 0; i < self->job.n_frameworks; i++) {
		if (!subscribe(&self->members[i]))
			return false;
	}
	self->has_pacer = pthread_create(&self->pacer, NULL, pace, self) == 0;
	return self->has_pacer;
}

struct crowd *crowd_start(const struct crowd_job *job)
{
	struct crowd *self = tp_alloc(sizeof *self);

	self->job = *job;
	self->members = tp_alloc(job->n_frameworks * sizeof *self->members);
	self->runs = tp_alloc(job->n_tasks_max * sizeof *self->runs);
	self->last_offer_ns = cpu_clock_ns();
	tp_map_init(&self->accounts);
	pthread_mutex_init(&self->mutex, NULL);
	if (begin(self))
		return self;
	crowd_stop(self);
	return NULL;
}

void crowd_watch_begin(struct crowd *self)
{
	pthread_mutex_lock(&self->mutex);
	self->longest_ns = 0;
	pthread_mutex_unlock(&self->mutex);
}

int64_t crowd_watch_end_ns(struct crowd *self)
{
	int64_t ns;

	pthread_mutex_lock(&self->mutex);
	note_silence(self);
	ns = self->longest_ns;
	pthread_mutex_unlock(&self->mutex);
	return ns;
}

struct crowd_count crowd_count(struct crowd *self)
{
	struct crowd_count count;

	pthread_mutex_lock(&self->mutex);
	count = self->count;
	pthread_mutex_unlock(&self->mutex);
	return count;
}

bool crowd_settle(struct crowd *self, int timeout_ms)
{
	struct crowd_count count = { 0 };

	atomic_store(&self->settling, true);
	pthread_join(self->pacer, NULL);
	self->has_pacer = false;
	for (int ms = 0; ms < timeout_ms; ms += 10) {
		count = crowd_count(self);
		if (count.running + count.lost >= count.launched)
			return true;
		cpu_sleep_ms(10);
	}
	fprintf(stderr, "only %zu of %zu tasks run\n", count.running, count.launched);
	return false;
}

void crowd_stop(struct crowd *self)
{
	struct tp_list *node, *tmp;

	atomic_store(&self->settling, true);
	if (self->has_pacer)
		pthread_join(self->pacer, NULL);
	for (size_t i = 0; i < self->job.n_frameworks; i++) {
		struct member *member = &self->members[i];

		if (member->driver != NULL) {
			tp_scheduler_driver_stop(member->driver, false);
			tp_scheduler_driver_join(member->driver);
			tp_scheduler_driver_destroy(member->driver);
		}
		while (member->crowd != NULL && !tp_list_empty(&member->held))
			held_destroy(tp_list_first(&member->held, struct held, node));
	}
	tp_map_foreach (node, tmp, &self->accounts)
		tp_free(tp_map_entry(node, struct account, node));
	tp_map_fini(&self->accounts);
	tp_resources_fini(&self->task);
	pthread_mutex_destroy(&self->mutex);
	tp_free(self->members);
	tp_free(self->runs);
	tp_free(self);
}
