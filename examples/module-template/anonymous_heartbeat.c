/* SPDX-License-Identifier: Apache-2.0 */
/* A module that nobody calls: it lives on a timer and writes a line to the log at each beat. */
#include <errno.h>

#include "tepui/kind/anonymous.h"
#include "tepui/module.h"

struct heartbeat {
	struct tp_instance instance; /* always first */
	int64_t interval_ns;         /* config */
	const char *text;
	uint64_t beats;
	struct tp_timer timer;
};

static void beat(struct tp_timer *timer)
{
	struct heartbeat *self = tp_container_of(timer, struct heartbeat, timer);

	self->beats++;
	tp_info(self, self->text, "beats=%llu", (unsigned long long)self->beats);
	tp_timer_arm(self->instance.loop, timer, self->interval_ns);
}

static int heartbeat_init(void *impl, struct tp_error *err)
{
	struct heartbeat *self = impl;

	self->timer.fire = beat;
	if (self->interval_ns < 10 * TP_MSEC)
		return tp_fail(err, EINVAL, "interval: must be at least 10ms");
	return 0;
}

static int heartbeat_start(void *impl, struct tp_error *err)
{
	struct heartbeat *self = impl;

	(void)err;
	tp_timer_arm(self->instance.loop, &self->timer, self->interval_ns);
	return 0;
}

static void heartbeat_stop(void *impl, struct tp_done *done)
{
	struct heartbeat *self = impl;

	tp_timer_disarm(self->instance.loop, &self->timer);
	tp_done(done, 0);
}

static void heartbeat_status(void *impl, struct tp_strbuf *out)
{
	const struct heartbeat *self = impl;

	tp_strbuf_printf(out, "beats: %llu\n", (unsigned long long)self->beats);
}

static const char *purpose(void *impl)
{
	(void)impl;
	return "a line in the log at each beat";
}

static const struct tp_anonymous_ops heartbeat_ops = { .purpose = purpose };

static const struct tp_field heartbeat_config[] = {
	TP_CONFIG("interval", TP_DURATION, struct heartbeat, interval_ns, "1mins",
		"Time between two beats, at least 10ms."),
	TP_CONFIG("text", TP_STRING, struct heartbeat, text, "alive",
		"What the line says."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "anonymous-heartbeat",
	.version = "1.0",
	.summary = "Writes a line to the log at every interval",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("anonymous", TP_ANONYMOUS_ABI, heartbeat_ops), { 0 } },
	.config = heartbeat_config,
	.instance_size = sizeof(struct heartbeat),
	.init = heartbeat_init,
	.start = heartbeat_start,
	.stop = heartbeat_stop,
	.status = heartbeat_status,
};
