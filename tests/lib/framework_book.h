/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the schedulers of one framework know of its tasks: a database that survives each of them.
 * It notes what must not be: two different ends of one task, life after the end, one piece of
 * news under two uuids.
 */
#ifndef TESTS_LIB_FRAMEWORK_BOOK_H
#define TESTS_LIB_FRAMEWORK_BOOK_H

#include "tepui/ids.h"
#include "tepui/wire.h"

#define FRAMEWORK_TASKS_MAX 512
#define FRAMEWORK_STATES 16 /* of tasks: numbers below this */

struct framework_task {
	char id[64];
	char agent_id[96]; /* "": nobody said where */
	char hostname[64]; /* of the agent */
	int64_t cpus_milli;
	int state; /* -1: nothing heard of it */
	int reason;
	int ended; /* the first terminal state, -1 = none */
	unsigned n_updates;
	bool seen[FRAMEWORK_STATES]; /* states that came with a uuid, which is: */
	uint8_t uuids[FRAMEWORK_STATES][TP_UUID_BYTES];
	const char *wrong; /* what must not be and was; NULL = nothing */
};

struct framework_book {
	unsigned n_users;
	struct framework_task tasks[FRAMEWORK_TASKS_MAX];
	size_t n_tasks;
};

struct framework_book *framework_book_create(void);
struct framework_book *framework_book_share(struct framework_book *book);
/* Frees it with its last user. */
void framework_book_release(struct framework_book *book);

struct framework_task *framework_book_find(
	struct framework_book *book, const char *task_id);
/* Finds or makes it. */
struct framework_task *framework_book_task(
	struct framework_book *book, const char *task_id);
void framework_book_update(
	struct framework_book *book, const struct tp_task_status *status);

bool framework_state_is_terminal(int state);

#endif
