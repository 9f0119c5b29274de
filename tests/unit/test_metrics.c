/* SPDX-License-Identifier: Apache-2.0 */
/* The metrics registry: names are unique, listing is sorted, gauges are computed when read. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tepui/metrics.h"

static char listing[256];

static void list_one(void *arg, const char *name, double value)
{
	size_t len = strlen(listing);

	ck_assert_ptr_eq(arg, listing);
	snprintf(listing + len, sizeof listing - len, "%s=%g ", name, value);
}

static const char *list(struct tp_metrics *metrics)
{
	listing[0] = '\0';
	tp_metrics_each(metrics, list_one, listing);
	return listing;
}

struct gauge {
	struct tp_metric metric;
	int n_reads;
};

static double count_reads(struct tp_metric *metric)
{
	struct gauge *gauge = tp_container_of(metric, struct gauge, metric);

	return ++gauge->n_reads;
}

START_TEST(the_listing_is_sorted_and_current)
{
	struct tp_metrics *metrics = tp_metrics_create();
	struct tp_metric c = { .name = "master/tasks_running" };
	struct tp_metric a = { .name = "allocator/event_queue", .value = 2 };
	struct gauge b = { .metric = { .name = "master/elected", .read = count_reads } };

	ck_assert_str_eq(list(metrics), "");
	ck_assert(tp_metrics_add(metrics, &c));
	ck_assert(tp_metrics_add(metrics, &a));
	ck_assert(tp_metrics_add(metrics, &b.metric));
	c.value += 1.5;
	ck_assert_str_eq(list(metrics),
		"allocator/event_queue=2 master/elected=1 master/tasks_running=1.5 ");
	tp_metrics_remove(metrics, &a);
	ck_assert_str_eq(list(metrics), "master/elected=2 master/tasks_running=1.5 ");
	tp_metrics_destroy(metrics);
}
END_TEST

START_TEST(a_name_is_taken_once)
{
	struct tp_metrics *metrics = tp_metrics_create();
	struct tp_metric first = { .name = "x", .value = 1 };
	struct tp_metric second = { .name = "x", .value = 2 };

	ck_assert(tp_metrics_add(metrics, &first));
	ck_assert(!tp_metrics_add(metrics, &second));
	tp_metrics_remove(metrics, &second);
	ck_assert_str_eq(list(metrics), "x=1 ");
	tp_metrics_remove(metrics, &first);
	ck_assert(tp_metrics_add(metrics, &second));
	ck_assert_str_eq(list(metrics), "x=2 ");
	tp_metrics_destroy(metrics);
	tp_metrics_destroy(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("metrics");
	TCase *tcase = tcase_create("metrics");
	SRunner *runner = srunner_create(suite);
	int n_failed;

	tcase_add_test(tcase, the_listing_is_sorted_and_current);
	tcase_add_test(tcase, a_name_is_taken_once);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	n_failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return n_failed == 0 ? 0 : 1;
}
