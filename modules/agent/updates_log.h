/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a task.updates file: records with length and checksum, so that a tail which a
 * crash cut short is told from damage.
 */
#ifndef AGENT_UPDATES_LOG_H
#define AGENT_UPDATES_LOG_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/strbuf.h"
#include "tepui/wire/internal.h"

/* Appends one record. */
void updates_log_encode(
	const struct tp_status_update_record *record, struct tp_strbuf *out);
/*
 * Reads the record at *at and moves on. 1: *ret is one; 0: the rest is a torn tail; negative:
 * the file is damaged.
 */
int updates_log_decode(const void *data, size_t len, size_t *at, struct tp_arena *arena,
	struct tp_status_update_record **ret, struct tp_error *err);

#endif
