/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever reaches a daemon's port unasked may run commands there, so daemons refuse addresses that
 * strangers can reach unless these must say who they are. What is no IP address of this machine
 * alone counts as reachable: a name may mean anything.
 */
#include "tepui/listen.h"

#include <arpa/inet.h>
#include <string.h>

#include "tepui/kind/authenticator.h"

static bool is_loopback(const char *host)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcmp(host, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, host, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, host, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

bool tp_listen_host(const char *url, char *ret, size_t size)
{
	const char *host = strstr(url, "://");
	const char *end;
	size_t len;

	if (host != NULL && strstr(url, "tcp") == NULL)
		return false;
	host = host == NULL ? url : host + 3;
	if (*host == '[') {
		host++;
		end = strchr(host, ']');
	} else {
		end = strrchr(host, ':');
	}
	len = end == NULL ? strlen(host) : (size_t)(end - host);
	if (len >= size)
		return false;
	memcpy(ret, host, len);
	ret[len] = '\0';
	return true;
}

bool tp_listen_is_local(const char *url)
{
	char host[256];

	if (strstr(url, "://") != NULL && strstr(url, "tcp") == NULL)
		return true;
	return tp_listen_host(url, host, sizeof host) && is_loopback(host);
}

bool tp_listen_can_authenticate(const struct tp_services *authenticators)
{
	for (size_t i = 0; i < authenticators->n; i++) {
		const struct tp_service *service = &authenticators->items[i].service;
		const struct tp_authenticator_ops *ops = service->ops;

		if (ops->usable(service->impl))
			return true;
	}
	return false;
}
