/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas: many small allocations with one end. A decoded record tree lives in one arena and
 * dies with it; nothing inside is freed alone. Not thread-safe: one owner at a time.
 */
#ifndef TEPUI_ARENA_H
#define TEPUI_ARENA_H

#include "tepui/base.h"

struct tp_arena;

/*
 * `first_bytes` is the size of the first block (0 takes the default of 1 KiB); later blocks
 * double up to 64 KiB. The arena itself lives in its first block: one malloc for a small tree.
 */
TP_EXPORT struct tp_arena *tp_arena_create(size_t first_bytes);
TP_EXPORT void tp_arena_destroy(struct tp_arena *arena); /* NULL is fine */
TP_EXPORT void tp_arena_cleanup(struct tp_arena **arena);
/* Forgets all allocations and keeps the first block for the next use. */
TP_EXPORT void tp_arena_reset(struct tp_arena *arena);

/* Zeroed, aligned to 8 bytes (for any type but long double), never NULL. */
TP_EXPORT void *tp_arena_alloc(struct tp_arena *arena, size_t bytes);
TP_EXPORT char *tp_arena_strdup(
	struct tp_arena *arena, const char *text); /* NULL -> NULL */
TP_EXPORT char *tp_arena_strndup(struct tp_arena *arena, const char *text, size_t len);
TP_EXPORT void *tp_arena_memdup(struct tp_arena *arena, const void *data, size_t len);
TP_EXPORT char *tp_arena_printf(struct tp_arena *arena, const char *fmt, ...)
	TP_PRINTF(2, 3);

/*
 * Appends to an array of pointers that lives in the arena: grows it geometrically, updates
 * *items and *n. `items` is the address of a `struct x **` member, which is NULL or an array in
 * an arena, never one from elsewhere.
 */
TP_EXPORT void tp_arena_push(struct tp_arena *arena, void *items, size_t *n, void *item);

/* Bytes taken from malloc, for memory accounting. */
TP_EXPORT size_t tp_arena_bytes(const struct tp_arena *arena);

#endif
