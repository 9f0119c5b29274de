/* SPDX-License-Identifier: Apache-2.0 */
/* A requirer: greets at start through its slot and publishes what it heard. */
#include "toy.h"

struct caller {
	struct tp_instance instance;
	struct toy_greeter greeter;
};

static int caller_recover(void *impl, struct tp_error *err)
{
	struct caller *self = impl;

	(void)err;
	tp_instance_ready(
		&self->instance, "heard", self->greeter.ops->greet(self->greeter.impl));
	return 0;
}

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_caller",
	.version = "1.0",
	.requires = (const struct tp_require[]){ TP_REQUIRE("greeter", TOY_GREETER_ABI,
							 struct caller, greeter),
		{ 0 } },
	.instance_size = sizeof(struct caller),
	.recover = caller_recover,
};
