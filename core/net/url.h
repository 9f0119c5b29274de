/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of addresses, as operators write them: "tcp://h:1,h:2", "master@h:3", "file:///list". */
#ifndef CORE_NET_URL_H
#define CORE_NET_URL_H

#include "tepui/error.h"

bool url_is_tls(const char *url);

struct url_list {
	char **items; /* complete URLs */
	size_t n;
};

/*
 * Reads a list separated by commas or white space. HOST:PORT and NAME@HOST:PORT become
 * tcp://HOST:PORT; a file:// item stands for the list in that file, which is read now.
 */
int url_list_parse(const char *text, struct url_list *ret, struct tp_error *err);
void url_list_fini(struct url_list *self);

#endif
