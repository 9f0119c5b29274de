/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See acknowledged.h. Reads what goes into logs of updates, records of u32 length, u32 checksum
 * and a StatusUpdateRecord, and what agents send.
 */
#include "acknowledged.h"

#include <stdio.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/ids.h"
#include "tepui/map.h"

#define HEAD_BYTES 8
#define FRAME_HEAD_BYTES 4 /* [kind, id, type, body]: one byte each before the body */
#define FRAME_MESSAGE 4    /* the kind */

struct acknowledged {
	struct tp_map uuids;
	struct watch {
		struct acknowledged *self;
		unsigned agent;
	} watches[CLUSTER_MACHINES_MAX];
	char wrong[64];
};

/* One update whose acknowledgement was written. */
struct entry {
	struct tp_map_node node;
	char uuid[2 * TP_UUID_BYTES + 1];
	unsigned agent;
	char *path; /* of the log */
	bool synced;
};

static void print_uuid(const struct tp_bytes *uuid, char *ret)
{
	for (size_t i = 0; i < uuid->len && i < TP_UUID_BYTES; i++)
		sprintf(ret + 2 * i, "%02x", uuid->data[i]);
}

static void entry_free(struct acknowledged *self, struct entry *entry)
{
	tp_map_remove(&self->uuids, &entry->node);
	tp_free(entry->path);
	tp_free(entry);
}

static void note(const struct watch *watch, const char *path, const struct tp_bytes *uuid)
{
	struct entry *entry;

	if (uuid->len != TP_UUID_BYTES)
		return;
	entry = tp_alloc(sizeof *entry);
	print_uuid(uuid, entry->uuid);
	entry->agent = watch->agent;
	entry->path = tp_strdup(path);
	if (tp_map_add(&watch->self->uuids, &entry->node, entry->uuid))
		return;
	tp_free(entry->path);
	tp_free(entry);
}

static uint32_t get_u32(const uint8_t *in)
{
	return (uint32_t)in[0] << 24 | (uint32_t)in[1] << 16 | (uint32_t)in[2] << 8 |
		in[3];
}

static void read_log(
	const struct watch *watch, const char *path, const uint8_t *data, size_t len)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	const struct tp_status_update_record *record;

	while (len >= HEAD_BYTES) {
		size_t body = get_u32(data);
		void *decoded;

		if (body > len - HEAD_BYTES ||
			tp_msgpack_decode(&tp_status_update_record_desc,
				data + HEAD_BYTES, body, arena, &decoded, NULL) < 0)
			return;
		record = decoded;
		if (record->type == TP_STATUS_UPDATE_RECORD_ACK)
			note(watch, path, &record->uuid);
		data += HEAD_BYTES + body;
		len -= HEAD_BYTES + body;
	}
}

static bool is_log(const char *path)
{
	const char *name = strrchr(path, '/');

	return name != NULL && strcmp(name, "/task.updates") == 0;
}

static void on_written(
	void *user, const char *path, const void *data, size_t len, bool synced)
{
	const struct watch *watch = user;
	struct tp_list *node, *tmp;

	if (!is_log(path))
		return;
	read_log(watch, path, data, len);
	tp_map_foreach (node, tmp, &watch->self->uuids) {
		struct entry *entry = tp_map_entry(node, struct entry, node);

		entry->synced |= synced && strcmp(entry->path, path) == 0;
	}
}

static void on_power_loss(void *user)
{
	const struct watch *watch = user;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &watch->self->uuids) {
		struct entry *entry = tp_map_entry(node, struct entry, node);

		if (entry->agent == watch->agent && !entry->synced)
			entry_free(watch->self, entry);
	}
}

static void on_sent(void *user, const void *data, size_t len)
{
	struct acknowledged *self = user;
	const uint8_t *bytes = data;
	char uuid[2 * TP_UUID_BYTES + 1] = "";
	const struct tp_status_update *update;
	struct tp_arena *arena;
	void *decoded;

	if (len <= FRAME_HEAD_BYTES || bytes[1] != FRAME_MESSAGE ||
		bytes[3] != TP_MESSAGE_STATUS_UPDATE)
		return;
	arena = tp_arena_create(0);
	if (tp_msgpack_decode(&tp_status_update_desc, bytes + FRAME_HEAD_BYTES,
		    len - FRAME_HEAD_BYTES, arena, &decoded, NULL) >= 0) {
		update = decoded;
		print_uuid(&update->uuid, uuid);
		if (self->wrong[0] == '\0' && tp_map_find(&self->uuids, uuid) != NULL)
			snprintf(self->wrong, sizeof self->wrong, "%s",
				update->status->task_id->value);
	}
	tp_arena_destroy(arena);
}

struct acknowledged *acknowledged_create(struct cluster *c)
{
	struct acknowledged *self = tp_alloc(sizeof *self);

	tp_map_init(&self->uuids);
	for (size_t i = 0; i < c->n_machines; i++) {
		struct watch *watch = &self->watches[i];
		const struct sim_disk_watcher watcher = {
			.written = on_written, .power_loss = on_power_loss, .user = watch
		};

		watch->self = self;
		watch->agent = (unsigned)i;
		if (!c->machines[i].is_master)
			sim_disk_watch(c->machines[i].sim_disk, &watcher);
	}
	fake_transport_watch(c->network, on_sent, self);
	return self;
}

void acknowledged_destroy(struct acknowledged *self)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &self->uuids)
		entry_free(self, tp_map_entry(node, struct entry, node));
	tp_map_fini(&self->uuids);
	tp_free(self);
}

const char *acknowledged_wrong(const struct acknowledged *self)
{
	return self->wrong[0] == '\0' ? NULL : self->wrong;
}

size_t acknowledged_count(const struct acknowledged *self)
{
	return self->uuids.n;
}
