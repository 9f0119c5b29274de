/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of status updates. An update is made durable (when its stream has a log), then sent
 * as soon as it is the front of its stream and a master is there, then sent again until it is
 * acknowledged. An acknowledgement goes to the log together with the next update, or after a
 * second, and without fsync: after a crash in between an update is sent once more, with the same
 * uuid.
 *
 * Invariants: only the front of a stream is ever sent; no update is sent before its record and
 * the acknowledgement of the one before are stored, however long the disk refuses them; so after
 * any crash the front is what the framework heard last, or something newer, and may be told as
 * the state of the task; the retry timer runs exactly while a front is in flight.
 *
 * Not the log: that is updates_store.c.
 */
#include <errno.h>
#include <string.h>

#include "tepui/record.h"
#include "tepui/task_life.h"

#include "updates_stream.h"

#define ACKNOWLEDGED_MAX 1024 /* uuids per stream that are known as duplicates */

static char *stream_key(const char *framework_id, const char *task_id)
{
	return tp_asprintf("%s/%s", framework_id, task_id);
}

static struct stream *stream_find(
	const struct updates *updates, const char *framework_id, const char *task_id)
{
	tp_cleanup(ptr) char *key = stream_key(framework_id, task_id);

	return tp_map_get(&updates->streams, key, struct stream, node);
}

struct update *stream_front(struct stream *stream)
{
	return tp_list_first(&stream->pending, struct update, node);
}

static void update_remove(struct update *update)
{
	tp_list_remove(&update->node);
	update->stream->n_pending--;
}

void stream_destroy(struct stream *stream)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		update_remove(update);
		tp_arena_destroy(update->arena);
	}
	tp_timer_disarm(stream->updates->instance->loop, &stream->retry);
	store_stream_fini(stream);
	tp_map_remove(&stream->updates->streams, &stream->node);
	tp_strbuf_fini(&stream->acknowledged);
	tp_free(stream->key);
	tp_free(stream);
}

static void stream_retry(struct tp_timer *timer)
{
	struct stream *stream = tp_container_of(timer, struct stream, retry);
	struct update *front = stream_front(stream);

	stream->delay_ns *= 2;
	if (stream->delay_ns > UPDATES_RETRY_MAX_NS)
		stream->delay_ns = UPDATES_RETRY_MAX_NS;
	if (front != NULL)
		front->sent = false;
	stream_forward(stream);
}

struct stream *stream_create(
	struct updates *updates, const struct tp_status_update *update, const char *path)
{
	struct stream *stream = tp_alloc(sizeof(*stream));

	stream->updates = updates;
	stream->key =
		stream_key(update->framework_id->value, update->status->task_id->value);
	stream->retry.fire = stream_retry;
	stream->delay_ns = UPDATES_RETRY_MIN_NS;
	tp_list_init(&stream->pending);
	store_stream_init(stream, path);
	tp_map_add(&updates->streams, &stream->node, stream->key);
	return stream;
}

/* The newest that is stored: what is not may be forgotten, so nobody is told of it. */
static struct update *stream_newest_stored(struct stream *stream)
{
	struct tp_list *node;

	for (node = stream->pending.prev; node != &stream->pending; node = node->prev) {
		struct update *update = tp_container_of(node, struct update, node);

		if (update->place == UPDATE_STORED)
			return update;
	}
	return NULL;
}

void stream_forward(struct stream *stream)
{
	struct updates *updates = stream->updates;
	struct update *front = stream_front(stream);
	struct update *newest;

	if (front == NULL || updates->paused || front->sent ||
		front->place != UPDATE_STORED || stream->unsettled)
		return;
	newest = stream_newest_stored(stream);
	front->record->has_latest_state = true;
	front->record->latest_state = newest->record->status->state;
	front->sent = true;
	tp_timer_arm(updates->instance->loop, &stream->retry, stream->delay_ns);
	updates->user.forward(updates->user.user, front->record);
}

struct update *update_create(struct stream *stream, const struct tp_status_update *record)
{
	struct tp_arena *arena = tp_arena_create(512);
	struct update *update = tp_arena_alloc(arena, sizeof(*update));

	update->arena = arena;
	update->stream = stream;
	update->record = tp_record_copy(&tp_status_update_desc, record, arena);
	tp_list_append(&stream->pending, &update->node);
	stream->n_pending++;
	return update;
}

bool stream_was_acknowledged(const struct stream *stream, struct tp_bytes uuid)
{
	for (size_t at = 0; at < stream->acknowledged.len; at += UUID_LEN) {
		if (memcmp(stream->acknowledged.data + at, uuid.data, UUID_LEN) == 0)
			return true;
	}
	return false;
}

bool stream_has(const struct stream *stream, struct tp_bytes uuid)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		if (memcmp(update->record->uuid.data, uuid.data, UUID_LEN) == 0)
			return true;
	}
	return false;
}

void stream_note_acknowledged(struct stream *stream, struct tp_bytes uuid)
{
	struct tp_strbuf *known = &stream->acknowledged;

	if (known->len >= ACKNOWLEDGED_MAX * UUID_LEN) {
		known->len /= 2;
		memmove(known->data, known->data + known->len, known->len);
	}
	tp_strbuf_add(known, uuid.data, UUID_LEN);
}

int updates_add(struct updates *updates, const struct tp_status_update *record,
	const char *path, struct tp_error *err)
{
	const char *task_id = record->status->task_id->value;
	struct stream *stream =
		stream_find(updates, record->framework_id->value, task_id);
	bool over = tp_task_state_is_terminal(record->status->state);
	struct update *update;

	if (record->uuid.len != UUID_LEN)
		return tp_fail(err, EINVAL,
			"the update of task '%s' has no uuid of %d bytes", task_id,
			UUID_LEN);
	if (stream == NULL)
		stream = stream_create(updates, record, path);
	if (stream_has(stream, record->uuid))
		return UPDATES_PENDING;
	if (stream_was_acknowledged(stream, record->uuid))
		return UPDATES_ACKNOWLEDGED;
	/* The end is taken in all the same: nobody could say it again. */
	if (stream->n_pending >= UPDATES_PENDING_MAX + (over ? 1U : 0U))
		return tp_fail(err, ENOSPC,
			"%d updates of task '%s' wait for acknowledgement: send it again "
			"later",
			UPDATES_PENDING_MAX, task_id);
	update = update_create(stream, record);
	if (stream->path != NULL) {
		store_updates(stream);
		return UPDATES_NEW;
	}
	update->place = UPDATE_STORED;
	stream_forward(stream);
	return UPDATES_NEW;
}

void stream_retire_front(struct stream *stream)
{
	struct update *front = stream_front(stream);
	struct update *before = stream->newest_acknowledged;

	update_remove(front);
	stream_note_acknowledged(stream, front->record->uuid);
	if (stream->path == NULL) {
		tp_arena_destroy(front->arena);
		return;
	}
	stream->newest_acknowledged = front;
	if (before != NULL)
		tp_arena_destroy(before->arena);
}

int updates_acknowledge(struct updates *updates, const char *framework_id,
	const char *task_id, struct tp_bytes uuid, struct tp_error *err)
{
	struct stream *stream = stream_find(updates, framework_id, task_id);
	struct update *front = stream == NULL ? NULL : stream_front(stream);
	struct tp_status_update *record;
	struct tp_arena *arena;
	bool last;

	if (front == NULL)
		return tp_fail(err, ENOENT,
			"no update of task '%s' of framework %s waits", task_id,
			framework_id);
	record = front->record;
	if (front->place != UPDATE_STORED || uuid.len != UUID_LEN ||
		memcmp(record->uuid.data, uuid.data, UUID_LEN) != 0)
		return tp_fail(err, EINVAL,
			"not the update of task '%s' of framework %s that is in flight",
			task_id, framework_id);
	tp_timer_disarm(updates->instance->loop, &stream->retry);
	stream->delay_ns = UPDATES_RETRY_MIN_NS;
	arena = tp_arena_create(0);
	record = tp_record_copy(&tp_status_update_desc, record, arena);
	stream_retire_front(stream);
	last = tp_task_state_is_terminal(record->status->state);
	store_acknowledgement(stream, record->uuid);
	if (last) {
		store_flush(stream);
		stream_destroy(stream);
	} else {
		stream_forward(stream);
	}
	updates->user.acknowledged(updates->user.user, record, last);
	tp_arena_destroy(arena);
	return 0;
}

void updates_pause(struct updates *updates)
{
	struct tp_list *node, *tmp;

	updates->paused = true;
	tp_map_foreach (node, tmp, &updates->streams) {
		struct stream *stream = tp_map_entry(node, struct stream, node);

		tp_timer_disarm(updates->instance->loop, &stream->retry);
	}
}

void updates_resume(struct updates *updates)
{
	struct tp_list *node, *tmp;

	updates->paused = false;
	tp_map_foreach (node, tmp, &updates->streams) {
		struct stream *stream = tp_map_entry(node, struct stream, node);
		struct update *front = stream_front(stream);

		stream->delay_ns = UPDATES_RETRY_MIN_NS;
		if (front != NULL)
			front->sent = false;
		stream_forward(stream);
	}
}

void updates_cleanup(struct updates *updates, const char *framework_id)
{
	size_t len = strlen(framework_id);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &updates->streams) {
		struct stream *stream = tp_map_entry(node, struct stream, node);

		if (strncmp(stream->key, framework_id, len) == 0 &&
			stream->key[len] == '/')
			stream_destroy(stream);
	}
}

struct updates *updates_create(struct tp_instance *instance, struct journal *journal,
	const struct updates_user *user)
{
	struct updates *updates = tp_alloc(sizeof(*updates));

	updates->instance = instance;
	updates->journal = journal;
	updates->user = *user;
	updates->paused = true;
	tp_map_init(&updates->streams);
	store_init(updates);
	return updates;
}

void updates_flush(struct updates *updates)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &updates->streams) {
		store_flush(tp_map_entry(node, struct stream, node));
	}
}

void updates_destroy(struct updates *updates)
{
	struct tp_list *node, *tmp;

	if (updates == NULL)
		return;
	tp_map_foreach (node, tmp, &updates->streams) {
		stream_destroy(tp_map_entry(node, struct stream, node));
	}
	store_fini(updates);
	tp_map_fini(&updates->streams);
	tp_free(updates);
}

bool updates_held_back(const struct updates *updates, const char *framework_id,
	const char *task_id, int *ret_state)
{
	struct stream *stream = stream_find(updates, framework_id, task_id);
	struct update *newest;

	if (stream == NULL || stream->n_pending == 0 ||
		tp_container_of(stream->pending.prev, struct update, node)->place ==
			UPDATE_STORED)
		return false;
	newest = stream_newest_stored(stream);
	if (newest == NULL)
		newest = stream->newest_acknowledged;
	*ret_state = newest == NULL ? TP_TASK_STAGING : newest->record->status->state;
	return true;
}

const struct tp_status_update *updates_front(
	const struct updates *updates, const char *framework_id, const char *task_id)
{
	struct stream *stream = stream_find(updates, framework_id, task_id);
	const struct update *update = stream == NULL ? NULL : stream_front(stream);

	if (stream != NULL && update == NULL)
		update = stream->newest_acknowledged;
	return update == NULL ? NULL : update->record;
}

bool updates_ended(
	const struct updates *updates, const char *framework_id, const char *task_id)
{
	struct stream *stream = stream_find(updates, framework_id, task_id);
	const struct update *newest = stream == NULL ? NULL : stream->newest_acknowledged;

	if (stream != NULL && stream->n_pending > 0)
		newest = tp_container_of(stream->pending.prev, struct update, node);
	return newest != NULL && tp_task_state_is_terminal(newest->record->status->state);
}

void updates_each_owed(const struct updates *updates,
	void (*each)(void *user, const struct tp_status_update *front), void *user)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &updates->streams) {
		const struct update *front =
			stream_front(tp_map_entry(node, struct stream, node));

		if (front != NULL)
			each(user, front->record);
	}
}

size_t updates_streams(const struct updates *updates)
{
	return updates->streams.n;
}

size_t updates_pending(
	const struct updates *updates, const char *framework_id, const char *task_id)
{
	struct stream *stream = stream_find(updates, framework_id, task_id);

	return stream == NULL ? 0 : stream->n_pending;
}
