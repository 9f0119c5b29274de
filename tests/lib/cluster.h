/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole cluster in one process: the real modules, each daemon a kernel of its own on one loop,
 * with containers that are no processes (sim_containers.h) and schedulers that do what the test
 * says. Two ways to run it, chosen by TEPUI_TEST_TRANSPORT:
 *
 *	(unset)  virtual time, simulated network and disk: the same seed, the same history
 *	real     the system's clock and nng over loopback; no failures of the network, and
 *	         whoever is killed takes leave in order
 *
 * Modules come from $TEPUI_MODULE_DIR.
 */
#ifndef TESTS_LIB_CLUSTER_H
#define TESTS_LIB_CLUSTER_H

#include "core/kernel/disk.h"
#include "core/kernel/kernel.h"
#include "core/kernel/work_inline.h"
#include "tepui/arena.h"
#include "tepui/wire.h"
#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"
#include "tests/lib/sim_containers.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/sim_random.h"
#include "tests/lib/tmpdir.h"

#define CLUSTER_MACHINES_MAX 16
#define CLUSTER_FRAMEWORKS_MAX 16

/* Where one daemon runs. */
struct machine {
	struct cluster *cluster;
	char name[32];
	char resources[256];
	char *config; /* further lines */
	bool is_master;
	struct fake_node *node; /* NULL on the real transport */
	struct tp_transport transport;
	struct work_inline *work;
	struct disk *disk;
	struct sim_disk *sim_disk;
	struct sim_containers *containers;
	struct tp_kernel_service services[3];
	struct tp_kernel *kernel; /* NULL: it does not run */
	struct tp_done stopped;
	bool is_stopped;
	int exit_status; /* -1: it did not ask to exit */
};

struct cluster {
	bool real;
	struct test_tmpdir dir;
	struct test_clock clock;
	struct tp_loop *loop;
	struct fake_transport *network;
	struct tp_transport *real_transport;
	struct sim_random random; /* for the test */
	struct machine machines[CLUSTER_MACHINES_MAX];
	size_t n_machines;
	struct framework *frameworks[CLUSTER_FRAMEWORKS_MAX];
	size_t n_frameworks;
	char master_url[64];
};

/* Seed 0: nothing is shuffled or delayed. */
struct cluster *cluster_create(uint64_t seed);
void cluster_destroy(struct cluster *c);

/* `config`: further lines of the daemon's config, each "      key: value\n"; NULL = none. */
struct machine *cluster_add_master(
	struct cluster *c, const char *registry, const char *config);
struct machine *cluster_add_agent(
	struct cluster *c, const char *name, const char *resources, const char *config);

/* Ends it as kill -9 does: nothing it still had to say or to write comes out. */
void cluster_kill(struct machine *m);
/* Ends it in order. */
void cluster_stop(struct machine *m);
/* Starts it again on the same work_dir. */
void cluster_restart(struct machine *m);

void cluster_advance(struct cluster *c, int64_t ms);
/* Goes on until until(arg), for at most max_ms. Returns whether it became true. */
bool cluster_step_until(
	struct cluster *c, bool (*until)(void *arg), void *arg, int64_t max_ms);
int64_t cluster_now_ms(const struct cluster *c);

/* The network between two machines, both ways or one; simulated only. */
void cluster_cut(struct machine *a, struct machine *b, bool cut);
void cluster_cut_one_way(struct machine *from, struct machine *to, bool cut);

/*
 * An operator's call (struct tp_master_call or tp_agent_call) straight to the daemon: a copy of
 * the response in `arena`.
 */
const void *cluster_ask(struct machine *m, const void *call, struct tp_arena *arena);

#endif
