/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plays the log of a task: what was logged and not acknowledged is pending again, with the same
 * uuids. An acknowledgement without its update is what a repaired log says of older ones.
 *
 * What was read may have been written by an agent that was killed before its fsync: a log with
 * something pending is written anew, and that is durable before anything is sent.
 */
#include <errno.h>
#include <string.h>

#include "tepui/task_life.h"

#include "updates_log.h"
#include "updates_stream.h"

static void recover_acknowledgement(struct stream *stream, struct tp_bytes uuid)
{
	struct update *front = stream_front(stream);

	if (uuid.len != UUID_LEN)
		return;
	if (front != NULL && memcmp(front->record->uuid.data, uuid.data, UUID_LEN) == 0)
		stream_retire_front(stream);
	else if (!stream_was_acknowledged(stream, uuid))
		stream_note_acknowledged(stream, uuid); /* a repaired log: no update */
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
	update_create(*stream, record->update);
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
	if (stream == NULL) {
		if (ret->torn_bytes > 0)
			journal_replace_data(
				updates->journal, path, "", 0, TP_DISK_SYNC, NULL);
		return 0;
	}
	if (stream->n_pending == 0 &&
		tp_task_state_is_terminal(ret->last->status->state)) {
		ret->terminal_acknowledged = true;
		stream_destroy(stream);
	} else if (stream->n_pending > 0 || ret->torn_bytes > 0) {
		store_recovered(stream);
	}
	return 0;
}
