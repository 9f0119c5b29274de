/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program of a pattern runs over a text with all its threads side by side (Thompson, "Regular
 * expression search algorithm", 1968): time is bounded by the length of both, whatever a framework
 * writes. A thread is a step that waits for the next byte; none is there twice.
 */
#include "core/cluster/allocation/pattern.h"

#include <string.h>

#include "tepui/base.h"

/* The threads before one byte. */
struct threads {
	uint16_t *steps; /* that eat a byte */
	unsigned n;
};

struct alloc_pattern {
	struct alloc_step *steps;
	unsigned n;
	struct threads threads[2];
	uint64_t *seen; /* by step: the round in which it was looked at last */
	uint64_t round;
	uint16_t *stack; /* steps to look at; none waits twice */
};

struct alloc_pattern *alloc_pattern_create(const struct alloc_step *steps, unsigned n)
{
	struct alloc_pattern *pattern = tp_alloc(sizeof *pattern);

	pattern->n = n;
	pattern->steps = tp_alloc(n * sizeof *steps);
	memcpy(pattern->steps, steps, n * sizeof *steps);
	pattern->threads[0].steps = tp_alloc(n * sizeof(uint16_t));
	pattern->threads[1].steps = tp_alloc(n * sizeof(uint16_t));
	pattern->seen = tp_alloc(n * sizeof *pattern->seen);
	pattern->stack = tp_alloc(n * sizeof *pattern->stack);
	return pattern;
}

unsigned alloc_pattern_steps(const struct alloc_pattern *pattern)
{
	return pattern->n;
}

void alloc_pattern_destroy(struct alloc_pattern *pattern)
{
	if (pattern == NULL)
		return;
	tp_free(pattern->steps);
	tp_free(pattern->threads[0].steps);
	tp_free(pattern->threads[1].steps);
	tp_free(pattern->seen);
	tp_free(pattern->stack);
	tp_free(pattern);
}

/* Where a run over a text is. */
struct place {
	struct threads *threads; /* that wait for the next byte */
	bool begin, end;
	uint64_t cost; /* steps looked at so far */
};

static void push(struct alloc_pattern *pattern, unsigned *depth, unsigned step)
{
	if (pattern->seen[step] == pattern->round)
		return;
	pattern->seen[step] = pattern->round;
	pattern->stack[(*depth)++] = (uint16_t)step;
}

/* Adds the threads that go on at a step. */
static void go_on(struct alloc_pattern *pattern, struct place *place, unsigned first)
{
	unsigned depth = 0;

	push(pattern, &depth, first);
	while (depth > 0) {
		unsigned at = pattern->stack[--depth];
		const struct alloc_step *step = &pattern->steps[at];

		place->cost++;
		if (step->op == ALLOC_OP_SET)
			place->threads->steps[place->threads->n++] = (uint16_t)at;
		if (step->op == ALLOC_OP_JUMP || step->op == ALLOC_OP_SPLIT)
			push(pattern, &depth, (unsigned)((int)at + step->x));
		if (step->op == ALLOC_OP_SPLIT)
			push(pattern, &depth, (unsigned)((int)at + step->y));
		if ((step->op == ALLOC_OP_BEGIN && place->begin) ||
			(step->op == ALLOC_OP_END && place->end))
			push(pattern, &depth, at + 1);
	}
}

bool alloc_pattern_matches(
	struct alloc_pattern *pattern, const char *text, uint64_t *cost)
{
	struct place place = { &pattern->threads[0], true, *text == '\0', 0 };
	const struct threads *now;

	pattern->round++;
	place.threads->n = 0;
	go_on(pattern, &place, 0);
	place.begin = false;
	for (; *text != '\0' && place.threads->n > 0; text++) {
		unsigned char c = (unsigned char)*text;

		now = place.threads;
		place.threads = &pattern->threads[now == &pattern->threads[0]];
		place.threads->n = 0;
		place.end = text[1] == '\0';
		pattern->round++;
		place.cost += now->n;
		for (unsigned i = 0; i < now->n; i++) {
			const struct alloc_step *step = &pattern->steps[now->steps[i]];

			if ((step->set[c / 8] >> c % 8 & 1) != 0)
				go_on(pattern, &place, now->steps[i] + 1U);
		}
	}
	*cost += place.cost;
	return *text == '\0' && pattern->seen[pattern->n - 1] == pattern->round;
}
