/* SPDX-License-Identifier: Apache-2.0 */
/* See framework_book.h. */
#include "framework_book.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

bool framework_state_is_terminal(int state)
{
	switch (state) {
	case TP_TASK_FINISHED:
	case TP_TASK_FAILED:
	case TP_TASK_KILLED:
	case TP_TASK_ERROR:
	case TP_TASK_LOST:
	case TP_TASK_DROPPED:
	case TP_TASK_GONE:
	case TP_TASK_GONE_BY_OPERATOR:
		return true;
	default:
		return false;
	}
}

struct framework_book *framework_book_create(void)
{
	struct framework_book *book = tp_alloc(sizeof *book);

	book->n_users = 1;
	return book;
}

struct framework_book *framework_book_share(struct framework_book *book)
{
	book->n_users++;
	return book;
}

void framework_book_release(struct framework_book *book)
{
	if (--book->n_users == 0)
		tp_free(book);
}

struct framework_task *framework_book_find(
	struct framework_book *book, const char *task_id)
{
	for (size_t i = 0; i < book->n_tasks; i++) {
		if (strcmp(book->tasks[i].id, task_id) == 0)
			return &book->tasks[i];
	}
	return NULL;
}

struct framework_task *framework_book_task(
	struct framework_book *book, const char *task_id)
{
	struct framework_task *task = framework_book_find(book, task_id);

	if (task != NULL)
		return task;
	ck_assert_uint_lt(book->n_tasks, FRAMEWORK_TASKS_MAX);
	task = &book->tasks[book->n_tasks++];
	snprintf(task->id, sizeof task->id, "%s", task_id);
	task->state = task->ended = -1;
	return task;
}

/*
 * A duplicate carries the uuid of its first: each state of a task is news once. Returns whether
 * this is news.
 */
static bool note_uuid(struct framework_task *task, const struct tp_task_status *status)
{
	int state = status->state;
	bool is_news;

	ck_assert_uint_eq(status->uuid.len, TP_UUID_BYTES);
	ck_assert(state >= 0 && state < FRAMEWORK_STATES);
	is_news = !task->seen[state];
	if (is_news)
		memcpy(task->uuids[state], status->uuid.data, TP_UUID_BYTES);
	else if (memcmp(task->uuids[state], status->uuid.data, TP_UUID_BYTES) != 0)
		task->wrong = "one state came under two uuids";
	task->seen[state] = true;
	return is_news;
}

/* LOST is what a master says that does not know; the task may return. */
static void note_end(struct framework_task *task, int state)
{
	bool terminal = framework_state_is_terminal(state);

	if (task->ended >= 0 && task->ended != TP_TASK_LOST && state != task->ended &&
		state != TP_TASK_UNREACHABLE)
		task->wrong = terminal ? "it ended twice, in different ways"
				       : "it lives after its end";
	if (terminal && (task->ended < 0 || task->ended == TP_TASK_LOST))
		task->ended = state;
}

void framework_book_update(
	struct framework_book *book, const struct tp_task_status *status)
{
	struct framework_task *task = framework_book_task(book, status->task_id->value);

	bool is_news = status->uuid.len == 0 || note_uuid(task, status);

	/* Of one that is over: nobody remembers it any more, or a late duplicate. */
	if (task->ended >= 0 && (!is_news || status->state == TP_TASK_UNKNOWN))
		return;
	task->state = status->state;
	task->reason = status->has_reason ? status->reason : -1;
	task->n_updates++;
	if (status->agent_id != NULL)
		snprintf(task->agent_id, sizeof task->agent_id, "%s",
			status->agent_id->value);
	note_end(task, status->state);
}
