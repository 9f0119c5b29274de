/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One master on virtual time: the real module in a real kernel, over a transport in memory.
 * Allocator, registry and election are the test's; agents, schedulers and operators are links
 * that say what the test writes as JSON (with ' for ") and keep what they hear as JSON.
 */
#ifndef TESTS_UNIT_MASTER_FIXTURE_H
#define TESTS_UNIT_MASTER_FIXTURE_H

#include "core/kernel/disk.h"
#include "core/kernel/kernel.h"
#include "tepui/kind/allocator.h"
#include "tepui/kind/allocator_explanation.h"
#include "tepui/net.h"
#include "tepui/wire.h"
#include "tests/lib/clock.h"
#include "tests/lib/fake_transport.h"
#include "tests/lib/tmpdir.h"
#include "tests/lib/work_inline.h"

#define CLIENTS_MAX 8
#define HEARD_MAX 1024
#define VARIABLES_MAX 32
#define HEARD_TYPES 13

/* A resource in JSON. */
#define CPUS(n) "{'name':'cpus','type':'SCALAR','scalar':{'value':" #n "}}"

/* A role with one part more than it may have. */
#define EIGHT_ROLE_PARTS "a/a/a/a/a/a/a/a/"
#define DEEP_ROLE EIGHT_ROLE_PARTS EIGHT_ROLE_PARTS EIGHT_ROLE_PARTS EIGHT_ROLE_PARTS "a"

struct client {
	struct master_fixture *fixture;
	struct tp_instance instance;
	struct tp_link *link;
	struct tp_handler handlers[HEARD_TYPES];
	bool up;
	int n_ups;              /* how often its session came to stand */
	bool mute;              /* an agent that answers no pings; its session stands */
	char *heard[HEARD_MAX]; /* "<message type> <JSON>" */
	size_t n_heard;
	struct tp_call call;
	bool answered;
	int status;
	char text[512];
};

struct variable {
	char name[128];
	uint8_t data[2048];
	size_t len;
};

struct master_fixture {
	struct test_tmpdir dir;
	struct test_clock clock;
	struct tp_loop *loop;
	struct fake_transport *transport;
	struct work_inline *work;
	struct disk *disk;
	struct tp_kernel_service services[3];
	struct tp_kernel *kernel;
	int exit_status; /* -1 while nobody asked */
	struct client clients[CLIENTS_MAX];

	/* the allocator */
	const struct tp_module *allocator_module;
	struct tp_allocator_user allocator;
	struct tp_strbuf log; /* one line per call of the master */
	/* What it says when it is asked to explain framework 0 or one of its roles. */
	const struct tp_allocator_explanation *explanations;
	size_t n_explanations;
	const struct tp_allocator_agent_reason *reasons;
	size_t n_reasons;

	/* the registry; survives the master */
	struct variable variables[VARIABLES_MAX];
	size_t n_variables;
	int stores, fetches;
	bool store_held; /* no store is answered */
	int store_status;

	/* the election */
	bool standby; /* nobody is elected until fixture_elect() */
};

/* With more lines for the master's config, like "      offer_timeout: 5s\n"; NULL = none. */
void fixture_init(struct master_fixture *f, const char *config);
/* The same with another allocator of master_allocator.c. */
void fixture_init_with(
	struct master_fixture *f, const struct tp_module *allocator, const char *config);
void fixture_fini(struct master_fixture *f);
/* The master is gone as by kill -9, and comes back. */
void fixture_restart(struct master_fixture *f, const char *config);
void fixture_settle(struct master_fixture *f);
void fixture_advance(struct master_fixture *f, int64_t ns);
const char *fixture_master_id(struct master_fixture *f);
bool fixture_has_variable(const struct master_fixture *f, const char *prefix);
/* The master is elected, if it was not before. */
void fixture_elect(struct master_fixture *f);
/* The master loses what it was elected for. */
void fixture_depose(struct master_fixture *f, const char *why);
/* Everybody who detects hears that this one leads. */
void fixture_lead(struct master_fixture *f, const struct tp_master_info *leader);
/* A held store is answered; the next one is held again. */
void fixture_answer_store(struct master_fixture *f);
/* A held store is answered, and so are those that follow. */
void fixture_release_store(struct master_fixture *f);

/* The modules; see master_allocator.c. The first one explains nothing and knows no maintenance. */
extern const struct tp_module fixture_allocator;
extern const struct tp_module fixture_allocator_maintaining;
extern const struct tp_module fixture_allocator_counting;
extern const struct tp_module fixture_allocator_explaining;
extern const struct tp_module fixture_allocator_overlapping;
extern const struct tp_module fixture_allocator_unweighing;
void fixture_allocator_bind(struct master_fixture *f);
/* The allocator offers these resources of an agent, allocated to `role`. */
void fixture_offer(struct master_fixture *f, uint32_t framework, uint32_t agent,
	const char *resources, const char *role);
/* The allocator wants the framework to leave the agent: an inverse offer. */
void fixture_ask_back(struct master_fixture *f, uint32_t framework, uint32_t agent);
/* Was the allocator told this since the last fixture_forget()? */
bool fixture_logged(const struct master_fixture *f, const char *text);
void fixture_forget(struct master_fixture *f);

struct client *client_up(struct master_fixture *f, int i, const char *kind);
/* The same, but it need not get in at once. */
struct client *client_dial(struct master_fixture *f, int i, const char *kind);
void client_down(struct client *c);
/* A one-way message; the text is a format. */
void client_send(struct client *c, uint16_t type, const struct tp_desc *desc,
	const char *json, ...) TP_PRINTF(4, 5);
/* A call; returns the status of its answer and keeps its text. */
int client_call(struct client *c, uint16_t type, const struct tp_desc *desc,
	const struct tp_desc *reply, const char *json, ...) TP_PRINTF(5, 6);
int client_scheduler(struct client *c, const char *json, ...) TP_PRINTF(2, 3);
int client_operator(struct client *c, const char *json, ...) TP_PRINTF(2, 3);
/* The newest that was heard with this text in it, or NULL. ' stands for ". */
const char *client_heard(struct client *c, const char *text);
size_t client_count(struct client *c, const char *text);
void client_forget(struct client *c);

/* An agent with 4 cpus is registered and a framework subscribed. */
struct client *fixture_agent(struct master_fixture *f, int i);
struct client *fixture_scheduler(struct master_fixture *f, int i, const char *extra);
/*
 * The client registers again as agent 0 of `master_id`, with a task of framework 0 there; task
 * NULL: with none.
 */
void fixture_reregister(
	struct client *c, const char *master_id, const char *task, const char *state);
/* The value of a metric of the master. */
double fixture_metric(struct master_fixture *f, const char *name);
/* Launches a command task of 1 cpu from offer `n`. */
void fixture_launch(struct master_fixture *f, struct client *c, unsigned framework,
	unsigned offer, const char *task);
/* An update of a task, uuid 16 times `seed` (0 = without). */
void fixture_update(struct master_fixture *f, struct client *agent, unsigned framework,
	const char *task, const char *state, const char *latest, char seed);
void fixture_acknowledge(struct master_fixture *f, struct client *c, unsigned framework,
	const char *task, char seed);

#endif
