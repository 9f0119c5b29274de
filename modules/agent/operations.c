/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an operation converts in memory is told when the file of it (resource_file.h) is stored.
 * Removed volumes lose their data only after the file says that they are gone.
 *
 * A volume in the place of one that the file still knows can have neither its folder nor a place
 * in the file before that: its CREATE, and what comes after it, is converted in memory only and
 * waits for the write that says so.
 */
#include "operations.h"

#include <errno.h>

#include "tepui/ids.h"
#include "tepui/operation.h"
#include "tepui/record.h"

#include "metrics.h"
#include "operation.h"
#include "registration.h"
#include "resource_file.h"
#include "resource_version.h"
#include "volumes.h"

#define TELL_RETRY_MIN_NS (10 * TP_SEC)
#define TELL_RETRY_MAX_NS (10 * TP_MIN)

struct operations {
	struct agent *agent;
	struct resource_file file;
	struct tp_resources total;
	struct tp_list list; /* oldest first */
	struct resource_version version;
	bool running; /* a master is there */
	bool known;   /* the file was read */
};

/* --- what is told ---------------------------------------------------------------------- */

static void tell(struct operation *op)
{
	struct agent *agent = op->agent;
	const struct tp_update_operation_status update = {
		.framework_id = op->record->framework_id,
		.agent_id = agent->info->id,
		.status = op->record->latest_status,
		.latest_status = op->record->latest_status,
		.operation_uuid = op->record->uuid,
	};

	if (!agent->operations->running ||
		op->generation > agent->operations->file.stored)
		return;
	registration_send(agent, TP_MESSAGE_UPDATE_OPERATION_STATUS,
		&tp_update_operation_status_desc, &update);
	if (operation_wants_feedback(op))
		tp_timer_arm(agent->instance.loop, &op->again, op->again_ns);
	else
		operation_destroy(op);
}

static void tell_again(struct tp_timer *timer)
{
	struct operation *op = tp_container_of(timer, struct operation, again);

	op->again_ns *= 2;
	if (op->again_ns > TELL_RETRY_MAX_NS)
		op->again_ns = TELL_RETRY_MAX_NS;
	tell(op);
}

static void tell_all(struct operations *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (!tp_timer_armed(&op->again))
			tell(op);
	}
}

void operations_resume(struct agent *agent)
{
	agent->operations->running = true;
	tell_all(agent->operations);
}

void operations_pause(struct agent *agent)
{
	struct tp_list *node, *tmp;

	agent->operations->running = false;
	tp_list_foreach (node, tmp, &agent->operations->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		tp_timer_disarm(agent->instance.loop, &op->again);
		op->again_ns = TELL_RETRY_MIN_NS;
	}
}

/* --- what is stored -------------------------------------------------------------------- */

static struct operation *first_waiting(const struct operations *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (op->waiting)
			return op;
	}
	return NULL;
}

/* Takes the conversions back, newest first, to that of `oldest` or of all that wait. */
static void take_back(const struct operations *self, const struct operation *oldest,
	struct tp_resources *total)
{
	const struct tp_list *node = self->list.prev;
	const struct tp_list *end = oldest == NULL ? &self->list : oldest->node.prev;

	for (; node != end; node = node->prev) {
		const struct operation *op =
			tp_container_of(node, struct operation, node);

		if (op->waiting)
			tp_resources_convert(total, &op->to, &op->from, NULL);
	}
}

static uint64_t ready(const struct resource_file *file)
{
	const struct operations *self = tp_container_of(file, struct operations, file);
	const struct operation *op = first_waiting(self);

	return op == NULL ? file->generation : op->generation - 1;
}

static void fill(const struct resource_file *file, struct tp_resource_state *ret,
	struct tp_arena *arena)
{
	const struct operations *self = tp_container_of(file, struct operations, file);
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (operation_wants_feedback(op) && !op->waiting &&
			op->record->latest_status->state == TP_OPERATION_FINISHED)
			tp_arena_push(
				arena, &ret->operations, &ret->n_operations, op->record);
	}
	tp_resources_copy(&total, &self->total);
	take_back(self, NULL, &total);
	tp_resources_checkpointed(&kept, &total);
	tp_resources_to_records(
		&kept, TP_RESOURCE_POST, arena, &ret->resources, &ret->n_resources);
}

/* Volumes that the file does not know any more lose what is on them. */
static void destroy_volumes(struct operations *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (op->generation > self->file.stored || tp_resources_empty(&op->gone))
			continue;
		volumes_destroy(self->agent, &op->gone);
		tp_resources_fini(&op->gone);
	}
}

bool operations_settled(struct agent *agent, struct operations_waiter *waiter)
{
	return resource_file_settled(&agent->operations->file, waiter);
}

void operations_forget(struct operations_waiter *waiter)
{
	if (waiter->waiting)
		tp_list_remove(&waiter->node);
	waiter->waiting = false;
}

/* --- what is done ---------------------------------------------------------------------- */

/* Does the file still know a volume where one of these has its folder? */
static bool is_taken(const struct operation *op, const struct tp_resources *made)
{
	const struct operations *self = op->agent->operations;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		const struct operation *before =
			tp_container_of(node, struct operation, node);

		if (before == op)
			break;
		if (volumes_meet(op->agent, &before->gone, made))
			return true;
	}
	return false;
}

/* From here on it is done, as soon as it is stored. */
static int carry_out(struct operation *op, int *ret_state, struct tp_error *err)
{
	struct operations *self = op->agent->operations;
	tp_cleanup(resources) struct tp_resources from = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources to = TP_RESOURCES_INIT;
	int type = op->record->info->type;
	int r = tp_operation_resources(op->record->info, &from, &to, err);

	*ret_state = TP_OPERATION_DROPPED;
	if (r < 0)
		return r;
	tp_resources_unallocate(&from);
	tp_resources_unallocate(&to);
	r = tp_resources_convert(&self->total, &from, &to, err);
	if (r < 0)
		return tp_wrap(err, r, "the agent's resources");
	op->waiting = first_waiting(self) != NULL ||
		(type == TP_OFFER_OPERATION_CREATE && is_taken(op, &to));
	if (type == TP_OFFER_OPERATION_CREATE && !op->waiting)
		r = volumes_create(op->agent, &to, err);
	if (r < 0) {
		*ret_state = TP_OPERATION_FAILED;
		tp_resources_convert(&self->total, &to, &from, NULL);
		return r;
	}
	if (type == TP_OFFER_OPERATION_DESTROY)
		tp_resources_copy(&op->gone, &from);
	if (op->waiting) {
		tp_resources_move(&op->from, &from);
		tp_resources_move(&op->to, &to);
	}
	op->generation = ++self->file.generation;
	return 0;
}

/* What waits from `failed` on never was, as if it had failed when it came. */
static void fail_waiting(
	struct operations *self, struct operation *failed, const char *why)
{
	struct tp_list *node, *next;
	int state = TP_OPERATION_FAILED;

	take_back(self, failed, &self->total);
	resource_version_change(&self->version);
	for (node = &failed->node; node != &self->list; node = next) {
		struct operation *op = tp_container_of(node, struct operation, node);

		next = node->next;
		if (!op->waiting)
			continue;
		operation_stop_waiting(op);
		tp_resources_fini(&op->gone);
		op->generation = 0;
		operation_end(op, state, why);
		state = TP_OPERATION_DROPPED;
		why = "it was made for an earlier state of the agent";
		tell(op);
	}
}

/* What need not wait any longer goes with the next write. */
static void release(struct operations *self)
{
	struct tp_error err = { 0 };
	struct operation *op;

	while ((op = first_waiting(self)) != NULL) {
		bool makes = op->record->info->type == TP_OFFER_OPERATION_CREATE;

		if (makes && is_taken(op, &op->to))
			return;
		if (makes && volumes_create(self->agent, &op->to, &err) < 0) {
			fail_waiting(self, op, err.text);
			return;
		}
		operation_stop_waiting(op);
	}
}

static void on_stored(struct resource_file *file)
{
	struct operations *self = tp_container_of(file, struct operations, file);

	destroy_volumes(self);
	tell_all(self);
	release(self);
}

static void on_apply(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	struct operations *self = agent->operations;
	const struct tp_apply_operation *body = message->body;
	struct tp_error err = { 0 };
	struct operation *op;
	bool current;
	int r, state;

	if (agent->state != AGENT_RUNNING ||
		body->operation_uuid->value.len != TP_UUID_BYTES) {
		tp_warn(agent, "an operation comes at the wrong time, ignoring it", "%s",
			"");
		return;
	}
	op = operation_create(agent, &self->list, tell_again, TELL_RETRY_MIN_NS);
	operation_read(op, body);
	current = resource_version_is_last(&self->version, body->resource_version->uuid);
	if (current) {
		r = carry_out(op, &state, &err);
	} else {
		state = TP_OPERATION_DROPPED;
		r = tp_fail(
			&err, EINVAL, "it was made for an earlier state of the agent");
	}
	operation_end(op, r < 0 ? state : TP_OPERATION_FINISHED, r < 0 ? err.text : NULL);
	if (r < 0) {
		/* The master believes otherwise: what builds on it is dropped, too. */
		if (current)
			resource_version_change(&self->version);
		tell(op);
		return;
	}
	resource_file_write(&self->file);
}

static void on_acknowledgement(void *user, struct tp_message *message)
{
	struct agent *agent = user;
	struct operations *self = agent->operations;
	const struct tp_ack_operation_status *ack = message->body;
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (!tp_record_equal(
			    &tp_uuid_desc, op->record->uuid, ack->operation_uuid) ||
			!tp_record_equal(&tp_uuid_desc, op->record->latest_status->uuid,
				ack->status_uuid))
			continue;
		operation_destroy(op);
		self->file.generation++;
		resource_file_write(&self->file);
		return;
	}
}

static void on_reconcile(void *user, struct tp_message *message)
{
	/* What is here is on its way already, and what is not the master knows best. */
	(void)message;
	tell_all(((struct agent *)user)->operations);
}

struct handler_rows operations_rows(void)
{
	static const struct tp_handler rows[] = {
		{ TP_MESSAGE_APPLY_OPERATION, 0, &tp_apply_operation_desc, on_apply },
		{ TP_MESSAGE_ACK_OPERATION_STATUS, 0, &tp_ack_operation_status_desc,
			on_acknowledgement },
		{ TP_MESSAGE_RECONCILE_OPERATIONS, 0, &tp_reconcile_operations_desc,
			on_reconcile },
	};

	return (struct handler_rows){ rows, TP_COUNT(rows) };
}

/* --- life ------------------------------------------------------------------------------ */

void operations_init(struct agent *agent)
{
	struct operations *self = tp_alloc(sizeof *self);

	self->agent = agent;
	self->file = (struct resource_file){
		.agent = agent, .ready = ready, .fill = fill, .on_stored = on_stored
	};
	resource_file_init(&self->file);
	tp_list_init(&self->list);
	resource_version_change(&self->version);
	agent->operations = self;
}

void operations_fini(struct agent *agent)
{
	struct operations *self = agent->operations;
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_list_foreach (node, tmp, &self->list)
		operation_destroy(tp_container_of(node, struct operation, node));
	resource_file_fini(&self->file);
	tp_resources_fini(&self->total);
	resource_version_fini(&self->version);
	tp_free(self);
	agent->operations = NULL;
}

/* --- what others ask ------------------------------------------------------------------- */

/* What is not stored is pending, whatever will be told of it. */
static struct tp_operation *as_known(struct operation *op, struct tp_arena *arena)
{
	struct tp_operation *record;

	if (op->generation <= op->agent->operations->file.stored)
		return op->record;
	record = tp_arena_memdup(arena, op->record, sizeof *record);
	record->latest_status = tp_record_new(&tp_operation_status_desc, arena);
	record->latest_status->operation_id = record->info->id;
	record->latest_status->has_state = true;
	record->latest_status->state = TP_OPERATION_PENDING;
	return record;
}

void operations_describe(const struct agent *agent, struct tp_arena *arena,
	struct tp_resource ***resources, size_t *n_resources,
	struct tp_operation ***records, size_t *n_records)
{
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	struct tp_list *node, *tmp;

	tp_resources_checkpointed(&kept, &agent->operations->total);
	tp_resources_to_records(&kept, TP_RESOURCE_POST, arena, resources, n_resources);
	tp_list_foreach (node, tmp, &agent->operations->list)
		tp_arena_push(arena, records, n_records,
			as_known(tp_container_of(node, struct operation, node), arena));
}

struct tp_uuid *operations_announce(struct agent *agent)
{
	return resource_version_rename(&agent->operations->version);
}

bool operations_are_of(const struct agent *agent, const struct tp_uuid *version)
{
	return resource_version_is_any(&agent->operations->version, version);
}

bool operations_known(const struct agent *agent)
{
	return agent->operations->known;
}

const struct tp_resources *operations_total(const struct agent *agent)
{
	return &agent->operations->total;
}

static bool is_made(const struct tp_resource *resource)
{
	for (size_t i = 0; i < resource->n_reservations; i++) {
		if (resource->reservations[i]->type ==
			TP_RESOURCE_RESERVATION_INFO_DYNAMIC)
			return true;
	}
	return resource->disk != NULL && resource->disk->persistence != NULL;
}

bool operations_are_needed(struct tp_resource *const *resources, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_made(resources[i]))
			return true;
	}
	return false;
}

bool operations_have(
	const struct agent *agent, struct tp_resource *const *resources, size_t n)
{
	tp_cleanup(resources) struct tp_resources all = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources needed = TP_RESOURCES_INIT;

	if (!operations_are_needed(resources, n))
		return true;
	if (tp_resources_from_records(&all, resources, n, NULL) < 0)
		return false;
	tp_resources_unallocate(&all);
	tp_resources_checkpointed(&needed, &all);
	return tp_resources_contains(&agent->operations->total, &needed);
}

/* --- recovery -------------------------------------------------------------------------- */

static int use_state(struct operations *self, const struct tp_resource_state *state,
	struct tp_error *err)
{
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	int r = tp_resources_from_records(
		&kept, state->resources, state->n_resources, err);

	if (r >= 0)
		r = tp_resources_apply_checkpointed(&self->total, &kept, err);
	if (r < 0)
		return tp_wrap(err, r,
			"%s (give the agent its former resources, or remove the file to "
			"lose reservations and volumes)",
			self->file.path);
	for (size_t i = 0; i < state->n_operations; i++) {
		struct operation *op = operation_create(
			self->agent, &self->list, tell_again, TELL_RETRY_MIN_NS);

		op->record = tp_record_copy(
			&tp_operation_desc, state->operations[i], op->arena);
	}
	self->known = true;
	return 0;
}

int operations_recover(struct agent *agent, struct tp_error *err)
{
	struct operations *self = agent->operations;
	const struct tp_agent_info *info = agent->info;
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource_state *state;
	int r = tp_resources_from_records(
		&self->total, info->resources, info->n_resources, err);

	if (r < 0)
		return r;
	r = resource_file_read(&self->file, arena, &state, err);
	if (r >= 0)
		return state == NULL ? 0 : use_state(self, state, err);
	agent->metrics->recovery_errors.value++;
	if (agent->config.strict)
		return r;
	tp_warn(agent,
		"reservations and volumes are lost, their file is damaged; what is on "
		"the "
		"volumes goes with a later start, save it before",
		"error=%s", err->text);
	return 0;
}
