/* SPDX-License-Identifier: Apache-2.0 */
#include "resource_file.h"

#include <errno.h>

#include "tepui/codec.h"
#include "tepui/record.h"

#define FILE_MAX_BYTES (64 * 1024 * 1024)
#define WRITE_RETRY_MIN_NS TP_SEC
#define WRITE_RETRY_MAX_NS TP_MIN

static void retry_write(struct tp_timer *timer)
{
	resource_file_write(tp_container_of(timer, struct resource_file, retry));
}

static void write_again(struct resource_file *file)
{
	tp_warn(file->agent, "reservations and volumes cannot be stored, trying again",
		"path=%s in_s=%lld", file->path, (long long)(file->retry_ns / TP_SEC));
	tp_timer_arm(file->agent->instance.loop, &file->retry, file->retry_ns);
	file->retry_ns *= 2;
	if (file->retry_ns > WRITE_RETRY_MAX_NS)
		file->retry_ns = WRITE_RETRY_MAX_NS;
}

static void written(struct journal_entry *entry, int status)
{
	struct resource_file *file = tp_container_of(entry, struct resource_file, entry);
	uint64_t generation = file->writing;
	struct operations_waiter *waiter;

	file->writing = 0;
	if (status < 0) {
		write_again(file);
		return;
	}
	file->retry_ns = WRITE_RETRY_MIN_NS;
	file->stored = generation;
	file->on_stored(file);
	resource_file_write(file);
	while (file->stored == file->generation &&
		(waiter = tp_list_first(
			 &file->waiters, struct operations_waiter, node)) != NULL) {
		operations_forget(waiter);
		waiter->settled(waiter);
	}
}

void resource_file_init(struct resource_file *file)
{
	file->entry.done = written;
	file->retry.fire = retry_write;
	file->retry_ns = WRITE_RETRY_MIN_NS;
	tp_list_init(&file->waiters);
}

void resource_file_fini(struct resource_file *file)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &file->waiters)
		operations_forget(tp_container_of(node, struct operations_waiter, node));
	tp_timer_disarm(file->agent->instance.loop, &file->retry);
	journal_forget(&file->entry);
	tp_free(file->path);
}

void resource_file_write(struct resource_file *file)
{
	tp_cleanup(arena) struct tp_arena *arena = NULL;
	struct tp_resource_state *state;
	uint64_t generation = file->ready(file);

	if (file->writing != 0 || generation <= file->stored)
		return;
	arena = tp_arena_create(0);
	state = tp_record_new(&tp_resource_state_desc, arena);
	file->fill(file, state, arena);
	file->writing = generation;
	journal_replace(file->agent->journal, file->path, &tp_resource_state_desc, state,
		TP_DISK_SYNC | TP_DISK_MKDIRS, &file->entry);
}

bool resource_file_settled(struct resource_file *file, struct operations_waiter *waiter)
{
	if (file->stored == file->generation)
		return true;
	if (!waiter->waiting)
		tp_list_append(&file->waiters, &waiter->node);
	waiter->waiting = true;
	return false;
}

int resource_file_read(struct resource_file *file, struct tp_arena *arena,
	struct tp_resource_state **ret, struct tp_error *err)
{
	const struct agent *agent = file->agent;
	tp_cleanup(ptr) char *data = NULL;
	void *record;
	size_t len;
	int r;

	*ret = NULL;
	file->path = tp_asprintf("%s/meta/resources/resources_and_operations.state",
		agent->config.work_dir);
	r = agent->disk.ops->read(
		agent->disk.impl, file->path, FILE_MAX_BYTES, &data, &len, err);
	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = tp_msgpack_decode(
			&tp_resource_state_desc, data, len, arena, &record, err);
	if (r >= 0)
		r = tp_record_check(&tp_resource_state_desc, record, err);
	if (r < 0)
		return tp_wrap(err, r, "%s", file->path);
	*ret = record;
	return 0;
}
