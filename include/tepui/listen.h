/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every daemon asks before it listens: who can reach that address, and can anybody be asked
 * who he is?
 */
#ifndef TEPUI_LISTEN_H
#define TEPUI_LISTEN_H

#include "tepui/module.h"

/*
 * The host in a tcp address, without brackets; false for others, when it is too long, and when
 * there is more than a host and a port.
 */
TP_EXPORT bool tp_listen_host(const char *url, char *ret, size_t size);
/* Only from this machine: loopback, localhost and unix sockets. */
TP_EXPORT bool tp_listen_is_local(const char *url);
/* Is one of these, of kind `authenticator`, usable? From start() on. */
TP_EXPORT bool tp_listen_can_authenticate(const struct tp_services *authenticators);

#endif
