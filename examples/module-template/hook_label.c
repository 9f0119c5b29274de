/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hook for masters: every task that is launched gets one more label. A task that has a label
 * of this key already keeps its own.
 */
#include <errno.h>

#include "tepui/kind/hook.h"
#include "tepui/module.h"
#include "tepui/record.h"
#include "tepui/wire.h"

struct hook_label {
	struct tp_instance instance; /* always first */
	const char *key, *value;     /* config */
};

static struct tp_labels *launch_task_labels(void *impl, const struct tp_task_info *task,
	const struct tp_framework_info *framework, const struct tp_agent_info *agent,
	struct tp_arena *arena)
{
	const struct hook_label *self = impl;
	struct tp_labels *labels = tp_record_new(&tp_labels_desc, arena);
	struct tp_label *label = tp_record_new(&tp_label_desc, arena);

	(void)framework, (void)agent;
	for (size_t i = 0; task->labels != NULL && i < task->labels->n_labels; i++) {
		struct tp_label *old = task->labels->labels[i];

		if (tp_streq(old->key, self->key))
			return NULL; /* leave them as they are */
		tp_arena_push(arena, &labels->labels, &labels->n_labels, old);
	}
	label->key = self->key;
	label->value = self->value;
	tp_arena_push(arena, &labels->labels, &labels->n_labels, label);
	return labels;
}

static int hook_label_init(void *impl, struct tp_error *err)
{
	const struct hook_label *self = impl;

	if (self->key[0] == '\0')
		return tp_fail(err, EINVAL, "key: must not be empty");
	return 0;
}

static const struct tp_hook_ops hook_label_ops = {
	.master_launch_task_labels = launch_task_labels,
};

static const struct tp_field hook_label_config[] = {
	TP_CONFIG("key", TP_STRING, struct hook_label, key, "launched-by",
		"Key of the label."),
	TP_CONFIG("value", TP_STRING, struct hook_label, value, "tepui",
		"Value of the label."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "hook-label",
	.version = "1.0",
	.summary = "Adds a label to every task that is launched",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("hook", TP_HOOK_ABI, hook_label_ops), { 0 } },
	.config = hook_label_config,
	.instance_size = sizeof(struct hook_label),
	.init = hook_label_init,
};
