/* SPDX-License-Identifier: Apache-2.0 */
/*
 * CRAM-MD5, the dialler's half. The only file that knows nettle. The mechanism proves that both
 * ends know a secret without sending it; it protects nothing that follows, and it does not prove
 * to the dialler who the server is: for that there is tls+tcp.
 */
#include "tepui/crammd5.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>

#define CHALLENGE_MAX 1024

/* One exchange: what done() will say, once the loop turns. */
struct answer {
	struct tp_defer defer;
	struct tp_loop *loop;
	struct tp_authentication *exchange;
	int status;
	char *text; /* owned; NULL = nothing to say */
};

void tp_crammd5_digest(const char *secret, const void *challenge, size_t len,
	char ret[TP_CRAMMD5_DIGEST_SIZE])
{
	struct hmac_md5_ctx ctx;
	uint8_t digest[MD5_DIGEST_SIZE];

	hmac_md5_set_key(&ctx, strlen(secret), (const uint8_t *)secret);
	hmac_md5_update(&ctx, len, challenge);
	hmac_md5_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(ret + 2 * i, 3, "%02x", digest[i]);
	explicit_bzero(&ctx, sizeof(ctx));
}

static void on_answer(struct tp_defer *defer)
{
	struct answer *answer = tp_container_of(defer, struct answer, defer);
	struct tp_authentication *exchange = answer->exchange;

	exchange->out = answer->text;
	exchange->out_len = answer->text == NULL ? 0 : strlen(answer->text);
	exchange->done(exchange, answer->status);
}

static bool client_usable(void *impl)
{
	const struct tp_crammd5_client *self = impl;

	return self->credential != NULL;
}

/* The choice goes out alone: the challenge comes first. */
static void client_start(void *impl, struct tp_authentication *exchange)
{
	struct tp_crammd5_client *self = impl;
	struct answer *answer = tp_alloc(sizeof(*answer));

	answer->defer.run = on_answer;
	answer->loop = self->loop;
	answer->exchange = exchange;
	answer->status = TP_AUTHENTICATION_MORE;
	exchange->priv = answer;
	tp_loop_defer(self->loop, &answer->defer);
}

static void client_step(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	struct tp_crammd5_client *self = impl;
	struct answer *answer = exchange->priv;
	const char *secret = self->credential->secret;
	char digest[TP_CRAMMD5_DIGEST_SIZE];

	if (len == 0 || len > CHALLENGE_MAX || answer->text != NULL) {
		answer->status = tp_fail(&exchange->err, EPROTO,
			"the server's challenge is none of CRAM-MD5");
	} else {
		tp_crammd5_digest(secret == NULL ? "" : secret, data, len, digest);
		answer->text = tp_asprintf("%s %s", self->credential->principal, digest);
	}
	tp_loop_defer(self->loop, &answer->defer);
}

static void client_finish(void *impl, struct tp_authentication *exchange)
{
	struct answer *answer = exchange->priv;

	(void)impl;
	tp_loop_undefer(answer->loop, &answer->defer);
	tp_free(answer->text);
	tp_free(answer);
	exchange->priv = NULL;
}

const struct tp_authenticatee_ops tp_crammd5_client_ops = {
	.usable = client_usable,
	.start = client_start,
	.step = client_step,
	.finish = client_finish,
};
