/* SPDX-License-Identifier: Apache-2.0 */
/* Socket addresses of the plain transport, from and to text. */
#ifndef CORE_NET_ADDRESS_H
#define CORE_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "tepui/error.h"
#include "tepui/strbuf.h"

struct address {
	union {
		struct sockaddr any;
		struct sockaddr_un un;
		struct sockaddr_in in4;
		struct sockaddr_in6 in6;
	};
	socklen_t len;
};

/* unix:///PATH or plain+tcp://ADDRESS:PORT; no names are resolved but "localhost". */
int address_parse(const char *url, struct address *ret, struct tp_error *err);
/* "127.0.0.1:5051", "[::1]:5051", or the path. */
void address_print(const struct address *self, struct tp_strbuf *out);

/*
 * Asks for the longest queue of connections at the listening TCP socket of this process with that
 * family and port, for libraries that neither do so nor show their descriptor. Best effort.
 */
void address_raise_backlog(int family, uint16_t port);

#endif
