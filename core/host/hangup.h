/* SPDX-License-Identifier: Apache-2.0 */
/* What tepuid does on SIGHUP. */
#ifndef CORE_HOST_HANGUP_H
#define CORE_HOST_HANGUP_H

#include "core/kernel/kernel.h"

struct hangup {
	struct tp_topic topic; /* first: this is who logs */
	struct tp_signal signal;
	struct tp_kernel **kernel;
	/* What came of a reload, after each; may be NULL. */
	void (*done)(struct hangup *hangup, const struct tp_kernel_changes *changes);
};

/*
 * From now on SIGHUP reads the manifest again; the log says what came of it. *kernel may be
 * made later: nothing happens until it runs, nor when it stops.
 */
int hangup_watch(struct hangup *hangup, struct tp_loop *loop, struct tp_kernel **kernel,
	struct tp_error *err);

#endif
