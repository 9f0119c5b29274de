/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of the agent's resources as they are, a uuid. Each change makes another one, and each
 * registration tells one of its own: those before it are names of the same resources until they
 * change.
 */
#ifndef AGENT_RESOURCE_VERSION_H
#define AGENT_RESOURCE_VERSION_H

#include "tepui/arena.h"
#include "tepui/ids.h"
#include "tepui/wire.h"

#define RESOURCE_VERSIONS_MAX 8

/* Embed it, zeroed. */
struct resource_version {
	struct tp_arena *arena;
	struct tp_uuid *uuid;
	uint8_t earlier[RESOURCE_VERSIONS_MAX][TP_UUID_BYTES];
	size_t n_earlier; /* ever; the newest are kept */
};

void resource_version_fini(struct resource_version *version);
/* The first one, or that of resources that changed. */
void resource_version_change(struct resource_version *version);
/* Another name for the same resources. */
struct tp_uuid *resource_version_rename(struct resource_version *version);
/* Is it the last name? Is it any that the resources, as they are, ever had? */
bool resource_version_is_last(
	const struct resource_version *version, const struct tp_uuid *uuid);
bool resource_version_is_any(
	const struct resource_version *version, const struct tp_uuid *uuid);

#endif
