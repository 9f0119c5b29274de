/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What instances tell the kernel while they run: values that whoever started the process waits
 * for, such as bound addresses, and that the process should end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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

static int write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

int tp_kernel_write_ready(
	const struct tp_kernel *kernel, const char *path, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	tp_cleanup(strbuf) struct tp_strbuf draft = TP_STRBUF_INIT;
	tp_cleanup(fd) int fd = -1;
	int r = 0;

	tp_strbuf_printf(&draft, "%s.%d", path, (int)getpid());
	tp_strbuf_printf(&text, "tepuid.pid=%d\n", (int)getpid());
	tp_kernel_ready(kernel, &text);
	fd = open(draft.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return tp_fail_errno(err, errno, "open '%s'", draft.data);
	r = write_all(fd, text.data, text.len);
	if (r == 0 && rename(draft.data, path) < 0)
		r = -errno;
	if (r < 0) {
		unlink(draft.data);
		tp_fail_errno(err, -r, "write '%s'", path);
	}
	return r;
}
