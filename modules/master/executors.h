/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executors that frameworks bring along, per agent. Command tasks have none of their own here.
 */
#ifndef MASTER_EXECUTORS_H
#define MASTER_EXECUTORS_H

#include "tepui/resources.h"

#include "master.h"

struct agent;
struct framework;

struct executor {
	struct tp_list node; /* agent->executors */
	struct framework *framework;
	struct agent *agent;
	const char *id;  /* in `packed`'s allocation */
	uint8_t *packed; /* msgpack of struct tp_executor_info */
	uint32_t packed_len;
	uint32_t slot;
	bool awaited; /* the agent came back without it: it may be on the way there */
	struct tp_resources resources; /* with allocation_info */
};

int executors_create(struct master *m);
void executors_destroy(struct master *m);

struct executor *executors_find(
	const struct agent *a, const struct framework *f, const char *id);
struct executor *executors_add(struct framework *f, struct agent *a,
	const struct tp_executor_info *info, const struct tp_resources *resources);
/* The agent came back without it. It stays while its tasks may be on the way, else it has ended. */
void executors_missing(struct executor *executor);
/* An update of the task was heard: of one that is awaited it says whether it is there. */
struct task;
void executors_heard(const struct task *task);
/* Its resources go back. */
void executors_remove(struct executor *executor);
void executors_remove_all_of_framework(struct framework *f);
void executors_remove_all_of_agent(struct agent *a);

/* The record, in `arena`. */
struct tp_executor_info *executor_record(
	const struct executor *executor, struct tp_arena *arena);
const struct executor *executors_at(const struct master *m, uint32_t slot);
uint32_t executors_slots(const struct master *m);

#endif
