/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening addresses. Whoever reaches the port unasked may run commands on the agents: an
 * address beyond loopback is refused unless all kinds of peers must authenticate, or the operator
 * says `insecure: true`.
 */
#include "listen.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/listen.h"

bool listen_parse(const char *url, char *host, size_t host_size, uint32_t *ret_port)
{
	const char *start = strstr(url, "tcp://");
	const char *colon;
	unsigned long port;
	size_t len;

	if (start == NULL)
		return false;
	start += strlen("tcp://");
	colon = strrchr(start, ':');
	if (colon == NULL || colon[1] == '\0')
		return false;
	port = strtoul(colon + 1, NULL, 10);
	len = (size_t)(colon - start);
	if (len >= 2 && start[0] == '[' && start[len - 1] == ']') {
		start++;
		len -= 2;
	}
	if (port > 65535 || len >= host_size)
		return false;
	memcpy(host, start, len);
	host[len] = '\0';
	*ret_port = (uint32_t)port;
	return true;
}

int listen_check(const char *url, const struct master *m, struct tp_error *err)
{
	bool all = m->authenticate_agents && m->authenticate_frameworks &&
		m->authenticate_operators;

	if (m->insecure || all || tp_listen_is_local(url))
		return 0;
	return tp_fail(err, EPERM,
		"anybody who reaches this address could run commands on the agents; "
		"listen at 127.0.0.1, or let everybody authenticate "
		"(authenticate_agents, authenticate_frameworks, authenticate_operators), "
		"or set `insecure: true` on a network you trust");
}
