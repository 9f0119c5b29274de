/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container of the native containerizer: one init process (tepui-launch or tepui-executor) in a
 * session of its own, and what the chain of isolators made for it.
 *
 *	STARTING -> RUNNING -> DESTROYING -> gone
 *
 * STARTING: spawned, waits for its plan. RUNNING: the plan is written, or it was adopted.
 * DESTROYING: its processes are being killed, until the init process is reported dead.
 */
#ifndef CONTAINERIZER_NATIVE_CONTAINER_H
#define CONTAINERIZER_NATIVE_CONTAINER_H

#include "tepui/arena.h"
#include "tepui/kind/containerizer.h"
#include "tepui/kind/isolator.h"
#include "tepui/kind/logger.h"
#include "tepui/list.h"
#include "tepui/map.h"
#include "tepui/module.h"
#include "tepui/wire.h"

struct native {
	struct tp_instance instance;
	struct tp_services isolators;
	struct tp_logger logger;
	const char *launcher_dir; /* config */
	bool switch_user;         /* config */
	struct tp_containerizer_user user;
	char *containers_dir; /* <runtime_dir>/containers */
	struct tp_map containers;
	struct tp_list answers; /* struct answer: done() calls on their way */
	struct tp_list killing; /* struct container, until nobody is below init */
	struct tp_timer
		kill_timer; /* of all of them: one pass over /proc for each round */
};

enum container_state {
	CONTAINER_STARTING,
	CONTAINER_RUNNING,
	CONTAINER_DESTROYING,
};

struct container {
	struct tp_map_node node;
	struct native *self;
	struct tp_arena *arena; /* holds this struct too */
	const char *id;
	const char *dir; /* <runtime_dir>/containers/<id> */
	enum container_state state;
	bool is_told; /* its end is reported: it was launched or recovered */
	struct tp_child init;
	pid_t pid; /* of init; stays when init is dead; 0 = not known */
	uint64_t start_ticks;
	struct tp_timer gone;   /* it was over when it was found: told later */
	struct tp_list killing; /* of native.killing */
	unsigned kill_rounds;
	const struct tp_container_limitation
		*limitation; /* why it is destroyed; NULL = asked */
};

struct container *container_create(struct native *self, const char *id);
void container_destroy(struct container *container);
struct container *container_find(struct native *self, const char *id);
/* Path of a file in the container's runtime directory; in its arena. */
const char *container_path(struct container *container, const char *name);
/* The init process is dead: cleans up, reports terminated(), frees the container. */
void container_over(struct container *container, int wait_status);
/* Ends all its processes, soon. */
void container_kill(struct container *container);

/* Answers a request on the next turn; takes the text of err when status < 0. */
void native_answer(struct native *self, struct tp_container_request *request, int status,
	const struct tp_error *err);

static inline struct tp_isolator native_isolator(const struct native *self, size_t i)
{
	return (struct tp_isolator){ .ops = self->isolators.items[i].service.ops,
		.impl = self->isolators.items[i].service.impl };
}

/* launch.c */
int container_launch(struct container *container, const struct tp_container_spec *spec,
	struct tp_error *err);
/* recover.c */
int container_checkpoint(struct container *container, struct tp_error *err);
void native_recover(void *impl, struct tp_container_state *const *states, size_t n,
	struct tp_container_request *request);

#endif
