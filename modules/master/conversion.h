/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One operation that converts resources, from the moment somebody asks for it until it is refused
 * or carried out: RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME, SHRINK_VOLUME.
 */
#ifndef MASTER_CONVERSION_H
#define MASTER_CONVERSION_H

#include "tepui/operation.h"

#include "master.h"

struct agent;
struct framework;

struct conversion {
	struct agent *agent;
	struct framework *framework; /* NULL: an operator's */
	const char *principal;       /* of who asks; NULL = nobody was authenticated */
	const char *role;            /* of the offer; NULL for operators */
	const struct tp_offer_operation *operation;
	struct tp_resources from, to; /* without allocation */
};

/*
 * Fills `from` and `to` and judges the operation, its asker and the agent, but not whether the
 * resources are free. -EINVAL with the reason. conversion_fini() in any case.
 */
int conversion_check(struct conversion *c, struct tp_error *err);
/*
 * It will be carried out: nobody else keeps an offer of a volume that is destroyed. Shared ones are
 * in many.
 */
void conversion_take_back(const struct conversion *c);
void conversion_fini(struct conversion *c);

#endif
