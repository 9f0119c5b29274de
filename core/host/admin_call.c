/* SPDX-License-Identifier: Apache-2.0 */
#include "core/host/admin_call.h"

#define TEXT(object, n, member) \
	{ \
		.name = #member, .number = (n), .type = TP_STRING, \
		.offset = offsetof(object, member) \
	}

static const struct tp_field call_fields[] = {
	{ .name = "command",
		.number = 1,
		.type = TP_STRING,
		.label = TP_REQUIRED,
		.offset = offsetof(struct admin_call, command) },
	TEXT(struct admin_call, 2, argument),
};

const struct tp_desc admin_call_desc = {
	.name = "AdminCall",
	.size = sizeof(struct admin_call),
	.fields = call_fields,
	.n_fields = TP_COUNT(call_fields),
	.field_size = sizeof(struct tp_field),
	.max_number = 2,
};

static const struct tp_field instance_fields[] = {
	TEXT(struct admin_instance, 1, name),
	TEXT(struct admin_instance, 2, module),
	TEXT(struct admin_instance, 3, version),
	TEXT(struct admin_instance, 4, kinds),
	TEXT(struct admin_instance, 5, file),
	TEXT(struct admin_instance, 6, status),
};

static const struct tp_desc instance_desc = {
	.name = "AdminInstance",
	.size = sizeof(struct admin_instance),
	.fields = instance_fields,
	.n_fields = TP_COUNT(instance_fields),
	.field_size = sizeof(struct tp_field),
	.max_number = 6,
};

static const struct tp_field answer_fields[] = {
	TEXT(struct admin_answer, 1, text),
	{ .name = "instances",
		.number = 2,
		.type = TP_RECORD,
		.label = TP_MANY,
		.offset = offsetof(struct admin_answer, instances),
		.extra = offsetof(struct admin_answer, n_instances),
		.sub = &instance_desc },
	{ .name = "failed",
		.number = 3,
		.type = TP_BOOL,
		.offset = offsetof(struct admin_answer, failed),
		.extra = offsetof(struct admin_answer, has_failed) },
};

const struct tp_desc admin_answer_desc = {
	.name = "AdminAnswer",
	.size = sizeof(struct admin_answer),
	.fields = answer_fields,
	.n_fields = TP_COUNT(answer_fields),
	.field_size = sizeof(struct tp_field),
	.max_number = 3,
};
