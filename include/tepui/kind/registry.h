/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `registry`: where the master keeps what must survive it. A registry is a set of named
 * variables under one version number. Everything is asynchronous, so that a shared, remote store
 * fits as well as an embedded one; the version fences: of two masters on one store the stale
 * one's write is refused.
 *
 * The user is the master. It stores one batch at a time and queues the rest itself; a failed or
 * late store ends the master, it never guesses. Only a store that found no room may be tried again.
 *
 * Changelog of TP_REGISTRY_ABI:  1 first; set_aside and -ENOSPC were added; what is set aside stands
 * until it is replaced
 */
#ifndef TEPUI_KIND_REGISTRY_H
#define TEPUI_KIND_REGISTRY_H

#include "tepui/error.h"

#define TP_REGISTRY_ABI 1

/* One variable. Names are text of at most 255 bytes, like "agent/<id>"; data is opaque. */
struct tp_registry_entry {
	const char *name;
	const void
		*data; /* in a store: NULL removes the variable (a missing one is fine) */
	size_t len;
};

/* Yours until done(), which comes exactly once, on the loop, never from inside the call. */
struct tp_registry_request {
	void (*done)(struct tp_registry_request *request, int status);
	struct tp_error err; /* filled when status < 0 */
	/*
	 * The version of the whole registry. fetch: out. store: in, the version the change is
	 * based on; out, the new one. 0 = nothing was ever stored.
	 */
	uint64_t version;
	/* fetch: out, borrowed until done() returns, sorted by name. */
	const struct tp_registry_entry *entries;
	size_t n_entries;
	void *priv; /* the implementation's */
};

struct tp_registry_ops {
	/*
	 * Called once by the user before anything else, in its start(); an implementation that
	 * lives in files puts them below `work_dir` unless its config says otherwise. May do
	 * quick I/O. -EWOULDBLOCK when another process holds it.
	 */
	int (*open)(void *impl, const char *work_dir, struct tp_error *err);
	/* Reads everything. */
	void (*fetch)(void *impl, struct tp_registry_request *request);
	/*
	 * Applies all changes or none. done(0): durable, survives power loss. -ESTALE: somebody
	 * else stored since request->version. -ENOSPC: there is no room (or quota) for it, and
	 * nothing was stored; the same store, with the same version, may be tried again, and finds
	 * out whether the first attempt got through after all. The entries are copied before this
	 * returns.
	 */
	void (*store)(void *impl, struct tp_registry_request *request,
		const struct tp_registry_entry *changes, size_t n_changes);
	/*
	 * Before open(), by tools, on a registry that no master uses: open() begins an empty one,
	 * and its first store, once durable, takes the place of all that is stored, damaged or
	 * not, at once. Until then, and when that fails or the process dies, the old one stands.
	 * *ret_where says where it will be then (tp_free), NULL when there is nothing.
	 * -EWOULDBLOCK when somebody uses it. May be NULL: it cannot.
	 */
	int (*set_aside)(
		void *impl, const char *work_dir, char **ret_where, struct tp_error *err);
};

struct tp_registry {
	const struct tp_registry_ops *ops;
	void *impl;
};

#endif
