/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the nng transport share. They are the only ones of the project that see nng
 * and its threads, and those do nothing but post to the loop.
 *
 * What dies here is closed at once, which ends all that nng does for it; it waits for the posts
 * about that, and only then it is stopped and freed. So the loop never waits for nng's threads.
 */
#ifndef CORE_NET_NNG_PRIVATE_H
#define CORE_NET_NNG_PRIVATE_H

#include <nng/nng.h>
#include <nng/supplemental/tls/tls.h>

#include "core/net/wire.h"

struct nng {
	struct tp_loop *loop;
	nng_aio *
		at_once; /* of sends that end before the call returns: without a callback */
	struct tp_list wires;
	struct tp_list listeners;
	struct tp_list strangers; /* wires not known with bytes to be read */
	struct tp_defer serve;    /* while there are some */
	struct tp_list dying;     /* closed, nng still owes posts */
	struct tp_list graves;    /* nng owes nothing: to be freed */
	struct tp_defer bury;
	struct tp_timer trim; /* after the last of many burials */
	size_t n_buried;      /* since the last trim */
};

/* A wire or a listener that dies. */
struct grave {
	struct tp_list node;
	void (*stop)(struct grave *grave); /* waits for what nng owes */
	void (*free)(struct grave *grave);
	bool open; /* it dies */
};

struct dial;

struct nng_wire {
	struct tp_wire wire;
	struct nng *transport;
	struct grave grave;
	struct dial *dial;
	nng_stream *stream;
	nng_aio *recv, *send; /* send: once something did not go at once */
	struct tp_post received, sent;
	struct tp_list waiting; /* among the strangers */
	uint8_t *buf;
	uint32_t buf_size;
	bool receiving; /* buf is nng's */
	bool reading;   /* receive again after the present buffer */
	bool tls;
	struct tp_strbuf sending; /* what did not go at once: nng's while not empty */
};

/* The errno for an error of nng, positive. */
int nng_code(int nng_error);
/* Do frames at this URL begin with a mark? */
bool nng_is_marked(const char *url);
/* It dies; `owed`: there will be a post, and then grave_close(). */
void grave_open(struct nng *self, struct grave *grave, bool owed);
/* Nothing is owed any more: freed soon. Only what dies is concerned. */
void grave_close(struct nng *self, struct grave *grave);

/* --- wires ----------------------------------------------------------------------------- */

/* Run of the defer that serves strangers. */
void nng_serve(struct tp_defer *defer);
struct nng_wire *nng_wire_new(struct nng *self, const char *url,
	struct wire_listener *listener, const struct tp_wire_limits *limits);

/* --- dialling -------------------------------------------------------------------------- */

int nng_dial_tls(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_tls *tls, const struct tp_wire_handler *handler, void *user,
	struct tp_wire **ret, struct tp_error *err);
void dial_close(struct dial *self);
/* Waits for its end: there has been or will be a post. */
void dial_stop(struct dial *self);
/* Frees it. The stream is the caller's; NULL when it did not connect. */
nng_stream *dial_end(struct dial *self);

/* --- listening ------------------------------------------------------------------------- */

int nng_listen_url(void *impl, const struct tp_listen *spec, struct tp_listener **ret,
	struct tp_error *err);
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
