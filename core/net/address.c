/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses without the resolver: the plain transport serves executors on one machine, and a
 * static program cannot use glibc's getaddrinfo().
 */
#include "core/net/address.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_path(const char *path, struct address *ret, struct tp_error *err)
{
	size_t len = strlen(path);

	if (*path != '/')
		return tp_fail(
			err, EINVAL, "unix socket path '%s' is not absolute", path);
	if (len >= sizeof ret->un.sun_path)
		return tp_fail(err, ENAMETOOLONG,
			"unix socket path '%s' is longer than %zu characters", path,
			sizeof ret->un.sun_path - 1);
	ret->un.sun_family = AF_UNIX;
	memcpy(ret->un.sun_path, path, len + 1);
	ret->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return 0;
}

/* Cuts "HOST:PORT" or "[HOST]:PORT". */
static int cut_port(char *text, char **ret_host, uint16_t *ret_port)
{
	char *colon = strrchr(text, ':'), *end;
	unsigned long port;

	if (colon == NULL || colon[1] < '0' || colon[1] > '9')
		return -EINVAL;
	port = strtoul(colon + 1, &end, 10);
	if (*end != '\0' || port > 65535)
		return -EINVAL;
	*colon = '\0';
	if (*text == '[') {
		if (colon[-1] != ']')
			return -EINVAL;
		colon[-1] = '\0';
		text++;
	}
	*ret_host = text;
	*ret_port = (uint16_t)port;
	return 0;
}

static int parse_tcp(const char *text, struct address *ret, struct tp_error *err)
{
	char copy[128], *host;
	uint16_t port;

	if (strlen(text) >= sizeof copy || cut_port(strcpy(copy, text), &host, &port) < 0)
		return tp_fail(err, EINVAL, "'%s' is not ADDRESS:PORT", text);
	if (strcmp(host, "localhost") == 0)
		strcpy(host, "127.0.0.1");
	if (inet_pton(AF_INET, host, &ret->in4.sin_addr) == 1) {
		ret->in4.sin_family = AF_INET;
		ret->in4.sin_port = htons(port);
		ret->len = sizeof ret->in4;
		return 0;
	}
	if (inet_pton(AF_INET6, host, &ret->in6.sin6_addr) == 1) {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = htons(port);
		ret->len = sizeof ret->in6;
		return 0;
	}
	return tp_fail(err, EINVAL, "'%s' is not a numeric address", host);
}

int address_parse(const char *url, struct address *ret, struct tp_error *err)
{
	memset(ret, 0, sizeof *ret);
	if (strncmp(url, "unix://", 7) == 0)
		return parse_path(url + 7, ret, err);
	if (strncmp(url, "plain+tcp://", 12) == 0)
		return parse_tcp(url + 12, ret, err);
	return tp_fail(err, EINVAL, "'%s' is not a unix:// or plain+tcp:// address", url);
}

void address_print(const struct address *self, struct tp_strbuf *out)
{
	char text[INET6_ADDRSTRLEN] = "?";

	switch (self->any.sa_family) {
	case AF_UNIX:
		if (self->len > offsetof(struct sockaddr_un, sun_path))
			tp_strbuf_puts(out, self->un.sun_path);
		break;
	case AF_INET:
		inet_ntop(AF_INET, &self->in4.sin_addr, text, sizeof text);
		tp_strbuf_printf(out, "%s:%u", text, ntohs(self->in4.sin_port));
		break;
	case AF_INET6:
		inet_ntop(AF_INET6, &self->in6.sin6_addr, text, sizeof text);
		tp_strbuf_printf(out, "[%s]:%u", text, ntohs(self->in6.sin6_port));
		break;
	default:
		break;
	}
}

static bool listens_on(int fd, int family, uint16_t port)
{
	struct address address = { .len = sizeof(struct sockaddr_un) };
	socklen_t len = sizeof(int);
	int listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 || !listens ||
		getsockname(fd, &address.any, &address.len) < 0 ||
		address.any.sa_family != family)
		return false;
	return ntohs(family == AF_INET6 ? address.in6.sin6_port : address.in4.sin_port) ==
		port;
}

void address_raise_backlog(int family, uint16_t port)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int fd;

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		fd = atoi(entry->d_name);
		if (fd > 2 && listens_on(fd, family, port))
			listen(fd, 4096);
	}
	closedir(dir);
}
