/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocator-drf against a slow, obvious model: random histories of thousands of events. The model
 * keeps who holds what as plain numbers and checks each offer when it comes, the books after
 * each event, and after each full run that nothing stays idle that somebody could have had.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "drf_fixture.h"

#define N_AGENTS 5
#define N_FRAMEWORKS 6
#define N_EVENTS 2000
#define HELD_MAX 64
#define FILTERS_MAX 4096

struct amount {
	int cpus, mem;
};

struct held {
	bool used, offered;
	int framework, agent;
	struct amount amount;
};

struct filter {
	int framework, agent;
	struct amount refused;
	int64_t due_ns;
};

struct model {
	struct drf_fixture f;
	unsigned seed;
	struct {
		bool used, active;
		struct amount total;
	} agents[N_AGENTS];
	struct {
		bool used, active, suppressed;
		const char *role;
	} frameworks[N_FRAMEWORKS];
	struct held held[HELD_MAX];
	struct filter filters[FILTERS_MAX];
	int n_filters;
};

static const char *const role_names[] = { "a", "b", "*" };

static struct model m;

static int pick(int n)
{
	m.seed = m.seed * 1103515245u + 12345u;
	return (int)(m.seed >> 16 & 0x7fff) % n;
}

static const char *text_of(struct amount amount)
{
	static char text[4][64];
	static unsigned next;
	char *to = text[next++ % 4];

	snprintf(to, sizeof(text[0]), "cpus:%d;mem:%d", amount.cpus, amount.mem);
	return to;
}

static bool fits(struct amount part, struct amount whole)
{
	return part.cpus <= whole.cpus && part.mem <= whole.mem;
}

static struct amount held_of_agent(int agent)
{
	struct amount sum = { 0, 0 };

	for (int i = 0; i < HELD_MAX; i++) {
		if (!m.held[i].used || m.held[i].agent != agent)
			continue;
		sum.cpus += m.held[i].amount.cpus;
		sum.mem += m.held[i].amount.mem;
	}
	return sum;
}

/* Never negative: an agent may have shrunk below what is held of it. */
static struct amount free_of_agent(int agent)
{
	struct amount held = held_of_agent(agent);
	struct amount total = m.agents[agent].total;
	struct amount ret = { total.cpus - held.cpus, total.mem - held.mem };

	ret.cpus = ret.cpus < 0 ? 0 : ret.cpus;
	ret.mem = ret.mem < 0 ? 0 : ret.mem;
	return ret;
}

static struct held *held_new(int framework, int agent, struct amount amount)
{
	for (int i = 0; i < HELD_MAX; i++) {
		if (m.held[i].used)
			continue;
		m.held[i] = (struct held){ true, false, framework, agent, amount };
		return &m.held[i];
	}
	ck_abort_msg("more is held than there is");
	return NULL;
}

static bool filtered(int framework, int agent, struct amount offer)
{
	for (int i = 0; i < m.n_filters; i++) {
		const struct filter *filter = &m.filters[i];

		if (filter->framework == framework && filter->agent == agent &&
			filter->due_ns > m.f.host.clock.now_ns &&
			fits(offer, filter->refused))
			return true;
	}
	return false;
}

static void filters_drop(int framework, int agent)
{
	for (int i = m.n_filters; i-- > 0;) {
		if ((framework >= 0 && m.filters[i].framework != framework) ||
			(agent >= 0 && m.filters[i].agent != agent))
			continue;
		m.filters[i] = m.filters[--m.n_filters];
	}
}

/* Takes the offers that came, and checks that each of them was right. */
static void offers_take(void)
{
	for (size_t i = 0; i < m.f.n_offers; i++) {
		struct drf_offer *offer = &m.f.offers[i];
		int framework = (int)offer->framework, agent = (int)offer->agent;
		struct amount amount = {
			(int)(tp_resources_milli(&offer->resources, "cpus") / 1000),
			(int)(tp_resources_milli(&offer->resources, "mem") / 1000),
		};

		ck_assert(m.agents[agent].used && m.agents[agent].active);
		ck_assert(m.frameworks[framework].used &&
			m.frameworks[framework].active &&
			!m.frameworks[framework].suppressed);
		ck_assert_str_eq(offer->role, m.frameworks[framework].role);
		ck_assert(fits(amount, free_of_agent(agent))); /* nothing twice */
		ck_assert(!filtered(framework, agent, amount));
		held_new(framework, agent, amount)->offered = true;
		tp_resources_fini(&offer->resources);
	}
	m.f.n_offers = 0;
}

static void books_check(void)
{
	for (int i = 0; i < N_AGENTS; i++) {
		if (m.agents[i].used)
			fixture_expect_free(&m.f, (uint32_t)i, text_of(free_of_agent(i)));
	}
	for (size_t i = 0; i < TP_COUNT(role_names); i++) {
		int cpus = 0;

		for (int j = 0; j < HELD_MAX; j++) {
			if (m.held[j].used &&
				strcmp(m.frameworks[m.held[j].framework].role,
					role_names[i]) == 0)
				cpus += m.held[j].amount.cpus;
		}
		ck_assert_int_eq(
			fixture_role_held(&m.f, role_names[i], TP_CPUS), cpus * 1000);
	}
}

/* After a run over everything: what is idle is idle because nobody may have it. */
static void idle_check(void)
{
	m.f.ops->run(m.f.drf);
	offers_take();
	for (int a = 0; a < N_AGENTS; a++) {
		struct amount idle = free_of_agent(a);

		if (!m.agents[a].used || !m.agents[a].active ||
			(idle.cpus == 0 && idle.mem < 32))
			continue;
		for (int i = 0; i < N_FRAMEWORKS; i++)
			ck_assert(!m.frameworks[i].used || !m.frameworks[i].active ||
				m.frameworks[i].suppressed || filtered(i, a, idle));
	}
}

static void held_return(struct held *held, const struct tp_allocator_filter *filter)
{
	struct tp_resources some =
		fixture_parse(text_of(held->amount), m.frameworks[held->framework].role);

	m.f.ops->recover_resources(
		m.f.drf, (uint32_t)held->framework, (uint32_t)held->agent, &some, filter);
	tp_resources_fini(&some);
	held->used = false;
}

static struct held *held_pick(void)
{
	int start = pick(HELD_MAX);

	for (int i = 0; i < HELD_MAX; i++) {
		if (m.held[(start + i) % HELD_MAX].used)
			return &m.held[(start + i) % HELD_MAX];
	}
	return NULL;
}

static void on_framework(int i)
{
	if (m.frameworks[i].used && pick(2) == 0) {
		for (int j = 0; j < HELD_MAX; j++) {
			if (m.held[j].used && m.held[j].framework == i)
				held_return(&m.held[j], NULL);
		}
		m.f.ops->remove_framework(m.f.drf, (uint32_t)i);
		m.frameworks[i].used = false;
		filters_drop(i, -1);
	} else if (!m.frameworks[i].used) {
		m.frameworks[i].used = m.frameworks[i].active = true;
		m.frameworks[i].suppressed = false;
		m.frameworks[i].role = role_names[pick(3)];
		fixture_framework(&m.f, (uint32_t)i, m.frameworks[i].role, 0);
	} else if (m.frameworks[i].active) {
		m.f.ops->deactivate_framework(m.f.drf, (uint32_t)i);
		m.frameworks[i].active = false;
		filters_drop(i, -1);
	} else {
		m.f.ops->activate_framework(m.f.drf, (uint32_t)i);
		m.frameworks[i].active = true;
	}
}

static void agent_add(int i)
{
	struct amount total = { 1 + pick(8), 64 * (1 + pick(8)) };
	struct amount used = { pick(total.cpus + 1), pick(total.mem + 1) };
	int by = pick(N_FRAMEWORKS);
	bool uses = m.frameworks[by].used && used.cpus + used.mem > 0;

	m.agents[i].used = m.agents[i].active = true;
	m.agents[i].total = total;
	fixture_agent(&m.f, (uint32_t)i, text_of(total), uses ? text_of(used) : NULL,
		(uint32_t)by, uses ? m.frameworks[by].role : NULL);
	if (uses)
		held_new(by, i, used);
}

static void agent_remove(int i)
{
	bool before = pick(2) == 0;

	if (before)
		m.f.ops->remove_agent(m.f.drf, (uint32_t)i);
	for (int j = 0; j < HELD_MAX; j++) {
		if (m.held[j].used && m.held[j].agent == i)
			held_return(&m.held[j], NULL);
	}
	if (!before)
		m.f.ops->remove_agent(m.f.drf, (uint32_t)i);
	m.agents[i].used = false;
	filters_drop(-1, i);
}

static void on_agent(int i)
{
	if (!m.agents[i].used) {
		agent_add(i);
		return;
	}
	switch (pick(4)) {
	case 0:
		agent_remove(i);
		break;
	case 1:
		m.agents[i].total = (struct amount){ 1 + pick(8), 64 * (1 + pick(8)) };
		m.agents[i].active = pick(4) != 0;
		fixture_agent_update(&m.f, (uint32_t)i, text_of(m.agents[i].total),
			m.agents[i].active);
		break;
	case 2:
		m.f.ops->deactivate_agent(m.f.drf, (uint32_t)i);
		m.agents[i].active = false;
		break;
	default:
		m.f.ops->activate_agent(m.f.drf, (uint32_t)i);
		m.agents[i].active = true;
	}
}

static void on_refusal(struct held *held)
{
	static const int64_t times_ns[] = { 0, 1, TP_SEC, 5 * TP_SEC, TP_MIN };
	const struct tp_allocator_filter filter = { times_ns[pick(5)] };
	int64_t lives_ns = filter.refuse_ns < TP_SEC ? TP_SEC : filter.refuse_ns;

	if (filter.refuse_ns > 0 && held->amount.cpus + held->amount.mem > 0) {
		ck_assert_int_lt(m.n_filters, FILTERS_MAX);
		m.filters[m.n_filters++] = (struct filter){ held->framework, held->agent,
			held->amount, m.f.host.clock.now_ns + lives_ns };
	}
	held_return(held, &filter);
}

/* Accepts an offer in part, refuses it, or ends what a task held. */
static void on_held(struct held *held)
{
	struct amount rest;

	if (held == NULL)
		return;
	if (!held->offered) {
		held_return(held, NULL);
		return;
	}
	held->offered = false;
	if (pick(2) == 0) {
		on_refusal(held);
		return;
	}
	rest.cpus = pick(held->amount.cpus + 1);
	rest.mem = pick(held->amount.mem + 1);
	held->amount.cpus -= rest.cpus;
	held->amount.mem -= rest.mem;
	if (rest.cpus + rest.mem > 0)
		on_refusal(held_new(held->framework, held->agent, rest));
}

static void on_wish(int i)
{
	if (!m.frameworks[i].used)
		return;
	if (pick(3) == 0) {
		m.f.ops->suppress(m.f.drf, (uint32_t)i, NULL, 0);
		m.frameworks[i].suppressed = true;
	} else {
		m.f.ops->revive(m.f.drf, (uint32_t)i, NULL, 0);
		m.frameworks[i].suppressed = false;
		filters_drop(i, -1);
	}
}

static void event(void)
{
	switch (pick(12)) {
	case 0:
		on_framework(pick(N_FRAMEWORKS));
		break;
	case 1:
		on_agent(pick(N_AGENTS));
		break;
	case 2:
		on_wish(pick(N_FRAMEWORKS));
		break;
	case 3:
	case 4:
		fixture_advance(&m.f, pick(4) == 0 ? 10 * TP_SEC : TP_SEC / 3);
		break;
	default:
		on_held(held_pick());
	}
}

START_TEST(random_history)
{
	memset(&m, 0, sizeof(m));
	m.seed = (unsigned)_i + 1;
	for (int i = 0; i < N_FRAMEWORKS; i++)
		m.frameworks[i].role = "*";
	fixture_start(&m.f, NULL);
	for (int i = 0; i < N_EVENTS; i++) {
		event();
		test_clock_settle(&m.f.host.clock, m.f.host.loop);
		offers_take();
		books_check();
		if (i % 7 == 0)
			idle_check();
	}
	ck_assert_double_gt(fixture_runs(&m.f), N_EVENTS / 7);
	fixture_stop(&m.f);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_drf_history");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, random_history, 0, 20);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
