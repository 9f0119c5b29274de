/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler of framework.h that lives on the SDK's driver instead of a link of its own: what it
 * says goes through the driver's calls, what it hears comes by callbacks.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "core/sdk/scheduler_place.h"
#include "framework.h"

static void on_registered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_framework_id *framework_id, const struct tp_master_info *master)
{
	struct framework *f = user;

	(void)driver, (void)master;
	snprintf(f->id, sizeof f->id, "%s", framework_id->value);
	f->subscribed = true;
}

static void on_reregistered(struct tp_scheduler_driver *driver, void *user,
	const struct tp_master_info *master)
{
	(void)driver, (void)master;
	((struct framework *)user)->subscribed = true;
}

static void on_disconnected(struct tp_scheduler_driver *driver, void *user)
{
	(void)driver;
	framework_session_over(user);
}

static void on_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_offer *const *offers, size_t n_offers)
{
	(void)driver;
	for (size_t i = 0; i < n_offers; i++)
		framework_offer_add(user, offers[i]);
}

static void on_rescinded(struct tp_scheduler_driver *driver, void *user,
	const struct tp_offer_id *offer_id)
{
	struct framework *f = user;

	(void)driver;
	f->n_rescinded++;
	framework_offer_forget(f, offer_id->value);
}

static void on_inverse_offers(struct tp_scheduler_driver *driver, void *user,
	struct tp_inverse_offer *const *offers, size_t n_offers)
{
	(void)driver;
	for (size_t i = 0; i < n_offers; i++)
		framework_inverse_add(user, offers[i]);
}

static void on_inverse_rescinded(struct tp_scheduler_driver *driver, void *user,
	const struct tp_offer_id *offer_id)
{
	(void)driver;
	framework_inverse_forget(user, offer_id->value);
}

static void on_update(struct tp_scheduler_driver *driver, void *user,
	const struct tp_task_status *status)
{
	struct framework *f = user;

	(void)driver;
	framework_log_update(f, status);
	framework_book_update(f->book, status);
}

static void on_error(struct tp_scheduler_driver *driver, void *user, const char *message)
{
	struct framework *f = user;

	(void)driver;
	framework_session_over(f);
	f->failed = true;
	snprintf(f->error, sizeof f->error, "%s", message);
}

static const struct tp_scheduler callbacks = {
	.registered = on_registered,
	.reregistered = on_reregistered,
	.disconnected = on_disconnected,
	.resource_offers = on_offers,
	.offer_rescinded = on_rescinded,
	.inverse_offers = on_inverse_offers,
	.inverse_offer_rescinded = on_inverse_rescinded,
	.status_update = on_update,
	.error = on_error,
};

void framework_driver_start(struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct cluster *c = f->cluster;
	const struct tp_scheduler_call *call = framework_subscription(f, arena);
	const struct tp_scheduler_options options = {
		.scheduler = &callbacks,
		.user = f,
		.framework = call->subscribe->framework_info,
		.master = c->master_urls,
	};
	struct tp_scheduler_place place = {
		.loop = f->instance.loop,
		.transport = c->real ? *c->real_transport : *fake_node_get(f->node),
	};
	struct tp_error err = { 0 };

	if (f->party != NULL)
		place.election = sim_party_election(f->party);
	ck_assert_msg(
		tp_scheduler_driver_create_at(&options, &place, &f->driver, &err) >= 0,
		"%s", err.text);
	ck_assert_int_eq(tp_scheduler_driver_start(f->driver), TP_DRIVER_RUNNING);
}

void framework_driver_end(struct framework *f, bool in_order)
{
	if (f->driver == NULL)
		return;
	if (in_order && !f->failed) {
		tp_scheduler_driver_stop(f->driver, true);
		cluster_advance(f->cluster, 10);
	} else {
		tp_scheduler_driver_abort(f->driver);
	}
	tp_scheduler_driver_destroy(f->driver);
	f->driver = NULL;
}

/* Acknowledging is the driver's business. */
void framework_driver_call(struct framework *f, const struct tp_scheduler_call *call)
{
	struct tp_scheduler_driver *driver = f->driver;

	switch (call->type) {
	case TP_SCHEDULER_CALL_ACCEPT:
		tp_scheduler_driver_accept_offers(driver, call->accept->offer_ids,
			call->accept->n_offer_ids, call->accept->operations,
			call->accept->n_operations, call->accept->filters);
		break;
	case TP_SCHEDULER_CALL_DECLINE:
		tp_scheduler_driver_decline_offer(
			driver, call->decline->offer_ids[0], call->decline->filters);
		break;
	case TP_SCHEDULER_CALL_ACCEPT_INVERSE_OFFERS:
		tp_scheduler_driver_accept_inverse_offers(driver,
			call->accept_inverse_offers->inverse_offer_ids,
			call->accept_inverse_offers->n_inverse_offer_ids,
			call->accept_inverse_offers->filters);
		break;
	case TP_SCHEDULER_CALL_DECLINE_INVERSE_OFFERS:
		tp_scheduler_driver_decline_inverse_offers(driver,
			call->decline_inverse_offers->inverse_offer_ids,
			call->decline_inverse_offers->n_inverse_offer_ids,
			call->decline_inverse_offers->filters);
		break;
	case TP_SCHEDULER_CALL_KILL:
		tp_scheduler_driver_kill_task(driver, call->kill->task_id, NULL, NULL);
		break;
	case TP_SCHEDULER_CALL_REVIVE:
		tp_scheduler_driver_revive_offers(driver, NULL, 0);
		break;
	case TP_SCHEDULER_CALL_RECONCILE:
		tp_scheduler_driver_reconcile(
			driver, call->reconcile->tasks, call->reconcile->n_tasks);
		break;
	case TP_SCHEDULER_CALL_TEARDOWN:
		tp_scheduler_driver_stop(driver, false);
		break;
	default:
		break;
	}
}
