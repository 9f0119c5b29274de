/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All transports under one table: the scheme of the URL decides who listens and who dials. A
 * wire knows its own way of moving bytes (struct wire_io), so its operations need no routing.
 */
#include <errno.h>
#include <string.h>

#include "core/net/nng_transport.h"
#include "core/net/transport_plain.h"
#include "core/net/wire.h"

struct router {
	void *plain;
	void *nng;
};

/* The table for a URL and its impl, NULL for unknown schemes. */
static const struct tp_transport_ops *route(
	const struct router *self, const char *url, void **ret_impl)
{
	static const char *const nng[] = { "tcp://", "tls+tcp://", "ipc://",
		"abstract://" };

	for (size_t i = 0; i < TP_COUNT(nng); i++) {
		if (strncmp(url, nng[i], strlen(nng[i])) == 0) {
			*ret_impl = self->nng;
			return &nng_transport_ops;
		}
	}
	*ret_impl = self->plain;
	if (strncmp(url, "unix://", 7) == 0 || strncmp(url, "plain+tcp://", 12) == 0)
		return &transport_plain_ops;
	return NULL;
}

static int unknown(const char *url, struct tp_error *err)
{
	return tp_fail(err, EINVAL,
		"'%s': unknown kind of address, expected tcp://HOST:PORT, "
		"tls+tcp://HOST:PORT, ipc:///PATH or unix:///PATH",
		url);
}

static int router_listen(void *impl, const struct tp_listen *spec,
	struct tp_listener **ret, struct tp_error *err)
{
	void *target;
	const struct tp_transport_ops *ops = route(impl, spec->url, &target);

	if (ops == NULL)
		return unknown(spec->url, err);
	return ops->listen(target, spec, ret, err);
}

static int router_dial(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	void *target;
	const struct tp_transport_ops *ops = route(impl, url, &target);

	if (ops == NULL)
		return unknown(url, err);
	return ops->dial(target, url, limits, handler, user, ret, err);
}

static int router_dial_tls(void *impl, const char *url,
	const struct tp_wire_limits *limits, const struct tp_tls *tls,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	void *target;
	const struct tp_transport_ops *ops = route(impl, url, &target);

	if (ops == NULL || ops->dial_tls == NULL)
		return router_dial(impl, url, limits, handler, user, ret, err);
	return ops->dial_tls(target, url, limits, tls, handler, user, ret, err);
}

static void router_unlisten(void *impl, struct tp_listener *listener)
{
	const struct wire_listener *base = wire_listener_of(listener);

	(void)impl;
	base->ops->unlisten(base->impl, listener);
}

static void router_destroy(void *impl)
{
	struct router *self = impl;

	transport_plain_ops.destroy(self->plain);
	nng_transport_ops.destroy(self->nng);
	tp_free(self);
}

static const struct tp_transport_ops router_ops = {
	.listen = router_listen,
	.unlisten = router_unlisten,
	.dial = router_dial,
	WIRE_OPS,
	.destroy = router_destroy,
	.dial_tls = router_dial_tls,
};

int tp_transport_create(
	struct tp_loop *loop, struct tp_transport **ret, struct tp_error *err)
{
	struct tp_transport *transport;
	struct router *self;
	void *nng;
	int r = nng_transport_create(loop, &nng, err);

	if (r < 0)
		return r;
	self = tp_alloc(sizeof *self);
	self->plain = transport_plain_create(loop);
	self->nng = nng;
	transport = tp_alloc(sizeof *transport);
	transport->ops = &router_ops;
	transport->impl = self;
	*ret = transport;
	return 0;
}
