/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One module under examination. Every case runs in a kernel of its own with virtual time; what it
 * finds is told by expect() and skip(), and printed as one line when the case is over.
 */
#ifndef MODCHECK_CHECK_H
#define MODCHECK_CHECK_H

#include "core/host/services.h" /* brings work, disk and transport */
#include "core/kernel/kernel.h" /* hosts the module as tepuid does */
#include "tepui/strbuf.h"

#define INSTANCES_MAX 2

/* What the command line says. */
struct target {
	const char *file;    /* absolute */
	const char **config; /* "key=value" */
	size_t n_config;
	const char **with; /* absolute files of further modules */
	size_t n_with;
};

struct check_clock {
	struct tp_clock clock;
	int64_t now_ns;
};

struct check {
	const struct target *target;
	const char *kind;
	struct check_clock clock;
	struct tp_loop *loop;
	struct tp_services_host *services;
	struct tp_kernel *kernel;
	struct tp_done stopping;
	bool stopping_now, stopped;
	char dir[64]; /* for files of this case */
	/* The service under examination, of each instance; the table has our length. */
	struct tp_service it[INSTANCES_MAX];
	const char *it_key[INSTANCES_MAX]; /* of its provide row; NULL without one */
	size_t n_it;
	struct tp_services others; /* of the suite's other kind, whoever provides it */
	const void *arg;           /* of check_one(), for the case that runs */
	bool failed;
	char skipped[256], text[512];
	int n_failed; /* of all cases */
};

struct check_case {
	const char *name;
	void (*run)(struct check *c);
	size_t n_instances; /* 0 = 1 */
};

/* What is known about a kind. */
struct suite {
	const char *kind;
	uint32_t abi;
	uint32_t ops_size;
	const struct check_case *cases; /* ends with { 0 } */
	/* Instead of cases: calls check_one() for each. Without both its ABI number is all. */
	void (*run)(struct check *c, const struct suite *suite);
	/* The kind of what works with it, for cases that want both; NULL = none. */
	const char *other;
	uint32_t other_abi, other_ops_size;
};

extern const struct check_case authenticatee_cases[], authenticator_cases[],
	containerizer_cases[], election_cases[], hook_cases[], isolator_cases[],
	logger_cases[], qos_controller_cases[], registry_cases[],
	resource_estimator_cases[], sorter_cases[];
void allocator_suite(struct check *c, const struct suite *suite);

/* Of the kernel, so that tables have our length. `it` is filled. */
int check_start(struct check *c, const struct suite *suite, size_t n_instances,
	struct tp_error *err);
/* The module is stopped, and waits for others before it is finished: until check_stop(). */
void check_halt(struct check *c);
/* What a case gave to the module must live until then; a second stop is fine. */
void check_stop(struct check *c);
void check_suite(struct check *c, const struct suite *suite);
void check_one(struct check *c, const struct suite *suite, const struct check_case *one,
	const void *arg);

/* Lets virtual time pass, and everything happen that is due. */
void check_advance(struct check *c, int64_t ns);
/* Waits in real time for what threads and processes do, at most 20 seconds. */
bool check_wait(struct check *c, const bool *flag);

/* False, and the case has failed with this text, unless `holds`. The first text counts. */
bool expect(struct check *c, bool holds, const char *fmt, ...) TP_PRINTF(3, 4);
void skip(struct check *c, const char *fmt, ...) TP_PRINTF(2, 3);

/* One line of the report. */
void report(struct check *c, bool ok, const char *what, const char *why);

#endif
