/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where one daemon of a cluster runs: its loop, disk, place in the network and containers, and
 * the kernel that comes and goes on them.
 */
#ifndef TESTS_LIB_MACHINE_H
#define TESTS_LIB_MACHINE_H

#include "core/kernel/disk.h"
#include "core/kernel/kernel.h"
#include "tepui/transport.h"
#include "tests/lib/fake_transport.h"
#include "tests/lib/sim_containers.h"
#include "tests/lib/sim_disk.h"
#include "tests/lib/sim_election.h"
#include "tests/lib/sim_lender.h"
#include "tests/lib/sim_time.h"
#include "tests/lib/work_inline.h"

struct cluster;

struct machine {
	struct cluster *cluster;
	char name[32];
	char resources[256]; /* of an agent; the registry of a master */
	char *config;        /* further lines */
	bool is_master;
	char url[64];            /* of a master */
	struct sim_clock *clock; /* NULL on the real transport */
	struct tp_loop *loop;
	struct fake_node *node; /* NULL on the real transport */
	struct tp_transport transport;
	struct work_inline *work;
	struct disk *disk;
	struct sim_disk *sim_disk;
	struct sim_party *party; /* NULL: nobody elects */
	struct sim_containers *containers;
	struct sim_lender *lender; /* NULL: it lends nothing */
	struct tp_kernel_service services[3];
	struct tp_kernel *kernel; /* NULL: it does not run */
	bool frozen;
	struct tp_done stopped;
	bool is_stopped;
	int exit_status; /* -1: it did not ask to exit */
};

/* Of the cluster: in place, and started. */
void machine_init(struct machine *m, struct cluster *c, const char *name, bool is_master,
	const char *resources, const char *config);
void machine_fini(struct machine *m);

/* Starts it again on the same work_dir. */
void cluster_restart(struct machine *m);
/* Ends it in order. */
void cluster_stop(struct machine *m);
/* Ends it as kill -9 does: nothing it still had to say or to write comes out. */
void cluster_kill(struct machine *m);
/*
 * The machine is gone without a word, with all its processes and what was not synced. It may run
 * or not; the next start is after a reboot. Simulated only.
 */
void cluster_power_loss(struct machine *m);
/* SIGSTOP to all its processes, and SIGCONT. Simulated only. */
void cluster_freeze(struct machine *m, bool frozen);
/* Its wall clock jumps; what counts time does not. Simulated only. */
void cluster_jump_wall(struct machine *m, int64_t by_ms);

/* Its id; "" while it has none. It must run. */
const char *machine_id(struct machine *m);

#endif
