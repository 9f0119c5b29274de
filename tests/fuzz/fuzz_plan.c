/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A launch plan as the container's init reads it, before it gives up its privileges: read from a
 * descriptor, its environments merged, its command looked up. Every refusal says why. Nothing is
 * applied: that would change this very process.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/launch/plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Counts what ends with NULL, and reads every byte of it. */
static size_t read_all(const char *const *texts)
{
	size_t n = 0, len = 0;

	while (texts[n] != NULL)
		len += strlen(texts[n++]);
	return n + (len == 0);
}

static void use(const struct tp_launch_plan *plan, struct tp_arena *arena)
{
	static const char *const extra[] = { "TEPUI_A", "1", "PATH", "/bin", NULL };
	const struct tp_container_launch_info *info = plan->info;
	const char *const *env;
	const char *const *argv;
	struct tp_error err = { 0 };
	const char *path;

	if (info == NULL)
		return;
	env = plan_environment(arena, info->environment, info->task_environment, extra);
	tp_assert(read_all(env) >= 2);
	if (info->command == NULL)
		return;
	if (plan_command(arena, info->command, env, &path, &argv, &err) < 0)
		tp_assert(err.text[0] != '\0');
	else
		tp_assert(*path != '\0' && read_all(argv) >= 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tp_arena *arena = tp_arena_create(0);
	int fd = memfd_create("plan", MFD_CLOEXEC);
	struct tp_launch_plan *plan;
	struct tp_error err = { 0 };

	tp_assert(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	tp_assert(lseek(fd, 0, SEEK_SET) == 0);
	if (plan_read(fd, arena, &plan, &err) < 0)
		tp_assert(err.text[0] != '\0');
	else
		use(plan, arena);
	close(fd);
	tp_arena_destroy(arena);
	return 0;
}
