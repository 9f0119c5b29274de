/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `changes`: every change of a daemon's state, told at one point: the operator event stream,
 * metrics, the web UI and tests hang on it.
 *
 * Loop thread only. A watcher is told after the change is made and must not call back into the
 * daemon from inside changed(), nor keep the records.
 *
 * Changelog of TP_CHANGES_ABI:  1 first
 */
#ifndef TEPUI_KIND_CHANGES_H
#define TEPUI_KIND_CHANGES_H

#include "tepui/list.h"

#define TP_CHANGES_ABI 1

struct tp_master_event;

struct tp_watcher {
	/* On masters a v1 operator Event record: TASK_ADDED, AGENT_REMOVED, ... */
	void (*changed)(struct tp_watcher *watcher, const struct tp_master_event *event);
	struct tp_list node; /* the daemon's */
};

struct tp_changes_ops {
	void (*watch)(void *impl, struct tp_watcher *watcher);
	void (*unwatch)(void *impl, struct tp_watcher *watcher);
};

struct tp_changes {
	const struct tp_changes_ops *ops;
	void *impl;
};

#endif
