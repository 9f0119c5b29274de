/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One offer: what of an agent one client may have now. A view of it is put together without
 * taking anything; only when it is large enough and not refused it is taken. What is plain and
 * whole is moved, so the common offer touches no count but that of the role's name.
 */
#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/run.h"
#include "core/cluster/resource_item.h"
#include "core/cluster/resource_value.h"

/* What is put together for one client. The items borrow their references. */
struct view {
	struct tp_resource_item *items;
	uint32_t n;
	uint32_t n_plain;               /* of them plain, in front */
	bool whole;                     /* all that is plain */
	bool cut;                       /* less than all that is plain, for quota */
	bool others;                    /* something that is not plain */
	struct tp_quantities guarantee; /* in stage one: what of it is guaranteed */
};

static bool others_fit(const struct tp_allotment *self,
	const struct alloc_portion *portion, const struct alloc_client *client)
{
	if (portion->offered_in == self->run ||
		(portion->classes & ~(uint32_t)client->demands_met) != 0)
		return false;
	return portion->role == ALLOC_NONE || portion->role == client->role ||
		alloc_role_within(self, client->role, portion->role);
}

/* --- what quota leaves ----------------------------------------------------------------- */

/* Takes what fits of the amount from what is left; what cannot be cut goes whole or not. */
static int64_t fit(const struct tp_resource_item *item, int64_t milli, int64_t *left)
{
	if (milli > *left) {
		if ((item->key->flags & TP_RESOURCE_WHOLE) != 0 || *left <= 0)
			return 0;
		milli = *left;
	}
	if (*left != INT64_MAX)
		*left -= milli;
	return milli;
}

/* Guaranteed part of each plain scalar, into `milli`; names that nothing is missing of get none. */
static void guarantee_cut(const struct tp_allotment *self, struct view *view,
	const struct tp_quantities *missing)
{
	struct tp_quantities left = *missing;
	uint32_t i;
	int at;

	for (i = 0; i < view->n_plain; i++) {
		at = tp_quantity_of(&self->names, &view->items[i]);
		if (at >= 0)
			view->guarantee.milli[at] += fit(
				&view->items[i], view->items[i].milli, &left.milli[at]);
	}
}

/*
 * Cuts the plain scalars that are beyond the guarantee to `left`. Runs over the same items in the
 * same order as the guarantee did, and so finds the same part of each.
 */
static void rest_cut(const struct tp_allotment *self, struct view *view,
	const struct tp_quantities *missing, const struct tp_quantities *left_of)
{
	struct tp_quantities granted = { { 0 } }, left = *left_of;
	uint32_t i;
	int at;

	if (missing != NULL)
		granted = *missing;
	for (i = 0; i < view->n_plain; i++) {
		struct tp_resource_item *item = &view->items[i];
		const struct tp_resource_item *full = &view->items[i];
		int64_t first, rest;

		at = tp_quantity_of(&self->names, item);
		if (at < 0)
			continue;
		first = missing == NULL ? 0 : fit(full, item->milli, &granted.milli[at]);
		rest = fit(full, item->milli - first, &left.milli[at]);
		if (first + rest < item->milli)
			view->cut = true;
		item->milli = first + rest;
	}
}

static void empties_drop(struct view *view)
{
	uint32_t i, n = 0;

	for (i = 0; i < view->n_plain; i++)
		if (view->items[i].key->type != TP_VALUE_SCALAR ||
			view->items[i].milli > 0)
			view->items[n++] = view->items[i];
	view->n = view->n_plain = n;
}

/* What of `left` the plain part would need is there. */
static bool fits_whole(const struct tp_allotment *self, const struct view *view,
	const struct tp_quantities *left)
{
	struct tp_quantities rest = *left;
	uint32_t i;
	int at;

	for (i = 0; i < view->n_plain; i++) {
		at = tp_quantity_of(&self->names, &view->items[i]);
		if (at < 0 || rest.milli[at] == INT64_MAX)
			continue;
		rest.milli[at] -= view->items[i].milli;
		if (rest.milli[at] < 0)
			return false;
	}
	return true;
}

static void left_by_limit(const struct tp_allotment *self, const struct alloc_role *role,
	const struct view *view, struct tp_quantities *ret)
{
	const struct alloc_role *top = self->roles[role->top];
	struct tp_quantities consumed;

	alloc_quota_consumed(top, &consumed);
	*ret = top->quota->limits;
	tp_quantities_subtract(ret, &consumed);
	tp_quantities_subtract(ret, &view->guarantee);
}

static void plain_cut(struct tp_allotment *self, const struct alloc_role *role,
	struct view *view, const struct tp_quantities *missing)
{
	const struct alloc_run *run = self->scratch;
	const struct alloc_quota *quota = self->roles[role->top]->quota;
	struct tp_quantities left;

	if (missing != NULL)
		guarantee_cut(self, view, missing);
	if (quota != NULL && quota->limited) {
		left_by_limit(self, role, view, &left);
		if (missing != NULL || !fits_whole(self, view, &left))
			rest_cut(self, view, missing, &left);
	}
	if (run->requires) {
		left = self->headroom;
		tp_quantities_subtract(&left, &run->required);
		if (missing != NULL || !fits_whole(self, view, &left))
			rest_cut(self, view, missing, &left);
	}
}

/* --- the view -------------------------------------------------------------------------- */

static void view_room(struct tp_allotment *self, uint32_t n)
{
	struct alloc_run *run = self->scratch;

	if (n <= run->view_room)
		return;
	run->view_room = 2 * n;
	run->view = tp_realloc(run->view, run->view_room * sizeof *run->view);
}

static void view_append(struct view *view, const struct tp_resources *free)
{
	uint32_t i;

	for (i = 0; i < free->n; i++)
		view->items[view->n++] = free->items[i];
}

static void view_make(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct tp_quantities *missing,
	struct view *view)
{
	const struct alloc_role *role = self->roles[client->role];
	uint32_t i, n = agent->plain.free.n;

	for (i = 0; i < agent->n_others; i++)
		n += agent->others[i].free.n;
	view_room(self, n);
	*view = (struct view){ .items = self->scratch->view };
	view_append(view, &agent->plain.free);
	view->n_plain = view->n;
	if (view->n > 0 && (missing != NULL || self->n_quotas > 0)) {
		plain_cut(self, role, view, missing);
		if (view->cut)
			empties_drop(view);
	}
	view->whole = !view->cut;
	for (i = 0; i < agent->n_others; i++) {
		if (!others_fit(self, &agent->others[i], client))
			continue;
		/* In stage one only what is reserved for exactly this role. */
		if (missing != NULL && agent->others[i].role != ALLOC_NONE &&
			agent->others[i].role != client->role)
			continue;
		view->others = true;
		view_append(view, &agent->others[i].free);
	}
}

static bool view_refused(const struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct view *view)
{
	const struct tp_resources offer = { view->items, view->n, view->n };

	return alloc_filtered(self, agent, client, &offer);
}

static bool view_worth(const struct tp_allotment *self, const struct alloc_client *client,
	const struct view *view, const struct alloc_amount *amount)
{
	const struct alloc_minimum *minimum =
		client->minimum != NULL ? client->minimum : &self->minimum;
	struct tp_quantities all;
	uint32_t i;
	int at;

	if (!amount->shared)
		return alloc_minimum_met(self, minimum, &amount->all);
	all = amount->all;
	for (i = 0; i < view->n; i++) {
		at = tp_quantity_of(&self->names, &view->items[i]);
		if (at >= 0 && (view->items[i].key->flags & TP_RESOURCE_SHARED) != 0)
			all.milli[at] += view->items[i].milli;
	}
	return alloc_minimum_met(self, minimum, &all);
}

/* --- taking ---------------------------------------------------------------------------- */

static struct alloc_given *given_add(
	struct tp_allotment *self, uint32_t framework, uint32_t agent)
{
	struct alloc_run *run = self->scratch;
	struct alloc_given *given;

	if (run->n_given == run->given_room) {
		run->given_room = run->given_room == 0 ? 64 : 2 * run->given_room;
		run->given = tp_realloc(run->given, run->given_room * sizeof *run->given);
	}
	given = &run->given[run->n_given];
	*given = (struct alloc_given){ framework, agent, ALLOC_NONE, TP_RESOURCES_INIT };
	if (run->first[framework] == ALLOC_NONE) {
		run->first[framework] = run->n_given;
		run->touched[run->n_touched++] = framework;
	} else {
		run->given[run->last[framework]].next = run->n_given;
	}
	run->last[framework] = run->n_given++;
	return given;
}

static void plain_move(struct alloc_agent *agent, const struct alloc_role *role,
	struct tp_resources *ret)
{
	uint32_t i;

	*ret = agent->plain.free;
	agent->plain.free = (struct tp_resources)TP_RESOURCES_INIT;
	for (i = 0; i < ret->n; i++)
		ret->items[i].allocation = shared_text_ref(role->text);
}

static void view_copy(
	const struct view *view, const struct alloc_role *role, struct tp_resources *ret)
{
	uint32_t i;

	ret->items = tp_alloc(view->n * sizeof *ret->items);
	ret->room = view->n;
	for (i = 0; i < view->n; i++) {
		struct tp_resource_item item = view->items[i];

		item.allocation = role->text;
		ret->items[ret->n++] = item_copy(&item);
	}
}

static void view_take(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct view *view,
	const struct tp_quantities *missing)
{
	uint32_t i;

	if (view->whole)
		tp_resources_fini(&agent->plain.free);
	for (i = 0; !view->whole && i < view->n_plain; i++) {
		struct tp_resource_item item = view->items[i];

		tp_resources_subtract_item(&agent->plain.free, &item);
	}
	for (i = agent->n_others; i-- > 0;) {
		struct alloc_portion *portion = &agent->others[i];

		if (!others_fit(self, portion, client) ||
			(missing != NULL && portion->role != ALLOC_NONE &&
				portion->role != client->role))
			continue;
		if ((portion->classes & ALLOC_SHARED) != 0)
			portion->offered_in = self->run;
		else
			alloc_portion_remove(self, agent, i);
	}
}

bool alloc_offer(struct tp_allotment *self, uint32_t slot, uint32_t client_slot,
	struct tp_quantities *missing)
{
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_client *client = &self->clients[client_slot];
	struct alloc_role *role = self->roles[client->role];
	struct alloc_amount amount;
	struct alloc_given *given;
	struct view view;

	view_make(self, agent, client, missing, &view);
	if (view.n == 0 || (missing != NULL && tp_quantities_empty(&view.guarantee)))
		return false;
	alloc_amount_of(self, view.items, view.n, &amount);
	if (!view_worth(self, client, &view, &amount) ||
		view_refused(self, slot, client_slot, &view))
		return false;
	given = given_add(self, client->framework, slot);
	if (view.whole && !view.others) {
		plain_move(agent, role, &given->resources);
	} else {
		view_copy(&view, role, &given->resources);
		view_take(self, agent, client, &view, missing);
	}
	agent->version++;
	tp_quantities_subtract(&self->headroom, &amount.unreserved);
	if (missing != NULL) {
		tp_quantities_subtract(missing, &view.guarantee);
		tp_quantities_subtract(&self->scratch->required, &view.guarantee);
		self->scratch->requires = !tp_quantities_empty(&self->scratch->required);
	}
	role->hungry_ns = tp_loop_now_ns(self->instance->loop);
	alloc_hold_client(self, client_slot, slot, &given->resources, &amount);
	return true;
}

enum alloc_verdict alloc_judge(
	struct tp_allotment *self, uint32_t slot, uint32_t client_slot)
{
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_client *client = &self->clients[client_slot];
	struct alloc_amount amount;
	struct view view;

	view_make(self, agent, client, NULL, &view);
	if (view.n == 0)
		return view.cut ? ALLOC_HELD_BACK : ALLOC_NOTHING;
	alloc_amount_of(self, view.items, view.n, &amount);
	if (!view_worth(self, client, &view, &amount))
		return view.cut ? ALLOC_HELD_BACK : ALLOC_SMALL;
	return view_refused(self, slot, client_slot, &view) ? ALLOC_REFUSED : ALLOC_GIVES;
}
