/* SPDX-License-Identifier: Apache-2.0 */
/*
 *	started ─► asked ─answer, error or a minute─► waits for the interval ─► asked ...
 *
 * What is told is the estimate and what revocable tasks have: the master's total, of which it takes
 * away what it knows to be in use. A task that is on its way here is in neither; the next answer
 * has it.
 *
 * The estimator may fail, keep silent or talk nonsense: what it said last stands, the log has it
 * once, and it is asked again.
 */
#include "oversubscription.h"

#include <errno.h>

#include "tepui/kind/resource_estimator.h"
#include "tepui/record.h"
#include "tepui/wire/internal.h"

#include "registration.h"
#include "usage.h"

#define PATIENCE_NS TP_MIN

struct oversubscription {
	struct agent *agent;
	struct tp_resource_estimator_request request;
	bool asked;            /* the request is under way */
	struct tp_timer timer; /* the next question, or the end of patience */
	struct tp_resources total;
	struct tp_resources told; /* to the master that has registered us */
	bool troubled;            /* the log has it */
};

static void tell(struct oversubscription *self)
{
	struct agent *agent = self->agent;
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	struct tp_update_agent *body;

	if (agent->state != AGENT_RUNNING ||
		tp_resources_equal(&self->total, &self->told))
		return;
	arena = tp_arena_create(0);
	body = tp_record_new(&tp_update_agent_desc, arena);
	body->agent_id = agent->info->id;
	body->has_update_oversubscribed_resources = true;
	body->update_oversubscribed_resources = true;
	tp_resources_to_records(&self->total, TP_RESOURCE_POST, arena,
		&body->oversubscribed_resources, &body->n_oversubscribed_resources);
	if (!registration_send(
		    agent, TP_MESSAGE_UPDATE_AGENT, &tp_update_agent_desc, body))
		return; /* after the next registration */
	tp_resources_copy(&self->told, &self->total);
	tp_resources_print(&self->total, &text);
	tp_info(agent, "telling the master what may be lent", "resources=%s",
		tp_strbuf_text(&text));
}

/* --- the answer ------------------------------------------------------------------------ */

static int check_item(const struct tp_resource_item *item, struct tp_error *err)
{
	if (tp_resource_is_nonrevocable(item, NULL))
		return tp_fail(err, EINVAL,
			"resource '%s' is not revocable: what is lent must be marked so",
			item->key->name);
	if (item->allocation != NULL)
		return tp_fail(err, EINVAL,
			"resource '%s' has a role in allocation_info: what is lent is "
			"nobody's yet",
			item->key->name);
	return 0;
}

static int take_answer(struct oversubscription *self,
	const struct tp_resource_estimator_request *request, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources more = TP_RESOURCES_INIT;
	int r = tp_resources_from_records(
		&more, request->resources, request->n_resources, err);

	for (uint32_t i = 0; r >= 0 && i < more.n; i++)
		r = check_item(&more.items[i], err);
	if (r < 0)
		return r;
	usage_revocable(self->agent, &self->total);
	tp_resources_add(&self->total, &more);
	return 0;
}

static void wait_interval(struct oversubscription *self)
{
	struct agent *agent = self->agent;

	tp_timer_arm(agent->instance.loop, &self->timer,
		agent->config.oversubscribed_resources_interval_ns);
}

static void complain(struct oversubscription *self, const char *why)
{
	if (!self->troubled)
		tp_warn(self->agent,
			"the resource estimator gives no estimate: what it said last "
			"stands, and it is asked again and again",
			"why=%s", why);
	self->troubled = true;
}

static void estimated(struct tp_resource_estimator_request *request, int status)
{
	struct oversubscription *self =
		tp_container_of(request, struct oversubscription, request);
	struct tp_error err = { 0 };

	self->asked = false;
	wait_interval(self);
	if (status < 0) {
		complain(self, request->err.text);
		return;
	}
	if (take_answer(self, request, &err) < 0) {
		complain(self, err.text);
		return;
	}
	if (self->troubled)
		tp_info(self->agent, "the resource estimator is well again", "%s", "");
	self->troubled = false;
	tell(self);
}

/* --- the question ---------------------------------------------------------------------- */

static void cancel(struct oversubscription *self)
{
	const struct tp_resource_estimator *estimator = &self->agent->resource_estimator;

	if (self->asked)
		estimator->ops->cancel(estimator->impl, &self->request);
	self->asked = false;
}

static void ask(struct oversubscription *self)
{
	const struct tp_resource_estimator *estimator = &self->agent->resource_estimator;

	self->asked = true;
	self->request = (struct tp_resource_estimator_request){ .done = estimated };
	tp_timer_arm(self->agent->instance.loop, &self->timer, PATIENCE_NS);
	estimator->ops->estimate(estimator->impl, &self->request);
}

static void due(struct tp_timer *timer)
{
	struct oversubscription *self =
		tp_container_of(timer, struct oversubscription, timer);

	if (!self->asked) {
		ask(self);
		return;
	}
	if (tp_timer_overslept(self->agent->instance.loop, timer, PATIENCE_NS)) {
		tp_timer_arm(self->agent->instance.loop, timer, PATIENCE_NS);
		return; /* it may have answered while this agent stood still */
	}
	cancel(self);
	complain(self, "it has not answered for a minute");
	wait_interval(self);
}

/* --- life ------------------------------------------------------------------------------ */

void oversubscription_init(struct agent *agent)
{
	struct oversubscription *self = tp_alloc(sizeof *self);

	self->agent = agent;
	self->timer.fire = due;
	agent->oversubscription = self;
}

void oversubscription_fini(struct agent *agent)
{
	struct oversubscription *self = agent->oversubscription;

	if (self == NULL)
		return;
	oversubscription_stop(agent);
	tp_resources_fini(&self->total);
	tp_resources_fini(&self->told);
	tp_free(self);
	agent->oversubscription = NULL;
}

int oversubscription_open(struct agent *agent, struct tp_error *err)
{
	const struct tp_resource_estimator *estimator = &agent->resource_estimator;
	const struct tp_resource_estimator_user user = { agent, usage_describe };
	int r;

	if (estimator->ops == NULL)
		return 0;
	if (estimator->ops->open == NULL || estimator->ops->estimate == NULL ||
		estimator->ops->cancel == NULL)
		return tp_fail(err, ENOSYS,
			"the resource_estimator of the manifest has not got all of "
			"open(), estimate() and cancel()");
	r = estimator->ops->open(estimator->impl, &user, err);
	return r < 0 ? tp_wrap(err, r, "opening the resource_estimator") : 0;
}

void oversubscription_start(struct agent *agent)
{
	if (agent->resource_estimator.ops != NULL)
		ask(agent->oversubscription);
}

void oversubscription_stop(struct agent *agent)
{
	struct oversubscription *self = agent->oversubscription;

	tp_timer_disarm(agent->instance.loop, &self->timer);
	cancel(self);
}

void oversubscription_resume(struct agent *agent)
{
	struct oversubscription *self = agent->oversubscription;

	tp_resources_fini(&self->told);
	tell(self);
}

const struct tp_resources *oversubscription_total(const struct agent *agent)
{
	return &agent->oversubscription->total;
}
