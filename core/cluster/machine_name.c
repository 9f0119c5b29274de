/* SPDX-License-Identifier: Apache-2.0 */
/* What a daemon calls itself when its operator gave no hostname. */
#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <unistd.h>

#include "tepui/machine.h"

#define NAME_MAX_BYTES 256

/* An address that says nothing about the machine: none, a wildcard, no address at all. */
static bool read_address(const char *ip, struct sockaddr_storage *ret, socklen_t *ret_len,
	bool *ret_loopback)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof *ret);
	if (ip == NULL)
		return false;
	if (inet_pton(AF_INET, ip, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		*ret_len = sizeof *four;
		*ret_loopback = ntohl(four->sin_addr.s_addr) >> 24 == 127;
		return four->sin_addr.s_addr != INADDR_ANY;
	}
	if (inet_pton(AF_INET6, ip, &six->sin6_addr) != 1)
		return false;
	six->sin6_family = AF_INET6;
	*ret_len = sizeof *six;
	*ret_loopback = IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
	return !IN6_IS_ADDR_UNSPECIFIED(&six->sin6_addr);
}

static const char *own_name(struct tp_arena *arena)
{
	char name[NAME_MAX_BYTES] = "";

	if (gethostname(name, sizeof name - 1) < 0 || name[0] == '\0')
		return "localhost";
	return tp_arena_strdup(arena, name);
}

const char *tp_machine_hostname(const char *ip, bool lookup, struct tp_arena *arena)
{
	struct sockaddr_storage address;
	socklen_t len = 0;
	bool loopback = false;
	char name[NAME_MAX_BYTES];

	if (!read_address(ip, &address, &len, &loopback))
		return own_name(arena);
	if (lookup && loopback)
		return "localhost";
	if (lookup &&
		getnameinfo((struct sockaddr *)&address, len, name, sizeof name, NULL, 0,
			NI_NAMEREQD) == 0)
		return tp_arena_strdup(arena, name);
	return tp_arena_strdup(arena, ip);
}
