/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nng's byte streams as a transport. What dies here is freed after nng_aio_stop() of its aios (no
 * event can be pushed any more) and one drain of the stack (none is left there), in this order,
 * for many at once.
 */
#include "core/net/nng_transport.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/net/nng_private.h"

bool nng_is_marked(const char *url)
{
	return strncmp(url, "ipc://", 6) == 0 || strncmp(url, "abstract://", 11) == 0;
}

int nng_code(int nng_error)
{
	switch (nng_error) {
	case NNG_ECLOSED:
	case NNG_ECONNSHUT:
	case NNG_ECONNRESET:
		return ECONNRESET;
	case NNG_ECONNREFUSED:
	case NNG_ENOENT:
		return ECONNREFUSED;
	case NNG_ETIMEDOUT:
		return ETIMEDOUT;
	case NNG_EADDRINUSE:
		return EADDRINUSE;
	case NNG_EADDRINVAL:
	case NNG_EINVAL:
		return EINVAL;
	case NNG_EPERM:
		return EPERM;
	case NNG_ENOMEM:
		return ENOMEM;
	case NNG_ENOFILES:
		return EMFILE;
	case NNG_EUNREACHABLE:
		return EHOSTUNREACH;
	case NNG_ENOTSUP:
		return ENOTSUP;
	default:
		return nng_error & NNG_ESYSERR ? nng_error & ~NNG_ESYSERR : EIO;
	}
}

/* --- graves ---------------------------------------------------------------------------- */

static void bury_all(struct nng *self)
{
	struct tp_list now, *node, *tmp;

	tp_list_init(&now);
	tp_list_foreach (node, tmp, &self->graves)
		tp_container_of(node, struct grave, node)
			->stop(tp_container_of(node, struct grave, node));
	while (!tp_list_empty(&self->graves)) {
		node = self->graves.next;
		tp_list_remove(node);
		tp_list_append(&now, node);
	}
	/* What events kill meanwhile goes to the next burial. */
	inbox_drain(&self->inbox);
	tp_list_foreach (node, tmp, &now)
		tp_container_of(node, struct grave, node)
			->free(tp_container_of(node, struct grave, node));
}

static void on_bury(struct tp_defer *defer)
{
	bury_all(tp_container_of(defer, struct nng, bury));
}

void grave_dig(struct nng *self, struct grave *grave)
{
	tp_list_init(&grave->node);
	tp_list_append(&self->graves, &grave->node);
	tp_loop_defer(self->loop, &self->bury);
}

/* --- the transport --------------------------------------------------------------------- */

/* nng's threads inherit the mask of who starts them: signals belong to the loop. */
static int start_threads(struct tp_error *err)
{
	sigset_t all, old;
	nng_aio *aio;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = nng_aio_alloc(&aio, NULL, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return tp_fail(err, nng_code(r), "starting nng: %s", nng_strerror(r));
	nng_aio_free(aio);
	return 0;
}

int nng_transport_create(struct tp_loop *loop, void **ret, struct tp_error *err)
{
	struct nng *self;
	int r = start_threads(err);

	if (r < 0)
		return r;
	self = tp_alloc(sizeof *self);
	self->loop = loop;
	self->bury.run = on_bury;
	tp_list_init(&self->wires);
	tp_list_init(&self->listeners);
	tp_list_init(&self->graves);
	r = inbox_init(&self->inbox, loop, err);
	if (r < 0) {
		tp_free(self);
		return r;
	}
	*ret = self;
	return 0;
}

static int nng_dial_url(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_wire_handler *handler, void *user, struct tp_wire **ret,
	struct tp_error *err)
{
	return nng_dial_tls(impl, url, limits, NULL, handler, user, ret, err);
}

static void nng_destroy(void *impl)
{
	struct nng *self = impl;
	struct tp_wire *wire;

	nng_unlisten_all(self);
	while ((wire = tp_list_first(&self->wires, struct tp_wire, node)) != NULL)
		wire_abandon(wire);
	bury_all(self);
	tp_loop_undefer(self->loop, &self->bury);
	inbox_fini(&self->inbox);
	tp_free(self);
}

const struct tp_transport_ops nng_transport_ops = {
	.listen = nng_listen_url,
	.listener_url = nng_listener_url,
	.unlisten = nng_unlisten,
	.dial = nng_dial_url,
	WIRE_OPS,
	.destroy = nng_destroy,
	.dial_tls = nng_dial_tls,
};
