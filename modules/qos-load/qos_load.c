/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qos-load: while the machine's load average is above a threshold, every executor that runs on
 * something revocable has to go. Each question is answered a moment after it was asked: the agent's
 * `qos_correction_interval_min` says how often that is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/kind/qos_controller.h"
#include "tepui/module.h"
#include "tepui/record.h"
#include "tepui/wire/oversubscription.h"
#include "tepui/wire/statistics.h"

struct qos_load {
	struct tp_instance instance;
	double threshold_5min, threshold_15min; /* 0 = none */
	const char *path;
	struct tp_qos_controller_user user;
	struct tp_qos_controller_request *request; /* NULL: none is under way */
	struct tp_defer answer;
	bool overloaded; /* the log has it */
};

/* "0.25 0.61 0.70 2/345 6789": of one, five and fifteen minutes. A file of the kernel: quick. */
static int read_load(const struct qos_load *self, double *ret_5min, double *ret_15min,
	struct tp_error *err)
{
	char text[128];
	double load_1min;
	ssize_t n;
	int fd = open(self->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return tp_fail(err, errno, "%s: %s", self->path, strerror(errno));
	n = read(fd, text, sizeof text - 1);
	if (n < 0) {
		int r = tp_fail(err, errno, "%s: %s", self->path, strerror(errno));

		close(fd);
		return r;
	}
	close(fd);
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	if (sscanf(text, "%lf %lf %lf", &load_1min, ret_5min, ret_15min) != 3)
		return tp_fail(err, EPROTO, "%s: there are no three loads in '%s'",
			self->path, text);
	return 0;
}

static bool is_overloaded(struct qos_load *self, double load_5min, double load_15min)
{
	bool is = (self->threshold_5min > 0 && load_5min > self->threshold_5min) ||
		(self->threshold_15min > 0 && load_15min > self->threshold_15min);

	if (is != self->overloaded)
		tp_info(self,
			is ? "the load is too high, what is revocable has to go"
			   : "the load is fine again",
			"load_5min=%.2f load_15min=%.2f", load_5min, load_15min);
	self->overloaded = is;
	return is;
}

static bool is_revocable(const struct tp_resource_usage_executor *executor)
{
	for (size_t i = 0; i < executor->n_allocated; i++) {
		if (executor->allocated[i]->revocable != NULL)
			return true;
	}
	return false;
}

static struct tp_qos_correction *kill_of(
	const struct tp_resource_usage_executor *executor, struct tp_arena *arena)
{
	struct tp_qos_correction *ret = tp_record_new(&tp_qos_correction_desc, arena);

	ret->has_type = true;
	ret->type = TP_QOS_CORRECTION_KILL;
	ret->kill = tp_record_new(&tp_qos_correction_kill_desc, arena);
	ret->kill->framework_id = executor->executor_info->framework_id;
	ret->kill->executor_id = executor->executor_info->executor_id;
	ret->kill->container_id = executor->container_id;
	return ret;
}

static void load_answer(struct tp_defer *defer)
{
	struct qos_load *self = tp_container_of(defer, struct qos_load, answer);
	struct tp_qos_controller_request *request = self->request;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_qos_correction **corrections = NULL;
	const struct tp_resource_usage *usage;
	double load_5min, load_15min;
	size_t n = 0;
	int r;

	self->request = NULL;
	r = read_load(self, &load_5min, &load_15min, &request->err);
	if (r >= 0 && is_overloaded(self, load_5min, load_15min)) {
		usage = self->user.usage(self->user.user, arena);
		for (size_t i = 0; i < usage->n_executors; i++) {
			if (is_revocable(usage->executors[i]))
				tp_arena_push(arena, &corrections, &n,
					kill_of(usage->executors[i], arena));
		}
	}
	request->corrections = corrections;
	request->n_corrections = n;
	request->done(request, r);
}

static int load_open(
	void *impl, const struct tp_qos_controller_user *user, struct tp_error *err)
{
	struct qos_load *self = impl;

	(void)err;
	self->user = *user;
	return 0;
}

static void load_correct(void *impl, struct tp_qos_controller_request *request)
{
	struct qos_load *self = impl;

	self->request = request;
	tp_loop_defer(self->instance.loop, &self->answer);
}

static void load_cancel(void *impl, struct tp_qos_controller_request *request)
{
	struct qos_load *self = impl;

	(void)request;
	self->request = NULL;
	tp_loop_undefer(self->instance.loop, &self->answer);
}

static const struct tp_qos_controller_ops load_ops = {
	.open = load_open,
	.correct = load_correct,
	.cancel = load_cancel,
};

/* --- the module ------------------------------------------------------------------------ */

static void load_check(const void *impl)
{
	const struct qos_load *self = impl;

	if (!(self->threshold_5min >= 0))
		tp_complain(self, "load_threshold_5min", "must not be negative");
	if (!(self->threshold_15min >= 0))
		tp_complain(self, "load_threshold_15min", "must not be negative");
	if (self->threshold_5min == 0 && self->threshold_15min == 0)
		tp_complain(self, "load_threshold_5min",
			"is needed, or load_threshold_15min: a load average, like twice "
			"the number of processors");
}

static int load_init(void *impl, struct tp_error *err)
{
	struct qos_load *self = impl;

	(void)err;
	self->answer.run = load_answer;
	return 0;
}

static void load_fini(void *impl)
{
	struct qos_load *self = impl;

	tp_loop_undefer(self->instance.loop, &self->answer);
}

static void load_status(void *impl, struct tp_strbuf *out)
{
	struct qos_load *self = impl;

	tp_strbuf_printf(out, "overloaded: %s\n", self->overloaded ? "yes" : "no");
}

static const struct tp_field load_config[] = {
	TP_CONFIG_RELOAD("load_threshold_5min", TP_DOUBLE, struct qos_load,
		threshold_5min, "0",
		"Load average of five minutes above which revocable executors go; 0: it "
		"does not matter."),
	TP_CONFIG_RELOAD("load_threshold_15min", TP_DOUBLE, struct qos_load,
		threshold_15min, "0",
		"Load average of fifteen minutes above which they go; 0: it does not "
		"matter."),
	TP_CONFIG("loadavg", TP_STRING, struct qos_load, path, "/proc/loadavg",
		"Where the load averages are read."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "qos-load",
	.version = "1.0",
	.summary = "Ends what runs on revocable resources while the load is high",
	.provides = (const struct tp_provide[]){ TP_PROVIDE("qos_controller",
							 TP_QOS_CONTROLLER_ABI, load_ops),
		{ 0 } },
	.config = load_config,
	.instance_size = sizeof(struct qos_load),
	.init = load_init,
	.fini = load_fini,
	.status = load_status,
	.check = load_check,
};
