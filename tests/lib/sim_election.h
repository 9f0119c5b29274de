/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `election` in memory: one election for a whole simulated cluster, and a party of it for
 * each process that contends or detects. It behaves as one kept by sessions does:
 *
 *	contend		the candidate that came first leads
 *	cut		a party that is cut off hears nothing. After the session timeout it knows
 *			no leader (changed(NULL)); if it leads, lost() is called; a standby is told
 *			nothing. The election drops its candidate at the same time, or a bit earlier
 *			or later (skew): for a moment two may take themselves for the leader.
 *	heal		detectors are told who leads, also if it is whom they knew before; a standby
 *			contends again, behind the others
 *	death		the candidate of a process that dies leads on until its session times out;
 *			one that withdraws is gone at once
 *
 * How parties use it:
 *
 *	- a daemon: give `sim_election_module` (its name is "sim-election") to the kernel beside
 *	  the other modules, load a manifest that names it instead of election-standalone, and
 *	  sim_party_bind() the instance between load and start;
 *	- whoever is no module (a driver, a test's scheduler): sim_party_election() is the pair of
 *	  ops and impl.
 *
 * Who detects finds the leader's address in tp_master_info.address and .port.
 */
#ifndef TESTS_LIB_SIM_ELECTION_H
#define TESTS_LIB_SIM_ELECTION_H

#include "tepui/kind/election.h"
#include "tepui/loop.h"
#include "tepui/module.h"

struct sim_election;
struct sim_party;

extern const struct tp_module sim_election_module;

/* `loop`: the time of the election's own servers. */
struct sim_election *sim_election_create(struct tp_loop *loop);
/* After all kernels and everybody else who has a party. */
void sim_election_destroy(struct sim_election *self);
/* 10 s without this. */
void sim_election_session_timeout(struct sim_election *self, int64_t timeout_ns);

/* `loop`: the party's, its callbacks come there. Lives as long as the election. */
struct sim_party *sim_party_create(struct sim_election *self, struct tp_loop *loop);
/* instance NULL: the process has gone; what it did not withdraw waits for its timeout. */
void sim_party_bind(struct sim_party *party, void *instance);
struct tp_election sim_party_election(struct sim_party *party);
/* The party's way to the election. */
void sim_party_cut(struct sim_party *party, bool cut);
/*
 * How much later (< 0: earlier) than the party itself the election takes its session for over.
 * 0 without this.
 */
void sim_party_skew(struct sim_party *party, int64_t skew_ns);
/* The process is about to die: withdrawing from now on is not heard any more. */
void sim_party_kill(struct sim_party *party);
/* NULL: nobody leads. Borrowed until the leader changes. */
const struct tp_master_info *sim_election_leader(const struct sim_election *self);

#endif
