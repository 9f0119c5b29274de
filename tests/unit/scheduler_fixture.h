/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler driver on virtual time, between a master and an election that do what the test
 * says. Everything the framework is told stands in f->told, every call the master heard in
 * m->heard, each as one word with its data: "offers(o1) ", "KILL{...} ".
 */
#ifndef TESTS_UNIT_SCHEDULER_FIXTURE_H
#define TESTS_UNIT_SCHEDULER_FIXTURE_H

#include "core/sdk/scheduler_place.h"
#include "tepui/net.h"
#include "tepui/strbuf.h"
#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"

#define MASTERS_MAX 2

struct fake_master {
	struct scheduler_fixture *fixture;
	struct tp_instance instance;
	struct tp_server *server;
	char id[8], url[32];
	uint64_t peer;    /* who subscribed last; 0 = nobody */
	int refuses_code; /* answers SUBSCRIBE so, with refuses_text; 0 = accepts */
	const char *refuses_text;
	bool silent;         /* does not answer SUBSCRIBE and TEARDOWN */
	bool refuses_update; /* UPDATE_FRAMEWORK */
	unsigned n_subscribes;
	struct tp_strbuf heard;
};

struct scheduler_fixture {
	struct test_clock clock;
	struct tp_loop *loop;
	struct fake_transport *transport;
	struct fake_master masters[MASTERS_MAX];
	struct tp_scheduler_driver *driver;
	struct tp_strbuf told;
	struct tp_detector *detector; /* that asks the election; NULL = nobody */
	/* In callbacks; all false: nothing is done. */
	bool aborts_on_offers, stops_on_disconnected, acknowledges, declines_on_offers;
};

void scheduler_fixture_start(struct scheduler_fixture *f);
void scheduler_fixture_stop(struct scheduler_fixture *f);

/*
 * A driver, not started: `framework` is its FrameworkInfo as JSON with ' for ". By election: it
 * asks that who leads, else it dials the first master. Fails the test unless it is created.
 */
void scheduler_fixture_create(struct scheduler_fixture *f, const char *framework,
	bool explicit_acknowledgements, bool by_election);
/* Started, and subscribed with the first master as framework f1. */
void scheduler_fixture_subscribe(struct scheduler_fixture *f, const char *framework,
	bool explicit_acknowledgements, bool by_election);

/* Sends an event, JSON with ' for ", to the subscriber; and settles. */
void fake_master_say(struct fake_master *m, const char *event);
/* The session ends; and settles. */
void fake_master_hang_up(struct fake_master *m);
/* The election's word. NULL: nobody leads. */
void scheduler_fixture_elect(struct scheduler_fixture *f, struct fake_master *leader);

void scheduler_fixture_advance(struct scheduler_fixture *f, int64_t ns);
/* Since the last question. */
void expect_told(struct scheduler_fixture *f, const char *text);
void expect_heard(struct fake_master *m, const char *text);
/* Every part of it, in any order, separated by '|'. */
void expect_heard_parts(struct fake_master *m, const char *parts);

/* Launches task t1 with offer o1; t2 and t3 in a group, if `group`. */
enum tp_status scheduler_fixture_launch(struct scheduler_fixture *f, bool group);

#endif
