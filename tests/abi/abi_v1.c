/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A module that was built long ago: with the headers of tests/abi/v1 and nothing newer. It
 * uses what modules usually use, so that a struct that moved shows.
 */
#include <errno.h>
#include <string.h>

#include "tepui/kind/anonymous.h"
#include "tepui/kind/hook.h"
#include "tepui/kind/registry.h"
#include "tepui/module.h"

struct abi_v1 {
	struct tp_instance instance;
	bool flag;
	int32_t number;
	int64_t pause_ns, size_bytes;
	const char *text;
	const char **words;
	size_t n_words;
	struct tp_registry registry; /* optional: stays NULL here */
	struct tp_timer timer;
	unsigned fired;
};

static void fire(struct tp_timer *timer)
{
	struct abi_v1 *self = tp_container_of(timer, struct abi_v1, timer);

	self->fired++;
	tp_timer_arm(self->instance.loop, timer, self->pause_ns);
}

static void agent_lost(void *impl, const struct tp_agent_info *agent)
{
	(void)agent;
	((struct abi_v1 *)impl)->fired = 0;
}

static const char *purpose(void *impl)
{
	return ((struct abi_v1 *)impl)->text;
}

/* Every default has arrived where these headers say it is. */
static int abi_v1_init(void *impl, struct tp_error *err)
{
	struct abi_v1 *self = impl;

	self->timer.fire = fire;
	if (!self->flag || self->number != -7 || self->pause_ns != 1500 * TP_MSEC ||
		self->size_bytes != 64 * 1024 * 1024 || strcmp(self->text, "old") != 0 ||
		self->n_words != 0)
		return tp_fail(err, EINVAL, "the config is not where it was");
	if (self->registry.ops != NULL || self->registry.impl != NULL)
		return tp_fail(err, EINVAL, "a registry that nobody provides");
	if (self->instance.loop == NULL || self->instance.topic.name == NULL ||
		self->instance.module == NULL ||
		strcmp(self->instance.module->name, "abi_v1") != 0)
		return tp_fail(err, EINVAL, "the instance is not what it was");
	return 0;
}

static int abi_v1_start(void *impl, struct tp_error *err)
{
	struct abi_v1 *self = impl;

	(void)err;
	tp_timer_arm(self->instance.loop, &self->timer, self->pause_ns);
	tp_instance_ready(&self->instance, "text", self->text);
	tp_info(self, "started", "text=%s", self->text);
	return 0;
}

static void abi_v1_stop(void *impl, struct tp_done *done)
{
	struct abi_v1 *self = impl;

	tp_timer_disarm(self->instance.loop, &self->timer);
	tp_done(done, 0);
}

static void abi_v1_status(void *impl, struct tp_strbuf *out)
{
	tp_strbuf_printf(out, "fired: %u\n", ((struct abi_v1 *)impl)->fired);
}

static const struct tp_hook_ops hook_ops = { .master_agent_lost = agent_lost };
static const struct tp_anonymous_ops anonymous_ops = { .purpose = purpose };

static const struct tp_field config[] = {
	TP_CONFIG("flag", TP_BOOL, struct abi_v1, flag, "true", "A bool."),
	TP_CONFIG("number", TP_INT32, struct abi_v1, number, "-7", "A number."),
	TP_CONFIG("pause", TP_DURATION, struct abi_v1, pause_ns, "1.5s", "A duration."),
	TP_CONFIG("size", TP_SIZE, struct abi_v1, size_bytes, "64MB", "A size."),
	TP_CONFIG("text", TP_STRING, struct abi_v1, text, "old", "A text."),
	TP_CONFIG_LIST("words", struct abi_v1, words, "A list."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "abi_v1",
	.version = "1",
	.summary = "Built with the headers of ABI 1",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("hook", TP_HOOK_ABI, hook_ops),
			TP_PROVIDE("anonymous", TP_ANONYMOUS_ABI, anonymous_ops),
			{ 0 },
		},
	.requires =
		(const struct tp_require[]){
			TP_REQUIRE_OPTIONAL(
				"registry", TP_REGISTRY_ABI, struct abi_v1, registry),
			{ 0 },
		},
	.config = config,
	.instance_size = sizeof(struct abi_v1),
	.init = abi_v1_init,
	.start = abi_v1_start,
	.stop = abi_v1_stop,
	.status = abi_v1_status,
};
