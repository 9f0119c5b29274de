/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which names of a tree are on the platter: those that were in their directory when it was synced.
 * The part of sim_platter.h that POSIX is strict about, and file systems with a journal are not.
 */
#ifndef TESTS_LIB_SIM_NAMES_H
#define TESTS_LIB_SIM_NAMES_H

#include "tepui/base.h"

struct sim_names;
struct sim_random;

struct sim_names *sim_names_create(void);
void sim_names_destroy(struct sim_names *self);
/* The directory was synced. */
void sim_names_synced(struct sim_names *self, const char *dir);
/* Each of the tree's directories was. */
void sim_names_all_safe(struct sim_names *self, const char *root);
/* Removes some of what is below `root` and not safe: directories with all in them, and files. */
void sim_names_power_loss(
	struct sim_names *self, const char *root, const struct sim_random *random);

#endif
