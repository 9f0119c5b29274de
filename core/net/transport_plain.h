/* SPDX-License-Identifier: Apache-2.0 */
/* Own sockets on the loop: unix:///PATH and plain+tcp://ADDRESS:PORT (numeric addresses). */
#ifndef CORE_NET_TRANSPORT_PLAIN_H
#define CORE_NET_TRANSPORT_PLAIN_H

#include "tepui/transport.h"

extern const struct tp_transport_ops transport_plain_ops;

/* The impl of transport_plain_ops. */
void *transport_plain_create(struct tp_loop *loop);

#endif
