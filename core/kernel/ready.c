/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What instances tell the kernel while they run: values that whoever started the process waits
 * for, such as bound addresses, and that the process should end.
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
