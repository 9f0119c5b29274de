/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ABI's gate. A descriptor says how large it and its rows are; everything behind this file
 * sees tables of our own sizes and never thinks of strides again. Tables are bounded, and every
 * offset must lie inside the instance, so that a broken table is a message and not a crash.
 * Not a sandbox: a module is code and is trusted to be what its descriptor says.
 */
#include "core/kernel/descriptor.h"

#include <errno.h>
#include <string.h>

#define MAX_ROWS 1000
#define MAX_ROW_SIZE 1024
#define MAX_INSTANCE_BYTES (64u << 20)

/* What the first version of ABI 1 had: nothing smaller was ever released. */
#define MIN_MODULE_SIZE offsetof(struct tp_module, status)
#define MIN_FIELD_SIZE offsetof(struct tp_field, doc)
#define MIN_PROVIDE_SIZE offsetof(struct tp_provide, key)
#define MIN_REQUIRE_SIZE offsetof(struct tp_require, flags)

/* One table on its way into our shape. Every row begins with a name that ends the table. */
struct table {
	const char *what;
	const void *rows;
	size_t size, min_size, our_size;
};

static const void *table_row(const struct table *table, size_t i)
{
	return (const char *)table->rows + i * table->size;
}

static const char *row_name(const void *row)
{
	return *(const char *const *)row;
}

/* A copy of the table that ends with a zero row; NULL stays NULL. */
static int table_copy(const struct table *table, const char *file, struct tp_arena *arena,
	const void **ret, struct tp_error *err)
{
	size_t size = table->size < table->our_size ? table->size : table->our_size;
	size_t n = 0;
	char *rows;

	if (table->rows == NULL)
		return 0;
	if (table->size < table->min_size || table->size > MAX_ROW_SIZE ||
		table->size % sizeof(void *) != 0)
		return tp_fail(err, ENOEXEC,
			"%s: rows of '%s' are %zu bytes long, this tepuid knows %zu to "
			"%d",
			file, table->what, table->size, table->min_size, MAX_ROW_SIZE);
	while (n <= MAX_ROWS && row_name(table_row(table, n)) != NULL)
		n++;
	if (n > MAX_ROWS)
		return tp_fail(err, ENOEXEC, "%s: '%s' has no end within %d rows", file,
			table->what, MAX_ROWS);
	rows = tp_arena_alloc(arena, (n + 1) * table->our_size);
	for (size_t i = 0; i < n; i++)
		memcpy(rows + i * table->our_size, table_row(table, i), size);
	*ret = rows;
	return 0;
}

/* Has the instance room of that size there, behind the head that is the kernel's? */
static bool is_own(const struct tp_module *module, size_t offset, size_t size)
{
	return offset >= sizeof(struct tp_instance) && offset <= module->instance_size &&
		size <= module->instance_size - offset;
}

static int check_field(const struct tp_module *module, const struct tp_field *field,
	const char *file, struct tp_error *err)
{
	bool has_sub = field->type == TP_ENUM || field->type == TP_RECORD;
	bool is_list = field->label == TP_MANY;

	if (field->type < TP_BOOL || field->type > TP_SIZE || field->label > TP_MAP ||
		(has_sub && field->sub == NULL))
		return tp_fail(err, ENOEXEC,
			"%s: config key '%s' has a type that is not known", file,
			field->name);
	/* What is not supported is never written: it needs no member. */
	if (field->flags & TP_FIELD_UNSUPPORTED)
		return 0;
	if (!is_own(module, field->offset,
		    is_list ? sizeof(void *) : tp_field_size(field)) ||
		((is_list || field->extra != 0) &&
			!is_own(module, field->extra,
				is_list ? sizeof(size_t) : sizeof(bool))))
		return tp_fail(err, ENOEXEC,
			"%s: config key '%s' lies outside the instance's own members",
			file, field->name);
	return 0;
}

static int check_require(const struct tp_module *module, const struct tp_require *require,
	const char *file, struct tp_error *err)
{
	size_t size = require->flags & TP_REQUIRE_IS_MANY ? sizeof(struct tp_services)
							  : sizeof(struct tp_service);

	if (!is_own(module, require->slot, size))
		return tp_fail(err, ENOEXEC,
			"%s: the slot for '%s' lies outside the instance's own members",
			file, require->kind);
	return 0;
}

static int check_rows(
	const struct tp_module *module, const char *file, struct tp_error *err)
{
	const struct tp_provide *p = module->provides;
	const struct tp_require *q = module->requires;
	const struct tp_field *f = module->config;
	int r = 0;

	for (; p != NULL && p->kind != NULL; p++) {
		if (p->ops == NULL || p->ops_size == 0)
			return tp_fail(err, ENOEXEC,
				"%s: provides '%s' without operations", file, p->kind);
	}
	for (; r == 0 && q != NULL && q->kind != NULL; q++)
		r = check_require(module, q, file, err);
	for (; r == 0 && f != NULL && f->name != NULL; f++)
		r = check_field(module, f, file, err);
	return r;
}

static int check_head(
	const struct tp_module *module, const char *file, struct tp_error *err)
{
	if (module->abi != TP_MODULE_ABI)
		return tp_fail(err, ENOEXEC, "%s: module ABI %u, this tepuid speaks %d",
			file, module->abi, TP_MODULE_ABI);
	if (module->size < MIN_MODULE_SIZE)
		return tp_fail(err, ENOEXEC,
			"%s: its descriptor is %u bytes long, the shortest known is %zu: "
			"build it with TP_MODULE_HEADER",
			file, module->size, MIN_MODULE_SIZE);
	if (module->name == NULL || *module->name == '\0')
		return tp_fail(err, ENOEXEC, "%s: its descriptor has no name", file);
	if (module->instance_size < sizeof(struct tp_instance) ||
		module->instance_size > MAX_INSTANCE_BYTES)
		return tp_fail(err, ENOEXEC,
			"%s: an instance of %zu bytes: it begins with struct tp_instance "
			"and has at most %u",
			file, module->instance_size, MAX_INSTANCE_BYTES);
	return 0;
}

int descriptor_read(const struct tp_module *module, const char *file,
	struct tp_arena *arena, const struct tp_module **ret, struct tp_error *err)
{
	struct tp_module *copy;
	const void *rows[3] = { NULL };
	struct table tables[3];
	int r;

	r = check_head(module, file, err);
	if (r < 0)
		return r;
	copy = tp_arena_alloc(arena, sizeof(*copy));
	memcpy(copy, module, module->size < sizeof(*copy) ? module->size : sizeof(*copy));
	tables[0] = (struct table){ "provides", copy->provides, copy->provide_size,
		MIN_PROVIDE_SIZE, sizeof(struct tp_provide) };
	tables[1] = (struct table){ "requires", copy->requires, copy->require_size,
		MIN_REQUIRE_SIZE, sizeof(struct tp_require) };
	tables[2] = (struct table){ "config", copy->config, copy->field_size,
		MIN_FIELD_SIZE, sizeof(struct tp_field) };
	for (size_t i = 0; i < TP_COUNT(tables); i++) {
		r = table_copy(&tables[i], file, arena, &rows[i], err);
		if (r < 0)
			return r;
	}
	copy->size = sizeof(*copy);
	copy->provides = rows[0];
	copy->provide_size = sizeof(struct tp_provide);
	copy->requires = rows[1];
	copy->require_size = sizeof(struct tp_require);
	copy->config = rows[2];
	copy->field_size = sizeof(struct tp_field);
	copy->version = copy->version != NULL ? copy->version : "";
	copy->summary = copy->summary != NULL ? copy->summary : "";
	r = check_rows(copy, file, err);
	if (r == 0)
		*ret = copy;
	return r;
}
