/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A resource estimator and a QoS controller that break the promises of their kinds, each in the way
 * that its config says. tepui-modcheck must notice.
 */
#include <errno.h>
#include <string.h>

#include "tepui/kind/qos_controller.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/module.h"
#include "tepui/record.h"
#include "tepui/wire.h"

struct lender {
	struct tp_instance instance;
	const char *how; /* "" = it keeps its promises */
	struct tp_resource_estimator_user user;
	struct tp_resource_estimator_request *estimate;
	struct tp_defer estimated;
	struct tp_qos_controller_user qos_user;
	struct tp_qos_controller_request *correct;
	struct tp_defer corrected;
};

static bool breaks(const struct lender *self, const char *how)
{
	return strcmp(self->how, how) == 0;
}

/* --- the estimator: a cpu -------------------------------------------------------------- */

static struct tp_resource *cpu(const struct lender *self, struct tp_arena *arena)
{
	struct tp_resource *ret = tp_record_new(&tp_resource_desc, arena);

	ret->name = "cpus";
	ret->has_type = true;
	ret->type = TP_VALUE_SCALAR;
	ret->scalar = tp_record_new(&tp_value_scalar_desc, arena);
	ret->scalar->has_value_milli = true;
	ret->scalar->value_milli = breaks(self, "owes") ? -1000 : 1000;
	if (!breaks(self, "gives-away"))
		ret->revocable = tp_record_new(&tp_resource_revocable_info_desc, arena);
	if (breaks(self, "allots")) {
		ret->allocation_info =
			tp_record_new(&tp_resource_allocation_info_desc, arena);
		ret->allocation_info->role = "friends";
	}
	return ret;
}

static void on_estimated(struct tp_defer *defer)
{
	struct lender *self = tp_container_of(defer, struct lender, estimated);
	struct tp_resource_estimator_request *request = self->estimate;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_resource_usage *usage = self->user.usage(self->user.user, arena);

	if (breaks(self, "scribbles") && usage->n_executors > 0)
		usage->executors[0]->n_allocated = 0;
	tp_arena_push(arena, (struct tp_resource ***)&request->resources,
		&request->n_resources, cpu(self, arena));
	self->estimate = NULL;
	request->done(request, breaks(self, "speechless") ? -EIO : 0);
	if (breaks(self, "repeats"))
		request->done(request, 0);
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

	self->estimate = request;
	if (breaks(self, "hasty"))
		on_estimated(&self->estimated);
	else if (!breaks(self, "silent"))
		tp_loop_defer(self->instance.loop, &self->estimated);
}

static void estimator_cancel(void *impl, struct tp_resource_estimator_request *request)
{
	struct lender *self = impl;

	(void)request;
	if (!breaks(self, "deaf"))
		tp_loop_undefer(self->instance.loop, &self->estimated);
}

static const struct tp_resource_estimator_ops estimator_ops = {
	.open = estimator_open,
	.estimate = estimator_estimate,
	.cancel = estimator_cancel,
};

/* --- the controller: whoever comes last ------------------------------------------------ */

static struct tp_qos_correction *correction(const struct lender *self,
	const struct tp_resource_usage_executor *executor, struct tp_arena *arena)
{
	struct tp_qos_correction *ret = tp_record_new(&tp_qos_correction_desc, arena);

	ret->has_type = true;
	ret->type = breaks(self, "pardons") ? 2 : TP_QOS_CORRECTION_KILL;
	ret->kill = tp_record_new(&tp_qos_correction_kill_desc, arena);
	ret->kill->framework_id = executor->executor_info->framework_id;
	ret->kill->executor_id = executor->executor_info->executor_id;
	ret->kill->container_id = executor->container_id;
	if (breaks(self, "vague"))
		ret->kill->executor_id = NULL;
	if (breaks(self, "confused")) {
		ret->kill->container_id = tp_record_new(&tp_container_id_desc, arena);
		ret->kill->container_id->value = "somebody's";
	}
	if (breaks(self, "sees-ghosts")) {
		ret->kill->executor_id = tp_record_new(&tp_executor_id_desc, arena);
		ret->kill->executor_id->value = "ghost";
	}
	return ret;
}

static void on_corrected(struct tp_defer *defer)
{
	struct lender *self = tp_container_of(defer, struct lender, corrected);
	struct tp_qos_controller_request *request = self->correct;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_resource_usage *usage =
		self->qos_user.usage(self->qos_user.user, arena);

	if (usage->n_executors > 0)
		tp_arena_push(arena, (struct tp_qos_correction ***)&request->corrections,
			&request->n_corrections,
			correction(
				self, usage->executors[usage->n_executors - 1], arena));
	self->correct = NULL;
	request->done(request, breaks(self, "qos-speechless") ? -EIO : 0);
	if (breaks(self, "qos-repeats"))
		request->done(request, 0);
}

static int controller_open(
	void *impl, const struct tp_qos_controller_user *user, struct tp_error *err)
{
	struct lender *self = impl;

	(void)err;
	self->qos_user = *user;
	return 0;
}

static void controller_correct(void *impl, struct tp_qos_controller_request *request)
{
	struct lender *self = impl;

	self->correct = request;
	if (breaks(self, "qos-hasty"))
		on_corrected(&self->corrected);
	else if (!breaks(self, "patient"))
		tp_loop_defer(self->instance.loop, &self->corrected);
}

static void controller_cancel(void *impl, struct tp_qos_controller_request *request)
{
	struct lender *self = impl;

	(void)request;
	if (!breaks(self, "qos-deaf"))
		tp_loop_undefer(self->instance.loop, &self->corrected);
}

static const struct tp_qos_controller_ops controller_ops = {
	.open = controller_open,
	.correct = controller_correct,
	.cancel = controller_cancel,
};

/* --- the module ------------------------------------------------------------------------ */

static int lender_init(void *impl, struct tp_error *err)
{
	struct lender *self = impl;

	(void)err;
	self->estimated.run = on_estimated;
	self->corrected.run = on_corrected;
	return 0;
}

static const struct tp_field lender_config[] = {
	TP_CONFIG("how", TP_STRING, struct lender, how, "",
		"The promise that it breaks; empty: none."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy-lender",
	.version = "1",
	.summary = "Breaks what estimators and controllers promise",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("resource_estimator", TP_RESOURCE_ESTIMATOR_ABI,
				estimator_ops),
			TP_PROVIDE(
				"qos_controller", TP_QOS_CONTROLLER_ABI, controller_ops),
			{ 0 },
		},
	.config = lender_config,
	.instance_size = sizeof(struct lender),
	.init = lender_init,
};
