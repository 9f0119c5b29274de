/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the nng transport share. They are the only ones of the project that see nng
 * and threads not ours. Those threads do two things: they push an event to a lock-free stack,
 * waking the loop when the stack was empty, and they mark a send as done. Everything else happens
 * on the loop.
 */
#ifndef CORE_NET_NNG_PRIVATE_H
#define CORE_NET_NNG_PRIVATE_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "core/net/inbox.h"
#include "core/net/wire.h"

struct nng {
	struct tp_loop *loop;
	struct tp_list wires;
	struct tp_list listeners;
	struct tp_list graves; /* of wires and listeners to be freed */
	struct tp_defer bury;
	struct inbox inbox;
};

/* Something that dies in two steps: stop() the aios, and after a drain free(). */
struct grave {
	struct tp_list node;
	void (*stop)(struct grave *grave);
	void (*free)(struct grave *grave);
};

struct dial;

struct nng_wire {
	struct tp_wire wire;
	struct nng *transport;
	struct grave grave;
	struct dial *dial;
	nng_stream *stream;
	nng_aio *recv, *send;
	struct inbox_event received, sent;
	uint8_t *buf;
	uint32_t buf_size;
	bool receiving; /* buf is nng's */
	bool reading;   /* receive again after the present buffer */
	_Atomic(int) send_state;
	int send_result;          /* set before the event */
	size_t sent_bytes;        /* of `sending`, when the event comes */
	size_t in_flight;         /* bytes of `sending` when it was submitted */
	struct tp_strbuf sending; /* nng's while not SEND_IDLE */
};

/* The errno for an error of nng, positive. */
int nng_code(int nng_error);
/* Do frames at this URL begin with a mark? */
bool nng_is_marked(const char *url);
/* Hands over what shall die: stopped and freed from the loop, once nobody can call it. */
void grave_dig(struct nng *self, struct grave *grave);

/* --- wires ----------------------------------------------------------------------------- */

struct nng_wire *nng_wire_new(struct nng *self, struct wire_listener *listener,
	const struct tp_wire_limits *limits, bool marked);

/* --- dialling -------------------------------------------------------------------------- */

int nng_dial_tls(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_tls *tls, const struct tp_wire_handler *handler, void *user,
	struct tp_wire **ret, struct tp_error *err);
void dial_stop(struct dial *self);
/* Frees it. The stream is the caller's; NULL when it did not connect. */
nng_stream *dial_end(struct dial *self);

/* --- listening ------------------------------------------------------------------------- */

int nng_listen_url(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
	struct tp_error *err);
const char *nng_listener_url(void *impl, struct tp_listener *listener);
void nng_unlisten(void *impl, struct tp_listener *listener);
/* Of them all. */
void nng_unlisten_all(struct nng *self);

/* --- tls ------------------------------------------------------------------------------- */

/*
 * What an end needs for this URL; *ret is held once (nng_tls_config_free), NULL for URLs without
 * tls.
 */
int nng_tls_make(nng_tls_mode mode, const char *url, const struct tp_tls *tls,
	nng_tls_config **ret, struct tp_error *err);

#endif
