/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One resource in memory: a key that says which resource it is, and how much of it there is.
 * `struct tp_resource` (wire/resource.h) is its wire record; this is what daemons keep and
 * calculate with.
 *
 * Keys, ranges and sets are immutable and counted: a copy of a resource is a few words, and a
 * task shares the keys of the agent that it runs on. Nobody outside core/cluster touches the
 * counts. One thread owns all that shares.
 */
#ifndef TEPUI_RESOURCE_H
#define TEPUI_RESOURCE_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/strbuf.h"
#include "tepui/wire/resource.h"

/* Names known to everybody, in the order of struct tp_quantities. */
enum tp_resource_known {
	TP_CPUS,
	TP_MEM,
	TP_DISK,
	TP_GPUS,
	TP_KNOWN_MAX,
	TP_UNKNOWN = 255
};

enum tp_resource_flags {
	TP_RESOURCE_REVOCABLE = 1 << 0,
	TP_RESOURCE_SHARED = 1 << 1,
	TP_RESOURCE_PERSISTENT = 1 << 2, /* a persistent volume */
	TP_RESOURCE_WHOLE = 1 << 3, /* never merged or cut: MOUNT, BLOCK, RAW, volumes */
	TP_RESOURCE_DYNAMIC = 1 << 4, /* its last reservation is dynamic */
};

/* All that makes two resources the same resource, but allocation_info. */
struct tp_resource_key {
	uint32_t refs;
	uint32_t hash;
	uint8_t type;  /* enum tp_value_type: scalar, ranges or set */
	uint8_t known; /* enum tp_resource_known */
	uint16_t flags;
	uint32_t n_reservations;
	const char *name;
	const char *role; /* of the last reservation; "*" when unreserved */
	/* The whole record without value and allocation, reservations in the `reservations`
	 * format; never changed. */
	const struct tp_resource *record;
	struct tp_arena *arena; /* holds all of this */
};

struct tp_span {
	uint64_t begin, end; /* both included */
};

/* Sorted, neither overlapping nor adjacent, never empty. */
struct tp_spans {
	uint32_t refs;
	uint32_t n;
	struct tp_span items[];
};

/* Sorted, each once, never empty. */
struct tp_words {
	uint32_t refs;
	uint32_t n;
	const char *items[];
};

struct tp_shared_text {
	uint32_t refs;
	char text[];
};

struct tp_resource_item {
	const struct tp_resource_key *key;
	const struct tp_shared_text *allocation; /* allocation_info.role; NULL = none */
	union {
		int64_t milli; /* TP_VALUE_SCALAR, in thousandths; > 0 */
		const struct tp_spans *spans;
		const struct tp_words *words;
	};
	uint32_t copies; /* of a shared resource; 1 for others */
};

static inline const char *tp_resource_allocation(const struct tp_resource_item *item)
{
	return item->allocation == NULL ? NULL : item->allocation->text;
}

/*
 * Predicates, in the shape that tp_resources_filter() takes. `role` is a const char *, or not
 * looked at.
 */
typedef bool tp_resource_test_f(const struct tp_resource_item *item, const void *role);

TP_EXPORT bool tp_resource_is_unreserved(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_reserved(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_dynamic(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_revocable(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_nonrevocable(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_shared(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_persistent(
	const struct tp_resource_item *item, const void *unused);
TP_EXPORT bool tp_resource_is_scalar(
	const struct tp_resource_item *item, const void *unused);
/* More than one reservation: needs frameworks that know reservation refinement. */
TP_EXPORT bool tp_resource_is_refined(
	const struct tp_resource_item *item, const void *unused);
/* Reserved for exactly this role ("*" = unreserved). */
TP_EXPORT bool tp_resource_is_reserved_to(
	const struct tp_resource_item *item, const void *role);
/* Unreserved, or reserved for this role or one above it. */
TP_EXPORT bool tp_resource_is_allocatable_to(
	const struct tp_resource_item *item, const void *role);
TP_EXPORT bool tp_resource_is_allocated_to(
	const struct tp_resource_item *item, const void *role);

/* The persistent volume's id, or NULL. */
TP_EXPORT const char *tp_resource_persistence_id(const struct tp_resource_item *item);

/* "4", "[31000-31999, 32005-32005]", "{a, b}". */
TP_EXPORT void tp_resource_value_print(
	const struct tp_resource_item *item, struct tp_strbuf *out);

/*
 * Checks one record, in either reservation format: name, value, role, reservations, disk,
 * revocable, shared. -EINVAL with the reason, which names the resource.
 */
TP_EXPORT int tp_resource_validate(
	const struct tp_resource *record, struct tp_error *err);

/* From `role` + `reservation` to `reservations`, in place. The record is valid. */
TP_EXPORT void tp_resource_upgrade(struct tp_resource *record, struct tp_arena *arena);
/* Back, in place; false and unchanged when it has more than one reservation. */
TP_EXPORT bool tp_resource_downgrade(struct tp_resource *record, struct tp_arena *arena);

#endif
