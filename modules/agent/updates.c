/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Streams of status updates. An update is made durable (when its stream has a log), then sent
 * as soon as it is the front of its stream and a master is there, then sent again until it is
 * acknowledged. An acknowledgement goes to the log together with the next update, or after a
 * second, and without fsync: after a crash in between an update is sent once more, with the same
 * uuid.
 *
 * Invariants: only the front of a stream is ever sent; no update is sent before its record is
 * stored; the retry timer runs exactly while a front is in flight. A log that cannot be written
 * delays nothing: the journal complains, the update goes out.
 *
 * Log: records of u32 length, u32 checksum (both big-endian), msgpack StatusUpdateRecord.
 */
#include "updates.h"

#include <errno.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/map.h"
#include "tepui/record.h"

#include "updates_log.h"

#define UUID_LEN 16
#define FLUSH_NS TP_SEC
#define ACKNOWLEDGED_MAX 1024 /* uuids per stream that are known as duplicates */

struct updates {
	struct tp_instance *instance;
	struct journal *journal;
	struct updates_user user;
	struct tp_map streams;
	bool paused;
};

struct stream {
	struct tp_map_node node;
	struct updates *updates;
	char *key;  /* "<framework id>/<task id>" */
	char *path; /* of the log; NULL: none */
	struct tp_list pending;
	size_t n_pending;
	struct tp_timer retry;
	int64_t delay_ns;
	struct tp_strbuf unlogged; /* records of acknowledgements that wait for company */
	struct tp_timer flush;
	struct tp_strbuf acknowledged; /* the newest uuids, one after the other */
};

struct update {
	struct tp_list node;
	struct stream *stream;
	struct tp_arena *arena;
	struct tp_status_update *record;
	struct journal_entry entry;
	bool stored;
	bool sent;
};

static void stream_forward(struct stream *stream);

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

static struct update *stream_front(struct stream *stream)
{
	return tp_list_first(&stream->pending, struct update, node);
}

static void update_destroy(struct update *update)
{
	tp_list_remove(&update->node);
	update->stream->n_pending--;
	journal_forget(&update->entry);
	tp_arena_destroy(update->arena);
}

static void stream_destroy(struct stream *stream)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		update_destroy(tp_container_of(node, struct update, node));
	}
	tp_timer_disarm(stream->updates->instance->loop, &stream->retry);
	tp_timer_disarm(stream->updates->instance->loop, &stream->flush);
	tp_strbuf_fini(&stream->unlogged);
	tp_map_remove(&stream->updates->streams, &stream->node);
	tp_strbuf_fini(&stream->acknowledged);
	tp_free(stream->path);
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

/* Writes what waits; entry NULL: nobody wants to know when. */
static void stream_write(
	struct stream *stream, unsigned flags, struct journal_entry *entry)
{
	struct updates *updates = stream->updates;

	if (stream->unlogged.len == 0)
		return;
	tp_timer_disarm(updates->instance->loop, &stream->flush);
	journal_append(updates->journal, stream->path, stream->unlogged.data,
		stream->unlogged.len, flags, entry);
	tp_strbuf_fini(&stream->unlogged);
}

static void stream_flush(struct tp_timer *timer)
{
	stream_write(tp_container_of(timer, struct stream, flush), 0, NULL);
}

static struct stream *stream_create(
	struct updates *updates, const struct tp_status_update *update, const char *path)
{
	struct stream *stream = tp_alloc(sizeof(*stream));

	stream->updates = updates;
	stream->key =
		stream_key(update->framework_id->value, update->status->task_id->value);
	stream->path = path == NULL ? NULL : tp_strdup(path);
	stream->retry.fire = stream_retry;
	stream->flush.fire = stream_flush;
	stream->delay_ns = UPDATES_RETRY_MIN_NS;
	tp_list_init(&stream->pending);
	tp_map_add(&updates->streams, &stream->node, stream->key);
	return stream;
}

/* Sends the front if it may be sent now. */
static void stream_forward(struct stream *stream)
{
	struct updates *updates = stream->updates;
	struct update *front = stream_front(stream);
	struct update *newest;

	if (front == NULL || updates->paused || front->sent || !front->stored)
		return;
	newest = tp_container_of(stream->pending.prev, struct update, node);
	front->record->has_latest_state = true;
	front->record->latest_state = newest->record->status->state;
	front->sent = true;
	tp_timer_arm(updates->instance->loop, &stream->retry, stream->delay_ns);
	updates->user.forward(updates->user.user, front->record);
}

static void update_stored(struct journal_entry *entry, int status)
{
	struct update *update = tp_container_of(entry, struct update, entry);

	(void)status; /* the journal has said it */
	update->stored = true;
	stream_forward(update->stream);
}

/* The copy lives in its own arena, together with its bookkeeping. */
static struct update *update_create(
	struct stream *stream, const struct tp_status_update *record)
{
	struct tp_arena *arena = tp_arena_create(512);
	struct update *update = tp_arena_alloc(arena, sizeof(*update));

	update->arena = arena;
	update->stream = stream;
	update->record = tp_record_copy(&tp_status_update_desc, record, arena);
	update->entry.done = update_stored;
	tp_list_append(&stream->pending, &update->node);
	stream->n_pending++;
	return update;
}

static bool stream_was_acknowledged(const struct stream *stream, struct tp_bytes uuid)
{
	for (size_t at = 0; at < stream->acknowledged.len; at += UUID_LEN) {
		if (memcmp(stream->acknowledged.data + at, uuid.data, UUID_LEN) == 0)
			return true;
	}
	return false;
}

static bool stream_has(const struct stream *stream, struct tp_bytes uuid)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		if (memcmp(update->record->uuid.data, uuid.data, UUID_LEN) == 0)
			return true;
	}
	return false;
}

static void stream_note_acknowledged(struct stream *stream, struct tp_bytes uuid)
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
	if (stream->n_pending >= UPDATES_PENDING_MAX)
		return tp_fail(err, ENOSPC,
			"%d updates of task '%s' wait for acknowledgement: send it again "
			"later",
			UPDATES_PENDING_MAX, task_id);
	update = update_create(stream, record);
	if (stream->path == NULL) {
		update->stored = true;
		stream_forward(stream);
		return UPDATES_NEW;
	}
	updates_log_encode(
		&(struct tp_status_update_record){
			.has_type = true,
			.type = TP_STATUS_UPDATE_RECORD_UPDATE,
			.update = update->record,
		},
		&stream->unlogged);
	stream_write(stream, TP_DISK_SYNC, &update->entry);
	return UPDATES_NEW;
}

static void stream_log_acknowledgement(struct stream *stream, struct tp_bytes uuid)
{
	if (stream->path == NULL)
		return;
	updates_log_encode(
		&(struct tp_status_update_record){
			.has_type = true,
			.type = TP_STATUS_UPDATE_RECORD_ACK,
			.uuid = uuid,
		},
		&stream->unlogged);
	if (!tp_timer_armed(&stream->flush))
		tp_timer_arm(stream->updates->instance->loop, &stream->flush, FLUSH_NS);
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
	if (!front->stored || uuid.len != UUID_LEN ||
		memcmp(record->uuid.data, uuid.data, UUID_LEN) != 0)
		return tp_fail(err, EINVAL,
			"not the update of task '%s' of framework %s that is in flight",
			task_id, framework_id);
	tp_timer_disarm(updates->instance->loop, &stream->retry);
	stream->delay_ns = UPDATES_RETRY_MIN_NS;
	stream_note_acknowledged(stream, record->uuid);
	arena = tp_arena_create(0);
	record = tp_record_copy(&tp_status_update_desc, record, arena);
	update_destroy(front);
	last = updates_log_is_terminal(record->status->state);
	stream_log_acknowledgement(stream, record->uuid);
	if (last) {
		stream_write(stream, 0, NULL);
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

static void recover_acknowledgement(struct stream *stream, struct tp_bytes uuid)
{
	struct update *front = stream_front(stream);

	if (front == NULL || uuid.len != UUID_LEN ||
		memcmp(front->record->uuid.data, uuid.data, UUID_LEN) != 0)
		return; /* of an update that was acknowledged before */
	stream_note_acknowledged(stream, uuid);
	update_destroy(front);
}

/* One record of the log, while it is replayed. */
static void recover_record(struct updates *updates, const char *path,
	const struct tp_status_update_record *record, struct stream **stream,
	struct updates_recovered *ret)
{
	if (record->type == TP_STATUS_UPDATE_RECORD_ACK) {
		if (*stream != NULL)
			recover_acknowledgement(*stream, record->uuid);
		return;
	}
	if (record->update == NULL || record->update->uuid.len != UUID_LEN)
		return;
	if (*stream == NULL)
		*stream = stream_create(updates, record->update, path);
	if (stream_has(*stream, record->update->uuid) ||
		stream_was_acknowledged(*stream, record->update->uuid))
		return;
	update_create(*stream, record->update)->stored = true;
	ret->n_updates++;
	ret->last = record->update;
}

int updates_recover(struct updates *updates, const char *path, const void *data,
	size_t len, struct tp_arena *arena, struct updates_recovered *ret,
	struct tp_error *err)
{
	struct stream *stream = NULL;
	size_t at = 0;

	memset(ret, 0, sizeof(*ret));
	while (at < len) {
		struct tp_status_update_record *record = NULL;
		int r = updates_log_decode(data, len, &at, arena, &record, err);

		if (r == 0) {
			ret->torn_bytes = len - at;
			break;
		}
		if (r < 0) {
			if (stream != NULL)
				stream_destroy(stream);
			return tp_wrap(err, r, "%s", path);
		}
		recover_record(updates, path, record, &stream, ret);
	}
	if (stream != NULL && ret->last != NULL && stream->n_pending == 0 &&
		updates_log_is_terminal(ret->last->status->state)) {
		ret->terminal_acknowledged = true;
		stream_destroy(stream);
	}
	return 0;
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
	return updates;
}

void updates_flush(struct updates *updates)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &updates->streams) {
		struct stream *stream = tp_map_entry(node, struct stream, node);

		stream_write(stream, 0, NULL);
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
	tp_map_fini(&updates->streams);
	tp_free(updates);
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
