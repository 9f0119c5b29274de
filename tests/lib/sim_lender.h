/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an agent of a simulation lends: a resource estimator and a QoS controller that say what the
 * test says, and outlive the agent as the machine does. So many cpus may be lent, in use or not.
 */
#ifndef TESTS_LIB_SIM_LENDER_H
#define TESTS_LIB_SIM_LENDER_H

#include "tepui/loop.h"
#include "tepui/module.h"

struct sim_lender;

/* Name of the module: sim-lender. */
extern const struct tp_module sim_lender_module;

struct sim_lender *sim_lender_create(void);
/* After the kernel has gone. */
void sim_lender_destroy(struct sim_lender *self);
/* Between load and start; `instance` is that of sim-lender, NULL: the agent has gone. */
void sim_lender_bind(struct sim_lender *self, void *instance);

/* From now on, in thousandths; nothing at first. */
void sim_lender_lend(struct sim_lender *self, int64_t cpus_milli);
enum sim_lender_trouble {
	SIM_LENDER_WELL,
	SIM_LENDER_SLOW,   /* answers after 20 seconds, which is more than the interval */
	SIM_LENDER_SILENT, /* never answers */
	SIM_LENDER_FAILS,  /* always an error */
	SIM_LENDER_NONSENSE /* gives away what cannot be taken back, and its debts */
};
void sim_lender_trouble(struct sim_lender *self, enum sim_lender_trouble trouble);
/* The nth executor that has something revocable, counted round, has to go. False: nobody does. */
bool sim_lender_preempt(struct sim_lender *self, unsigned n);

int64_t sim_lender_cpus_milli(const struct sim_lender *self);
/* The most that it ever lent. */
int64_t sim_lender_most_milli(const struct sim_lender *self);

#endif
