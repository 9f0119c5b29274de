/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sandboxes of what has ended, and all of agents that this one was before, are kept for a while
 * and then removed: after `gc_delay` at the latest, earlier the fuller the disk is. Removal runs
 * off the loop, one tree at a time.
 */
#ifndef AGENT_GC_H
#define AGENT_GC_H

#include "agent.h"

/* What waits in memory at most, oldest first; the rest is found again on disk. */
#define GC_WAITING_MAX 16384

void gc_init(struct agent *agent);
void gc_fini(struct agent *agent);
/* After recovery: looks at the disk from now on, and for what earlier runs left. */
void gc_start(struct agent *agent);
/* Reports once no work is under way. */
void gc_stop(struct agent *agent, struct tp_done *done);

/* This sandbox is not used any more, from now. */
void gc_add(struct agent *agent, const char *path);
/* The same for one that was last changed `age_ns` ago; what waits already is not added again. */
void gc_add_aged(struct agent *agent, const char *path, int64_t age_ns);

/*
 * How old what waits may become: gc_delay * max(0, 1 - headroom - usage). `usage`: the part of the
 * disk that is in use, 0 to 1.
 */
int64_t gc_max_age_ns(int64_t delay_ns, double headroom, double usage);
/* By the last look at the disk. */
double gc_allowed_age_secs(const struct agent *agent);
size_t gc_waiting(const struct agent *agent);

#endif
