/* SPDX-License-Identifier: Apache-2.0 */
/* The executor driver's inside: life and updates, environment, session, events. */
#ifndef CORE_SDK_EXECUTOR_H
#define CORE_SDK_EXECUTOR_H

#include "core/sdk/executor_place.h"
#include "tepui/list.h"
#include "tepui/net.h"

/* An update the agent has not acknowledged. */
struct executor_update {
	struct tp_list node;
	struct tp_arena *arena;
	struct tp_executor_call_update *call;
};

/* A task none of whose updates was acknowledged. */
struct executor_task {
	struct tp_list node;
	struct tp_arena *arena;
	struct tp_task_info *info;
};

struct tp_executor_driver {
	struct tp_instance instance; /* what the session needs of us */
	const struct tp_executor *executor;
	void *user;
	enum tp_status status;
	bool is_placed; /* the loop is not ours */
	void (*kill)(void *user);

	/* The environment; texts are borrowed from it. */
	const char *address; /* of the agent */
	struct tp_framework_id framework_id;
	struct tp_executor_id executor_id;
	struct tp_agent_id agent_id;
	bool checkpoint;
	int64_t recovery_timeout_ns;
	int64_t backoff_max_ns;
	int64_t shutdown_grace_ns; /* < 0: no end */

	struct tp_transport *own_transport, transport;
	struct tp_link *link;
	struct tp_call subscribe;
	char *session_id; /* "<framework id>/<executor id>" */
	struct tp_list updates, tasks;
	bool subscribed, was_registered;
	bool stopping;      /* ends when the updates are acknowledged */
	bool shutting_down; /* the callback was called, or nobody wants it */
	bool agent_lost;    /* given up: nobody will acknowledge */
	char *failure;      /* error() is to be called with it */
	struct tp_defer fail;
	int64_t away_since_ns;    /* < 0: the agent is there */
	struct tp_timer redial;   /* a restarted agent waits for a short time only */
	struct tp_timer recovery; /* runs while the agent is away */
	struct tp_timer suicide;  /* runs when it has been away for too long */
	struct tp_timer linger;   /* runs while the last updates wait */
};

/* --- executor.c ------------------------------------------------------------------------ */

void executor_end(struct tp_executor_driver *self, enum tp_status status);
/* Aborted now; error() comes from the loop. */
void executor_fail(struct tp_executor_driver *self, const char *message);
/* Calls shutdown() once. */
void executor_shutdown(struct tp_executor_driver *self);
void executor_update_free(struct executor_update *update);
void executor_task_free(struct executor_task *task);

/* --- executor_environment.c ------------------------------------------------------------ */

int executor_environment_read(struct tp_executor_driver *self, struct tp_error *err);

/* --- executor_session.c ---------------------------------------------------------------- */

/* Sets the timers up. */
void executor_session_init(struct tp_executor_driver *self);
int executor_session_begin(struct tp_executor_driver *self, struct tp_error *err);
void executor_session_end(struct tp_executor_driver *self);
/* Type and ids are filled in. -ENOTCONN while there is no agent. */
int executor_send(
	struct tp_executor_driver *self, struct tp_executor_call *call, int type);

/* --- executor_events.c ----------------------------------------------------------------- */

void executor_on_event(void *user, struct tp_message *message);

#endif
