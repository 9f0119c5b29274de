/* SPDX-License-Identifier: Apache-2.0 */
/* See sim_lender.h. */
#include "sim_lender.h"

#include <errno.h>
#include <stdlib.h>

#include "tepui/kind/qos_controller.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/record.h"
#include "tepui/wire.h"

#define SLOW_NS (20 * TP_SEC)

/* The module: as long as the agent. */
struct lender {
	struct tp_instance instance;
	struct sim_lender *world;
	struct tp_resource_estimator_user user;
	struct tp_resource_estimator_request *estimate; /* NULL: none is under way */
	struct tp_timer answer;
	struct tp_qos_controller_request *correct;
};

struct sim_lender {
	struct lender *module; /* NULL: the agent does not run */
	enum sim_lender_trouble trouble;
	int64_t cpus_milli, most_milli;
};

static bool is_revocable(const struct tp_resource *resource)
{
	return resource->revocable != NULL;
}

/* --- the estimator ---------------------------------------------------------------------- */

static int64_t given_milli(const struct tp_resource_usage *usage)
{
	int64_t sum = 0;

	for (size_t i = 0; i < usage->n_executors; i++) {
		const struct tp_resource_usage_executor *executor = usage->executors[i];

		for (size_t k = 0; k < executor->n_allocated; k++) {
			if (is_revocable(executor->allocated[k]))
				sum += executor->allocated[k]->scalar->value_milli;
		}
	}
	return sum;
}

static void push_cpus(struct tp_resource_estimator_request *request, int64_t milli,
	bool revocable, struct tp_arena *arena)
{
	struct tp_resource *cpus = tp_record_new(&tp_resource_desc, arena);

	cpus->name = "cpus";
	cpus->has_type = true;
	cpus->type = TP_VALUE_SCALAR;
	cpus->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	cpus->scalar->has_value_milli = true;
	cpus->scalar->value_milli = milli;
	if (revocable)
		cpus->revocable = tp_record_new(&tp_resource_revocable_info_desc, arena);
	tp_arena_push(arena, (struct tp_resource ***)&request->resources,
		&request->n_resources, cpus);
}

static void on_answer(struct tp_timer *timer)
{
	struct lender *self = tp_container_of(timer, struct lender, answer);
	struct tp_resource_estimator_request *request = self->estimate;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_resource_usage *usage = self->user.usage(self->user.user, arena);
	int64_t left_milli = self->world->cpus_milli - given_milli(usage);
	int status = 0;

	if (self->world->trouble == SIM_LENDER_FAILS)
		status = tp_fail(&request->err, EIO, "nobody can tell");
	if (self->world->trouble == SIM_LENDER_NONSENSE) {
		push_cpus(request, 1000, false, arena);
		push_cpus(request, -1000, true, arena);
	}
	if (left_milli > 0)
		push_cpus(request, left_milli, true, arena);
	self->estimate = NULL;
	request->done(request, status);
}

static int estimator_open(
	void *impl, const struct tp_resource_estimator_user *user, struct tp_error *err)
{
	struct lender *self = impl;

	(void)err;
	self->user = *user;
	return 0;
}

static void estimator_estimate(void *impl, struct tp_resource_estimator_request *request)
{
	struct lender *self = impl;
	enum sim_lender_trouble trouble = self->world->trouble;

	self->estimate = request;
	if (trouble != SIM_LENDER_SILENT)
		tp_timer_arm(self->instance.loop, &self->answer,
			trouble == SIM_LENDER_SLOW ? SLOW_NS : 0);
}

static void estimator_cancel(void *impl, struct tp_resource_estimator_request *request)
{
	struct lender *self = impl;

	(void)request;
	self->estimate = NULL;
	tp_timer_disarm(self->instance.loop, &self->answer);
}

static const struct tp_resource_estimator_ops estimator_ops = {
	.open = estimator_open,
	.estimate = estimator_estimate,
	.cancel = estimator_cancel,
};

/* --- the controller --------------------------------------------------------------------- */

static int controller_open(
	void *impl, const struct tp_qos_controller_user *user, struct tp_error *err)
{
	(void)impl, (void)user, (void)err;
	return 0;
}

/* It waits until there is somebody who has to go. */
static void controller_correct(void *impl, struct tp_qos_controller_request *request)
{
	struct lender *self = impl;

	self->correct = request;
}

static void controller_cancel(void *impl, struct tp_qos_controller_request *request)
{
	struct lender *self = impl;

	(void)request;
	self->correct = NULL;
}

static const struct tp_qos_controller_ops controller_ops = {
	.open = controller_open,
	.correct = controller_correct,
	.cancel = controller_cancel,
};

static bool borrows(const struct tp_resource_usage_executor *executor)
{
	for (size_t i = 0; i < executor->n_allocated; i++) {
		if (is_revocable(executor->allocated[i]))
			return true;
	}
	return false;
}

static const struct tp_resource_usage_executor *pick(
	const struct tp_resource_usage *usage, unsigned n)
{
	unsigned n_borrowers = 0;

	for (size_t i = 0; i < usage->n_executors; i++)
		n_borrowers += borrows(usage->executors[i]);
	if (n_borrowers == 0)
		return NULL;
	n %= n_borrowers;
	for (size_t i = 0;; i++) {
		if (borrows(usage->executors[i]) && n-- == 0)
			return usage->executors[i];
	}
}

bool sim_lender_preempt(struct sim_lender *self, unsigned n)
{
	struct lender *module = self->module;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_qos_correction_kill kill = { 0 };
	struct tp_qos_correction correction = {
		.has_type = true, .type = TP_QOS_CORRECTION_KILL, .kill = &kill
	};
	struct tp_qos_correction *corrections[] = { &correction };
	const struct tp_resource_usage_executor *executor;
	struct tp_qos_controller_request *request;

	if (module == NULL || module->correct == NULL)
		return false;
	executor = pick(module->user.usage(module->user.user, arena), n);
	if (executor == NULL)
		return false;
	kill.framework_id = executor->executor_info->framework_id;
	kill.executor_id = executor->executor_info->executor_id;
	kill.container_id = executor->container_id;
	request = module->correct;
	module->correct = NULL;
	request->corrections = corrections;
	request->n_corrections = 1;
	request->done(request, 0);
	return true;
}

/* --- life ------------------------------------------------------------------------------- */

static int lender_init(void *impl, struct tp_error *err)
{
	(void)err;
	((struct lender *)impl)->answer.fire = on_answer;
	return 0;
}

const struct tp_module sim_lender_module = {
	TP_MODULE_HEADER,
	.name = "sim-lender",
	.version = "1",
	.summary = "Lends what a test says, and takes it back",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("resource_estimator", TP_RESOURCE_ESTIMATOR_ABI,
				estimator_ops),
			TP_PROVIDE(
				"qos_controller", TP_QOS_CONTROLLER_ABI, controller_ops),
			{ 0 },
		},
	.instance_size = sizeof(struct lender),
	.init = lender_init,
};

struct sim_lender *sim_lender_create(void)
{
	return tp_alloc(sizeof(struct sim_lender));
}

void sim_lender_destroy(struct sim_lender *self)
{
	tp_free(self);
}

void sim_lender_bind(struct sim_lender *self, void *instance)
{
	self->module = instance;
	if (self->module != NULL)
		self->module->world = self;
}

void sim_lender_lend(struct sim_lender *self, int64_t cpus_milli)
{
	self->cpus_milli = cpus_milli;
	if (self->most_milli < cpus_milli)
		self->most_milli = cpus_milli;
}

void sim_lender_trouble(struct sim_lender *self, enum sim_lender_trouble trouble)
{
	self->trouble = trouble;
}

int64_t sim_lender_cpus_milli(const struct sim_lender *self)
{
	return self->cpus_milli;
}

int64_t sim_lender_most_milli(const struct sim_lender *self)
{
	return self->most_milli;
}
