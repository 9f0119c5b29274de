/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delta debugging: tries to do without ever smaller pieces of what is left, until single steps
 * cannot be spared or enough was tried. Any failure counts: a shorter way to another one is as
 * good to know.
 */
#include <string.h>

#include "history.h"

#define ATTEMPTS_MAX 300

static unsigned n_kept(const struct plan *plan)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_steps; i++)
		n += plan->kept[i];
	return n;
}

/* Drops `len` of the kept steps, from the nth on. */
static void drop(struct plan *plan, unsigned from, unsigned len)
{
	unsigned n = 0;

	for (unsigned i = 0; i < plan->n_steps; i++) {
		if (!plan->kept[i])
			continue;
		if (n >= from && n < from + len)
			plan->kept[i] = false;
		n++;
	}
}

void shrink(const struct runner *r, struct plan *plan)
{
	struct plan *attempt = tp_alloc(sizeof *attempt);
	unsigned n_attempts = 0, len = (n_kept(plan) + 1) / 2;

	while (len > 0 && n_attempts < ATTEMPTS_MAX) {
		bool dropped = false;

		for (unsigned from = 0;
			from < n_kept(plan) && n_attempts < ATTEMPTS_MAX;) {
			*attempt = *plan;
			drop(attempt, from, len);
			n_attempts++;
			if (runner_try(r, attempt, NULL)) {
				from += len;
			} else {
				*plan = *attempt;
				dropped = true;
			}
		}
		if (!dropped || len > 1)
			len /= 2;
	}
	tp_free(attempt);
}
