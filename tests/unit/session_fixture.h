/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server and links to it over unix sockets, on virtual time: what the tests of sessions and
 * links share. Callbacks write down what they saw.
 */
#ifndef TESTS_UNIT_SESSION_FIXTURE_H
#define TESTS_UNIT_SESSION_FIXTURE_H

#include "tepui/net.h"
#include "tests/lib/clock.h"

/* The record all test messages carry. */
struct note {
	const char *text; /* required, field 1 */
	bool has_n;
	int64_t n; /* field 2 */
};
extern const struct tp_desc note_desc;

enum { NOTE_MESSAGE = 1, NOTE_CALL, NOTE_SILENT, NOTE_STREAM, NOTE_ADMIN, NOTE_UNKNOWN };

#define CLIENTS_MAX 8

struct client {
	struct tp_link *link;
	struct fixture *fixture;
	int ups, downs, messages;
	bool was_up;
	struct tp_error why;
	char last[64];
	uint64_t call; /* of the last call from the server */
	bool destroy;  /* on the next message */
	int64_t downs_at[1024];
};

struct fixture {
	struct test_clock clock;
	struct tp_loop *loop;
	struct tp_transport *transport;
	struct tp_server *server;
	struct tp_instance instance;
	char dir[64];
	char url[128];
	struct client clients[CLIENTS_MAX];
	/* what the server saw */
	int opened, closed, messages;
	uint64_t peers[64]; /* in order of opening */
	uint64_t last_peer, last_call;
	struct tp_error why; /* of the last closed() */
	char last[64];
	uint32_t rights; /* what admit() grants */
	int refuse;      /* errno with which admit() refuses */
	int64_t deadline_ns;
	struct tp_arena *taken;
	char principal[64]; /* what admit() was told */
	bool ask;           /* everybody must authenticate */
	/* Read by the server and by clients that come. */
	struct tp_services authenticators;
	const struct tp_services *authenticatees;
};

void fixture_start(struct fixture *f, const struct tp_net_limits *limits);
void fixture_stop(struct fixture *f);
/* A link that introduces itself so; not up yet. */
struct client *fixture_client(struct fixture *f, int i, const char *kind, const char *id,
	uint64_t epoch, const struct tp_net_limits *limits);
/* The same with other addresses. */
struct client *fixture_client_at(struct fixture *f, int i, const char *urls, bool once,
	const struct tp_net_limits *limits);
/* Lets everything happen that can happen now. */
void fixture_settle(struct fixture *f);
void fixture_advance(struct fixture *f, int64_t ns);

#endif
