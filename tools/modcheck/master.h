/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A master for allocators: adds agents and frameworks by text, keeps the books, and holds every
 * offer to what an allocator promises. The first broken promise fails the case.
 */
#ifndef MODCHECK_MASTER_H
#define MODCHECK_MASTER_H

#include "check.h"
#include "tepui/kind/allocator.h"
#include "tepui/resources.h"

#define AGENTS_MAX 8
#define FRAMEWORKS_MAX 4
#define OFFERS_MAX 64

struct master_agent {
	bool used, active;
	struct tp_resources total, held; /* without allocation */
	struct tp_resources kept;        /* of `held`: in use, not offered */
};

struct master_framework {
	bool used, active, suppressed;
};

struct master_offer {
	uint32_t framework, agent;
	struct tp_resources resources; /* with allocation */
};

struct master {
	struct check *check;
	const struct tp_allocator_ops *ops;
	void *impl;
	bool inside;      /* a call that must not offer */
	bool overlapping; /* it may offer the same to several frameworks */
	struct master_agent agents[AGENTS_MAX];
	struct master_framework frameworks[FRAMEWORKS_MAX];
	struct master_offer offers[OFFERS_MAX]; /* outstanding, oldest first */
	size_t n_offers;
};

/* False when the allocator lacks what is needed. Everything has the role "role". */
bool master_init(struct master *m, struct check *c);
void master_fini(struct master *m);
/* used: what framework `by` has of it already; NULL = nothing. */
void master_add_agent(struct master *m, uint32_t slot, const char *total,
	const char *used, uint32_t by);
void master_remove_agent(struct master *m, uint32_t slot);
void master_activate_agent(struct master *m, uint32_t slot, bool active);
void master_add_framework(struct master *m, uint32_t slot);
void master_remove_framework(struct master *m, uint32_t slot);
void master_activate_framework(struct master *m, uint32_t slot, bool active);
void master_suppress(struct master *m, uint32_t slot, bool suppressed);
/* Runs the allocator over everything. */
void master_run(struct master *m);
/* How many offers of the agent the framework has; UINT32_MAX = any. */
size_t master_count(const struct master *m, uint32_t framework, uint32_t agent);
/* Keeps the offer's first `keep` (text, "" = nothing) and gives back the rest. */
void master_answer(struct master *m, size_t offer, const char *keep, int64_t refuse_ns);
/* A framework gives back what it kept. */
void master_give_back(
	struct master *m, uint32_t framework, uint32_t agent, const char *resources);

#endif
