/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk of one simulated machine: real files below a test's folder, with writes that take
 * their time, fail, or never happen because their owner died, and with what power loss does to
 * all that was not synced (sim_platter.h).
 */
#ifndef TESTS_LIB_SIM_DISK_H
#define TESTS_LIB_SIM_DISK_H

#include "core/kernel/disk.h"

struct sim_disk;

/*
 * `inner` is borrowed; it runs on `loop`. Power loss concerns what is below `root`. Seed 0:
 * writes take no time.
 */
struct sim_disk *sim_disk_create(
	struct tp_loop *loop, struct disk *inner, const char *root, uint64_t seed);
void sim_disk_destroy(struct sim_disk *self);
struct tp_disk_service sim_disk_service(struct sim_disk *self);

/* The next n writes fail with `code` (ENOSPC, EIO) and write nothing. */
void sim_disk_fail(struct sim_disk *self, int code, unsigned n);
/* Each write takes so much longer. */
void sim_disk_slow(struct sim_disk *self, int64_t delay_ns);
/*
 * Nothing is written any more, until it is taken back: its owner was killed. Of the writes that
 * were under way some are done, in their order; with power loss the next one by half.
 */
void sim_disk_kill(struct sim_disk *self, bool power_loss);
void sim_disk_revive(struct sim_disk *self);
/* After the kill, when its owner has gone: what was not synced may be lost. */
void sim_disk_power_loss(struct sim_disk *self);

/*
 * Sees each request before it is queued, and may forget it: then it is answered as if it had
 * been done. For defects that tests must find. NULL: nobody looks.
 */
struct sim_disk_spy {
	bool (*forgets)(void *user, const char *path, const void *data, size_t len);
	void *user;
};
void sim_disk_set_spy(struct sim_disk *self, const struct sim_disk_spy *spy);

/* Hears of each append and replacement that is done, and of losses of power. */
struct sim_disk_watcher {
	void (*written)(
		void *user, const char *path, const void *data, size_t len, bool synced);
	void (*power_loss)(void *user);
	void *user;
};
void sim_disk_watch(struct sim_disk *self, const struct sim_disk_watcher *watcher);

#endif
