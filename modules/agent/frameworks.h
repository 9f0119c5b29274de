/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The frameworks this agent runs something for. A framework is here as long as it has
 * executors; afterwards it is kept among the completed ones, from where a new task brings it
 * back with its history.
 */
#ifndef AGENT_FRAMEWORKS_H
#define AGENT_FRAMEWORKS_H

#include "tepui/map.h"
#include "tepui/wire/framework.h"

#include "agent.h"

enum framework_state {
	FRAMEWORK_RUNNING,
	FRAMEWORK_TERMINATING, /* told to go: no updates are sent for it any more */
	FRAMEWORK_COMPLETED,
};

struct framework {
	struct agent *agent;
	struct tp_map_node node;  /* of frameworks.running */
	struct tp_list completed; /* of frameworks.completed */
	enum framework_state state;
	uint64_t serial;
	char *id;
	struct tp_arena *arena; /* of info */
	struct tp_framework_info *info;
	bool stored;             /* framework.info holds this info */
	bool held;               /* is being recovered: more executors may come */
	struct tp_map executors; /* struct executor, by id */
	struct tp_list completed_executors;
	size_t n_completed_executors;
};

struct frameworks {
	struct tp_map running;
	struct tp_list completed; /* oldest first */
	size_t n_completed;
};

int frameworks_init(struct agent *agent);
/* Frees everything in memory; what runs goes on. */
void frameworks_fini(struct agent *agent);

/* NULL when nothing of it runs here. */
struct framework *framework_find(struct agent *agent, const char *id);
/* Also one that is completed. */
struct framework *framework_find_any(struct agent *agent, const char *id);
/* The one that runs, the one that is completed (running again), or a new one. Copies info. */
struct framework *framework_get(
	struct agent *agent, const struct tp_framework_info *info);
void framework_set_info(
	struct framework *framework, const struct tp_framework_info *info);
bool framework_checkpoints(const struct framework *framework);
/* capability: enum tp_framework_info_capability_type */
bool framework_can(const struct framework *framework, int capability);
/* Without executors it becomes completed, or is forgotten if it was terminating. */
void framework_check_finished(struct framework *framework);

#endif
