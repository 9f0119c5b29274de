/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One history, from its plan to the last check. The checks are those of libcheck, which wants a
 * suite around them; it does not fork here, the runner does.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"

/* What the test, which takes no argument, is to run. */
static const struct plan *the_plan;
static const struct defect *the_defect;

static void begin(struct history *h, const struct plan *plan)
{
	char name[16];

	memset(h, 0, sizeof *h);
	h->plan = plan;
	h->cluster = cluster_create(plan->seed);
	if (plan->elects)
		cluster_elect(h->cluster);
	for (unsigned i = 0; i < plan->n_masters; i++)
		h->masters[i] = cluster_add_master(h->cluster, "sim-registry", NULL);
	h->cluster->lends = plan->lends;
	for (unsigned i = 0; i < plan->n_agents; i++) {
		snprintf(name, sizeof name, "a%u", i + 1);
		h->agents[i] = cluster_add_agent(h->cluster, name, "cpus:4;mem:4096",
			"      recovery_timeout: 1mins\n");
	}
	lending_begin(h);
	h->acknowledged = acknowledged_create(h->cluster);
	h->maintained = maintained_create();
	for (unsigned i = 0; i < plan->n_frameworks; i++) {
		snprintf(name, sizeof name, "f%u", i + 1);
		framework_drive(h->cluster, plan->driven[i]);
		framework_borrow(h->cluster, plan->borrows[i]);
		h->frameworks[i] = framework_subscribe(h->cluster, name, NULL);
	}
}

START_TEST(history)
{
	struct history h;

	begin(&h, the_plan);
	if (the_defect != NULL)
		the_defect->inject(&h);
	for (h.step = 0; h.step < h.plan->n_steps; h.step++) {
		if (!h.plan->kept[h.step])
			continue;
		h.random.state = h.plan->steps[h.step].seed;
		step_kinds[h.plan->steps[h.step].kind].run(&h);
		cluster_advance(h.cluster, 0);
		steps_supervise(&h);
		check_always(&h);
	}
	steps_heal(&h);
	check_quiet(&h);
	cluster_destroy(h.cluster);
	acknowledged_destroy(h.acknowledged);
	maintained_destroy(h.maintained);
}
END_TEST

bool history_run(const struct plan *plan, const struct defect *defect)
{
	Suite *s = suite_create("history");
	TCase *tc = tcase_create("history");
	TestResult **failures;
	SRunner *runner;
	int n_failed;

	the_plan = plan;
	the_defect = defect;
	tcase_add_test(tc, history);
	suite_add_tcase(s, tc);
	runner = srunner_create(s);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_SILENT);
	n_failed = srunner_ntests_failed(runner);
	failures = srunner_failures(runner);
	for (int i = 0; i < n_failed; i++)
		fprintf(stderr, "%s:%d: %s\n", tr_lfile(failures[i]), tr_lno(failures[i]),
			tr_msg(failures[i]));
	free(failures);
	srunner_free(runner);
	return n_failed == 0;
}
