/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a resource record from outside must look like, before anything is made of it. Rules that
 * need to know more than the record (what an offer holds, who asks) are not here.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/ids.h"
#include "tepui/resource.h"
#include "tepui/role.h"

#define RESERVED(name) TP_RESOURCE_RESERVATION_INFO_##name

static int check_ranges(const struct tp_resource *record, struct tp_error *err)
{
	const struct tp_value_range *range;
	size_t i;

	for (i = 0; i < record->ranges->n_range; i++) {
		range = record->ranges->range[i];
		if (!range->has_begin || !range->has_end || range->begin > range->end)
			return tp_fail(err, EINVAL,
				"Invalid ranges resource: a range begins after its end");
	}
	return 0;
}

static int word_compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The item that is there twice, or NULL. Sorts, since sets come from outside in any size. */
static const char *find_twin(const struct tp_value_set *set)
{
	const char **items, *twin = NULL;
	size_t i;

	if (set->n_item < 2)
		return NULL;
	items = tp_alloc(set->n_item * sizeof *items);
	memcpy(items, set->item, set->n_item * sizeof *items);
	qsort(items, set->n_item, sizeof *items, word_compare);
	for (i = 1; i < set->n_item && twin == NULL; i++)
		if (strcmp(items[i - 1], items[i]) == 0)
			twin = items[i];
	tp_free(items);
	return twin;
}

static int check_set(const struct tp_resource *record, struct tp_error *err)
{
	const struct tp_value_set *set = record->set;
	const char *twin;
	size_t i;

	for (i = 0; i < set->n_item; i++)
		if (set->item[i] == NULL || *set->item[i] == '\0')
			return tp_fail(
				err, EINVAL, "Invalid set resource: an item is empty");
	twin = find_twin(set);
	if (twin != NULL)
		return tp_fail(
			err, EINVAL, "Invalid set resource: '%s' is there twice", twin);
	return 0;
}

static int check_scalar(const struct tp_resource *record, struct tp_error *err)
{
	if (!record->scalar->has_value_milli)
		return tp_fail(err, EINVAL, "Invalid scalar resource: it has no value");
	if (record->scalar->value_milli < 0)
		return tp_fail(err, EINVAL, "Invalid scalar resource: value < 0");
	if (strcmp(record->name, "gpus") == 0 && record->scalar->value_milli % 1000 != 0)
		return tp_fail(err, EINVAL, "The 'gpus' resource must be an integer");
	return 0;
}

static int check_value(const struct tp_resource *record, struct tp_error *err)
{
	int n = (record->scalar != NULL) + (record->ranges != NULL) +
		(record->set != NULL);

	if (record->has_type && n == 1) {
		if (record->type == TP_VALUE_SCALAR && record->scalar != NULL)
			return check_scalar(record, err);
		if (record->type == TP_VALUE_RANGES && record->ranges != NULL)
			return check_ranges(record, err);
		if (record->type == TP_VALUE_SET && record->set != NULL)
			return check_set(record, err);
	}
	return tp_fail(err, EINVAL,
		"Invalid resource type: it is SCALAR, RANGES or SET, and has just that "
		"value");
}

static int check_reservation(const struct tp_resource_reservation_info *info,
	const struct tp_resource_reservation_info *below, struct tp_error *err)
{
	int r;

	if (!info->has_type ||
		(info->type != RESERVED(STATIC) && info->type != RESERVED(DYNAMIC)))
		return tp_fail(err, EINVAL,
			"Invalid reservation: its type must be STATIC or DYNAMIC");
	if (info->role == NULL)
		return tp_fail(err, EINVAL, "Invalid reservation: it has no role");
	r = tp_role_validate(info->role, err);
	if (r < 0)
		return tp_wrap(err, r, "Invalid reservation");
	if (strcmp(info->role, TP_ROLE_DEFAULT) == 0)
		return tp_fail(err, EINVAL,
			"Invalid reservation: role '*' cannot be reserved for");
	/* Nobody reserved it: the older format could not even say otherwise. */
	if (info->type == RESERVED(STATIC) &&
		(info->principal != NULL || info->labels != NULL))
		return tp_fail(err, EINVAL,
			"Invalid reservation: a STATIC one has neither principal nor "
			"labels");
	if (below == NULL)
		return 0;
	if (info->type == RESERVED(STATIC))
		return tp_fail(err, EINVAL,
			"Invalid reservation: only the first one may be STATIC");
	if (!tp_role_is_strict_subrole(info->role, below->role))
		return tp_fail(err, EINVAL,
			"Invalid reservation: role '%s' is not a refined role of '%s'",
			info->role, below->role);
	return 0;
}

/* `role` and `reservation` may stand beside the stack if they say the same. */
static int check_stack(const struct tp_resource *record, struct tp_error *err)
{
	const struct tp_resource_reservation_info *below = NULL;
	size_t i;
	int r;

	for (i = 0; i < record->n_reservations; i++) {
		r = check_reservation(record->reservations[i], below, err);
		if (r < 0)
			return r;
		below = record->reservations[i];
	}
	if (record->role != NULL && strcmp(record->role, TP_ROLE_DEFAULT) != 0 &&
		strcmp(record->role, below->role) != 0)
		return tp_fail(err, EINVAL,
			"Invalid reservation: 'role' is '%s', but 'reservations' end "
			"with '%s'",
			record->role, below->role);
	if (record->reservation != NULL &&
		(record->n_reservations != 1 || below->type != RESERVED(DYNAMIC) ||
			!tp_streq(record->reservation->principal, below->principal)))
		return tp_fail(err, EINVAL,
			"Invalid reservation: 'reservation' contradicts 'reservations'");
	return 0;
}

static int check_role(const struct tp_resource *record, struct tp_error *err)
{
	const char *role = record->role == NULL ? TP_ROLE_DEFAULT : record->role;
	const struct tp_resource_reservation_info *info = record->reservation;
	int r;

	if (record->n_reservations > 0)
		return check_stack(record, err);
	r = tp_role_validate(role, err);
	if (r < 0 || info == NULL)
		return r;
	if (strcmp(role, TP_ROLE_DEFAULT) == 0)
		return tp_fail(err, EINVAL,
			"Invalid reservation: role '*' cannot be dynamically reserved");
	if (info->has_type || info->role != NULL)
		return tp_fail(err, EINVAL,
			"Invalid reservation: 'reservation' has neither type nor role; "
			"'reservations' have them");
	return 0;
}

static bool is_reserved(const struct tp_resource *record)
{
	return record->n_reservations > 0 ||
		(record->role != NULL && strcmp(record->role, TP_ROLE_DEFAULT) != 0);
}

static bool is_dynamic(const struct tp_resource *record)
{
	size_t n = record->n_reservations;

	return record->reservation != NULL ||
		(n > 0 && record->reservations[n - 1]->type == RESERVED(DYNAMIC));
}

static int check_source(
	const struct tp_resource_disk_info_source *source, struct tp_error *err)
{
	switch (source->has_type ? source->type : TP_RESOURCE_DISK_INFO_SOURCE_UNKNOWN) {
	case TP_RESOURCE_DISK_INFO_SOURCE_PATH:
		if (source->path == NULL)
			return tp_fail(err, EINVAL,
				"Invalid disk source: type PATH, but no 'path'");
		return 0;
	case TP_RESOURCE_DISK_INFO_SOURCE_MOUNT:
		if (source->mount == NULL)
			return tp_fail(err, EINVAL,
				"Invalid disk source: type MOUNT, but no 'mount'");
		return 0;
	case TP_RESOURCE_DISK_INFO_SOURCE_BLOCK:
	case TP_RESOURCE_DISK_INFO_SOURCE_RAW:
		return 0;
	default:
		return tp_fail(err, EINVAL,
			"Invalid disk source: type is PATH, MOUNT, BLOCK or RAW");
	}
}

static int check_volume(const struct tp_resource *record, struct tp_error *err)
{
	const struct tp_resource_disk_info *disk = record->disk;

	if (disk->persistence == NULL) {
		if (disk->volume != NULL)
			return tp_fail(
				err, EINVAL, "Non-persistent volumes are not supported");
		return 0;
	}
	if (record->revocable != NULL)
		return tp_fail(err, EINVAL,
			"Persistent volumes cannot be created from revocable resources");
	if (!is_reserved(record))
		return tp_fail(err, EINVAL,
			"Persistent volumes cannot be created from unreserved resources");
	if (disk->volume == NULL)
		return tp_fail(err, EINVAL,
			"Expecting 'volume' to be set for persistent volume");
	if (disk->volume->host_path != NULL)
		return tp_fail(err, EINVAL,
			"Expecting 'host_path' to be unset for persistent volume");
	return tp_id_validate("Persistence ID", disk->persistence->id, err);
}

static int check_disk(const struct tp_resource *record, struct tp_error *err)
{
	const struct tp_resource_disk_info *disk = record->disk;
	int r = 0;

	if (disk != NULL) {
		if (strcmp(record->name, "disk") != 0 || record->type != TP_VALUE_SCALAR)
			return tp_fail(err, EINVAL,
				"DiskInfo should not be set for %s resource",
				record->name);
		if (disk->source != NULL)
			r = check_source(disk->source, err);
		if (r == 0)
			r = check_volume(record, err);
	}
	if (r == 0 && record->shared != NULL &&
		(disk == NULL || disk->persistence == NULL))
		return tp_fail(err, EINVAL, "Only persistent volumes can be shared");
	return r;
}

static int check_all(const struct tp_resource *record, struct tp_error *err)
{
	int r;

	r = check_value(record, err);
	if (r == 0)
		r = check_role(record, err);
	if (r == 0 && record->allocation_info != NULL &&
		record->allocation_info->role != NULL)
		r = tp_role_validate(record->allocation_info->role, err);
	if (r == 0)
		r = check_disk(record, err);
	if (r == 0 && record->revocable != NULL && is_dynamic(record))
		return tp_fail(err, EINVAL,
			"Revocable resources cannot be dynamically reserved");
	return r;
}

int tp_resource_validate(const struct tp_resource *record, struct tp_error *err)
{
	int r;

	if (record->name == NULL || *record->name == '\0')
		return tp_fail(err, EINVAL, "Empty resource name");
	r = check_all(record, err);
	return r < 0 ? tp_wrap(err, r, "Resource '%s'", record->name) : 0;
}
