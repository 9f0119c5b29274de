/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What operations take and give. Nothing here looks at what an agent has: an operation on what
 * is not there fails when its bundles are converted, and one on part of a MOUNT disk does, too,
 * since such a disk only goes as a whole.
 */
#include "tepui/operation.h"

#include <errno.h>

/* Both bundles while they are made. */
struct conversion {
	struct tp_resources from, to;
};

static int check_each(const struct tp_resources *r, tp_resource_test_f *test,
	bool expected, const char *reason, struct tp_error *err)
{
	uint32_t i;

	for (i = 0; i < r->n; i++)
		if (test(&r->items[i], NULL) != expected)
			return tp_fail(err, EINVAL, "Resource '%s' %s",
				r->items[i].key->name, reason);
	return 0;
}

static int read_records(struct tp_resources *ret, struct tp_resource *const *records,
	size_t n, struct tp_error *err)
{
	int r = tp_resources_from_records(ret, records, n, err);

	if (r == 0 && ret->n == 0)
		return tp_fail(err, EINVAL, "No resources specified");
	return r;
}

/* Without dynamic reservations: as configured. */
static void add_configured(struct tp_resources *to, const struct tp_resources *from)
{
	for (uint32_t i = 0; i < from->n; i++) {
		tp_cleanup(resources) struct tp_resources one = TP_RESOURCES_INIT;

		tp_resources_add_item(&one, &from->items[i]);
		while (one.n > 0 && (one.items[0].key->flags & TP_RESOURCE_DYNAMIC) != 0)
			tp_resources_unreserve(&one);
		tp_resources_add(to, &one);
	}
}

/* A static reservation is the configuration's: it stays below whatever is put on it. */
static int check_source(const struct conversion *c, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources from = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources to = TP_RESOURCES_INIT;

	add_configured(&from, &c->from);
	add_configured(&to, &c->to);
	if (!tp_resources_equal(&from, &to))
		return tp_fail(err, EINVAL,
			"'source' and 'resources' differ in more than their dynamic "
			"reservations");
	return 0;
}

static int convert_reserve(const struct tp_offer_operation_reserve *op,
	struct conversion *c, struct tp_error *err)
{
	int r = read_records(&c->to, op->resources, op->n_resources, err);

	if (r == 0)
		r = check_each(&c->to, tp_resource_is_dynamic, true,
			"is not dynamically reserved", err);
	if (r == 0)
		r = check_each(&c->to, tp_resource_is_persistent, false,
			"is a persistent volume, which cannot be reserved", err);
	if (r < 0)
		return r;
	if (op->n_source == 0) {
		tp_resources_copy(&c->from, &c->to);
		tp_resources_unreserve(&c->from);
		return 0;
	}
	r = read_records(&c->from, op->source, op->n_source, err);
	return r == 0 ? check_source(c, err) : r;
}

static int convert_unreserve(const struct tp_offer_operation_unreserve *op,
	struct conversion *c, struct tp_error *err)
{
	int r = read_records(&c->from, op->resources, op->n_resources, err);

	if (r == 0)
		r = check_each(&c->from, tp_resource_is_dynamic, true,
			"is not dynamically reserved", err);
	if (r == 0)
		r = check_each(&c->from, tp_resource_is_persistent, false,
			"is a persistent volume: destroy it first", err);
	if (r < 0)
		return r;
	tp_resources_copy(&c->to, &c->from);
	tp_resources_unreserve(&c->to);
	return 0;
}

static int check_twins(const struct tp_resources *r, struct tp_error *err)
{
	const struct tp_resource_item *a, *b;
	uint32_t i, j;

	for (i = 0; i < r->n; i++) {
		a = &r->items[i];
		if (a->copies > 1)
			return tp_fail(err, EINVAL, "Volume '%s' is there twice",
				tp_resource_persistence_id(a));
		for (j = 0; j < i; j++) {
			b = &r->items[j];
			if (tp_streq(tp_resource_persistence_id(a),
				    tp_resource_persistence_id(b)) &&
				tp_streq(a->key->role, b->key->role))
				return tp_fail(err, EINVAL, "Volume '%s' is there twice",
					tp_resource_persistence_id(a));
		}
	}
	return 0;
}

/* CREATE and, the other way round, DESTROY. */
static int convert_volumes(struct tp_resource *const *volumes, size_t n,
	struct tp_resources *disk, struct tp_resources *made, struct tp_error *err)
{
	int r = read_records(made, volumes, n, err);

	if (r == 0)
		r = check_each(made, tp_resource_is_persistent, true,
			"is not a persistent volume", err);
	if (r == 0)
		r = check_twins(made, err);
	if (r < 0)
		return r;
	tp_resources_copy(disk, made);
	tp_resources_drop_volumes(disk);
	return 0;
}

/* The volume that is to change its size, alone in `from`. */
static int read_resizable(
	struct tp_resource *volume, struct conversion *c, struct tp_error *err)
{
	const struct tp_resource_disk_info *disk;
	int r = volume == NULL ? tp_fail(err, EINVAL, "No volume specified")
			       : read_records(&c->from, &volume, 1, err);

	if (r == 0)
		r = check_each(&c->from, tp_resource_is_persistent, true,
			"is not a persistent volume", err);
	if (r == 0)
		r = check_each(&c->from, tp_resource_is_shared, false,
			"is shared and cannot change its size", err);
	if (r < 0)
		return r;
	disk = c->from.items[0].key->record->disk;
	if (disk->source != NULL &&
		disk->source->type != TP_RESOURCE_DISK_INFO_SOURCE_PATH)
		return tp_fail(err, EINVAL,
			"Volume '%s' is neither on the root disk nor on a PATH disk",
			disk->persistence->id);
	return 0;
}

static void add_sized(
	struct tp_resources *to, const struct tp_resource_item *item, int64_t milli)
{
	struct tp_resource_item sized = *item; /* borrows its references */

	sized.milli = milli;
	tp_resources_add_item(to, &sized);
}

static int convert_grow(const struct tp_offer_operation_grow_volume *op,
	struct conversion *c, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources disk = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources more = TP_RESOURCES_INIT;
	int r = read_resizable(op->volume, c, err);

	if (r < 0)
		return r;
	if (op->addition == NULL)
		return tp_fail(err, EINVAL, "No addition specified");
	r = read_records(&more, &op->addition, 1, err);
	if (r < 0)
		return r;
	tp_resources_copy(&disk, &c->from);
	tp_resources_drop_volumes(&disk);
	tp_resources_add(&disk, &more);
	if (disk.n != 1)
		return tp_fail(err, EINVAL,
			"The addition is not the disk that the volume is made of");
	add_sized(&c->to, &c->from.items[0], disk.items[0].milli);
	tp_resources_add(&c->from, &more);
	return 0;
}

static int convert_shrink(const struct tp_offer_operation_shrink_volume *op,
	struct conversion *c, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources disk = TP_RESOURCES_INIT;
	int64_t size, less;
	int r = read_resizable(op->volume, c, err);

	if (r < 0)
		return r;
	size = c->from.items[0].milli;
	less = op->subtract == NULL ? 0 : op->subtract->value_milli;
	if (less <= 0 || less >= size)
		return tp_fail(err, EINVAL,
			"What is subtracted must be more than 0 and less than the "
			"volume");
	tp_resources_copy(&disk, &c->from);
	tp_resources_drop_volumes(&disk);
	add_sized(&c->to, &c->from.items[0], size - less);
	add_sized(&c->to, &disk.items[0], less);
	return 0;
}

static int convert(
	const struct tp_offer_operation *op, struct conversion *c, struct tp_error *err)
{
	switch (op->has_type ? op->type : TP_OFFER_OPERATION_UNKNOWN) {
	case TP_OFFER_OPERATION_RESERVE:
		return op->reserve == NULL ? -ENODATA
					   : convert_reserve(op->reserve, c, err);
	case TP_OFFER_OPERATION_UNRESERVE:
		return op->unreserve == NULL ? -ENODATA
					     : convert_unreserve(op->unreserve, c, err);
	case TP_OFFER_OPERATION_CREATE:
		return op->create == NULL
			? -ENODATA
			: convert_volumes(op->create->volumes, op->create->n_volumes,
				  &c->from, &c->to, err);
	case TP_OFFER_OPERATION_DESTROY:
		return op->destroy == NULL
			? -ENODATA
			: convert_volumes(op->destroy->volumes, op->destroy->n_volumes,
				  &c->to, &c->from, err);
	case TP_OFFER_OPERATION_GROW_VOLUME:
		return op->grow_volume == NULL ? -ENODATA
					       : convert_grow(op->grow_volume, c, err);
	case TP_OFFER_OPERATION_SHRINK_VOLUME:
		return op->shrink_volume == NULL
			? -ENODATA
			: convert_shrink(op->shrink_volume, c, err);
	default:
		return tp_fail(
			err, ENOTSUP, "This type of operation converts no resources");
	}
}

int tp_operation_resources(const struct tp_offer_operation *operation,
	struct tp_resources *ret_from, struct tp_resources *ret_to, struct tp_error *err)
{
	struct conversion c = { TP_RESOURCES_INIT, TP_RESOURCES_INIT };
	int r = convert(operation, &c, err);

	if (r == -ENODATA)
		r = tp_fail(err, EINVAL, "The operation lacks what its type promises");
	if (r == 0) {
		tp_resources_move(ret_from, &c.from);
		tp_resources_move(ret_to, &c.to);
	}
	tp_resources_fini(&c.from);
	tp_resources_fini(&c.to);
	return r;
}
