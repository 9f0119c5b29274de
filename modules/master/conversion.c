/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules for operations that convert resources: who may reserve for which role, what a volume
 * must look like, what must not be taken from under somebody. That the operation is sound in
 * itself, tp_operation_resources() has seen to.
 */
#include "conversion.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "frameworks.h"
#include "offers.h"
#include "roles.h"
#include "use.h"

#include "tepui/role.h"

static bool can(const struct conversion *c, enum tp_framework_info_capability_type what)
{
	return c->framework == NULL || framework_can(c->framework, what);
}

static bool agent_can(const struct conversion *c, enum tp_agent_info_capability_type what)
{
	return (c->agent->capabilities & (UINT32_C(1) << what)) != 0;
}

/* Whoever was authenticated signs with that name; nobody signs with another's. */
static int check_principal(const struct conversion *c, const char *signed_by,
	const char *what, struct tp_error *err)
{
	if (c->principal == NULL) {
		if (signed_by == NULL || c->framework == NULL)
			return 0;
		return tp_fail(err, EINVAL,
			"%s names principal '%s', but the framework has none", what,
			signed_by);
	}
	if (signed_by == NULL)
		return tp_fail(err, EINVAL,
			"%s names no principal, '%s' is asking: set it", what,
			c->principal);
	if (strcmp(signed_by, c->principal) != 0)
		return tp_fail(err, EINVAL, "%s names principal '%s', but '%s' is asking",
			what, signed_by, c->principal);
	return 0;
}

/* --- RESERVE --------------------------------------------------------------------------- */

static int check_role(const struct conversion *c, const char *role, struct tp_error *err)
{
	if (c->role != NULL && !tp_role_is_within(c->role, role))
		return tp_fail(err, EINVAL,
			"Resources that are offered to role '%s' cannot be reserved for "
			"role '%s'",
			c->role, role);
	return roles_check(c->agent->master, role, err);
}

static int check_reserved(const struct conversion *c, const struct tp_resource_item *item,
	struct tp_error *err)
{
	const struct tp_resource_key *key = item->key;
	const struct tp_resource_reservation_info *last =
		key->record->reservations[key->n_reservations - 1];
	int r;

	if ((key->flags & TP_RESOURCE_REVOCABLE) != 0)
		return tp_fail(err, EINVAL, "Revocable resource '%s' cannot be reserved",
			key->name);
	if (key->n_reservations > 1 &&
		(!can(c, TP_FRAMEWORK_INFO_CAPABILITY_RESERVATION_REFINEMENT) ||
			!agent_can(c, TP_AGENT_INFO_CAPABILITY_RESERVATION_REFINEMENT)))
		return tp_fail(err, EINVAL,
			"Resource '%s' is reserved already; refining a reservation needs "
			"the RESERVATION_REFINEMENT capability",
			key->name);
	r = check_role(c, key->role, err);
	return r < 0 ? r : check_principal(c, last->principal, "The reservation", err);
}

static int check_reserve(const struct conversion *c, struct tp_error *err)
{
	int r = 0;

	if (c->framework != NULL && c->operation->reserve->n_source > 0)
		return tp_fail(err, EINVAL,
			"'source' may be set by operators only: leave it out");
	for (uint32_t i = 0; r >= 0 && i < c->to.n; i++)
		r = check_reserved(c, &c->to.items[i], err);
	return r;
}

/* --- volumes --------------------------------------------------------------------------- */

static bool has_volume(
	const struct tp_resources *r, const struct tp_resource_item *volume)
{
	const char *id = tp_resource_persistence_id(volume);

	for (uint32_t i = 0; i < r->n; i++) {
		if (tp_streq(tp_resource_persistence_id(&r->items[i]), id) &&
			strcmp(r->items[i].key->role, volume->key->role) == 0)
			return true;
	}
	return false;
}

/* Relative, and no component leads out again. */
static bool is_inside(const char *path)
{
	if (path[0] == '\0' || path[0] == '/')
		return false;
	while (path != NULL) {
		if (strncmp(path, "..", 2) == 0 && (path[2] == '/' || path[2] == '\0'))
			return false;
		path = strchr(path, '/');
		if (path != NULL)
			path++;
	}
	return true;
}

static int check_place(const struct tp_resource_disk_info *disk, struct tp_error *err)
{
	const char *id = disk->persistence->id;

	if (disk->volume == NULL || disk->volume->container_path == NULL)
		return tp_fail(
			err, EINVAL, "Volume '%s' has no 'volume.container_path'", id);
	if (disk->volume->host_path != NULL)
		return tp_fail(err, EINVAL,
			"Volume '%s': 'volume.host_path' is for the agent to choose, "
			"leave it out",
			id);
	if (!is_inside(disk->volume->container_path))
		return tp_fail(err, EINVAL,
			"Volume '%s': container path '%s' must be relative and stay "
			"inside the sandbox",
			id, disk->volume->container_path);
	return 0;
}

static int check_made(const struct conversion *c, const struct tp_resource_item *item,
	struct tp_error *err)
{
	const struct tp_resource_key *key = item->key;
	const struct tp_resource_disk_info *disk = key->record->disk;
	const char *id = disk->persistence->id;
	int r = check_place(disk, err);

	if (r < 0)
		return r;
	if (disk->source != NULL &&
		disk->source->type != TP_RESOURCE_DISK_INFO_SOURCE_PATH &&
		disk->source->type != TP_RESOURCE_DISK_INFO_SOURCE_MOUNT)
		return tp_fail(err, EINVAL,
			"Volume '%s' is a folder, and a %s disk has none: use the root "
			"disk, a PATH or a MOUNT disk",
			id,
			tp_enum_name(&tp_resource_disk_info_source_type_enum,
				disk->source->type));
	if (key->n_reservations == 0)
		return tp_fail(err, EINVAL,
			"Volume '%s' needs reserved disk: reserve it first", id);
	if ((key->flags & TP_RESOURCE_REVOCABLE) != 0)
		return tp_fail(
			err, EINVAL, "Volume '%s' cannot be made of revocable disk", id);
	if ((key->flags & TP_RESOURCE_SHARED) != 0 &&
		!can(c, TP_FRAMEWORK_INFO_CAPABILITY_SHARED_RESOURCES))
		return tp_fail(err, EINVAL,
			"Volume '%s' is shared, which needs the SHARED_RESOURCES "
			"capability",
			id);
	if (has_volume(&c->agent->total, item))
		return tp_fail(err, EINVAL, "Volume '%s' of role '%s' is there already",
			id, key->role);
	return check_principal(c, disk->persistence->principal, "The volume", err);
}

static int check_create(const struct conversion *c, struct tp_error *err)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < c->to.n; i++)
		r = check_made(c, &c->to.items[i], err);
	return r;
}

static int check_destroy(const struct conversion *c, struct tp_error *err)
{
	struct tp_list *node, *tmp;

	for (uint32_t i = 0; i < c->from.n; i++) {
		const struct tp_resource_item *item = &c->from.items[i];

		if (!has_volume(&c->agent->total, item))
			return tp_fail(err, EINVAL,
				"There is no volume '%s' of role '%s'",
				tp_resource_persistence_id(item), item->key->role);
		tp_list_foreach (node, tmp, &c->agent->uses) {
			const struct use *use =
				tp_container_of(node, struct use, in_agent);

			if (has_volume(&use->resources, item))
				return tp_fail(err, EINVAL,
					"Volume '%s' is in use by framework %s",
					tp_resource_persistence_id(item),
					use->framework->id);
		}
	}
	return 0;
}

static int check_resize(const struct conversion *c, struct tp_error *err)
{
	if (agent_can(c, TP_AGENT_INFO_CAPABILITY_RESIZE_VOLUME))
		return 0;
	return tp_fail(
		err, EINVAL, "The agent does not have the RESIZE_VOLUME capability");
}

/* --- all of them ----------------------------------------------------------------------- */

int conversion_check(struct conversion *c, struct tp_error *err)
{
	int r = tp_operation_resources(c->operation, &c->from, &c->to, err);

	if (r < 0)
		return r;
	tp_resources_unallocate(&c->from);
	tp_resources_unallocate(&c->to);
	switch (c->operation->type) {
	case TP_OFFER_OPERATION_RESERVE:
		return check_reserve(c, err);
	case TP_OFFER_OPERATION_CREATE:
		return check_create(c, err);
	case TP_OFFER_OPERATION_DESTROY:
		return check_destroy(c, err);
	case TP_OFFER_OPERATION_GROW_VOLUME:
	case TP_OFFER_OPERATION_SHRINK_VOLUME:
		return check_resize(c, err);
	default:
		return 0;
	}
}

void conversion_take_back(const struct conversion *c)
{
	struct tp_list *node, *tmp;

	if (c->operation->type != TP_OFFER_OPERATION_DESTROY)
		return;
	tp_list_foreach (node, tmp, &c->agent->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_agent);
		bool has = false;

		for (uint32_t i = 0; i < c->from.n; i++)
			has |= has_volume(&offer->resources, &c->from.items[i]);
		if (has)
			offer_withdraw(offer, true);
	}
}

void conversion_fini(struct conversion *c)
{
	tp_resources_fini(&c->from);
	tp_resources_fini(&c->to);
}
