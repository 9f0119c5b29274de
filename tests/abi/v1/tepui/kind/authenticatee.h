/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `authenticatee`: proves to a server who we are, by one mechanism; the key of the provide
 * row is the mechanism's name, as of kind `authenticator`. Used by whatever has a tp_link.
 *
 * One exchange: start(), any number of step()s, finish(). The server alone says when it is over:
 * done() with 0 is an error here.
 *
 * Changelog of TP_AUTHENTICATEE_ABI:  1 first
 */
#ifndef TEPUI_KIND_AUTHENTICATEE_H
#define TEPUI_KIND_AUTHENTICATEE_H

#include "tepui/authentication.h"

#define TP_AUTHENTICATEE_ABI 1

struct tp_authenticatee_ops {
	/* Has it a credential? Asked from start() on. */
	bool (*usable)(void *impl);
	/* done(1): `out` goes to the server along with the choice; it may be empty. */
	void (*start)(void *impl, struct tp_authentication *exchange);
	/* What the server wants to know. Bytes from a stranger. Never blocks. */
	void (*step)(void *impl, struct tp_authentication *exchange, const void *data,
		size_t len);
	/* Ends it, whatever its state: exactly once for each start(), also from inside done(). */
	void (*finish)(void *impl, struct tp_authentication *exchange);
};

#endif
