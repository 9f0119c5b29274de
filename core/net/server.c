/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accepting end: listeners, peers in slots, eviction by epoch, heartbeats by one sweep. A
 * peer is known to the user by its handle only, between opened() and closed(). Peers are freed
 * from the loop only: what the user starts from inside a call (kick) ends in a defer.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/net/session.h"
#include "core/net/url.h"
#include "tepui/map.h"
#include "tepui/refusals.h"

#define SERVER_URLS_MAX 16

struct peer {
	struct session session;
	struct tp_server *server;
	struct tp_peer_info info;
	struct tp_map_node node; /* while it has an id */
	char *key;               /* "kind/id" */
};

struct tp_server {
	struct session_env env;
	struct tp_server_config config;
	struct tp_listener *listeners[SERVER_URLS_MAX]; /* NULL: lost, tried again */
	char *urls[SERVER_URLS_MAX];                    /* as bound */
	size_t n_listeners;
	struct slots peers;   /* item: struct peer, greeted or not */
	struct tp_map by_key; /* of "kind/id": the one session an entity has */
	size_t n_open;
	struct tp_refusals refusals;
	struct tp_timer sweep;   /* of peers, and of listeners that are lost */
	struct tp_signal reload; /* once it listens at a tls address */
	bool watches_reload;
	struct tp_done *stopping;
	bool stopped;
};

static struct peer *peer_of(struct session *session)
{
	return tp_container_of(session, struct peer, session);
}

/* An open peer, or NULL. */
static struct peer *find(const struct tp_server *self, uint64_t handle)
{
	struct slots_row *row = slots_find(&self->peers, handle);
	struct peer *peer = row == NULL ? NULL : row->item;

	return peer != NULL && peer->session.state == SESSION_READY ? peer : NULL;
}

static void peer_free(struct peer *peer)
{
	struct tp_server *self = peer->server;

	if (peer->key != NULL)
		tp_map_remove(&self->by_key, &peer->node);
	slots_remove(&self->peers, peer->session.handle);
	session_fini(&peer->session, ECANCELED, "");
	tp_free(peer->key);
	tp_free(peer);
}

/* --- sessions -------------------------------------------------------------------------- */

static char *make_key(const struct tp_hello *hello)
{
	return *hello->id == '\0' ? NULL : tp_asprintf("%s/%s", hello->kind, hello->id);
}

/*
 * One session per entity: a newer epoch evicts the older one, an older one is refused, and so is
 * whoever is not the principal that is there. He may come back: principals change, sessions end.
 */
static int take_place(struct peer *peer, struct tp_error *err)
{
	struct tp_server *self = peer->server;
	tp_cleanup(ptr) char *key = make_key(&peer->session.peer);
	struct peer *other;

	if (key == NULL)
		return 0;
	other = tp_map_get(&self->by_key, key, struct peer, node);
	if (other != NULL && other->session.principal != NULL &&
		!tp_streq(other->session.principal, peer->session.principal))
		return tp_fail(err, EBUSY, "%s has a session of another principal", key);
	if (other != NULL && other->session.peer.epoch > peer->session.peer.epoch)
		return tp_fail(err, ESTALE, "%s has a newer session already", key);
	if (other != NULL)
		session_end(&other->session, ESTALE, "replaced by a newer session");
	peer->key = key;
	key = NULL;
	tp_assert(tp_map_add(&self->by_key, &peer->node, peer->key));
	return 0;
}

static bool on_must_authenticate(struct session *session)
{
	struct peer *peer = peer_of(session);
	struct tp_server *self = peer->server;

	peer->info.hello = session->peer;
	peer->info.version = session->version;
	return self->config.must_authenticate != NULL &&
		self->config.must_authenticate(self->config.user, &peer->info);
}

static int on_greeted(struct session *session, struct tp_error *err)
{
	struct peer *peer = peer_of(session);
	struct tp_server *self = peer->server;
	int r = 0;

	peer->info.principal = session->principal;
	if (self->config.admit != NULL)
		r = self->config.admit(self->config.user, &peer->info, err);
	if (r >= 0)
		r = take_place(peer, err);
	session->rights = peer->info.rights;
	return r;
}

static void on_ready(struct session *session)
{
	struct tp_server *self = peer_of(session)->server;

	self->n_open++;
	if (self->config.opened != NULL)
		self->config.opened(self->config.user, session->handle);
}

static void on_drained(struct session *session)
{
	struct tp_server *self = peer_of(session)->server;

	if (self->config.drained != NULL)
		self->config.drained(self->config.user, session->handle);
}

static void on_over(struct session *session, bool was_ready, const struct tp_error *why)
{
	struct peer *peer = peer_of(session);
	struct tp_server *self = peer->server;
	uint64_t handle = session->handle;

	if (was_ready)
		self->n_open--;
	else if (tp_refusals_add(&self->refusals))
		tp_warn(self->config.instance, "refused a connection",
			"address=%s kind=%s id=%s reason=%s", peer->info.wire.address,
			session->peer.kind != NULL ? session->peer.kind : "",
			session->peer.id != NULL ? session->peer.id : "", why->text);
	peer_free(peer);
	if (was_ready && self->config.closed != NULL)
		self->config.closed(self->config.user, handle, why);
}

static const struct session_ops server_session_ops = {
	.must_authenticate = on_must_authenticate,
	.greeted = on_greeted,
	.ready = on_ready,
	.drained = on_drained,
	.over = on_over,
};

static void on_accept(void *user, struct tp_wire *wire)
{
	struct tp_server *self = user;
	const struct tp_transport *t = &self->env.transport;
	struct peer *peer;

	if (self->peers.n >= (1u << SLOTS_BITS) - 1) {
		t->ops->close(t->impl, wire, false);
		return;
	}
	peer = tp_alloc(sizeof *peer);
	peer->server = self;
	session_init(&peer->session, &self->env, wire);
	peer->session.handle = slots_add(&self->peers, peer, 0);
	t->ops->peer(t->impl, wire, &peer->info.wire);
	t->ops->set_handler(t->impl, wire, &session_wire_handler, &peer->session);
	if (!tp_timer_armed(&self->sweep))
		tp_timer_arm(self->env.loop, &self->sweep,
			session_check_interval_ns(&self->env));
}

static void on_refused(void *user, const char *address, const struct tp_error *why)
{
	struct tp_server *self = user;

	/* Who goes by itself, without a word, looked whether somebody is there. */
	if (why->code == ECONNRESET)
		tp_debug(self->config.instance, "somebody connected and left",
			"address=%s", address);
	else if (tp_refusals_add(&self->refusals))
		tp_warn(self->config.instance, "closed a connection that is none of ours",
			"address=%s reason=%s", address, why->text);
}

/* --- the server ------------------------------------------------------------------------ */

static int listen_at(struct tp_server *server, const char *url, unsigned mode,
	struct tp_listener **ret, struct tp_error *err)
{
	const struct tp_transport *t = &server->env.transport;
	struct tp_listen spec = {
		.url = url,
		.mode = mode,
		.accept = on_accept,
		.refused = on_refused,
		.user = server,
		.limits = session_early_limits(&server->env),
		.tls = server->config.tls,
	};

	return t->ops->listen(t->impl, &spec, ret, err);
}

/* Where a listener was lost, until it works: those who dial know these addresses only. */
static bool listen_again(struct tp_server *self)
{
	struct tp_error err;
	bool all = true;

	for (size_t i = 0; i < self->n_listeners; i++) {
		if (self->listeners[i] != NULL)
			continue;
		listen_at(self, self->urls[i], 0, &self->listeners[i], &err);
		if (self->listeners[i] != NULL)
			tp_info(self->config.instance, "certificates were read again",
				"address=%s", self->urls[i]);
		else
			tp_err(self->config.instance, "not listening, trying again",
				"address=%s error=%s", self->urls[i], err.text);
		all = all && self->listeners[i] != NULL;
	}
	return all;
}

static void on_sweep(struct tp_timer *timer)
{
	struct tp_server *self = tp_container_of(timer, struct tp_server, sweep);
	struct peer *peer;

	for (uint32_t i = 0; i < self->peers.size; i++) {
		peer = self->peers.rows[i].item;
		if (peer != NULL)
			session_check(&peer->session, timer);
	}
	if (!listen_again(self) || self->peers.n > 0)
		tp_timer_arm(self->env.loop, &self->sweep,
			session_check_interval_ns(&self->env));
}

int tp_server_create(const struct tp_server_config *config, struct tp_server **ret,
	struct tp_error *err)
{
	struct tp_server *self = tp_alloc(sizeof *self);
	int r;

	self->config = *config;
	self->env.instance = config->instance;
	self->env.loop = config->instance->loop;
	self->env.transport = config->transport;
	self->env.self = config->self;
	self->env.user = config->user;
	self->env.mechanisms = config->authenticators;
	self->env.server = true;
	self->sweep.fire = on_sweep;
	tp_map_init(&self->by_key);
	tp_refusals_init(&self->refusals, config->instance);
	r = session_env_init(&self->env, &server_session_ops, config->handlers,
		config->n_handlers, &config->limits, err);
	if (r < 0) {
		tp_server_destroy(self);
		return r;
	}
	*ret = self;
	return 0;
}

/*
 * TLS takes new certificates only where somebody begins to listen. Files that do not serve are
 * noticed at another port, while the old listener still stands.
 */
static bool serves(struct tp_server *self, const char *url)
{
	const struct tp_transport *t = &self->env.transport;
	tp_cleanup(ptr) char *probe =
		tp_asprintf("%.*s:0", (int)(strrchr(url, ':') - url), url);
	struct tp_listener *listener;
	struct tp_error err;

	if (listen_at(self, probe, 0, &listener, &err) >= 0) {
		t->ops->unlisten(t->impl, listener);
		return true;
	}
	tp_err(self->config.instance, "certificates were not read again",
		"address=%s error=%s", url, err.text);
	return false;
}

static void on_reload(struct tp_signal *watch)
{
	struct tp_server *self = tp_container_of(watch, struct tp_server, reload);
	const struct tp_transport *t = &self->env.transport;

	for (size_t i = 0; i < self->n_listeners; i++) {
		if (url_is_tls(self->urls[i]) && self->listeners[i] != NULL &&
			serves(self, self->urls[i])) {
			t->ops->unlisten(t->impl, self->listeners[i]);
			self->listeners[i] = NULL;
		}
	}
	if (!listen_again(self) && !tp_timer_armed(&self->sweep))
		tp_timer_arm(self->env.loop, &self->sweep,
			session_check_interval_ns(&self->env));
}

int tp_server_listen(
	struct tp_server *server, const char *url, unsigned mode, struct tp_error *err)
{
	const struct tp_transport *t = &server->env.transport;
	size_t i = server->n_listeners;
	int r;

	if (i == SERVER_URLS_MAX)
		return tp_fail(err, ENOSPC, "'%s': a server has %d addresses at most",
			url, SERVER_URLS_MAX);
	r = listen_at(server, url, mode, &server->listeners[i], err);
	if (r < 0)
		return r;
	server->urls[i] = tp_strdup(t->ops->listener_url(t->impl, server->listeners[i]));
	server->n_listeners++;
	if (!url_is_tls(url) || server->watches_reload)
		return 0;
	server->reload.fire = on_reload;
	r = tp_signal_watch(server->env.loop, &server->reload, SIGHUP, err);
	server->watches_reload = r >= 0;
	return r;
}

const char *tp_server_url(const struct tp_server *server, size_t i)
{
	return i < server->n_listeners ? server->urls[i] : NULL;
}

static void unwatch(struct tp_server *self)
{
	if (self->watches_reload)
		tp_signal_unwatch(self->env.loop, &self->reload);
	self->watches_reload = false;
}

static void unlisten(struct tp_server *self)
{
	const struct tp_transport *t = &self->env.transport;

	while (self->n_listeners > 0) {
		if (self->listeners[--self->n_listeners] != NULL)
			t->ops->unlisten(t->impl, self->listeners[self->n_listeners]);
		tp_free(self->urls[self->n_listeners]);
	}
}

static void drop_peers(struct tp_server *self)
{
	struct peer *peer;

	for (uint32_t i = 0; i < self->peers.size; i++) {
		peer = self->peers.rows[i].item;
		if (peer == NULL)
			continue;
		session_fini(&peer->session, ECONNRESET, "the server stops");
		peer_free(peer);
	}
	self->n_open = 0;
}

static void on_stopped(struct tp_timer *timer)
{
	struct tp_server *self = tp_container_of(timer, struct tp_server, sweep);
	struct tp_done *done = self->stopping;

	self->stopping = NULL;
	tp_done(done, 0);
}

void tp_server_stop(struct tp_server *server, struct tp_done *done)
{
	bool had_peers = server->peers.n > 0;

	unwatch(server);
	unlisten(server);
	drop_peers(server);
	server->stopping = done;
	server->sweep.fire = on_stopped;
	tp_timer_arm(server->env.loop, &server->sweep, had_peers ? 20 * TP_MSEC : 0);
}

void tp_server_destroy(struct tp_server *server)
{
	if (server == NULL)
		return;
	tp_assert(server->env.busy == 0);
	tp_timer_disarm(server->env.loop, &server->sweep);
	unwatch(server);
	unlisten(server);
	drop_peers(server);
	slots_fini(&server->peers);
	tp_refusals_fini(&server->refusals);
	tp_map_fini(&server->by_key);
	session_env_fini(&server->env);
	tp_free(server);
}

/* --- peers ----------------------------------------------------------------------------- */

const struct tp_peer_info *tp_server_peer(const struct tp_server *server, uint64_t peer)
{
	struct peer *p = find(server, peer);

	return p == NULL ? NULL : &p->info;
}

int tp_server_send(struct tp_server *server, uint64_t peer, uint16_t type,
	const struct tp_desc *desc, const void *body)
{
	struct peer *p = find(server, peer);

	return p == NULL ? -ENOTCONN : session_send(&p->session, type, desc, body);
}

int tp_server_call(struct tp_server *server, uint64_t peer, struct tp_call *call,
	uint16_t type, const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err)
{
	struct peer *p = find(server, peer);

	if (p == NULL)
		return tp_fail(err, ENOTCONN, "call %u: the peer is gone", type);
	return session_call(&p->session, call, type, desc, body, timeout_ns, err);
}

int tp_server_reply(struct tp_server *server, uint64_t peer, uint64_t call,
	const struct tp_desc *desc, const void *body, bool more)
{
	struct peer *p = find(server, peer);

	return p == NULL ? -ENOTCONN : session_reply(&p->session, call, desc, body, more);
}

int tp_server_reply_error(struct tp_server *server, uint64_t peer, uint64_t call,
	int code, const char *text)
{
	struct peer *p = find(server, peer);

	return p == NULL ? -ENOTCONN : session_reply_error(&p->session, call, code, text);
}

bool tp_server_busy(const struct tp_server *server, uint64_t peer)
{
	const struct tp_transport *t = &server->env.transport;
	struct peer *p = find(server, peer);

	return p != NULL &&
		t->ops->queued_bytes(t->impl, p->session.wire) >=
		server->env.limits.out_soft_bytes;
}

void tp_server_kick(struct tp_server *server, uint64_t peer, const char *reason)
{
	struct peer *p = find(server, peer);

	if (p != NULL)
		session_end_later(&p->session, ECONNRESET, reason);
}

size_t tp_server_peers(const struct tp_server *server)
{
	return server->n_open;
}
