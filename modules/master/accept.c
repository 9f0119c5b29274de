/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ACCEPT joins offers of one agent and role, carries out its operations in order and gives back
 * the rest with the filter of the call. One bad offer id spoils the whole call. An operation that
 * is refused ends in the error its kind has, and what it would have used is in the rest.
 */
#include "accept.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "counters.h"
#include "frameworks.h"
#include "idrecord.h"
#include "launch.h"
#include "offers.h"
#include "operations.h"
#include "overlap.h"
#include "updates.h"

#include "tepui/ids.h"

#define REFUSE_DEFAULT_NS (5 * TP_SEC)
#define REFUSE_MAX_NS (365 * TP_DAY)

int64_t accept_refuse_ns(const struct tp_filters *filters)
{
	int64_t ns = REFUSE_DEFAULT_NS;

	if (filters != NULL && filters->has_refuse_ns && filters->refuse_ns >= 0)
		ns = filters->refuse_ns;
	return ns > REFUSE_MAX_NS ? REFUSE_MAX_NS : ns;
}

static const struct tp_allocator_filter *filter_of(
	const struct tp_filters *filters, struct tp_allocator_filter *ret)
{
	ret->refuse_ns = accept_refuse_ns(filters);
	return ret;
}

/* --- checking the offers --------------------------------------------------------------- */

static int check_offer(const struct framework *f,
	const struct tp_scheduler_call_accept *call, size_t i, const struct offer *first,
	struct tp_error *err)
{
	const char *id = call->offer_ids[i]->value;
	const struct offer *offer = offers_find(f->master, id);

	for (size_t k = 0; k < i; k++) {
		if (strcmp(call->offer_ids[k]->value, id) == 0)
			return tp_fail(
				err, EINVAL, "Duplicate offer %s in offer list", id);
	}
	if (offer == NULL)
		return tp_fail(err, EINVAL, "Offer %s is no longer valid", id);
	if (offer->framework != f)
		return tp_fail(err, EINVAL,
			"Offer %s has invalid framework %s while framework %s is "
			"expected",
			id, offer->framework->id, f->id);
	if (first == NULL)
		return 0;
	if (offer->agent != first->agent)
		return tp_fail(err, EINVAL,
			"Aggregated offers must belong to one single agent; offer %s "
			"uses "
			"agent %s and agent %s",
			id, offer->agent->id, first->agent->id);
	if (strcmp(offer->role, first->role) != 0)
		return tp_fail(err, EINVAL,
			"Aggregated offers must be allocated to the same role; offer %s "
			"uses "
			"role %s but another is being used with role %s",
			id, offer->role, first->role);
	return 0;
}

/* Each of them fits; an allocator that offers the same framework something twice is in error. */
static int check_sum(const struct master *m, const struct tp_scheduler_call_accept *call,
	const struct offer *first, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources sum = TP_RESOURCES_INIT;

	for (size_t i = 0; i < call->n_offer_ids; i++)
		tp_resources_add(
			&sum, &offers_find(m, call->offer_ids[i]->value)->resources);
	return overlap_check(first->agent, &sum, err);
}

static int check_offers(const struct framework *f,
	const struct tp_scheduler_call_accept *call, struct tp_error *err)
{
	const struct offer *first = NULL;
	int r;

	if (call->n_offer_ids == 0)
		return tp_fail(err, EINVAL, "No offers specified");
	for (size_t i = 0; i < call->n_offer_ids; i++) {
		r = check_offer(f, call, i, first, err);
		if (r < 0)
			return r;
		if (first == NULL)
			first = offers_find(f->master, call->offer_ids[i]->value);
	}
	return overlap_allowed(f->master) ? check_sum(f->master, call, first, err) : 0;
}

/* --- what did not happen --------------------------------------------------------------- */

static void refuse_task(struct framework *f, const struct tp_task_info *info, int state,
	int reason, const char *why)
{
	const struct update update = {
		.task_id = info->task_id->value,
		.agent_id = info->agent_id->value,
		.executor_id = info->executor == NULL
			? NULL
			: info->executor->executor_id->value,
		.state = state,
		.reason = reason,
		.message = why,
	};

	updates_send(f, &update);
}

/* NULL and 0 for what is no launch. */
static struct tp_task_info *const *tasks_of(
	const struct tp_offer_operation *operation, size_t *ret_n)
{
	if (operation->type == TP_OFFER_OPERATION_LAUNCH && operation->launch != NULL) {
		*ret_n = operation->launch->n_task_infos;
		return operation->launch->task_infos;
	}
	if (operation->type == TP_OFFER_OPERATION_LAUNCH_GROUP &&
		operation->launch_group != NULL) {
		*ret_n = operation->launch_group->task_group->n_tasks;
		return operation->launch_group->task_group->tasks;
	}
	*ret_n = 0;
	return NULL;
}

/* All tasks of an operation end in one state; what has no tasks is refused as itself. */
static void refuse_all(struct framework *f, const struct tp_offer_operation *operation,
	int state, int reason, const char *why)
{
	size_t n;
	struct tp_task_info *const *tasks = tasks_of(operation, &n);

	if (tasks == NULL)
		operations_refuse(f, operation, TP_OPERATION_ERROR, why);
	for (size_t i = 0; i < n; i++)
		refuse_task(f, tasks[i], state, reason, why);
}

static void return_own(struct framework *f, struct tp_offer_id *const *ids, size_t n,
	const struct tp_allocator_filter *filter)
{
	for (size_t i = 0; i < n; i++) {
		struct offer *offer = offers_find(f->master, ids[i]->value);

		if (offer != NULL && offer->framework == f)
			offer_return(offer, filter);
	}
}

static void refuse_call(
	struct framework *f, const struct tp_scheduler_call_accept *call, const char *why)
{
	int state = updates_state_for(f, TP_TASK_DROPPED);
	size_t n;

	tp_warn(f->master, "ACCEPT used invalid offers, returning what is left of them",
		"framework=%s why=%s", f->id, why);
	return_own(f, call->offer_ids, call->n_offer_ids, NULL);
	for (size_t i = 0; i < call->n_operations; i++) {
		tp_cleanup(ptr) char *message = tp_asprintf("%s with invalid offers: %s",
			tasks_of(call->operations[i], &n) == NULL ? "Operation attempted"
								  : "Task launched",
			why);

		refuse_all(
			f, call->operations[i], state, TP_REASON_INVALID_OFFERS, message);
	}
}

/* --- carrying out ---------------------------------------------------------------------- */

static int check_operation_id(const struct framework *f, const struct agent *a,
	const struct tp_offer_operation *operation, struct tp_error *err)
{
	const uint32_t feedback = UINT32_C(1)
		<< TP_AGENT_INFO_CAPABILITY_AGENT_OPERATION_FEEDBACK;
	int r;

	if (operation->id == NULL)
		return 0;
	r = tp_id_validate("OperationID", operation->id->value, err);
	if (r < 0)
		return r;
	if ((a->capabilities & feedback) == 0)
		return tp_fail(err, EINVAL,
			"The agent does not have the AGENT_OPERATION_FEEDBACK "
			"capability: leave the operation's 'id' out");
	if (operations_has_id(f, operation->id->value))
		return tp_fail(
			err, EINVAL, "Operation ID '%s' is in use", operation->id->value);
	return 0;
}

static void give(struct accept *accept, const struct tp_resources *resources,
	const struct tp_allocator_filter *filter)
{
	const struct tp_allocator *allocator = &accept->master->allocator;

	if (!tp_resources_empty(resources))
		allocator->ops->recover_resources(allocator->impl,
			accept->framework->slot, accept->agent->slot, resources, filter);
}

/* Of a shared volume that is destroyed: it was in more than one of the offers. */
static void give_copies(struct accept *accept, const struct tp_resources *volumes)
{
	for (uint32_t i = 0; i < volumes->n; i++) {
		tp_cleanup(resources) struct tp_resources copy = TP_RESOURCES_INIT;

		tp_resources_add_item(&copy, &volumes->items[i]);
		while (tp_resources_contains(&accept->remaining, &copy)) {
			tp_resources_subtract(&accept->remaining, &copy);
			give(accept, &copy, NULL);
		}
	}
}

/* The operation's resources must be in what is left of the offers. */
static int convert(struct accept *accept, struct conversion *c, struct tp_error *err)
{
	const struct tp_allocator *allocator = &accept->master->allocator;
	tp_cleanup(resources) struct tp_resources from = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources to = TP_RESOURCES_INIT;
	int r = check_operation_id(accept->framework, accept->agent, c->operation, err);

	if (r >= 0)
		r = conversion_check(c, err);
	if (r >= 0 && allocator->ops->update_allocation == NULL)
		r = tp_fail(err, ENOTSUP, "The allocator knows no operations");
	if (r < 0)
		return r;
	tp_resources_copy(&from, &c->from);
	tp_resources_copy(&to, &c->to);
	tp_resources_allocate(&from, accept->role);
	tp_resources_allocate(&to, accept->role);
	r = tp_resources_convert(&accept->remaining, &from, &to, err);
	if (r < 0)
		return tp_wrap(err, r, "The offered resources");
	conversion_take_back(c);
	if (c->operation->type == TP_OFFER_OPERATION_DESTROY)
		give_copies(accept, &from);
	overlap_yield(accept->agent, &c->from);
	allocator->ops->update_allocation(allocator->impl, accept->framework->slot,
		accept->agent->slot, &from, &to);
	operations_begin(c);
	return 0;
}

static void carry_out_conversion(
	struct accept *accept, const struct tp_offer_operation *operation)
{
	struct conversion c = { .agent = accept->agent,
		.framework = accept->framework,
		.principal = accept->framework->info->principal,
		.role = accept->role,
		.operation = operation };
	struct tp_error err = { 0 };

	if (convert(accept, &c, &err) < 0)
		operations_refuse(
			accept->framework, operation, TP_OPERATION_ERROR, err.text);
	conversion_fini(&c);
}

static void carry_out_launch(
	struct accept *accept, const struct tp_offer_operation *operation)
{
	if (operation->launch == NULL)
		operations_refuse(accept->framework, operation, TP_OPERATION_ERROR,
			"Expecting 'launch' to be present");
	else if (operation->id != NULL)
		refuse_all(accept->framework, operation, TP_TASK_ERROR,
			TP_REASON_TASK_INVALID,
			"The 'id' field was set in an operation of type LAUNCH");
	else
		launch_tasks(accept, operation);
}

static void carry_out(struct accept *accept, const struct tp_offer_operation *operation)
{
	switch (operation->has_type ? operation->type : TP_OFFER_OPERATION_UNKNOWN) {
	case TP_OFFER_OPERATION_LAUNCH:
		carry_out_launch(accept, operation);
		break;
	case TP_OFFER_OPERATION_RESERVE:
	case TP_OFFER_OPERATION_UNRESERVE:
	case TP_OFFER_OPERATION_CREATE:
	case TP_OFFER_OPERATION_DESTROY:
	case TP_OFFER_OPERATION_GROW_VOLUME:
	case TP_OFFER_OPERATION_SHRINK_VOLUME:
		carry_out_conversion(accept, operation);
		break;
	default:
		refuse_all(accept->framework, operation, TP_TASK_ERROR,
			TP_REASON_TASK_GROUP_INVALID,
			"This operation is not supported yet");
	}
}

static void take_offers(
	struct accept *accept, const struct tp_scheduler_call_accept *call)
{
	struct master *m = accept->master;
	struct offer *offer = offers_find(m, call->offer_ids[0]->value);

	accept->agent = offer->agent;
	accept->role = tp_strdup(offer->role);
	for (size_t i = 0; i < call->n_offer_ids; i++)
		offer_take(offers_find(m, call->offer_ids[i]->value), &accept->remaining);
	tp_resources_copy(&accept->offered, &accept->remaining);
}

/* What operations made of the offers nobody has seen, so nobody refuses it. */
static void give_back(struct accept *accept, const struct tp_allocator_filter *filter)
{
	tp_cleanup(resources) struct tp_resources made = TP_RESOURCES_INIT;

	tp_resources_copy(&made, &accept->remaining);
	tp_resources_subtract(&made, &accept->offered);
	tp_resources_subtract(&accept->remaining, &made);
	give(accept, &made, NULL);
	/* Leftovers that are not refused are idle resources: offered again at once. */
	give(accept, &accept->remaining, filter->refuse_ns == 0 ? NULL : filter);
}

int accept_call(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_accept *body = call->accept;
	struct accept accept = { .master = m, .framework = f };
	struct tp_allocator_filter room;
	const struct tp_allocator_filter *filter = filter_of(body->filters, &room);
	struct tp_error why = { 0 };

	(void)err;
	counter_add(m,
		body->n_operations == 0 ? COUNTER_MESSAGES_DECLINE_OFFERS
					: COUNTER_MESSAGES_LAUNCH_TASKS,
		1);
	if (check_offers(f, body, &why) < 0) {
		refuse_call(f, body, why.text);
		return 0;
	}
	if (body->n_operations == 0) {
		return_own(f, body->offer_ids, body->n_offer_ids, filter);
		return 0;
	}
	take_offers(&accept, body);
	for (size_t i = 0; i < body->n_operations; i++)
		carry_out(&accept, body->operations[i]);
	give_back(&accept, filter);
	tp_resources_fini(&accept.offered);
	tp_resources_fini(&accept.remaining);
	tp_free(accept.role);
	return 0;
}

int accept_decline(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_decline *body = call->decline;
	struct tp_allocator_filter room;

	(void)m;
	(void)err;
	return_own(
		f, body->offer_ids, body->n_offer_ids, filter_of(body->filters, &room));
	return 0;
}
