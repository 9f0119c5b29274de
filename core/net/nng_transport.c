/* SPDX-License-Identifier: Apache-2.0 */
/* nng's byte streams as a transport: what its wires and listeners share, and how they die. */
#include "core/net/nng_transport.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "core/kernel/loop.h"
#include "core/net/nng_private.h"

#define BURIALS_MAX 16 /* in a turn: the living come first */
#define CROWD 500      /* of the dead: their memory is worth a trim */
#define TRIM_NS (2 * TP_SEC)

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

static struct grave *first(struct tp_list *graves)
{
	return tp_list_first(graves, struct grave, node);
}

static void bury(struct nng *self, size_t max)
{
	struct grave *grave;

	for (; max > 0 && (grave = first(&self->graves)) != NULL; max--) {
		tp_list_remove(&grave->node);
		/* At most its last callback is still about to return. */
		grave->stop(grave);
		grave->free(grave);
		self->n_buried++;
	}
	if (self->n_buried >= CROWD)
		tp_timer_arm(self->loop, &self->trim, TRIM_NS);
}

/*
 * A crowd came, left, and nobody has died since: what it used lies between what others use, and
 * malloc gives that back only when asked.
 */
static void on_trim(struct tp_timer *timer)
{
	struct nng *self = tp_container_of(timer, struct nng, trim);

	self->n_buried = 0;
	malloc_trim(0);
}

static void on_bury(struct tp_defer *defer)
{
	struct nng *self = tp_container_of(defer, struct nng, bury);

	bury(self, BURIALS_MAX);
	if (!tp_list_empty(&self->graves))
		tp_loop_defer(self->loop, &self->bury);
}

void grave_open(struct nng *self, struct grave *grave, bool owed)
{
	grave->open = true;
	tp_list_init(&grave->node);
	tp_list_append(&self->dying, &grave->node);
	if (!owed)
		grave_close(self, grave);
}

void grave_close(struct nng *self, struct grave *grave)
{
	if (!grave->open)
		return;
	tp_list_remove(&grave->node);
	tp_list_append(&self->graves, &grave->node);
	tp_loop_defer(self->loop, &self->bury);
}

static void bury_all(struct nng *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->dying)
		tp_container_of(node, struct grave, node)
			->stop(tp_container_of(node, struct grave, node));
	/* All that nng owed has been posted. */
	if (!tp_list_empty(&self->dying))
		loop_posts_run(self->loop);
	tp_assert(tp_list_empty(&self->dying));
	bury(self, SIZE_MAX);
}

/* --- the transport --------------------------------------------------------------------- */

/* The first aio starts nng's threads. They inherit this mask: signals belong to the loop. */
static int start_threads(nng_aio **ret, struct tp_error *err)
{
	sigset_t all, old;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = nng_aio_alloc(ret, NULL, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return r == 0 ? 0
		      : tp_fail(err, nng_code(r), "starting nng: %s", nng_strerror(r));
}

int nng_transport_create(struct tp_loop *loop, void **ret, struct tp_error *err)
{
	struct nng *self;
	nng_aio *at_once;
	int r = start_threads(&at_once, err);

	if (r < 0)
		return r;
	self = tp_alloc(sizeof *self);
	self->loop = loop;
	self->at_once = at_once;
	self->bury.run = on_bury;
	self->serve.run = nng_serve;
	self->trim.fire = on_trim;
	tp_list_init(&self->wires);
	tp_list_init(&self->listeners);
	tp_list_init(&self->strangers);
	tp_list_init(&self->dying);
	tp_list_init(&self->graves);
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
	tp_timer_disarm(self->loop, &self->trim);
	tp_loop_undefer(self->loop, &self->bury);
	tp_loop_undefer(self->loop, &self->serve);
	nng_aio_free(self->at_once);
	tp_free(self);
}

const struct tp_transport_ops nng_transport_ops = {
	.listen = nng_listen_url,
	.unlisten = nng_unlisten,
	.dial = nng_dial_url,
	WIRE_OPS,
	.destroy = nng_destroy,
	.dial_tls = nng_dial_tls,
};
