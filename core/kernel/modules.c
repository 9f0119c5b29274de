/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The service `modules`: what is loaded, for daemons that answer `tepui module ...`. Instances
 * are counted in the manifest's order; services of the kernel are not among them.
 */
#include "core/kernel/kernel_private.h"

/* In the graph the services of the program and our own come first. */
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

	if (instance->left_out)
		tp_strbuf_puts(out, "state: left out, it could not start\n");
	else if (instance->module->status != NULL)
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
