/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `election`: who leads. Masters contend, everybody detects. The stand-alone implementation
 * elects its only contender at once.
 *
 * Callbacks come on the loop, never from inside a call.
 *
 * Changelog of TP_ELECTION_ABI:  1 first
 */
#ifndef TEPUI_KIND_ELECTION_H
#define TEPUI_KIND_ELECTION_H

#include "tepui/list.h"

#define TP_ELECTION_ABI 1

struct tp_master_info;

/* A master's wish to lead; yours until withdrawn. */
struct tp_candidate {
	const struct tp_master_info *info; /* borrowed while contending */
	void (*elected)(struct tp_candidate *candidate);
	/* Leadership is over, or can no longer be proved: the process must end. */
	void (*lost)(struct tp_candidate *candidate, const char *why);
	struct tp_list node; /* the implementation's */
	void *priv;
};

/* Somebody who wants to know the leader; yours until stopped. */
struct tp_detector {
	/* leader NULL: nobody leads, or it cannot be known now. Borrowed during the call. */
	void (*changed)(
		struct tp_detector *detector, const struct tp_master_info *leader);
	struct tp_list node; /* the implementation's */
	void *priv;
};

struct tp_election_ops {
	void (*contend)(void *impl, struct tp_candidate *candidate);
	void (*withdraw)(void *impl, struct tp_candidate *candidate);
	/* changed() follows soon with what is known. */
	void (*detect)(void *impl, struct tp_detector *detector);
	void (*ignore)(void *impl, struct tp_detector *detector);
};

struct tp_election {
	const struct tp_election_ops *ops;
	void *impl;
};

#endif
