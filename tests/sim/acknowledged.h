/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Watches the agents of a cluster: an update whose acknowledgement an agent has on its disk must
 * not be sent again. What kill -9 keeps counts from the write on, what power loss keeps from the
 * sync on.
 */
#ifndef TESTS_SIM_ACKNOWLEDGED_H
#define TESTS_SIM_ACKNOWLEDGED_H

#include "tests/lib/cluster.h"

struct acknowledged;

/* Watches the network and the disks of all agents that there are. */
struct acknowledged *acknowledged_create(struct cluster *c);
void acknowledged_destroy(struct acknowledged *self);
/* The task whose update was sent again, NULL: none. */
const char *acknowledged_wrong(const struct acknowledged *self);
/* How many updates were acknowledged and written. */
size_t acknowledged_count(const struct acknowledged *self);

#endif
