/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	started ─► asked ─corrections, or an error─► waits ─► asked ...
 *
 * A question may wait for its answer as long as there is nothing to correct. An answer that changed
 * nothing is followed by a second of peace, whatever `qos_correction_interval_min` says: nobody
 * keeps the loop busy with that. What cannot be done is skipped; the log has it once.
 */
#include "qos.h"

#include <errno.h>

#include "tepui/kind/qos_controller.h"
#include "tepui/wire/oversubscription.h"

#include "executors.h"
#include "frameworks.h"
#include "metrics.h"
#include "status.h"
#include "usage.h"

#define IDLE_NS TP_SEC

struct qos {
	struct agent *agent;
	struct tp_qos_controller_request request;
	bool asked; /* the request is under way */
	struct tp_timer next;
	bool troubled; /* the log has it */
};

static void complain(struct qos *self, const char *why)
{
	if (!self->troubled)
		tp_warn(self->agent,
			"the QoS controller fails, or wants what cannot be done: that is "
			"skipped, and it is asked again and again",
			"why=%s", why);
	self->troubled = true;
}

/* --- the answer ------------------------------------------------------------------------ */

/* Whom it means, or NULL and why nobody is meant. */
static struct executor *victim_of(struct agent *agent,
	const struct tp_qos_correction *correction, const char **ret_why)
{
	const struct tp_qos_correction_kill *kill = correction->kill;
	struct executor *executor;

	*ret_why = "it wants something else than KILL";
	if (!correction->has_type || correction->type != TP_QOS_CORRECTION_KILL)
		return NULL;
	*ret_why = "KILL without framework_id and executor_id";
	if (kill == NULL || kill->framework_id == NULL || kill->executor_id == NULL)
		return NULL;
	*ret_why = "KILL of an executor that is not here";
	executor =
		executor_find(agent, kill->framework_id->value, kill->executor_id->value);
	if (executor == NULL)
		return NULL;
	*ret_why = "KILL of an executor whose container is another one by now";
	if (kill->container_id != NULL &&
		!tp_streq(kill->container_id->value, executor->container_id))
		return NULL;
	return executor;
}

/* Who is going already goes by itself. */
static bool preempt(struct executor *executor)
{
	struct framework *framework = executor->framework;
	struct agent *agent = framework->agent;

	if (executor->state >= EXECUTOR_TERMINATING ||
		framework->state != FRAMEWORK_RUNNING)
		return false;
	tp_info(agent, "ending an executor for the sake of others",
		"framework=%s executor=%s container=%s", framework->id, executor->id,
		executor->container_id);
	executor_set_end(executor, status_pick(framework, TP_TASK_GONE),
		TP_REASON_CONTAINER_PREEMPTED, "Container preempted by QoS correction");
	agent->metrics->executors_preempted.value++;
	executor_destroy_container(executor);
	return true;
}

/* Whether anything changed by it. */
static bool correct_all(
	struct qos *self, struct tp_qos_correction *const *corrections, size_t n)
{
	bool changed = false, clean = true;

	for (size_t i = 0; i < n; i++) {
		const char *why;
		struct executor *executor = victim_of(self->agent, corrections[i], &why);

		if (executor != NULL) {
			changed |= preempt(executor);
			continue;
		}
		complain(self, why);
		clean = false;
	}
	if (clean && self->troubled)
		tp_info(self->agent, "the QoS controller is well again", "%s", "");
	if (clean)
		self->troubled = false;
	return changed;
}

static void corrected(struct tp_qos_controller_request *request, int status)
{
	struct qos *self = tp_container_of(request, struct qos, request);
	struct agent *agent = self->agent;
	int64_t wait_ns = agent->config.qos_correction_interval_min_ns;
	bool changed = false;

	self->asked = false;
	if (status < 0)
		complain(self, request->err.text);
	else if (agent->state != AGENT_TERMINATING)
		changed = correct_all(self, request->corrections, request->n_corrections);
	if (!changed && wait_ns < IDLE_NS)
		wait_ns = IDLE_NS;
	tp_timer_arm(agent->instance.loop, &self->next, wait_ns);
}

/* --- the question ---------------------------------------------------------------------- */

static void ask(struct tp_timer *timer)
{
	struct qos *self = tp_container_of(timer, struct qos, next);
	const struct tp_qos_controller *controller = &self->agent->qos_controller;

	self->asked = true;
	self->request = (struct tp_qos_controller_request){ .done = corrected };
	controller->ops->correct(controller->impl, &self->request);
}

void qos_init(struct agent *agent)
{
	struct qos *self = tp_alloc(sizeof *self);

	self->agent = agent;
	self->next.fire = ask;
	agent->qos = self;
}

void qos_fini(struct agent *agent)
{
	if (agent->qos == NULL)
		return;
	qos_stop(agent);
	tp_free(agent->qos);
	agent->qos = NULL;
}

int qos_open(struct agent *agent, struct tp_error *err)
{
	const struct tp_qos_controller *controller = &agent->qos_controller;
	const struct tp_qos_controller_user user = { agent, usage_describe };
	int r;

	if (controller->ops == NULL)
		return 0;
	if (controller->ops->open == NULL || controller->ops->correct == NULL ||
		controller->ops->cancel == NULL)
		return tp_fail(err, ENOSYS,
			"the qos_controller of the manifest has not got all of open(), "
			"correct() and cancel()");
	r = controller->ops->open(controller->impl, &user, err);
	return r < 0 ? tp_wrap(err, r, "opening the qos_controller") : 0;
}

void qos_start(struct agent *agent)
{
	if (agent->qos_controller.ops != NULL)
		tp_timer_arm(agent->instance.loop, &agent->qos->next, 0);
}

void qos_stop(struct agent *agent)
{
	struct qos *self = agent->qos;

	tp_timer_disarm(agent->instance.loop, &self->next);
	if (self->asked)
		agent->qos_controller.ops->cancel(
			agent->qos_controller.impl, &self->request);
	self->asked = false;
}
