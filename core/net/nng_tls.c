/* SPDX-License-Identifier: Apache-2.0 */
/* What tls+tcp needs of nng, from PEM files. */
#include <errno.h>
#include <string.h>

#include "core/net/nng_private.h"
#include "core/net/pem.h"
#include "core/net/url.h"

static int add_ca(nng_tls_config *config, const struct tp_tls *tls, struct tp_error *err)
{
	tp_cleanup(ptr) char *ca = NULL;
	int r = pem_read(tls->ca, "ca", &ca, err);

	if (r < 0)
		return r;
	r = nng_tls_config_ca_chain(config, ca, NULL);
	if (r == 0)
		r = nng_tls_config_auth_mode(config, NNG_TLS_AUTH_MODE_REQUIRED);
	return r == 0 ? 0
		      : tp_fail(err, EINVAL, "tls: ca '%s' holds no certificate: %s",
				tls->ca, nng_strerror(r));
}

static int add_own(nng_tls_config *config, const struct tp_tls *tls, struct tp_error *err)
{
	tp_cleanup(ptr) char *certificate = NULL, *key = NULL;
	int r = pem_read(tls->certificate, "certificate", &certificate, err);

	if (r >= 0)
		r = pem_read(tls->key, "key", &key, err);
	if (r < 0)
		return r;
	r = nng_tls_config_own_cert(config, certificate, key, NULL);
	explicit_bzero(key, strlen(key));
	return r == 0 ? 0
		      : tp_fail(err, EINVAL,
				"tls: certificate '%s' and key '%s' do not serve: %s",
				tls->certificate, tls->key, nng_strerror(r));
}

static bool is_set(const char *path)
{
	return path != NULL && path[0] != '\0';
}

/* The host of tls+tcp://HOST:PORT is who the certificate must be for. */
static void set_server_name(nng_tls_config *config, const char *url)
{
	const char *host = url + strlen("tls+tcp://");
	const char *colon = strrchr(host, ':');
	tp_cleanup(ptr) char *name =
		tp_strndup(host, colon == NULL ? strlen(host) : (size_t)(colon - host));

	nng_tls_config_server_name(config, name);
}

int nng_tls_make(nng_tls_mode mode, const char *url, const struct tp_tls *tls,
	nng_tls_config **ret, struct tp_error *err)
{
	static const struct tp_tls none;
	bool dials = mode == NNG_TLS_MODE_CLIENT;
	int r = 0;

	*ret = NULL;
	if (!url_is_tls(url))
		return 0;
	tls = tls == NULL ? &none : tls;
	if (dials && !is_set(tls->ca))
		return tp_fail(err, EINVAL,
			"'%s' needs tls_ca, which its certificate is checked with", url);
	if (is_set(tls->certificate) != is_set(tls->key) ||
		(!dials && !is_set(tls->certificate)))
		return tp_fail(
			err, EINVAL, "'%s' needs tls_certificate and tls_key", url);
	if (nng_tls_config_alloc(ret, mode) != 0)
		return tp_fail(err, ENOMEM, "'%s': no memory for tls", url);
	if (is_set(tls->ca))
		r = add_ca(*ret, tls, err);
	if (r >= 0 && is_set(tls->certificate))
		r = add_own(*ret, tls, err);
	if (r >= 0 && dials)
		set_server_name(*ret, url);
	if (r < 0) {
		nng_tls_config_free(*ret);
		*ret = NULL;
	}
	return r;
}
