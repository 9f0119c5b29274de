/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle of resources: what an agent has, an offer holds, a task uses. A value with an owner:
 * embed it, begin with TP_RESOURCES_INIT or zeroes, end with fini(). Copies share all that is
 * immutable, so a task's "cpus:1;mem:128" costs one small block. Nothing empty is ever inside,
 * and what can be merged is one item.
 *
 * Which resources merge: same name, type, reservations, revocable, provider and allocation;
 * scalars and ranges of plain and PATH disks add up; persistent volumes, MOUNT, BLOCK and RAW
 * disks stay apart and are only taken away as a whole; shared resources are counted.
 */
#ifndef TEPUI_RESOURCES_H
#define TEPUI_RESOURCES_H

#include "tepui/resource.h"

struct tp_resources {
	struct tp_resource_item *items; /* read only outside core/cluster */
	uint32_t n;
	uint32_t room;
};

#define TP_RESOURCES_INIT \
	{ \
		NULL, 0, 0 \
	}

TP_EXPORT void tp_resources_fini(struct tp_resources *r);
TP_EXPORT void tp_resources_cleanup(struct tp_resources *r); /* tp_cleanup(resources) */
/* Replaces what `to` holds; they may be the same. */
TP_EXPORT void tp_resources_copy(
	struct tp_resources *to, const struct tp_resources *from);
/* As copy, and leaves `from` empty. */
TP_EXPORT void tp_resources_move(struct tp_resources *to, struct tp_resources *from);

static inline bool tp_resources_empty(const struct tp_resources *r)
{
	return r->n == 0;
}
/* Same items in any order. */
TP_EXPORT bool tp_resources_equal(
	const struct tp_resources *a, const struct tp_resources *b);
/* Could `part` be subtracted with nothing missing? */
TP_EXPORT bool tp_resources_contains(
	const struct tp_resources *r, const struct tp_resources *part);

TP_EXPORT void tp_resources_add(struct tp_resources *r, const struct tp_resources *more);
TP_EXPORT void tp_resources_add_item(
	struct tp_resources *r, const struct tp_resource_item *item);
/* Takes away what is there; what is missing is ignored, nothing becomes negative. */
TP_EXPORT void tp_resources_subtract(
	struct tp_resources *r, const struct tp_resources *less);
TP_EXPORT void tp_resources_subtract_item(
	struct tp_resources *r, const struct tp_resource_item *item);
/* subtract(from), add(to): -ENOSPC and unchanged when r does not contain `from`. */
TP_EXPORT int tp_resources_convert(struct tp_resources *r,
	const struct tp_resources *from, const struct tp_resources *to,
	struct tp_error *err);

/* Adds the items of `from` that pass; user goes to the test. */
TP_EXPORT void tp_resources_filter(struct tp_resources *to,
	const struct tp_resources *from, tp_resource_test_f *test, const void *user);

/* Sum of a scalar by name over all items, in thousandths. */
TP_EXPORT int64_t tp_resources_milli(const struct tp_resources *r, const char *name);
/* Is there any resource of that name? */
TP_EXPORT bool tp_resources_has(const struct tp_resources *r, const char *name);

/* Sets or drops allocation_info.role of all items. */
TP_EXPORT void tp_resources_allocate(struct tp_resources *r, const char *role);
TP_EXPORT void tp_resources_unallocate(struct tp_resources *r);
/* Drops reservations and allocation, and merges what then is alike. */
TP_EXPORT void tp_resources_flatten(struct tp_resources *r);
/* Reserves all items once more, or drops the last reservation of each that has one. */
TP_EXPORT void tp_resources_reserve(
	struct tp_resources *r, const struct tp_resource_reservation_info *reservation);
TP_EXPORT void tp_resources_unreserve(struct tp_resources *r);
/* Turns persistent volumes, shared ones too, into the disk that they are made of. */
TP_EXPORT void tp_resources_drop_volumes(struct tp_resources *r);

/*
 * Makes r share equal keys and texts with `with` and drops its own: saves memory for what
 * lives long, as a task's resources beside its agent's.
 */
TP_EXPORT void tp_resources_share(
	struct tp_resources *r, const struct tp_resources *with);

/* The longest list of records that is accepted. */
#define TP_RESOURCES_MAX 4096

/*
 * From wire records, each validated, of either reservation format. `ret` is replaced, and
 * unchanged when the call fails.
 */
TP_EXPORT int tp_resources_from_records(struct tp_resources *ret,
	struct tp_resource *const *records, size_t n, struct tp_error *err);

/*
 * The same, sharing keys and texts with `with` from the start: the way to read what a task uses
 * when its offer or agent is at hand.
 */
TP_EXPORT int tp_resources_from_records_with(struct tp_resources *ret,
	struct tp_resource *const *records, size_t n, const struct tp_resources *with,
	struct tp_error *err);

enum tp_resource_format {
	TP_RESOURCE_POST, /* `reservations`: between our daemons, and to frameworks that know
				 reservation refinement */
	TP_RESOURCE_PRE,      /* `role` and `reservation`; refined resources stay POST */
	TP_RESOURCE_ENDPOINT, /* both: operator endpoints */
};

/* To wire records in the arena: `ret` and `ret_n` are the members of a record. */
TP_EXPORT void tp_resources_to_records(const struct tp_resources *r,
	enum tp_resource_format format, struct tp_arena *arena, struct tp_resource ***ret,
	size_t *ret_n);

/*
 * Text: "cpus:4;mem:2048;cpus(role):8;ports:[21000-24000,30000-34000];bugs(role):{a,b}", or a
 * JSON array of Resource objects. What names no role is reserved for default_role ("*" or NULL:
 * unreserved). Errors name the offending text and where it stands.
 */
TP_EXPORT int tp_resources_parse(struct tp_resources *ret, const char *text,
	const char *default_role, struct tp_error *err);
/* As it was written, zeroes and doubles included, in the POST format. */
TP_EXPORT int tp_resource_records_parse(const char *text, const char *default_role,
	struct tp_arena *arena, struct tp_resource ***ret, size_t *ret_n,
	struct tp_error *err);
/*
 * "cpus:4; mem:2048; ports(role):[21000-24000]". What the grammar cannot say (dynamic
 * reservations, volumes, revocable, allocation) follows the name for people to read.
 */
TP_EXPORT void tp_resources_print(const struct tp_resources *r, struct tp_strbuf *out);

#endif
