/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every hook promises: what it is shown is never changed, and what it answers is a whole
 * record that the daemon may send on. It is asked with next to nothing and with a little more.
 */
#include "tepui/kind/hook.h"
#include "check.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/wire.h"

struct shown {
	struct tp_arena *arena;
	struct tp_framework_info *framework;
	struct tp_agent_info *agent;
	struct tp_task_info *task;
	struct tp_executor_info *executor;
	struct tp_environment *environment;
	struct tp_task_status *status;
};

static void *record(struct shown *s, const struct tp_desc *desc)
{
	return tp_record_new(desc, s->arena);
}

/* The least that each record may have; `rich` adds labels and the like. */
static void show(struct shown *s, bool rich)
{
	struct tp_label *label;

	*s = (struct shown){ .arena = tp_arena_create(0) };
	s->framework = record(s, &tp_framework_info_desc);
	s->framework->user = "user";
	s->framework->name = "framework";
	s->framework->id = record(s, &tp_framework_id_desc);
	s->framework->id->value = "F";
	s->agent = record(s, &tp_agent_info_desc);
	s->agent->hostname = "host";
	s->agent->id = record(s, &tp_agent_id_desc);
	s->agent->id->value = "A";
	s->task = record(s, &tp_task_info_desc);
	s->task->name = "task";
	s->task->task_id = record(s, &tp_task_id_desc);
	s->task->task_id->value = "T";
	s->task->agent_id = s->agent->id;
	s->executor = record(s, &tp_executor_info_desc);
	s->executor->executor_id = record(s, &tp_executor_id_desc);
	s->executor->executor_id->value = "E";
	s->environment = record(s, &tp_environment_desc);
	s->status = record(s, &tp_task_status_desc);
	s->status->task_id = s->task->task_id;
	s->status->has_state = true;
	s->status->state = TP_TASK_RUNNING;
	if (!rich)
		return;
	label = record(s, &tp_label_desc);
	label->key = "key";
	s->task->labels = record(s, &tp_labels_desc);
	tp_arena_push(
		s->arena, &s->task->labels->labels, &s->task->labels->n_labels, label);
	s->status->labels = s->task->labels;
}

static void whole(
	struct check *c, const struct tp_desc *desc, const void *answer, const char *who)
{
	struct tp_error err = { 0 };

	if (answer != NULL)
		expect(c, tp_record_check(desc, answer, &err) >= 0, "%s: %s", who,
			err.text);
}

static void unchanged(struct check *c, const struct shown *s, const struct shown *before)
{
	expect(c,
		tp_record_equal(&tp_task_info_desc, s->task, before->task) &&
			tp_record_equal(&tp_framework_info_desc, s->framework,
				before->framework) &&
			tp_record_equal(&tp_agent_info_desc, s->agent, before->agent) &&
			tp_record_equal(
				&tp_executor_info_desc, s->executor, before->executor) &&
			tp_record_equal(&tp_environment_desc, s->environment,
				before->environment) &&
			tp_record_equal(&tp_task_status_desc, s->status, before->status),
		"it changed what it was shown");
}

static void ask(struct check *c, const struct shown *s)
{
	const struct tp_hook_ops *ops = c->it[0].ops;
	void *impl = c->it[0].impl;

	if (ops->master_launch_task_labels != NULL)
		whole(c, &tp_labels_desc,
			ops->master_launch_task_labels(
				impl, s->task, s->framework, s->agent, s->arena),
			"master_launch_task_labels");
	if (ops->agent_run_task_labels != NULL)
		whole(c, &tp_labels_desc,
			ops->agent_run_task_labels(
				impl, s->task, s->framework, s->agent, s->arena),
			"agent_run_task_labels");
	if (ops->agent_executor_environment != NULL)
		whole(c, &tp_environment_desc,
			ops->agent_executor_environment(
				impl, s->executor, s->environment, s->arena),
			"agent_executor_environment");
	if (ops->agent_task_status != NULL)
		ops->agent_task_status(impl, "F", s->status, s->arena);
	if (ops->master_agent_lost != NULL)
		ops->master_agent_lost(impl, s->agent);
}

static void decorate(struct check *c, bool rich)
{
	struct shown s, before;

	show(&s, rich);
	show(&before, rich);
	for (int i = 0; i < 3; i++) /* it keeps nothing of what it was shown */
		ask(c, &s);
	unchanged(c, &s, &before);
	tp_arena_destroy(s.arena);
	tp_arena_destroy(before.arena);
}

static void little(struct check *c)
{
	decorate(c, false);
}

static void more(struct check *c)
{
	decorate(c, true);
}

static void identity(struct check *c)
{
	const struct tp_hook_ops *ops = c->it[0].ops;
	struct tp_resource **resources = NULL;
	struct tp_attribute **attributes = NULL;
	tp_cleanup(resources) struct tp_resources checked = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };
	struct shown s;
	size_t n = 0;
	int r = 0;

	if (ops->agent_resources == NULL && ops->agent_attributes == NULL) {
		skip(c, "it says nothing about agents");
		return;
	}
	show(&s, false);
	if (ops->agent_resources != NULL)
		r = ops->agent_resources(
			c->it[0].impl, s.agent, s.arena, &resources, &n, &err);
	expect(c, r >= 0, "agent_resources: %s", err.text);
	if (r > 0)
		expect(c, tp_resources_from_records(&checked, resources, n, &err) >= 0,
			"agent_resources: %s", err.text);
	r = 0;
	if (ops->agent_attributes != NULL)
		r = ops->agent_attributes(
			c->it[0].impl, s.agent, s.arena, &attributes, &n, &err);
	expect(c, r >= 0, "agent_attributes: %s", err.text);
	for (size_t i = 0; r > 0 && i < n; i++)
		whole(c, &tp_attribute_desc, attributes[i], "agent_attributes");
	tp_arena_destroy(s.arena);
}

const struct check_case hook_cases[] = {
	{ "decorates what has next to nothing", little, 1 },
	{ "decorates what has labels", more, 1 },
	{ "resources and attributes are valid", identity, 1 },
	{ 0 },
};
