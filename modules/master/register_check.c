/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with an agent's own words. */
#include "register_check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "native.h"

#include "tepui/ids.h"

/* In thousandths those of 90,000 agents are less than INT64_MAX. */
#define AMOUNT_MAX INT64_C(100000000000)

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

/* Of one item, in thousandths; what is larger than AMOUNT_MAX_MILLI may be smaller than it is. */
static int64_t amount_milli(const struct tp_resource_item *item)
{
	uint64_t n = 0;

	if (item->key->type == TP_VALUE_SCALAR)
		return item->milli;
	if (item->key->type == TP_VALUE_SET)
		return (int64_t)item->words->n * 1000;
	for (uint32_t i = 0; i < item->spans->n; i++) {
		n += item->spans->items[i].end - item->spans->items[i].begin;
		if (n >= AMOUNT_MAX)
			return INT64_MAX;
		n++;
	}
	return (int64_t)n * 1000;
}

int register_check_amounts(const struct tp_resources *resources, struct tp_error *err)
{
	int64_t room = AMOUNT_MAX * 1000;

	for (uint32_t i = 0; i < resources->n; i++) {
		int64_t milli = amount_milli(&resources->items[i]);

		if (milli > room)
			return tp_fail(err, EINVAL,
				"its resources up to '%s' are more than %lld together: "
				"use larger units",
				resources->items[i].key->name, (long long)AMOUNT_MAX);
		room -= milli;
	}
	return 0;
}

int register_check(const struct registration *registration, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	int r;

	if (registration->info->hostname[0] == '\0')
		return tp_fail(err, EINVAL, "AgentInfo has no hostname");
	r = registration_total(registration, &total, err);
	if (r >= 0)
		r = register_check_amounts(&total, err);
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
