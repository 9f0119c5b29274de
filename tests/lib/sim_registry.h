/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kind `registry` for a whole simulated cluster: one store that all masters share, which answers
 * late, fails, and refuses whoever is stale. What done(0) said is durable whatever happens to
 * masters; a store that was under way when its master died happened or did not, as the seed says.
 *
 * Give `sim_registry_module` (its name is "sim-registry") to the kernel beside the other modules,
 * name it in the manifest and sim_registry_bind() the instance between load and start.
 */
#ifndef TESTS_LIB_SIM_REGISTRY_H
#define TESTS_LIB_SIM_REGISTRY_H

#include "tepui/kind/registry.h"
#include "tepui/loop.h"
#include "tepui/module.h"

struct sim_registry;
struct sim_registry_instance;

extern const struct tp_module sim_registry_module;

/* Seed 0: it answers at once. */
struct sim_registry *sim_registry_create(uint64_t seed);
/* After all kernels. */
void sim_registry_destroy(struct sim_registry *self);
void sim_registry_bind(struct sim_registry *self, void *instance);
/* The process dies: what it asked for is settled, and answered with an error. */
void sim_registry_kill(struct sim_registry *self, void *instance);

/* Each request takes so much longer. */
void sim_registry_slow(struct sim_registry *self, int64_t delay_ns);
/* The next n requests fail and do nothing. */
void sim_registry_fail(struct sim_registry *self, unsigned n);

/* Is there such a variable? And how many begin like this? */
bool sim_registry_has(const struct sim_registry *self, const char *name);
size_t sim_registry_count(const struct sim_registry *self, const char *prefix);

#endif
