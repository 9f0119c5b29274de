/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scheduler that does what the test says, and remembers what it was told. It acknowledges
 * updates and subscribes again when the master comes back, and does nothing else by itself.
 */
#ifndef TESTS_LIB_FRAMEWORK_H
#define TESTS_LIB_FRAMEWORK_H

#include "tepui/net.h"
#include "tests/lib/cluster.h"

#define FRAMEWORK_OFFERS_MAX 128
#define FRAMEWORK_TASKS_MAX 512

struct framework_offer {
	char id[96];
	char agent_id[96];
	char hostname[64];
	int64_t cpus_milli;
	int64_t mem_milli;
	int64_t received_ms;
};

struct framework_task {
	char id[64];
	char hostname[64]; /* of the agent */
	int64_t cpus_milli;
	int state; /* -1: nothing heard of it */
	int reason;
	int ended; /* the first terminal state, -1 = none */
	unsigned n_updates;
	int contradiction; /* another terminal state, -1 = none */
};

struct framework {
	struct tp_instance instance;
	struct cluster *cluster;
	char name[32];
	char id[96]; /* "" until it is subscribed */
	bool up, subscribed, failed;
	char error[256];
	struct tp_link *link;
	struct tp_call call;
	struct framework_offer offers[FRAMEWORK_OFFERS_MAX]; /* oldest first */
	size_t n_offers;
	struct framework_task tasks[FRAMEWORK_TASKS_MAX];
	size_t n_tasks;
	unsigned n_rescinded;
};

/* Waits until it is subscribed. `id`: takes that framework over; NULL: a new one. */
struct framework *framework_subscribe(
	struct cluster *c, const char *name, const char *id);
/* Without waiting, or needing a master. */
struct framework *framework_add(struct cluster *c, const char *name, const char *id);
/* The scheduler goes away; the framework stays. */
void framework_disconnect(struct framework *f);

/* The oldest offer it has, NULL without one; then one it waits for. */
const struct framework_offer *cluster_offer(struct cluster *c, struct framework *f);
const struct framework_offer *framework_wait_offer(struct framework *f, int64_t max_ms);
/* Both use up the offer. refuse_ms < 0: the master's default. */
void framework_decline(
	struct framework *f, const struct framework_offer *offer, int64_t refuse_ms);
void framework_accept(struct framework *f, const struct framework_offer *offer,
	const char *task_id, int64_t cpus_milli, const char *command);
void framework_kill(struct framework *f, const char *task_id);
void framework_revive(struct framework *f);
/* All that the master knows; or one task that it may not know. */
void framework_reconcile(struct framework *f, const char *task_id);
void framework_teardown(struct framework *f);

struct framework_task *framework_task(struct framework *f, const char *task_id);
/* -1: nothing heard. */
int framework_task_state(struct framework *f, const char *task_id);
bool framework_wait_state(
	struct framework *f, const char *task_id, int state, int64_t max_ms);
bool framework_state_is_terminal(int state);

#endif
