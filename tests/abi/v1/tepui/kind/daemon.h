/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `daemon`: what makes a process a master or an agent. Nothing requires it; it names the
 * role for people and scripts.
 *
 * Changelog of TP_DAEMON_ABI:  1 first
 */
#ifndef TEPUI_KIND_DAEMON_H
#define TEPUI_KIND_DAEMON_H

#define TP_DAEMON_ABI 1

struct tp_daemon_ops {
	/* "master" or "agent". */
	const char *(*role)(void *impl);
	/* Its id once it has one, else "". Borrowed. */
	const char *(*id)(void *impl);
};

struct tp_daemon {
	const struct tp_daemon_ops *ops;
	void *impl;
};

#endif
