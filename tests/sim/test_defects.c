/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The test of the test: histories find each of the defects that defects.c injects, within 200
 * seeds. One that is not found fails this, as a simulation that sees nothing would be believed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "history.h"

#define SEEDS_MAX 200
#define STEPS 150

/* What fails without the defect, too, has not found it. */
static bool fails_anyway(const struct runner *r, const struct plan *plan)
{
	struct runner without = *r;

	without.defect = NULL;
	return !runner_try(&without, plan, NULL);
}

/* Returns the first seed that finds it, 0 when none did. */
static unsigned find(const struct runner *r)
{
	struct plan *plan = tp_alloc(sizeof *plan);
	unsigned seed = 1;

	for (; seed <= SEEDS_MAX; seed++) {
		tp_cleanup(ptr) char *text = NULL;

		plan_make(plan, seed, r->n_steps);
		if (runner_try(r, plan, &text) || fails_anyway(r, plan))
			continue;
		printf("%s: %s: found by seed %u: %s", r->defect->name, r->defect->what,
			seed, runner_last_line(text));
		break;
	}
	tp_free(plan);
	return seed <= SEEDS_MAX ? seed : 0;
}

int main(void)
{
	size_t n;
	const struct defect *all = defect_all(&n);
	unsigned n_missed = 0;

	for (size_t i = 0; i < n; i++) {
		const struct runner r = {
			.n_steps = STEPS, .jobs = 1, .defect = &all[i]
		};

		if (find(&r) == 0) {
			printf("%s: %s: NOT found in %u seeds\n", all[i].name,
				all[i].what, SEEDS_MAX);
			n_missed++;
		}
	}
	return n_missed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
