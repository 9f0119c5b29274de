/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The transport of programs without nng. A file of its own, so that a static executor that
 * calls tp_transport_create_plain() does not pull in transport.c and with it nng.
 */
#include "core/net/transport_plain.h"

int tp_transport_create_plain(
	struct tp_loop *loop, struct tp_transport **ret, struct tp_error *err)
{
	struct tp_transport *self = tp_alloc(sizeof *self);

	(void)err;
	self->ops = &transport_plain_ops;
	self->impl = transport_plain_create(loop);
	*ret = self;
	return 0;
}

void tp_transport_destroy(struct tp_transport *transport)
{
	if (transport == NULL)
		return;
	transport->ops->destroy(transport->impl);
	tp_free(transport);
}
