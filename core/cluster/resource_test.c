/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The predicates over single resources that filters take. Each looks at the key's flags; none
 * changes or keeps anything.
 */
#include <string.h>

#include "tepui/resource.h"
#include "tepui/role.h"

bool tp_resource_is_unreserved(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return item->key->n_reservations == 0;
}

bool tp_resource_is_reserved(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return item->key->n_reservations > 0;
}

bool tp_resource_is_dynamic(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return (item->key->flags & TP_RESOURCE_DYNAMIC) != 0;
}

bool tp_resource_is_revocable(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return (item->key->flags & TP_RESOURCE_REVOCABLE) != 0;
}

bool tp_resource_is_nonrevocable(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return (item->key->flags & TP_RESOURCE_REVOCABLE) == 0;
}

bool tp_resource_is_shared(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return (item->key->flags & TP_RESOURCE_SHARED) != 0;
}

bool tp_resource_is_persistent(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return (item->key->flags & TP_RESOURCE_PERSISTENT) != 0;
}

bool tp_resource_is_scalar(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return item->key->type == TP_VALUE_SCALAR;
}

bool tp_resource_is_refined(const struct tp_resource_item *item, const void *unused)
{
	(void)unused;
	return item->key->n_reservations > 1;
}

bool tp_resource_is_reserved_to(const struct tp_resource_item *item, const void *role)
{
	return strcmp(item->key->role, role) == 0;
}

bool tp_resource_is_allocatable_to(const struct tp_resource_item *item, const void *role)
{
	return item->key->n_reservations == 0 || tp_role_is_within(role, item->key->role);
}

bool tp_resource_is_allocated_to(const struct tp_resource_item *item, const void *role)
{
	return item->allocation != NULL && strcmp(item->allocation->text, role) == 0;
}

const char *tp_resource_persistence_id(const struct tp_resource_item *item)
{
	if ((item->key->flags & TP_RESOURCE_PERSISTENT) == 0)
		return NULL;
	return item->key->record->disk->persistence->id;
}
