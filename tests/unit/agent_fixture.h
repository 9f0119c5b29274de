/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One agent on virtual time: the real module in a real kernel, over a transport in memory, with
 * a master, a containerizer and executors played by the test. The disk is real, below a folder
 * of the test's own, so that a restarted agent finds what the killed one left.
 */
#ifndef TESTS_UNIT_AGENT_FIXTURE_H
#define TESTS_UNIT_AGENT_FIXTURE_H

#include "core/kernel/disk.h"
#include "core/kernel/kernel.h"
#include "tepui/net.h"
#include "tepui/wire.h"
#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"
#include "tests/lib/sim_election.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/work_inline.h"

#define RECORDS_MAX 256
#define CONTAINERS_MAX 32
#define EXECUTORS_MAX 8

/* What the master got of one type, newest last; copies. */
struct received {
	uint16_t type;
	const void *body;
};

/* What the containerizer was asked for. */
struct container {
	char id[64];
	char directory[512];
	char executor_id[64];
	char address[160];      /* TEPUI_AGENT_ADDRESS */
	char hooked[64];        /* the last variable HOOK_..., as name=value */
	char environment[4096]; /* lines NAME=value of the agent's own */
	bool command_executor;
	bool gone;
	int updates, destroys;
	int64_t cpus_milli; /* of the launch or the last update */
};

/* An executor's own end. */
struct peer {
	struct agent_fixture *fixture;
	struct tp_link *link;
	int ups, downs;
	struct tp_error why;
	const struct tp_executor_event *events[RECORDS_MAX];
	size_t n_events;
	struct tp_call call;
	int call_status;
	char call_text[256];
};

struct agent_fixture {
	struct test_tmpdir dir;
	struct test_clock clock;
	struct tp_loop *loop;
	struct fake_transport *transport;
	struct work_inline *work;
	struct disk *disk;
	struct tp_kernel *kernel;
	struct tp_kernel_service services[3];
	struct tp_instance master_instance;
	struct tp_server *master;
	uint64_t agent_peer; /* 0 = not connected */
	bool auto_register;
	struct tp_arena *arena; /* of all copies */
	struct received received[RECORDS_MAX];
	size_t n_received;
	struct container containers[CONTAINERS_MAX];
	size_t n_containers;
	int launch_status;  /* of the next launches: 0 or negative errno */
	bool launch_held;   /* launches do not complete until agent_fixture_complete() */
	size_t n_recovered; /* containers that were remembered at the last start */
	struct peer peers[EXECUTORS_MAX];
	/* Set before a start: the manifest has this election instead of a master's address. */
	struct sim_party *party;
	const char *resources; /* of the next start; NULL = those of the first */
	/* One more that the manifest may name: set before a start. */
	const struct tp_module *module;
	const struct tp_module *modules[4]; /* all of them */
	bool revocable;  /* what the next tasks use may be taken back at any time */
	int exit_status; /* -1 = the agent did not ask to exit */
};

/* `config`: further lines of the agent's config, each "      key: value\n"; may be "". */
void agent_fixture_init(struct agent_fixture *f);
void agent_fixture_fini(struct agent_fixture *f);
void agent_fixture_start(struct agent_fixture *f, const char *config);
/* 0, or what went wrong. */
int agent_fixture_try_start(
	struct agent_fixture *f, const char *config, struct tp_error *err);
/* In order; containers and disk stay. */
void agent_fixture_stop(struct agent_fixture *f);
void agent_fixture_settle(struct agent_fixture *f);
void agent_fixture_advance(struct agent_fixture *f, int64_t ns);
/* The master goes away, or comes back. */
void agent_fixture_master_down(struct agent_fixture *f);
void agent_fixture_master_up(struct agent_fixture *f);

/* To the agent. */
void agent_fixture_send(struct agent_fixture *f, uint16_t type,
	const struct tp_desc *desc, const void *body);
/* Newest message of a type, NULL without one; how many came. */
const void *agent_fixture_last(struct agent_fixture *f, uint16_t type);
size_t agent_fixture_count(struct agent_fixture *f, uint16_t type);
void agent_fixture_forget(struct agent_fixture *f);

/* A command task of framework "F" (checkpointing or not); then settles. */
void agent_fixture_run(struct agent_fixture *f, const char *task_id, bool checkpoint);
/* The same with an executor of its own. */
void agent_fixture_run_in(struct agent_fixture *f, const char *task_id,
	const char *executor_id, bool checkpoint);
void agent_fixture_kill(struct agent_fixture *f, const char *task_id);
/* Acknowledges the newest STATUS_UPDATE. */
void agent_fixture_acknowledge(struct agent_fixture *f);
/* State of the newest STATUS_UPDATE, -1 without one. */
int agent_fixture_last_state(struct agent_fixture *f);
const struct tp_task_status *agent_fixture_last_status(struct agent_fixture *f);

/* The newest container. */
struct container *agent_fixture_container(struct agent_fixture *f);
void agent_fixture_terminate(
	struct agent_fixture *f, struct container *container, int wait_status);
/* Lets held launches complete. */
void agent_fixture_complete(struct agent_fixture *f);

/* Connects executor i as that of `executor_id` of "F"; subscribes unless raw; settles. */
struct peer *agent_fixture_executor(
	struct agent_fixture *f, int i, const char *executor_id, bool subscribe);
void agent_fixture_executor_gone(struct peer *peer);
/* UPDATE; seed makes the uuid. */
void agent_fixture_update(struct peer *peer, const char *executor_id, const char *task_id,
	int state, uint32_t seed);
void agent_fixture_executor_call(struct peer *peer, const struct tp_executor_call *call);
/* The newest event, NULL without one. */
const struct tp_executor_event *agent_fixture_event(struct peer *peer);
size_t agent_fixture_events(struct peer *peer, int type);

/* An operator call through the `calls` service; the response, or NULL and *ret_status. */
const struct tp_agent_response *agent_fixture_ask(
	struct agent_fixture *f, const struct tp_agent_call *call, int *ret_status);

#endif
