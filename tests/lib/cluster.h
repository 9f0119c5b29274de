/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole cluster in one process: the real modules, each daemon a kernel of its own on a loop of
 * its own, with containers that are no processes (sim_containers.h) and schedulers that do what
 * the test says. Two ways to run it, chosen by TEPUI_TEST_TRANSPORT:
 *
 *	(unset)  virtual time, simulated network and disk: the same seed, the same history
 *	real     the system's clock and nng over loopback, all on one loop; no failures of the
 *	         network, and whoever is killed takes leave in order
 *
 * Modules come from $TEPUI_MODULE_DIR.
 */
#ifndef TESTS_LIB_CLUSTER_H
#define TESTS_LIB_CLUSTER_H

#include "tepui/arena.h"
#include "tepui/wire.h"
#include "tests/lib/fake_transport.h"
#include "tests/lib/machine.h"
#include "tests/lib/sim_election.h"
#include "tests/lib/sim_random.h"
#include "tests/lib/sim_registry.h"
#include "tests/lib/sim_time.h"
#include "tests/lib/tmpdir.h"

#define CLUSTER_MACHINES_MAX 16
#define CLUSTER_FRAMEWORKS_MAX 64 /* schedulers, those that are gone counted */

struct framework;

struct cluster {
	bool real;
	uint64_t seed;
	struct test_tmpdir dir;
	struct sim_time time;
	struct sim_clock *clock; /* of the network and all that is shared */
	struct tp_loop *loop;
	struct fake_transport *network;
	struct tp_transport *real_transport;
	struct sim_registry *registry; /* of masters whose registry is "sim-registry" */
	struct sim_election *election; /* NULL: each master leads */
	struct sim_random random;      /* for the test */
	struct machine machines[CLUSTER_MACHINES_MAX];
	size_t n_machines, n_masters;
	struct framework *frameworks[CLUSTER_FRAMEWORKS_MAX];
	size_t n_frameworks;
	bool drives;           /* frameworks that are added live on the SDK's driver */
	bool borrows;          /* and take what may be taken back at any time */
	bool lends;            /* agents that are added lend; see sim_lender.h */
	const char *allocator; /* of masters that are added; a name or a path */
	/* Called for each daemon between load and start; NULL: nobody looks. */
	void (*tamper)(struct machine *m);
	char master_urls[256]; /* a comma list */
};

/* Seed 0: nothing is shuffled or delayed. */
struct cluster *cluster_create(uint64_t seed);
void cluster_destroy(struct cluster *c);
/* Masters contend from now on, everybody else detects. Before the first of them. */
void cluster_elect(struct cluster *c);

/*
 * `config`: further lines of the daemon's config, each "      key: value\n"; NULL = none. All
 * masters come before the first agent or framework.
 */
struct machine *cluster_add_master(
	struct cluster *c, const char *registry, const char *config);
struct machine *cluster_add_agent(
	struct cluster *c, const char *name, const char *resources, const char *config);

void cluster_advance(struct cluster *c, int64_t ms);
/* Goes on until until(arg), for at most max_ms. Returns whether it became true. */
bool cluster_step_until(
	struct cluster *c, bool (*until)(void *arg), void *arg, int64_t max_ms);
int64_t cluster_now_ms(const struct cluster *c);

/* The network between two machines, both ways or one; simulated only. */
void cluster_cut(struct machine *a, struct machine *b, bool cut);
void cluster_cut_one_way(struct machine *from, struct machine *to, bool cut);

/* The master that leads and runs, NULL without one. */
struct machine *cluster_leader(struct cluster *c);
/*
 * An operator's call (struct tp_master_call or tp_agent_call) straight to the daemon: a copy of
 * the response in `arena`, NULL when the daemon cannot answer yet.
 */
const void *cluster_try_ask(struct machine *m, const void *call, struct tp_arena *arena);
/* It must answer. */
const void *cluster_ask(struct machine *m, const void *call, struct tp_arena *arena);

#endif
