/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checks of CommandInfo and ContainerInfo that need nothing but the record: types and their
 * members agree, paths stay where they belong, secrets are of one kind. Whether an agent can
 * really do it is the agent's to say.
 */
#include "validate_container.h"

#include <errno.h>
#include <string.h>

/* Relative and without "..": it cannot leave the directory it is in. */
static bool stays_inside(const char *path)
{
	const char *part = path;

	if (path[0] == '\0' || path[0] == '/')
		return false;
	while (part != NULL) {
		if (strncmp(part, "..", 2) == 0 && (part[2] == '/' || part[2] == '\0'))
			return false;
		part = strchr(part, '/');
		if (part != NULL)
			part++;
	}
	return true;
}

static int validate_secret(const struct tp_secret *secret, struct tp_error *err)
{
	int type = secret->has_type ? secret->type : TP_SECRET_UNKNOWN;

	if (type == TP_SECRET_REFERENCE && secret->reference != NULL &&
		secret->value == NULL)
		return 0;
	if (type == TP_SECRET_VALUE && secret->value != NULL && secret->reference == NULL)
		return 0;
	return tp_fail(err, EINVAL,
		"Secret must be of type VALUE or REFERENCE and have only the member of "
		"its "
		"type");
}

static int validate_variable(
	const struct tp_environment_variable *variable, struct tp_error *err)
{
	int type = variable->has_type ? variable->type : TP_ENVIRONMENT_VARIABLE_VALUE;

	switch (type) {
	case TP_ENVIRONMENT_VARIABLE_VALUE:
		if (variable->value == NULL || variable->secret != NULL)
			return tp_fail(err, EINVAL,
				"Environment variable '%s' of type 'VALUE' must have a "
				"value "
				"and no secret",
				variable->name);
		return 0;
	case TP_ENVIRONMENT_VARIABLE_SECRET:
		if (variable->secret == NULL || variable->value != NULL)
			return tp_fail(err, EINVAL,
				"Environment variable '%s' of type 'SECRET' must have a "
				"secret and no value",
				variable->name);
		return validate_secret(variable->secret, err);
	default:
		return tp_fail(err, EINVAL,
			"Environment variable '%s' has an unknown type", variable->name);
	}
}

int validate_command(const struct tp_command_info *command, struct tp_error *err)
{
	const struct tp_environment *environment = command->environment;
	int r = 0;

	for (size_t i = 0; environment != NULL && r >= 0 && i < environment->n_variables;
		i++)
		r = validate_variable(environment->variables[i], err);
	for (size_t i = 0; r >= 0 && i < command->n_uris; i++) {
		const char *file = command->uris[i]->output_file;

		if (file != NULL && !stays_inside(file))
			r = tp_fail(err, EINVAL,
				"CommandInfo.URI.output_file '%s' must be a relative "
				"path "
				"inside the sandbox",
				file);
	}
	return r;
}

static int validate_volume(const struct tp_volume *volume, struct tp_error *err)
{
	int n = (volume->host_path != NULL) + (volume->image != NULL) +
		(volume->source != NULL);

	if (n != 1)
		return tp_fail(err, EINVAL,
			"Volume '%s' must have exactly one of 'host_path', 'image' and "
			"'source'",
			volume->container_path);
	if (volume->source != NULL && volume->source->has_type &&
		volume->source->type == TP_VOLUME_SOURCE_SECRET) {
		if (volume->source->secret == NULL)
			return tp_fail(err, EINVAL,
				"Volume '%s' of source type SECRET has no secret",
				volume->container_path);
		return validate_secret(volume->source->secret, err);
	}
	return 0;
}

static int validate_docker(
	const struct tp_container_info_docker_info *docker, struct tp_error *err)
{
	for (size_t i = 0; i < docker->n_parameters; i++) {
		if (strcmp(docker->parameters[i]->key, "name") == 0)
			return tp_fail(err, EINVAL,
				"Parameter in DockerInfo must not be 'name': the agent "
				"names its containers itself");
	}
	return 0;
}

static int validate_linux(const struct tp_linux_info *info, struct tp_error *err)
{
	if (info->capability_info != NULL && info->effective_capabilities != NULL)
		return tp_fail(err, EINVAL,
			"Only one of 'capability_info' and 'effective_capabilities' may "
			"be "
			"set in LinuxInfo");
	return 0;
}

int validate_container(const struct tp_container_info *container, struct tp_error *err)
{
	int r = 0;

	if (container->type == TP_CONTAINER_INFO_DOCKER && container->docker == NULL)
		return tp_fail(err, EINVAL,
			"DockerInfo 'docker' is not set for DOCKER typed ContainerInfo");
	if (container->type == TP_CONTAINER_INFO_MESOS && container->docker != NULL)
		return tp_fail(err, EINVAL,
			"DockerInfo 'docker' is set for MESOS typed ContainerInfo");
	for (size_t i = 0; r >= 0 && i < container->n_volumes; i++)
		r = validate_volume(container->volumes[i], err);
	if (r >= 0 && container->docker != NULL)
		r = validate_docker(container->docker, err);
	if (r >= 0 && container->linux_info != NULL)
		r = validate_linux(container->linux_info, err);
	return r;
}
