/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading the manifest again while everything runs. A second kernel, which never starts, loads it
 * as the next start would: a manifest with any mistake changes nothing. Then the keys that may
 * change are written into the running instances, and the others are named. What is compared is
 * the config that runs (instance->running), never the instance itself, whose members a module
 * may have made its own.
 */
#include <errno.h>
#include <string.h>

#include "core/kernel/config.h"
#include "core/kernel/kernel_private.h"

struct reload {
	struct tp_kernel *kernel;
	struct tp_kernel *next; /* has loaded the manifest as it is now */
	struct tp_kernel_changes *changes;
};

static void fill(const struct instance *instance, const struct manifest_entry *entry,
	struct tp_arena *arena, void *object, struct issues *issues)
{
	const struct config_table table = { instance->module->config,
		instance->module->field_size, SIZE_MAX };

	config_fill(&table, instance->name, &entry->mark, entry->config, arena, object,
		issues);
}

/* The instance that an entry configures, if it runs. */
static const struct manifest_entry *entry_of(
	const struct reload *reload, const struct instance *instance)
{
	if (instance->entry == NULL || instance->left_out)
		return NULL;
	return manifest_find(&reload->next->manifest, instance->name);
}

static bool may_reload(const struct tp_field *field)
{
	return field->flags & TP_FIELD_RELOAD;
}

static bool is_old_name(const struct tp_field *field)
{
	return field->flags & (TP_FIELD_UNSUPPORTED | TP_FIELD_DEPRECATED);
}

/* Writes what may change; undone when the module does not like it. */
static void change(struct reload *reload, struct instance *instance,
	const struct manifest_entry *entry)
{
	const struct tp_module *module = instance->module;
	void *fresh = tp_arena_alloc(instance->arena, module->instance_size);
	void *before = tp_arena_alloc(instance->arena, module->instance_size);
	struct issues issues = { 0 }; /* there are none: it was filled in before */
	struct tp_error err = { 0 };
	int r = 0;

	fill(instance, entry, instance->arena, fresh, &issues);
	for (const struct tp_field *f = module->config; f->name != NULL; f++) {
		if (!may_reload(f) || config_same(f, instance->running, fresh))
			continue;
		config_move(f, before, instance->self);
		config_move(f, instance->self, fresh);
	}
	if (module->reload != NULL)
		r = module->reload(instance->self, &err);
	for (const struct tp_field *f = module->config; f->name != NULL; f++) {
		if (!may_reload(f) || config_same(f, instance->running, fresh))
			continue;
		if (r < 0) {
			config_move(f, instance->self, before);
			continue;
		}
		config_move(f, instance->running, fresh);
		tp_strbuf_printf(
			&reload->changes->applied, "%s.%s\n", instance->name, f->name);
	}
	if (r < 0)
		tp_strbuf_printf(&reload->changes->refused, "%s: %s: %s\n",
			mark_text(&entry->mark).text, instance->name, err.text);
}

static void swap(struct reload *reload, const struct instance *instance,
	const struct manifest_entry *entry)
{
	struct tp_error err = { 0 };
	int r = tp_kernel_swap(
		reload->kernel, instance->name, entry->module, entry->config, &err);

	if (r < 0 && r != -ENOTSUP)
		tp_strbuf_printf(&reload->changes->refused, "%s: %s: %s\n",
			mark_text(&entry->mark).text, entry->name, err.text);
	else
		tp_strbuf_printf(
			r < 0 ? &reload->changes->pending : &reload->changes->applied,
			"%s: its module\n", entry->name);
}

static void change_or_name(struct reload *reload, struct instance *instance,
	const struct manifest_entry *entry)
{
	struct tp_strbuf *pending = &reload->changes->pending;
	struct tp_arena *arena = reload->next->arena;
	void *fresh = tp_arena_alloc(arena, instance->module->instance_size);
	const struct tp_field *f = instance->module->config;
	struct issues issues = { 0 };
	bool changed = false;

	if (strcmp(entry->module, instance->entry->module) != 0) {
		swap(reload, instance, entry);
		return;
	}
	if (!node_same(entry->use, instance->entry->use))
		tp_strbuf_printf(pending, "%s: its use\n", instance->name);
	fill(instance, entry, arena, fresh, &issues);
	if (issues.n > 0) /* right for a newer file of the module, not for what runs */
		tp_strbuf_printf(pending, "%s: its module\n", instance->name);
	for (; issues.n == 0 && f != NULL && f->name != NULL; f++) {
		if (is_old_name(f) || config_same(f, instance->running, fresh))
			continue;
		if (may_reload(f))
			changed = true;
		else
			tp_strbuf_printf(pending, "%s.%s\n", instance->name, f->name);
	}
	if (changed)
		change(reload, instance, entry);
	issues_fini(&issues);
}

/* Everything that can be wrong with it, before anything changes. */
static int check(struct reload *reload, struct tp_error *err)
{
	struct tp_kernel *kernel = reload->kernel, *next;
	struct tp_kernel_options options = kernel->options;
	int r;

	options.n_module_dirs = 0;
	next = reload->next = tp_kernel_create(&options);
	next->loader.dirs = kernel->loader.dirs;
	next->loader.n_dirs = kernel->loader.n_dirs;
	r = tp_kernel_load(next, kernel->path, kernel->settings, kernel->n_settings, err);
	tp_strbuf_puts(&reload->changes->refused, tp_kernel_issues(next));
	return r;
}

static void name_entries(struct reload *reload)
{
	const struct manifest *old = &reload->kernel->manifest;
	const struct manifest *now = &reload->next->manifest;
	struct tp_strbuf *pending = &reload->changes->pending;

	for (size_t i = 0; i < now->n_entries; i++) {
		if (manifest_find(old, now->entries[i]->name) == NULL)
			tp_strbuf_printf(pending, "%s: is new\n", now->entries[i]->name);
	}
	for (size_t i = 0; i < old->n_entries; i++) {
		if (manifest_find(now, old->entries[i]->name) == NULL)
			tp_strbuf_printf(pending, "%s: is gone\n", old->entries[i]->name);
	}
	if (now->level != old->level || now->format != old->format)
		tp_strbuf_puts(pending, "log\n");
}

static void apply(struct reload *reload)
{
	const struct graph *graph = &reload->kernel->graph;

	name_entries(reload);
	for (size_t i = 0; i < graph->n_nodes; i++) {
		struct instance *instance = graph->nodes[i];
		const struct manifest_entry *entry = entry_of(reload, instance);

		if (entry != NULL)
			change_or_name(reload, instance, entry);
	}
}

int tp_kernel_reload(
	struct tp_kernel *kernel, struct tp_kernel_changes *changes, struct tp_error *err)
{
	struct reload reload = { .kernel = kernel, .changes = changes };
	int r;

	if (kernel->stop_done != NULL)
		return tp_fail(err, ESHUTDOWN, "it is stopping");
	r = check(&reload, err);
	if (r >= 0)
		apply(&reload);
	tp_kernel_destroy(reload.next);
	return r;
}

void tp_kernel_changes_fini(struct tp_kernel_changes *changes)
{
	tp_strbuf_fini(&changes->applied);
	tp_strbuf_fini(&changes->pending);
	tp_strbuf_fini(&changes->refused);
}
