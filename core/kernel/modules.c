/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a running instance may say to the kernel and ask about it: its exit, the values it
 * publishes, and the service `modules` that lists what is loaded.
 */
#include <string.h>

#include "core/kernel/kernel_private.h"

void tp_instance_exit(struct tp_instance *instance, int status)
{
	const struct instance *known = instance->kernel;
	const struct tp_kernel_options *options = &known->kernel->options;

	if (options->exit != NULL)
		options->exit(options->user, status);
	else
		tp_loop_stop(options->loop, status);
}

static struct ready_value *find_ready(
	const struct tp_kernel *kernel, const struct instance *instance, const char *key)
{
	for (size_t i = 0; i < kernel->n_ready; i++) {
		if (kernel->ready[i]->instance == instance &&
			strcmp(kernel->ready[i]->key, key) == 0)
			return kernel->ready[i];
	}
	return NULL;
}

void tp_instance_ready(struct tp_instance *instance, const char *key, const char *value)
{
	const struct instance *known = instance->kernel;
	struct tp_kernel *kernel = known->kernel;
	struct ready_value *ready = find_ready(kernel, known, key);

	if (ready == NULL) {
		ready = tp_arena_alloc(kernel->arena, sizeof(*ready));
		ready->instance = known;
		ready->key = tp_arena_strdup(kernel->arena, key);
		tp_arena_push(kernel->arena, &kernel->ready, &kernel->n_ready, ready);
	}
	ready->value = tp_arena_strdup(kernel->arena, value);
}

void tp_kernel_ready(const struct tp_kernel *kernel, struct tp_strbuf *out)
{
	for (size_t i = 0; i < kernel->n_ready; i++)
		tp_strbuf_printf(out, "%s.%s=%s\n", kernel->ready[i]->instance->name,
			kernel->ready[i]->key, kernel->ready[i]->value);
}

/* Instances of the manifest come after the services of the kernel. */
static const struct instance *at(void *impl, size_t i)
{
	const struct tp_kernel *kernel = impl;

	i += kernel->options.n_services + 1;
	tp_assert(i < kernel->graph.n_nodes);
	return kernel->graph.nodes[i];
}

static size_t modules_count(void *impl)
{
	const struct tp_kernel *kernel = impl;

	return kernel->graph.n_nodes - kernel->options.n_services - 1;
}

static const struct tp_module *modules_module(void *impl, size_t i)
{
	return at(impl, i)->module;
}

static const char *modules_instance_name(void *impl, size_t i)
{
	return at(impl, i)->name;
}

static const char *modules_file(void *impl, size_t i)
{
	return at(impl, i)->loaded->file;
}

static void modules_graph(void *impl, struct tp_strbuf *out)
{
	tp_kernel_graph(impl, out);
}

static void modules_status(void *impl, size_t i, struct tp_strbuf *out)
{
	const struct instance *instance = at(impl, i);

	if (instance->module->status != NULL)
		instance->module->status(instance->self, out);
}

const struct tp_modules_ops kernel_modules_ops = {
	.count = modules_count,
	.module = modules_module,
	.instance_name = modules_instance_name,
	.file = modules_file,
	.graph = modules_graph,
	.status = modules_status,
};
