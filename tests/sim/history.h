/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random histories of a cluster, each a list of steps that is made from one seed before anything
 * runs: so a history can be run with some of its steps only, and a long one that fails shrunk to
 * a short one that fails too.
 */
#ifndef TESTS_SIM_HISTORY_H
#define TESTS_SIM_HISTORY_H

#include "tepui/kind/calls.h"
#include "tests/lib/framework.h"
#include "tests/sim/acknowledged.h"

#define HISTORY_MASTERS_MAX 2
#define HISTORY_AGENTS_MAX 4
#define HISTORY_FRAMEWORKS_MAX 3
#define HISTORY_STEPS_MAX 1000
#define HISTORY_ENDED_MAX 6

/* Numbers of its own for all that a step may have to choose: dropping another changes nothing. */
struct step {
	unsigned kind; /* of step_kinds */
	uint64_t seed;
};

struct plan {
	uint64_t seed;
	unsigned n_masters, n_agents, n_frameworks;
	bool elects;
	bool driven[HISTORY_FRAMEWORKS_MAX]; /* by the SDK's driver */
	bool lends;                          /* agents do; see lending.c */
	bool borrows[HISTORY_FRAMEWORKS_MAX];
	unsigned n_steps;
	struct step steps[HISTORY_STEPS_MAX];
	bool kept[HISTORY_STEPS_MAX];
};

struct history {
	const struct plan *plan;
	struct cluster *cluster;
	struct sim_random random; /* of the step that runs */
	unsigned step;
	struct machine *masters[HISTORY_MASTERS_MAX];
	struct machine *agents[HISTORY_AGENTS_MAX];
	struct framework *frameworks[HISTORY_FRAMEWORKS_MAX]; /* the newest scheduler */
	struct framework *rivals[HISTORY_FRAMEWORKS_MAX]; /* the one before, or NULL */
	struct framework *ended[HISTORY_ENDED_MAX];       /* torn down by themselves */
	unsigned n_ended;
	struct acknowledged *acknowledged;
	struct maintained *maintained;
	unsigned n_launched;
	bool registry_failed; /* a master may end for it */
};

/* A defect that a history runs with, to see that it is found; NULL: none. */
struct defect {
	const char *name, *what;
	void (*inject)(struct history *h);
};

/* --- plan.c ---------------------------------------------------------------------------- */

void plan_make(struct plan *plan, uint64_t seed, unsigned n_steps);
/* Keeps the steps that "3,7-9" names. False: not such a list. */
bool plan_keep(struct plan *plan, const char *list);
/* The list of those that are kept; tp_free(). */
char *plan_kept(const struct plan *plan);

/* --- steps.c --------------------------------------------------------------------------- */

struct step_kind {
	const char *name;
	unsigned weight;
	void (*run)(struct history *h);
};

extern const struct step_kind step_kinds[];
extern const unsigned n_step_kinds;

/* Whoever asked to end is started again, as by its supervisor. */
void steps_supervise(struct history *h);
/* Everything that fails stops failing, everybody runs. */
void steps_heal(struct history *h);
void steps_narrate(const struct history *h, const char *what, const char *whom);

/* --- lending.c: steps of their own, and what must hold for them ---------------------------- */

/* Every agent lends something. */
void lending_begin(struct history *h);
void lending_changes(struct history *h);
void lending_fails(struct history *h);
void lending_takes_back(struct history *h);
/* Estimators say what is right again. */
void lending_heal(struct history *h);
void lending_check_always(struct history *h);
void lending_check_quiet(struct history *h);

/* --- operators.c: steps of their own ------------------------------------------------------ */

void operators_swap_allocator(struct history *h);
void operators_change_weights(struct history *h);
void operators_change_quota(struct history *h);
void operators_operate(struct history *h);
/* Fills in what a call of an operator needs; answered by its done(), exactly once. */
void operators_submit(struct machine *m, struct tp_submission *submission);
/* What operators reserve is for this role, and their one volume of each agent has this id. */
#define OPERATORS_ROLE "operators"
#define OPERATORS_VOLUME "data"

/* --- maintenance.c: steps of operators, and what must hold of them ------------------------ */

struct maintained *maintained_create(void);
/* After the cluster, whose masters may still answer. */
void maintained_destroy(struct maintained *maintained);
void maintenance_plan(struct history *h);
void maintenance_start(struct history *h);
void maintenance_stop(struct history *h);
/* A framework answers what it is asked. */
void maintenance_answer(struct history *h);
/* All machines are UP again, and the operators know it. */
void maintenance_end(struct history *h);
void check_maintenance(struct history *h);

/* --- invariants.c: each of them fails the test ------------------------------------------- */

/* What must hold after every step. */
void check_always(struct history *h);
/* What must hold when all is healed and quiet. Moves the time. */
void check_quiet(struct history *h);

/* --- run.c ----------------------------------------------------------------------------- */

/* In this process; a failure goes to stderr. Returns whether it held. */
bool history_run(const struct plan *plan, const struct defect *defect);

/* --- defects.c ------------------------------------------------------------------------- */

/* NULL: there is no such one. */
const struct defect *defect_find(const char *name);
const struct defect *defect_all(size_t *ret_n);

/* --- runner.c -------------------------------------------------------------------------- */

struct runner {
	unsigned n_steps, jobs;
	const struct defect *defect;
	bool shrinks; /* histories that fail */
};

/* Returns how many failed; stops after `max_failed`. */
unsigned runner_seeds(
	const struct runner *r, uint64_t first, unsigned n, unsigned max_failed);
/* Runs it in a child. Returns whether it held; what was said, or NULL (tp_free()). */
bool runner_try(const struct runner *r, const struct plan *plan, char **ret_text);

/* The last of them; borrowed. */
const char *runner_last_line(const char *text);

/* --- shrink.c -------------------------------------------------------------------------- */

/* Drops steps as long as it goes on to fail, in a bounded number of attempts. */
void shrink(const struct runner *r, struct plan *plan);

#endif
