/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The status update manager: every update of a task reaches its framework at least once and in
 * order. One stream per task; only its front is in flight; it is sent again after 10 s, doubling
 * to 10 min, until the framework's acknowledgement comes back. With a log path every update is
 * durable before it is sent: while the disk refuses it, it waits, and the log is tried again
 * after 1 s, doubling to a minute.
 *
 * Knows streams and time, not tasks, executors or the master: those are behind the two
 * callbacks. Loop thread only.
 */
#ifndef AGENT_UPDATES_H
#define AGENT_UPDATES_H

#include "tepui/arena.h"
#include "tepui/wire/internal.h"

#include "journal.h"

#define UPDATES_RETRY_MIN_NS (10 * TP_SEC)
#define UPDATES_RETRY_MAX_NS (10 * TP_MIN)
#define UPDATES_PENDING_MAX 4096 /* of one task, before its end */

struct updates;

struct updates_user {
	void *user;
	/* Send it to the master; latest_state is filled. Borrowed. */
	void (*forward)(void *user, const struct tp_status_update *update);
	/*
	 * The framework has it: the executor may be told. `last`: it was terminal and the stream
	 * is gone. Borrowed. Called last, so that it may add and clean up.
	 */
	void (*acknowledged)(
		void *user, const struct tp_status_update *update, bool last);
};

enum updates_add_result {
	UPDATES_NEW = 0,
	UPDATES_PENDING = 1, /* a duplicate that is still on its way: nothing was done */
	UPDATES_ACKNOWLEDGED =
		2, /* a duplicate whose acknowledgement came: tell the executor */
};

struct updates *updates_create(struct tp_instance *instance, struct journal *journal,
	const struct updates_user *user);
void updates_destroy(struct updates *updates);

/*
 * Takes an update (copied; uuid of 16 bytes). `path`: of the task's log, NULL = not
 * checkpointed; the first update of a stream decides. An enum updates_add_result, or -ENOSPC
 * when too many wait.
 */
int updates_add(struct updates *updates, const struct tp_status_update *update,
	const char *path, struct tp_error *err);
/* -ENOENT: no such stream; -EINVAL: not the one in flight. Both change nothing. */
int updates_acknowledge(struct updates *updates, const char *framework_id,
	const char *task_id, struct tp_bytes uuid, struct tp_error *err);
/* No master: nothing is sent. The manager starts paused. */
void updates_pause(struct updates *updates);
/* Sends every front again at once. */
void updates_resume(struct updates *updates);
/* Writes acknowledgements that wait; before an orderly end. */
void updates_flush(struct updates *updates);
/* Forgets all streams of a framework, without callbacks. */
void updates_cleanup(struct updates *updates, const char *framework_id);

/* What a log said about its task. */
struct updates_recovered {
	size_t n_updates;                    /* all that were ever logged */
	const struct tp_status_update *last; /* in the caller's arena; NULL without any */
	bool terminal_acknowledged;          /* the stream is over: there is none now */
	size_t torn_bytes; /* a tail that was cut short by a crash: cut off */
};
/* Builds the stream again from the bytes of its log. */
int updates_recover(struct updates *updates, const char *path, const void *data,
	size_t len, struct tp_arena *arena, struct updates_recovered *ret,
	struct tp_error *err);

/*
 * true: the newest updates of this task are not stored yet, and *ret_state is the state that
 * others may know by now.
 */
bool updates_held_back(const struct updates *updates, const char *framework_id,
	const char *task_id, int *ret_state);
/*
 * The update of the task that is under way, or was acknowledged last: what a framework knows of
 * it, or hears next. NULL: none. Borrowed until the loop turns.
 */
const struct tp_status_update *updates_front(
	const struct updates *updates, const char *framework_id, const char *task_id);
/* The newest update of the task, which may still wait, is its end. */
bool updates_ended(
	const struct updates *updates, const char *framework_id, const char *task_id);

/* Calls `each` with the front of every stream that waits for an acknowledgement. */
void updates_each_owed(const struct updates *updates,
	void (*each)(void *user, const struct tp_status_update *front), void *user);

size_t updates_streams(const struct updates *updates);
size_t updates_pending(
	const struct updates *updates, const char *framework_id, const char *task_id);

#endif
