/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What to execute: environment and argument vector of a command, as execve takes them. There is
 * no execvp: the search uses the PATH of the new environment, not ours.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "plan.h"

#define PATH_DEFAULT "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct environment {
	struct tp_arena *arena;
	const char **pairs; /* "NAME=value" */
	size_t n, size;
};

static void environment_set(struct environment *env, const char *name, const char *value)
{
	size_t len = strlen(name);
	const char *pair = tp_arena_printf(env->arena, "%s=%s", name, value);

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->pairs[i], name, len) == 0 && env->pairs[i][len] == '=') {
			env->pairs[i] = pair;
			return;
		}
	}
	if (env->n + 1 == env->size) {
		const char **grown =
			tp_arena_alloc(env->arena, 2 * env->size * sizeof(*grown));

		memcpy(grown, env->pairs, env->n * sizeof(*grown));
		env->pairs = grown;
		env->size *= 2;
	}
	env->pairs[env->n++] = pair;
}

static void environment_add(struct environment *env, const struct tp_environment *more)
{
	for (size_t i = 0; more != NULL && i < more->n_variables; i++) {
		if (more->variables[i]->value != NULL)
			environment_set(
				env, more->variables[i]->name, more->variables[i]->value);
	}
}

const char *const *plan_environment(struct tp_arena *arena,
	const struct tp_environment *base, const struct tp_environment *over,
	const char *const *extra)
{
	struct environment env = { .arena = arena, .size = 64 };

	env.pairs = tp_arena_alloc(arena, env.size * sizeof(*env.pairs));
	environment_set(&env, "PATH", PATH_DEFAULT);
	environment_add(&env, base);
	environment_add(&env, over);
	for (; extra != NULL && extra[0] != NULL; extra += 2)
		environment_set(&env, extra[0], extra[1]);
	return env.pairs;
}

static const char *environment_get(const char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; *env != NULL; env++) {
		if (strncmp(*env, name, len) == 0 && (*env)[len] == '=')
			return *env + len + 1;
	}
	return NULL;
}

static int command_find(struct tp_arena *arena, const char *name, const char *const *env,
	const char **ret, struct tp_error *err)
{
	const char *dirs = environment_get(env, "PATH");

	if (strchr(name, '/') != NULL) {
		*ret = name;
		return 0;
	}
	if (dirs == NULL || dirs[0] == '\0')
		dirs = PATH_DEFAULT;
	while (*dirs != '\0') {
		size_t len = strcspn(dirs, ":");
		const char *path = tp_arena_printf(
			arena, "%.*s/%s", (int)len, len == 0 ? "." : dirs, name);

		if (access(path, X_OK) == 0) {
			*ret = path;
			return 0;
		}
		dirs += len + (dirs[len] == ':');
	}
	return tp_fail(err, ENOENT, "command '%s' is not in PATH", name);
}

int plan_command(struct tp_arena *arena, const struct tp_command_info *command,
	const char *const *env, const char **ret_path, const char *const **ret_argv,
	struct tp_error *err)
{
	bool shell = !command->has_shell || command->shell;
	const char **argv;

	if (command->value == NULL)
		return tp_fail(err, EINVAL, "the command has no value");
	if (shell) {
		argv = tp_arena_alloc(arena, 4 * sizeof(*argv));
		argv[0] = "sh";
		argv[1] = "-c";
		argv[2] = command->value;
		*ret_path = "/bin/sh";
		*ret_argv = argv;
		return 0;
	}
	argv = tp_arena_alloc(arena, (command->n_arguments + 2) * sizeof(*argv));
	for (size_t i = 0; i < command->n_arguments; i++)
		argv[i] = command->arguments[i];
	if (command->n_arguments == 0)
		argv[0] = command->value;
	*ret_argv = argv;
	return command_find(arena, command->value, env, ret_path, err);
}
