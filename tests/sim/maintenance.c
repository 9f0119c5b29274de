/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operators plan the maintenance of machines in a history, start and end it, and note what was
 * answered. A change whose answer is lost with its master may hold or not; what was answered holds,
 * whatever happens to masters: the plan is one of those that are possible.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "history.h"
#include "tepui/record.h"

#define POSSIBLE_MAX 64
#define START_NS (INT64_C(2000000000) * TP_SEC)
#define ANSWER_TURNS 60

/* What is planned for each machine, by the place of its agent in the history. */
struct outlook {
	int mode[HISTORY_AGENTS_MAX]; /* enum tp_machine_info_mode */
	int64_t start_ns[HISTORY_AGENTS_MAX];
};

struct outlooks {
	struct outlook items[POSSIBLE_MAX];
	size_t n;
};

struct change {
	int type; /* enum tp_master_call_type */
	bool named[HISTORY_AGENTS_MAX];
	int64_t start_ns;
};

struct maintained {
	struct outlooks possible;
	struct outlooks before; /* while a change is on its way */
	struct change change;
	bool asked; /* it is */
	struct tp_submission submission;
	struct tp_arena *arena; /* of the call */
};

struct maintained *maintained_create(void)
{
	struct maintained *self = tp_alloc(sizeof *self);

	self->possible.n = 1;
	for (unsigned i = 0; i < HISTORY_AGENTS_MAX; i++)
		self->possible.items[0].mode[i] = TP_MACHINE_INFO_MODE_UP;
	return self;
}

void maintained_destroy(struct maintained *self)
{
	tp_arena_destroy(self->arena);
	tp_free(self);
}

/* --- what may follow ------------------------------------------------------------------- */

/* The outlook after the change; false: it is refused. The rules of the v1 API once more. */
static bool follows(
	const struct outlook *before, const struct change *change, struct outlook *after)
{
	*after = *before;
	for (unsigned i = 0; i < HISTORY_AGENTS_MAX; i++) {
		int mode = before->mode[i];

		if (change->type == TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE) {
			if (mode == TP_MACHINE_INFO_MODE_DOWN && !change->named[i])
				return false;
			if (!change->named[i])
				after->mode[i] = TP_MACHINE_INFO_MODE_UP;
			else if (mode == TP_MACHINE_INFO_MODE_UP)
				after->mode[i] = TP_MACHINE_INFO_MODE_DRAINING;
			after->start_ns[i] = change->named[i] ? change->start_ns : 0;
		} else if (change->named[i] &&
			change->type == TP_MASTER_CALL_START_MAINTENANCE) {
			if (mode != TP_MACHINE_INFO_MODE_DRAINING)
				return false;
			after->mode[i] = TP_MACHINE_INFO_MODE_DOWN;
		} else if (change->named[i]) {
			if (mode != TP_MACHINE_INFO_MODE_DOWN)
				return false;
			after->mode[i] = TP_MACHINE_INFO_MODE_UP;
			after->start_ns[i] = 0;
		}
	}
	return true;
}

static bool same(const struct outlook *a, const struct outlook *b)
{
	for (unsigned i = 0; i < HISTORY_AGENTS_MAX; i++) {
		if (a->mode[i] != b->mode[i] || a->start_ns[i] != b->start_ns[i])
			return false;
	}
	return true;
}

static bool has(const struct outlooks *outlooks, const struct outlook *one)
{
	for (size_t i = 0; i < outlooks->n; i++) {
		if (same(&outlooks->items[i], one))
			return true;
	}
	return false;
}

static void add(struct outlooks *outlooks, const struct outlook *one)
{
	if (!has(outlooks, one))
		outlooks->items[outlooks->n++] = *one;
}

/* It was carried out, or refused, or nobody knows. */
static void answered(struct tp_submission *submission, int status,
	const struct tp_desc *desc, const void *body, const char *error)
{
	struct maintained *self =
		tp_container_of(submission, struct maintained, submission);

	(void)desc, (void)body;
	self->asked = false;
	if (status != 200 && status != 400)
		return;
	self->possible.n = 0;
	for (size_t i = 0; i < self->before.n; i++) {
		const struct outlook *before = &self->before.items[i];
		struct outlook after;

		if (follows(before, &self->change, &after) != (status == 200))
			continue;
		add(&self->possible, status == 200 ? &after : before);
	}
	ck_assert_msg(self->possible.n > 0,
		"the answer to a change of maintenance cannot be %d %s", status,
		error == NULL ? "" : error);
}

/* --- changes --------------------------------------------------------------------------- */

static struct tp_machine_id *machine_id_of(
	const struct history *h, unsigned i, struct tp_arena *arena)
{
	struct tp_machine_id *id = tp_record_new(&tp_machine_id_desc, arena);

	id->hostname = h->agents[i]->name;
	return id;
}

static void fill_schedule(const struct history *h, struct tp_master_call *call,
	const struct change *change, struct tp_arena *arena)
{
	struct tp_maintenance_window *window =
		tp_record_new(&tp_maintenance_window_desc, arena);
	struct tp_maintenance_schedule *schedule =
		tp_record_new(&tp_maintenance_schedule_desc, arena);

	window->unavailability = tp_record_new(&tp_unavailability_desc, arena);
	window->unavailability->start = tp_record_new(&tp_time_info_desc, arena);
	window->unavailability->start->has_nanoseconds = true;
	window->unavailability->start->nanoseconds = change->start_ns;
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (change->named[i])
			tp_arena_push(arena, &window->machine_ids, &window->n_machine_ids,
				machine_id_of(h, i, arena));
	}
	if (window->n_machine_ids > 0)
		tp_arena_push(arena, &schedule->windows, &schedule->n_windows, window);
	call->update_maintenance_schedule =
		tp_record_new(&tp_master_call_update_maintenance_schedule_desc, arena);
	call->update_maintenance_schedule->schedule = schedule;
}

static void fill_machines(const struct history *h, const struct change *change,
	struct tp_machine_id ***machines, size_t *n, struct tp_arena *arena)
{
	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		if (change->named[i])
			tp_arena_push(arena, machines, n, machine_id_of(h, i, arena));
	}
}

static const struct tp_master_call *call_of(
	const struct history *h, const struct change *change, struct tp_arena *arena)
{
	struct tp_master_call *call = tp_record_new(&tp_master_call_desc, arena);

	call->has_type = true;
	call->type = change->type;
	call->start_maintenance =
		tp_record_new(&tp_master_call_start_maintenance_desc, arena);
	call->stop_maintenance =
		tp_record_new(&tp_master_call_stop_maintenance_desc, arena);
	fill_schedule(h, call, change, arena);
	fill_machines(h, change, &call->start_maintenance->machines,
		&call->start_maintenance->n_machines, arena);
	fill_machines(h, change, &call->stop_maintenance->machines,
		&call->stop_maintenance->n_machines, arena);
	return call;
}

/* One at a time, as long as what may be true can be counted. */
static bool submit(struct history *h, const struct change *change)
{
	struct maintained *self = h->maintained;
	struct machine *m = cluster_leader(h->cluster);
	struct outlook after;

	if (m == NULL || self->asked || self->possible.n > POSSIBLE_MAX / 2)
		return false;
	steps_narrate(h, tp_enum_name(&tp_master_call_type_enum, change->type), m->name);
	self->before = self->possible;
	self->change = *change;
	self->asked = true;
	for (size_t i = 0; i < self->before.n; i++) {
		if (follows(&self->before.items[i], change, &after))
			add(&self->possible, &after);
	}
	tp_arena_destroy(self->arena);
	self->arena = tp_arena_create(0);
	self->submission = (struct tp_submission){ .done = answered };
	self->submission.call = call_of(h, change, self->arena);
	operators_submit(m, &self->submission);
	return true;
}

static unsigned below(struct history *h, unsigned n)
{
	return sim_random_below(&h->random, n);
}

/* Mostly with those that are down, which may not be left out. */
void maintenance_plan(struct history *h)
{
	const struct outlook *now = &h->maintained->possible.items[0];
	struct change change = {
		.type = TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE,
		.start_ns = START_NS + below(h, 3),
	};
	bool careless = below(h, 8) == 0;

	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		change.named[i] = below(h, 2) == 0;
		if (!careless && now->mode[i] == TP_MACHINE_INFO_MODE_DOWN)
			change.named[i] = true;
	}
	submit(h, &change);
}

/* Mostly one that is in this mode. */
static unsigned choose(struct history *h, int mode)
{
	const struct outlook *now = &h->maintained->possible.items[0];
	unsigned i = below(h, h->plan->n_agents);
	bool careless = below(h, 8) == 0;

	for (unsigned k = 0; !careless && now->mode[i] != mode && k < HISTORY_AGENTS_MAX;
		k++)
		i = (i + 1) % h->plan->n_agents;
	return i;
}

void maintenance_start(struct history *h)
{
	struct change change = { .type = TP_MASTER_CALL_START_MAINTENANCE };

	change.named[choose(h, TP_MACHINE_INFO_MODE_DRAINING)] = true;
	submit(h, &change);
}

void maintenance_stop(struct history *h)
{
	struct change change = { .type = TP_MASTER_CALL_STOP_MAINTENANCE };

	change.named[choose(h, TP_MACHINE_INFO_MODE_DOWN)] = true;
	submit(h, &change);
}

void maintenance_answer(struct history *h)
{
	struct framework *f = h->frameworks[below(h, h->plan->n_frameworks)];

	if (f->n_inverse_offers == 0)
		return;
	steps_narrate(h, "answer to an inverse offer", f->name);
	framework_answer_inverse(f, below(h, 2) == 0, below(h, 60000));
}

/* --- what must hold -------------------------------------------------------------------- */

static const struct tp_master_response *ask(
	struct history *h, int type, struct tp_arena *arena)
{
	const struct tp_master_call call = { .has_type = true, .type = type };
	struct machine *m = cluster_leader(h->cluster);

	return m == NULL ? NULL : cluster_try_ask(m, &call, arena);
}

static unsigned place_of(const struct history *h, const struct tp_machine_id *id)
{
	unsigned i = 0;

	while (i < h->plan->n_agents && strcmp(h->agents[i]->name, id->hostname) != 0)
		i++;
	ck_assert_uint_lt(i, h->plan->n_agents);
	return i;
}

/* As the leader tells it; false: there is none that does. */
static bool look(struct history *h, struct outlook *ret)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *plan =
		ask(h, TP_MASTER_CALL_GET_MAINTENANCE_SCHEDULE, arena);
	const struct tp_master_response *now =
		ask(h, TP_MASTER_CALL_GET_MAINTENANCE_STATUS, arena);
	const struct tp_maintenance_cluster_status *status;
	const struct tp_maintenance_schedule *schedule;

	if (plan == NULL || now == NULL)
		return false;
	status = now->get_maintenance_status->status;
	schedule = plan->get_maintenance_schedule->schedule;
	*ret = (struct outlook){ .mode = { 0 } };
	for (unsigned i = 0; i < HISTORY_AGENTS_MAX; i++)
		ret->mode[i] = TP_MACHINE_INFO_MODE_UP;
	for (size_t i = 0; i < status->n_draining_machines; i++)
		ret->mode[place_of(h, status->draining_machines[i]->id)] =
			TP_MACHINE_INFO_MODE_DRAINING;
	for (size_t i = 0; i < status->n_down_machines; i++)
		ret->mode[place_of(h, status->down_machines[i])] =
			TP_MACHINE_INFO_MODE_DOWN;
	for (size_t i = 0; i < schedule->n_windows; i++) {
		const struct tp_maintenance_window *window = schedule->windows[i];

		for (size_t k = 0; k < window->n_machine_ids; k++)
			ret->start_ns[place_of(h, window->machine_ids[k])] =
				window->unavailability->start->nanoseconds;
	}
	return true;
}

/* What an offer of this agent must say of it; 0: nothing. */
static int64_t start_of(const struct history *h, const struct outlook *outlook,
	const struct tp_master_response_get_agents *agents, const char *agent_id)
{
	for (size_t i = 0; i < agents->n_agents; i++) {
		const struct tp_agent_info *info = agents->agents[i]->agent_info;
		const struct tp_machine_id machine = { .hostname = info->hostname };

		if (strcmp(info->id->value, agent_id) == 0)
			return outlook->start_ns[place_of(h, &machine)];
	}
	ck_abort_msg("step %u: an offer is of agent %s, which is not there", h->step,
		agent_id);
	return 0;
}

static void check_framework(const struct history *h, const struct outlook *outlook,
	const struct tp_master_response_get_agents *agents,
	const struct tp_master_response_get_frameworks_framework *f)
{
	for (size_t i = 0; i < f->n_offers; i++) {
		const struct tp_offer *offer = f->offers[i];
		int64_t start_ns = start_of(h, outlook, agents, offer->agent_id->value);

		ck_assert_msg((offer->unavailability == NULL) == (start_ns == 0) &&
				(start_ns == 0 ||
					offer->unavailability->start->nanoseconds ==
						start_ns),
			"step %u: offer %s does not say what is planned for its agent",
			h->step, offer->id->value);
	}
	for (size_t i = 0; i < f->n_inverse_offers; i++) {
		const struct tp_inverse_offer *offer = f->inverse_offers[i];
		const char *agent_id = offer->agent_id->value;

		ck_assert_msg(start_of(h, outlook, agents, agent_id) ==
				offer->unavailability->start->nanoseconds,
			"step %u: inverse offer %s is of an agent that is not planned so",
			h->step, offer->id->value);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(strcmp(agent_id,
					      f->inverse_offers[k]->agent_id->value) != 0,
				"step %u: two inverse offers at a time for agent %s",
				h->step, agent_id);
	}
}

void check_maintenance(struct history *h)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_response *response;
	const struct tp_master_response_get_frameworks *frameworks;
	struct outlook now;

	if (!look(h, &now))
		return;
	ck_assert_msg(has(&h->maintained->possible, &now),
		"step %u: the plan of maintenance is none that operators made", h->step);
	response = ask(h, TP_MASTER_CALL_GET_STATE, arena);
	if (response == NULL)
		return;
	frameworks = response->get_state->get_frameworks;
	for (size_t i = 0; i < frameworks->n_frameworks; i++)
		check_framework(h, &now, response->get_state->get_agents,
			frameworks->frameworks[i]);
}

/* --- the end --------------------------------------------------------------------------- */

static bool stop_all(struct history *h, const struct outlook *now)
{
	struct change change = { .type = TP_MASTER_CALL_STOP_MAINTENANCE };
	bool any = false;

	for (unsigned i = 0; i < h->plan->n_agents; i++) {
		change.named[i] = now->mode[i] == TP_MACHINE_INFO_MODE_DOWN;
		any |= change.named[i];
	}
	if (any)
		submit(h, &change);
	return any;
}

void maintenance_end(struct history *h)
{
	struct outlook now;

	for (int i = 0; i < ANSWER_TURNS; i++) {
		if (!h->maintained->asked && look(h, &now)) {
			ck_assert(has(&h->maintained->possible, &now));
			h->maintained->possible.n = 0;
			add(&h->maintained->possible, &now);
			if (!stop_all(h, &now))
				return;
		}
		cluster_advance(h->cluster, 1000);
		steps_supervise(h);
	}
	ck_abort_msg("machines stay down");
}
