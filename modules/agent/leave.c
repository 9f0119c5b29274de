/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order matters: GONE is said of tasks that have ended, or a framework would run them twice.
 * A master that cannot be told finds out by itself, as it does when a machine dies.
 */
#include "leave.h"

#include <signal.h>

#include "tepui/wire/internal.h"

#include "registration.h"

#define UNREGISTER_NS (5 * TP_SEC) /* a master that is there answers */

static void on_signal(struct tp_signal *watch)
{
	struct agent *agent = tp_container_of(watch, struct agent, leave_signal);

	agent->leaving = true;
	agent_shut_down(agent, "SIGUSR1: leaving the cluster");
}

int leave_start(struct agent *agent, struct tp_error *err)
{
	int r;

	agent->leave_signal.fire = on_signal;
	r = tp_signal_watch(agent->instance.loop, &agent->leave_signal, SIGUSR1, err);
	agent->watches_leave = r >= 0;
	return r < 0 ? tp_wrap(err, r, "SIGUSR1") : 0;
}

static void unregistered(struct tp_call *call, const struct tp_reply *reply)
{
	struct agent *agent = tp_container_of(call, struct agent, leave_call);

	if (reply->status >= 0)
		tp_info(agent, "unregistered", "agent=%s", agent->id);
	else
		tp_warn(agent,
			"the master does not say that this agent has left: it may have "
			"to "
			"find out by itself",
			"agent=%s error=%s", agent->id, reply->text);
	tp_instance_exit(&agent->instance, 0);
}

void leave_finish(struct agent *agent)
{
	const struct tp_agent_unregister body = { .agent_id = agent->info->id };
	struct tp_error err;

	if (!agent->leaving || body.agent_id == NULL) {
		tp_instance_exit(&agent->instance, 0);
		return;
	}
	if (agent->leave_call.done != NULL)
		return; /* asked before */
	agent->leave_call.done = unregistered;
	if (registration_call(agent, &agent->leave_call, TP_MESSAGE_AGENT_UNREGISTER,
		    &tp_agent_unregister_desc, &body, UNREGISTER_NS, &err) >= 0)
		return;
	tp_warn(agent,
		"no master can be told that this agent leaves: it has to find out by "
		"itself",
		"agent=%s error=%s", agent->id, err.text);
	tp_instance_exit(&agent->instance, 0);
}

void leave_stop(struct agent *agent)
{
	if (agent->watches_leave)
		tp_signal_unwatch(agent->instance.loop, &agent->leave_signal);
	agent->watches_leave = false;
}
