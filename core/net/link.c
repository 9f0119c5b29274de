/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dialling end: one session to one of several addresses, again and again. One timer serves
 * both lives: between sessions it says when to dial, during one it drives heartbeats. A link
 * that is destroyed from one of its own callbacks lives on, deaf, until the loop turns.
 *
 *	WAITING ─timer─► TRYING ─READY─► UP ─over─► WAITING ...		refused for good ─► STOPPED
 */
#include <errno.h>
#include <string.h>

#include "core/net/session.h"
#include "core/net/url.h"
#include "tepui/map.h"

#define FAST_NS (1 * TP_MIN) /* how long we hurry */
#define DELAY_MIN_NS (100 * TP_MSEC)
#define DELAY_SPREAD_NS (200 * TP_MSEC)
#define DELAY_MAX_NS (60 * TP_SEC)

enum link_state { LINK_WAITING, LINK_TRYING, LINK_STOPPED };

struct tp_link {
	struct session_env env;
	struct session session; /* while TRYING */
	struct tp_link_config config;
	char *urls, *id, *kind;
	struct tp_timer timer;
	struct tp_defer bury;
	enum link_state state;
	size_t next_url; /* counts attempts; modulo the list's length: which address */
	int64_t down_since_ns; /* first failure since the last session */
	int64_t delay_ns;      /* of the slow phase */
	uint64_t random;
	size_t n_urls;            /* of the list at the last attempt */
	bool dial_now;            /* asked for by reconnect() */
	unsigned authentications; /* that began since the last session stood */
};

static struct tp_link *link_of(struct session *session)
{
	return tp_container_of(session, struct tp_link, session);
}

/* --- when ------------------------------------------------------------------------------ */

/* xorshift: spreads the agents of a cluster, no more. */
static int64_t jitter(struct tp_link *self, int64_t spread_ns)
{
	self->random ^= self->random << 13;
	self->random ^= self->random >> 7;
	self->random ^= self->random << 17;
	return (int64_t)(self->random % (uint64_t)(spread_ns + 1));
}

static int64_t next_delay(struct tp_link *self)
{
	int64_t now = tp_loop_now_ns(self->env.loop);

	if (self->down_since_ns < 0)
		self->down_since_ns = now;
	if (now - self->down_since_ns < FAST_NS) {
		self->delay_ns = DELAY_MIN_NS + DELAY_SPREAD_NS;
		return DELAY_MIN_NS + jitter(self, DELAY_SPREAD_NS);
	}
	self->delay_ns *= 2;
	if (self->delay_ns > DELAY_MAX_NS)
		self->delay_ns = DELAY_MAX_NS;
	return self->delay_ns - jitter(self, self->delay_ns / 4);
}

/* After a session or an attempt: what next, and the word to the user. */
static void go_down(
	struct tp_link *self, bool was_up, bool refused, const struct tp_error *why)
{
	bool tried_all = was_up || self->next_url >= self->n_urls;
	bool final = refused || (self->config.once && tried_all);
	struct tp_error said = *why;
	int64_t delay = 0;

	/* -EACCES is the word for "refused for good": nothing else may say it. */
	if (said.code == EACCES && !refused)
		said.code = ECONNREFUSED;
	if (final && !self->dial_now) {
		self->state = LINK_STOPPED;
	} else {
		self->state = LINK_WAITING;
		if (!self->dial_now && !self->config.once)
			delay = next_delay(self);
		tp_timer_arm(self->env.loop, &self->timer, delay);
	}
	self->dial_now = false;
	/* Short-lived tools hear of the last address only. */
	if (self->config.down != NULL && (final || !self->config.once))
		self->config.down(self->config.user, was_up, &said);
}

/* --- sessions -------------------------------------------------------------------------- */

/* Longer and longer, so that a server that many ask at once gets through with some. */
static int64_t on_authentication_ns(struct session *session)
{
	struct tp_link *self = link_of(session);
	const struct tp_authentication_times *times = &self->config.times;
	int64_t spread = times->backoff_factor_ns, max = times->timeout_max_ns, ns;

	for (unsigned i = 0; i < self->authentications && spread < max; i++)
		spread *= 2;
	self->authentications++;
	if (spread > max)
		spread = max;
	ns = times->timeout_min_ns + jitter(self, spread);
	return ns < max ? ns : max;
}

static int on_greeted(struct session *session, struct tp_error *err)
{
	(void)session;
	(void)err;
	return 0;
}

static void on_ready(struct session *session)
{
	struct tp_link *self = link_of(session);

	self->down_since_ns = -1;
	self->authentications = 0;
	tp_timer_arm(self->env.loop, &self->timer, session_check_interval_ns(&self->env));
	if (self->config.up != NULL)
		self->config.up(self->config.user, &session->peer);
}

static void on_drained(struct session *session)
{
	(void)session;
}

static void on_over(struct session *session, bool was_ready, const struct tp_error *why)
{
	struct tp_link *self = link_of(session);
	bool refused = session->refused;
	struct tp_error copy = *why;

	session_fini(session, 0, "");
	tp_timer_disarm(self->env.loop, &self->timer);
	go_down(self, was_ready, refused, &copy);
}

static const struct session_ops link_session_ops = {
	.authentication_ns = on_authentication_ns,
	.greeted = on_greeted,
	.ready = on_ready,
	.drained = on_drained,
	.over = on_over,
};

/* --- attempts -------------------------------------------------------------------------- */

static int dial(struct tp_link *self, struct tp_error *err)
{
	const struct tp_transport *t = &self->env.transport;
	struct tp_wire_limits limits = session_early_limits(&self->env);
	struct url_list list;
	struct tp_wire *wire;
	const char *url;
	int r = url_list_parse(self->urls, &list, err);

	if (r < 0) {
		self->n_urls = 0;
		return r;
	}
	self->n_urls = list.n;
	if (self->config.once && self->next_url >= list.n)
		self->next_url = 0;
	url = list.items[self->next_url++ % list.n];
	session_init(&self->session, &self->env, NULL);
	if (self->config.tls != NULL && t->ops->dial_tls != NULL)
		r = t->ops->dial_tls(t->impl, url, &limits, self->config.tls,
			&session_wire_handler, &self->session, &wire, err);
	else
		r = t->ops->dial(t->impl, url, &limits, &session_wire_handler,
			&self->session, &wire, err);
	if (r >= 0)
		self->session.wire = wire;
	url_list_fini(&list);
	return r;
}

static void on_timer(struct tp_timer *timer)
{
	struct tp_link *self = tp_container_of(timer, struct tp_link, timer);
	struct tp_error err = { 0 };

	self->env.busy++;
	if (self->state == LINK_TRYING) {
		session_check(&self->session, timer);
		if (self->state == LINK_TRYING)
			tp_timer_arm(self->env.loop, &self->timer,
				session_check_interval_ns(&self->env));
	} else if (dial(self, &err) < 0) {
		go_down(self, false, false, &err);
	} else {
		self->state = LINK_TRYING;
		tp_timer_arm(self->env.loop, &self->timer,
			session_check_interval_ns(&self->env));
	}
	self->env.busy--;
}

/* --- the link -------------------------------------------------------------------------- */

static void link_free(struct tp_link *self)
{
	session_env_fini(&self->env);
	tp_free(self->urls);
	tp_free(self->id);
	tp_free(self->kind);
	tp_free(self);
}

/* Its user may have asked it to dial since it destroyed it. */
static void on_bury(struct tp_defer *defer)
{
	struct tp_link *self = tp_container_of(defer, struct tp_link, bury);

	tp_timer_disarm(self->env.loop, &self->timer);
	link_free(self);
}

static void seed(struct tp_link *self)
{
	self->random = (uint64_t)tp_hash_text(self->kind) << 32 ^ tp_hash_text(self->id) ^
		self->config.self.epoch ^
		(uint64_t)tp_loop_now_ns(self->env.loop) * UINT64_C(0x9e3779b97f4a7c15);
	if (self->random == 0)
		self->random = 1;
}

static void set_times(struct tp_authentication_times *times)
{
	if (times->backoff_factor_ns <= 0)
		times->backoff_factor_ns = TP_SEC;
	if (times->timeout_min_ns <= 0)
		times->timeout_min_ns = 5 * TP_SEC;
	if (times->timeout_max_ns <= 0)
		times->timeout_max_ns = TP_MIN;
}

int tp_link_create(
	const struct tp_link_config *config, struct tp_link **ret, struct tp_error *err)
{
	struct tp_link *self = tp_alloc(sizeof *self);
	struct url_list list = { NULL, 0 };
	int r;

	self->config = *config;
	set_times(&self->config.times);
	self->env.mechanisms = config->authenticatees;
	self->env.authentication_min_ns = self->config.times.timeout_min_ns;
	self->env.instance = config->instance;
	self->env.loop = config->instance->loop;
	self->env.transport = config->transport;
	self->env.user = config->user;
	self->urls = tp_strdup(config->urls);
	self->id = tp_strdup(config->self.id != NULL ? config->self.id : "");
	self->kind = tp_strdup(config->self.kind != NULL ? config->self.kind : "");
	self->env.self = (struct tp_hello){ self->kind, self->id, config->self.epoch };
	self->timer.fire = on_timer;
	self->bury.run = on_bury;
	self->down_since_ns = -1;
	seed(self);
	r = session_env_init(&self->env, &link_session_ops, config->handlers,
		config->n_handlers, &config->limits, err);
	/* A file that is not there yet may come; anything else is a mistake. */
	if (r >= 0 && strstr(self->urls, "file://") == NULL)
		r = url_list_parse(self->urls, &list, err);
	url_list_fini(&list);
	if (r < 0) {
		link_free(self);
		return r;
	}
	tp_timer_arm(self->env.loop, &self->timer, 0);
	*ret = self;
	return 0;
}

void tp_link_destroy(struct tp_link *link)
{
	if (link == NULL)
		return;
	tp_timer_disarm(link->env.loop, &link->timer);
	if (link->state == LINK_TRYING)
		session_fini(&link->session, ECONNRESET, "peer leaves");
	link->state = LINK_STOPPED;
	if (link->env.busy > 0)
		tp_loop_defer(link->env.loop, &link->bury);
	else
		link_free(link);
}

bool tp_link_is_up(const struct tp_link *link)
{
	return link->state == LINK_TRYING && link->session.state == SESSION_READY;
}

void tp_link_set_id(struct tp_link *link, const char *id)
{
	char *copy = tp_strdup(id);

	tp_free(link->id);
	link->id = copy;
	link->env.self.id = copy;
}

void tp_link_reconnect(struct tp_link *link)
{
	link->dial_now = true;
	if (link->state == LINK_TRYING) {
		session_end_later(&link->session, ECONNRESET, "peer dials again");
		return;
	}
	link->state = LINK_WAITING;
	tp_timer_arm(link->env.loop, &link->timer, 0);
}

int tp_link_send(
	struct tp_link *link, uint16_t type, const struct tp_desc *desc, const void *body)
{
	if (!tp_link_is_up(link))
		return -ENOTCONN;
	return session_send(&link->session, type, desc, body);
}

int tp_link_call(struct tp_link *link, struct tp_call *call, uint16_t type,
	const struct tp_desc *desc, const void *body, int64_t timeout_ns,
	struct tp_error *err)
{
	if (!tp_link_is_up(link))
		return tp_fail(err, ENOTCONN, "call %u: not connected", type);
	return session_call(&link->session, call, type, desc, body, timeout_ns, err);
}

int tp_link_reply(struct tp_link *link, uint64_t call, const struct tp_desc *desc,
	const void *body, bool more)
{
	if (!tp_link_is_up(link))
		return -ENOTCONN;
	return session_reply(&link->session, call, desc, body, more);
}

int tp_link_reply_error(struct tp_link *link, uint64_t call, int code, const char *text)
{
	if (!tp_link_is_up(link))
		return -ENOTCONN;
	return session_reply_error(&link->session, call, code, text);
}
