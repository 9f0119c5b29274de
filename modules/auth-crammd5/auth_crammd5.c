/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth-crammd5: both halves of CRAM-MD5 for daemons. As `authenticator` it sends a challenge that
 * was never sent before and compares the answer with what the secret of its `credentials` gives;
 * as `authenticatee` it answers with its `credential`, by libtepui's own code.
 *
 * A stranger learns neither from texts nor from time whether a principal exists. Secrets are
 * never printed. SIGHUP reads the files again; a broken file leaves the old state in place.
 */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "tepui/arena.h"
#include "tepui/crammd5.h"
#include "tepui/credentials.h"
#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"
#include "tepui/module.h"
#include "tepui/refusals.h"

#define NONCE_BYTES 16
#define PRINCIPAL_MAX 255
#define DIGEST_LEN (TP_CRAMMD5_DIGEST_SIZE - 1)

struct crammd5 {
	struct tp_instance instance;
	const char *credentials_file, *credential_file; /* config; NULL = none */
	struct tp_arena *arena;
	struct tp_credentials *credentials; /* NULL = none */
	struct tp_crammd5_client client;
	struct tp_refusals refusals;
	struct tp_signal reload;
	bool watched;
};

/* One exchange of the authenticator. */
struct asked {
	struct tp_defer defer;
	struct tp_authentication *exchange;
	int status;
	char challenge[160];
	char principal[PRINCIPAL_MAX + 1];
};

/* --- files ----------------------------------------------------------------------------- */

static void warn_exposed(struct crammd5 *self, const char *file, bool exposed)
{
	if (exposed)
		tp_warn(self, "everybody on this machine can read the secrets in a file",
			"file=%s remedy=%s", file, "chmod 0600");
}

/* Reads both files; on an error nothing changes. */
static int load(struct crammd5 *self, struct tp_error *err)
{
	struct tp_arena *arena = tp_arena_create(0);
	struct tp_credentials *credentials = NULL;
	struct tp_credential *credential = NULL;
	bool exposed = false;
	int r = 0;

	if (self->credentials_file != NULL) {
		r = tp_credentials_read(
			self->credentials_file, arena, &credentials, &exposed, err);
		warn_exposed(self, self->credentials_file, r >= 0 && exposed);
	}
	if (r >= 0 && self->credential_file != NULL) {
		r = tp_credential_read(
			self->credential_file, arena, &credential, &exposed, err);
		warn_exposed(self, self->credential_file, r >= 0 && exposed);
	}
	if (r < 0) {
		tp_arena_destroy(arena);
		return r;
	}
	tp_arena_destroy(self->arena);
	self->arena = arena;
	self->credentials = credentials;
	self->client.credential = credential;
	return 0;
}

static void on_reload(struct tp_signal *watch)
{
	struct crammd5 *self = tp_container_of(watch, struct crammd5, reload);
	struct tp_error err;

	if (load(self, &err) < 0)
		tp_err(self, "credentials could not be read again, the old ones stay",
			"error=%s", err.text);
	else
		tp_info(self, "credentials were read again", "principals=%zu",
			self->credentials == NULL ? 0 : self->credentials->n_credentials);
}

/* --- authenticator --------------------------------------------------------------------- */

static bool asker_usable(void *impl)
{
	struct crammd5 *self = impl;

	return self->credentials != NULL && self->credentials->n_credentials > 0;
}

static void on_asked(struct tp_defer *defer)
{
	struct asked *asked = tp_container_of(defer, struct asked, defer);

	asked->exchange->done(asked->exchange, asked->status);
}

/* "<nonce.time@host>" */
static int make_challenge(
	struct crammd5 *self, char *out, size_t size, struct tp_error *err)
{
	unsigned char nonce[NONCE_BYTES];
	char hex[2 * NONCE_BYTES + 1], host[64] = "localhost";

	if (getrandom(nonce, sizeof nonce, 0) != (ssize_t)sizeof nonce)
		return tp_fail(err, EAGAIN, "the kernel gives no random bytes");
	for (size_t i = 0; i < sizeof nonce; i++)
		snprintf(hex + 2 * i, 3, "%02x", nonce[i]);
	gethostname(host, sizeof host - 1);
	host[sizeof host - 1] = '\0';
	snprintf(out, size, "<%s.%" PRId64 "@%s>", hex,
		tp_loop_wall_ns(self->instance.loop) / TP_SEC, host);
	return 0;
}

static void asker_start(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	struct crammd5 *self = impl;
	struct asked *asked = tp_alloc(sizeof *asked);

	(void)data;
	asked->defer.run = on_asked;
	asked->exchange = exchange;
	asked->status = TP_AUTHENTICATION_MORE;
	exchange->priv = asked;
	if (len > 0)
		asked->status = tp_fail(
			&exchange->err, EPROTO, "CRAM-MD5 begins with a challenge");
	else if (make_challenge(self, asked->challenge, sizeof asked->challenge,
			 &exchange->err) < 0)
		asked->status = -EAGAIN;
	exchange->out = asked->challenge;
	exchange->out_len = strlen(asked->challenge);
	tp_loop_defer(self->instance.loop, &asked->defer);
}

static const char *secret_of(const struct crammd5 *self, const char *principal)
{
	const struct tp_credentials *all = self->credentials;
	const char *secret = NULL;

	for (size_t i = 0; all != NULL && i < all->n_credentials; i++) {
		if (strcmp(all->credentials[i]->principal, principal) == 0)
			secret = all->credentials[i]->secret;
	}
	return secret;
}

/* Takes the same time wherever the first difference is. */
static bool same(const char *a, const char *b, size_t len)
{
	volatile unsigned char differs = 0;

	for (size_t i = 0; i < len; i++)
		differs = (unsigned char)(differs | (unsigned char)(a[i] ^ b[i]));
	return differs == 0;
}

static bool is_printable(const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)data[i] < ' ' || data[i] == 0x7f)
			return false;
	}
	return true;
}

/* Splits "principal digest"; false when it is something else. */
static bool split(struct asked *asked, const char *data, size_t len, const char **ret)
{
	size_t name_len;

	if (len < DIGEST_LEN + 2 || data[len - DIGEST_LEN - 1] != ' ' ||
		!is_printable(data, len))
		return false;
	name_len = len - DIGEST_LEN - 1;
	if (name_len > PRINCIPAL_MAX)
		return false;
	memcpy(asked->principal, data, name_len);
	asked->principal[name_len] = '\0';
	*ret = data + len - DIGEST_LEN;
	return true;
}

static int verify(struct crammd5 *self, struct asked *asked, const char *data, size_t len,
	struct tp_error *err)
{
	char digest[TP_CRAMMD5_DIGEST_SIZE];
	const char *given, *secret;

	if (!split(asked, data, len, &given))
		return tp_fail(err, EPROTO,
			"the answer to the challenge is not 'principal digest'");
	secret = secret_of(self, asked->principal);
	tp_crammd5_digest(secret == NULL ? asked->challenge : secret, asked->challenge,
		strlen(asked->challenge), digest);
	if (same(digest, given, DIGEST_LEN) && secret != NULL)
		return TP_AUTHENTICATION_DONE;
	if (tp_refusals_add(&self->refusals))
		tp_warn(self, "authentication failed", "principal=%s reason=%s",
			asked->principal, secret == NULL ? "unknown" : "wrong secret");
	return tp_fail(err, EACCES,
		"authentication failed: no such principal, or its secret is another");
}

static void asker_step(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	struct crammd5 *self = impl;
	struct asked *asked = exchange->priv;

	asked->status = verify(self, asked, data, len, &exchange->err);
	exchange->principal = asked->principal;
	/* A challenge serves once. */
	memset(asked->challenge, 0, sizeof asked->challenge);
	tp_loop_defer(self->instance.loop, &asked->defer);
}

static void asker_finish(void *impl, struct tp_authentication *exchange)
{
	struct crammd5 *self = impl;
	struct asked *asked = exchange->priv;

	tp_loop_undefer(self->instance.loop, &asked->defer);
	tp_free(asked);
	exchange->priv = NULL;
}

static const struct tp_authenticator_ops asker_ops = {
	.usable = asker_usable,
	.start = asker_start,
	.step = asker_step,
	.finish = asker_finish,
};

/* --- authenticatee --------------------------------------------------------------------- */

static struct tp_crammd5_client *client_of(void *impl)
{
	return &((struct crammd5 *)impl)->client;
}

static bool prover_usable(void *impl)
{
	return tp_crammd5_client_ops.usable(client_of(impl));
}

static void prover_start(void *impl, struct tp_authentication *exchange)
{
	tp_crammd5_client_ops.start(client_of(impl), exchange);
}

static void prover_step(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	tp_crammd5_client_ops.step(client_of(impl), exchange, data, len);
}

static void prover_finish(void *impl, struct tp_authentication *exchange)
{
	tp_crammd5_client_ops.finish(client_of(impl), exchange);
}

static const struct tp_authenticatee_ops prover_ops = {
	.usable = prover_usable,
	.start = prover_start,
	.step = prover_step,
	.finish = prover_finish,
};

/* --- life ------------------------------------------------------------------------------ */

static int crammd5_init(void *impl, struct tp_error *err)
{
	struct crammd5 *self = impl;

	(void)err;
	self->client.loop = self->instance.loop;
	tp_refusals_init(&self->refusals, &self->instance);
	self->reload.fire = on_reload;
	return 0;
}

static void crammd5_check(const void *impl)
{
	const struct crammd5 *self = impl;

	if (self->credentials_file == NULL && self->credential_file == NULL)
		tp_complain(self, "credentials",
			"set it to a file to authenticate others, or credential to a "
			"file to be authenticated");
}

static int crammd5_start(void *impl, struct tp_error *err)
{
	struct crammd5 *self = impl;
	int r = load(self, err);

	if (r >= 0)
		r = tp_signal_watch(self->instance.loop, &self->reload, SIGHUP, err);
	self->watched = r >= 0;
	return r;
}

static void crammd5_fini(void *impl)
{
	struct crammd5 *self = impl;

	if (self->watched)
		tp_signal_unwatch(self->instance.loop, &self->reload);
	tp_refusals_fini(&self->refusals);
	tp_arena_destroy(self->arena);
}

static void crammd5_status(void *impl, struct tp_strbuf *out)
{
	const struct crammd5 *self = impl;

	tp_strbuf_printf(out, "principals: %zu\nown: %s\n",
		self->credentials == NULL ? 0 : self->credentials->n_credentials,
		self->client.credential == NULL ? ""
						: self->client.credential->principal);
}

static const struct tp_field crammd5_config[] = {
	TP_CONFIG("credentials", TP_STRING, struct crammd5, credentials_file, NULL,
		"File with the principals that may authenticate here and their secrets."),
	TP_CONFIG("credential", TP_STRING, struct crammd5, credential_file, NULL,
		"File with the one principal and secret that this daemon has itself."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "auth-crammd5",
	.version = "1.0",
	.summary = "Authentication by CRAM-MD5, with secrets from files",
	.provides =
		(const struct tp_provide[]){
			TP_PROVIDE_KEY("authenticator", TP_AUTHENTICATOR_ABI, asker_ops,
				TP_CRAMMD5),
			TP_PROVIDE_KEY("authenticatee", TP_AUTHENTICATEE_ABI, prover_ops,
				TP_CRAMMD5),
			{ 0 },
		},
	.config = crammd5_config,
	.instance_size = sizeof(struct crammd5),
	.init = crammd5_init,
	.check = crammd5_check,
	.start = crammd5_start,
	.fini = crammd5_fini,
	.status = crammd5_status,
};
