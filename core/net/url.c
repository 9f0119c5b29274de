/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses to dial. Ports are checked here; names of hosts are resolved by the transport at
 * each attempt, because they may change, and it also knows which kinds of address there are.
 */
#include "core/net/url.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define URLS_MAX 64
#define FILE_MAX_BYTES 16384

void url_list_fini(struct url_list *self)
{
	for (size_t i = 0; i < self->n; i++)
		tp_free(self->items[i]);
	tp_free(self->items);
	self->items = NULL;
	self->n = 0;
}

bool url_is_tls(const char *url)
{
	return strncmp(url, "tls+tcp://", 10) == 0;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int check_port(const char *host_port, struct tp_error *err)
{
	const char *colon = strrchr(host_port, ':');
	unsigned long port = 0;
	char *end = NULL;

	if (colon != NULL && colon != host_port && colon[1] >= '0' && colon[1] <= '9')
		port = strtoul(colon + 1, &end, 10);
	if (end == NULL || *end != '\0' || port == 0 || port > 65535)
		return tp_fail(err, EINVAL,
			"'%s' is not HOST:PORT with a port from 1 to 65535", host_port);
	if (*host_port != '[' && memchr(host_port, ':', (size_t)(colon - host_port)))
		return tp_fail(err, EINVAL,
			"'%s': an IPv6 address stands in brackets, like [::1]:5060",
			host_port);
	return 0;
}

static int add(
	struct url_list *list, const char *prefix, const char *text, struct tp_error *err)
{
	if (list->n == URLS_MAX)
		return tp_fail(
			err, E2BIG, "more than %d addresses in the list", URLS_MAX);
	list->items = tp_realloc(list->items, (list->n + 1) * sizeof *list->items);
	list->items[list->n++] = tp_asprintf("%s%s", prefix, text);
	return 0;
}

static int add_item(struct url_list *list, const char *item, struct tp_error *err)
{
	const char *at;
	int r = 0;

	/* It may have a password in it, which no error repeats. */
	if (starts(item, "zk://"))
		return tp_fail(err, ENOTSUP,
			"zk://: the address is not looked up in ZooKeeper; give "
			"HOST:PORT,HOST:PORT or a file:// list");
	if (starts(item, "tcp://") || starts(item, "tls+tcp://"))
		r = check_port(strstr(item, "://") + 3, err);
	if (r < 0)
		return r;
	if (strstr(item, "://") != NULL)
		return add(list, "", item, err);
	at = strchr(item, '@');
	item = at != NULL ? at + 1 : item;
	r = check_port(item, err);
	return r < 0 ? r : add(list, "tcp://", item, err);
}

/* The contents of a file:// item, without its own file:// items. */
static int read_list(const char *path, char **ret, struct tp_error *err)
{
	tp_cleanup(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	tp_cleanup(ptr) char *text = NULL;
	ssize_t n;

	if (fd < 0)
		return tp_fail_errno(err, errno, "opening '%s'", path);
	text = tp_alloc(FILE_MAX_BYTES + 1);
	n = read(fd, text, FILE_MAX_BYTES);
	if (n < 0)
		return tp_fail_errno(err, errno, "reading '%s'", path);
	if (n == FILE_MAX_BYTES)
		return tp_fail(
			err, EFBIG, "'%s' is longer than %d bytes", path, FILE_MAX_BYTES);
	text[n] = '\0';
	*ret = text;
	text = NULL;
	return 0;
}

static int add_list(
	struct url_list *list, const char *text, bool files, struct tp_error *err)
{
	tp_cleanup(ptr) char *copy = tp_strdup(text);
	char *save = NULL;
	int r = 0;

	for (char *item = strtok_r(copy, ", \t\r\n", &save); item != NULL && r >= 0;
		item = strtok_r(NULL, ", \t\r\n", &save)) {
		tp_cleanup(ptr) char *inner = NULL;

		if (!files || !starts(item, "file://")) {
			r = add_item(list, item, err);
			continue;
		}
		r = read_list(item + strlen("file://"), &inner, err);
		if (r >= 0)
			r = tp_wrap(err, add_list(list, inner, false, err), "'%s'", item);
	}
	return r;
}

int url_list_parse(const char *text, struct url_list *ret, struct tp_error *err)
{
	struct url_list list = { NULL, 0 };
	int r = add_list(&list, text, true, err);

	if (r >= 0 && list.n == 0)
		r = tp_fail(err, EINVAL, "no address in '%s'", text);
	if (r < 0) {
		url_list_fini(&list);
		return r;
	}
	*ret = list;
	return 0;
}
