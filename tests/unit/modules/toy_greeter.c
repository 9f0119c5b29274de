/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A provider as modules usually are: one kind, a little config, publishes a value. On demand it
 * fails to start, ends the process or never stops.
 */
#include "toy.h"

#include <errno.h>

struct greeter {
	struct tp_instance instance;
	const char *text;
	int64_t delay_ns;
	bool fail, linger;
	int32_t exit_status;
	int count;
};

static const char *greet(void *impl)
{
	struct greeter *self = impl;

	self->count++;
	return self->text;
}

static int count(void *impl)
{
	return ((struct greeter *)impl)->count;
}

static int greeter_start(void *impl, struct tp_error *err)
{
	struct greeter *self = impl;

	if (self->fail)
		return tp_fail(err, EIO, "was told to fail");
	tp_instance_ready(&self->instance, "text", self->text);
	return 0;
}

static int greeter_recover(void *impl, struct tp_error *err)
{
	struct greeter *self = impl;

	(void)err;
	if (self->exit_status != 0)
		tp_instance_exit(&self->instance, self->exit_status);
	return 0;
}

static void greeter_stop(void *impl, struct tp_done *done)
{
	struct greeter *self = impl;

	if (!self->linger)
		tp_done(done, 0);
}

static void greeter_status(void *impl, struct tp_strbuf *out)
{
	tp_strbuf_printf(out, "greeted: %d\n", ((struct greeter *)impl)->count);
}

static const struct toy_greeter_ops ops = { greet, count };

static const struct tp_field config[] = {
	TP_CONFIG("text", TP_STRING, struct greeter, text, "hello", "What to say."),
	TP_CONFIG("delay", TP_DURATION, struct greeter, delay_ns, "1s", "Pause."),
	TP_CONFIG("fail", TP_BOOL, struct greeter, fail, "false", "Refuse to start."),
	TP_CONFIG("linger", TP_BOOL, struct greeter, linger, "false", "Never stop."),
	TP_CONFIG("exit", TP_INT32, struct greeter, exit_status, "0", "End at once."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_greeter",
	.version = "1.2",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("greeter", TOY_GREETER_ABI, ops), { 0 } },
	.config = config,
	.instance_size = sizeof(struct greeter),
	.start = greeter_start,
	.recover = greeter_recover,
	.stop = greeter_stop,
	.status = greeter_status,
};
