/* SPDX-License-Identifier: Apache-2.0 */
/* What an allocator must know that comes into a running master, in another one's place. */
#ifndef MASTER_REPLAY_H
#define MASTER_REPLAY_H

#include "master.h"

/*
 * m->allocator is new and was told nothing: it is opened and told all agents and frameworks with
 * what they use and are offered, weights and quota. Outstanding offers stay.
 */
int replay(struct master *m, struct tp_error *err);

#endif
