/* SPDX-License-Identifier: Apache-2.0 */
/* nng's byte streams: tcp://, tls+tcp://, ipc:// and abstract://. */
#ifndef CORE_NET_TRANSPORT_NNG_H
#define CORE_NET_TRANSPORT_NNG_H

#include "tepui/transport.h"

extern const struct tp_transport_ops transport_nng_ops;

/* The impl of transport_nng_ops. */
int transport_nng_create(struct tp_loop *loop, void **ret, struct tp_error *err);

#endif
