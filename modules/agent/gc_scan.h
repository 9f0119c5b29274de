/* SPDX-License-Identifier: Apache-2.0 */
/* Looks for sandboxes and checkpoints below work_dir that nobody uses: what earlier runs left. */
#ifndef AGENT_GC_SCAN_H
#define AGENT_GC_SCAN_H

#include "agent.h"

struct gc_scan;

/*
 * Off the loop; then gives what it found, the oldest `max` of it, to gc_add_aged(), and calls
 * done(), later: `more` when there was more. The handle is gone with that.
 */
struct gc_scan *gc_scan_begin(
	struct agent *agent, size_t max, void (*done)(struct agent *agent, bool more));

#endif
