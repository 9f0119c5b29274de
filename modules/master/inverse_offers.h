/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inverse offers: a framework that holds something of an agent whose machine will be unavailable is
 * asked to leave it. Whether and when is the allocator's to say; one at a time is outstanding per
 * framework and agent, and the last answer is kept for operators. Nothing follows from an answer but
 * when it is asked again.
 */
#ifndef MASTER_INVERSE_OFFERS_H
#define MASTER_INVERSE_OFFERS_H

#include "tepui/kind/allocator.h"
#include "tepui/map.h"

#include "master.h"

struct agent;
struct framework;

int inverse_offers_create(struct master *m);
/* Before agents and frameworks are. */
void inverse_offers_destroy(struct master *m);

/*
 * The allocator wants the framework to be asked. What is outstanding already stands: an allocator
 * that took another one's place knows nothing of it. Sent in a later turn, with others.
 */
void inverse_offers_ask(struct framework *f, struct agent *a);
/* Sends what was not sent yet, if the stream of the framework is not busy. */
void inverse_offers_send(struct framework *f);

/* Those that are outstanding end; the answers stay. */
void inverse_offers_withdraw_framework(struct framework *f, bool rescind);
void inverse_offers_withdraw_agent(struct agent *a);
/* Everything ends: the framework is removed; the agent is, or its unavailability is another one. */
void inverse_offers_forget_framework(struct framework *f);
void inverse_offers_forget_agent(struct agent *a);

/* What frameworks answered about an agent, appended to an array in `arena`. */
void inverse_offers_statuses(const struct agent *a, struct tp_arena *arena,
	struct tp_allocator_inverse_offer_status ***items, size_t *n);
/* The outstanding ones of a framework, the same way. */
void inverse_offers_records(const struct framework *f, struct tp_arena *arena,
	struct tp_inverse_offer ***items, size_t *n);

/* The scheduler call handlers; see calls.c. Ids that are not outstanding are ignored. */
int inverse_offers_accept(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);
int inverse_offers_decline(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err);

#endif
