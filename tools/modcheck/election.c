/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every election promises: one leader at a time, told once and later; detectors learn who it
 * is; who withdraws hears no more, and the next one leads. Elections that need servers beside
 * them are examined with those that their config names.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "tepui/kind/election.h"
#include "tepui/wire.h"

#define N_CANDIDATES 3

struct candidate {
	struct tp_candidate candidate;
	struct tp_master_info info;
	struct check *check;
	bool inside, elected, withdrawn;
	int n_elected;
};

struct watcher {
	struct tp_detector detector;
	struct check *check;
	bool inside, told, ignored;
	char leader[32]; /* "" = nobody */
};

static void on_elected(struct tp_candidate *candidate)
{
	struct candidate *one = tp_container_of(candidate, struct candidate, candidate);

	expect(one->check, !one->inside, "elected() came from inside the call");
	expect(one->check, !one->withdrawn, "elected() came after withdraw()");
	one->elected = true;
	one->n_elected++;
}

static void on_lost(struct tp_candidate *candidate, const char *why)
{
	struct candidate *one = tp_container_of(candidate, struct candidate, candidate);

	expect(one->check, false, "lost() without a reason to: %s",
		why != NULL ? why : "it does not say why");
}

static void on_changed(struct tp_detector *detector, const struct tp_master_info *leader)
{
	struct watcher *watcher = tp_container_of(detector, struct watcher, detector);

	expect(watcher->check, !watcher->inside, "changed() came from inside the call");
	expect(watcher->check, !watcher->ignored, "changed() came after ignore()");
	watcher->told = true;
	snprintf(watcher->leader, sizeof(watcher->leader), "%s",
		leader != NULL && leader->id != NULL ? leader->id : "");
}

static void contend(struct check *c, struct candidate *one, const char *id)
{
	const struct tp_election_ops *ops = c->it[0].ops;

	*one = (struct candidate){ .check = c };
	one->info.id = id;
	one->info.hostname = "localhost";
	one->info.pid = "master@127.0.0.1:5050";
	one->candidate.info = &one->info;
	one->candidate.elected = on_elected;
	one->candidate.lost = on_lost;
	one->inside = true;
	ops->contend(c->it[0].impl, &one->candidate);
	one->inside = false;
}

static void withdraw(struct check *c, struct candidate *one)
{
	const struct tp_election_ops *ops = c->it[0].ops;

	if (one->withdrawn)
		return;
	one->inside = true;
	ops->withdraw(c->it[0].impl, &one->candidate);
	one->inside = false;
	one->withdrawn = true;
}

static void detect(struct check *c, struct watcher *watcher)
{
	const struct tp_election_ops *ops = c->it[0].ops;

	*watcher = (struct watcher){ .check = c };
	watcher->detector.changed = on_changed;
	watcher->inside = true;
	ops->detect(c->it[0].impl, &watcher->detector);
	watcher->inside = false;
}

static void ignore(struct check *c, struct watcher *watcher)
{
	const struct tp_election_ops *ops = c->it[0].ops;

	ops->ignore(c->it[0].impl, &watcher->detector);
	watcher->ignored = true;
}

static bool is_complete(struct check *c)
{
	const struct tp_election_ops *ops = c->it[0].ops;

	return expect(c, ops->contend && ops->withdraw && ops->detect && ops->ignore,
		"contend, withdraw, detect and ignore are needed");
}

static void watches(struct check *c, struct watcher *watcher, const char *id)
{
	for (int i = 0; i < 20 && strcmp(watcher->leader, id) != 0; i++) {
		watcher->told = false;
		if (!check_wait(c, &watcher->told))
			break;
	}
	expect(c, strcmp(watcher->leader, id) == 0,
		"a detector believes in '%s', the leader is '%s'", watcher->leader, id);
}

/* Each case waits at its end: who cannot forget is heard while what it remembers is still there. */
static void one_candidate(struct check *c)
{
	struct candidate one;
	struct watcher early, late;

	if (!is_complete(c))
		return;
	detect(c, &early);
	contend(c, &one, "first");
	expect(c, check_wait(c, &one.elected), "the only candidate is never elected");
	watches(c, &early, "first");
	detect(c, &late);
	watches(c, &late, "first");
	check_advance(c, TP_MIN);
	expect(c, one.n_elected == 1, "it is elected %d times", one.n_elected);
	ignore(c, &early);
	withdraw(c, &one);
	check_advance(c, TP_MIN);
	ignore(c, &late);
	check_advance(c, TP_MIN);
}

static struct candidate *leader_of(struct check *c, struct candidate *all)
{
	struct candidate *leader = NULL;

	for (int i = 0; i < N_CANDIDATES; i++) {
		if (!all[i].elected || all[i].withdrawn)
			continue;
		expect(c, leader == NULL, "two lead at a time");
		leader = &all[i];
	}
	return leader;
}

static void several_candidates(struct check *c)
{
	static const char *const ids[N_CANDIDATES] = { "first", "second", "third" };
	struct candidate all[N_CANDIDATES];
	struct watcher watcher;

	if (!is_complete(c))
		return;
	detect(c, &watcher);
	for (int i = 0; i < N_CANDIDATES; i++)
		contend(c, &all[i], ids[i]);
	for (int left = N_CANDIDATES; left > 0 && !c->failed; left--) {
		struct candidate *leader = NULL;

		for (int i = 0; i < 100 && leader == NULL; i++) {
			tp_loop_turn(c->loop, 20 * TP_MSEC);
			check_advance(c, TP_SEC);
			leader = leader_of(c, all);
		}
		if (!expect(c, leader != NULL, "of %d candidates nobody is elected",
			    left))
			break;
		watches(c, &watcher, leader->info.id);
		withdraw(c, leader);
	}
	for (int i = 0; i < N_CANDIDATES; i++)
		withdraw(c, &all[i]);
	check_advance(c, TP_MIN);
	ignore(c, &watcher);
	check_advance(c, TP_MIN);
}

static void changes_his_mind(struct check *c)
{
	struct candidate one;
	struct watcher watcher;

	if (!is_complete(c))
		return;
	contend(c, &one, "hasty");
	withdraw(c, &one);
	detect(c, &watcher);
	ignore(c, &watcher);
	check_advance(c, TP_MIN);
	expect(c, one.n_elected == 0, "elected() came after withdraw()");
}

const struct check_case election_cases[] = {
	{ "the only candidate leads, and all learn it", one_candidate, 1 },
	{ "one leads at a time, then the next", several_candidates, 1 },
	{ "who withdraws at once hears nothing", changes_his_mind, 1 },
	{ 0 },
};
