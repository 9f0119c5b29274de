/* SPDX-License-Identifier: Apache-2.0 */
/* Requests of the disk service, and how a batch of them is executed. */
#ifndef CORE_KERNEL_DISK_BATCH_H
#define CORE_KERNEL_DISK_BATCH_H

#include "disk_path.h"

enum disk_kind { DISK_REPLACE, DISK_APPEND, DISK_REMOVE };

struct disk_op {
	struct disk_op *next;
	enum disk_kind kind;
	unsigned flags;
	struct tp_disk_request *request;
	struct tp_error *err; /* the request's */
	int status;           /* < 0 before it is executed: it is not executed */
	size_t len;
	const uint8_t *data;
	char path[]; /* and the data behind it */
};

/* What outlives a batch. Only the thread that executes one touches it. */
struct disk_store {
	int (*sync)(void *arg, int fd, const char *path); /* 0 or negative errno */
	void *sync_arg;
	/* Files that could not be made durable: nothing is appended until they are replaced. */
	struct tp_map failed;
	struct disk_paths paths;
};

void disk_store_init(struct disk_store *store);
void disk_store_fini(struct disk_store *store);
/* Executes the list in order and sets each status. */
void disk_batch_run(struct disk_store *store, struct disk_op *ops);

#endif
