/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An executor driver on a loop and transport of the caller, for tests on virtual time. Not
 * installed. Such a driver leaves the loop running when it ends; join() does not wait.
 */
#ifndef CORE_SDK_EXECUTOR_PLACE_H
#define CORE_SDK_EXECUTOR_PLACE_H

#include "tepui/executor.h"
#include "tepui/transport.h"

struct tp_executor_place {
	struct tp_loop *loop;          /* borrowed */
	struct tp_transport transport; /* borrowed; on this loop */
	/* Instead of the kill that ends an executor which does not end by itself. */
	void (*kill)(void *user);
};

TP_EXPORT int tp_executor_driver_create_at(const struct tp_executor *executor, void *user,
	const struct tp_executor_place *place, struct tp_executor_driver **ret,
	struct tp_error *err);

#endif
