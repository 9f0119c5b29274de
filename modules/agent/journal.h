/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's writes through the disk service: records that replace a file, bytes that are
 * appended, trees that are removed. Counts what is under way, so that the agent can stop in
 * order. A failed write is logged here, unless the caller gets it in done(): then it is his.
 */
#ifndef AGENT_JOURNAL_H
#define AGENT_JOURNAL_H

#include "tepui/disk.h"
#include "tepui/field.h"
#include "tepui/module.h"

struct agent;
struct journal;

/* Yours until done(); journal_forget() takes it back. */
struct journal_entry {
	void (*done)(struct journal_entry *entry, int status);
	struct journal_write *write; /* private; NULL = nothing is under way */
};

struct journal *journal_create(
	struct tp_instance *instance, const struct tp_disk_service *disk);
/* Only after journal_stop() has reported. */
void journal_destroy(struct journal *journal);

/* Encodes the record and replaces the file. `flags` as in disk.h; entry may be NULL. */
void journal_replace(struct journal *journal, const char *path,
	const struct tp_desc *desc, const void *record, unsigned flags,
	struct journal_entry *entry);
/*
 * At once, without fsync and without the disk service, whose queue may be behind an fsync: for
 * what must be there before a container starts. It survives kill -9 of the agent; a loss of power
 * leaves nothing that it would help to find.
 */
int journal_write_now(
	const char *path, const void *data, size_t len, struct tp_error *err);
int journal_record_now(const char *path, const struct tp_desc *desc, const void *record,
	struct tp_error *err);
void journal_replace_text(struct journal *journal, const char *path, const char *text,
	unsigned flags, struct journal_entry *entry);
void journal_replace_data(struct journal *journal, const char *path, const void *data,
	size_t len, unsigned flags, struct journal_entry *entry);
void journal_append(struct journal *journal, const char *path, const void *data,
	size_t len, unsigned flags, struct journal_entry *entry);
void journal_remove(struct journal *journal, const char *path);
/* done() will not come; the write goes on. */
void journal_forget(struct journal_entry *entry);
/* Reports once nothing is under way; also from inside the call. */
void journal_stop(struct agent *agent, struct tp_done *done);

#endif
