/* SPDX-License-Identifier: Apache-2.0 */
/* What every scheduler does with an offer: looks at what is in it, and makes tasks of it. */
#ifndef TEPUI_OFFER_H
#define TEPUI_OFFER_H

#include "tepui/resources.h"
#include "tepui/wire/offer.h"

/*
 * The resources of the offer, to subtract from; without the role they are allocated to. `ret` is
 * replaced, and empty when the offer says something wrong.
 */
TP_EXPORT void tp_offer_resources(const struct tp_offer *offer, struct tp_resources *ret);

/*
 * A command task on the offer's agent, with these resources in the role of the offer; its name
 * is its id. `command` is for a shell. Everything is copied into the arena.
 */
TP_EXPORT struct tp_task_info *tp_offer_task(const struct tp_offer *offer,
	const char *task_id, const char *command, const struct tp_resources *resources,
	struct tp_arena *arena);

#endif
