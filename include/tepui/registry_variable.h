/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the variables of a registry mean: one row per kind of variable. The master reads and writes
 * by it, `tepui registry` shows and checks by it. A registry itself (kind `registry`) knows names
 * and bytes only.
 */
#ifndef TEPUI_REGISTRY_VARIABLE_H
#define TEPUI_REGISTRY_VARIABLE_H

#include "tepui/arena.h"
#include "tepui/error.h"
#include "tepui/field.h"
#include "tepui/kind/registry.h"
#include "tepui/strbuf.h"

enum tp_registry_what {
	TP_REGISTRY_MASTER,      /* "master": who led last */
	TP_REGISTRY_AGENT,       /* "agent/<id>": was admitted */
	TP_REGISTRY_UNREACHABLE, /* "unreachable/<id>": was silent for too long */
	TP_REGISTRY_GONE,        /* "gone/<id>": declared so, or its machine is DOWN */
	TP_REGISTRY_MACHINE,     /* "machine/<hostname>/<ip>" */
	TP_REGISTRY_SCHEDULE,    /* "schedule": planned maintenance */
	TP_REGISTRY_QUOTA,       /* "quota/<role>" */
	TP_REGISTRY_WEIGHT,      /* "weight/<role>" */
	TP_REGISTRY_CAPABILITY,  /* "capability/<name>": what a master must be able to */
};

struct tp_registry_variable {
	enum tp_registry_what what;
	/* Ends with '/' where there are many; what follows it is the key. */
	const char *prefix;
	const struct tp_desc *desc; /* as msgpack */
	/* What the record itself says its key is; NULL: it does not say. */
	const char *(*key)(const void *record);
};

/* NULL when this version does not know such a variable. */
TP_EXPORT const struct tp_registry_variable *tp_registry_variable_of(const char *name);
TP_EXPORT const struct tp_registry_variable *tp_registry_variable(
	enum tp_registry_what what);

/*
 * The record of a variable, in `arena`. -ENOENT: there is no such kind of variable; -EUCLEAN: it
 * cannot be decoded, misses something, or speaks of another key than its name does.
 */
TP_EXPORT int tp_registry_variable_decode(const struct tp_registry_entry *entry,
	struct tp_arena *arena, const struct tp_registry_variable **ret_row,
	void **ret_record, struct tp_error *err);

#endif
