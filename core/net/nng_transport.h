/* SPDX-License-Identifier: Apache-2.0 */
/* nng's byte streams: tcp://, tls+tcp://, ipc:// and abstract://. */
#ifndef CORE_NET_NNG_TRANSPORT_H
#define CORE_NET_NNG_TRANSPORT_H

#include "tepui/transport.h"

extern const struct tp_transport_ops nng_transport_ops;

/* The impl of nng_transport_ops. */
int nng_transport_create(struct tp_loop *loop, void **ret, struct tp_error *err);

#endif
