/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: the identity of a resource, with its record as a template for the wire. A key lives in
 * an arena of its own and is immutable but for its count. Its hash makes most comparisons of
 * different keys one step, and shared keys are equal by address.
 */
#include <string.h>

#include "core/cluster/resource_item.h"
#include "tepui/map.h"
#include "tepui/record.h"
#include "tepui/role.h"

#define KEY_BYTES 256       /* the arena of a key without reservations and disk */
#define KEY_BYTES_LARGE 512 /* of others */

static const char *const known_names[TP_KNOWN_MAX] = { "cpus", "mem", "disk", "gpus" };

static uint8_t known_of(const char *name)
{
	uint8_t i;

	for (i = 0; i < TP_KNOWN_MAX; i++)
		if (strcmp(name, known_names[i]) == 0)
			return i;
	return TP_UNKNOWN;
}

static bool is_whole(const struct tp_resource_disk_info *disk)
{
	if (disk == NULL)
		return false;
	return disk->persistence != NULL ||
		(disk->source != NULL &&
			disk->source->type != TP_RESOURCE_DISK_INFO_SOURCE_PATH);
}

static uint16_t flags_of(const struct tp_resource *record)
{
	const struct tp_resource_reservation_info *last;
	unsigned flags = 0;

	if (record->revocable != NULL)
		flags |= TP_RESOURCE_REVOCABLE;
	if (record->shared != NULL)
		flags |= TP_RESOURCE_SHARED;
	if (record->disk != NULL && record->disk->persistence != NULL)
		flags |= TP_RESOURCE_PERSISTENT;
	if (is_whole(record->disk))
		flags |= TP_RESOURCE_WHOLE;
	if (record->n_reservations > 0) {
		last = record->reservations[record->n_reservations - 1];
		if (last->type == TP_RESOURCE_RESERVATION_INFO_DYNAMIC)
			flags |= TP_RESOURCE_DYNAMIC;
	}
	return (uint16_t)flags;
}

static uint32_t mix(uint32_t hash, uint32_t more)
{
	return (hash ^ more) * UINT32_C(0x9e3779b1);
}

static uint32_t hash_of(const struct tp_resource_key *key)
{
	uint32_t hash = tp_hash_text(key->name);

	hash = mix(hash, tp_hash_text(key->role));
	hash = mix(hash, key->type);
	hash = mix(hash, key->flags);
	hash = mix(hash, key->n_reservations);
	if ((key->flags & TP_RESOURCE_PERSISTENT) != 0)
		hash = mix(hash, tp_hash_text(key->record->disk->persistence->id));
	return hash;
}

/* What of a record belongs to its key; shares all pointers. */
static struct tp_resource bare_of(const struct tp_resource *record)
{
	struct tp_resource bare = *record;

	bare.scalar = NULL;
	bare.ranges = NULL;
	bare.set = NULL;
	bare.role = NULL;
	bare.reservation = NULL;
	bare.allocation_info = NULL;
	return bare;
}

bool key_fits(const struct tp_resource_key *key, const struct tp_resource *record)
{
	struct tp_resource bare;

	if (key->type != record->type || key->n_reservations != record->n_reservations ||
		strcmp(key->name, record->name) != 0)
		return false;
	bare = bare_of(record);
	return tp_record_equal(&tp_resource_desc, key->record, &bare);
}

const struct tp_resource_key *key_create(const struct tp_resource *record)
{
	bool large = record->n_reservations > 0 || record->disk != NULL;
	struct tp_arena *arena = tp_arena_create(large ? KEY_BYTES_LARGE : KEY_BYTES);
	struct tp_resource_key *key = tp_arena_alloc(arena, sizeof *key);
	struct tp_resource bare = bare_of(record);
	size_t n = record->n_reservations;

	record = tp_record_copy(&tp_resource_desc, &bare, arena);
	key->refs = 1;
	key->type = (uint8_t)record->type;
	key->known = known_of(record->name);
	key->flags = flags_of(record);
	key->n_reservations = (uint32_t)n;
	key->name = record->name;
	key->role = n == 0 ? TP_ROLE_DEFAULT : record->reservations[n - 1]->role;
	key->record = record;
	key->arena = arena;
	key->hash = hash_of(key);
	return key;
}

const struct tp_resource_key *key_ref(const struct tp_resource_key *key)
{
	((struct tp_resource_key *)key)->refs++;
	return key;
}

void key_unref(const struct tp_resource_key *key)
{
	if (--((struct tp_resource_key *)key)->refs == 0)
		tp_arena_destroy(key->arena);
}

static bool disk_same(
	const struct tp_resource_disk_info *a, const struct tp_resource_disk_info *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	if (!tp_record_equal(&tp_resource_disk_info_source_desc, a->source, b->source))
		return false;
	if (a->persistence == NULL || b->persistence == NULL)
		return a->persistence == b->persistence;
	return tp_streq(a->persistence->id, b->persistence->id);
}

bool key_same(const struct tp_resource_key *a, const struct tp_resource_key *b)
{
	uint32_t i;

	if (a == b)
		return true;
	if (a->hash != b->hash || a->type != b->type || a->flags != b->flags ||
		a->n_reservations != b->n_reservations || strcmp(a->name, b->name) != 0)
		return false;
	for (i = 0; i < a->n_reservations; i++)
		if (!tp_record_equal(&tp_resource_reservation_info_desc,
			    a->record->reservations[i], b->record->reservations[i]))
			return false;
	return disk_same(a->record->disk, b->record->disk) &&
		tp_record_equal(&tp_resource_provider_id_desc, a->record->provider_id,
			b->record->provider_id);
}

bool key_alike(const struct tp_resource_key *a, const struct tp_resource_key *b)
{
	return a == b ||
		(a->hash == b->hash &&
			tp_record_equal(&tp_resource_desc, a->record, b->record));
}
