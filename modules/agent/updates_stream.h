/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the three files of the update manager share: updates.c sends and takes acknowledgements,
 * updates_store.c keeps the logs, updates_recover.c plays them. Nobody else includes this.
 */
#ifndef AGENT_UPDATES_STREAM_H
#define AGENT_UPDATES_STREAM_H

#include "tepui/list.h"
#include "tepui/map.h"
#include "tepui/strbuf.h"

#include "updates.h"

#define UUID_LEN 16

struct updates {
	struct tp_instance *instance;
	struct journal *journal;
	struct updates_user user;
	struct tp_map streams;
	bool paused;
	/* Trouble with the disk: common to all logs, so it is told and tried again in common. */
	size_t n_broken;       /* streams in STREAM_BROKEN or STREAM_REPAIRING */
	struct tp_timer again; /* repairs all broken logs */
	int64_t again_ns;
};

/*
 * The log of a stream; one write at a time, so that the order in the file is that of the stream.
 *
 *	IDLE ─an update─► DUE ─end of the turn─► WRITING ─ok─► IDLE (or WRITING: more came meanwhile)
 *	                                             └─failed─► BROKEN ─timer─► REPAIRING ─ok─► IDLE
 *	                                                           ▲───────failed─────┘
 *
 * An acknowledgement with an update behind it does what an update does; another one makes
 * an idle log WRITING after a moment.
 *
 * REPAIRING replaces the whole file: after a failure nobody knows what is in it.
 */
enum stream_log {
	STREAM_IDLE,
	STREAM_DUE,
	STREAM_WRITING,
	STREAM_BROKEN,
	STREAM_REPAIRING,
};

struct stream {
	struct tp_map_node node;
	struct updates *updates;
	char *key; /* "<framework id>/<task id>" */
	struct tp_list pending;
	size_t n_pending;
	struct tp_timer retry;
	int64_t delay_ns;
	struct tp_strbuf acknowledged; /* the newest uuids, one after the other */

	char *path; /* of the log; NULL: none, what follows is not used */
	enum stream_log log;
	struct tp_strbuf unlogged; /* records of acknowledgements that wait for company */
	bool unsettled;        /* one waits or is being written: no update overtakes it */
	struct tp_timer flush; /* their patience */
	struct tp_defer due;
	struct journal_entry entry;         /* of the write under way */
	struct update *newest_acknowledged; /* for a repair; NULL before the first */
};

enum update_place {
	UPDATE_NEW,     /* not in the log */
	UPDATE_WRITING, /* in the write that is under way */
	UPDATE_STORED,  /* durable, or it has no log: it may be sent */
};

struct update {
	struct tp_list node;
	struct stream *stream;
	struct tp_arena *arena; /* holds this too */
	struct tp_status_update *record;
	enum update_place place;
	bool sent;
};

/* updates.c */
struct stream *stream_create(
	struct updates *updates, const struct tp_status_update *update, const char *path);
void stream_destroy(struct stream *stream);
struct update *stream_front(struct stream *stream);
bool stream_has(const struct stream *stream, struct tp_bytes uuid);
bool stream_was_acknowledged(const struct stream *stream, struct tp_bytes uuid);
void stream_note_acknowledged(struct stream *stream, struct tp_bytes uuid);
/* Copies the record; it lives in its own arena, together with its bookkeeping. */
struct update *update_create(
	struct stream *stream, const struct tp_status_update *record);
/* The front was acknowledged: it is the stream's newest_acknowledged now. */
void stream_retire_front(struct stream *stream);
/* Sends the front if it may be sent now. */
void stream_forward(struct stream *stream);

/* updates_store.c */
void store_init(struct updates *updates);
void store_fini(struct updates *updates);
void store_stream_init(struct stream *stream, const char *path);
void store_stream_fini(struct stream *stream);
/* What waits is written at the end of this turn, or when the log is free. */
void store_updates(struct stream *stream);
/*
 * The front was acknowledged and retired: that is written after a moment or with the next update,
 * at once when there is one, which is forwarded then.
 */
void store_acknowledgement(struct stream *stream, struct tp_bytes uuid);
/* Its log was read: it is written anew. */
void store_recovered(struct stream *stream);
/* Writes what waits at once; nobody hears how it went. Before the stream goes. */
void store_flush(struct stream *stream);

#endif
