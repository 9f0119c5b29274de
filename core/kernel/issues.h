/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A list of what is wrong with a manifest, one line each with its place, so that an operator
 * mends everything in one go:
 *
 *	conf/master.yaml:14:19: allocator-drf: interval: '1x' is not a duration (...)
 */
#ifndef KERNEL_ISSUES_H
#define KERNEL_ISSUES_H

#include "tepui/error.h"
#include "tepui/strbuf.h"

/* A place in a source. line 0: the source as a whole, such as a --set option. */
struct mark {
	const char *file; /* borrowed */
	unsigned line, column;
	bool told; /* an issue has named it: what follows from that is left out */
};

struct issues {
	struct tp_strbuf text; /* the lines, each with its newline */
	size_t n;
	const char *instead; /* of every text, when what is read may be secret; or NULL */
};

/*
 * `mark` may be NULL: an issue without a place. One that was told about adds nothing. Beyond a
 * hundred lines only counts.
 */
void issues_add(struct issues *issues, const struct mark *mark, const char *fmt, ...)
	TP_PRINTF(3, 4);
/* 0 while there are none; else -EINVAL and the first one, with the number of the others. */
int issues_error(const struct issues *issues, struct tp_error *err);
void issues_fini(struct issues *issues);

/* "file:line:column", or only the file; bounded, for messages that name a second place. */
struct mark_text {
	char text[300];
};
struct mark_text mark_text(const struct mark *mark);

#endif
