/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call changes of quota or weights: all of it is durable before any of it holds, and the call
 * is answered after both. One object per call, with an arena for what hangs on it.
 */
#ifndef MASTER_SETTINGS_H
#define MASTER_SETTINGS_H

#include "tepui/kind/calls.h"

#include "registrar.h"

/* Roles in one call; each is compared with each. */
#define SETTINGS_MAX 1000

struct settings_change {
	struct tp_arena *arena;
	/* What is wanted, as stored() takes it; of the call or of the arena. */
	const void *wanted;
	/* It is durable: the master and the allocator take it over. */
	void (*stored)(struct master *m, const void *wanted);
	struct master *master;
	/* Among the owner's changes that the registry is being told of. */
	struct tp_list node;

	/* private */
	struct registrar_operation operation;
	struct tp_submission *submission;
	struct registrar_setting *items;
	size_t n, size;
};

struct settings_change *settings_create(
	struct master *m, struct tp_submission *submission);
/* Borrows both; record NULL: there is none any more. */
void settings_add(struct settings_change *change, const char *key, const void *record);
/*
 * Takes the change. With a negative `r` it is refused for `err`; else it is stored, if there is
 * anything to store, and then answered with 200. It is in the list `storing` until just before
 * stored().
 */
void settings_apply(struct settings_change *change, enum tp_registry_what what,
	struct tp_list *storing, int r, const struct tp_error *err);

#endif
