/* SPDX-License-Identifier: Apache-2.0 */
/* What an allocator says about itself: why there are offers or none, and metrics. Virtual time. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "drf_fixture.h"
#include "tepui/kind/allocator_explanation.h"

#define SOON (100 * TP_MSEC) /* well before the interval of one second */
#define CAN(name) (1u << TP_FRAMEWORK_INFO_CAPABILITY_##name)

static struct drf_fixture f;

static void setup(void)
{
	fixture_start(&f, NULL);
	f.capabilities = ROLE_AWARE;
}

static void teardown(void)
{
	fixture_stop(&f);
}

static struct tp_allocator_explanation why;

static void keep(void *user, const struct tp_allocator_explanation *said)
{
	ck_assert_int_eq(said->guarantee_milli == NULL, said->limit_milli == NULL);
	why = *said;
	++*(int *)user;
}

START_TEST(it_explains_itself)
{
	int n = 0;

	fixture_quota(&f, "q", NULL, "cpus:1");
	fixture_framework(&f, 0, "q", 0);
	f.ops->pause(f.drf);
	fixture_agent(&f, 0, "cpus:4;gpus:1", NULL, 0, NULL); /* gpus */
	fixture_agent(&f, 1, "cpus(other):4", NULL, 0, NULL); /* reserved */
	fixture_agent(&f, 2, "mem:1", NULL, 0, NULL);         /* too small */
	fixture_agent(
		&f, 3, "cpus:1", "cpus:1", 0, "q"); /* full: and the limit is reached */
	fixture_agent(&f, 4, "cpus:1", NULL, 0, NULL); /* over the limit */
	fixture_agent(&f, 5, "mem:64", NULL, 0, NULL); /* free */
	fixture_agent(&f, 6, "mem:64", NULL, 0, NULL); /* deactivated */
	f.ops->deactivate_agent(f.drf, 6);
	f.ops->explain(f.drf, 0, keep, &n);
	ck_assert_int_eq(n, 1);
	ck_assert_str_eq(why.role, "q");
	ck_assert(why.active && why.subscribed && !why.suppressed);
	ck_assert_uint_eq(why.role_place, 0);
	ck_assert_uint_eq(why.framework_place, 0);
	ck_assert_uint_eq(why.agents_capability, 1);
	ck_assert_uint_eq(why.agents_reserved, 1);
	ck_assert_uint_eq(why.agents_too_small, 1);
	ck_assert_uint_eq(why.agents_full, 1);
	ck_assert_uint_eq(why.agents_quota, 1);
	ck_assert_uint_eq(why.agents_free, 1);
	ck_assert_uint_eq(why.agents_inactive, 1);
	f.ops->resume(f.drf);
	fixture_advance(&f, SOON);
	fixture_decline(&f, TP_HOUR);
	f.ops->explain(f.drf, 0, keep, &n);
	ck_assert_uint_eq(why.agents_filtered, 1);
	ck_assert_uint_eq(f.n_offers, 0); /* it gives nothing by explaining */
}
END_TEST

/* --- agent by agent -------------------------------------------------------------------- */

static struct tp_allocator_agent_reason reasons[OFFERS_MAX];
static size_t n_reasons;

static void keep_reason(void *user, const struct tp_allocator_agent_reason *said)
{
	ck_assert_ptr_eq(user, &n_reasons);
	ck_assert_uint_lt(said->agent, OFFERS_MAX);
	reasons[said->agent] = *said;
	n_reasons++;
}

static void explain_agents(uint32_t framework, const char *role, size_t n)
{
	n_reasons = 0;
	f.ops->explain_agents(f.drf, framework, role, keep_reason, &n_reasons);
	ck_assert_uint_eq(n_reasons, n);
}

START_TEST(it_explains_each_agent)
{
	static const char *const here[] = { "host" };

	f.capabilities = 0; /* an agent that knows one role only */
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	f.capabilities = ROLE_AWARE;
	fixture_agent(&f, 1, "cpus:1;mem:64;gpus:1", NULL, 0, NULL);
	fixture_agent(&f, 2, "cpus:1;mem:64", "cpus:1;mem:64", 5, "other");
	fixture_agent(&f, 3, "cpus(other):1;mem(other):64", NULL, 0, NULL);
	fixture_agent(&f, 4, "cpus:1;mem:64", NULL, 0, NULL);
	f.ops->pause(f.drf);
	fixture_framework(&f, 0, "q/a", CAN(MULTI_ROLE));
	explain_agents(0, "q/a", 5);
	ck_assert_int_eq(reasons[0].reason, TP_ALLOCATOR_CAPABILITY);
	ck_assert_uint_eq(reasons[0].lacks,
		TP_ALLOCATOR_LACKS_AGENT_MULTI_ROLE | TP_ALLOCATOR_LACKS_AGENT_HIERARCHY);
	ck_assert_int_eq(reasons[1].reason, TP_ALLOCATOR_CAPABILITY);
	ck_assert_uint_eq(reasons[1].lacks, TP_ALLOCATOR_LACKS_GPUS);
	ck_assert_int_eq(reasons[2].reason, TP_ALLOCATOR_FULL);
	ck_assert_int_eq(reasons[3].reason, TP_ALLOCATOR_RESERVED);
	ck_assert_int_eq(reasons[4].reason, TP_ALLOCATOR_FREE);
	explain_agents(0, "q", 0);
	explain_agents(7, "q/a", 0);
	f.ops->update_whitelist(f.drf, here, 0);
	explain_agents(0, "q/a", 5);
	ck_assert_int_eq(reasons[4].reason, TP_ALLOCATOR_NOT_WHITELISTED);
}
END_TEST

static void revocable_agent(uint32_t slot)
{
	static const char text[] = "[{\"name\":\"cpus\",\"type\":\"SCALAR\","
				   "\"scalar\":{\"value\":1},\"revocable\":{}}]";

	fixture_agent(&f, slot, text, NULL, 0, NULL);
}

START_TEST(it_says_what_a_framework_cannot)
{
	f.ops->pause(f.drf);
	revocable_agent(0);
	fixture_framework(&f, 0, "q", 0);
	fixture_framework(&f, 1, "q", CAN(REVOCABLE_RESOURCES));
	explain_agents(0, "q", 1);
	ck_assert_int_eq(reasons[0].reason, TP_ALLOCATOR_CAPABILITY);
	ck_assert_uint_eq(reasons[0].lacks, TP_ALLOCATOR_LACKS_REVOCABLE);
	explain_agents(1, "q", 1);
	ck_assert_int_eq(reasons[0].reason, TP_ALLOCATOR_FREE);
}
END_TEST

START_TEST(it_says_when_a_filter_ends)
{
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "q", 0);
	fixture_advance(&f, SOON);
	fixture_decline(&f, 60 * TP_SEC);
	fixture_advance(&f, 20 * TP_SEC);
	explain_agents(0, "q", 1);
	ck_assert_int_eq(reasons[0].reason, TP_ALLOCATOR_FILTERED);
	ck_assert_int_eq(reasons[0].left_ns, 40 * TP_SEC);
	f.ops->revive(f.drf, 0, NULL, 0);
	explain_agents(0, "q", 1);
	ck_assert_int_eq(reasons[0].reason, TP_ALLOCATOR_FREE);
	ck_assert_int_eq(reasons[0].left_ns, 0);
}
END_TEST

START_TEST(it_says_what_holds_everybody_up)
{
	int n = 0;

	fixture_quota(&f, "other", "cpus:3", NULL);
	f.ops->recover(f.drf, 10);
	fixture_agent(&f, 0, "cpus:4;mem:64", NULL, 0, NULL);
	fixture_framework(&f, 0, "q", 0);
	fixture_advance(&f, TP_SEC);
	f.ops->explain(f.drf, 0, keep, &n);
	ck_assert(!why.paused);
	ck_assert_uint_eq(why.agents_awaited, 7);
	ck_assert_int_eq(why.recovery_left_ns, 10 * TP_MIN - TP_SEC);
	ck_assert_str_eq(why.names[0], "cpus");
	ck_assert_int_eq(why.headroom_milli[0], 4000);
	ck_assert_int_eq(why.required_milli[0], 3000);
	f.ops->pause(f.drf);
	f.ops->explain(f.drf, 0, keep, &n);
	ck_assert(why.paused);
}
END_TEST

struct wanted {
	const char *name;
	double value;
	bool found;
};

static void look(void *arg, const char *name, double value)
{
	struct wanted *wanted = arg;

	if (strcmp(name, wanted->name) != 0)
		return;
	wanted->value = value;
	wanted->found = true;
}

static double metric(const char *name)
{
	struct wanted wanted = { .name = name };

	tp_metrics_each(((struct tp_instance *)f.drf)->metrics, look, &wanted);
	ck_assert_msg(wanted.found, "no metric %s", name);
	return wanted.value;
}

/* HierarchicalAllocatorTest.DominantShareMetrics, and those of quota and filters. */
START_TEST(metrics_of_roles)
{
	fixture_quota(&f, "q", "cpus:1", "cpus:3");
	fixture_framework(&f, 0, "q", 0);
	fixture_agent(&f, 0, "cpus:4;mem:1024;cpus(q):1", NULL, 0, NULL);
	fixture_advance(&f, SOON);
	ck_assert_double_eq(metric("allocator/mesos/roles/q/shares/dominant"), 1);
	ck_assert_double_eq(
		metric("allocator/mesos/roles/q/resources/cpus/offered_or_allocated"), 3);
	ck_assert_double_eq(metric("allocator/mesos/roles/q/resources/cpus/reserved"), 1);
	ck_assert_double_eq(
		metric("allocator/mesos/quota/roles/q/resources/cpus/guarantee"), 1);
	ck_assert_double_eq(
		metric("allocator/mesos/quota/roles/q/resources/cpus/limit"), 3);
	ck_assert_double_eq(
		metric("allocator/mesos/quota/roles/q/resources/cpus/consumed"), 3);
	ck_assert_double_eq(metric("allocator/mesos/resources/cpus/total"), 5);
	ck_assert_double_eq(
		metric("allocator/mesos/resources/cpus/offered_or_allocated"), 3);
	fixture_decline(&f, TP_MIN);
	ck_assert_double_eq(metric("allocator/mesos/offer_filters/roles/q/active"), 1);
	fixture_advance(&f, TP_MIN);
	ck_assert_double_eq(metric("allocator/mesos/offer_filters/roles/q/active"), 0);
	ck_assert_double_ge(metric("allocator/mesos/allocation_run_ms/count"), 2);
	ck_assert_double_ge(metric("allocator/mesos/allocation_run_latency_ms/max"), 0);
	ck_assert_double_ge(metric("allocator/mesos/allocation_runs"), 2);
}
END_TEST

/* A role that gets nothing, though it refuses nothing, is seen to wait. */
START_TEST(waiting_is_seen)
{
	fixture_framework(&f, 0, "a", 0);
	fixture_advance(&f, 30 * TP_SEC);
	ck_assert_double_eq(metric("allocator/mesos/roles/a/waiting_secs"), 30);
	fixture_agent(&f, 0, "cpus:1;mem:64", NULL, 0, NULL);
	fixture_advance(&f, 0);
	ck_assert_double_eq(metric("allocator/mesos/roles/a/waiting_secs"), 0);
	fixture_decline(&f, TP_MIN);
	fixture_advance(&f, 30 * TP_SEC);
	ck_assert_double_eq(metric("allocator/mesos/roles/a/waiting_secs"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("allocator_explain");
	TCase *tc = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, it_explains_itself);
	tcase_add_test(tc, it_explains_each_agent);
	tcase_add_test(tc, it_says_what_a_framework_cannot);
	tcase_add_test(tc, it_says_when_a_filter_ends);
	tcase_add_test(tc, it_says_what_holds_everybody_up);
	tcase_add_test(tc, metrics_of_roles);
	tcase_add_test(tc, waiting_is_seen);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
