/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The module ABI. A module is one shared object that exports one symbol:
 *
 *	TP_EXPORT const struct tp_module tp_module = {
 *		TP_MODULE_HEADER,
 *		.name = "allocator-drf", .version = "1.0", .summary = "...",
 *		.provides = (const struct tp_provide[]){
 *			TP_PROVIDE("allocator", TP_ALLOCATOR_ABI, drf_ops), { 0 } },
 *		.requires = ..., .config = drf_config,
 *		.instance_size = sizeof(struct drf), .init = drf_init,
 *	};
 *
 * It declares what it provides and requires; the kernel wires typed ops tables into the instance
 * before init(). There are no register calls, no lookups by name later and no globals: one
 * module can have any number of instances.
 *
 * Life: open all -> check ABI -> fill and check config -> wire the graph -> init in order of dependency
 * (no I/O) -> start in order -> recover in order (daemons replay their state last) -> run; then
 * stop and fini in reverse order.
 *
 * Changelog of TP_MODULE_ABI (appending to a struct: nothing; anything else: a new number)
 *	1	first; then tp_module.reload, .rebind and .check appended
 */
#ifndef TEPUI_MODULE_H
#define TEPUI_MODULE_H

#include "tepui/error.h"
#include "tepui/field.h"
#include "tepui/log.h"
#include "tepui/loop.h"
#include "tepui/modules.h"
#include "tepui/strbuf.h"

#define TP_MODULE_ABI 1

struct tp_metrics;

/* The first member of every instance struct; filled by the kernel before init(). */
struct tp_instance {
	struct tp_topic topic; /* the instance's name, for logs: must stay first */
	struct tp_loop *loop;
	struct tp_metrics *metrics; /* see metrics.h */
	const struct tp_module *module;
	void *kernel; /* private */
};

/* One thing a module provides: an ops table of a kind. */
struct tp_provide {
	const char *kind;
	uint32_t abi; /* of the kind's header */
	uint32_t
		ops_size; /* sizeof the table when it was compiled: it grows at its end */
	const void *ops;
	/* Kinds chosen by key (mechanism, container type, URI scheme): the key, else NULL. */
	const char *key;
};

#define TP_PROVIDE(kind_name, kind_abi, table) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), .ops_size = sizeof(table), \
		.ops = &(table) \
	}
#define TP_PROVIDE_KEY(kind_name, kind_abi, table, key_name) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), .ops_size = sizeof(table), \
		.ops = &(table), .key = (key_name) \
	}

/*
 * What lands in a slot: the ops table and the providing instance. A kind's own fat pointer
 * (struct tp_allocator { const struct tp_allocator_ops *ops; void *impl; }) has this layout.
 * The table is at least as long as the one the requirer was compiled with: members a provider
 * does not know are NULL.
 */
struct tp_service {
	const void *ops;
	void *impl;
};

/* What a TP_REQUIRE_MANY slot holds, in the order of the manifest. */
struct tp_service_item {
	struct tp_service service;
	const char *key;      /* of the provide row; NULL without one */
	const char *instance; /* name of the providing instance */
};
struct tp_services {
	const struct tp_service_item *items;
	size_t n;
};

enum tp_require_flags {
	TP_REQUIRE_IS_OPTIONAL = 1 << 0, /* the slot stays NULL without a provider */
	TP_REQUIRE_IS_MANY = 1 << 1, /* the slot is a struct tp_services; none is fine */
};

struct tp_require {
	const char *kind;
	uint32_t abi;
	uint32_t ops_size; /* of the table the requirer was compiled with */
	size_t slot;       /* offset of the fat pointer in the instance */
	uint32_t flags;
};

#define TP_REQUIRE(kind_name, kind_abi, object, member) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), \
		.ops_size = sizeof(*((object *)0)->member.ops), \
		.slot = offsetof(object, member) \
	}
#define TP_REQUIRE_OPTIONAL(kind_name, kind_abi, object, member) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), \
		.ops_size = sizeof(*((object *)0)->member.ops), \
		.slot = offsetof(object, member), .flags = TP_REQUIRE_IS_OPTIONAL \
	}
#define TP_REQUIRE_MANY(kind_name, kind_abi, ops_type, object, member) \
	{ \
		.kind = (kind_name), .abi = (kind_abi), .ops_size = sizeof(ops_type), \
		.slot = offsetof(object, member), .flags = TP_REQUIRE_IS_MANY \
	}

/* Reports the end of an asynchronous stop; exactly once, also from inside stop(). */
struct tp_done {
	void (*call)(struct tp_done *done, int status);
};
static inline void tp_done(struct tp_done *done, int status)
{
	done->call(done, status);
}

struct tp_module {
	uint32_t abi;        /* TP_MODULE_ABI; first, for ever */
	uint32_t size;       /* sizeof(struct tp_module): it grows at its end */
	uint32_t field_size; /* strides of the tables below */
	uint32_t provide_size;
	uint32_t require_size;
	uint32_t reserved;
	const char *name, *version, *summary;
	const struct tp_provide *provides; /* ends with { 0 }; NULL = nothing */
	const struct tp_require *requires; /* ends with { 0 }; NULL = nothing */
	const struct tp_field *config;     /* ends with { 0 }; NULL = no config */
	size_t instance_size;              /* the kernel allocates, zeroes and frees it */
	/* Any of these may be NULL. What failed is undone by fini(), which always runs. */
	int (*init)(void *self, struct tp_error *err);
	int (*start)(void *self, struct tp_error *err);
	int (*recover)(void *self, struct tp_error *err);
	void (*stop)(void *self, struct tp_done *done);
	void (*fini)(void *self);
	/* Adds "key: value" lines about the instance's state, for `tepui module status`. */
	void (*status)(void *self, struct tp_strbuf *out);
	/*
	 * Config keys with TP_FIELD_RELOAD have new values (SIGHUP), written into the members
	 * already; NULL = that is all there is to do. May not block. When it fails the old
	 * values are written back, and it must have changed nothing. What the old values
	 * pointed to stays valid.
	 */
	int (*reload)(void *self, struct tp_error *err);
	/* The provider of a kind is replaced: the slot holds the new one, started and told
	 * nothing. 0: it was told all, the old one may end. NULL: never. */
	int (*rebind)(void *self, const char *kind, struct tp_error *err);
	/*
	 * Values that cannot be, alone or together: tp_complain() about each of them. The
	 * config is filled in without a mistake, and nothing else is done yet: no services, no
	 * I/O. Also for `tepuid --check` and before a reload, on an instance that never begins.
	 */
	void (*check)(const void *self);
};

#define TP_MODULE_HEADER \
	.abi = TP_MODULE_ABI, .size = sizeof(struct tp_module), \
	.field_size = sizeof(struct tp_field), \
	.provide_size = sizeof(struct tp_provide), \
	.require_size = sizeof(struct tp_require)

/*
 * From check(): "PLACE: INSTANCE: KEY: TEXT" is wrong with the manifest, like "must be at least 1s".
 * `key` is one of the module's own; its place is where it, or an old name of it, was written.
 */
TP_EXPORT void tp_complain(const void *self, const char *key, const char *fmt, ...)
	TP_PRINTF(3, 4);

/* Ends the whole process in order, with this exit status, from anywhere on the loop. */
TP_EXPORT void tp_instance_exit(struct tp_instance *instance, int status);

/*
 * Publishes a value that is known only once the instance runs, such as the address that was
 * bound: the line "<instance>.<key>=<value>" of the file that `tepuid --ready-file` writes when
 * everything has recovered. From start() or recover(); both texts are copied. A key that is
 * published again gets the new value.
 */
TP_EXPORT void tp_instance_ready(
	struct tp_instance *instance, const char *key, const char *value);

#endif
