/* SPDX-License-Identifier: Apache-2.0 */
/* Between the parts of the model: who is a client, what it holds, whose turn it is. */
#ifndef TESTS_UNIT_ALLOCATOR_MODEL_PARTS_H
#define TESTS_UNIT_ALLOCATOR_MODEL_PARTS_H

#include "allocator_model.h"

typedef struct tp_resources resources_t;

bool model_is_shared(const struct tp_resource_item *item);
bool model_is_reserved(const struct tp_resource_item *item);
bool model_is_revocable(const struct tp_resource_item *item);
bool model_is_plain_scalar(const struct tp_resource_item *item);
void model_add_scalar(const struct model *m, struct tp_quantities *q,
	const struct tp_resource_item *item);
void model_top_of(const char *role, char *ret);
struct model_hold *model_hold_of(
	const struct model *m, int framework, int agent, const char *role);
int model_subscription(const struct model *m, int framework, const char *role);
void model_client_enter(struct model *m, int framework, const char *role);
void model_filters_drop(struct model *m, int framework, const char *role, int agent);
void model_client_check(struct model *m, int framework, const char *role);
void model_gift_count(struct model *m, int framework, const char *role);
int model_framework_order(const struct model *m, const char *role, int *ret);
int model_role_order(const struct model *m, char (*ret)[MODEL_NAME]);

#endif
