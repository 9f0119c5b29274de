/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of offers: resources of one agent for one role of one framework, from the moment
 * the allocator gives them until they are accepted, declined or withdrawn.
 */
#ifndef MASTER_OFFERS_H
#define MASTER_OFFERS_H

#include "tepui/kind/allocator.h"
#include "tepui/map.h"
#include "tepui/resources.h"

#include "master.h"

struct agent;
struct framework;

struct offer {
	struct tp_map_node node;
	struct tp_list in_framework, in_agent;
	struct tp_list in_unsent; /* while its framework's stream is busy */
	struct framework *framework;
	struct agent *agent;
	char id[64];
	char *role;
	struct tp_resources resources; /* with allocation_info */
	struct tp_timer expiry;        /* offer_timeout */
	bool sent;
};

int offers_create(struct master *m);
void offers_destroy(struct master *m);
/* The allocator is new, and is opened. */
void offers_open(struct master *m);
/*
 * It stays. When it or the one before lets offers overlap, all that are outstanding are rescinded, and
 * no allocator hears of them.
 */
void offers_renew(struct master *m);

/* `<master id>-O<n>`, for offers and inverse offers. */
void offers_next_id(struct master *m, char *id, size_t size);

struct offer *offers_find(const struct master *m, const char *id);
size_t offers_count(const struct master *m);

/* Used up by an ACCEPT: its resources move to `to`, the offer is gone. */
void offer_take(struct offer *offer, struct tp_resources *to);
/* Its resources go back, with a filter or NULL; the offer is gone. */
void offer_return(struct offer *offer, const struct tp_allocator_filter *filter);
/* The same without a filter, and its framework is told if `rescind`. */
void offer_withdraw(struct offer *offer, bool rescind);
void offers_withdraw_framework(struct framework *f, bool rescind);
void offers_withdraw_agent(struct agent *a);
void offers_withdraw_all(struct master *m);
/* Sends what was held back, if the stream is less busy now. */
void offers_send_held(struct framework *f);
/* The stream is busy: what is held back waits a while. */
void offers_hold(struct framework *f);

/* The wire record, in `arena`; borrows from the offer and its agent. */
struct tp_offer *offer_record(const struct offer *offer, struct tp_arena *arena);

#endif
