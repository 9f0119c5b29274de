/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sim_election.h. The election keeps entries in the order in which they came; the first one
 * leads. A party has a view, which lags behind: a timer on its own loop compares both and tells
 * what is new. So nothing is called from inside a call, and a process whose loop stands still
 * hears it when it goes on.
 *
 *	view: NOTHING ─► NOBODY | the number of the leader's entry
 */
#include "sim_election.h"

#include "tepui/arena.h"
#include "tepui/record.h"
#include "tepui/wire.h"

#define SESSION_TIMEOUT_NS (10 * TP_SEC)
#define NEWS_NS TP_MSEC
#define NOTHING 0 /* a detector that was told nothing yet */
#define NOBODY 1

struct sim_election {
	struct tp_loop *loop;
	struct tp_list parties;
	struct tp_list entries; /* oldest first */
	int64_t session_timeout_ns;
	uintptr_t n_entries; /* ever; numbers begin above NOBODY */
};

/* A candidate as the election sees it. */
struct entry {
	struct tp_list node;
	struct sim_election *election;
	struct sim_party *party;
	struct tp_candidate *candidate; /* NULL: its process died */
	uintptr_t number;
	struct tp_arena *arena;
	const struct tp_master_info *info;
	struct tp_timer expiry;
};

struct sim_party {
	struct tp_list node;
	struct sim_election *election;
	struct tp_loop *loop;
	struct tp_list detectors;
	struct tp_candidate *candidate;
	uintptr_t elected; /* the entry that the candidate was told to lead with */
	struct entry *entry;
	int64_t skew_ns;
	bool cut, timed_out, killed;
	struct tp_timer session; /* runs while it is cut */
	struct tp_timer news;
};

struct sim_election_instance {
	struct tp_instance instance;
	struct sim_party *party;
};

/* --- the election ---------------------------------------------------------------------- */

static struct entry *leader(const struct sim_election *self)
{
	return tp_list_first(&self->entries, struct entry, node);
}

static void tell_soon(struct sim_party *party)
{
	if (!tp_timer_armed(&party->news))
		tp_timer_arm(party->loop, &party->news, NEWS_NS);
}

static void tell_all(struct sim_election *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->parties)
		tell_soon(tp_container_of(node, struct sim_party, node));
}

static void entry_remove(struct entry *entry)
{
	if (entry->party->entry == entry)
		entry->party->entry = NULL;
	tp_timer_disarm(entry->election->loop, &entry->expiry);
	tp_list_remove(&entry->node);
	tell_all(entry->election);
	tp_arena_destroy(entry->arena);
	tp_free(entry);
}

static void entry_expires(struct tp_timer *timer)
{
	entry_remove(tp_container_of(timer, struct entry, expiry));
}

static void entry_add(struct sim_party *party)
{
	struct sim_election *self = party->election;
	struct entry *entry = tp_alloc(sizeof *entry);

	entry->election = self;
	entry->party = party;
	entry->candidate = party->candidate;
	entry->number = NOBODY + ++self->n_entries;
	entry->arena = tp_arena_create(0);
	entry->info = tp_record_copy(
		&tp_master_info_desc, party->candidate->info, entry->arena);
	entry->expiry.fire = entry_expires;
	party->entry = entry;
	tp_list_append(&self->entries, &entry->node);
	tell_all(self);
}

static void entry_starve(struct entry *entry, int64_t after_ns)
{
	if (!tp_timer_armed(&entry->expiry))
		tp_timer_arm(entry->election->loop, &entry->expiry,
			after_ns < 0 ? 0 : after_ns);
}

/* --- what parties hear ------------------------------------------------------------------ */

static struct tp_detector *detector_next(struct sim_party *party, uintptr_t number)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &party->detectors) {
		struct tp_detector *detector =
			tp_container_of(node, struct tp_detector, node);

		if ((uintptr_t)detector->priv != number)
			return detector;
	}
	return NULL;
}

static void tell_detectors(struct sim_party *party, const struct entry *entry)
{
	uintptr_t number = entry == NULL ? NOBODY : entry->number;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_master_info *info = entry == NULL
		? NULL
		: tp_record_copy(&tp_master_info_desc, entry->info, arena);
	struct tp_detector *detector;

	while ((detector = detector_next(party, number)) != NULL) {
		detector->priv = (void *)number;
		detector->changed(detector, info);
	}
}

static void tell_candidate(struct sim_party *party, const struct entry *entry)
{
	struct tp_candidate *candidate = party->candidate;

	if (candidate == NULL)
		return;
	if (party->elected != 0 && (entry == NULL || entry->number != party->elected)) {
		party->elected = 0;
		party->candidate = NULL;
		if (party->entry != NULL && party->entry->candidate == candidate)
			entry_starve(party->entry, 0);
		candidate->lost(candidate, "the session with the election is over");
		return;
	}
	if (party->elected == 0 && entry != NULL && entry->candidate == candidate) {
		party->elected = entry->number;
		candidate->elected(candidate);
	}
}

/* Also for whoever is cut off but does not know it yet: then nothing is news. */
static void on_news(struct tp_timer *timer)
{
	struct sim_party *party = tp_container_of(timer, struct sim_party, news);
	const struct entry *entry = leader(party->election);

	if (party->killed || (party->cut && !party->timed_out))
		return;
	if (party->timed_out)
		entry = NULL;
	else if (party->candidate != NULL && party->entry == NULL && party->elected == 0)
		entry_add(party);
	tell_candidate(party, entry);
	tell_detectors(party, entry);
}

static void on_session(struct tp_timer *timer)
{
	struct sim_party *party = tp_container_of(timer, struct sim_party, session);

	party->timed_out = true;
	tell_soon(party);
}

/* --- the ops --------------------------------------------------------------------------- */

static void party_contend(struct sim_party *party, struct tp_candidate *candidate)
{
	tp_assert(party->candidate == NULL);
	party->candidate = candidate;
	party->elected = 0;
	if (!party->cut)
		entry_add(party);
}

static void party_withdraw(struct sim_party *party, struct tp_candidate *candidate)
{
	struct entry *entry = party->entry;

	if (party->candidate == candidate) {
		party->candidate = NULL;
		party->elected = 0;
	}
	if (entry == NULL || entry->candidate != candidate)
		return;
	entry->candidate = NULL;
	party->entry = NULL;
	if (party->killed || party->cut)
		entry_starve(entry, party->election->session_timeout_ns);
	else
		entry_remove(entry);
}

static void party_detect(struct sim_party *party, struct tp_detector *detector)
{
	detector->priv = NOTHING;
	tp_list_append(&party->detectors, &detector->node);
	tell_soon(party);
}

static void sim_contend(void *impl, struct tp_candidate *candidate)
{
	party_contend(((struct sim_election_instance *)impl)->party, candidate);
}

static void sim_withdraw(void *impl, struct tp_candidate *candidate)
{
	party_withdraw(((struct sim_election_instance *)impl)->party, candidate);
}

static void sim_detect(void *impl, struct tp_detector *detector)
{
	party_detect(((struct sim_election_instance *)impl)->party, detector);
}

static void sim_ignore(void *impl, struct tp_detector *detector)
{
	(void)impl;
	tp_list_remove(&detector->node);
}

static const struct tp_election_ops sim_ops = {
	.contend = sim_contend,
	.withdraw = sim_withdraw,
	.detect = sim_detect,
	.ignore = sim_ignore,
};

static void direct_contend(void *impl, struct tp_candidate *candidate)
{
	party_contend(impl, candidate);
}

static void direct_withdraw(void *impl, struct tp_candidate *candidate)
{
	party_withdraw(impl, candidate);
}

static void direct_detect(void *impl, struct tp_detector *detector)
{
	party_detect(impl, detector);
}

static const struct tp_election_ops direct_ops = {
	.contend = direct_contend,
	.withdraw = direct_withdraw,
	.detect = direct_detect,
	.ignore = sim_ignore,
};

const struct tp_module sim_election_module = {
	TP_MODULE_HEADER,
	.name = "sim-election",
	.version = "1",
	.summary = "An election on virtual time",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE("election", TP_ELECTION_ABI, sim_ops), { 0 } },
	.instance_size = sizeof(struct sim_election_instance),
};

/* --- life ------------------------------------------------------------------------------ */

struct sim_election *sim_election_create(struct tp_loop *loop)
{
	struct sim_election *self = tp_alloc(sizeof *self);

	self->loop = loop;
	self->session_timeout_ns = SESSION_TIMEOUT_NS;
	tp_list_init(&self->parties);
	tp_list_init(&self->entries);
	return self;
}

void sim_election_destroy(struct sim_election *self)
{
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_list_foreach (node, tmp, &self->entries)
		entry_remove(tp_container_of(node, struct entry, node));
	tp_list_foreach (node, tmp, &self->parties) {
		struct sim_party *party = tp_container_of(node, struct sim_party, node);

		tp_timer_disarm(party->loop, &party->session);
		tp_timer_disarm(party->loop, &party->news);
		tp_free(party);
	}
	tp_free(self);
}

void sim_election_session_timeout(struct sim_election *self, int64_t timeout_ns)
{
	self->session_timeout_ns = timeout_ns;
}

const struct tp_master_info *sim_election_leader(const struct sim_election *self)
{
	const struct entry *entry = leader(self);

	return entry == NULL ? NULL : entry->info;
}

struct sim_party *sim_party_create(struct sim_election *self, struct tp_loop *loop)
{
	struct sim_party *party = tp_alloc(sizeof *party);

	party->election = self;
	party->loop = loop;
	party->session.fire = on_session;
	party->news.fire = on_news;
	tp_list_init(&party->detectors);
	tp_list_append(&self->parties, &party->node);
	return party;
}

struct tp_election sim_party_election(struct sim_party *party)
{
	return (struct tp_election){ &direct_ops, party };
}

void sim_party_bind(struct sim_party *party, void *instance)
{
	if (instance != NULL) {
		((struct sim_election_instance *)instance)->party = party;
		party->killed = false;
		return;
	}
	/* Whatever belonged to the process is gone with its memory. */
	tp_list_init(&party->detectors);
	if (party->candidate != NULL)
		party_withdraw(party, party->candidate);
}

void sim_party_cut(struct sim_party *party, bool cut)
{
	int64_t timeout_ns = party->election->session_timeout_ns;

	if (party->cut == cut)
		return;
	party->cut = cut;
	if (cut) {
		tp_timer_arm(party->loop, &party->session, timeout_ns);
		if (party->entry != NULL)
			entry_starve(party->entry, timeout_ns + party->skew_ns);
		return;
	}
	tp_timer_disarm(party->loop, &party->session);
	/* Its session lives on, unless one of both sides gave it up. */
	if (party->entry != NULL && !party->timed_out)
		tp_timer_disarm(party->election->loop, &party->entry->expiry);
	party->timed_out = false;
	tell_soon(party);
}

void sim_party_skew(struct sim_party *party, int64_t skew_ns)
{
	party->skew_ns = skew_ns;
}

void sim_party_kill(struct sim_party *party)
{
	party->killed = true;
}
