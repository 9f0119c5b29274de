/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of what operations made of the agent's resources: see operations.h for where it lies. One
 * write is under way at a time, what comes meanwhile goes with the next. A write that fails is
 * tried again, more and more slowly, and nobody is told anything before it went well.
 *
 * What is in memory has a number, the generation, that its owner counts up with each change.
 */
#ifndef AGENT_RESOURCE_FILE_H
#define AGENT_RESOURCE_FILE_H

#include "tepui/wire/internal.h"

#include "journal.h"
#include "operations.h"

/* Embed it; the owner fills `agent` and the three calls before init. */
struct resource_file {
	struct agent *agent;
	/* The newest generation that may be stored now, and the record of it. */
	uint64_t (*ready)(const struct resource_file *file);
	void (*fill)(const struct resource_file *file, struct tp_resource_state *ret,
		struct tp_arena *arena);
	/* More is stored than before. Those who wait hear of it after this. */
	void (*on_stored)(struct resource_file *file);

	uint64_t generation; /* of what is in memory */
	uint64_t stored;     /* of what is in the file */

	/* private */
	char *path;
	uint64_t writing; /* of what is under way; 0 = nothing */
	struct journal_entry entry;
	struct tp_timer retry;
	int64_t retry_ns;
	struct tp_list waiters;
};

void resource_file_init(struct resource_file *file);
/* Who waits is forgotten. */
void resource_file_fini(struct resource_file *file);
/* NULL when there is none, in the arena. What is damaged is an error that names the file. */
int resource_file_read(struct resource_file *file, struct tp_arena *arena,
	struct tp_resource_state **ret, struct tp_error *err);
/* Writes what is ready and not stored, now or after what is under way. */
void resource_file_write(struct resource_file *file);
/* Is all of it stored? If not, the waiter is called when it is. */
bool resource_file_settled(struct resource_file *file, struct operations_waiter *waiter);

#endif
