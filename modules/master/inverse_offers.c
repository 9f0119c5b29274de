/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One object per framework and agent, from the first question on: what is outstanding, and what was
 * answered last. Without either it is gone.
 */
#include "inverse_offers.h"

#include <string.h>

#include "accept.h"
#include "agents.h"
#include "frameworks.h"
#include "idrecord.h"
#include "offers.h"

#define AT_ONCE 100 /* in one event */

struct inverse_offer {
	struct tp_map_node node; /* while it is outstanding */
	struct tp_list in_framework, in_agent;
	struct framework *framework;
	struct agent *agent;
	char id[64]; /* "" = none is outstanding */
	bool sent;
	struct tp_timer expiry; /* offer_timeout */
	int status;          /* enum tp_allocator_inverse_offer_status_status; 0 = none */
	int64_t answered_ns; /* wall */
};

struct inverse_offers {
	struct tp_map by_id; /* outstanding ones */
};

int inverse_offers_create(struct master *m)
{
	m->inverse_offers = tp_alloc(sizeof *m->inverse_offers);
	tp_map_init(&m->inverse_offers->by_id);
	return 0;
}

static bool is_outstanding(const struct inverse_offer *offer)
{
	return offer->id[0] != '\0';
}

/* Not outstanding any more. */
static void settle(struct inverse_offer *offer)
{
	struct master *m = offer->framework->master;

	if (!is_outstanding(offer))
		return;
	tp_timer_disarm(m->instance.loop, &offer->expiry);
	tp_map_remove(&m->inverse_offers->by_id, &offer->node);
	offer->id[0] = '\0';
	offer->sent = false;
}

static void destroy(struct inverse_offer *offer)
{
	settle(offer);
	tp_list_remove(&offer->in_framework);
	tp_list_remove(&offer->in_agent);
	tp_free(offer);
}

void inverse_offers_destroy(struct master *m)
{
	struct tp_list *node, *tmp;

	if (m->inverse_offers == NULL)
		return;
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		struct agent *a = agents_at(m, i);

		if (a == NULL)
			continue;
		tp_list_foreach (node, tmp, &a->inverse_offers)
			destroy(tp_container_of(node, struct inverse_offer, in_agent));
	}
	tp_map_fini(&m->inverse_offers->by_id);
	tp_free(m->inverse_offers);
	m->inverse_offers = NULL;
}

/* --- the end of one -------------------------------------------------------------------- */

static void tell_allocator(struct inverse_offer *offer, bool answered, int64_t refuse_ns)
{
	const struct tp_allocator *allocator = &offer->framework->master->allocator;
	const struct tp_allocator_inverse_answer answer = { answered, refuse_ns };

	if (allocator->ops->update_inverse_offer != NULL)
		allocator->ops->update_inverse_offer(allocator->impl,
			offer->framework->slot, offer->agent->slot, &answer);
}

static void send_rescind(struct inverse_offer *offer)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_RESCIND_INVERSE_OFFER;
	event->rescind_inverse_offer =
		tp_record_new(&tp_scheduler_event_rescind_inverse_offer_desc, arena);
	event->rescind_inverse_offer->inverse_offer_id =
		offer_id_record(arena, offer->id);
	framework_send(offer->framework, event);
}

static void withdraw(struct inverse_offer *offer, bool rescind)
{
	if (!is_outstanding(offer))
		return;
	if (rescind && offer->sent)
		send_rescind(offer);
	settle(offer);
	tell_allocator(offer, false, -1);
	if (offer->status == 0)
		destroy(offer);
}

static void expired(struct tp_timer *timer)
{
	struct inverse_offer *offer =
		tp_container_of(timer, struct inverse_offer, expiry);

	tp_debug(offer->framework->master,
		"inverse offer was not answered in time, rescinding",
		"offer=%s framework=%s", offer->id, offer->framework->id);
	withdraw(offer, true);
}

void inverse_offers_withdraw_framework(struct framework *f, bool rescind)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->inverse_offers)
		withdraw(tp_container_of(node, struct inverse_offer, in_framework),
			rescind);
}

void inverse_offers_withdraw_agent(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->inverse_offers)
		withdraw(tp_container_of(node, struct inverse_offer, in_agent), true);
}

void inverse_offers_forget_framework(struct framework *f)
{
	struct tp_list *node, *tmp;

	inverse_offers_withdraw_framework(f, false);
	tp_list_foreach (node, tmp, &f->inverse_offers)
		destroy(tp_container_of(node, struct inverse_offer, in_framework));
}

void inverse_offers_forget_agent(struct agent *a)
{
	struct tp_list *node, *tmp;

	inverse_offers_withdraw_agent(a);
	tp_list_foreach (node, tmp, &a->inverse_offers)
		destroy(tp_container_of(node, struct inverse_offer, in_agent));
}

/* --- asking ---------------------------------------------------------------------------- */

static struct inverse_offer *find(const struct framework *f, const struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->inverse_offers) {
		struct inverse_offer *offer =
			tp_container_of(node, struct inverse_offer, in_agent);

		if (offer->framework == f)
			return offer;
	}
	return NULL;
}

static struct inverse_offer *create(struct framework *f, struct agent *a)
{
	struct inverse_offer *offer = tp_alloc(sizeof *offer);

	offer->framework = f;
	offer->agent = a;
	offer->expiry.fire = expired;
	tp_list_append(&f->inverse_offers, &offer->in_framework);
	tp_list_append(&a->inverse_offers, &offer->in_agent);
	return offer;
}

void inverse_offers_ask(struct framework *f, struct agent *a)
{
	struct master *m = f->master;
	struct inverse_offer *offer = find(f, a);

	/* Without an unavailability the allocator is in error. */
	if (a->unavailability == NULL || (offer != NULL && is_outstanding(offer)))
		return;
	if (offer == NULL)
		offer = create(f, a);
	offers_next_id(m, offer->id, sizeof offer->id);
	tp_map_add(&m->inverse_offers->by_id, &offer->node, offer->id);
	if (!tp_timer_armed(&f->held))
		tp_timer_arm(m->instance.loop, &f->held, 0);
}

static struct tp_inverse_offer *record_of(
	const struct inverse_offer *offer, struct tp_arena *arena)
{
	struct tp_inverse_offer *record = tp_record_new(&tp_inverse_offer_desc, arena);
	const struct agent *a = offer->agent;

	record->id = offer_id_record(arena, offer->id);
	record->url = a->url;
	record->framework_id = framework_id_record(arena, offer->framework->id);
	record->agent_id = agent_id_record(arena, a->id);
	record->unavailability = a->unavailability;
	return record;
}

static void send_event(struct framework *f, struct inverse_offer *const *offers, size_t n)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);
	struct master *m = f->master;

	if (n == 0)
		return;
	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_INVERSE_OFFERS;
	event->inverse_offers =
		tp_record_new(&tp_scheduler_event_inverse_offers_desc, arena);
	for (size_t i = 0; i < n; i++) {
		tp_arena_push(arena, &event->inverse_offers->inverse_offers,
			&event->inverse_offers->n_inverse_offers,
			record_of(offers[i], arena));
		offers[i]->sent = true;
		if (m->offer_timeout_ns > 0)
			tp_timer_arm(m->instance.loop, &offers[i]->expiry,
				m->offer_timeout_ns);
	}
	framework_send(f, event);
}

void inverse_offers_send(struct framework *f)
{
	struct inverse_offer *part[AT_ONCE];
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_list_foreach (node, tmp, &f->inverse_offers) {
		struct inverse_offer *offer =
			tp_container_of(node, struct inverse_offer, in_framework);

		if (!is_outstanding(offer) || offer->sent)
			continue;
		if (n == 0 && (f->sink == NULL || f->sink->ops->busy(f->sink))) {
			offers_hold(f);
			return;
		}
		part[n++] = offer;
		if (n < AT_ONCE)
			continue;
		send_event(f, part, n);
		n = 0;
	}
	send_event(f, part, n);
}

/* --- answers --------------------------------------------------------------------------- */

static void answer(struct framework *f, const char *id, int status, int64_t refuse_ns)
{
	struct master *m = f->master;
	struct inverse_offer *offer =
		tp_map_get(&m->inverse_offers->by_id, id, struct inverse_offer, node);

	if (offer == NULL || offer->framework != f || !offer->sent) {
		tp_debug(m, "ignoring the answer to an inverse offer that is no more",
			"offer=%s framework=%s", id, f->id);
		return;
	}
	settle(offer);
	offer->status = status;
	offer->answered_ns = tp_loop_wall_ns(m->instance.loop);
	tp_info(m, "framework answered an inverse offer",
		"framework=%s agent=%s answer=%s", f->id, offer->agent->id,
		tp_enum_name(&tp_allocator_inverse_offer_status_status_enum, status));
	tell_allocator(offer, true, refuse_ns);
}

int inverse_offers_accept(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_accept_inverse_offers *body =
		call->accept_inverse_offers;

	(void)m;
	(void)err;
	for (size_t i = 0; i < body->n_inverse_offer_ids; i++)
		answer(f, body->inverse_offer_ids[i]->value,
			TP_ALLOCATOR_INVERSE_OFFER_STATUS_STATUS_ACCEPT,
			accept_refuse_ns(body->filters));
	return 0;
}

int inverse_offers_decline(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_decline_inverse_offers *body =
		call->decline_inverse_offers;

	(void)m;
	(void)err;
	for (size_t i = 0; i < body->n_inverse_offer_ids; i++)
		answer(f, body->inverse_offer_ids[i]->value,
			TP_ALLOCATOR_INVERSE_OFFER_STATUS_STATUS_DECLINE,
			accept_refuse_ns(body->filters));
	return 0;
}

/* --- what operators see ---------------------------------------------------------------- */

void inverse_offers_statuses(const struct agent *a, struct tp_arena *arena,
	struct tp_allocator_inverse_offer_status ***items, size_t *n)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->inverse_offers) {
		const struct inverse_offer *offer =
			tp_container_of(node, struct inverse_offer, in_agent);
		struct tp_allocator_inverse_offer_status *record;

		if (offer->status == 0)
			continue;
		record = tp_record_new(&tp_allocator_inverse_offer_status_desc, arena);
		record->has_status = true;
		record->status = offer->status;
		record->framework_id = framework_id_record(arena, offer->framework->id);
		record->timestamp = time_record(arena, offer->answered_ns);
		tp_arena_push(arena, items, n, record);
	}
}

void inverse_offers_records(const struct framework *f, struct tp_arena *arena,
	struct tp_inverse_offer ***items, size_t *n)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &f->inverse_offers) {
		const struct inverse_offer *offer =
			tp_container_of(node, struct inverse_offer, in_framework);

		if (is_outstanding(offer))
			tp_arena_push(arena, items, n, record_of(offer, arena));
	}
}
