/* SPDX-License-Identifier: Apache-2.0 */
/* Finds what a mistyped word probably meant. */
#ifndef KERNEL_SUGGEST_H
#define KERNEL_SUGGEST_H

#include <stddef.h>

struct suggest {
	const char *word; /* what was written */
	const char *best; /* borrowed from suggest_offer(); NULL when nothing is near */
	size_t distance;  /* of the best one */
};

/* Offers one word that would have been right; the nearest within a third of its length wins. */
void suggest_offer(struct suggest *suggest, const char *candidate);

/* ", did you mean '" for a printf of three strings: all empty without a suggestion. */
#define SUGGEST_FMT "%s%s%s"
#define SUGGEST_ARGS(s) \
	(s)->best != NULL ? ", did you mean '" : "", (s)->best != NULL ? (s)->best : "", \
		(s)->best != NULL ? "'?" : ""

#endif
