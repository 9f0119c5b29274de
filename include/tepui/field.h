/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Field tables: the one shape of reflection. A table describes the members of a C struct; the
 * same table serves msgpack, JSON, protobuf, module config in YAML, documentation and tests.
 * Tables of wire records are generated from core/cluster/schema; tables of module config are
 * written by hand with TP_CONFIG.
 *
 * How a member is laid out, by label:
 *
 *	TP_REQUIRED, TP_OPTIONAL
 *		numbers, bools, enums	`bool has_x; T x;`	extra = offset of has_x
 *		strings			`const char *x;`	NULL = absent
 *		bytes			`struct tp_bytes x;`	data NULL = absent
 *		records			`struct tp_y *x;`	NULL = absent
 *	TP_MANY				`T *x; size_t n_x;`	extra = offset of n_x; T as above,
 *					so records are `struct tp_y **x`
 *	TP_MAP				as TP_MANY of entry records { const char *key; V *value }
 *
 * ABI: rows and members are appended only, in order of introduction; whoever walks a table
 * across the ABI uses the stride that came with it.
 */
#ifndef TEPUI_FIELD_H
#define TEPUI_FIELD_H

#include "tepui/base.h"

struct tp_bytes {
	const uint8_t *data;
	size_t len;
};

enum tp_type {
	TP_BOOL = 1, /* bool */
	TP_INT32,    /* int32_t */
	TP_INT64,    /* int64_t */
	TP_UINT32,   /* uint32_t */
	TP_UINT64,   /* uint64_t */
	TP_DOUBLE,   /* double; never for quantities */
	TP_STRING,   /* const char *, UTF-8 */
	TP_BYTES,    /* struct tp_bytes; JSON: base64 */
	TP_ENUM,     /* int; sub = struct tp_enum */
	TP_RECORD,   /* struct *; sub = struct tp_desc */
	TP_MILLI,    /* int64_t thousandths; JSON and protobuf: double */
	TP_SECONDS,  /* int64_t nanoseconds; JSON and protobuf: double seconds */
	TP_DURATION, /* config only: int64_t nanoseconds, text like 15s, 10mins, 1.5h */
	TP_SIZE,     /* config only: int64_t bytes, text like 64MB */
};

enum tp_field_label { TP_OPTIONAL = 0, TP_REQUIRED, TP_MANY, TP_MAP };

enum tp_field_flags {
	TP_FIELD_DEPRECATED = 1 << 0, /* JSON prints it only when it is set */
	TP_FIELD_NATIVE =
		1 << 1, /* ours, not of the v1 API: HTTP carriages leave it out */
	TP_FIELD_PACKED = 1 << 2, /* protobuf: packed repetition */
	TP_FIELD_RELOAD = 1 << 3, /* config: may change on SIGHUP */
	TP_FIELD_SECRET = 1 << 4, /* never printed or logged */
	TP_FIELD_UNSUPPORTED = 1
		<< 5,             /* config: known name whose feature is not there yet */
	TP_FIELD_LISTED = 1 << 6, /* JSON prints the list even when it is empty */
	TP_FIELD_PAIRS = 1 << 7,  /* config: a list of NAME=value, also as a mapping */
};

struct tp_field {
	const char *name;   /* as in JSON and YAML */
	uint16_t number;    /* field number, 1..127; 0 in config tables */
	uint8_t type;       /* enum tp_type */
	uint8_t label;      /* enum tp_field_label */
	uint8_t flags;      /* enum tp_field_flags */
	uint8_t proto_type; /* FieldDescriptorProto.Type of descriptor.proto; 0 = none */
	uint8_t oneof;      /* 1-based index of its oneof, 0 = none */
	uint8_t reserved;
	uint32_t offset; /* of the value */
	uint32_t extra;  /* of has_x or n_x; 0 when the type needs none */
	const void *sub; /* struct tp_desc of a record, struct tp_enum of an enum */
	const char
		*default_text; /* as written in the schema or config table; NULL = none */
	const char *doc;       /* one sentence; NULL = none */
};

struct tp_enum_value {
	const char *name;
	int number;
};

struct tp_enum {
	const char *name;                   /* "tepui.TaskState" */
	const struct tp_enum_value *values; /* ends with { NULL, 0 } */
};

struct tp_desc {
	const char *name; /* "mesos.v1.TaskInfo" without its package: "TaskInfo" */
	size_t size;      /* sizeof the struct */
	const struct tp_field *fields; /* in order of number; n_fields rows */
	uint32_t n_fields;
	uint32_t field_size; /* stride: sizeof(struct tp_field) where it was compiled */
	uint32_t max_number; /* the highest field number */
	bool map_entry;      /* { key, value } of a TP_MAP */
};

/* Row i, by the table's own stride. */
static inline const struct tp_field *tp_desc_field(const struct tp_desc *desc, uint32_t i)
{
	return (const struct tp_field *)(const void *)((const char *)desc->fields +
		(size_t)i * desc->field_size);
}

/* Bytes of one value, alone in its struct or as an item of a list. */
static inline size_t tp_field_size(const struct tp_field *field)
{
	switch (field->type) {
	case TP_BOOL:
		return sizeof(bool);
	case TP_INT32:
	case TP_UINT32:
	case TP_ENUM:
		return sizeof(int32_t);
	case TP_BYTES:
		return sizeof(struct tp_bytes);
	case TP_STRING:
	case TP_RECORD:
		return sizeof(void *);
	default:
		return sizeof(int64_t);
	}
}

/* NULL when there is none. */
TP_EXPORT const struct tp_field *tp_desc_find(
	const struct tp_desc *desc, const char *name);
TP_EXPORT const char *tp_enum_name(const struct tp_enum *e, int number);
/* 0 and *ret, or -ENOENT. */
TP_EXPORT int tp_enum_number(const struct tp_enum *e, const char *name, int *ret);

/*
 * One row of a module's config table; the table ends with { 0 }. `key` is what operators write,
 * `member` where it lands; members of TP_DURATION end in _ns, of TP_SIZE in _bytes.
 *
 *	static const struct tp_field drf_config[] = {
 *		TP_CONFIG("allocation_interval", TP_DURATION, struct drf, interval_ns, "1s",
 *			"Longest time between two allocation runs."),
 *		{ 0 },
 *	};
 *
 * A list of strings is TP_CONFIG_LIST with members `const char **x; size_t n_x;`; one text for it
 * is split at commas. In a list of TP_CONFIG_PAIRS each item is NAME=value. A default of NULL
 * leaves the member zero. Rows with more to say are written out in full.
 */
#define TP_CONFIG(key, kind, object, member, dflt, text) \
	{ \
		.name = (key), .type = (kind), .offset = offsetof(object, member), \
		.default_text = (dflt), .doc = (text) \
	}
/* The same for a key that may change while the instance runs: see reload() in module.h. */
#define TP_CONFIG_RELOAD(key, kind, object, member, dflt, text) \
	{ \
		.name = (key), .type = (kind), .flags = TP_FIELD_RELOAD, \
		.offset = offsetof(object, member), .default_text = (dflt), \
		.doc = (text) \
	}
/* A known key whose feature is not there yet: refused when it is set. */
#define TP_CONFIG_UNSUPPORTED(key, kind, dflt, text) \
	{ \
		.name = (key), .type = (kind), .flags = TP_FIELD_UNSUPPORTED, \
		.default_text = (dflt), .doc = (text) \
	}
/* An old name of the key that has this member: taken, with a warning. */
#define TP_CONFIG_ALIAS(key, kind, object, member, text) \
	{ \
		.name = (key), .type = (kind), .flags = TP_FIELD_DEPRECATED, \
		.offset = offsetof(object, member), .doc = (text) \
	}
#define TP_CONFIG_REQUIRED(key, kind, object, member, text) \
	{ \
		.name = (key), .type = (kind), .label = TP_REQUIRED, \
		.offset = offsetof(object, member), .doc = (text) \
	}
#define TP_CONFIG_ENUM(key, values, object, member, dflt, text) \
	{ \
		.name = (key), .type = TP_ENUM, .offset = offsetof(object, member), \
		.sub = (values), .default_text = (dflt), .doc = (text) \
	}
#define TP_CONFIG_LIST(key, object, member, text) \
	{ \
		.name = (key), .type = TP_STRING, .label = TP_MANY, \
		.offset = offsetof(object, member), \
		.extra = offsetof(object, n_##member), .doc = (text) \
	}
#define TP_CONFIG_PAIRS(key, object, member, text) \
	{ \
		.name = (key), .type = TP_STRING, .label = TP_MANY, \
		.flags = TP_FIELD_PAIRS, .offset = offsetof(object, member), \
		.extra = offsetof(object, n_##member), .doc = (text) \
	}

#endif
