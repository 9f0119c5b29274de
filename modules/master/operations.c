/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations, what their agents say of them and what frameworks and operators want to know. A
 * status is never kept for a scheduler that is away: the agent says it again until it is
 * acknowledged. An operation that an agent could not carry out leaves master and agent of two
 * minds about what there is; the agent is asked to register again, and its word holds.
 */
#include "operations.h"

#include <errno.h>
#include <string.h>

#include "absent.h"
#include "agents.h"
#include "changes.h"
#include "counters.h"
#include "frameworks.h"
#include "idrecord.h"
#include "native.h"
#include "offers.h"

#include "tepui/ids.h"

struct operation {
	struct tp_map_node node; /* by the text of its uuid */
	struct tp_list in_agent;
	struct tp_list in_named; /* linked when it has an id */
	struct named *named;
	struct agent *agent;
	struct tp_arena *arena;
	struct tp_operation *record; /* info, ids, latest_status */
	char uuid[TP_UUID_TEXT];
};

/* What a framework knows by one id: more than one only if agents come back with more. */
struct named {
	struct tp_map_node node;
	struct tp_list operations;
	char key[]; /* "<framework id> <operation id>" */
};

struct operations {
	struct tp_map by_uuid;
	struct tp_map by_id;
};

int operations_create(struct master *m)
{
	m->operations = tp_alloc(sizeof *m->operations);
	tp_map_init(&m->operations->by_uuid);
	tp_map_init(&m->operations->by_id);
	return 0;
}

static const char *operation_id(const struct operation *op)
{
	const struct tp_operation_id *id = op->record->info->id;

	return id == NULL ? NULL : id->value;
}

static struct named *named_get(
	struct operations *operations, const char *framework, const char *id, bool add)
{
	size_t len = strlen(framework) + strlen(id) + 2;
	tp_cleanup(ptr) char *key = tp_asprintf("%s %s", framework, id);
	struct named *named = tp_map_get(&operations->by_id, key, struct named, node);

	if (named != NULL || !add)
		return named;
	named = tp_alloc(sizeof *named + len);
	memcpy(named->key, key, len);
	tp_list_init(&named->operations);
	tp_map_add(&operations->by_id, &named->node, named->key);
	return named;
}

static void name(struct operation *op)
{
	if (operation_id(op) == NULL || op->record->framework_id == NULL)
		return;
	op->named = named_get(op->agent->master->operations,
		op->record->framework_id->value, operation_id(op), true);
	tp_list_append(&op->named->operations, &op->in_named);
}

static void unname(struct operation *op)
{
	if (op->named == NULL)
		return;
	tp_list_remove(&op->in_named);
	if (!tp_list_empty(&op->named->operations))
		return;
	tp_map_remove(&op->agent->master->operations->by_id, &op->named->node);
	tp_free(op->named);
}

static void forget(struct operation *op)
{
	unname(op);
	tp_map_remove(&op->agent->master->operations->by_uuid, &op->node);
	tp_list_remove(&op->in_agent);
	tp_arena_destroy(op->arena);
	tp_free(op);
}

void operations_destroy(struct master *m)
{
	struct tp_list *node, *tmp;

	if (m->operations == NULL)
		return;
	tp_map_foreach (node, tmp, &m->operations->by_uuid)
		forget(tp_map_entry(node, struct operation, node));
	tp_map_fini(&m->operations->by_uuid);
	tp_map_fini(&m->operations->by_id);
	tp_free(m->operations);
	m->operations = NULL;
}

static bool is_over(int state)
{
	switch (state) {
	case TP_OPERATION_FINISHED:
	case TP_OPERATION_FAILED:
	case TP_OPERATION_ERROR:
	case TP_OPERATION_DROPPED:
	case TP_OPERATION_GONE_BY_OPERATOR:
		return true;
	default:
		return false;
	}
}

static struct operation *find(const struct master *m, const struct tp_uuid *uuid)
{
	char text[TP_UUID_TEXT];

	if (uuid == NULL || uuid->value.len != TP_UUID_BYTES)
		return NULL;
	tp_uuid_print(uuid->value.data, text);
	return tp_map_get(&m->operations->by_uuid, text, struct operation, node);
}

static struct operation *find_id(const struct framework *f, const char *id)
{
	const struct named *named = named_get(f->master->operations, f->id, id, false);

	return named == NULL
		? NULL
		: tp_list_first(&named->operations, struct operation, in_named);
}

bool operations_has_id(const struct framework *f, const char *id)
{
	return find_id(f, id) != NULL;
}

/* The framework that wants to hear of it: NULL when there is none, or it is away for good. */
static struct framework *framework_of(const struct operation *op)
{
	if (op->record->framework_id == NULL || operation_id(op) == NULL)
		return NULL;
	return frameworks_find(op->agent->master, op->record->framework_id->value);
}

/* `record` is copied; its uuid is a new one. */
static struct operation *add(struct agent *a, const struct tp_operation *record)
{
	struct operation *op = tp_alloc(sizeof *op);

	op->agent = a;
	op->arena = tp_arena_create(0);
	op->record = tp_record_copy(&tp_operation_desc, record, op->arena);
	tp_uuid_print(record->uuid->value.data, op->uuid);
	tp_map_add(&a->master->operations->by_uuid, &op->node, op->uuid);
	tp_list_append(&a->operations, &op->in_agent);
	name(op);
	return op;
}

/* --- to frameworks --------------------------------------------------------------------- */

static void tell(struct framework *f, struct tp_operation_status *status)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_UPDATE_OPERATION_STATUS;
	event->update_operation_status =
		tp_record_new(&tp_scheduler_event_update_operation_status_desc, arena);
	event->update_operation_status->status = status;
	framework_send(f, event);
}

void operations_refuse(struct framework *f, const struct tp_offer_operation *operation,
	int state, const char *why)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_operation_status *status =
		tp_record_new(&tp_operation_status_desc, arena);

	tp_info(f->master, "refusing an operation", "framework=%s type=%s why=%s", f->id,
		tp_enum_name(&tp_offer_operation_type_enum, operation->type), why);
	if (operation->id == NULL)
		return;
	status->operation_id = operation->id;
	status->has_state = true;
	status->state = state;
	status->message = why;
	tell(f, status);
}

/* An answer of the master's own: without a uuid, so never acknowledged. */
static void answer(struct framework *f, const struct operation *op, const char *id,
	const char *agent_id, int state)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_operation_status *status =
		tp_record_new(&tp_operation_status_desc, arena);

	status->operation_id = tp_record_new(&tp_operation_id_desc, arena);
	status->operation_id->value = id;
	status->has_state = true;
	status->state = state;
	if (agent_id != NULL)
		status->agent_id = agent_id_record(arena, agent_id);
	if (op != NULL) {
		status->message = op->record->latest_status->message;
		status->converted_resources =
			op->record->latest_status->converted_resources;
		status->n_converted_resources =
			op->record->latest_status->n_converted_resources;
	}
	tell(f, status);
}

/* --- to agents ------------------------------------------------------------------------- */

static void send_apply(const struct operation *op)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_apply_operation *body = tp_record_new(&tp_apply_operation_desc, arena);
	const struct agent *a = op->agent;

	body->framework_id = op->record->framework_id;
	body->operation_info = op->record->info;
	body->operation_uuid = op->record->uuid;
	body->resource_version = tp_record_new(&tp_resource_version_desc, arena);
	body->resource_version->uuid =
		a->resource_version != NULL ? a->resource_version : op->record->uuid;
	agent_send(op->agent, TP_MESSAGE_APPLY_OPERATION, &tp_apply_operation_desc, body);
}

void operations_begin(const struct conversion *c)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_operation *record = tp_record_new(&tp_operation_desc, arena);
	struct agent *a = c->agent;
	uint8_t uuid[TP_UUID_BYTES];
	struct operation *op;
	int r;

	tp_uuid_generate(uuid);
	record->info = (struct tp_offer_operation *)c->operation;
	record->agent_id = agent_id_record(arena, a->id);
	if (c->framework != NULL)
		record->framework_id = framework_id_record(arena, c->framework->id);
	record->uuid = tp_record_new(&tp_uuid_desc, arena);
	record->uuid->value = (struct tp_bytes){ uuid, TP_UUID_BYTES };
	record->latest_status = tp_record_new(&tp_operation_status_desc, arena);
	record->latest_status->operation_id = c->operation->id;
	record->latest_status->has_state = true;
	record->latest_status->state = TP_OPERATION_PENDING;
	op = add(a, record);
	r = tp_resources_convert(&a->total, &c->from, &c->to, NULL);
	tp_assert(r >= 0); /* what is offered or free is there */
	tp_info(a->master, "converting resources",
		"agent=%s framework=%s type=%s uuid=%s", a->id,
		c->framework == NULL ? "-" : c->framework->id,
		tp_enum_name(&tp_offer_operation_type_enum, c->operation->type),
		op->uuid);
	send_apply(op);
}

static void send_acknowledgement(
	struct agent *a, const struct tp_operation *record, struct tp_bytes status_uuid)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_ack_operation_status *body =
		tp_record_new(&tp_ack_operation_status_desc, arena);

	body->status_uuid = tp_record_new(&tp_uuid_desc, arena);
	body->status_uuid->value = status_uuid;
	body->operation_uuid = record->uuid;
	agent_send(
		a, TP_MESSAGE_ACK_OPERATION_STATUS, &tp_ack_operation_status_desc, body);
}

static void ask_to_return(struct agent *a)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_agent_ping *body = tp_record_new(&tp_agent_ping_desc, arena);

	offers_withdraw_agent(a);
	body->has_connected = true;
	body->connected = false;
	agent_send(a, TP_MESSAGE_AGENT_PING, &tp_agent_ping_desc, body);
}

/* --- from agents ----------------------------------------------------------------------- */

void operations_on_update(struct master *m, struct tp_message *message)
{
	const struct tp_update_operation_status *body = message->body;
	struct agent *a = native_agent(m, message->peer);
	struct operation *op = find(m, body->operation_uuid);
	struct tp_operation_status *status = body->status;
	struct framework *f;
	bool failed;

	counter_add(m, COUNTER_MESSAGES_OPERATION_STATUS_UPDATE, 1);
	if (a == NULL || op == NULL || op->agent != a) {
		counter_add(m, COUNTER_INVALID_OPERATION_STATUS_UPDATES, 1);
		tp_warn(m, "dropping a status of an unknown operation", "agent=%s",
			a == NULL ? "-" : a->id);
		return;
	}
	counter_add(m, COUNTER_VALID_OPERATION_STATUS_UPDATES, 1);
	failed = is_over(status->state) && status->state != TP_OPERATION_FINISHED &&
		!is_over(op->record->latest_status->state);
	op->record->latest_status =
		tp_record_copy(&tp_operation_status_desc, status, op->arena);
	tp_info(m, "an operation has a new status", "agent=%s uuid=%s state=%s why=%s",
		a->id, op->uuid, tp_enum_name(&tp_operation_state_enum, status->state),
		status->message == NULL ? "-" : status->message);
	f = framework_of(op);
	if (f != NULL)
		tell(f, status);
	else if (status->uuid != NULL)
		send_acknowledgement(a, op->record, status->uuid->value);
	if (is_over(status->state) && (f == NULL || status->uuid == NULL))
		forget(op);
	if (failed)
		ask_to_return(a);
}

static bool mentions(
	struct tp_operation *const *items, size_t n, const struct operation *op)
{
	for (size_t i = 0; i < n; i++) {
		if (tp_record_equal(&tp_uuid_desc, items[i]->uuid, op->record->uuid))
			return true;
	}
	return false;
}

static void end(struct operation *op, int state)
{
	struct framework *f = framework_of(op);

	if (f != NULL)
		answer(f, op, operation_id(op), op->agent->id, state);
	forget(op);
}

void operations_return(struct agent *a, struct tp_operation *const *items, size_t n)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->operations) {
		struct operation *op = tp_container_of(node, struct operation, in_agent);

		if (!mentions(items, n, op))
			end(op,
				is_over(op->record->latest_status->state)
					? op->record->latest_status->state
					: TP_OPERATION_DROPPED);
	}
	for (size_t i = 0; i < n; i++) {
		if (items[i]->uuid->value.len == TP_UUID_BYTES &&
			find(a->master, items[i]->uuid) == NULL)
			add(a, items[i]);
	}
}

void operations_end_all_of_agent(struct agent *a, int state)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &a->operations)
		end(tp_container_of(node, struct operation, in_agent), state);
}

/* --- from frameworks ------------------------------------------------------------------- */

int operations_acknowledge(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_acknowledge_operation_status *ack =
		call->acknowledge_operation_status;
	struct operation *op = find_id(f, ack->operation_id->value);
	const struct tp_uuid *latest =
		op == NULL ? NULL : op->record->latest_status->uuid;

	counter_add(m, COUNTER_MESSAGES_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENT, 1);
	if (ack->uuid.len != TP_UUID_BYTES)
		return tp_fail(err, EINVAL,
			"Expecting 'acknowledge_operation_status.uuid' to be 16 bytes");
	if (op == NULL || !agent_connected(op->agent)) {
		/* The agent will say it again. */
		counter_add(
			m, COUNTER_INVALID_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENTS, 1);
		return 0;
	}
	counter_add(m, COUNTER_VALID_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENTS, 1);
	send_acknowledgement(op->agent, op->record, ack->uuid);
	if (latest != NULL && is_over(op->record->latest_status->state) &&
		memcmp(latest->value.data, ack->uuid.data, TP_UUID_BYTES) == 0)
		forget(op);
	return 0;
}

static void reconcile_one(struct framework *f,
	const struct tp_scheduler_call_reconcile_operations_operation *asked)
{
	struct master *m = f->master;
	const char *id = asked->operation_id->value;
	const char *agent_id = asked->agent_id == NULL ? NULL : asked->agent_id->value;
	const struct operation *op = find_id(f, id);
	int state = TP_OPERATION_UNKNOWN;

	if (op != NULL) {
		agent_id = op->agent->id;
		state = op->record->latest_status->state;
	} else if (agent_id == NULL ? absent_n(m, TP_REGISTRY_AGENT) > 0
				    : absent_is(m, TP_REGISTRY_AGENT, agent_id)) {
		state = TP_OPERATION_RECOVERING;
	} else if (agent_id != NULL && absent_is(m, TP_REGISTRY_UNREACHABLE, agent_id)) {
		state = TP_OPERATION_UNREACHABLE;
	} else if (agent_id != NULL && absent_is(m, TP_REGISTRY_GONE, agent_id)) {
		state = TP_OPERATION_GONE_BY_OPERATOR;
	}
	answer(f, op, id, agent_id, state);
}

int operations_reconcile(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const struct tp_scheduler_call_reconcile_operations *body =
		call->reconcile_operations;
	struct tp_list *node, *tmp;

	(void)err;
	for (size_t i = 0; i < body->n_operations; i++)
		reconcile_one(f, body->operations[i]);
	if (body->n_operations > 0)
		return 0;
	tp_map_foreach (node, tmp, &m->operations->by_uuid) {
		const struct operation *op = tp_map_entry(node, struct operation, node);

		if (framework_of(op) == f)
			answer(f, op, operation_id(op), op->agent->id,
				op->record->latest_status->state);
	}
	return 0;
}

/* --- for operators --------------------------------------------------------------------- */

struct tp_master_response_get_operations *operations_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_operations *record =
		tp_record_new(&tp_master_response_get_operations_desc, arena);
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &m->operations->by_uuid)
		tp_arena_push(arena, &record->operations, &record->n_operations,
			tp_map_entry(node, struct operation, node)->record);
	return record;
}
