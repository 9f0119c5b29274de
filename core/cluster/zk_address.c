/* SPDX-License-Identifier: Apache-2.0 */
/* zk:// addresses, cut from the left: who, where, which node. Names are resolved by nobody here. */
#include "core/cluster/zk_address.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tepui/strbuf.h"

#define SCHEME "zk://"
#define PORT "2181"

bool zk_address_is(const char *text)
{
	return strncmp(text, SCHEME, strlen(SCHEME)) == 0;
}

void zk_address_fini(struct zk_address *self)
{
	tp_free(self->user);
	tp_free(self->password);
	tp_free(self->servers);
	tp_free(self->path);
	*self = (struct zk_address){ 0 };
}

/* USER:PASSWORD of `len` bytes. */
static int take_user(
	const char *text, size_t len, struct zk_address *ret, struct tp_error *err)
{
	const char *colon = memchr(text, ':', len);
	size_t user_len = colon == NULL ? len : (size_t)(colon - text);

	if (user_len == 0)
		return tp_fail(err, EINVAL, "zk://: there is no user before ':' or '@'");
	if (colon == NULL || user_len + 1 == len)
		return tp_fail(err, EINVAL,
			"zk://: user '%.*s' has no password: write USER:PASSWORD@",
			(int)user_len, text);
	ret->user = tp_strndup(text, user_len);
	ret->password = tp_strndup(colon + 1, len - user_len - 1);
	return 0;
}

/* Where the '@' was forgotten a password stands after the colon: no error repeats that. */
static int check_port(const char *server, const char *port, struct tp_error *err)
{
	char *end = NULL;
	unsigned long number = 0;

	if (port[0] >= '0' && port[0] <= '9')
		number = strtoul(port, &end, 10);
	if (end == NULL || *end != '\0' || number == 0 || number > 65535)
		return tp_fail(err, EINVAL,
			"zk://: server '%.*s': its port is not a number from 1 to 65535",
			(int)(port - 1 - server), server);
	return 0;
}

/* One HOST[:PORT], an IPv6 address in brackets. */
static int add_server(struct tp_strbuf *to, const char *server, struct tp_error *err)
{
	const char *host_end = server[0] == '[' ? strchr(server, ']') : NULL;
	const char *colon = strchr(host_end == NULL ? server : host_end, ':');
	int r;

	if (server[0] == '\0' || colon == server)
		return tp_fail(err, EINVAL,
			"zk://: a server has no name: write HOST:PORT,HOST:PORT");
	if (server[0] == '[' &&
		(host_end == NULL || (host_end[1] != '\0' && host_end[1] != ':')))
		return tp_fail(err, EINVAL,
			"zk://: server '%s': an IPv6 address stands in brackets, like "
			"[::1]:2181",
			server);
	if (host_end == NULL && colon != NULL && strchr(colon + 1, ':') != NULL)
		return tp_fail(err, EINVAL,
			"zk://: server '%.*s:...': an IPv6 address stands in brackets, "
			"like [::1]:2181",
			(int)(colon - server), server);
	if (colon != NULL) {
		r = check_port(server, colon + 1, err);
		if (r < 0)
			return r;
	}
	tp_strbuf_printf(to, "%s%s%s", to->len > 0 ? "," : "", server,
		colon == NULL ? ":" PORT : "");
	return 0;
}

static int take_servers(
	const char *text, size_t len, struct zk_address *ret, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf servers = TP_STRBUF_INIT;
	tp_cleanup(ptr) char *copy = tp_strndup(text, len);
	char *rest = copy;

	while (rest != NULL) {
		char *server = strsep(&rest, ",");
		int r = add_server(&servers, server, err);

		if (r < 0)
			return r;
	}
	ret->servers = tp_strdup(tp_strbuf_text(&servers));
	return 0;
}

static int take_path(const char *path, struct zk_address *ret, struct tp_error *err)
{
	size_t len = strlen(path);

	if (strstr(path, "//") != NULL || strstr(path, "/./") != NULL ||
		strstr(path, "/../") != NULL)
		return tp_fail(err, EINVAL,
			"zk://: path '%s' has an empty, '.' or '..' part", path);
	if (strpbrk(path, " \t\r\n") != NULL)
		return tp_fail(err, EINVAL, "zk://: path '%s' has blanks in it", path);
	if (len > 1 && path[len - 1] == '/')
		len--;
	ret->path = tp_strndup(path, len);
	return 0;
}

int zk_address_parse(const char *text, struct zk_address *ret, struct tp_error *err)
{
	struct zk_address self = { 0 };
	const char *rest = text + strlen(SCHEME), *path, *at;
	int r = 0;

	*ret = self;
	if (!zk_address_is(text))
		return tp_fail(err, EINVAL, "the address does not begin with zk://");
	/* A password may have a slash, a host may not: the last '@' divides them. */
	at = strrchr(rest, '@');
	path = strchr(at != NULL ? at : rest, '/');
	if (path == NULL)
		return tp_fail(err, EINVAL,
			"zk://: there is no path: write zk://HOST:PORT,HOST:PORT/PATH");
	if (at != NULL)
		r = take_user(rest, (size_t)(at - rest), &self, err);
	if (at != NULL)
		rest = at + 1;
	if (r >= 0)
		r = take_servers(rest, (size_t)(path - rest), &self, err);
	if (r >= 0)
		r = take_path(path, &self, err);
	if (r < 0) {
		zk_address_fini(&self);
		return r;
	}
	*ret = self;
	return 0;
}
