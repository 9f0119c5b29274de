/* SPDX-License-Identifier: Apache-2.0 */
/* What a listening address may be, and the parts of one. */
#ifndef MASTER_LISTEN_H
#define MASTER_LISTEN_H

#include "master.h"

/* -EPERM for an address that strangers can reach, unless that was asked for. */
int listen_check(const char *url, const struct master *m, struct tp_error *err);
/* Host (without brackets) and port of tcp://HOST:PORT; false for other kinds. */
bool listen_parse(const char *url, char *host, size_t host_size, uint32_t *ret_port);

#endif
