/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an agent's own words. */
#include "register_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "native.h"

#include "tepui/ids.h"

/* "1.2" and "1.2.3-rc1" alike, as one number that compares. */
static int parse_version(const char *text, uint64_t *ret)
{
	unsigned major, minor, patch = 0;

	if (text == NULL || sscanf(text, "%5u.%5u.%5u", &major, &minor, &patch) < 2)
		return -EINVAL;
	*ret = (uint64_t)major << 40 | (uint64_t)minor << 20 | patch;
	return 0;
}

static int check_version(const char *version, struct tp_error *err)
{
	uint64_t oldest = 0, its;

	parse_version(AGENT_VERSION_OLDEST, &oldest);
	if (parse_version(version, &its) < 0)
		return tp_fail(err, EPROTO, "'%s' is not a version of an agent",
			version == NULL ? "" : version);
	if (its < oldest)
		return tp_fail(err, EPROTO,
			"version %s is too old, upgrade the agent "
			"to " AGENT_VERSION_OLDEST " at least",
			version);
	return 0;
}

int register_check(const struct registration *registration, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	int r;

	if (registration->info->hostname[0] == '\0')
		return tp_fail(err, EINVAL, "AgentInfo has no hostname");
	r = registration_total(registration, &total, err);
	if (r < 0)
		return r;
	return check_version(registration->version, err);
}

const char *register_ip(const struct master *m, uint64_t peer, struct tp_arena *arena)
{
	const char *address = native_peer_address(m, peer);
	const char *scheme = strstr(address, "://");
	const char *start = scheme == NULL ? address : scheme + 3;
	const char *port;

	/* A unix socket comes from this machine, whatever it is called. */
	if (strncmp(address, "ipc:", 4) == 0 || strncmp(address, "unix:", 5) == 0)
		return NULL;
	port = strrchr(start, ':');
	return port == NULL ? NULL
			    : tp_arena_strndup(arena, start, (size_t)(port - start));
}
