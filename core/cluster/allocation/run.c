/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The run: over the agents that wait for one, in an order that chance decides anew for each stage.
 *
 * When: events ask for a run at the end of the loop's turn. A run that took long pushes the next
 * one away by as much as it took, so that allocation never takes more than half of the loop;
 * never by more than the interval. While there are quotas, agents of which a run left something
 * free are looked at again after an interval: what others give back may make room under a limit,
 * and no event says so. Runs in between pass them over.
 */
#include "core/cluster/allocation/run.h"

#include <string.h>
#include <time.h>

#include "core/cluster/allocation/alloc.h"
#include "core/cluster/allocation/filter.h"
#include "core/cluster/allocation/hold.h"
#include "core/cluster/allocation/maintenance.h"
#include "core/cluster/allocation/metric.h"
#include "core/cluster/resource_item.h"

/* A run that took less never keeps the next one waiting. */
#define SHORT_NS (10 * TP_MSEC)
#define AHEAD 6      /* agents, that are fetched from memory while one is shared out */
#define SIEVE_FEW 24 /* bits that are set, of 64 */
#define FAR 64       /* the same, where little is done with each */
#define BLOCK 64     /* agents */
#define MANY 16      /* waiting: more than the 16th part of all agents */

static int64_t cpu_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * TP_SEC + now.tv_nsec;
}

/* --- when ------------------------------------------------------------------------------ */

static uint32_t *slot_append(uint32_t *slots, uint32_t *n, uint32_t *room, uint32_t slot)
{
	if (*n == *room) {
		*room = *room == 0 ? 64 : 2 * *room;
		slots = tp_realloc(slots, *room * sizeof *slots);
	}
	slots[(*n)++] = slot;
	return slots;
}

static void waiting_append(struct tp_allotment *self, uint32_t slot)
{
	if (self->n_waiting == 0 && !self->all_waiting)
		self->wanted_ns = tp_loop_now_ns(self->instance->loop);
	self->standing[slot] |= ALLOC_WAITING;
	self->waiting =
		slot_append(self->waiting, &self->n_waiting, &self->waiting_room, slot);
}

static void hold_back(struct tp_allotment *self, uint32_t slot)
{
	if ((self->standing[slot] & ALLOC_HELD) != 0)
		return;
	self->standing[slot] |= ALLOC_HELD;
	self->held_back = slot_append(
		self->held_back, &self->n_held_back, &self->held_back_room, slot);
	if (!tp_timer_armed(&self->retry))
		tp_timer_arm(self->instance->loop, &self->retry, self->interval_ns);
}

static void run_plan(struct tp_allotment *self, bool urgent)
{
	struct tp_loop *loop = self->instance->loop;
	int64_t now_ns = tp_loop_now_ns(loop), wait_ns;

	if (!tp_timer_armed(&self->run_later))
		tp_timer_arm(loop, &self->run_later, self->interval_ns);
	if (!urgent)
		return;
	wait_ns = self->last_cost_ns < SHORT_NS
		? 0
		: self->last_end_ns + self->last_cost_ns - now_ns;
	if (wait_ns <= 0)
		tp_loop_defer(loop, &self->run_soon);
	else if (wait_ns < self->run_later.due_ns - now_ns)
		tp_timer_arm(loop, &self->run_later, wait_ns);
}

void alloc_want(struct tp_allotment *self, uint32_t slot, bool urgent)
{
	if ((self->standing[slot] & ALLOC_WAITING) == 0)
		waiting_append(self, slot);
	run_plan(self, urgent);
}

void alloc_want_all(struct tp_allotment *self, bool urgent)
{
	if (self->n_waiting == 0 && !self->all_waiting)
		self->wanted_ns = tp_loop_now_ns(self->instance->loop);
	self->all_waiting = true;
	run_plan(self, urgent);
}

void alloc_run_soon(struct tp_defer *defer)
{
	alloc_run(tp_container_of(defer, struct tp_allotment, run_soon));
}

/* Filters that end at this very moment come before it. */
static void retry(struct tp_timer *timer)
{
	struct tp_allotment *self = tp_container_of(timer, struct tp_allotment, retry);
	uint32_t i;

	alloc_filters_expired(&self->expiry);
	for (i = 0; i < self->n_held_back; i++) {
		self->standing[self->held_back[i]] &= (uint8_t)~ALLOC_HELD;
		alloc_want(self, self->held_back[i], true);
	}
	self->n_held_back = 0;
}

static void retry_if_due(struct tp_allotment *self)
{
	if (!tp_timer_armed(&self->retry) ||
		self->retry.due_ns > tp_loop_now_ns(self->instance->loop))
		return;
	tp_timer_disarm(self->instance->loop, &self->retry);
	retry(&self->retry);
}

/* Filters and retries of this very moment come before it. */
void alloc_run_later(struct tp_timer *timer)
{
	struct tp_allotment *self =
		tp_container_of(timer, struct tp_allotment, run_later);

	alloc_filters_expired(&self->expiry);
	retry_if_due(self);
	alloc_run(self);
}

/* --- chance ---------------------------------------------------------------------------- */

/* Steele, Lea and Flood: "Fast splittable pseudorandom number generators", 2014. */
static uint64_t chance_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Fisher and Yates. */
static void shuffle_few(uint64_t *state, uint32_t *items, uint32_t n)
{
	uint32_t i, j, item;

	for (i = n; i-- > 1;) {
		j = (uint32_t)((chance_next(state) >> 32) * (i + 1) >> 32);
		item = items[i];
		items[i] = items[j];
		items[j] = item;
	}
}

/*
 * Many are shuffled by blocks, and then inside each: neighbours in the list are mostly neighbours in
 * memory, and a walk at random over tens of megabytes costs more than all that is done on it.
 */
static void shuffle(struct tp_allotment *self, uint32_t *items, uint32_t n)
{
	struct alloc_run *run = self->scratch;
	uint32_t n_blocks = (n + BLOCK - 1) / BLOCK, to = 0, i, begin, size;

	if (n_blocks <= 1) {
		shuffle_few(&self->chance, items, n);
		return;
	}
	for (i = 0; i < n_blocks; i++)
		run->blocks[i] = i * BLOCK;
	shuffle_few(&self->chance, run->blocks, n_blocks);
	memcpy(run->copy, items, n * sizeof *items);
	for (i = 0; i < n_blocks; i++) {
		begin = run->blocks[i];
		size = n - begin < BLOCK ? n - begin : BLOCK;
		memcpy(items + to, run->copy + begin, size * sizeof *items);
		shuffle_few(&self->chance, items + to, size);
		to += size;
	}
}

/* --- what ------------------------------------------------------------------------------ */

static void scratch_prepare(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;
	uint32_t n = self->n_frameworks;

	if (run->candidates_room < self->n_agents) {
		size_t room = run->candidates_room = self->n_agents;

		run->candidates =
			tp_realloc(run->candidates, room * sizeof *run->candidates);
		run->maintained =
			tp_realloc(run->maintained, room * sizeof *run->maintained);
		run->copy = tp_realloc(run->copy, room * sizeof *run->copy);
		run->blocks =
			tp_realloc(run->blocks, (room / BLOCK + 1) * sizeof *run->blocks);
	}
	if (run->frameworks_room < n) {
		run->frameworks_room = n * 2;
		run->first =
			tp_realloc(run->first, run->frameworks_room * sizeof *run->first);
		run->last =
			tp_realloc(run->last, run->frameworks_room * sizeof *run->last);
		run->touched = tp_realloc(
			run->touched, run->frameworks_room * sizeof *run->touched);
	}
	if (n > 0)
		memset(run->first, 0xff, n * sizeof *run->first);
	run->n_given = run->n_first = run->n_touched = 0;
}

/* Inlined by force: gcc takes a function that only fetches for one without effect. */
static inline __attribute__((always_inline)) void fetch(const void *at, unsigned lines)
{
	unsigned i;

	for (i = 0; i < lines; i++)
		__builtin_prefetch((const char *)at + i * ALLOC_LINE);
}

static void candidate_take(struct tp_allotment *self, uint32_t slot)
{
	struct alloc_run *run = self->scratch;

	if ((self->standing[slot] & ALLOC_OPEN) == 0)
		return;
	if ((self->standing[slot] & ALLOC_FREE) != 0)
		run->candidates[run->n_candidates++] = slot;
	if (self->n_maintained > 0 && self->hosts[slot].maintenance != NULL)
		run->maintained[run->n_maintained++] = slot;
}

/*
 * Those that are there, active, on the whitelist and have something free: first those that were
 * asked for, then, if all were, the others in order of their slots. When many were asked for, all in
 * that order, which is the one of their memory.
 */
static void candidates_collect(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;
	bool all = self->all_waiting;
	bool many = self->n_waiting > BLOCK && self->n_waiting > self->n_agents / MANY;
	uint32_t i;

	run->n_candidates = run->n_maintained = 0;
	for (i = 0; !many && i < self->n_waiting; i++)
		candidate_take(self, self->waiting[i]);
	for (i = 0; (all || many) && i < self->n_agents; i++) {
		bool waits = (self->standing[i] & ALLOC_WAITING) != 0;

		if (many ? all || waits : !waits)
			candidate_take(self, i);
	}
	for (i = 0; i < self->n_waiting; i++)
		self->standing[self->waiting[i]] &= (uint8_t)~ALLOC_WAITING;
	self->n_waiting = 0;
	self->all_waiting = false;
}

/* Few filters of an agent that is plain are mostly not looked at: the sieve stops them. */
static bool filters_matter(const struct alloc_agent *agent)
{
	return agent->n_others > 0 ? agent->n_filters > 0
				   : __builtin_popcountll(agent->sieve) > SIEVE_FEW;
}

/*
 * From far to near: the agents, what they point to, and what that points to.
 */
static inline __attribute__((always_inline)) void fetch_ahead(
	const struct tp_allotment *self, const uint32_t *items, uint32_t n, uint32_t i)
{
	const struct alloc_agent *agent;

	if (i + 2 * AHEAD < n)
		fetch(&self->agents[items[i + 2 * AHEAD]], 3);
	if (i + AHEAD < n) {
		agent = &self->agents[items[i + AHEAD]];
		fetch(agent->plain.items, 3);
		if (agent->holds_room > 0)
			fetch(agent->holds.many, 1);
		if (agent->n_others > 0)
			fetch(agent->others, 1);
		if (filters_matter(agent)) {
			fetch(agent->filters, 2);
			fetch(agent->refusals, 2);
		}
	}
	if (i + AHEAD / 2 < n) {
		agent = &self->agents[items[i + AHEAD / 2]];
		if (agent->n_others > 0)
			fetch(agent->others[0].free.items, 1);
	}
}

static void stages(struct tp_allotment *self, uint32_t *items, uint32_t n)
{
	struct alloc_run *run = self->scratch;
	uint32_t i;

	alloc_quota_required(self, &run->required);
	run->requires = !tp_quantities_empty(&run->required);
	if (run->requires) {
		shuffle(self, items, n);
		run->n_missing = alloc_quota_hungry(self);
		for (i = 0; i < n && run->n_missing > 0; i++) {
			fetch_ahead(self, items, n, i);
			alloc_stage_one(self, items[i]);
		}
	}
	run->n_first = run->n_given;
	shuffle(self, items, n);
	for (i = 0; i < n; i++) {
		fetch_ahead(self, items, n, i);
		alloc_stage_two(self, items[i]);
		self->agents[items[i]].given_first = false;
		if (self->n_quotas > 0 && self->agents[items[i]].plain.n > 0)
			hold_back(self, items[i]);
	}
}

/* --- telling --------------------------------------------------------------------------- */

/* Whoever was told before may have ended a framework or an agent. */
static bool still_there(const struct tp_allotment *self, uint32_t framework,
	const struct alloc_given *given)
{
	return self->frameworks[framework].used && self->agents[given->agent].used;
}

static void take_back(
	struct tp_allotment *self, uint32_t framework, struct alloc_given *given)
{
	alloc_unhold(self, framework, given->agent, &given->resources);
	if (!self->agents[given->agent].used)
		return;
	alloc_free_add(self, &self->agents[given->agent], &given->resources);
	alloc_want(self, given->agent, true);
}

/* Right after it was told, while it is at hand. */
static void given_release(struct alloc_given *given)
{
	uint32_t i;

	if (given->home == ALLOC_HOMELESS) {
		tp_resources_fini(&given->resources);
		return;
	}
	for (i = 0; i < given->resources.n; i++)
		item_release(&given->resources.items[i]);
}

static void item_append(
	struct alloc_run *run, const struct alloc_given *given, uint32_t *n)
{
	if (*n == run->items_room) {
		run->items_room = run->items_room == 0 ? 64 : 2 * run->items_room;
		run->items = tp_realloc(run->items, run->items_room * sizeof *run->items);
	}
	run->items[(*n)++] = (struct tp_allocation){
		.agent = given->agent,
		.role = given->role,
		.resources = &given->resources,
	};
}

static void tell(struct tp_allotment *self, uint32_t framework, bool complete)
{
	struct alloc_run *run = self->scratch;
	uint32_t at, ahead = run->first[framework], n = 0, i;

	for (i = 0; i < FAR && ahead != ALLOC_NONE; i++)
		ahead = run->next[ahead];
	for (at = run->first[framework]; at != ALLOC_NONE; at = run->next[at]) {
		if (ahead != ALLOC_NONE) {
			__builtin_prefetch(&run->given[ahead]);
			ahead = run->next[ahead];
		}
		if (complete || still_there(self, framework, &run->given[at]))
			item_append(run, &run->given[at], &n);
		else
			take_back(self, framework, &run->given[at]);
	}
	if (n > 0)
		self->user.offer(self->user.user, framework, run->items, n);
	for (at = run->first[framework]; at != ALLOC_NONE; at = run->next[at])
		given_release(&run->given[at]);
}

static void array_return(struct alloc_agent *agent, const struct alloc_given *given)
{
	struct tp_resources *home = given->home == ALLOC_HOME_PLAIN
		? &agent->plain
		: alloc_portion_bare(agent);

	if (!agent->used || home == NULL || home->items != NULL) {
		tp_free(given->resources.items);
		return;
	}
	home->items = given->resources.items;
	home->room = given->resources.room;
}

/*
 * Arrays of an agent that were moved go back for what comes back: so the memory of neighbours stays
 * near. In the order in which it was given away, and not in that of frameworks, for the same reason.
 */
static void arrays_return(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;
	uint32_t i;

	for (i = 0; i < run->n_given; i++) {
		if (i + FAR < run->n_given)
			fetch(&self->agents[run->given[i + FAR].agent].plain, 1);
		if (run->given[i].home != ALLOC_HOMELESS)
			array_return(&self->agents[run->given[i].agent], &run->given[i]);
	}
}

static void tell_all(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;
	uint64_t n_removed = self->n_removed;
	uint32_t i;

	for (i = 0; i < run->n_touched; i++)
		tell(self, run->touched[i], self->n_removed == n_removed);
	arrays_return(self);
	run->n_given = run->n_touched = 0;
}

void alloc_run(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;
	int64_t start_ns, now_ns = tp_loop_now_ns(self->instance->loop);

	tp_loop_undefer(self->instance->loop, &self->run_soon);
	tp_timer_disarm(self->instance->loop, &self->run_later);
	if (self->stopped || self->paused || self->n_awaited > 0 ||
		(self->n_waiting == 0 && !self->all_waiting))
		return;
	start_ns = cpu_ns();
	alloc_histogram_add(self->latency, now_ns - self->wanted_ns);
	scratch_prepare(self);
	alloc_roles_walk(self);
	self->run++;
	candidates_collect(self);
	stages(self, run->candidates, run->n_candidates);
	self->runs.value++;
	self->last_cost_ns = cpu_ns() - start_ns;
	self->last_end_ns = now_ns;
	alloc_histogram_add(self->cost, self->last_cost_ns);
	tell_all(self);
	alloc_maintenance_ask(self, run->maintained, run->n_maintained);
}

void alloc_run_init(struct tp_allotment *self)
{
	self->scratch = tp_alloc(sizeof *self->scratch);
	self->run_soon.run = alloc_run_soon;
	self->run_later.fire = alloc_run_later;
	self->retry.fire = retry;
}

void alloc_run_fini(struct tp_allotment *self)
{
	struct alloc_run *run = self->scratch;

	tp_loop_undefer(self->instance->loop, &self->run_soon);
	tp_timer_disarm(self->instance->loop, &self->run_later);
	tp_timer_disarm(self->instance->loop, &self->retry);
	tp_free(run->candidates);
	tp_free(run->maintained);
	tp_free(run->copy);
	tp_free(run->blocks);
	tp_free(run->given);
	tp_free(run->next);
	tp_free(run->first);
	tp_free(run->last);
	tp_free(run->touched);
	tp_free(run->items);
	tp_free(run->view);
	tp_free(run->plain.own);
	tp_free(run->gifts);
	tp_free(run);
	tp_free(self->waiting);
	tp_free(self->held_back);
}
