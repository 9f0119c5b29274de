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
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "absent.h"
#include "agents.h"
#include "changes.h"
#include "counters.h"
#include "departure.h"
#include "domain.h"
#include "health.h"
#include "idrecord.h"
#include "kill.h"
#include "maintenance.h"
#include "native.h"
#include "offers.h"
#include "operations.h"
#include "register_check.h"
#include "registrar.h"
#include "return.h"

#include "tepui/ids.h"

static const char why_down[] = "Machine is DOWN";

/* One registration while the registry stores it. */
struct admission {
	struct registrar_operation operation;
	struct tp_map_node by_id, by_peer;
	char peer[24];
	struct master *master;
	struct tp_message message; /* its arena is ours */
	struct registration registration;
	const struct tp_agent_reregister *again; /* NULL: a new agent */
};

/* The admissions that are under way; thousands after a restart of the master. */
struct registers {
	struct tp_map by_id, by_peer;
};

int registers_create(struct master *m)
{
	m->registers = tp_alloc(sizeof *m->registers);
	tp_map_init(&m->registers->by_id);
	tp_map_init(&m->registers->by_peer);
	return 0;
}

void registers_destroy(struct master *m)
{
	/* The registrar has cancelled all admissions before. */
	tp_map_fini(&m->registers->by_id);
	tp_map_fini(&m->registers->by_peer);
	tp_free(m->registers);
	m->registers = NULL;
}

bool register_is_under_way(const struct master *m, const char *id)
{
	return tp_map_find(&m->registers->by_id, id) != NULL;
}

static bool is_busy(const struct master *m, uint64_t peer)
{
	char key[24];

	snprintf(key, sizeof key, "%" PRIx64, peer);
	return tp_map_find(&m->registers->by_peer, key) != NULL;
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

void register_shut_down(struct master *m, uint64_t peer, const char *why)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_shutdown *body = tp_record_new(&tp_agent_shutdown_desc, arena);

	body->message = why;
	native_send(m, peer, TP_MESSAGE_AGENT_SHUTDOWN, &tp_agent_shutdown_desc, body);
}

static void shut_down(struct master *m, const struct tp_message *message, const char *id,
	const char *why)
{
	tp_warn(m, "an agent may not register, telling it to shut down",
		"agent=%s from=%s why=%s", id, native_peer_address(m, message->peer),
		why);
	register_shut_down(m, message->peer, why);
	native_refuse(m, message, EPERM, why);
}

/* --- admitted -------------------------------------------------------------------------- */

static void connected(struct agent *a)
{
	if (agent_connected(a))
		health_connected(a);
	else
		departure_early(a);
	/* Since it was checked, while it was being stored. */
	if (maintenance_is_down(a->master, a->info->hostname, a->ip))
		departure_down(a);
}

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
	maintenance_observe(a);
	agent_allocate(a);
	changes_agent_added(m, a);
	connected(a);
}

/* Back after a break, a restart of the master, or having been unreachable. */
static void enter_again(struct admission *admission)
{
	struct master *m = admission->master;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_registered *body =
		tp_record_new(&tp_agent_registered_desc, arena);
	const char *id = admission->registration.info->id->value;
	bool unreachable = absent_is(m, TP_REGISTRY_UNREACHABLE, id);
	struct agent *a = agents_find(m, id);
	bool known = a != NULL;
	int64_t now = tp_loop_wall_ns(m->instance.loop);

	absent_forget(m, id);
	if (known) {
		offers_withdraw_agent(a);
		agent_set(a, &admission->registration);
	} else {
		a = agents_add(m, &admission->registration);
	}
	if (a->registered_ns == 0)
		a->registered_ns = now;
	a->reregistered_ns = now;
	native_bind_agent(m, admission->message.peer, a);
	counter_add(m, COUNTER_AGENT_REREGISTRATIONS, 1);
	tp_info(m, "agent registered again", "agent=%s host=%s tasks=%zu", a->id,
		a->info->hostname, admission->again->n_tasks);
	return_reconcile(a, admission->again, body, arena);
	operations_return(
		a, admission->again->operations, admission->again->n_operations);
	answer(a, &admission->message, body, arena);
	return_refused(a, admission->again);
	return_tell_changed(a, admission->again);
	if (unreachable)
		return_tell_reachable(a);
	maintenance_observe(a);
	agent_allocate(a);
	kill_resend(a);
	if (!known)
		changes_agent_added(m, a);
	connected(a);
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
	struct registers *registers = admission->master->registers;

	tp_map_remove(&registers->by_id, &admission->by_id);
	tp_map_remove(&registers->by_peer, &admission->by_peer);
	tp_arena_destroy(admission->message.arena);
	tp_free(admission);
}

static void admitted(struct registrar_operation *operation, int status)
{
	struct admission *admission =
		tp_container_of(operation, struct admission, operation);

	if (status >= 0)
		enter(admission);
	else if (status != -ECANCELED)
		native_refuse(admission->master, &admission->message, EAGAIN,
			"the registry did not take it");
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
	snprintf(admission->peer, sizeof admission->peer, "%" PRIx64, message->peer);
	tp_map_add(
		&m->registers->by_id, &admission->by_id, registration->info->id->value);
	tp_map_add(&m->registers->by_peer, &admission->by_peer, admission->peer);
	return admission;
}

/* An agent may come with any id, so even ours may be in use. */
static void give_id(struct master *m, struct tp_agent_info *info, struct tp_arena *arena)
{
	const char *text;

	do {
		tp_cleanup(ptr) char *id = agents_next_id(m);

		text = tp_arena_strdup(arena, id);
	} while (agents_find(m, text) != NULL || absent_is_known(m, text) ||
		register_is_under_way(m, text));
	info->id = agent_id_record(arena, text);
}

/* The newcomer's own words; false when it was told that they are wrong. */
static bool is_acceptable(struct master *m, const struct tp_message *message,
	const struct registration *registration)
{
	struct tp_error err = { 0 };
	int r = register_check(registration, &err);

	if (r >= 0)
		r = domain_check(m, registration->info, &err);
	if (r >= 0)
		return true;
	tp_warn(m, "ignoring an agent that registers", "from=%s host=%s why=%s",
		native_peer_address(m, message->peer), registration->info->hostname,
		err.text);
	native_refuse(m, message, -r, err.text);
	return false;
}

/*
 * A new agent at the address of one whose session is broken: that one has lost its checkpoint and
 * cannot come back. Its tasks end with it.
 */
static void replace_old(struct master *m, const struct registration *registration)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, agents_disconnected(m)) {
		struct agent *a = tp_container_of(node, struct agent, disconnected);

		if (!a->leaving && registration->address != NULL &&
			tp_streq(a->address, registration->address) &&
			tp_streq(a->ip, registration->ip) &&
			strcmp(a->info->hostname, registration->info->hostname) == 0 &&
			!register_is_under_way(m, a->id))
			departure_replaced(a);
	}
}

void register_on_register(struct master *m, struct tp_message *message)
{
	const struct tp_agent_register *body = message->body;
	const struct registration registration = { body->agent, body->address,
		body->version, body->capabilities, body->n_capabilities,
		body->resource_version_uuid, body->checkpointed_resources,
		body->n_checkpointed_resources,
		register_ip(m, message->peer, message->arena) };
	struct agent *a = native_agent(m, message->peer);
	struct admission *admission;

	counter_add(m, COUNTER_MESSAGES_REGISTER_AGENT, 1);
	if (a != NULL) {
		tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);

		answer(a, message, tp_record_new(&tp_agent_registered_desc, arena),
			arena);
		return;
	}
	if (is_busy(m, message->peer)) {
		native_refuse(
			m, message, EAGAIN, "the agent is being registered already");
		return;
	}
	if (!is_acceptable(m, message, &registration))
		return;
	if (maintenance_is_down(m, body->agent->hostname, registration.ip)) {
		shut_down(m, message, "new", why_down);
		return;
	}
	replace_old(m, &registration);
	give_id(m, body->agent, message->arena);
	admission = admission_create(m, message, &registration);
	registrar_apply(m, &admission->operation, REGISTRAR_ADMIT_AGENT,
		&(struct registrar_arguments){ .agent = body->agent });
}

/* --- again ----------------------------------------------------------------------------- */

/* NULL, or why an agent that says this must end. */
static const char *why_unwelcome(const struct master *m, const struct agent *a,
	const struct registration *registration)
{
	const char *id = registration->info->id->value;

	if (absent_is(m, TP_REGISTRY_GONE, id))
		return absent_is_down(m, id)
			? "Agent was removed when its machine went DOWN"
			: "Agent has been marked gone";
	if (maintenance_is_down(m, registration->info->hostname, registration->ip))
		return why_down;
	if (a != NULL && strcmp(a->info->hostname, registration->info->hostname) != 0)
		return "Agent attempted to re-register with different hostname";
	if (a != NULL && a->ip != NULL && registration->ip != NULL &&
		strcmp(a->ip, registration->ip) != 0)
		return "Agent attempted to re-register with different IP";
	if (!m->registry_strict || a != NULL || absent_is(m, TP_REGISTRY_AGENT, id))
		return NULL;
	return absent_is(m, TP_REGISTRY_UNREACHABLE, id)
		? "Agent attempted to re-register after it was marked unreachable "
		  "(registry_strict)"
		: "Agent is not in the registry (registry_strict)";
}

/* Only now it is known where it is. It ends, so it must not be awaited or come back elsewhere. */
static void remove_down(struct master *m, const char *id)
{
	if (absent_is_known(m, id))
		departure_down_absent(m, id);
}

/* Stores what the registry does not know yet, then enters. */
static void admit_again(struct admission *admission)
{
	struct master *m = admission->master;
	const struct tp_agent_info *info = admission->registration.info;
	struct agent *a = agents_find(m, info->id->value);
	bool admitted_before =
		a != NULL || absent_is(m, TP_REGISTRY_AGENT, info->id->value);

	if (a != NULL) {
		/* Nothing may end it now but itself. */
		health_heard(a);
		tp_timer_disarm(m->instance.loop, &a->reregister);
	}
	if (a != NULL ? tp_record_equal(&tp_agent_info_desc, a->info, info)
		      : absent_is_stored(m, info)) {
		enter(admission);
		admission_free(admission);
		return;
	}
	if (!admitted_before && !absent_is(m, TP_REGISTRY_UNREACHABLE, info->id->value))
		tp_warn(m, "an agent registers again that the registry does not know",
			"agent=%s host=%s", info->id->value, info->hostname);
	absent_hold(m, info->id->value, true);
	registrar_apply(m, &admission->operation,
		admitted_before ? REGISTRAR_UPDATE_AGENT : REGISTRAR_MARK_AGENT_REACHABLE,
		&(struct registrar_arguments){ .agent = info });
}

static int check_id(const struct tp_agent_info *info, struct tp_error *err)
{
	if (info->id == NULL)
		return tp_fail(err, EINVAL, "AgentInfo has no id");
	return tp_id_validate("AgentID", info->id->value, err);
}

void register_on_reregister(struct master *m, struct tp_message *message)
{
	const struct tp_agent_reregister *body = message->body;
	const struct registration registration = { body->agent, body->address,
		body->version, body->capabilities, body->n_capabilities,
		body->resource_version_uuid, body->checkpointed_resources,
		body->n_checkpointed_resources,
		register_ip(m, message->peer, message->arena) };
	struct admission *admission;
	struct tp_error err = { 0 };
	const struct agent *a;
	const char *id, *why;

	counter_add(m, COUNTER_MESSAGES_REREGISTER_AGENT, 1);
	if (check_id(body->agent, &err) < 0) {
		native_refuse(m, message, EINVAL, err.text);
		return;
	}
	if (!is_acceptable(m, message, &registration))
		return;
	id = body->agent->id->value;
	a = native_agent(m, message->peer);
	if (a != NULL && strcmp(a->id, id) != 0) {
		native_refuse(m, message, EINVAL, "this session is another agent's");
		return;
	}
	a = agents_find(m, id);
	if (is_busy(m, message->peer) || register_is_under_way(m, id) ||
		(a != NULL && a->leaving) || absent_is_changing(m, id)) {
		native_refuse(m, message, EAGAIN, "the agent's state is changing");
		return;
	}
	why = why_unwelcome(m, a, &registration);
	if (why != NULL) {
		shut_down(m, message, id, why);
		if (why == why_down)
			remove_down(m, id);
		return;
	}
	admission = admission_create(m, message, &registration);
	admission->again = body;
	admit_again(admission);
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
	departure_leave(a, message);
}

/* --- changes of a registered one --------------------------------------------------------- */

/* Only what may be taken back at any time can be there beyond what the agent has. */
static int read_oversubscribed(const struct tp_update_agent *body,
	struct tp_resources *ret, struct tp_error *err)
{
	int r = tp_resources_from_records(ret, body->oversubscribed_resources,
		body->n_oversubscribed_resources, err);

	if (r >= 0)
		r = register_check_amounts(ret, err);
	for (uint32_t i = 0; r >= 0 && i < ret->n; i++) {
		if (tp_resource_is_nonrevocable(&ret->items[i], NULL))
			r = tp_fail(err, EINVAL, "Resource '%s' is not revocable",
				ret->items[i].key->name);
		else if (ret->items[i].allocation != NULL)
			r = tp_fail(err, EINVAL, "Resource '%s' is somebody's already",
				ret->items[i].key->name);
	}
	return r;
}

static bool has_revocable(const struct offer *offer)
{
	for (uint32_t i = 0; i < offer->resources.n; i++) {
		if (tp_resource_is_revocable(&offer->resources.items[i], NULL))
			return true;
	}
	return false;
}

static void withdraw_revocable(struct agent *a)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_agent);

		if (has_revocable(offer))
			offer_withdraw(offer, true);
	}
}

/* What it says takes the place of what it said before; said again, it changes nothing. */
static void take_oversubscribed(struct agent *a, const struct tp_update_agent *body)
{
	tp_cleanup(resources) struct tp_resources more = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources before = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources own = TP_RESOURCES_INIT;
	struct tp_error err = { 0 };

	if (read_oversubscribed(body, &more, &err) < 0) {
		tp_warn(a->master, "ignoring an agent's oversubscribed resources",
			"agent=%s why=%s", a->id, err.text);
		return;
	}
	tp_resources_filter(&before, &a->total, tp_resource_is_revocable, NULL);
	if (tp_resources_equal(&before, &more))
		return;
	withdraw_revocable(a);
	tp_resources_filter(&own, &a->total, tp_resource_is_nonrevocable, NULL);
	tp_resources_move(&a->total, &own);
	tp_resources_add(&a->total, &more);
	agent_allocate(a);
}

void register_on_update(struct master *m, struct tp_message *message)
{
	const struct tp_update_agent *body = message->body;
	struct agent *a = native_agent(m, message->peer);

	counter_add(m, COUNTER_MESSAGES_UPDATE_AGENT, 1);
	if (a == NULL || a->leaving)
		return;
	if (body->resource_version_uuid != NULL &&
		!tp_record_equal(
			&tp_uuid_desc, a->resource_version, body->resource_version_uuid))
		a->resource_version = tp_record_copy(
			&tp_uuid_desc, body->resource_version_uuid, a->arena);
	if (body->has_update_oversubscribed_resources &&
		body->update_oversubscribed_resources)
		take_oversubscribed(a, body);
}

void register_on_pong(struct master *m, struct tp_message *message)
{
	/* Whatever an agent says counts as life: see native.c. */
	(void)m;
	(void)message;
}
