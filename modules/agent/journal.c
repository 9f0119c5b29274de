/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes under way. Each is a small object of its own that outlives whoever asked for it, so
 * that a task or a stream can go away while its last record is still on its way to the disk.
 *
 * Not a checkpoint format: checkpoint.c knows paths, updates.c knows the log of updates.
 */
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/codec.h"

#include "agent.h"

struct journal {
	struct tp_instance *instance; /* NULL: it is gone */
	const struct tp_disk_service *disk;
	size_t pending;
	struct tp_done *drained;
};

struct journal_write {
	struct tp_disk_request request;
	struct journal *journal;
	struct journal_entry *entry; /* NULL: nobody wants to know */
	bool watched;                /* somebody wanted to: a failure is his to tell */
	char path[];                 /* for the log */
};

struct journal *journal_create(
	struct tp_instance *instance, const struct tp_disk_service *disk)
{
	struct journal *journal = tp_alloc(sizeof(*journal));

	journal->instance = instance;
	journal->disk = disk;
	return journal;
}

/* A write that nobody waited for, begun when all was drained, still points here: the last one frees it. */
void journal_destroy(struct journal *journal)
{
	journal->instance = NULL;
	if (journal->pending == 0)
		tp_free(journal);
}

static void ownerless_done(struct journal *journal, struct journal_write *write)
{
	tp_free(write);
	if (--journal->pending == 0)
		tp_free(journal);
}

static void journal_done(struct tp_disk_request *request, int status)
{
	struct journal_write *write =
		tp_container_of(request, struct journal_write, request);
	struct journal *journal = write->journal;
	struct journal_entry *entry = write->entry;

	if (journal->instance == NULL) {
		ownerless_done(journal, write);
		return;
	}
	if (status < 0 && !write->watched)
		tp_err(journal->instance,
			"cannot write the checkpoint: after a crash of the agent this is "
			"not known any more",
			"path=%s error=%s", write->path, request->err.text);
	tp_free(write);
	journal->pending--;
	if (entry != NULL) {
		entry->write = NULL;
		entry->done(entry, status);
	}
	if (journal->pending == 0 && journal->drained != NULL) {
		struct tp_done *drained = journal->drained;

		journal->drained = NULL;
		tp_done(drained, 0);
	}
}

static struct journal_write *journal_begin(
	struct journal *journal, const char *path, struct journal_entry *entry)
{
	size_t len = strlen(path) + 1;
	struct journal_write *write = tp_alloc(sizeof(*write) + len);

	write->request.done = journal_done;
	write->journal = journal;
	write->entry = entry;
	memcpy(write->path, path, len);
	write->watched = entry != NULL;
	if (entry != NULL)
		entry->write = write;
	journal->pending++;
	return write;
}

void journal_replace_data(struct journal *journal, const char *path, const void *data,
	size_t len, unsigned flags, struct journal_entry *entry)
{
	struct journal_write *write = journal_begin(journal, path, entry);

	journal->disk->ops->replace(
		journal->disk->impl, &write->request, path, data, len, flags);
}

void journal_replace_text(struct journal *journal, const char *path, const char *text,
	unsigned flags, struct journal_entry *entry)
{
	journal_replace_data(journal, path, text, strlen(text), flags, entry);
}

void journal_replace(struct journal *journal, const char *path,
	const struct tp_desc *desc, const void *record, unsigned flags,
	struct journal_entry *entry)
{
	tp_cleanup(strbuf) struct tp_strbuf data = TP_STRBUF_INIT;

	tp_msgpack_encode(desc, record, &data);
	journal_replace_data(journal, path, data.data, data.len, flags, entry);
}

void journal_append(struct journal *journal, const char *path, const void *data,
	size_t len, unsigned flags, struct journal_entry *entry)
{
	struct journal_write *write = journal_begin(journal, path, entry);

	journal->disk->ops->append(
		journal->disk->impl, &write->request, path, data, len, flags);
}

static int write_file(const char *path, const char *fresh, const void *data, size_t len)
{
	tp_cleanup(fd) int fd =
		open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return -errno;
	if (write(fd, data, len) != (ssize_t)len)
		return errno != 0 ? -errno : -EIO;
	return rename(fresh, path) < 0 ? -errno : 0;
}

int journal_write_now(
	const char *path, const void *data, size_t len, struct tp_error *err)
{
	tp_cleanup(ptr) char *fresh = tp_asprintf("%s.new", path);
	int r;

	errno = 0;
	r = write_file(path, fresh, data, len);
	return r < 0 ? tp_fail_errno(err, -r, "writing '%s'", path) : 0;
}

int journal_record_now(const char *path, const struct tp_desc *desc, const void *record,
	struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf data = TP_STRBUF_INIT;

	tp_msgpack_encode(desc, record, &data);
	return journal_write_now(path, data.data, data.len, err);
}

void journal_remove(struct journal *journal, const char *path)
{
	struct journal_write *write = journal_begin(journal, path, NULL);

	journal->disk->ops->remove(journal->disk->impl, &write->request, path, 0);
}

void journal_forget(struct journal_entry *entry)
{
	if (entry->write == NULL)
		return;
	entry->write->entry = NULL;
	entry->write = NULL;
}

void journal_stop(struct agent *agent, struct tp_done *done)
{
	struct journal *journal = agent->journal;

	if (journal->pending == 0) {
		tp_done(done, 0);
		return;
	}
	journal->drained = done;
}
