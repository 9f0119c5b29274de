/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `anonymous`: a module that nobody calls. It does what it does from its own life
 * functions, timers and what it requires. Nothing requires this kind; it is there so that such a
 * module says what it is.
 *
 * Changelog of TP_ANONYMOUS_ABI:  1 first
 */
#ifndef TEPUI_KIND_ANONYMOUS_H
#define TEPUI_KIND_ANONYMOUS_H

#define TP_ANONYMOUS_ABI 1

/* A table must not be empty; its one member is for what later versions may want to know. */
struct tp_anonymous_ops {
	const char *(*purpose)(void *impl); /* in a few words, for people; may be NULL */
};

struct tp_anonymous {
	const struct tp_anonymous_ops *ops;
	void *impl;
};

#endif
