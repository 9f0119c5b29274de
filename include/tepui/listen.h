/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every daemon asks before it listens: who can reach that address, and can anybody be asked
 * who he is?
 */
#ifndef TEPUI_LISTEN_H
#define TEPUI_LISTEN_H

#include "tepui/arena.h"
#include "tepui/module.h"
#include "tepui/net.h"

/*
 * The host in a tcp address, without brackets; false for others, when it is too long, and when
 * there is more than a host and a port.
 */
TP_EXPORT bool tp_listen_host(const char *url, char *ret, size_t size);
/* `url` with another host, scheme and port as they are: what peers are told. Not of IP: itself. */
TP_EXPORT const char *tp_listen_advertised(
	struct tp_arena *arena, const char *url, const char *ip);
/* Only from this machine: loopback, localhost and unix sockets. */
TP_EXPORT bool tp_listen_is_local(const char *url);
/* At a unix socket, and root or the user of this daemon: nobody has to ask who that is. */
TP_EXPORT bool tp_listen_is_own(const struct tp_wire_peer *wire);
/*
 * -EACCES for another user at a unix socket who has not authenticated. To be asked by admit():
 * what file modes keep out of ipc:// and unix:// nothing keeps out of abstract://.
 */
TP_EXPORT int tp_listen_admit(const struct tp_peer_info *info, struct tp_error *err);
/* Is one of these, of kind `authenticator`, usable? From start() on. */
TP_EXPORT bool tp_listen_can_authenticate(const struct tp_services *authenticators);

#endif
