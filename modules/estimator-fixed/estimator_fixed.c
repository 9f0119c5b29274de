/* SPDX-License-Identifier: Apache-2.0 */
/*
 * estimator-fixed: what the operator says may be lent, less what revocable tasks have of it already.
 * It measures nothing. An answer is made when it is given, a moment after it was asked for.
 */
#include "tepui/kind/resource_estimator.h"
#include "tepui/module.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire/statistics.h"

struct estimator_fixed {
	struct tp_instance instance;
	const char *text;
	struct tp_resource_estimator_user user;
	struct tp_resources total;                     /* all of it revocable */
	struct tp_resource_estimator_request *request; /* NULL: none is under way */
	struct tp_defer answer;
};

/* What the text says, each part of it as something that may be taken back. */
static int parse(const char *text, struct tp_resources *ret, struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource **records = NULL;
	size_t n = 0;
	int r = tp_resource_records_parse(text, "*", arena, &records, &n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++)
		records[i]->revocable =
			tp_record_new(&tp_resource_revocable_info_desc, arena);
	return tp_resources_from_records(ret, records, n, err);
}

/* One by one, of an executor with its tasks; the role that has it does not matter. */
static void subtract_given(
	struct tp_resources *left, const struct tp_resource_usage_executor *executor)
{
	for (size_t i = 0; i < executor->n_allocated; i++) {
		tp_cleanup(resources) struct tp_resources one = TP_RESOURCES_INIT;

		if (tp_resources_from_records(&one, &executor->allocated[i], 1, NULL) < 0)
			continue;
		tp_resources_unallocate(&one);
		tp_resources_subtract(left, &one);
	}
}

static void fixed_answer(struct tp_defer *defer)
{
	struct estimator_fixed *self =
		tp_container_of(defer, struct estimator_fixed, answer);
	struct tp_resource_estimator_request *request = self->request;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	tp_cleanup(resources) struct tp_resources left = TP_RESOURCES_INIT;
	const struct tp_resource_usage *usage = self->user.usage(self->user.user, arena);
	struct tp_resource **records = NULL;
	size_t n = 0;

	tp_resources_copy(&left, &self->total);
	for (size_t i = 0; i < usage->n_executors; i++)
		subtract_given(&left, usage->executors[i]);
	tp_resources_to_records(&left, TP_RESOURCE_POST, arena, &records, &n);
	request->resources = records;
	request->n_resources = n;
	self->request = NULL;
	request->done(request, 0);
}

static int fixed_open(
	void *impl, const struct tp_resource_estimator_user *user, struct tp_error *err)
{
	struct estimator_fixed *self = impl;

	(void)err;
	self->user = *user;
	return 0;
}

static void fixed_estimate(void *impl, struct tp_resource_estimator_request *request)
{
	struct estimator_fixed *self = impl;

	self->request = request;
	tp_loop_defer(self->instance.loop, &self->answer);
}

static void fixed_cancel(void *impl, struct tp_resource_estimator_request *request)
{
	struct estimator_fixed *self = impl;

	(void)request;
	self->request = NULL;
	tp_loop_undefer(self->instance.loop, &self->answer);
}

static const struct tp_resource_estimator_ops fixed_ops = {
	.open = fixed_open,
	.estimate = fixed_estimate,
	.cancel = fixed_cancel,
};

/* --- the module ------------------------------------------------------------------------ */

static void fixed_check(const void *impl)
{
	const struct estimator_fixed *self = impl;
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	struct tp_error err;

	if (parse(self->text, &total, &err) < 0)
		tp_complain(self, "resources", "%s", err.text);
	else if (tp_resources_empty(&total))
		tp_complain(self, "resources",
			"there is nothing to lend in it: write something like "
			"cpus:2;mem:512");
}

static int fixed_init(void *impl, struct tp_error *err)
{
	struct estimator_fixed *self = impl;

	self->answer.run = fixed_answer;
	return parse(self->text, &self->total, err);
}

static void fixed_fini(void *impl)
{
	struct estimator_fixed *self = impl;

	tp_loop_undefer(self->instance.loop, &self->answer);
	tp_resources_fini(&self->total);
}

static int fixed_reload(void *impl, struct tp_error *err)
{
	struct estimator_fixed *self = impl;

	return parse(self->text, &self->total, err);
}

static void fixed_status(void *impl, struct tp_strbuf *out)
{
	struct estimator_fixed *self = impl;

	tp_strbuf_printf(out, "lends: ");
	tp_resources_print(&self->total, out);
	tp_strbuf_printf(out, "\n");
}

static const struct tp_field fixed_config[] = {
	{ .name = "resources",
		.type = TP_STRING,
		.label = TP_REQUIRED,
		.flags = TP_FIELD_RELOAD,
		.offset = offsetof(struct estimator_fixed, text),
		.doc = "What may be lent besides what the agent has: like "
		       "cpus:2;mem:512, or a JSON array." },
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "estimator-fixed",
	.version = "1.0",
	.summary = "Lends a fixed amount of an agent",
	.provides = (const struct tp_provide[]){ TP_PROVIDE("resource_estimator",
							 TP_RESOURCE_ESTIMATOR_ABI,
							 fixed_ops),
		{ 0 } },
	.config = fixed_config,
	.instance_size = sizeof(struct estimator_fixed),
	.init = fixed_init,
	.fini = fixed_fini,
	.status = fixed_status,
	.reload = fixed_reload,
	.check = fixed_check,
};
