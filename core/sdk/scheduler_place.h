/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler driver on a loop and transport of the caller: for tests on virtual time, for
 * simulations, and for who has an election to ask who leads. Not installed.
 *
 * Such a driver has no thread: callbacks run in turns of the loop, every call belongs to its
 * thread, join() does not wait, and stop(false) is over when the master has answered.
 */
#ifndef CORE_SDK_SCHEDULER_PLACE_H
#define CORE_SDK_SCHEDULER_PLACE_H

#include "tepui/kind/election.h"
#include "tepui/loop.h"
#include "tepui/scheduler.h"
#include "tepui/transport.h"

struct tp_scheduler_place {
	struct tp_loop *loop;          /* borrowed */
	struct tp_transport transport; /* borrowed; on this loop */
	/* Says who leads; the master of the options is then not read. ops NULL: there is none. */
	struct tp_election election;
};

TP_EXPORT int tp_scheduler_driver_create_at(const struct tp_scheduler_options *options,
	const struct tp_scheduler_place *place, struct tp_scheduler_driver **ret,
	struct tp_error *err);

#endif
