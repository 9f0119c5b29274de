/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The `disk` service: the only way to files that must survive. In production system calls, run
 * off the loop unless they are known to be quick; in the simulation faulty, full and torn at
 * power loss. What done() reported as written with TP_DISK_SYNC survives kill -9 and power loss,
 * under its whole path, whoever made the directories; without it, kill -9 only.
 *
 * Requests for one path complete in the order they were given. Requests that are waiting
 * together share their fsyncs (group commit).
 */
#ifndef TEPUI_DISK_H
#define TEPUI_DISK_H

#include "tepui/error.h"

#define TP_DISK_ABI 1

enum tp_disk_flags {
	TP_DISK_SYNC = 1 << 0,   /* durable before done() */
	TP_DISK_MKDIRS = 1 << 1, /* make missing parent directories, mode 0755 */
};

struct tp_disk_request {
	/* On the loop, exactly once, never from inside the call. status: 0 or negative errno. */
	void (*done)(struct tp_disk_request *request, int status);
	struct tp_error err; /* filled when status < 0 */
	void *priv;          /* private */
};

struct tp_disk_ops {
	/*
	 * Replaces the file atomically (temporary file, rename; with SYNC fsync of file and
	 * directory). `path` and `data` are copied. New files have mode 0600.
	 */
	void (*replace)(void *impl, struct tp_disk_request *request, const char *path,
		const void *data, size_t len, unsigned flags);
	/*
	 * Appends; the file is made if it is missing. A torn tail is the reader's to detect. Once
	 * a file could not be synced, appending fails with -EIO until it is replaced or removed.
	 */
	void (*append)(void *impl, struct tp_disk_request *request, const char *path,
		const void *data, size_t len, unsigned flags);
	/*
	 * Removes a file or a whole directory tree; a missing one is fine. Symbolic links are not
	 * followed; -EBUSY when something is mounted inside.
	 */
	void (*remove)(void *impl, struct tp_disk_request *request, const char *path,
		unsigned flags);
	/*
	 * Reads a whole file at once, on the caller's time: for recovery, before the loop serves
	 * anybody. *ret is tp_free()d by the caller and NUL-terminated. -ENOENT when missing,
	 * -EFBIG above max_len.
	 */
	int (*read)(void *impl, const char *path, size_t max_len, char **ret,
		size_t *ret_len, struct tp_error *err);
	/*
	 * Names in a directory, sorted, without . and .. and the service's own temporary ones
	 * (.tp-*); *ret ends with NULL, one tp_free().
	 */
	int (*list)(void *impl, const char *path, char ***ret, size_t *ret_n,
		struct tp_error *err);
	/* Makes a directory and its parents, at once; they last with the first synced write below. */
	int (*mkdirs)(void *impl, const char *path, unsigned mode, struct tp_error *err);
	/*
	 * Points the symbolic link `path` at `target`, atomically, at once. Lasts with the next
	 * synced change of a name beside it.
	 */
	int (*symlink)(
		void *impl, const char *target, const char *path, struct tp_error *err);
};

/*
 * remove() without the service, at once: for a work that removes what need not be in order with
 * other writes and may take long.
 */
TP_EXPORT int tp_disk_tree_remove(const char *path, struct tp_error *err);

struct tp_disk_service {
	const struct tp_disk_ops *ops;
	void *impl;
};

#endif
