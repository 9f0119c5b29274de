/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The logs of the streams. An update leaves UPDATE_NEW with the write that carries it and becomes
 * UPDATE_STORED when that write was reported durable; only then may it be sent. A write that
 * fails changes nothing but the log's state: the updates wait in memory, where UPDATES_PENDING_MAX
 * bounds them, everything else goes on, and the log is written anew until that succeeds.
 *
 * An acknowledgement waits for company only while nothing else does. With an update behind it, it
 * is written at once and synced, for that update may not overtake it.
 *
 * Invariants: one write of a log is under way at most; a repaired log says all that the old one
 * said and recovery needs: the newest acknowledged update, the uuids of the others, what waits.
 */
#include "updates_stream.h"

#include <errno.h>
#include <string.h>

#include "updates_log.h"

#define FLUSH_NS TP_SEC
#define AGAIN_MIN_NS TP_SEC
#define AGAIN_MAX_NS TP_MIN

static void stream_written(struct journal_entry *entry, int status);

/* --- records --------------------------------------------------------------------------- */

static void add_update(struct tp_strbuf *out, struct tp_status_update *update)
{
	updates_log_encode(
		&(struct tp_status_update_record){
			.has_type = true,
			.type = TP_STATUS_UPDATE_RECORD_UPDATE,
			.update = update,
		},
		out);
}

static void add_acknowledgement(struct tp_strbuf *out, struct tp_bytes uuid)
{
	updates_log_encode(
		&(struct tp_status_update_record){
			.has_type = true,
			.type = TP_STATUS_UPDATE_RECORD_ACK,
			.uuid = uuid,
		},
		out);
}

/* Adds the updates up to `to`, and those that were new are being written. */
static void add_pending(
	struct stream *stream, enum update_place to, struct tp_strbuf *out)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		if (update->place > to)
			continue;
		add_update(out, update->record);
		if (update->place == UPDATE_NEW)
			update->place = UPDATE_WRITING;
	}
}

/* --- writing --------------------------------------------------------------------------- */

/* Appends what waits and reports to stream_written(), if it may and there is something. */
static void stream_write(struct stream *stream)
{
	struct updates *updates = stream->updates;
	unsigned flags = stream->n_pending > 0 ? TP_DISK_SYNC : 0;

	if (stream->log > STREAM_DUE)
		return; /* when that is over it goes on */
	stream->log = STREAM_IDLE;
	add_pending(stream, UPDATE_NEW, &stream->unlogged);
	if (stream->unlogged.len == 0)
		return;
	tp_timer_disarm(updates->instance->loop, &stream->flush);
	stream->log = STREAM_WRITING;
	journal_append(updates->journal, stream->path, stream->unlogged.data,
		stream->unlogged.len, flags, &stream->entry);
	tp_strbuf_fini(&stream->unlogged);
}

static void stream_due(struct tp_defer *defer)
{
	stream_write(tp_container_of(defer, struct stream, due));
}

static void stream_flush(struct tp_timer *timer)
{
	stream_write(tp_container_of(timer, struct stream, flush));
}

/* The whole log from what is in memory. */
static void log_encode(struct stream *stream, struct tp_strbuf *out)
{
	struct update *newest = stream->newest_acknowledged;

	if (newest != NULL)
		add_update(out, newest->record);
	for (size_t at = 0; at < stream->acknowledged.len; at += UUID_LEN)
		add_acknowledgement(out,
			(struct tp_bytes){
				(const uint8_t *)stream->acknowledged.data + at,
				UUID_LEN });
	add_pending(stream, UPDATE_STORED, out);
}

static void stream_repair(struct stream *stream, struct journal_entry *entry)
{
	tp_cleanup(strbuf) struct tp_strbuf data = TP_STRBUF_INIT;

	tp_strbuf_fini(&stream->unlogged); /* acknowledged says it */
	log_encode(stream, &data);
	journal_replace_data(stream->updates->journal, stream->path, data.data, data.len,
		TP_DISK_SYNC | TP_DISK_MKDIRS, entry);
}

/* --- trouble --------------------------------------------------------------------------- */

static void updates_again(struct tp_timer *timer)
{
	struct updates *updates = tp_container_of(timer, struct updates, again);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &updates->streams) {
		struct stream *stream = tp_map_entry(node, struct stream, node);

		if (stream->log != STREAM_BROKEN)
			continue;
		stream->log = STREAM_REPAIRING;
		stream_repair(stream, &stream->entry);
	}
}

static void again_arm(struct updates *updates)
{
	if (tp_timer_armed(&updates->again))
		return;
	tp_timer_arm(updates->instance->loop, &updates->again, updates->again_ns);
	updates->again_ns *= 2;
	if (updates->again_ns > AGAIN_MAX_NS)
		updates->again_ns = AGAIN_MAX_NS;
}

static void stream_failed(struct stream *stream, int status)
{
	struct updates *updates = stream->updates;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		if (update->place == UPDATE_WRITING)
			update->place = UPDATE_NEW;
	}
	if (stream->log == STREAM_WRITING && updates->n_broken++ == 0)
		tp_err(updates->instance,
			"status updates cannot be stored: until they can, those of "
			"checkpointing frameworks wait here and are not sent; trying "
			"again, at least once a minute",
			"path=%s error=%s", stream->path, strerror(-status));
	stream->log = STREAM_BROKEN;
	again_arm(updates);
}

/* One broken log less. true: it was the last. */
static bool broken_less(struct updates *updates)
{
	if (--updates->n_broken > 0)
		return false;
	tp_timer_disarm(updates->instance->loop, &updates->again);
	updates->again_ns = AGAIN_MIN_NS;
	return true;
}

static void stream_written(struct journal_entry *entry, int status)
{
	struct stream *stream = tp_container_of(entry, struct stream, entry);
	struct tp_list *node, *tmp;

	if (status < 0) {
		stream_failed(stream, status);
		return;
	}
	if (stream->log == STREAM_REPAIRING && broken_less(stream->updates))
		tp_info(stream->updates->instance,
			"status updates can be stored again, sending those that waited",
			"%s", "");
	stream->log = STREAM_IDLE;
	stream->unsettled = stream->unlogged.len > 0;
	tp_list_foreach (node, tmp, &stream->pending) {
		struct update *update = tp_container_of(node, struct update, node);

		if (update->place == UPDATE_WRITING)
			update->place = UPDATE_STORED;
	}
	if (stream->n_pending > 0)
		stream_write(stream);
	else if (stream->unlogged.len > 0)
		tp_timer_arm(stream->updates->instance->loop, &stream->flush, FLUSH_NS);
	stream_forward(stream);
}

/* --- for updates.c --------------------------------------------------------------------- */

void store_init(struct updates *updates)
{
	updates->again.fire = updates_again;
	updates->again_ns = AGAIN_MIN_NS;
}

void store_fini(struct updates *updates)
{
	tp_timer_disarm(updates->instance->loop, &updates->again);
}

void store_stream_init(struct stream *stream, const char *path)
{
	stream->path = path == NULL ? NULL : tp_strdup(path);
	stream->flush.fire = stream_flush;
	stream->due.run = stream_due;
	stream->entry.done = stream_written;
}

void store_stream_fini(struct stream *stream)
{
	struct tp_loop *loop = stream->updates->instance->loop;

	tp_timer_disarm(loop, &stream->flush);
	tp_loop_undefer(loop, &stream->due);
	journal_forget(&stream->entry);
	if (stream->log >= STREAM_BROKEN)
		broken_less(stream->updates);
	if (stream->newest_acknowledged != NULL)
		tp_arena_destroy(stream->newest_acknowledged->arena);
	tp_strbuf_fini(&stream->unlogged);
	tp_free(stream->path);
}

void store_updates(struct stream *stream)
{
	if (stream->log != STREAM_IDLE)
		return;
	stream->log = STREAM_DUE;
	tp_loop_defer(stream->updates->instance->loop, &stream->due);
}

void store_acknowledgement(struct stream *stream, struct tp_bytes uuid)
{
	if (stream->path == NULL)
		return;
	stream->unsettled = true;
	if (stream->log == STREAM_BROKEN)
		return; /* the repair will say it */
	add_acknowledgement(&stream->unlogged, uuid);
	if (stream->n_pending > 0)
		store_updates(stream);
	else if (stream->log == STREAM_IDLE && !tp_timer_armed(&stream->flush))
		tp_timer_arm(stream->updates->instance->loop, &stream->flush, FLUSH_NS);
}

void store_recovered(struct stream *stream)
{
	stream->log = STREAM_WRITING;
	stream_repair(stream, &stream->entry);
}

void store_flush(struct stream *stream)
{
	struct journal *journal = stream->updates->journal;

	if (stream->path == NULL)
		return;
	if (stream->log >= STREAM_BROKEN) {
		stream_repair(stream, NULL);
		return;
	}
	add_pending(stream, UPDATE_NEW, &stream->unlogged);
	if (stream->unlogged.len > 0)
		journal_append(journal, stream->path, stream->unlogged.data,
			stream->unlogged.len, 0, NULL);
	tp_strbuf_fini(&stream->unlogged);
}
