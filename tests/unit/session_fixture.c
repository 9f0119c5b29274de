/* SPDX-License-Identifier: Apache-2.0 */
/* The fixture: plain sockets answer at once, so that settling needs no waiting. */
#include "tests/unit/session_fixture.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct tp_field note_fields[] = {
	{ .name = "text",
		.number = 1,
		.type = TP_STRING,
		.label = TP_REQUIRED,
		.offset = offsetof(struct note, text) },
	{ .name = "n",
		.number = 2,
		.type = TP_INT64,
		.offset = offsetof(struct note, n),
		.extra = offsetof(struct note, has_n) },
};
const struct tp_desc note_desc = { "Note", sizeof(struct note), note_fields, 2,
	sizeof(struct tp_field), 2, false };

/* --- server side ----------------------------------------------------------------------- */

static void server_note(struct fixture *f, const struct tp_message *message)
{
	const struct note *note = message->body;

	f->messages++;
	f->last_peer = message->peer;
	f->last_call = message->call;
	f->deadline_ns = message->deadline_ns;
	snprintf(f->last, sizeof f->last, "%s", note->text);
}

static void on_message(void *user, struct tp_message *message)
{
	server_note(user, message);
}

/* Answers with the same text and n + 1. */
static void on_call(void *user, struct tp_message *message)
{
	struct fixture *f = user;
	struct note answer = *(const struct note *)message->body;

	server_note(f, message);
	answer.n++;
	ck_assert_uint_ne(message->call, 0);
	ck_assert_int_eq(tp_server_reply(f->server, message->peer, message->call,
				 &note_desc, &answer, false),
		0);
}

static void on_silent(void *user, struct tp_message *message)
{
	struct fixture *f = user;

	server_note(f, message);
	tp_arena_destroy(f->taken);
	f->taken = tp_message_take_arena(message);
}

static const struct tp_handler server_handlers[] = {
	{ NOTE_ADMIN, 2, &note_desc, on_message },
	{ NOTE_SILENT, 0, &note_desc, on_silent },
	{ NOTE_MESSAGE, 0, &note_desc, on_message },
	{ NOTE_CALL, 0, &note_desc, on_call },
	{ NOTE_STREAM, 1, &note_desc, on_message },
};

static int on_admit(void *user, struct tp_peer_info *info, struct tp_error *err)
{
	struct fixture *f = user;

	ck_assert(info->wire.local);
	snprintf(f->principal, sizeof f->principal, "%s",
		info->principal == NULL ? "" : info->principal);
	if (f->refuse != 0)
		return tp_fail(err, f->refuse, "%s is not welcome", info->hello.id);
	info->rights = f->rights;
	return 0;
}

static bool on_must_authenticate(void *user, const struct tp_peer_info *info)
{
	struct fixture *f = user;

	ck_assert_ptr_nonnull(info->hello.kind);
	ck_assert_ptr_null(info->principal);
	return f->ask;
}

static void on_opened(void *user, uint64_t peer)
{
	struct fixture *f = user;

	ck_assert_ptr_nonnull(tp_server_peer(f->server, peer));
	ck_assert_uint_lt((size_t)f->opened, TP_COUNT(f->peers));
	f->peers[f->opened++] = peer;
}

static void on_closed(void *user, uint64_t peer, const struct tp_error *why)
{
	struct fixture *f = user;

	ck_assert_ptr_null(tp_server_peer(f->server, peer));
	f->closed++;
	f->why = *why;
}

/* --- client side ----------------------------------------------------------------------- */

static void client_message(void *user, struct tp_message *message)
{
	struct client *c = user;
	const struct note *note = message->body;

	c->messages++;
	c->call = message->call;
	snprintf(c->last, sizeof c->last, "%s", note->text);
	if (c->destroy) {
		tp_link_destroy(c->link);
		c->link = NULL;
	}
}

static const struct tp_handler client_handlers[] = {
	{ NOTE_MESSAGE, 0, &note_desc, client_message },
	{ NOTE_CALL, 0, &note_desc, client_message },
};

static void on_up(void *user, const struct tp_hello *server)
{
	struct client *c = user;

	ck_assert_str_eq(server->kind, "master");
	ck_assert(tp_link_is_up(c->link));
	c->ups++;
}

static void on_down(void *user, bool was_up, const struct tp_error *why)
{
	struct client *c = user;

	ck_assert(c->link == NULL || !tp_link_is_up(c->link));
	if ((size_t)c->downs < TP_COUNT(c->downs_at))
		c->downs_at[c->downs] = tp_loop_now_ns(c->fixture->loop);
	c->downs++;
	c->was_up = was_up;
	c->why = *why;
}

/* --- the fixture ----------------------------------------------------------------------- */

void fixture_start(struct fixture *f, const struct tp_net_limits *limits)
{
	struct tp_error err = { 0 };
	struct tp_server_config config = {
		.instance = &f->instance,
		.self = { "master", "m1", 7 },
		.handlers = server_handlers,
		.n_handlers = TP_COUNT(server_handlers),
		.user = f,
		.admit = on_admit,
		.opened = on_opened,
		.closed = on_closed,
		.authenticators = &f->authenticators,
		.must_authenticate = on_must_authenticate,
	};

	memset(f, 0, sizeof *f);
	f->rights = 1;
	test_clock_init(&f->clock);
	strcpy(f->dir, "/tmp/test_session.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->dir));
	snprintf(f->url, sizeof f->url, "unix://%s/s", f->dir);
	f->loop = tp_loop_create(&f->clock.clock, &err);
	ck_assert_ptr_nonnull(f->loop);
	f->instance.topic.name = "test";
	f->instance.loop = f->loop;
	ck_assert_int_eq(tp_transport_create_plain(f->loop, &f->transport, &err), 0);
	config.transport = *f->transport;
	if (limits != NULL)
		config.limits = *limits;
	ck_assert_msg(tp_server_create(&config, &f->server, &err) == 0, "%s", err.text);
	ck_assert_msg(tp_server_listen(f->server, f->url, 0, &err) == 0, "%s", err.text);
	ck_assert_str_eq(tp_server_url(f->server, 0), f->url);
	ck_assert_ptr_null(tp_server_url(f->server, 1));
}

void fixture_stop(struct fixture *f)
{
	for (size_t i = 0; i < CLIENTS_MAX; i++)
		tp_link_destroy(f->clients[i].link);
	tp_server_destroy(f->server);
	tp_transport_destroy(f->transport);
	tp_loop_destroy(f->loop);
	tp_arena_destroy(f->taken);
	rmdir(f->dir);
}

static struct client *start_client(
	struct fixture *f, int i, struct tp_link_config *config)
{
	struct client *c = &f->clients[i];
	struct tp_error err = { 0 };

	memset(c, 0, sizeof *c);
	c->fixture = f;
	config->instance = &f->instance;
	config->transport = *f->transport;
	config->handlers = client_handlers;
	config->n_handlers = TP_COUNT(client_handlers);
	config->user = c;
	config->up = on_up;
	config->down = on_down;
	config->authenticatees = f->authenticatees;
	ck_assert_msg(tp_link_create(config, &c->link, &err) == 0, "%s", err.text);
	ck_assert(!tp_link_is_up(c->link));
	return c;
}

struct client *fixture_client(struct fixture *f, int i, const char *kind, const char *id,
	uint64_t epoch, const struct tp_net_limits *limits)
{
	struct tp_link_config config = { .self = { kind, id, epoch }, .urls = f->url };

	if (limits != NULL)
		config.limits = *limits;
	return start_client(f, i, &config);
}

struct client *fixture_client_at(struct fixture *f, int i, const char *urls, bool once,
	const struct tp_net_limits *limits)
{
	struct tp_link_config config = {
		.self = { "agent", "", 1 }, .urls = urls, .once = once
	};

	if (limits != NULL)
		config.limits = *limits;
	return start_client(f, i, &config);
}

void fixture_settle(struct fixture *f)
{
	test_clock_settle(&f->clock, f->loop);
}

void fixture_advance(struct fixture *f, int64_t ns)
{
	test_clock_advance(&f->clock, f->loop, ns);
}
