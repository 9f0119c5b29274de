/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services that a real process brings to its kernel: work on threads, disk by system calls
 * and the transport. A simulation brings others instead.
 */
#ifndef CORE_HOST_SERVICES_H
#define CORE_HOST_SERVICES_H

#include "core/kernel/kernel.h"

struct tp_services_host;

TP_EXPORT int tp_services_host_create(
	struct tp_loop *loop, struct tp_services_host **ret, struct tp_error *err);
/*
 * When the kernel has stopped and before it is destroyed: work that a module left behind is still
 * reported to it, and what is queued on disk is written. NULL is fine.
 */
TP_EXPORT void tp_services_host_destroy(struct tp_services_host *host);
/* Borrowed rows for the kernel's options. */
TP_EXPORT const struct tp_kernel_service *tp_services_host_rows(
	const struct tp_services_host *host, size_t *ret_n);

#endif
