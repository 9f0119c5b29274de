/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The admin socket: who runs this daemon, or root, asks what is in it and changes what can be
 * changed while it runs. Nobody else is served, whatever the file's mode lets through. Also what
 * SIGHUP does, for a reload by either way is the same.
 */
#ifndef CORE_HOST_ADMIN_H
#define CORE_HOST_ADMIN_H

#include "core/host/hangup.h"
#include "core/host/services.h"
#include "core/kernel/kernel.h"
#include "tepui/net.h"

#define ADMIN_RELOADS_MAX 16

struct admin {
	struct tp_instance instance; /* first: this is who logs */
	struct tp_kernel **kernel;
	struct hangup hangup;
	struct tp_server *server; /* NULL: there is no socket */
	char *path;
	/* Calls that wait for what a reload does. */
	struct {
		uint64_t peer, call;
	} reloads[ADMIN_RELOADS_MAX];
	size_t n_reloads;
};

/* Before threads start: from now on SIGHUP reads the manifest of *kernel again. */
int admin_prepare(struct admin *admin, struct tp_loop *loop, struct tp_kernel **kernel,
	struct tp_error *err);
/*
 * When the kernel runs. Where the manifest names the socket, that it cannot be made is an error;
 * the default one is done without, and the log says so.
 */
int admin_open(
	struct admin *admin, const struct tp_services_host *host, struct tp_error *err);
/* "ipc:///PATH", NULL when there is none. */
const char *admin_url(const struct admin *admin);
/* Before the transport goes; also when it was never opened. */
void admin_close(struct admin *admin);

#endif
