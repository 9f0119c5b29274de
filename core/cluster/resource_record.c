/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between wire records and resources in memory, and between the two formats of reservations.
 * Inside there is only the `reservations` format; `role` and `reservation` exist at the edge to
 * frameworks and operators that know nothing else.
 */
#include <errno.h>
#include <string.h>

#include "core/cluster/resource_item.h"
#include "tepui/record.h"
#include "tepui/resources.h"
#include "tepui/role.h"

static struct tp_resource_reservation_info *new_reservation(
	struct tp_arena *arena, int type, const char *role)
{
	struct tp_resource_reservation_info *info =
		tp_record_new(&tp_resource_reservation_info_desc, arena);

	info->has_type = true;
	info->type = type;
	info->role = role;
	return info;
}

void tp_resource_upgrade(struct tp_resource *record, struct tp_arena *arena)
{
	struct tp_resource_reservation_info *info;
	const char *role = record->role;

	if (record->n_reservations == 0 && role != NULL &&
		!tp_streq(role, TP_ROLE_DEFAULT)) {
		info = new_reservation(arena,
			record->reservation == NULL
				? TP_RESOURCE_RESERVATION_INFO_STATIC
				: TP_RESOURCE_RESERVATION_INFO_DYNAMIC,
			role);
		if (record->reservation != NULL) {
			info->principal = record->reservation->principal;
			info->labels = record->reservation->labels;
		}
		record->reservations = NULL;
		tp_arena_push(
			arena, &record->reservations, &record->n_reservations, info);
	}
	record->role = NULL;
	record->reservation = NULL;
}

/* Fills `role` and `reservation` from what at most one reservation says. */
static void add_pre(struct tp_resource *record, struct tp_arena *arena)
{
	const struct tp_resource_reservation_info *info;

	record->role = TP_ROLE_DEFAULT;
	record->reservation = NULL;
	if (record->n_reservations == 0)
		return;
	info = record->reservations[0];
	record->role = info->role;
	if (info->type != TP_RESOURCE_RESERVATION_INFO_DYNAMIC)
		return;
	record->reservation = tp_record_new(&tp_resource_reservation_info_desc, arena);
	record->reservation->principal = info->principal;
	record->reservation->labels = info->labels;
}

bool tp_resource_downgrade(struct tp_resource *record, struct tp_arena *arena)
{
	if (record->n_reservations > 1)
		return false;
	if (record->n_reservations == 0 && record->role != NULL)
		return true; /* it is in that format */
	add_pre(record, arena);
	record->reservations = NULL;
	record->n_reservations = 0;
	return true;
}

/* Adds one record, which is valid. */
static void add_record(struct tp_resources *r, const struct tp_resource *record,
	const struct tp_resources *with, struct tp_arena *scratch)
{
	struct tp_resource upgraded = *record;
	struct tp_resource_item item;

	tp_resource_upgrade(&upgraded, scratch);
	if (!item_from_record(&item, &upgraded, with->items, with->n))
		return;
	tp_resources_add_item(r, &item);
	item_release(&item);
}

int tp_resources_from_records_with(struct tp_resources *ret,
	struct tp_resource *const *records, size_t n, const struct tp_resources *with,
	struct tp_error *err)
{
	tp_cleanup(arena) struct tp_arena *scratch = tp_arena_create(0);
	tp_cleanup(resources) struct tp_resources made = TP_RESOURCES_INIT;
	size_t i;
	int r;

	if (n > TP_RESOURCES_MAX)
		return tp_fail(err, EINVAL,
			"%zu resources in one list are too many (at most %d)", n,
			TP_RESOURCES_MAX);
	for (i = 0; i < n; i++) {
		r = tp_resource_validate(records[i], err);
		if (r < 0)
			return r;
		add_record(&made, records[i], with, scratch);
	}
	tp_resources_move(ret, &made);
	return 0;
}

int tp_resources_from_records(struct tp_resources *ret,
	struct tp_resource *const *records, size_t n, struct tp_error *err)
{
	static const struct tp_resources nothing = TP_RESOURCES_INIT;

	return tp_resources_from_records_with(ret, records, n, &nothing, err);
}

static void put_ranges(
	struct tp_resource *record, const struct tp_spans *spans, struct tp_arena *arena)
{
	struct tp_value_ranges *ranges = tp_record_new(&tp_value_ranges_desc, arena);
	struct tp_value_range *range;
	uint32_t i;

	ranges->range = tp_arena_alloc(arena, spans->n * sizeof *ranges->range);
	for (i = 0; i < spans->n; i++) {
		range = tp_record_new(&tp_value_range_desc, arena);
		range->has_begin = range->has_end = true;
		range->begin = spans->items[i].begin;
		range->end = spans->items[i].end;
		ranges->range[ranges->n_range++] = range;
	}
	record->ranges = ranges;
}

static void put_set(
	struct tp_resource *record, const struct tp_words *words, struct tp_arena *arena)
{
	struct tp_value_set *set = tp_record_new(&tp_value_set_desc, arena);
	uint32_t i;

	set->item = tp_arena_alloc(arena, words->n * sizeof *set->item);
	for (i = 0; i < words->n; i++)
		set->item[set->n_item++] = tp_arena_strdup(arena, words->items[i]);
	record->set = set;
}

static void put_value(struct tp_resource *record, const struct tp_resource_item *item,
	struct tp_arena *arena)
{
	if (item->key->type == TP_VALUE_RANGES) {
		put_ranges(record, item->spans, arena);
	} else if (item->key->type == TP_VALUE_SET) {
		put_set(record, item->words, arena);
	} else {
		record->scalar = tp_record_new(&tp_value_scalar_desc, arena);
		record->scalar->has_value_milli = true;
		record->scalar->value_milli = item->milli;
	}
}

static struct tp_resource *to_record(const struct tp_resource_item *item,
	enum tp_resource_format format, struct tp_arena *arena)
{
	struct tp_resource *record =
		tp_record_copy(&tp_resource_desc, item->key->record, arena);

	put_value(record, item, arena);
	if (item->allocation != NULL) {
		record->allocation_info =
			tp_record_new(&tp_resource_allocation_info_desc, arena);
		record->allocation_info->role =
			tp_arena_strdup(arena, item->allocation->text);
	}
	if (format == TP_RESOURCE_PRE)
		tp_resource_downgrade(record, arena);
	else if (format == TP_RESOURCE_ENDPOINT && record->n_reservations <= 1)
		add_pre(record, arena);
	return record;
}

void tp_resources_to_records(const struct tp_resources *r, enum tp_resource_format format,
	struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n)
{
	uint32_t i;

	*ret = NULL;
	*ret_n = r->n;
	if (r->n == 0)
		return;
	*ret = tp_arena_alloc(arena, r->n * sizeof **ret);
	for (i = 0; i < r->n; i++)
		(*ret)[i] = to_record(&r->items[i], format, arena);
}
