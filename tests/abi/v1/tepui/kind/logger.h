/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `logger`: where a container's stdout and stderr go. User: the containerizer, on the loop.
 *
 * Changelog of TP_LOGGER_ABI:  1 first
 */
#ifndef TEPUI_KIND_LOGGER_H
#define TEPUI_KIND_LOGGER_H

#include <sys/types.h>

#include "tepui/error.h"

#define TP_LOGGER_ABI 1

struct tp_container_config;

struct tp_logger_ops {
	/*
	 * Opens where the output goes; the descriptors are the caller's to close after the start.
	 * uid, gid: whom files belong to; -1 = unchanged. Quick.
	 */
	int (*prepare)(void *impl, const char *container_id,
		const struct tp_container_config *config, uid_t uid, gid_t gid,
		int *ret_out_fd, int *ret_err_fd, struct tp_error *err);
	/* The container is over. NULL = nothing to do. */
	void (*cleanup)(void *impl, const char *container_id);
};

struct tp_logger {
	const struct tp_logger_ops *ops;
	void *impl;
};

#endif
