/* SPDX-License-Identifier: Apache-2.0 */
/* From a seed to a list of steps, and which of them are kept. */
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "tepui/strbuf.h"

static unsigned draw_kind(struct sim_random *random)
{
	unsigned total = 0, at, kind = 0;

	for (unsigned i = 0; i < n_step_kinds; i++)
		total += step_kinds[i].weight;
	at = sim_random_below(random, total);
	while (at >= step_kinds[kind].weight)
		at -= step_kinds[kind++].weight;
	return kind;
}

void plan_make(struct plan *plan, uint64_t seed, unsigned n_steps)
{
	struct sim_random random = { .state = seed };

	memset(plan, 0, sizeof *plan);
	plan->seed = seed;
	plan->elects = sim_random_below(&random, 2) == 0;
	plan->n_masters = plan->elects ? 1 + sim_random_below(&random, 2) : 1;
	plan->n_agents = 1 + sim_random_below(&random, HISTORY_AGENTS_MAX);
	plan->n_frameworks = 1 + sim_random_below(&random, HISTORY_FRAMEWORKS_MAX);
	for (unsigned i = 0; i < HISTORY_FRAMEWORKS_MAX; i++)
		plan->driven[i] = sim_random_below(&random, 2) == 0;
	plan->n_steps = n_steps < HISTORY_STEPS_MAX ? n_steps : HISTORY_STEPS_MAX;
	for (unsigned i = 0; i < plan->n_steps; i++) {
		plan->steps[i].kind = draw_kind(&random);
		plan->steps[i].seed = sim_random_next(&random);
		plan->kept[i] = true;
	}
	plan->lends = sim_random_below(&random, 3) > 0;
	for (unsigned i = 0; i < HISTORY_FRAMEWORKS_MAX; i++)
		plan->borrows[i] = sim_random_below(&random, 3) > 0;
}

bool plan_keep(struct plan *plan, const char *list)
{
	memset(plan->kept, 0, sizeof plan->kept);
	while (*list != '\0') {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (end == list)
			return false;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
			if (end == list)
				return false;
		}
		if (last >= plan->n_steps || (*end != ',' && *end != '\0'))
			return false;
		for (unsigned long i = first; i <= last; i++)
			plan->kept[i] = true;
		list = *end == ',' ? end + 1 : end;
	}
	return true;
}

char *plan_kept(const struct plan *plan)
{
	struct tp_strbuf text = TP_STRBUF_INIT;

	for (unsigned i = 0; i < plan->n_steps; i++) {
		unsigned first = i;

		if (!plan->kept[i])
			continue;
		while (i + 1 < plan->n_steps && plan->kept[i + 1])
			i++;
		tp_strbuf_printf(&text, "%s%u", text.len == 0 ? "" : ",", first);
		if (i > first)
			tp_strbuf_printf(&text, "-%u", i);
	}
	return tp_strbuf_steal(&text);
}
