/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registration of agents. What the registry does not know yet is stored before the agent gets
 * its answer; an agent that an earlier master admitted, and that says nothing new, needs no
 * store. While one admission of an agent is on its way, further ones are refused and it asks
 * again.
 *
 *	message -> check -> (store) -> admitted -> in the table, bound to its session, answered
 */
#include "register.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "changes.h"
#include "counters.h"
#include "idrecord.h"
#include "kill.h"
#include "native.h"
#include "offers.h"
#include "operations.h"
#include "return.h"

#include "tepui/ids.h"

/* One registration while the registry stores it. */
struct admission {
	struct registrar_operation operation;
	struct tp_list node;
	struct master *master;
	struct tp_message message; /* its arena is ours */
	struct registration registration;
	const struct tp_agent_reregister *again; /* NULL: a new agent */
};

struct registers {
	struct tp_list admissions;
};

int registers_create(struct master *m)
{
	m->registers = tp_alloc(sizeof *m->registers);
	tp_list_init(&m->registers->admissions);
	return 0;
}

void registers_destroy(struct master *m)
{
	/* The registrar has cancelled all admissions before. */
	tp_free(m->registers);
	m->registers = NULL;
}

static struct admission *find(const struct master *m, uint64_t peer, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &m->registers->admissions) {
		struct admission *a = tp_container_of(node, struct admission, node);

		if (a->message.peer == peer ||
			(id != NULL && strcmp(a->registration.info->id->value, id) == 0))
			return a;
	}
	return NULL;
}

static int check(const struct registration *registration, struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;

	if (registration->info->hostname[0] == '\0')
		return tp_fail(err, EINVAL, "AgentInfo has no hostname");
	return registration_total(registration, &total, err);
}

static void answer(const struct agent *a, const struct tp_message *message,
	struct tp_agent_registered *body, struct tp_arena *arena)
{
	struct master *m = a->master;

	body->agent_id = agent_id_record(arena, a->id);
	body->has_total_ping_timeout_ns = true;
	body->total_ping_timeout_ns =
		m->agent_ping_timeout_ns * m->max_agent_ping_timeouts;
	native_answer(
		m, message, TP_MESSAGE_AGENT_REGISTERED, &tp_agent_registered_desc, body);
}

static void shut_down(struct master *m, const struct tp_message *message, const char *why)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_shutdown *body = tp_record_new(&tp_agent_shutdown_desc, arena);

	tp_warn(m, "an agent may not register, telling it to shut down", "why=%s", why);
	body->message = why;
	native_send(m, message->peer, TP_MESSAGE_AGENT_SHUTDOWN, &tp_agent_shutdown_desc,
		body);
	native_refuse(m, message, EPERM, why);
}

/* --- admitted -------------------------------------------------------------------------- */

static void enter_new(struct admission *admission)
{
	struct master *m = admission->master;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_registered *body =
		tp_record_new(&tp_agent_registered_desc, arena);
	struct agent *a = agents_add(m, &admission->registration);

	a->registered_ns = tp_loop_wall_ns(m->instance.loop);
	native_bind_agent(m, admission->message.peer, a);
	counter_add(m, COUNTER_AGENT_REGISTRATIONS, 1);
	tp_info(m, "agent registered", "agent=%s host=%s from=%s", a->id,
		a->info->hostname, native_peer_address(m, admission->message.peer));
	answer(a, &admission->message, body, arena);
	agent_allocate(a);
	changes_agent_added(m, a);
	if (!agent_connected(a))
		agents_lost_early(a);
}

/* Back after a break, a restart of the master, or having been unreachable. */
static void enter_again(struct admission *admission)
{
	struct master *m = admission->master;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_registered *body =
		tp_record_new(&tp_agent_registered_desc, arena);
	const char *id = admission->registration.info->id->value;
	bool unreachable = agents_unreachable_since(m, id) != 0;
	struct agent *a = agents_find(m, id);
	bool known = a != NULL;
	int64_t now = tp_loop_wall_ns(m->instance.loop);

	agents_forget_absent(m, id);
	if (known)
		agent_set(a, &admission->registration);
	else
		a = agents_add(m, &admission->registration);
	if (a->registered_ns == 0)
		a->registered_ns = now;
	a->reregistered_ns = now;
	tp_timer_disarm(m->instance.loop, &a->reregister);
	native_bind_agent(m, admission->message.peer, a);
	counter_add(m, COUNTER_AGENT_REREGISTRATIONS, 1);
	tp_info(m, "agent registered again", "agent=%s host=%s tasks=%zu", a->id,
		a->info->hostname, admission->again->n_tasks);
	return_reconcile(a, admission->again, body, arena);
	operations_return(
		a, admission->again->operations, admission->again->n_operations);
	answer(a, &admission->message, body, arena);
	return_refused(a, admission->again);
	if (unreachable)
		return_tell_reachable(a);
	agent_allocate(a);
	kill_resend(a);
	if (!known)
		changes_agent_added(m, a);
	if (!agent_connected(a))
		agents_lost_early(a);
}

static void enter(struct admission *admission)
{
	if (admission->again == NULL)
		enter_new(admission);
	else
		enter_again(admission);
}

static void admission_free(struct admission *admission)
{
	tp_list_remove(&admission->node);
	tp_arena_destroy(admission->message.arena);
	tp_free(admission);
}

static void admitted(struct registrar_operation *operation, int status)
{
	struct admission *admission =
		tp_container_of(operation, struct admission, operation);

	if (status >= 0)
		enter(admission);
	admission_free(admission);
}

/* --- messages -------------------------------------------------------------------------- */

static struct admission *admission_create(struct master *m, struct tp_message *message,
	const struct registration *registration)
{
	struct admission *admission = tp_alloc(sizeof *admission);

	admission->master = m;
	admission->message = *message;
	admission->message.arena = tp_message_take_arena(message);
	admission->registration = *registration;
	admission->operation.done = admitted;
	tp_list_append(&m->registers->admissions, &admission->node);
	return admission;
}

/* An agent may come with any id, so even ours may be in use. */
static void give_id(struct master *m, struct tp_agent_info *info, struct tp_arena *arena)
{
	const char *text;

	do {
		tp_cleanup(ptr) char *id = agents_next_id(m);

		text = tp_arena_strdup(arena, id);
	} while (agents_is_known(m, text) || find(m, 0, text) != NULL);
	info->id = agent_id_record(arena, text);
}

void register_on_register(struct master *m, struct tp_message *message)
{
	const struct tp_agent_register *body = message->body;
	struct registration registration = { body->agent, body->address, body->version,
		body->capabilities, body->n_capabilities, body->resource_version_uuid,
		body->checkpointed_resources, body->n_checkpointed_resources };
	struct agent *a = native_agent(m, message->peer);
	struct admission *admission;
	struct tp_error err = { 0 };

	counter_add(m, COUNTER_MESSAGES_REGISTER_AGENT, 1);
	if (a != NULL) {
		tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);

		answer(a, message, tp_record_new(&tp_agent_registered_desc, arena),
			arena);
		return;
	}
	if (find(m, message->peer, NULL) != NULL) {
		native_refuse(
			m, message, EAGAIN, "the agent is being registered already");
		return;
	}
	if (check(&registration, &err) < 0) {
		native_refuse(m, message, EINVAL, err.text);
		return;
	}
	give_id(m, body->agent, message->arena);
	admission = admission_create(m, message, &registration);
	registrar_admit(m, &admission->operation, body->agent);
}

/* Does the registry know the agent as it is now? */
static bool is_stored(const struct master *m, const struct tp_agent_info *info)
{
	const struct agent *a = agents_find(m, info->id->value);
	const struct tp_agent_info *known =
		a != NULL ? a->info : agents_recovered_info(m, info->id->value);

	return known != NULL && tp_record_equal(&tp_agent_info_desc, known, info);
}

static int check_again(const struct registration *registration, struct tp_error *err)
{
	const struct tp_agent_info *info = registration->info;
	int r;

	if (info->id == NULL)
		return tp_fail(err, EINVAL, "AgentInfo has no id");
	r = tp_id_validate("AgentID", info->id->value, err);
	return r < 0 ? r : check(registration, err);
}

void register_on_reregister(struct master *m, struct tp_message *message)
{
	const struct tp_agent_reregister *body = message->body;
	struct registration registration = { body->agent, body->address, body->version,
		body->capabilities, body->n_capabilities, body->resource_version_uuid,
		body->checkpointed_resources, body->n_checkpointed_resources };
	struct admission *admission;
	struct tp_error err = { 0 };
	const struct agent *a;
	const char *id;

	counter_add(m, COUNTER_MESSAGES_REREGISTER_AGENT, 1);
	if (check_again(&registration, &err) < 0) {
		native_refuse(m, message, EINVAL, err.text);
		return;
	}
	id = body->agent->id->value;
	a = native_agent(m, message->peer);
	if (a != NULL && strcmp(a->id, id) != 0) {
		native_refuse(m, message, EINVAL, "this session is another agent's");
		return;
	}
	a = agents_find(m, id);
	if (find(m, message->peer, id) != NULL || agents_is_leaving(m, id)) {
		native_refuse(m, message, EAGAIN, "the agent's state is changing");
		return;
	}
	if (a != NULL && strcmp(a->info->hostname, body->agent->hostname) != 0) {
		shut_down(m, message,
			"Agent attempted to re-register with different hostname");
		return;
	}
	admission = admission_create(m, message, &registration);
	admission->again = body;
	if (is_stored(m, body->agent)) {
		enter(admission);
		admission_free(admission);
	} else {
		registrar_admit(m, &admission->operation, body->agent);
	}
}

void register_on_unregister(struct master *m, struct tp_message *message)
{
	const struct tp_agent_unregister *body = message->body;
	struct agent *a = native_agent(m, message->peer);

	counter_add(m, COUNTER_MESSAGES_UNREGISTER_AGENT, 1);
	if (a == NULL || strcmp(a->id, body->agent_id->value) != 0) {
		native_refuse(m, message, ENOENT, "the agent is not registered");
		return;
	}
	agents_leave(a);
	native_answer(m, message, TP_MESSAGE_NONE, NULL, NULL);
}

void register_on_update(struct master *m, struct tp_message *message)
{
	const struct tp_update_agent *body = message->body;
	struct agent *a = native_agent(m, message->peer);
	tp_cleanup(resources) struct tp_resources more = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources old = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };
	int r;

	counter_add(m, COUNTER_MESSAGES_UPDATE_AGENT, 1);
	if (a == NULL || a->leaving)
		return;
	if (body->resource_version_uuid != NULL)
		a->resource_version = tp_record_copy(
			&tp_uuid_desc, body->resource_version_uuid, a->arena);
	if (!body->has_update_oversubscribed_resources ||
		!body->update_oversubscribed_resources)
		return;
	r = tp_resources_from_records(&more, body->oversubscribed_resources,
		body->n_oversubscribed_resources, &err);
	if (r < 0) {
		tp_warn(m, "ignoring an agent's oversubscribed resources",
			"agent=%s why=%s", a->id, err.text);
		return;
	}
	offers_withdraw_agent(a);
	tp_resources_filter(&old, &a->total, tp_resource_is_nonrevocable, NULL);
	tp_resources_move(&a->total, &old);
	tp_resources_add(&a->total, &more);
	agent_allocate(a);
}

void register_on_pong(struct master *m, struct tp_message *message)
{
	/* Any frame keeps the session alive; the session's end is what counts. */
	(void)m;
	(void)message;
}
