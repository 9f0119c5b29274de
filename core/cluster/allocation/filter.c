/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters: a client refused resources of an agent, for some time. They hang on the agent, where a
 * run looks; most of them refuse the same bundle, which is kept once. A filter matches while
 * what was refused contains what would be offered. It lives at least one allocation interval, so
 * that a refusal is not answered with the same offer at once.
 *
 * To clear all filters of a client is to count its epoch up: filters of another epoch are dead,
 * and swept away before the agent's list grows.
 *
 * Before an agent is shared out its filters mark their clients, so that a run asks one number and
 * not a list. Few filters are not worth that: a mark touches the memory of a client that may never
 * have its turn, and a short list is asked sooner. A refusal knows which portions of what is free
 * it contains.
 */
#include "core/cluster/allocation/filter.h"

#include <string.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/run.h"

#define PORTIONS_MAX 64 /* that a mask can hold */
#define FILTERS_FEW 64
#define REFUSALS_FEW 4
#define LISTED_MAX 16 /* filters of an agent that are looked up, not marked */
#define WAKES_PER_INTERVAL 64

static bool is_live(const struct tp_allotment *self, const struct alloc_filter *filter)
{
	return filter->epoch == self->clients[filter->client].epoch;
}

/* --- refusals -------------------------------------------------------------------------- */

static void refusal_unref(struct alloc_agent *agent, uint16_t at)
{
	struct alloc_refusal *refusal = &agent->refusals[at];

	if (--refusal->n_filters == 0)
		tp_resources_fini(&refusal->refused);
	while (agent->n_refusals > 0 &&
		agent->refusals[agent->n_refusals - 1].n_filters == 0)
		agent->n_refusals--;
	if (agent->n_refusals > 0)
		return;
	tp_free(agent->refusals);
	agent->refusals = NULL;
}

/* The place of an equal bundle, or a new one. */
static uint32_t refusal_get(struct alloc_agent *agent, const struct tp_resources *refused)
{
	uint32_t at, unused = agent->n_refusals;

	for (at = 0; at < agent->n_refusals; at++) {
		if (agent->refusals[at].n_filters == 0)
			unused = at;
		else if (tp_resources_equal(&agent->refusals[at].refused, refused))
			return at;
	}
	if (unused == UINT16_MAX)
		return ALLOC_NONE;
	if (unused == agent->n_refusals)
		agent->refusals = tp_realloc(
			agent->refusals, ++agent->n_refusals * sizeof *agent->refusals);
	agent->refusals[unused] = (struct alloc_refusal){
		.refused = TP_RESOURCES_INIT,
		.checked = agent->version - 1,
	};
	tp_resources_copy(&agent->refusals[unused].refused, refused);
	return unused;
}

static uint64_t covers_of(
	const struct alloc_agent *agent, const struct alloc_refusal *refusal)
{
	uint64_t covers = 0;
	uint32_t i;

	if (tp_resources_contains(&refusal->refused, &agent->plain))
		covers |= 1;
	for (i = 0; i < agent->n_others && i + 1 < PORTIONS_MAX - 1; i++)
		if (tp_resources_contains(&refusal->refused, &agent->others[i].free))
			covers |= UINT64_C(2) << i;
	return covers;
}

static void refusal_check(const struct alloc_agent *agent, struct alloc_refusal *refusal)
{
	if (refusal->checked == agent->version)
		return;
	refusal->covers = covers_of(agent, refusal);
	refusal->checked = agent->version;
}

/* All, if they are few: a run finds them judged, and never looks at what was refused. */
static void refusals_check(const struct alloc_agent *agent, uint32_t added)
{
	uint32_t i;

	refusal_check(agent, &agent->refusals[added]);
	for (i = 0; i < agent->n_refusals && i < REFUSALS_FEW; i++)
		if (agent->refusals[i].n_filters > 0)
			refusal_check(agent, &agent->refusals[i]);
}

/* --- filters of an agent --------------------------------------------------------------- */

/* At the end of the first filter; with many of them a little later, for several at once. */
static void wake_plan(struct tp_allotment *self, uint32_t slot)
{
	const struct alloc_agent *agent = &self->agents[slot];
	int64_t grid_ns = agent->n_filters > FILTERS_FEW
		? self->interval_ns / WAKES_PER_INTERVAL + 1
		: 1;
	int64_t first_ns = INT64_MAX;
	uint32_t i;

	for (i = 0; i < agent->n_filters; i++)
		if (agent->filters[i].due_ns < first_ns)
			first_ns = agent->filters[i].due_ns;
	if (first_ns != INT64_MAX)
		first_ns = (first_ns + grid_ns - 1) / grid_ns * grid_ns;
	alloc_wake_set(self, slot, first_ns);
}

static void timer_arm(struct tp_allotment *self)
{
	uint32_t first = alloc_wake_first(self);
	int64_t now_ns = tp_loop_now_ns(self->instance->loop), wake_ns;

	if (first == ALLOC_NONE) {
		tp_timer_disarm(self->instance->loop, &self->expiry);
		return;
	}
	wake_ns = self->agents[first].wake_ns;
	if (tp_timer_armed(&self->expiry) && self->expiry.due_ns == wake_ns)
		return;
	tp_timer_arm(self->instance->loop, &self->expiry,
		wake_ns > now_ns ? wake_ns - now_ns : 0);
}

static void client_count(struct tp_allotment *self, struct alloc_client *client, int by)
{
	struct alloc_role *role = self->roles[client->role];

	client->n_filters += (unsigned)by;
	role->n_filters += (unsigned)by;
	if (role->n_filters == 0)
		role->hungry_ns = tp_loop_now_ns(self->instance->loop);
}

static void filter_remove(
	struct tp_allotment *self, struct alloc_agent *agent, uint32_t i)
{
	struct alloc_filter filter = agent->filters[i];

	if (is_live(self, &filter))
		client_count(self, &self->clients[filter.client], -1);
	agent->filters[i] = agent->filters[--agent->n_filters];
	refusal_unref(agent, filter.refusal);
	if (agent->n_filters > 0)
		return;
	tp_free(agent->filters);
	agent->filters = NULL;
	agent->filters_room = 0;
	agent->sieve = 0;
}

static void dead_remove(struct tp_allotment *self, struct alloc_agent *agent)
{
	uint64_t sieve = 0;
	uint32_t i;

	for (i = agent->n_filters; i-- > 0;) {
		if (is_live(self, &agent->filters[i]))
			sieve |= alloc_sieve_bits(agent->filters[i].client);
		else
			filter_remove(self, agent, i);
	}
	agent->sieve = sieve;
}

/* Dead ones of the client, and those that refuse less and end no later, say nothing any more. */
static void drop_weaker(struct tp_allotment *self, struct alloc_agent *agent,
	uint32_t client, const struct tp_resources *refused, int64_t due_ns)
{
	uint32_t i;

	for (i = agent->n_filters; i-- > 0;) {
		const struct alloc_filter *filter = &agent->filters[i];

		if (filter->client != client)
			continue;
		if (!is_live(self, filter) ||
			(filter->due_ns <= due_ns &&
				tp_resources_contains(refused,
					&agent->refusals[filter->refusal].refused)))
			filter_remove(self, agent, i);
	}
}

/* Room for one more: the dead go before the list grows. */
static void filters_grow(struct tp_allotment *self, struct alloc_agent *agent)
{
	if (agent->n_filters == agent->filters_room)
		dead_remove(self, agent);
	if (agent->n_filters < agent->filters_room)
		return;
	agent->filters_room += agent->filters_room / 2 + 1;
	agent->filters =
		tp_realloc(agent->filters, agent->filters_room * sizeof *agent->filters);
}

void alloc_filter_add(struct tp_allotment *self, uint32_t client, uint32_t slot,
	const struct tp_resources *refused, int64_t refuse_ns)
{
	struct alloc_agent *agent = &self->agents[slot];
	int64_t lives_ns = refuse_ns > self->interval_ns ? refuse_ns : self->interval_ns;
	int64_t due_ns = tp_loop_now_ns(self->instance->loop) + lives_ns;
	struct tp_resources bare = TP_RESOURCES_INIT;
	uint32_t refusal;

	tp_resources_copy(&bare, refused);
	tp_resources_unallocate(&bare);
	drop_weaker(self, agent, client, &bare, due_ns);
	filters_grow(self, agent);
	refusal = refusal_get(agent, &bare);
	tp_resources_fini(&bare);
	if (refusal == ALLOC_NONE)
		return;
	agent->refusals[refusal].n_filters++;
	refusals_check(agent, refusal);
	agent->filters[agent->n_filters++] = (struct alloc_filter){
		.due_ns = due_ns,
		.client = client,
		.refusal = (uint16_t)refusal,
		.epoch = self->clients[client].epoch,
	};
	agent->sieve |= alloc_sieve_bits(client);
	client_count(self, &self->clients[client], 1);
	if (agent->wake_at == 0 || due_ns < agent->wake_ns)
		wake_plan(self, slot);
	timer_arm(self);
}

/* An epoch that begins anew must not raise the dead. */
static void purge(struct tp_allotment *self, uint32_t client)
{
	uint32_t i, j;

	for (i = 0; i < self->n_agents; i++)
		for (j = self->agents[i].n_filters; j-- > 0;)
			if (self->agents[i].filters[j].client == client)
				filter_remove(self, &self->agents[i], j);
}

void alloc_filters_clear_client(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_client *client = &self->clients[slot];

	if (client->n_filters > 0)
		alloc_filters_renew(self, slot);
}

void alloc_filters_renew(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_client *client = &self->clients[slot];

	if (client->epoch == UINT16_MAX)
		purge(self, slot);
	if (client->n_filters > 0)
		client_count(self, client, -(int)client->n_filters);
	client->epoch++;
}

void alloc_filters_clear_agent(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_agent *agent = &self->agents[slot];

	while (agent->n_filters > 0)
		filter_remove(self, agent, agent->n_filters - 1);
	alloc_wake_set(self, slot, INT64_MAX);
	timer_arm(self);
}

static void agent_sweep(struct tp_allotment *self, uint32_t slot, int64_t now_ns)
{
	struct alloc_agent *agent = &self->agents[slot];
	bool ended = false;
	uint32_t i;

	agent->sieve = 0;
	for (i = agent->n_filters; i-- > 0;) {
		bool live = is_live(self, &agent->filters[i]);

		if (live && agent->filters[i].due_ns > now_ns) {
			agent->sieve |= alloc_sieve_bits(agent->filters[i].client);
			continue;
		}
		ended = ended || live;
		filter_remove(self, agent, i);
	}
	wake_plan(self, slot);
	if (ended)
		alloc_want(self, slot, true);
}

void alloc_filters_expired(struct tp_timer *timer)
{
	struct tp_allotment *self = tp_container_of(timer, struct tp_allotment, expiry);
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);
	uint32_t first;

	while ((first = alloc_wake_first(self)) != ALLOC_NONE &&
		self->agents[first].wake_ns <= now_ns)
		agent_sweep(self, first, now_ns);
	timer_arm(self);
}

/* --- in a run -------------------------------------------------------------------------- */

/* Bit 0: plain, bit n: others[n - 1]; the last bit: some that a mask cannot hold. */
uint64_t alloc_others_visible(
	const struct tp_allotment *self, const struct alloc_agent *agent, uint32_t role)
{
	uint64_t visible = 0;
	uint32_t i, at;

	for (i = 0; i < agent->n_others; i++) {
		const struct alloc_portion *portion = &agent->others[i];

		if (portion->offered_in == self->run)
			continue; /* shared, and offered in this run already */
		at = i + 1 < PORTIONS_MAX - 1 ? i + 1 : PORTIONS_MAX - 1;
		if (portion->role == ALLOC_NONE ||
			alloc_role_within(self, role, portion->role))
			visible |= UINT64_C(1) << at;
	}
	return visible;
}

static void marks_begin(struct tp_allotment *self)
{
	uint32_t i;

	if (++self->mark != 0)
		return;
	for (i = 0; i < self->n_clients; i++)
		self->clients[i].mark = 0;
	for (i = 0; i < self->n_roles; i++)
		if (self->roles[i] != NULL)
			self->roles[i]->mark = 0;
	self->scratch->plain.mark = self->scratch->plain.moot = 0;
	self->mark = 1;
}

static void client_mark(struct tp_allotment *self, struct alloc_agent *agent,
	const struct alloc_filter *filter, uint32_t *n_covered)
{
	struct alloc_client *client = &self->clients[filter->client];
	struct alloc_role *role = alloc_role_look(self, agent, client->role);
	struct alloc_refusal *refusal = &agent->refusals[filter->refusal];
	bool covered;

	refusal_check(agent, refusal);
	covered = (role->visible & ~refusal->covers) == 0;
	if (client->mark != self->mark) {
		client->mark = self->mark;
		client->mark_refusal = filter->refusal;
		client->mark_covered = false;
	} else {
		client->mark_refusal = ALLOC_NONE;
	}
	if (covered && !client->mark_covered) {
		client->mark_covered = true;
		role->covered += client->listed;
		*n_covered += client->listed;
	}
}

uint32_t alloc_filters_mark(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_agent *agent = &self->agents[slot];
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);
	uint32_t n_covered = 0, i;

	marks_begin(self);
	self->marked =
		agent->n_filters > LISTED_MAX || agent->n_filters >= self->n_listed;
	if (!self->marked)
		return 0;
	for (i = 0; i < agent->n_filters; i++) {
		const struct alloc_filter *filter = &agent->filters[i];

		if (filter->due_ns > now_ns && is_live(self, filter))
			client_mark(self, agent, filter, &n_covered);
	}
	return n_covered;
}

/* The next live filter of the client from place i on; n_filters: no more. */
static uint32_t filter_next(const struct tp_allotment *self,
	const struct alloc_agent *agent, uint32_t client, uint32_t i)
{
	int64_t now_ns = tp_loop_now_ns(self->instance->loop);

	for (; i < agent->n_filters; i++) {
		const struct alloc_filter *filter = &agent->filters[i];

		if (filter->client == client && filter->due_ns > now_ns &&
			is_live(self, filter))
			break;
	}
	return i;
}

bool alloc_covered(struct tp_allotment *self, uint32_t slot, uint32_t client,
	const struct alloc_role *role)
{
	struct alloc_agent *agent = &self->agents[slot];
	const struct alloc_client *asked = &self->clients[client];
	uint32_t i;

	if (self->marked)
		return asked->mark_covered;
	for (i = filter_next(self, agent, client, 0); i < agent->n_filters;
		i = filter_next(self, agent, client, i + 1)) {
		struct alloc_refusal *refusal =
			&agent->refusals[agent->filters[i].refusal];

		refusal_check(agent, refusal);
		if ((role->visible & ~refusal->covers) == 0)
			return true;
	}
	return false;
}

bool alloc_filtered(const struct tp_allotment *self, uint32_t slot, uint32_t client,
	const struct tp_resources *offer)
{
	const struct alloc_agent *agent = &self->agents[slot];
	const struct alloc_client *asked = &self->clients[client];
	uint32_t i;

	if (self->marked && asked->mark_refusal != ALLOC_NONE)
		return tp_resources_contains(
			&agent->refusals[asked->mark_refusal].refused, offer);
	for (i = filter_next(self, agent, client, 0); i < agent->n_filters;
		i = filter_next(self, agent, client, i + 1))
		if (tp_resources_contains(
			    &agent->refusals[agent->filters[i].refusal].refused, offer))
			return true;
	return false;
}

int64_t alloc_filter_left_ns(
	const struct tp_allotment *self, uint32_t slot, uint32_t client)
{
	const struct alloc_agent *agent = &self->agents[slot];
	int64_t now_ns = tp_loop_now_ns(self->instance->loop), left_ns = 0;
	uint32_t i;

	for (i = 0; i < agent->n_filters; i++) {
		const struct alloc_filter *filter = &agent->filters[i];

		if (filter->client == client && is_live(self, filter) &&
			filter->due_ns - now_ns > left_ns)
			left_ns = filter->due_ns - now_ns;
	}
	return left_ns;
}
