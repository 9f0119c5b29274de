/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every sorter promises, whatever its policy: tepui/kind/sorter.h. The order itself is the
 * policy's; that it is one of exactly the active clients is not.
 */
#include <math.h>
#include <string.h>

#include "check.h"
#include "tepui/kind/sorter.h"

#define CLIENTS_MAX 8

static const char *const paths[CLIENTS_MAX] = { "a", "a/b", "a/b/c", "a/d", "e", "f/g",
	"f/h", "i" };

struct sorting {
	struct check *check;
	const struct tp_sorter_ops *ops;
	struct tp_sorter_cluster cluster;
	void *sorter;
	bool used[CLIENTS_MAX], active[CLIENTS_MAX];
	uint32_t handles[CLIENTS_MAX];
	int64_t held[CLIENTS_MAX]; /* cpus, in thousandths */
};

static bool sorting_init(struct sorting *s, struct check *c, bool flat)
{
	const struct tp_sorter_ops *ops = c->it[0].ops;
	struct tp_sorter_spec spec = { .cluster = &s->cluster, .flat = flat, .seed = 7 };

	*s = (struct sorting){ .check = c, .ops = ops };
	s->cluster.n_names = 4;
	s->cluster.total.milli[TP_CPUS] = 100000;
	if (!expect(c,
		    ops->create != NULL && ops->destroy != NULL && ops->add != NULL &&
			    ops->remove != NULL && ops->activate != NULL &&
			    ops->deactivate != NULL && ops->allocated != NULL &&
			    ops->update != NULL && ops->unallocated != NULL &&
			    ops->sort != NULL,
		    "create, destroy, add, remove, activate, deactivate, allocated, "
		    "update, "
		    "unallocated and sort are needed"))
		return false;
	s->sorter = ops->create(c->it[0].impl, &spec);
	return expect(c, s->sorter != NULL, "create() made nothing");
}

static void sorting_fini(struct sorting *s)
{
	s->ops->destroy(s->sorter);
}

/* Tags are 100 + the client's number, so that they are not taken for handles. */
static void client_add(struct sorting *s, unsigned i)
{
	s->handles[i] = s->ops->add(s->sorter, paths[i], 100 + i);
	s->used[i] = true;
	s->active[i] = false;
	s->held[i] = 0;
}

static void client_gift(struct sorting *s, unsigned i, int64_t milli)
{
	struct tp_quantities amount = { { 0 } };

	amount.milli[TP_CPUS] = milli < 0 ? -milli : milli;
	if (milli < 0)
		s->ops->unallocated(s->sorter, s->handles[i], 0, &amount);
	else
		s->ops->allocated(s->sorter, s->handles[i], 0, &amount);
	s->held[i] += milli;
}

/* The list has each active client once, and nobody else. */
static void order_check(struct sorting *s)
{
	unsigned seen[CLIENTS_MAX] = { 0 }, n_active = 0;
	uint32_t n = 0;
	const uint32_t *tags = s->ops->sort(s->sorter, &n);

	for (uint32_t i = 0; i < n; i++)
		if (expect(s->check, tags[i] >= 100 && tags[i] < 100 + CLIENTS_MAX,
			    "lists a tag that nobody gave"))
			seen[tags[i] - 100]++;
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		bool wanted = s->used[i] && s->active[i];

		n_active += wanted;
		expect(s->check, seen[i] == wanted,
			"client '%s' is listed %u times, not %u", paths[i], seen[i],
			(unsigned)wanted);
	}
	expect(s->check, n == n_active, "lists %u clients of %u", n, n_active);
}

static void amounts_check(struct sorting *s)
{
	struct tp_quantities amount;
	int64_t sum = 0;

	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		if (!s->used[i])
			continue;
		sum += s->held[i];
		if (s->ops->allocation == NULL)
			continue;
		s->ops->allocation(s->sorter, s->handles[i], &amount);
		expect(s->check, amount.milli[TP_CPUS] == s->held[i],
			"'%s' holds %lld, not %lld thousandths", paths[i],
			(long long)amount.milli[TP_CPUS], (long long)s->held[i]);
	}
	if (s->ops->allocation_total == NULL)
		return;
	s->ops->allocation_total(s->sorter, &amount);
	expect(s->check, amount.milli[TP_CPUS] == sum,
		"all hold %lld, not %lld thousandths", (long long)amount.milli[TP_CPUS],
		(long long)sum);
}

static void lists_active_clients(struct check *c)
{
	struct sorting s;

	if (!sorting_init(&s, c, false))
		return;
	order_check(&s);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		client_add(&s, i);
	order_check(&s);
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		s.ops->activate(s.sorter, s.handles[i]);
		s.ops->activate(s.sorter, s.handles[i]); /* idempotent */
		s.active[i] = true;
		order_check(&s);
	}
	s.ops->deactivate(s.sorter, s.handles[2]);
	s.ops->deactivate(s.sorter, s.handles[2]);
	s.active[2] = false;
	order_check(&s);
	sorting_fini(&s);
}

static void counts_what_is_held(struct check *c)
{
	struct tp_quantities from = { { 0 } }, to = { { 0 } };
	struct sorting s;

	if (!sorting_init(&s, c, false))
		return;
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		client_add(&s, i);
	for (unsigned i = 0; i < CLIENTS_MAX; i++)
		client_gift(&s, i, 1000 * (int64_t)(i + 1));
	amounts_check(&s);
	client_gift(&s, 3, -2000);
	from.milli[TP_CPUS] = 500;
	to.milli[TP_CPUS] = 200;
	s.ops->update(s.sorter, s.handles[3], 0, &from, &to);
	s.held[3] -= 300;
	amounts_check(&s);
	s.ops->remove(s.sorter, s.handles[1]); /* with what it holds */
	s.used[1] = false;
	amounts_check(&s);
	sorting_fini(&s);
}

static void flat_paths_are_names(struct check *c)
{
	struct sorting s;

	if (!sorting_init(&s, c, true))
		return;
	for (unsigned i = 0; i < CLIENTS_MAX; i++) {
		client_add(&s, i);
		s.ops->activate(s.sorter, s.handles[i]);
		s.active[i] = true;
	}
	order_check(&s);
	if (s.ops->count != NULL)
		expect(c, s.ops->count(s.sorter) == CLIENTS_MAX,
			"counts %u clients of %u", s.ops->count(s.sorter), CLIENTS_MAX);
	if (s.ops->contains != NULL)
		expect(c,
			s.ops->contains(s.sorter, "f/g") &&
				!s.ops->contains(s.sorter, "f"),
			"does not know its clients by their paths");
	sorting_fini(&s);
}

static void weights_come_before_clients(struct check *c)
{
	struct sorting s;

	if (!sorting_init(&s, c, false))
		return;
	if (s.ops->update_weight == NULL) {
		skip(c, "it has no weights");
		sorting_fini(&s);
		return;
	}
	s.ops->update_weight(s.sorter, "a/b", 2.5);
	client_add(&s, 2);
	s.ops->activate(s.sorter, s.handles[2]);
	s.active[2] = true;
	s.ops->update_weight(s.sorter, "a", 0.25);
	s.ops->update_weight(s.sorter, "nobody", 3);
	order_check(&s);
	s.ops->update_weight(s.sorter, "a/b", 1);
	s.ops->update_weight(s.sorter, "nobody", 1);
	order_check(&s);
	sorting_fini(&s);
}

/* Members, activity, gifts and the cluster change at random: the promises hold. */
static void holds_in_any_history(struct check *c)
{
	struct sorting s;
	uint32_t dice = 1;

	if (!sorting_init(&s, c, false))
		return;
	for (int i = 0; i < 5000 && !c->failed; i++) {
		unsigned who;

		dice = dice * 1664525 + 1013904223;
		who = dice >> 16 & 7;
		if (!s.used[who]) {
			client_add(&s, who);
		} else if (dice >> 28 == 0) {
			s.ops->remove(s.sorter, s.handles[who]);
			s.used[who] = false;
		} else if (dice >> 28 < 6) {
			s.active[who] = !s.active[who];
			(s.active[who] ? s.ops->activate : s.ops->deactivate)(
				s.sorter, s.handles[who]);
		} else if (dice >> 28 < 8) {
			s.cluster.total.milli[TP_CPUS] = 1000 + (dice >> 8 & 0xffff);
			s.cluster.generation++;
		} else if (dice >> 28 < 12 || s.held[who] == 0) {
			client_gift(&s, who, 1000);
		} else {
			client_gift(&s, who, -1000);
		}
		order_check(&s);
		amounts_check(&s);
	}
	sorting_fini(&s);
}

static void several_do_not_mix(struct check *c)
{
	struct sorting s, t;

	if (!sorting_init(&s, c, false) || !sorting_init(&t, c, false))
		return;
	client_add(&s, 0);
	client_add(&t, 1);
	s.ops->activate(s.sorter, s.handles[0]);
	s.active[0] = true;
	order_check(&s);
	order_check(&t);
	sorting_fini(&s);
	sorting_fini(&t);
}

const struct check_case sorter_cases[] = {
	{ "lists the active clients, each once", lists_active_clients, 1 },
	{ "counts what is held", counts_what_is_held, 1 },
	{ "flat paths are names", flat_paths_are_names, 1 },
	{ "weights may come first", weights_come_before_clients, 1 },
	{ "holds in any history", holds_in_any_history, 1 },
	{ "several do not mix", several_do_not_mix, 1 },
	{ 0 },
};
