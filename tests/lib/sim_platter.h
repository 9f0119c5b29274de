/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of a folder is on the platter, and what only in the memory of a machine that may lose its
 * power. It is told what is written and synced, and at the power loss makes the files what they
 * could be then:
 *
 *	- what was synced is there, if the names of the file and of all directories above it are;
 *	- a name that is new in a directory, with all below it, is there or not until that directory
 *	  was synced; the directories below one that is lost are lost with it;
 *	- bytes appended since are there, cut at any place, or zeros;
 *	- a file that replaced another without a sync is there, cut, or the old one is;
 *	- any other file, whoever wrote it, is there, cut, or gone;
 *	- names that were removed are as before, unless anything was synced since: file systems with a
 *	  journal keep changes of names in order;
 *	- links are as before until their directory was synced.
 *
 * Reads and writes real files.
 */
#ifndef TESTS_LIB_SIM_PLATTER_H
#define TESTS_LIB_SIM_PLATTER_H

#include "tepui/base.h"

struct sim_platter;
struct sim_random;

/* `root` need not exist. Whatever else the machine has on its disk is never lost. */
struct sim_platter *sim_platter_create(const char *root);
void sim_platter_destroy(struct sim_platter *self);

/* Before the file is replaced without a sync, or the file or tree removed, or the link made. */
void sim_platter_before_replace(struct sim_platter *self, const char *path);
void sim_platter_before_remove(struct sim_platter *self, const char *path);
void sim_platter_before_link(struct sim_platter *self, const char *path);
/* After the file was synced; what was removed is gone for good (`path` NULL: just that). */
void sim_platter_synced(struct sim_platter *self, const char *path);
/* After the directory was synced: the names in it, not those below. */
void sim_platter_synced_dir(struct sim_platter *self, const char *path);

/* What `random` chooses is what the next start of the machine finds. */
void sim_platter_power_loss(struct sim_platter *self, struct sim_random *random);

#endif
