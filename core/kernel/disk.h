/* SPDX-License-Identifier: Apache-2.0 */
/* The `disk` service on real files: see tepui/disk.h. */
#ifndef CORE_KERNEL_DISK_H
#define CORE_KERNEL_DISK_H

#include "tepui/disk.h"
#include "tepui/loop.h"
#include "tepui/work.h"

struct disk;

/* Without a work service (ops NULL) everything runs on the loop's thread: for tests. */
struct disk *disk_create(struct tp_loop *loop, struct tp_work_service work);
/*
 * After the work service has gone, which ends the batch that runs. What is still queued is
 * written here; done() is not called any more.
 */
void disk_destroy(struct disk *disk);
struct tp_disk_service disk_service(struct disk *disk);
/* Nothing is queued and nothing runs. */
bool disk_idle(const struct disk *disk);

/* Tests see and break the fsyncs: sync() returns 0 or negative errno, on any thread. */
void disk_set_sync(
	struct disk *disk, int (*sync)(void *arg, int fd, const char *path), void *arg);

#endif
