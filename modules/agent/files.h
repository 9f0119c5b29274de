/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading sandboxes: LIST_FILES and READ_FILE. A path is the real one of a sandbox or
 * /frameworks/<F>/executors/<E>/{latest,runs/<container>}/..., and never leads out of the
 * sandbox it begins in, not by "..", not by a symbolic link.
 */
#ifndef AGENT_FILES_H
#define AGENT_FILES_H

#include "tepui/kind/calls.h"

#include "agent.h"

/* The most bytes that one READ_FILE brings: 16 pages of 64 KiB. */
#define FILES_READ_MAX (16 * 65536)
#define FILES_LIST_MAX 16384

void files_init(struct agent *agent);
/* Reports once no file is being read; also from inside the call. */
void files_stop(struct agent *agent, struct tp_done *done);
void files_fini(struct agent *agent);

/* The call is a checked agent Call with its member set; answered off the loop. */
void files_list(struct agent *agent, struct tp_submission *submission, const char *path);
void files_read(struct agent *agent, struct tp_submission *submission, const char *path,
	uint64_t offset, bool has_length, uint64_t length);

/*
 * Splits a path into the directory of a sandbox and what is below it ("" or "a/b"). Both are in
 * `arena`. -ENOENT when no sandbox of this agent is meant.
 */
int files_resolve(struct agent *agent, const char *path, struct tp_arena *arena,
	const char **ret_root, const char **ret_below);
/* Opens `below` under `root`, never outside; negative errno. */
int files_open(const char *root, const char *below, int flags);

#endif
