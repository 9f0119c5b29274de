/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whoever reaches a daemon's port unasked may run commands there, so daemons refuse addresses that
 * strangers can reach unless these must say who they are. What is no IP address of this machine
 * alone counts as reachable: a name may mean anything. At a unix socket the kernel says who dials.
 */
#include "tepui/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

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

/* "HOST:PORT" of an address of IP, NULL for others. Schemes are those that transports know. */
static const char *ip_part(const char *url)
{
	static const char *const schemes[] = { "tcp://", "tls+tcp://", "plain+tcp://" };

	for (size_t i = 0; i < TP_COUNT(schemes); i++) {
		if (strncmp(url, schemes[i], strlen(schemes[i])) == 0)
			return url + strlen(schemes[i]);
	}
	return strstr(url, "://") == NULL ? url : NULL;
}

/* Nothing that one parser takes for the host and another for a user or a path. */
static bool is_plain(const char *host, const char *end, bool bracketed)
{
	const char *port = bracketed && *end == ']' ? end + 1 : end;

	if (strpbrk(host, "@/?#\\") != NULL || (bracketed && *end != ']'))
		return false;
	return *port == '\0' ||
		(*port == ':' && strspn(port + 1, "0123456789") == strlen(port + 1));
}

bool tp_listen_host(const char *url, char *ret, size_t size)
{
	const char *host = ip_part(url);
	bool bracketed;
	const char *end;
	size_t len;

	if (host == NULL)
		return false;
	bracketed = *host == '[';
	host += bracketed;
	end = bracketed ? strchr(host, ']') : strchr(host, ':');
	len = end == NULL ? strlen(host) : (size_t)(end - host);
	if (len >= size || !is_plain(host, host + len, bracketed))
		return false;
	memcpy(ret, host, len);
	ret[len] = '\0';
	return true;
}

const char *tp_listen_advertised(struct tp_arena *arena, const char *url, const char *ip)
{
	const char *host = ip_part(url);
	const char *port = strrchr(url, ':');
	bool six = strchr(ip, ':') != NULL;

	if (host == NULL || host == url || port < host)
		return url;
	return tp_arena_printf(arena, "%.*s%s%s%s%s", (int)(host - url), url,
		six ? "[" : "", ip, six ? "]" : "", port);
}

bool tp_listen_is_local(const char *url)
{
	static const char *const sockets[] = { "ipc://", "unix://", "abstract://" };
	char host[256];

	for (size_t i = 0; i < TP_COUNT(sockets); i++) {
		if (strncmp(url, sockets[i], strlen(sockets[i])) == 0)
			return true;
	}
	return tp_listen_host(url, host, sizeof host) && is_loopback(host);
}

bool tp_listen_is_own(const struct tp_wire_peer *wire)
{
	return wire->local && (wire->uid == 0 || wire->uid == geteuid());
}

int tp_listen_admit(const struct tp_peer_info *info, struct tp_error *err)
{
	if (!info->wire.local || info->principal != NULL || tp_listen_is_own(&info->wire))
		return 0;
	return tp_fail(err, EACCES,
		"this socket serves root and the user of the daemon (uid %u), you are "
		"uid "
		"%u: others must authenticate",
		(unsigned)geteuid(), (unsigned)info->wire.uid);
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
