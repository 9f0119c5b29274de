/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An authenticator with its other half, a logger and an election that break the promises of their kinds, each in the way that its
 * config says. tepui-modcheck must notice.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "tepui/arena.h"
#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"
#include "tepui/kind/election.h"
#include "tepui/kind/logger.h"
#include "tepui/module.h"
#include "tepui/strbuf.h"
#include "tepui/wire.h"

#define SECRET "open sesame"
#define SLOTS 4

struct gullible {
	struct tp_instance instance;
	const char *how; /* "" = it keeps its promises */
	struct tp_candidate *candidates[SLOTS];
	struct tp_detector *detectors[SLOTS];
	struct tp_defer tell;
};

static bool breaks(const struct gullible *self, const char *how)
{
	return strcmp(self->how, how) == 0;
}

/* --- authentication: the secret in clear ----------------------------------------------- */

struct exchange {
	struct tp_defer defer;
	struct gullible *self;
	struct tp_authentication *exchange;
	int status;
};

static void on_answer(struct tp_defer *defer)
{
	struct exchange *e = tp_container_of(defer, struct exchange, defer);
	bool late = e->exchange->priv == NULL;

	e->exchange->done(e->exchange, e->status);
	if (late)
		tp_free(e);
}

static void answer(struct exchange *e, int status)
{
	e->status = status;
	if (breaks(e->self, "at-once"))
		e->exchange->done(e->exchange, status);
	else if (!breaks(e->self, "never"))
		tp_loop_defer(e->self->instance.loop, &e->defer);
}

static struct exchange *begin(void *impl, struct tp_authentication *exchange)
{
	struct exchange *e = tp_alloc(sizeof(*e));

	e->self = impl;
	e->exchange = exchange;
	e->defer.run = on_answer;
	exchange->priv = e;
	exchange->out = "";
	exchange->out_len = 0;
	return e;
}

static bool usable(void *impl)
{
	(void)impl;
	return true;
}

static void finish(void *impl, struct tp_authentication *exchange)
{
	struct gullible *self = impl;
	struct exchange *e = exchange->priv;

	exchange->priv = NULL;
	if (breaks(self, "after-finish") && e->defer.next != NULL)
		return;
	tp_loop_undefer(self->instance.loop, &e->defer);
	tp_free(e);
}

static void ask(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	(void)data, (void)len;
	begin(impl, exchange);
	if (breaks(impl, "challenge")) {
		exchange->out = "who";
		exchange->out_len = 3;
	}
	answer(exchange->priv, TP_AUTHENTICATION_MORE);
}

static void judge(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	bool right = len == strlen(SECRET) && memcmp(data, SECRET, len) == 0;

	exchange->principal = "somebody";
	if (right || (breaks(impl, "believes") && len > 0)) {
		answer(exchange->priv, TP_AUTHENTICATION_DONE);
		return;
	}
	if (!breaks(impl, "mute"))
		tp_fail(&exchange->err, EACCES, "that is not it");
	answer(exchange->priv, -EACCES);
}

static void prove(void *impl, struct tp_authentication *exchange)
{
	answer(begin(impl, exchange), TP_AUTHENTICATION_MORE);
}

static void tell_secret(
	void *impl, struct tp_authentication *exchange, const void *data, size_t len)
{
	(void)data, (void)len;
	exchange->out = SECRET;
	exchange->out_len = strlen(SECRET);
	answer(exchange->priv,
		breaks(impl, "ends") ? TP_AUTHENTICATION_DONE : TP_AUTHENTICATION_MORE);
}

static const struct tp_authenticator_ops asker_ops = {
	.usable = usable,
	.start = ask,
	.step = judge,
	.finish = finish,
};
static const struct tp_authenticatee_ops prover_ops = {
	.usable = usable,
	.start = prove,
	.step = tell_secret,
	.finish = finish,
};

/* --- logger ---------------------------------------------------------------------------- */

static int open_log(const struct gullible *self, const char *dir, const char *name)
{
	tp_cleanup(strbuf) struct tp_strbuf path = TP_STRBUF_INIT;
	int flags = O_CREAT | O_APPEND;

	tp_strbuf_printf(
		&path, "%s/%s%s", dir, breaks(self, "one-file") ? "../" : "", name);
	flags |= breaks(self, "inherited") ? 0 : O_CLOEXEC;
	flags |= breaks(self, "follows") ? 0 : O_NOFOLLOW;
	flags |= breaks(self, "impatient") ? O_NONBLOCK : 0;
	flags |= breaks(self, "read-only") ? O_RDONLY : O_WRONLY;
	return open(tp_strbuf_text(&path), flags, 0600);
}

static int prepare(void *impl, const char *id, const struct tp_container_config *config,
	uid_t uid, gid_t gid, int *ret_out, int *ret_err, struct tp_error *err)
{
	struct gullible *self = impl;
	int out = open_log(self, config->directory, "stdout");
	int code = errno;

	(void)id, (void)uid, (void)gid;
	if (out < 0)
		return tp_fail_errno(err, code, "opening a log");
	*ret_out = out;
	*ret_err = breaks(self, "single") ? out
					  : open_log(self, config->directory, "stderr");
	return 0;
}

static const struct tp_logger_ops logger_ops = { .prepare = prepare };

/* --- election -------------------------------------------------------------------------- */

static void tell_detectors(struct gullible *self, const struct tp_candidate *leader)
{
	for (int i = 0; i < SLOTS; i++) {
		if (self->detectors[i] != NULL && !breaks(self, "silent"))
			self->detectors[i]->changed(
				self->detectors[i], leader != NULL ? leader->info : NULL);
	}
}

static void on_tell(struct tp_defer *defer)
{
	struct gullible *self = tp_container_of(defer, struct gullible, tell);
	struct tp_candidate *leader = NULL;

	for (int i = 0; i < SLOTS; i++) {
		struct tp_candidate *one = self->candidates[i];

		if (one == NULL || (leader != NULL && !breaks(self, "two-lead")))
			continue;
		leader = one;
		if (one->priv == NULL) {
			one->priv = self;
			one->elected(one);
		}
	}
	tell_detectors(self, leader);
}

/* Puts `is` in the place of `was`. */
static void swap(struct gullible *self, void **slots, const void *was, void *is)
{
	for (int i = 0; i < SLOTS; i++) {
		if (slots[i] != was)
			continue;
		slots[i] = is;
		break;
	}
	tp_loop_defer(self->instance.loop, &self->tell);
}

static void contend(void *impl, struct tp_candidate *candidate)
{
	struct gullible *self = impl;

	candidate->priv = NULL;
	swap(self, (void **)self->candidates, NULL, candidate);
}

static void withdraw(void *impl, struct tp_candidate *candidate)
{
	struct gullible *self = impl;

	if (!breaks(self, "remembers"))
		swap(self, (void **)self->candidates, candidate, NULL);
}

static void detect(void *impl, struct tp_detector *detector)
{
	struct gullible *self = impl;

	swap(self, (void **)self->detectors, NULL, detector);
}

static void ignore(void *impl, struct tp_detector *detector)
{
	struct gullible *self = impl;

	swap(self, (void **)self->detectors, detector, NULL);
}

static const struct tp_election_ops election_ops = {
	.contend = contend,
	.withdraw = withdraw,
	.detect = detect,
	.ignore = ignore,
};

static int gullible_init(void *impl, struct tp_error *err)
{
	struct gullible *self = impl;

	(void)err;
	self->tell.run = on_tell;
	return 0;
}

static void gullible_fini(void *impl)
{
	struct gullible *self = impl;

	tp_loop_undefer(self->instance.loop, &self->tell);
}

static const struct tp_field config[] = {
	TP_CONFIG("how", TP_STRING, struct gullible, how, "",
		"Which promise is broken; empty: none."),
	{ 0 },
};

TP_EXPORT const struct tp_module tp_module = {
	TP_MODULE_HEADER,
	.name = "toy_gullible",
	.version = "1",
	.summary = "Breaks the promise it is told to break",
	.provides = (const struct tp_provide[]){ TP_PROVIDE_KEY("authenticator",
							 TP_AUTHENTICATOR_ABI, asker_ops,
							 "TOY"),
		TP_PROVIDE_KEY("authenticatee", TP_AUTHENTICATEE_ABI, prover_ops, "TOY"),
		TP_PROVIDE("logger", TP_LOGGER_ABI, logger_ops),
		TP_PROVIDE("election", TP_ELECTION_ABI, election_ops), { 0 } },
	.config = config,
	.instance_size = sizeof(struct gullible),
	.init = gullible_init,
	.fini = gullible_fini,
};
