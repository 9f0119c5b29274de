/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialler's half of the mechanism CRAM-MD5 (RFC 2195): it answers a challenge with
 * "principal hex(hmac-md5(secret, challenge))". It is part of libtepui and not only of a module,
 * because schedulers and tools load no modules; the module for daemons is a wrapper around it.
 *
 *	struct tp_crammd5_client client = { loop, credential };
 *	struct tp_service_item item = { { &tp_crammd5_client_ops, &client }, TP_CRAMMD5, "" };
 *	struct tp_services services = { &item, 1 };		for tp_link_config.authenticatees
 */
#ifndef TEPUI_CRAMMD5_H
#define TEPUI_CRAMMD5_H

#include "tepui/kind/authenticatee.h"
#include "tepui/loop.h"
#include "tepui/wire/common.h"

#define TP_CRAMMD5 "CRAM-MD5"
#define TP_CRAMMD5_DIGEST_SIZE 33 /* 32 hex digits and the end */

/* `impl` of the ops below. Both are borrowed. */
struct tp_crammd5_client {
	struct tp_loop *loop;
	const struct tp_credential *credential; /* NULL: not usable */
};
TP_EXPORT extern const struct tp_authenticatee_ops tp_crammd5_client_ops;

TP_EXPORT void tp_crammd5_digest(const char *secret, const void *challenge, size_t len,
	char ret[TP_CRAMMD5_DIGEST_SIZE]);

#endif
