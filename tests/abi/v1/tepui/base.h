/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few macros that every other header stands on: symbol visibility, compiler attributes,
 * assertions and the road from an embedded member back to its owner.
 */
#ifndef TEPUI_BASE_H
#define TEPUI_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Visible outside the object it is linked into; everything else is hidden. */
#define TP_EXPORT __attribute__((visibility("default")))
#define TP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define TP_NORETURN __attribute__((noreturn))
#define TP_NODISCARD __attribute__((warn_unused_result))

/* The object that embeds `member` at address `ptr`. */
#define tp_container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define TP_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Runs tp_<noun>_cleanup(&variable) when the variable leaves its scope:
 *
 *	tp_cleanup(strbuf) struct tp_strbuf path = TP_STRBUF_INIT;
 */
#define tp_cleanup(noun) __attribute__((cleanup(tp_##noun##_cleanup)))

/* A programming error ends the process, in release builds too; it is never used for input. */
#define tp_assert(cond) \
	((cond) ? (void)0 : tp_assert_failed(#cond, __FILE__, __LINE__, __func__))
TP_EXPORT void tp_assert_failed(
	const char *cond, const char *file, int line, const char *func) TP_NORETURN;

/* Nanoseconds in a unit; every duration inside Tepui is an int64_t of nanoseconds. */
#define TP_USEC INT64_C(1000)
#define TP_MSEC INT64_C(1000000)
#define TP_SEC INT64_C(1000000000)
#define TP_MIN (60 * TP_SEC)
#define TP_HOUR (60 * TP_MIN)
#define TP_DAY (24 * TP_HOUR)
#define TP_WEEK (7 * TP_DAY)

/* Never returns NULL: memory exhaustion ends the process with one line on stderr. */
TP_EXPORT void *tp_alloc(size_t size); /* zeroed */
TP_EXPORT void *tp_realloc(void *ptr, size_t size);
TP_EXPORT char *tp_strdup(const char *text);
TP_EXPORT char *tp_strndup(const char *text, size_t len);
TP_EXPORT char *tp_asprintf(const char *fmt, ...) TP_PRINTF(1, 2);
TP_EXPORT void tp_free(void *ptr);

/* For `tp_cleanup(ptr) char *text`. */
TP_EXPORT void tp_ptr_cleanup(void *pointer_to_pointer);
/* Closes *fd unless it is negative, keeps errno. For `tp_cleanup(fd) int fd = -1`. */
TP_EXPORT void tp_fd_cleanup(int *fd);

/* NULL is treated as a value of its own: equal only to NULL. */
TP_EXPORT bool tp_streq(const char *a, const char *b);

#endif
