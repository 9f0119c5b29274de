/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Offers. The allocator's call makes them and they are sent in few events, unless the stream of
 * the framework is busy: then they wait, counted as offered, until it is not. An offer ends
 * exactly once: taken by an ACCEPT, returned, or withdrawn.
 */
#include "offers.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents.h"
#include "counters.h"
#include "executors.h"
#include "frameworks.h"
#include "idrecord.h"
#include "inverse_offers.h"
#include "overlap.h"

#define HELD_RETRY_NS (50 * TP_MSEC)
#define OFFERS_AT_ONCE 1000 /* in one event: some 400 KB */

struct offers {
	struct tp_map by_id;
	uint64_t next_id;
	bool overlap; /* the allocator that came last lets them */
};

int offers_create(struct master *m)
{
	m->offers = tp_alloc(sizeof *m->offers);
	tp_map_init(&m->offers->by_id);
	return 0;
}

static void destroy(struct offer *offer)
{
	struct master *m = offer->framework->master;

	tp_timer_disarm(m->instance.loop, &offer->expiry);
	tp_map_remove(&m->offers->by_id, &offer->node);
	tp_list_remove(&offer->in_framework);
	tp_list_remove(&offer->in_unsent);
	tp_list_remove(&offer->in_agent);
	tp_resources_fini(&offer->resources);
	tp_free(offer->role);
	tp_free(offer);
}

void offers_destroy(struct master *m)
{
	struct tp_list *node, *tmp;

	if (m->offers == NULL)
		return;
	tp_map_foreach (node, tmp, &m->offers->by_id)
		destroy(tp_map_entry(node, struct offer, node));
	tp_map_fini(&m->offers->by_id);
	tp_free(m->offers);
	m->offers = NULL;
}

static void expired(struct tp_timer *timer)
{
	struct offer *offer = tp_container_of(timer, struct offer, expiry);

	tp_debug(offer->framework->master, "offer was not answered in time, rescinding",
		"offer=%s framework=%s", offer->id, offer->framework->id);
	offer_withdraw(offer, true);
}

void offers_next_id(struct master *m, char *id, size_t size)
{
	snprintf(id, size, "%s-O%llu", m->id, (unsigned long long)m->offers->next_id++);
}

static void add(struct framework *f, struct agent *a, const struct tp_allocation *item)
{
	struct master *m = f->master;
	struct offer *offer = tp_alloc(sizeof *offer);

	offer->framework = f;
	offer->agent = a;
	offer->expiry.fire = expired;
	offers_next_id(m, offer->id, sizeof offer->id);
	offer->role = tp_strdup(item->role);
	tp_resources_copy(&offer->resources, item->resources);
	tp_map_add(&m->offers->by_id, &offer->node, offer->id);
	tp_list_append(&f->offers, &offer->in_framework);
	tp_list_append(&f->unsent, &offer->in_unsent);
	tp_list_append(&a->offers, &offer->in_agent);
}

static void on_offer(
	void *user, uint32_t framework, const struct tp_allocation *items, size_t n)
{
	struct master *m = user;
	struct framework *f = frameworks_at(m, framework);

	tp_assert(f != NULL);
	for (size_t i = 0; i < n; i++) {
		struct agent *a = agents_at(m, items[i].agent);

		tp_assert(a != NULL);
		add(f, a, &items[i]);
	}
	offers_send_held(f);
}

static void on_inverse_offer(void *user, uint32_t framework, uint32_t agent,
	const struct tp_unavailability *when)
{
	struct master *m = user;
	struct framework *f = frameworks_at(m, framework);
	struct agent *a = agents_at(m, agent);

	(void)when; /* as the master has announced it */
	tp_assert(f != NULL && a != NULL);
	inverse_offers_ask(f, a);
}

struct offer *offers_find(const struct master *m, const char *id)
{
	return tp_map_get(&m->offers->by_id, id, struct offer, node);
}

size_t offers_count(const struct master *m)
{
	return m->offers->by_id.n;
}

/* --- the end of an offer --------------------------------------------------------------- */

void offer_take(struct offer *offer, struct tp_resources *to)
{
	tp_resources_add(to, &offer->resources);
	destroy(offer);
}

void offer_return(struct offer *offer, const struct tp_allocator_filter *filter)
{
	struct framework *f = offer->framework;
	struct agent *a = offer->agent;
	struct master *m = f->master;
	tp_cleanup(resources) struct tp_resources resources = TP_RESOURCES_INIT;

	tp_resources_move(&resources, &offer->resources);
	destroy(offer);
	m->allocator.ops->recover_resources(
		m->allocator.impl, f->slot, a->slot, &resources, filter);
}

static void send_rescind(struct offer *offer)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_RESCIND;
	event->rescind = tp_record_new(&tp_scheduler_event_rescind_desc, arena);
	event->rescind->offer_id = offer_id_record(arena, offer->id);
	framework_send(offer->framework, event);
}

void offer_withdraw(struct offer *offer, bool rescind)
{
	if (rescind && offer->sent)
		send_rescind(offer);
	offer_return(offer, NULL);
}

void offers_withdraw_framework(struct framework *f, bool rescind)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->offers)
		offer_withdraw(
			tp_container_of(node, struct offer, in_framework), rescind);
}

void offers_withdraw_agent(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->offers)
		offer_withdraw(tp_container_of(node, struct offer, in_agent), true);
}

void offers_withdraw_all(struct master *m)
{
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		if (agents_at(m, i) != NULL)
			offers_withdraw_agent(agents_at(m, i));
	}
}

/* --- another allocator ----------------------------------------------------------------- */

static void drop_all(struct master *m)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &m->offers->by_id) {
		struct offer *offer = tp_map_entry(node, struct offer, node);

		if (offer->sent)
			send_rescind(offer);
		destroy(offer);
	}
}

void offers_open(struct master *m)
{
	const struct tp_allocator_user user = {
		.user = m,
		.offer = on_offer,
		.inverse_offer = on_inverse_offer,
	};

	m->allocator.ops->open(m->allocator.impl, &user);
}

void offers_renew(struct master *m)
{
	if (m->offers->overlap || overlap_allowed(m))
		drop_all(m);
	m->offers->overlap = overlap_allowed(m);
}

/* --- sending --------------------------------------------------------------------------- */

static void add_executor_ids(
	const struct offer *offer, struct tp_offer *record, struct tp_arena *arena)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &offer->agent->executors) {
		struct executor *e = tp_container_of(node, struct executor, node);

		if (e->framework == offer->framework)
			tp_arena_push(arena, &record->executor_ids,
				&record->n_executor_ids,
				executor_id_record(arena, e->id));
	}
}

struct tp_offer *offer_record(const struct offer *offer, struct tp_arena *arena)
{
	struct tp_offer *record = tp_record_new(&tp_offer_desc, arena);
	const struct framework *f = offer->framework;
	const struct agent *a = offer->agent;
	tp_cleanup(resources) struct tp_resources shown = TP_RESOURCES_INIT;
	enum tp_resource_format format =
		framework_can(f, TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT)
		? TP_RESOURCE_POST
		: TP_RESOURCE_PRE;

	record->id = offer_id_record(arena, offer->id);
	record->framework_id = framework_id_record(arena, f->id);
	record->agent_id = agent_id_record(arena, a->id);
	record->hostname = a->info->hostname;
	record->domain = a->info->domain;
	record->attributes = a->info->attributes;
	record->n_attributes = a->info->n_attributes;
	record->url = a->url;
	record->unavailability = a->unavailability;
	tp_resources_copy(&shown, &offer->resources);
	/* Who has one role only need not know that offers have one. */
	if (framework_can(f, TP_FRAMEWORK_INFO_CAPABILITY_MULTI_ROLE)) {
		record->allocation_info =
			tp_record_new(&tp_resource_allocation_info_desc, arena);
		record->allocation_info->role = offer->role;
	} else {
		tp_resources_unallocate(&shown);
	}
	tp_resources_to_records(
		&shown, format, arena, &record->resources, &record->n_resources);
	add_executor_ids(offer, record, arena);
	return record;
}

static void arm_expiry(struct offer *offer)
{
	struct master *m = offer->framework->master;

	if (m->offer_timeout_ns > 0)
		tp_timer_arm(m->instance.loop, &offer->expiry, m->offer_timeout_ns);
}

static int send_event(struct framework *f, struct offer *const *offers, size_t n)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_OFFERS;
	event->offers = tp_record_new(&tp_scheduler_event_offers_desc, arena);
	for (size_t i = 0; i < n; i++)
		tp_arena_push(arena, &event->offers->offers, &event->offers->n_offers,
			offer_record(offers[i], arena));
	return framework_send(f, event);
}

/* In halves when it is too much for one frame. What is too much alone waits for its timeout. */
static void send_part(struct framework *f, struct offer *const *offers, size_t n)
{
	int r = n == 0 ? 0 : send_event(f, offers, n);

	if (r == -EMSGSIZE && n > 1) {
		send_part(f, offers, n / 2);
		send_part(f, offers + n / 2, n - n / 2);
		return;
	}
	for (size_t i = 0; i < n && (r >= 0 || r == -EMSGSIZE); i++) {
		offers[i]->sent = true;
		tp_list_remove(&offers[i]->in_unsent);
		arm_expiry(offers[i]);
	}
}

void offers_hold(struct framework *f)
{
	tp_timer_arm(f->master->instance.loop, &f->held, HELD_RETRY_NS);
}

void offers_send_held(struct framework *f)
{
	struct offer *part[OFFERS_AT_ONCE];
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_list_foreach (node, tmp, &f->unsent) {
		struct offer *offer = tp_container_of(node, struct offer, in_unsent);

		if (n == 0 && (f->sink == NULL || f->sink->ops->busy(f->sink))) {
			offers_hold(f);
			return;
		}
		part[n++] = offer;
		if (n < OFFERS_AT_ONCE)
			continue;
		send_part(f, part, n);
		n = 0;
	}
	send_part(f, part, n);
}
