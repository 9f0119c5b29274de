/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories of a cluster, each from one seed: schedulers launch and kill, daemons crash and
 * return, machines lose their power, the network, the disks, the registry and the election fail.
 * After each step what must always hold is checked; at the end everything heals, and after some
 * quiet time all sides must agree.
 *
 *	histories [-n SEEDS] [-f FIRST-SEED] [-s STEPS] [-j JOBS] [-d DEFECT]
 *	histories -r SEED [-s STEPS] [-k STEPS-TO-KEEP] [-d DEFECT]
 *
 * -r runs one history in this process. The same seed gives the same history.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "history.h"

#define FAILURES_MAX 3 /* of them are shrunk and shown, then it ends */

struct options {
	unsigned n, n_steps, jobs;
	uint64_t first;
	bool single;
	const char *keep, *defect;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: histories [-n SEEDS] [-f FIRST-SEED] [-s STEPS] "
		"[-j JOBS] [-d DEFECT]\n"
		"       histories -r SEED [-s STEPS] [-k STEPS-TO-KEEP] "
		"[-d DEFECT]\n");
	return 2;
}

static bool parse(struct options *o, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "n:f:s:j:r:k:d:")) >= 0) {
		if (option == 'n')
			o->n = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 's')
			o->n_steps = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'j')
			o->jobs = (unsigned)strtoul(optarg, NULL, 10);
		else if (option == 'k')
			o->keep = optarg;
		else if (option == 'd')
			o->defect = optarg;
		else if (option == 'f' || option == 'r')
			o->first = strtoull(optarg, NULL, 10);
		else
			return false;
		o->single |= option == 'r';
	}
	return optind == argc && o->jobs > 0;
}

static int run_single(const struct options *o, const struct runner *r)
{
	struct plan *plan = tp_alloc(sizeof *plan);
	bool held;

	plan_make(plan, o->first, o->n_steps);
	if (o->keep != NULL && o->keep[0] != '\0' && !plan_keep(plan, o->keep)) {
		fprintf(stderr, "histories: '%s' is not a list of steps, like 3,7-9\n",
			o->keep);
		tp_free(plan);
		return 2;
	}
	held = history_run(plan, r->defect);
	tp_free(plan);
	return held ? EXIT_SUCCESS : EXIT_FAILURE;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	struct options o = { .n = 60,
		.n_steps = 150,
		.jobs = processors < 1 ? 1 : (unsigned)processors,
		.first = 1 };
	struct runner r = { .shrinks = true };
	double begin_s = now_s();
	unsigned n_failed;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!parse(&o, argc, argv))
		return usage();
	r.n_steps = o.n_steps;
	r.jobs = o.jobs;
	if (o.defect != NULL && o.defect[0] != '\0' &&
		(r.defect = defect_find(o.defect)) == NULL) {
		fprintf(stderr, "histories: there is no defect '%s'\n", o.defect);
		return 2;
	}
	if (o.single)
		return run_single(&o, &r);
	n_failed = runner_seeds(&r, o.first, o.n, FAILURES_MAX);
	printf("%u of %u histories failed; %.1f s with %u at a time\n", n_failed, o.n,
		now_s() - begin_s, r.jobs);
	return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
