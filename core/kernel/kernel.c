/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loading: from the path of a manifest to configured instances that are bound to each other. No
 * module runs before all of this succeeded. Issues are collected as far as they make sense: a
 * graph with missing instances would only report their absence, so it is bound when every
 * module could be opened. Not the life of the instances: see life.c.
 */
#include "core/kernel/kernel.h"

#include <errno.h>
#include <string.h>

#include "core/kernel/config.h"
#include "core/kernel/kernel_private.h"
#include "tepui/metrics.h"

struct tp_kernel *tp_kernel_create(const struct tp_kernel_options *options)
{
	struct tp_kernel *kernel = tp_alloc(sizeof(*kernel));

	kernel->options = *options;
	if (kernel->options.stop_timeout_ns == 0)
		kernel->options.stop_timeout_ns = 30 * TP_SEC;
	kernel->arena = tp_arena_create(0);
	kernel->metrics = tp_metrics_create();
	kernel->graph.arena = kernel->arena;
	manifest_init(&kernel->manifest);
	loader_init(&kernel->loader, options->modules, options->n_modules);
	for (size_t i = 0; i < options->n_module_dirs; i++)
		loader_add_dir(&kernel->loader, options->module_dirs[i]);
	loader_add_default_dirs(&kernel->loader);
	return kernel;
}

void tp_kernel_destroy(struct tp_kernel *kernel)
{
	if (kernel == NULL)
		return;
	for (size_t i = 0; i < kernel->graph.n_nodes; i++) {
		struct instance *instance = kernel->graph.nodes[i];

		tp_assert(!instance->begun);
		if (instance->entry != NULL)
			tp_free(instance->self);
		tp_arena_destroy(instance->arena);
	}
	loader_fini(&kernel->loader);
	manifest_fini(&kernel->manifest);
	issues_fini(&kernel->issues);
	tp_metrics_destroy(kernel->metrics);
	tp_arena_destroy(kernel->arena);
	tp_free(kernel);
}

static void add_node(struct tp_kernel *kernel, struct instance *instance)
{
	instance->kernel = kernel;
	tp_arena_push(
		kernel->arena, &kernel->graph.nodes, &kernel->graph.n_nodes, instance);
}

/* A service of the program as an instance that only provides. */
static void add_service(struct tp_kernel *kernel, const struct tp_kernel_service *service)
{
	struct instance *instance = tp_arena_alloc(kernel->arena, sizeof(*instance));
	struct tp_module *module = tp_arena_alloc(kernel->arena, sizeof(*module));
	struct tp_provide *row = tp_arena_alloc(kernel->arena, 2 * sizeof(*row));
	const struct manifest_entry *twin =
		manifest_find(&kernel->manifest, service->kind);

	row->kind = service->kind;
	row->abi = service->abi;
	row->ops_size = service->ops_size;
	row->ops = service->ops;
	module->name = service->kind;
	module->provides = row;
	instance->name = service->kind;
	instance->module = module;
	instance->self = service->impl;
	add_node(kernel, instance);
	if (twin != NULL)
		issues_add(&kernel->issues, &twin->mark,
			"'%s' is the name of a service of the kernel: give this instance "
			"another one with 'as'",
			twin->name);
}

static void note_old_keys(struct tp_kernel *kernel, const struct instance *instance)
{
	const struct tp_field *field = instance->module->config;

	for (; field != NULL && field->name != NULL; field++) {
		struct old_key *old;

		if (!(field->flags & TP_FIELD_DEPRECATED) ||
			node_get(instance->entry->config, field->name) == NULL)
			continue;
		old = tp_arena_alloc(kernel->arena, sizeof(*old));
		old->instance = instance;
		old->field = field;
		tp_arena_push(kernel->arena, &kernel->old_keys, &kernel->n_old_keys, old);
	}
}

void kernel_configure(struct instance *instance, struct issues *issues)
{
	const struct tp_module *module = instance->module;
	struct config_table table = { module->config, module->field_size, SIZE_MAX };
	size_t n_before = issues->n;

	config_fill(&table, instance->name, &instance->entry->mark,
		instance->entry->config, instance->arena, instance->self, issues);
	instance->running =
		tp_arena_memdup(instance->arena, instance->self, module->instance_size);
	instance->issues = issues;
	if (module->check != NULL && issues->n == n_before)
		module->check(instance->self);
	instance->issues = NULL;
}

void tp_complain(const void *self, const char *key, const char *fmt, ...)
{
	const struct tp_instance *head = self;
	const struct instance *instance = head->kernel;
	struct config_table table = { instance->module->config,
		instance->module->field_size, SIZE_MAX };
	const struct mark *mark = config_mark(&table, instance->entry->config, key);
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	va_list args;

	tp_assert(instance->issues != NULL);
	va_start(args, fmt);
	tp_strbuf_vprintf(&text, fmt, args);
	va_end(args);
	issues_add(instance->issues, mark != NULL ? mark : &instance->entry->mark,
		"%s: %s: %s", instance->name, key, tp_strbuf_text(&text));
}

struct instance *kernel_instance_create(struct tp_kernel *kernel,
	const struct manifest_entry *entry, const struct loaded *loaded)
{
	struct tp_instance *self = tp_alloc(loaded->module->instance_size);
	struct instance *instance = tp_arena_alloc(kernel->arena, sizeof(*instance));

	instance->kernel = kernel;
	instance->name = entry->name;
	instance->entry = entry;
	instance->loaded = loaded;
	instance->module = loaded->module;
	instance->arena = tp_arena_create(0);
	instance->self = self;
	self->topic.name = entry->name;
	self->loop = kernel->options.loop;
	self->metrics = kernel->metrics;
	self->module = loaded->module;
	self->kernel = instance;
	return instance;
}

/* The module of an entry cannot be opened: is that fine with the manifest? */
static void leave_out(struct tp_kernel *kernel, const struct manifest_entry *entry, int r,
	const struct tp_error *err)
{
	bool skip = entry->if_exists && r == -ENOENT;
	struct left_out *left_out;

	if (!skip && !entry->may_fail) {
		issues_add(
			&kernel->issues, &entry->mark, "%s: %s", entry->name, err->text);
		return;
	}
	left_out = tp_arena_alloc(kernel->arena, sizeof(*left_out));
	left_out->entry = entry;
	if (!skip)
		left_out->why = tp_arena_strdup(kernel->arena, err->text);
	tp_arena_push(kernel->arena, &kernel->left_out, &kernel->n_left_out, left_out);
}

/* Opens the module of one entry and makes its instance, configured and not yet bound. */
static void add_instance(struct tp_kernel *kernel, const struct manifest_entry *entry)
{
	struct instance *instance;
	const struct loaded *loaded;
	struct tp_error err = { 0 };
	int r = loader_open(&kernel->loader, entry->module, &loaded, &err);

	if (r < 0) {
		leave_out(kernel, entry, r, &err);
		return;
	}
	instance = kernel_instance_create(kernel, entry, loaded);
	add_node(kernel, instance);
	kernel_configure(instance, &kernel->issues);
	note_old_keys(kernel, instance);
}

static int assemble(struct tp_kernel *kernel, const char *const *settings,
	size_t n_settings, struct tp_error *err)
{
	const struct tp_modules modules = tp_kernel_modules(kernel);
	const struct tp_kernel_service own =
		TP_KERNEL_SERVICE("modules", TP_MODULES_ABI, modules);
	struct issues *issues = &kernel->issues;

	for (size_t i = 0; i < n_settings; i++)
		tp_arena_push(kernel->arena, &kernel->settings, &kernel->n_settings,
			tp_arena_strdup(kernel->arena, settings[i]));
	for (size_t i = 0; i < n_settings; i++)
		manifest_set(&kernel->manifest, settings[i], issues);
	for (size_t i = 0; i < kernel->options.n_services; i++)
		add_service(kernel, &kernel->options.services[i]);
	add_service(kernel, &own);
	for (size_t i = 0; i < kernel->manifest.n_entries; i++)
		add_instance(kernel, kernel->manifest.entries[i]);
	if (kernel->graph.n_nodes + kernel->n_left_out ==
		kernel->options.n_services + 1 + kernel->manifest.n_entries)
		graph_bind(&kernel->graph, issues);
	if (issues->n == 0)
		graph_sort(&kernel->graph, issues);
	if (issues->n == 0)
		graph_wire(&kernel->graph);
	return issues_error(issues, err);
}

int tp_kernel_load(struct tp_kernel *kernel, const char *path,
	const char *const *settings, size_t n_settings, struct tp_error *err)
{
	kernel->path = tp_arena_strdup(kernel->arena, path);
	manifest_load(&kernel->manifest, path, &kernel->issues);
	return assemble(kernel, settings, n_settings, err);
}

int tp_kernel_load_text(struct tp_kernel *kernel, const char *name, const char *text,
	const char *const *settings, size_t n_settings, struct tp_error *err)
{
	kernel->path = tp_arena_strdup(kernel->arena, name);
	manifest_parse(&kernel->manifest, name, text, strlen(text), &kernel->issues);
	return assemble(kernel, settings, n_settings, err);
}

const char *tp_kernel_issues(const struct tp_kernel *kernel)
{
	return tp_strbuf_text(&kernel->issues.text);
}

enum tp_log_level tp_kernel_log_level(const struct tp_kernel *kernel)
{
	return kernel->manifest.level;
}

enum tp_log_format tp_kernel_log_format(const struct tp_kernel *kernel)
{
	return kernel->manifest.format;
}

const char *tp_kernel_admin_socket(const struct tp_kernel *kernel)
{
	return kernel->manifest.admin_socket;
}

struct tp_modules tp_kernel_modules(struct tp_kernel *kernel)
{
	return (struct tp_modules){ &kernel_modules_ops, kernel };
}

void tp_kernel_graph(const struct tp_kernel *kernel, struct tp_strbuf *out)
{
	graph_print(&kernel->graph, out);
}

void *tp_kernel_instance(const struct tp_kernel *kernel, const char *name)
{
	const struct instance *instance = graph_find(&kernel->graph, name);

	return instance == NULL || instance->entry == NULL ? NULL : instance->self;
}
