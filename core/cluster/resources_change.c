/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Changes of whole bundles: allocation, reservation, sharing. Changed keys are new keys, made
 * once for all items that had the same one; what becomes alike is merged by adding everything to
 * a new bundle.
 */
#include <string.h>

#include "core/cluster/resource_item.h"
#include "core/cluster/resource_value.h"
#include "tepui/record.h"
#include "tepui/resources.h"

/* Items of one allocation stay apart under another one, too. */
static bool allocated_alike(const struct tp_resources *r)
{
	uint32_t i;

	for (i = 1; i < r->n; i++)
		if (r->items[i].allocation != r->items[0].allocation)
			return false;
	return true;
}

static void set_allocation(struct tp_resources *r, const struct tp_shared_text *text)
{
	struct tp_resources changed = TP_RESOURCES_INIT;
	struct tp_resource_item item;
	uint32_t i;

	if (allocated_alike(r)) {
		for (i = 0; i < r->n; i++) {
			shared_text_unref(r->items[i].allocation);
			r->items[i].allocation = shared_text_ref(text);
		}
		return;
	}
	for (i = 0; i < r->n; i++) {
		item = r->items[i]; /* borrows its references: what is added takes its own */
		item.allocation = text;
		tp_resources_add_item(&changed, &item);
	}
	tp_resources_move(r, &changed);
}

void tp_resources_allocate(struct tp_resources *r, const char *role)
{
	const struct tp_shared_text *text =
		role == NULL ? NULL : shared_text_create(role);

	set_allocation(r, text);
	shared_text_unref(text);
}

void tp_resources_unallocate(struct tp_resources *r)
{
	tp_resources_allocate(r, NULL);
}

/* Makes a new key from an old one; `user` says how. */
typedef const struct tp_resource_key *derive_f(
	const struct tp_resource_key *key, const void *user);

static void derive_all(struct tp_resources *r, derive_f *derive, const void *user)
{
	struct tp_resources changed = TP_RESOURCES_INIT;
	const struct tp_resource_key *key;
	struct tp_resource_item item;
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		item = r->items[i];
		key = derive(item.key, user);
		if (((item.key->flags ^ key->flags) & TP_RESOURCE_SHARED) != 0)
			item.copies = 1; /* copies of what is no longer shared are one */
		item.key = key;
		tp_resources_add_item(&changed, &item);
		key_unref(key);
	}
	tp_resources_move(r, &changed);
}

static const struct tp_resource_key *derive_unreserved(
	const struct tp_resource_key *key, const void *unused)
{
	struct tp_resource record = *key->record;

	(void)unused;
	if (key->n_reservations == 0)
		return key_ref(key);
	record.reservations = NULL;
	record.n_reservations = 0;
	return key_create(&record);
}

static const struct tp_resource_key *derive_disk(
	const struct tp_resource_key *key, const void *unused)
{
	struct tp_resource_disk_info disk = { 0 };
	struct tp_resource record = *key->record;

	(void)unused;
	if ((key->flags & TP_RESOURCE_PERSISTENT) == 0)
		return key_ref(key);
	disk.source = record.disk->source;
	record.disk = disk.source == NULL ? NULL : &disk;
	record.shared = NULL;
	return key_create(&record);
}

static const struct tp_resource_key *derive_popped(
	const struct tp_resource_key *key, const void *unused)
{
	struct tp_resource record = *key->record;

	(void)unused;
	if (key->n_reservations == 0)
		return key_ref(key);
	record.n_reservations--;
	return key_create(&record);
}

static const struct tp_resource_key *derive_pushed(
	const struct tp_resource_key *key, const void *user)
{
	tp_cleanup(arena) struct tp_arena *scratch = tp_arena_create(0);
	struct tp_resource record = *key->record;

	record.reservations = NULL;
	if (record.n_reservations > 0)
		record.reservations = tp_arena_memdup(scratch, key->record->reservations,
			record.n_reservations * sizeof *record.reservations);
	tp_arena_push(
		scratch, &record.reservations, &record.n_reservations, (void *)user);
	return key_create(&record);
}

void tp_resources_flatten(struct tp_resources *r)
{
	tp_resources_unallocate(r);
	derive_all(r, derive_unreserved, NULL);
}

void tp_resources_unreserve(struct tp_resources *r)
{
	derive_all(r, derive_popped, NULL);
}

void tp_resources_drop_volumes(struct tp_resources *r)
{
	derive_all(r, derive_disk, NULL);
}

void tp_resources_reserve(
	struct tp_resources *r, const struct tp_resource_reservation_info *reservation)
{
	derive_all(r, derive_pushed, reservation);
}

static void share_with(struct tp_resource_item *item, const struct tp_resource_item *with)
{
	if (item->key != with->key && key_alike(item->key, with->key)) {
		key_ref(with->key);
		key_unref(item->key);
		item->key = with->key;
	}
	if (item->allocation != with->allocation && item->allocation != NULL &&
		with->allocation != NULL &&
		strcmp(item->allocation->text, with->allocation->text) == 0) {
		shared_text_ref(with->allocation);
		shared_text_unref(item->allocation);
		item->allocation = with->allocation;
	}
}

void tp_resources_share(struct tp_resources *r, const struct tp_resources *with)
{
	uint32_t i, j;

	for (i = 0; i < r->n; i++)
		for (j = 0; j < with->n; j++)
			share_with(&r->items[i], &with->items[j]);
}
