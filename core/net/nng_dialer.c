/* SPDX-License-Identifier: Apache-2.0 */
/* Dialling: a wire that gets its stream when somebody answers. */
#include <string.h>

#include "core/net/nng_private.h"

#define DIAL_TIMEOUT_MS 10000

/* Only while dialling. */
struct dial {
	nng_stream_dialer *dialer;
	nng_aio *aio;
	struct tp_post ended;
	struct nng_wire *wire;
};

void dial_close(struct dial *self)
{
	nng_stream_dialer_close(self->dialer);
	nng_aio_cancel(self->aio);
}

void dial_stop(struct dial *self)
{
	nng_aio_stop(self->aio);
}

nng_stream *dial_end(struct dial *self)
{
	nng_stream *stream = NULL;

	if (nng_aio_result(self->aio) == 0)
		stream = nng_aio_get_output(self->aio, 0);
	nng_stream_dialer_free(self->dialer);
	nng_aio_free(self->aio);
	tp_free(self);
	return stream;
}

/* Foreign thread. */
static void dial_done(void *arg)
{
	struct dial *self = arg;

	tp_loop_post(self->wire->transport->loop, &self->ended);
}

static void on_dialled(struct tp_post *post)
{
	struct dial *self = tp_container_of(post, struct dial, ended);
	struct nng_wire *wire = self->wire;
	int r = nng_aio_result(self->aio);

	wire->dial = NULL;
	wire->stream = dial_end(self);
	/* It was taken back: the stream goes with the wire. */
	if (wire->wire.state == WIRE_DEAD) {
		if (wire->stream != NULL)
			nng_stream_close(wire->stream);
		grave_close(wire->transport, &wire->grave);
		return;
	}
	if (r != 0) {
		wire_fail(&wire->wire, nng_code(r), "connecting: %s", nng_strerror(r));
		return;
	}
	wire_connected(&wire->wire);
}

int nng_dial_tls(void *impl, const char *url, const struct tp_wire_limits *limits,
	const struct tp_tls *tls, const struct tp_wire_handler *handler, void *user,
	struct tp_wire **ret, struct tp_error *err)
{
	nng_tls_config *config;
	struct dial *dial;
	int r = nng_tls_make(NNG_TLS_MODE_CLIENT, url, tls, &config, err);

	if (r < 0)
		return r;
	dial = tp_alloc(sizeof *dial);
	r = nng_stream_dialer_alloc(&dial->dialer, url);
	if (r == 0 && config != NULL)
		r = nng_stream_dialer_set_ptr(dial->dialer, NNG_OPT_TLS_CONFIG, config);
	if (config != NULL)
		nng_tls_config_free(config);
	if (r == 0)
		r = nng_aio_alloc(&dial->aio, dial_done, dial);
	if (r != 0) {
		if (dial->dialer != NULL)
			nng_stream_dialer_free(dial->dialer);
		tp_free(dial);
		return tp_fail(err, nng_code(r), "'%s': %s", url, nng_strerror(r));
	}
	nng_stream_dialer_set_bool(dial->dialer, NNG_OPT_TCP_NODELAY, true);
	dial->ended.run = on_dialled;
	dial->wire = nng_wire_new(impl, url, NULL, limits);
	dial->wire->dial = dial;
	dial->wire->wire.handler = handler;
	dial->wire->wire.user = user;
	*ret = &dial->wire->wire;
	nng_aio_set_timeout(dial->aio, DIAL_TIMEOUT_MS);
	nng_stream_dialer_dial(dial->dialer, dial->aio);
	return 0;
}
