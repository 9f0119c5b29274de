/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What both halves of a mechanism promise: answers come once, later and never after finish();
 * exchanges run side by side; bytes of a stranger prove nothing; and, where both halves are here,
 * that whoever has the secret is let in, and nobody by saying again what was said before.
 */
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"

#define OUT_MAX (32 << 10)
#define SIDE_BY_SIDE 16
#define STEPS_MAX 64
#define KEPT_MAX 8 /* answers of one exchange that are said again */

/* One end of an exchange. */
struct end {
	struct check *check;
	struct tp_service service;
	bool asks; /* authenticator; else authenticatee */
	struct tp_authentication exchange;
	bool inside, done, finish_when_done, finished;
	int n_done, status;
	uint8_t *out; /* a copy of what it said last */
	size_t out_len;
	char principal[256];
};

static void end_finish(struct end *e)
{
	if (e->finished)
		return;
	e->finished = true;
	if (e->asks)
		((const struct tp_authenticator_ops *)e->service.ops)
			->finish(e->service.impl, &e->exchange);
	else
		((const struct tp_authenticatee_ops *)e->service.ops)
			->finish(e->service.impl, &e->exchange);
}

static void on_done(struct tp_authentication *exchange, int status)
{
	struct end *e = tp_container_of(exchange, struct end, exchange);

	expect(e->check, !e->inside, "done() came from inside the call");
	expect(e->check, !e->finished, "done() came after finish()");
	e->done = true;
	e->n_done++;
	e->status = status;
	tp_free(e->out);
	e->out = NULL;
	e->out_len = 0;
	if (status == TP_AUTHENTICATION_MORE) {
		expect(e->check, exchange->out_len <= OUT_MAX,
			"it says %zu bytes at once, 32 KiB is the limit",
			exchange->out_len);
		e->out = tp_alloc(exchange->out_len + 1);
		if (exchange->out_len > 0)
			memcpy(e->out, exchange->out, exchange->out_len);
		e->out_len = exchange->out_len;
	} else if (status == TP_AUTHENTICATION_DONE && e->asks) {
		if (expect(e->check,
			    exchange->principal != NULL && exchange->principal[0],
			    "somebody is let in who has no principal"))
			snprintf(e->principal, sizeof(e->principal), "%s",
				exchange->principal);
	}
	expect(e->check, status >= 0 || exchange->err.text[0] != '\0',
		"an error (%d) without a text", status);
	expect(e->check, status <= TP_AUTHENTICATION_MORE, "done(%d) means nothing",
		status);
	if (e->finish_when_done)
		end_finish(e);
}

static void end_init(
	struct end *e, struct check *c, const struct tp_service *service, bool asks)
{
	*e = (struct end){ .check = c, .service = *service, .asks = asks };
	e->exchange.done = on_done;
}

static void end_fini(struct end *e)
{
	end_finish(e);
	tp_free(e->out);
}

/* start() or step() without waiting for its end. */
static void end_begin(struct end *e, bool first, const void *data, size_t len)
{
	e->done = false;
	e->n_done = 0;
	e->inside = true;
	if (e->asks) {
		const struct tp_authenticator_ops *ops = e->service.ops;

		(first ? ops->start : ops->step)(
			e->service.impl, &e->exchange, data, len);
	} else {
		const struct tp_authenticatee_ops *ops = e->service.ops;

		if (first)
			ops->start(e->service.impl, &e->exchange);
		else
			ops->step(e->service.impl, &e->exchange, data, len);
	}
	e->inside = false;
}

/* The status of a start() or step(). */
static int end_go(struct end *e, bool first, const void *data, size_t len)
{
	struct check *c = e->check;

	end_begin(e, first, data, len);
	expect(c, check_wait(c, &e->done), "%s() is never answered",
		first ? "start" : "step");
	check_advance(c, TP_SEC);
	expect(c, e->n_done <= 1, "%s() is answered %d times", first ? "start" : "step",
		e->n_done);
	return e->status;
}

static bool asks(const struct check *c)
{
	return strcmp(c->kind, "authenticator") == 0;
}

/* False, and skipped, without what it needs to do anything. */
static bool usable(struct check *c, const struct tp_service *service, bool asking)
{
	const struct tp_authenticator_ops *one = service->ops;
	const struct tp_authenticatee_ops *other = service->ops;
	bool complete = asking
		? one->usable && one->start && one->step && one->finish
		: other->usable && other->start && other->step && other->finish;

	if (!expect(c, complete, "usable, start, step and finish are needed"))
		return false;
	if (asking ? one->usable(service->impl) : other->usable(service->impl))
		return true;
	skip(c, "it is not usable: give it %s with --config",
		asking ? "credentials" : "a credential");
	return false;
}

/* --- cases of either half -------------------------------------------------------------- */

static void has_a_name(struct check *c)
{
	const char *key = c->it_key[0];

	expect(c, key != NULL && key[0] != '\0',
		"its provide row has no key: the name of its mechanism");
	expect(c, key == NULL || strpbrk(key, " \t\n,") == NULL,
		"'%s' is no name of a mechanism", key);
}

static void answers_once(struct check *c)
{
	struct end e;

	if (!usable(c, &c->it[0], asks(c)))
		return;
	end_init(&e, c, &c->it[0], asks(c));
	expect(c, end_go(&e, true, NULL, 0) == TP_AUTHENTICATION_MORE,
		"start() without data is answered by %d: %s", e.status,
		e.exchange.err.text);
	end_fini(&e);
}

static void finishes_any_time(struct check *c)
{
	struct end e;

	if (!usable(c, &c->it[0], asks(c)))
		return;
	end_init(&e, c, &c->it[0], asks(c));
	end_begin(&e, true, NULL, 0);
	end_finish(&e);
	check_advance(c, TP_SEC);
	for (int i = 0; i < 5; i++)
		tp_loop_turn(c->loop, 20 * TP_MSEC);
	expect(c, e.n_done == 0, "done() came after finish()");
	end_fini(&e);
	end_init(&e, c, &c->it[0], asks(c));
	e.finish_when_done = true;
	end_go(&e, true, NULL, 0);
	end_fini(&e);
}

static void side_by_side(struct check *c)
{
	struct end ends[SIDE_BY_SIDE];

	if (!usable(c, &c->it[0], asks(c)))
		return;
	for (int i = 0; i < SIDE_BY_SIDE; i++) {
		end_init(&ends[i], c, &c->it[0], asks(c));
		end_begin(&ends[i], true, NULL, 0);
	}
	for (int i = 0; i < SIDE_BY_SIDE && !c->failed; i++)
		expect(c, check_wait(c, &ends[i].done), "exchange %d of %d hangs", i,
			SIDE_BY_SIDE);
	for (int i = 0; i < SIDE_BY_SIDE; i += 2)
		end_finish(&ends[i]);
	check_advance(c, TP_SEC);
	for (int i = 0; i < SIDE_BY_SIDE; i++) {
		expect(c, ends[i].n_done == 1, "exchange %d of %d is answered %d times",
			i, SIDE_BY_SIDE, ends[i].n_done);
		end_fini(&ends[i]);
	}
}

/* Bytes that look like an answer, and such that do not; the same in each run. */
static size_t garbage(uint8_t *data, unsigned seed)
{
	static const size_t sizes[] = { 0, 1, 2, 31, 32, 33, 40, 64, 255, 256, 1024,
		OUT_MAX };
	size_t len = sizes[seed % TP_COUNT(sizes)];
	uint32_t state = seed * 2654435761u + 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		data[i] = (uint8_t)(state >> 24);
		if (seed % 3 == 1)
			data[i] = (uint8_t) "0123456789abcdef"[data[i] % 16];
		if (seed % 3 == 2 && i == len / 2)
			data[i] = ' ';
	}
	return len;
}

static void garbage_proves_nothing(struct check *c)
{
	uint8_t *data = tp_alloc(OUT_MAX + 1);

	for (unsigned seed = 0; seed < 48 && !c->failed; seed++) {
		struct end e;
		int n = 0;

		if (!usable(c, &c->it[0], asks(c)))
			break;
		end_init(&e, c, &c->it[0], asks(c));
		end_go(&e, true, NULL, 0);
		while (e.status == TP_AUTHENTICATION_MORE && !c->failed) {
			end_go(&e, false, data, garbage(data, seed + (unsigned)n * 7));
			if (!expect(c, ++n < STEPS_MAX,
				    "it goes on for ever with a peer that talks "
				    "nonsense") ||
				(!asks(c) && n > 2))
				break;
		}
		expect(c, e.status != TP_AUTHENTICATION_DONE,
			asks(c) ? "nonsense lets '%s' in"
				: "it ends the exchange, which is the other end's to "
				  "do%s",
			e.principal);
		end_fini(&e);
	}
	tp_free(data);
}

/* --- both halves ----------------------------------------------------------------------- */

/* The other half, of the same mechanism; NULL when it is not here. */
static const struct tp_service *find_other(struct check *c)
{
	for (size_t i = 0; i < c->others.n; i++) {
		const struct tp_service_item *item = &c->others.items[i];
		const struct tp_authenticatee_ops *ops = item->service.ops;

		if (tp_streq(item->key, c->it_key[0]) && ops->usable != NULL &&
			ops->usable(item->service.impl))
			return &item->service;
	}
	skip(c,
		"the other half of '%s' with a credential is not here: --config, or "
		"--with "
		"its module",
		c->it_key[0] == NULL ? "" : c->it_key[0]);
	return NULL;
}

struct said {
	uint8_t *data[KEPT_MAX];
	size_t len[KEPT_MAX];
	size_t n;
};

static void said_keep(struct said *said, const struct end *e)
{
	if (said->n == KEPT_MAX)
		return;
	said->data[said->n] = tp_alloc(e->out_len + 1);
	if (e->out_len > 0)
		memcpy(said->data[said->n], e->out, e->out_len);
	said->len[said->n++] = e->out_len;
}

/* A whole exchange; what `prover` says is kept. The status of who asks. */
static int converse(struct end *asker, struct end *prover, struct said *said)
{
	struct check *c = asker->check;
	bool first = true;

	end_go(prover, true, NULL, 0);
	for (int i = 0; i < STEPS_MAX && !c->failed; i++) {
		if (prover->status < 0 || asker->status < 0)
			return prover->status < 0 ? prover->status : asker->status;
		said_keep(said, prover);
		if (end_go(asker, first, prover->out, prover->out_len) !=
			TP_AUTHENTICATION_MORE)
			return asker->status;
		first = false;
		end_go(prover, false, asker->out, asker->out_len);
		expect(c, prover->status != TP_AUTHENTICATION_DONE,
			"who proves ends the exchange: only who asks may");
	}
	expect(c, false, "the exchange has no end");
	return asker->status;
}

/* Says it all again to an asker that knows nothing of the first time. */
static void say_again(struct check *c, const struct said *said)
{
	struct end asker;
	bool challenged = false;

	end_init(&asker, c, &c->it[0], true);
	for (size_t i = 0; i < said->n && asker.status >= 0 && !c->failed; i++) {
		end_go(&asker, i == 0, said->data[i], said->len[i]);
		challenged = challenged || asker.out_len > 0;
		if (asker.status != TP_AUTHENTICATION_MORE)
			break;
	}
	expect(c, asker.status != TP_AUTHENTICATION_DONE || !challenged,
		"what was said before lets '%s' in again: its challenges serve twice",
		asker.principal);
	end_fini(&asker);
}

static void lets_in_who_proves(struct check *c)
{
	const struct tp_service *other;
	struct end asker, prover;
	struct said said = { .n = 0 };
	int status;

	if (!usable(c, &c->it[0], true))
		return;
	other = find_other(c);
	if (other == NULL)
		return;
	end_init(&asker, c, &c->it[0], true);
	end_init(&prover, c, other, false);
	status = converse(&asker, &prover, &said);
	expect(c, status == TP_AUTHENTICATION_DONE,
		"its own other half is not let in: %s",
		prover.status < 0 ? prover.exchange.err.text : asker.exchange.err.text);
	end_fini(&asker);
	end_fini(&prover);
	if (!c->failed)
		say_again(c, &said);
	for (size_t i = 0; i < said.n; i++)
		tp_free(said.data[i]);
}

const struct check_case authenticator_cases[] = {
	{ "has the name of its mechanism", has_a_name, 1 },
	{ "answers start() once and later", answers_once, 1 },
	{ "can be finished at any time", finishes_any_time, 1 },
	{ "many exchanges side by side", side_by_side, 1 },
	{ "nonsense proves nothing", garbage_proves_nothing, 1 },
	{ "lets in who proves it, once", lets_in_who_proves, 1 },
	{ 0 },
};

const struct check_case authenticatee_cases[] = {
	{ "has the name of its mechanism", has_a_name, 1 },
	{ "answers start() once and later", answers_once, 1 },
	{ "can be finished at any time", finishes_any_time, 1 },
	{ "many exchanges side by side", side_by_side, 1 },
	{ "leaves the end to who asks", garbage_proves_nothing, 1 },
	{ 0 },
};
