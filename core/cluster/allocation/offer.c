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
#include "core/cluster/allocation/vector.h"
#include "core/cluster/resource_item.h"
#include "core/cluster/resource_value.h"

/* What is put together for one client. The items borrow their references. */
struct view {
	struct tp_resource_item *items;
	uint32_t n;
	bool others;                /* something that is not plain */
	struct alloc_portion *only; /* all that it is, and nothing shared; or NULL */
	struct tp_quantities sum;   /* with others */
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

/* --- the view -------------------------------------------------------------------------- */

static void view_room(struct tp_allotment *self, uint32_t n)
{
	struct alloc_run *run = self->scratch;

	if (n <= run->view_room)
		return;
	run->view_room = 2 * n;
	run->view = tp_realloc(run->view, run->view_room * sizeof *run->view);
}

/* In stage one only what is reserved for exactly this role. */
static bool other_taken(const struct tp_allotment *self,
	const struct alloc_portion *portion, const struct alloc_client *client,
	const struct tp_quantities *missing)
{
	return others_fit(self, portion, client) &&
		(missing == NULL || portion->role == ALLOC_NONE ||
			portion->role == client->role);
}

static void view_append(const struct tp_allotment *self, struct view *view,
	const struct tp_resources *free)
{
	memcpy(view->items + view->n, free->items, free->n * sizeof *view->items);
	view->n += free->n;
	alloc_free_sum(self, free, &view->sum);
}

/* Nothing plain, and one portion: there is nothing to put together. */
static void view_only(
	const struct tp_allotment *self, struct alloc_portion *portion, struct view *view)
{
	view->others = true;
	view->items = portion->free.items;
	view->n = portion->free.n;
	alloc_free_sum(self, &portion->free, &view->sum);
	if ((portion->classes & ALLOC_SHARED) == 0)
		view->only = portion;
}

/* The plain part as it was prepared, and the other portions that the client may have. */
static void view_make(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct tp_quantities *missing,
	struct view *view)
{
	const struct alloc_plain *plain = &self->scratch->plain;
	struct alloc_portion *portion = NULL;
	uint32_t i, n = plain->n, n_portions = 0;

	view->items = plain->items;
	view->n = plain->n;
	view->others = false;
	view->only = NULL;
	for (i = 0; i < agent->n_others; i++)
		if (other_taken(self, &agent->others[i], client, missing)) {
			portion = &agent->others[i];
			n += portion->free.n;
			n_portions++;
		}
	if (n_portions == 0)
		return;
	view->sum = plain->sum;
	if (n_portions == 1 && plain->n == 0) {
		view_only(self, portion, view);
		return;
	}
	view_room(self, n);
	view->others = true;
	view->items = self->scratch->view;
	if (plain->n > 0)
		memcpy(view->items, plain->items, plain->n * sizeof *view->items);
	for (i = 0; i < agent->n_others; i++)
		if (other_taken(self, &agent->others[i], client, missing))
			view_append(self, view, &agent->others[i].free);
}

static bool view_refused(const struct tp_allotment *self, uint32_t agent, uint32_t client,
	const struct view *view)
{
	const struct tp_resources offer = { view->items, view->n, view->n };

	return alloc_may_refuse(self, &self->agents[agent], client) &&
		alloc_filtered(self, agent, client, &offer);
}

static bool view_worth(const struct tp_allotment *self, const struct alloc_client *client,
	const struct view *view)
{
	if (client->minimum != NULL)
		return alloc_minimum_met(self, client->minimum,
			view->others ? &view->sum : &self->scratch->plain.sum);
	if (!view->others)
		return self->scratch->plain.worth;
	return alloc_minimum_met(self, &self->minimum, &view->sum);
}

/* --- taking ---------------------------------------------------------------------------- */

/* In stage two, what the client was given of this agent in stage one: it is the same offer. */
static struct alloc_given *given_before(const struct tp_allotment *self,
	const struct alloc_client *client, uint32_t agent)
{
	struct alloc_run *run = self->scratch;
	const char *role = self->roles[client->role]->text->text;
	uint32_t at;

	for (at = run->first[client->framework]; at < run->n_first; at = run->next[at])
		if (run->given[at].agent == agent && run->given[at].role == role)
			return &run->given[at];
	return NULL;
}

static void given_append(struct tp_allotment *self, const struct alloc_client *client,
	uint32_t agent, struct tp_resources *take_resources, enum alloc_home home)
{
	struct alloc_run *run = self->scratch;
	uint32_t framework = client->framework;

	if (run->n_given == run->given_room) {
		run->given_room = run->given_room == 0 ? 64 : 2 * run->given_room;
		run->given = tp_realloc(run->given, run->given_room * sizeof *run->given);
		run->next = tp_realloc(run->next, run->given_room * sizeof *run->next);
	}
	run->given[run->n_given] = (struct alloc_given){ agent, home,
		self->roles[client->role]->text->text, *take_resources };
	run->next[run->n_given] = ALLOC_NONE;
	if (run->first[framework] == ALLOC_NONE) {
		run->first[framework] = run->n_given;
		run->touched[run->n_touched++] = framework;
	} else {
		run->next[run->last[framework]] = run->n_given;
	}
	run->last[framework] = run->n_given++;
}

static void given_keep(struct tp_allotment *self, const struct alloc_client *client,
	uint32_t slot, struct tp_resources *take_resources, enum alloc_home home)
{
	struct alloc_given *before =
		self->agents[slot].given_first ? given_before(self, client, slot) : NULL;

	if (before == NULL) {
		given_append(self, client, slot, take_resources, home);
		return;
	}
	tp_resources_add(&before->resources, take_resources);
	tp_resources_fini(take_resources);
}

static void items_move(struct tp_resources *from, const struct alloc_role *role,
	struct tp_resources *ret)
{
	uint32_t i;

	*ret = *from;
	*from = (struct tp_resources)TP_RESOURCES_INIT;
	for (i = 0; i < ret->n; i++)
		ret->items[i].allocation = role->text;
	shared_text_refs(role->text, ret->n);
}

static void plain_counts_clear(struct alloc_agent *agent)
{
	memset(agent->known, 0, sizeof agent->known);
	agent->mass = 0;
	agent->odd = agent->enough = false;
}

static void items_append(struct tp_resources *to, struct alloc_portion *portion)
{
	struct tp_resources *from = &portion->free;
	uint32_t i;

	if (to->room < to->n + from->n) {
		to->room = to->n + from->n;
		to->items = tp_realloc(to->items, to->room * sizeof *to->items);
	}
	for (i = 0; i < from->n; i++)
		to->items[to->n++] = (portion->classes & ALLOC_SHARED) != 0
			? item_copy(&from->items[i])
			: from->items[i];
	if ((portion->classes & ALLOC_SHARED) == 0)
		from->n = 0;
}

/* All that is plain, in its array, and then the other portions that the client may have. */
static void whole_move(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct tp_quantities *missing,
	struct tp_resources *ret)
{
	struct tp_resources whole = agent->plain;
	uint32_t i;

	agent->plain = (struct tp_resources)TP_RESOURCES_INIT;
	plain_counts_clear(agent);
	for (i = 0; i < agent->n_others; i++)
		if (other_taken(self, &agent->others[i], client, missing))
			items_append(&whole, &agent->others[i]);
	items_move(&whole, self->roles[client->role], ret);
}

static void portion_move(struct tp_allotment *self, struct alloc_agent *agent,
	struct alloc_portion *portion, const struct alloc_role *role,
	struct tp_resources *ret)
{
	items_move(&portion->free, role, ret);
	alloc_portion_remove(self, agent, (uint32_t)(portion - agent->others));
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

static void others_take(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct tp_quantities *missing)
{
	uint32_t i;

	for (i = agent->n_others; i-- > 0;) {
		struct alloc_portion *portion = &agent->others[i];

		if (!other_taken(self, portion, client, missing))
			continue;
		if ((portion->classes & ALLOC_SHARED) != 0)
			portion->offered_in = self->run;
		else
			alloc_portion_remove(self, agent, i);
	}
}

static void cut_take(struct tp_allotment *self, struct alloc_agent *agent)
{
	const struct alloc_plain *plain = &self->scratch->plain;
	uint32_t i;

	for (i = 0; i < plain->n; i++)
		tp_resources_subtract_item(&agent->plain, &plain->items[i]);
	alloc_plain_count(self, agent);
	agent->version++;
}

/* Takes what is in the view. Returns in whose array it is. */
static enum alloc_home view_take(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_client *client, const struct view *view,
	const struct tp_quantities *missing, struct tp_resources *ret)
{
	const struct alloc_role *role = self->roles[client->role];
	bool whole = !self->scratch->plain.cut && agent->plain.n > 0;

	if (view->only != NULL) {
		portion_move(self, agent, view->only, role, ret);
		return ALLOC_HOME_OTHER;
	}
	if (whole) {
		whole_move(self, agent, client, missing, ret);
	} else {
		view_copy(view, role, ret);
		cut_take(self, agent);
	}
	if (view->others)
		others_take(self, agent, client, missing);
	return whole ? ALLOC_HOME_PLAIN : ALLOC_HOMELESS;
}

static void guarantee_account(struct tp_allotment *self, struct tp_quantities *missing)
{
	struct alloc_run *run = self->scratch;

	tp_quantities_subtract(missing, &run->plain.guarantee);
	tp_quantities_subtract(&run->required, &run->plain.guarantee);
	run->requires = !tp_quantities_empty(&run->required);
}

/* Of all that is plain. */
static void plain_amount(const struct tp_allotment *self, const struct alloc_agent *agent,
	struct alloc_amount *ret)
{
	vector_copy(&ret->all, &self->scratch->plain.sum, self->cluster.n_names);
	vector_copy(&ret->unreserved, &self->scratch->plain.sum, self->cluster.n_names);
	ret->mass = agent->mass;
	ret->shared = false;
}

bool alloc_offer(struct tp_allotment *self, uint32_t slot, uint32_t client_slot,
	struct tp_quantities *missing)
{
	struct alloc_agent *agent = &self->agents[slot];
	struct alloc_client *client = &self->clients[client_slot];
	struct alloc_role *role = self->roles[client->role];
	const struct alloc_plain *plain = &self->scratch->plain;
	struct alloc_amount *amount = &self->scratch->amount;
	struct tp_resources given = TP_RESOURCES_INIT;
	struct view view;
	enum alloc_home home;

	if (missing != NULL && tp_quantities_empty(&plain->guarantee))
		return false;
	view_make(self, agent, client, missing, &view);
	if (view.n == 0 || !view_worth(self, client, &view) ||
		view_refused(self, slot, client_slot, &view))
		return false;
	if (!plain->cut && !view.others)
		plain_amount(self, agent, amount);
	else
		alloc_amount_of(self, view.items, view.n, amount);
	home = view_take(self, agent, client, &view, missing, &given);
	alloc_agent_stand(self, slot);
	vector_take(&self->headroom, &amount->unreserved, self->cluster.n_names);
	if (missing != NULL) {
		guarantee_account(self, missing);
		agent->given_first = true;
	}
	role->hungry_ns = tp_loop_now_ns(self->instance->loop);
	alloc_hold_client(self, client_slot, slot, &given, amount);
	given_keep(self, client, slot, &given, home);
	return true;
}

enum alloc_verdict alloc_judge(
	struct tp_allotment *self, uint32_t slot, uint32_t client_slot)
{
	struct alloc_agent *agent = &self->agents[slot];
	const struct alloc_client *client = &self->clients[client_slot];
	struct alloc_plain *plain = &self->scratch->plain;
	struct view view;

	alloc_plain_sum(self, agent, &plain->free_sum);
	alloc_plain_prepare(self, agent, self->roles[client->role], NULL);
	view_make(self, agent, client, NULL, &view);
	if (view.n == 0)
		return plain->cut ? ALLOC_HELD_BACK : ALLOC_NOTHING;
	if (!view_worth(self, client, &view))
		return plain->cut ? ALLOC_HELD_BACK : ALLOC_SMALL;
	return view_refused(self, slot, client_slot, &view) ? ALLOC_REFUSED : ALLOC_GIVES;
}
