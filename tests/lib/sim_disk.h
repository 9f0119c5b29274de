/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk of one simulated machine: real files below a test's folder, with failures on demand.
 */
#ifndef TESTS_LIB_SIM_DISK_H
#define TESTS_LIB_SIM_DISK_H

#include "core/kernel/disk.h"

struct sim_disk;

/* `inner` is borrowed. */
struct sim_disk *sim_disk_create(struct tp_loop *loop, struct disk *inner);
void sim_disk_destroy(struct sim_disk *self);
struct tp_disk_service sim_disk_service(struct sim_disk *self);

/* The next n writes fail with `code` (ENOSPC, EIO) and write nothing. */
void sim_disk_fail(struct sim_disk *self, int code, unsigned n);
/* Nothing is written any more, until it is taken back: its owner was killed. */
void sim_disk_kill(struct sim_disk *self, bool killed);

#endif
