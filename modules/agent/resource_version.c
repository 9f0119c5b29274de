/* SPDX-License-Identifier: Apache-2.0 */
#include "resource_version.h"

#include <string.h>

#include "tepui/record.h"

static void name(struct resource_version *version)
{
	uint8_t *uuid;

	if (version->arena == NULL)
		version->arena = tp_arena_create(0);
	tp_arena_reset(version->arena);
	uuid = tp_arena_alloc(version->arena, TP_UUID_BYTES);
	tp_uuid_generate(uuid);
	version->uuid = tp_record_new(&tp_uuid_desc, version->arena);
	version->uuid->value = (struct tp_bytes){ uuid, TP_UUID_BYTES };
}

void resource_version_change(struct resource_version *version)
{
	version->n_earlier = 0;
	name(version);
}

struct tp_uuid *resource_version_rename(struct resource_version *version)
{
	size_t at = version->n_earlier++ % RESOURCE_VERSIONS_MAX;

	memcpy(version->earlier[at], version->uuid->value.data, TP_UUID_BYTES);
	name(version);
	return version->uuid;
}

bool resource_version_is_last(
	const struct resource_version *version, const struct tp_uuid *uuid)
{
	return tp_record_equal(&tp_uuid_desc, version->uuid, uuid);
}

bool resource_version_is_any(
	const struct resource_version *version, const struct tp_uuid *uuid)
{
	size_t n = version->n_earlier < RESOURCE_VERSIONS_MAX ? version->n_earlier
							      : RESOURCE_VERSIONS_MAX;

	if (resource_version_is_last(version, uuid))
		return true;
	for (size_t i = 0; uuid->value.len == TP_UUID_BYTES && i < n; i++) {
		if (memcmp(version->earlier[i], uuid->value.data, TP_UUID_BYTES) == 0)
			return true;
	}
	return false;
}

void resource_version_fini(struct resource_version *version)
{
	tp_arena_destroy(version->arena);
}
