/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler that does what the test says, and remembers what it was told. It acknowledges
 * updates and subscribes again when the master comes back, and does nothing else by itself. It
 * has a place of its own in the network; where masters are elected it dials the one that leads.
 * It speaks the protocol itself, or lives on the SDK's driver (framework_drive()).
 */
#ifndef TESTS_LIB_FRAMEWORK_H
#define TESTS_LIB_FRAMEWORK_H

#include "tepui/net.h"
#include "tests/lib/cluster.h"
#include "tests/lib/framework_book.h"

#define FRAMEWORK_OFFERS_MAX 128
#define FRAMEWORK_INVERSE_OFFERS_MAX 16

struct framework_offer {
	char id[96];
	char agent_id[96];
	char hostname[64];
	int64_t cpus_milli;
	int64_t lent_milli; /* cpus that may be taken back at any time */
	int64_t mem_milli;
	int64_t received_ms;
};

/* It is asked to leave an agent. */
struct framework_inverse_offer {
	char id[96];
	char agent_id[96];
};

struct framework {
	struct tp_instance instance;
	struct cluster *cluster;
	struct sim_clock *clock; /* NULL on the real transport; so are the next two */
	struct fake_node *node;
	struct sim_party *party;
	struct tp_detector detector;
	char name[32];
	char id[96]; /* "" until it is subscribed */
	bool running, up, subscribed, failed;
	char error[256];
	bool driven;
	bool borrows; /* has the capability for what may be taken back */
	struct tp_scheduler_driver *driver; /* of one that is driven, while it runs */
	struct tp_link
		*link; /* NULL: it does not run, or nobody leads, or it is driven */
	struct tp_call call;
	struct tp_timer again; /* a master that cannot answer now is asked later */
	struct framework_offer offers[FRAMEWORK_OFFERS_MAX]; /* oldest first */
	size_t n_offers;
	struct framework_inverse_offer inverse_offers[FRAMEWORK_INVERSE_OFFERS_MAX];
	size_t n_inverse_offers;
	struct framework_book *book;
	unsigned n_rescinded, n_disconnected;
};

/* Waits until it is subscribed. `id`: takes that framework over; NULL: a new one. */
struct framework *framework_subscribe(
	struct cluster *c, const char *name, const char *id);
/* Without waiting, or needing a master. */
struct framework *framework_add(struct cluster *c, const char *name, const char *id);
/* Those that are added from now on live on the SDK's driver, or do not. */
void framework_drive(struct cluster *c, bool driven);
/* They take what may be taken back at any time, or do not. */
void framework_borrow(struct cluster *c, bool borrows);
/* A second scheduler of the same framework, with the same book. */
struct framework *framework_take_over(struct framework *old);
/* The scheduler goes away in order; the framework stays. */
void framework_disconnect(struct framework *f);
/* The scheduler is killed, and starts again with its id. The book stays. */
void framework_crash(struct framework *f);
void framework_restart(struct framework *f);
/* Of the cluster: the end, in two steps. */
void framework_destroy(struct framework *f);
void framework_free(struct framework *f);

/* The oldest offer it has, NULL without one; then one it waits for. */
const struct framework_offer *cluster_offer(struct cluster *c, struct framework *f);
const struct framework_offer *framework_wait_offer(struct framework *f, int64_t max_ms);
/* Both use up the offer. refuse_ms < 0: the master's default. */
void framework_decline(
	struct framework *f, const struct framework_offer *offer, int64_t refuse_ms);
void framework_accept(struct framework *f, const struct framework_offer *offer,
	const char *task_id, int64_t cpus_milli, const char *command);
/* The same on cpus that may be taken back at any time. */
void framework_accept_lent(struct framework *f, const struct framework_offer *offer,
	const char *task_id, int64_t cpus_milli, const char *command);
/* The same in an executor of the framework's own, of EXECUTOR_CPUS_MILLI; `text` is a name. */
#define EXECUTOR_CPUS_MILLI 100
void framework_accept_in(struct framework *f, const struct framework_offer *offer,
	const char *executor_id, const char *task_id, int64_t cpus_milli,
	const char *text);
/* The oldest inverse offer it has. */
void framework_answer_inverse(struct framework *f, bool accept, int64_t refuse_ms);
void framework_kill(struct framework *f, const char *task_id);
void framework_kill_within(struct framework *f, const char *task_id, int64_t grace_ms);
void framework_revive(struct framework *f);
/* All that the master knows; or one task that it may not know. */
void framework_reconcile(struct framework *f, const char *task_id);
void framework_teardown(struct framework *f);
void framework_acknowledge(struct framework *f, const struct tp_task_status *status);

struct framework_task *framework_task(struct framework *f, const char *task_id);
/* -1: nothing heard. */
int framework_task_state(struct framework *f, const char *task_id);
bool framework_wait_state(
	struct framework *f, const char *task_id, int state, int64_t max_ms);

/* --- between its files -------------------------------------------------------------------- */

void framework_session_over(struct framework *f);
void framework_offer_add(struct framework *f, const struct tp_offer *offer);
void framework_offer_forget(struct framework *f, const char *id);
/* Fails the test when it is asked twice at a time for the same agent. */
void framework_inverse_add(struct framework *f, const struct tp_inverse_offer *offer);
void framework_inverse_forget(struct framework *f, const char *id);
void framework_log_update(struct framework *f, const struct tp_task_status *status);
const struct tp_scheduler_call *framework_subscription(
	struct framework *f, struct tp_arena *arena);
/* A call of the scheduler API, written as JSON with ' for ". */
const void *framework_parse(struct tp_arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void framework_driver_start(struct framework *f);
void framework_driver_end(struct framework *f, bool in_order);
void framework_driver_call(struct framework *f, const struct tp_scheduler_call *call);

#endif
