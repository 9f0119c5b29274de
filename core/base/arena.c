/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arenas as a chain of blocks; the newest block serves. Inside a block objects grow up from the
 * front, aligned, and text grows down from the end, unaligned: nothing is lost between them.
 * The arena is the first object of its first block. What does not fit a block of the usual size
 * gets a block of its own behind the serving one.
 */
#include "tepui/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ALIGN ((size_t)8)
#define FIRST_DEFAULT ((size_t)1024)
#define BLOCK_MAX ((size_t)65536)

struct block {
	struct block *older;
	size_t size;  /* of the block, this header included */
	size_t front; /* objects end here */
	size_t back;  /* text begins here */
};

struct tp_arena {
	struct block *serving;
	struct block *first;
	size_t bytes;
	size_t next_size;
};

/* Stands before an array that tp_arena_push() made; `tag` proves that it does. */
struct push_head {
	uintptr_t tag;
	size_t room;
};

static size_t align_up(size_t bytes)
{
	return (bytes + ALIGN - 1) & ~(ALIGN - 1);
}

static struct block *block_create(size_t size)
{
	struct block *block = tp_realloc(NULL, size);

	block->older = NULL;
	block->size = size;
	block->front = align_up(sizeof *block);
	block->back = size;
	return block;
}

struct tp_arena *tp_arena_create(size_t first_bytes)
{
	size_t least = align_up(sizeof(struct block)) + align_up(sizeof(struct tp_arena));
	struct tp_arena *arena;
	struct block *block;

	if (first_bytes == 0)
		first_bytes = FIRST_DEFAULT;
	if (first_bytes < least)
		first_bytes = least;
	block = block_create(first_bytes);
	arena = (struct tp_arena *)(void *)((char *)block + block->front);
	block->front += align_up(sizeof *arena);
	arena->serving = block;
	arena->first = block;
	arena->bytes = first_bytes;
	arena->next_size = first_bytes < BLOCK_MAX / 2 ? first_bytes * 2 : BLOCK_MAX;
	return arena;
}

void tp_arena_destroy(struct tp_arena *arena)
{
	struct block *block, *older;

	if (arena == NULL)
		return;
	for (block = arena->serving; block != NULL; block = older) {
		older = block->older;
		tp_free(block); /* the first block, which holds the arena, comes last */
	}
}

void tp_arena_cleanup(struct tp_arena **arena)
{
	tp_arena_destroy(*arena);
}

void tp_arena_reset(struct tp_arena *arena)
{
	struct block *block, *older;

	for (block = arena->serving; block != arena->first; block = older) {
		older = block->older;
		arena->bytes -= block->size;
		tp_free(block);
	}
	arena->serving = block;
	block->front = align_up(sizeof *block) + align_up(sizeof *arena);
	block->back = block->size;
}

/* A block with room for `bytes`: a new serving one, or one of its own for something big. */
static struct block *more(struct tp_arena *arena, size_t bytes)
{
	size_t size = align_up(sizeof(struct block)) + align_up(bytes);
	struct block *block;

	if (size > arena->next_size / 4 && size > FIRST_DEFAULT) {
		block = block_create(size);
		if (arena->serving == arena->first) {
			block->older = arena->serving;
			arena->serving = block;
		} else {
			block->older = arena->serving->older;
			arena->serving->older = block;
		}
	} else {
		if (size < arena->next_size)
			size = arena->next_size;
		if (arena->next_size < BLOCK_MAX)
			arena->next_size *= 2;
		block = block_create(size);
		block->older = arena->serving;
		arena->serving = block;
	}
	arena->bytes += size;
	return block;
}

static void *take_object(struct tp_arena *arena, size_t bytes)
{
	struct block *block = arena->serving;
	void *object;

	tp_assert(bytes < SIZE_MAX / 2);
	bytes = align_up(bytes);
	if (block->front > block->back || block->back - block->front < bytes)
		block = more(arena, bytes);
	object = (char *)block + block->front;
	block->front += bytes;
	if (bytes > 0) /* what pads it is defined, since room_of() looks there */
		memset((char *)block + block->front - ALIGN, 0, ALIGN);
	return object;
}

static char *take_text(struct tp_arena *arena, size_t bytes)
{
	struct block *block = arena->serving;

	tp_assert(bytes < SIZE_MAX / 2);
	if (block->front > block->back || block->back - block->front < bytes)
		block = more(arena, bytes);
	block->back -= bytes;
	return (char *)block + block->back;
}

void *tp_arena_alloc(struct tp_arena *arena, size_t bytes)
{
	void *object = take_object(arena, bytes);

	memset(object, 0, bytes);
	return object;
}

char *tp_arena_strdup(struct tp_arena *arena, const char *text)
{
	size_t size;

	if (text == NULL)
		return NULL;
	size = strlen(text) + 1;
	return memcpy(take_text(arena, size), text, size);
}

char *tp_arena_strndup(struct tp_arena *arena, const char *text, size_t len)
{
	char *copy;

	len = strnlen(text, len);
	copy = take_text(arena, len + 1);
	memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

void *tp_arena_memdup(struct tp_arena *arena, const void *data, size_t len)
{
	void *copy = take_object(arena, len);

	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *tp_arena_printf(struct tp_arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	tp_assert(len >= 0);
	text = take_text(arena, (size_t)len + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)len + 1, fmt, args);
	va_end(args);
	return text;
}

/*
 * How many pointers fit at `array`, of which n are used. An array that came from elsewhere in
 * the arena, as from a decoder, has exactly its n; what stands before it is another object or
 * the header of the block, so that looking is safe.
 */
static size_t room_of(void *const *array, size_t n)
{
	struct push_head head;

	if (array == NULL)
		return 0;
	memcpy(&head, (const char *)(const void *)array - sizeof head, sizeof head);
	if (head.tag != ~(uintptr_t)array || head.room < n)
		return n;
	return head.room;
}

void tp_arena_push(struct tp_arena *arena, void *items, size_t *n, void *item)
{
	struct push_head *head;
	void **array;
	size_t room;

	memcpy(&array, items, sizeof array);
	if (*n == room_of(array, *n)) {
		room = *n < 4 ? 4 : *n * 2;
		tp_assert(room < SIZE_MAX / sizeof *array / 4);
		head = take_object(arena, sizeof *head + room * sizeof *array);
		head->tag = ~(uintptr_t)(head + 1);
		head->room = room;
		if (*n > 0)
			memcpy(head + 1, array, *n * sizeof *array);
		array = (void **)(void *)(head + 1);
		memcpy(items, &array, sizeof array);
	}
	array[(*n)++] = item;
}

size_t tp_arena_bytes(const struct tp_arena *arena)
{
	return arena->bytes;
}
