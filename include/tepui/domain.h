/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fault domains: where a daemon is, region and zone. Agents without one are where their master is.
 */
#ifndef TEPUI_DOMAIN_H
#define TEPUI_DOMAIN_H

#include "tepui/arena.h"
#include "tepui/error.h"

struct tp_domain_info;

/*
 * The `domain` of a daemon's config: JSON, {"fault_domain":{"region":{"name":...},"zone":{"name":
 * ...}}}, or the path of a file that holds it, /path or file:///path. NULL or "" gives NULL. Reads
 * the file at once: for starting only.
 */
TP_EXPORT int tp_domain_parse(const char *text, struct tp_arena *arena,
	struct tp_domain_info **ret, struct tp_error *err);
/* The same judgement, without reading a file: whatever path is fine. For the module's check(). */
TP_EXPORT int tp_domain_check(const char *text, struct tp_error *err);

#endif
