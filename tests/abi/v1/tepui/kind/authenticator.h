/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `authenticator`: finds out who a peer is, by one mechanism; the key of the provide row is
 * the mechanism's name, like "CRAM-MD5". Used by whatever has a tp_server; the session offers
 * the mechanisms to the peer and runs the exchange that the peer chose (authentication.h).
 *
 * One exchange: start(), any number of step()s, finish(). Several run side by side.
 *
 * Changelog of TP_AUTHENTICATOR_ABI:  1 first
 */
#ifndef TEPUI_KIND_AUTHENTICATOR_H
#define TEPUI_KIND_AUTHENTICATOR_H

#include "tepui/authentication.h"

#define TP_AUTHENTICATOR_ABI 1

struct tp_authenticator_ops {
	/* Can it authenticate anybody, as it is configured? Asked from start() on; else not offered. */
	bool (*usable)(void *impl);
	/* `data` is what the peer sent along with its choice, often nothing. Never blocks. */
	void (*start)(void *impl, struct tp_authentication *exchange, const void *data,
		size_t len);
	/* The peer's answer to what went out. Bytes from a stranger. Never blocks. */
	void (*step)(void *impl, struct tp_authentication *exchange, const void *data,
		size_t len);
	/* Ends it, whatever its state: exactly once for each start(), also from inside done(). */
	void (*finish)(void *impl, struct tp_authentication *exchange);
};

#endif
