/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One write of the state file is under way at a time; what comes meanwhile goes with the next. A
 * write that fails is tried again, more and more slowly, and nobody is told anything before it
 * went well. Removed volumes lose their data only after the file says that they are gone.
 *
 * A volume in the place of one that the file still knows can have neither its folder nor a place
 * in the file before that: its CREATE, and what comes after it, is converted in memory only and
 * waits for the write that says so.
 */
#include "operations.h"

#include <errno.h>
#include <string.h>

#include "tepui/codec.h"
#include "tepui/ids.h"
#include "tepui/operation.h"
#include "tepui/record.h"

#include "journal.h"
#include "metrics.h"
#include "registration.h"
#include "volumes.h"

#define FILE_MAX_BYTES (64 * 1024 * 1024)
#define WRITE_RETRY_MIN_NS TP_SEC
#define WRITE_RETRY_MAX_NS TP_MIN
#define EARLIER_MAX 8
#define TELL_RETRY_MIN_NS (10 * TP_SEC)
#define TELL_RETRY_MAX_NS (10 * TP_MIN)

struct operation {
	struct tp_list node;
	struct agent *agent;
	struct tp_arena *arena;
	struct tp_operation *record;  /* its latest_status is what will be told */
	struct tp_resources gone;     /* volumes to destroy once it is stored */
	uint64_t generation;          /* of the state that has to be stored first */
	bool waiting;                 /* not to be stored yet; all after it wait, too */
	struct tp_resources from, to; /* what it converted, while it waits */
	struct tp_timer again;
	int64_t again_ns;
};

struct operations {
	struct agent *agent;
	char *path;
	struct tp_resources total;
	struct tp_list list; /* oldest first */
	struct tp_arena *arena;
	struct tp_uuid *version;
	/* Versions of the same resources, which earlier registrations told. */
	uint8_t earlier[EARLIER_MAX][TP_UUID_BYTES];
	size_t n_earlier;
	bool running; /* a master is there */
	bool known;   /* the file was read */

	uint64_t generation; /* of what is in memory */
	uint64_t stored;     /* of what is in the file */
	uint64_t writing;    /* of what is under way; 0 = nothing */
	struct journal_entry entry;
	struct tp_timer retry;
	int64_t retry_ns;
	struct tp_list waiters;
};

static void rename_version(struct operations *self)
{
	uint8_t *uuid;

	tp_arena_reset(self->arena);
	uuid = tp_arena_alloc(self->arena, TP_UUID_BYTES);
	tp_uuid_generate(uuid);
	self->version = tp_record_new(&tp_uuid_desc, self->arena);
	self->version->value = (struct tp_bytes){ uuid, TP_UUID_BYTES };
}

static void new_version(struct operations *self)
{
	self->n_earlier = 0;
	rename_version(self);
}

struct tp_uuid *operations_announce(struct agent *agent)
{
	struct operations *self = agent->operations;
	size_t at = self->n_earlier++ % EARLIER_MAX;

	memcpy(self->earlier[at], self->version->value.data, TP_UUID_BYTES);
	rename_version(self);
	return self->version;
}

bool operations_are_of(const struct agent *agent, const struct tp_uuid *version)
{
	const struct operations *self = agent->operations;
	size_t n = self->n_earlier < EARLIER_MAX ? self->n_earlier : EARLIER_MAX;

	if (tp_record_equal(&tp_uuid_desc, self->version, version))
		return true;
	for (size_t i = 0; version->value.len == TP_UUID_BYTES && i < n; i++) {
		if (memcmp(self->earlier[i], version->value.data, TP_UUID_BYTES) == 0)
			return true;
	}
	return false;
}

static void retry_write(struct tp_timer *timer);
static void written(struct journal_entry *entry, int status);

void operations_init(struct agent *agent)
{
	struct operations *self = tp_alloc(sizeof *self);

	self->agent = agent;
	self->arena = tp_arena_create(0);
	self->entry.done = written;
	self->retry.fire = retry_write;
	self->retry_ns = WRITE_RETRY_MIN_NS;
	tp_list_init(&self->list);
	tp_list_init(&self->waiters);
	new_version(self);
	agent->operations = self;
}

static void operation_destroy(struct operation *op)
{
	tp_timer_disarm(op->agent->instance.loop, &op->again);
	tp_list_remove(&op->node);
	tp_resources_fini(&op->gone);
	tp_resources_fini(&op->from);
	tp_resources_fini(&op->to);
	tp_arena_destroy(op->arena);
	tp_free(op);
}

void operations_fini(struct agent *agent)
{
	struct operations *self = agent->operations;
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_list_foreach (node, tmp, &self->list)
		operation_destroy(tp_container_of(node, struct operation, node));
	tp_list_foreach (node, tmp, &self->waiters)
		operations_forget(tp_container_of(node, struct operations_waiter, node));
	tp_timer_disarm(agent->instance.loop, &self->retry);
	journal_forget(&self->entry);
	tp_resources_fini(&self->total);
	tp_arena_destroy(self->arena);
	tp_free(self->path);
	tp_free(self);
	agent->operations = NULL;
}

/* --- what is told ---------------------------------------------------------------------- */

static bool wants_feedback(const struct operation *op)
{
	return op->record->info->id != NULL;
}

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

	if (!agent->operations->running || op->generation > agent->operations->stored)
		return;
	registration_send(agent, TP_MESSAGE_UPDATE_OPERATION_STATUS,
		&tp_update_operation_status_desc, &update);
	if (wants_feedback(op))
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

static void stop_waiting(struct operation *op)
{
	op->waiting = false;
	tp_resources_fini(&op->from);
	tp_resources_fini(&op->to);
}

/* Of what may be stored. */
static uint64_t ready_generation(const struct operations *self)
{
	const struct operation *op = first_waiting(self);

	return op == NULL ? self->generation : op->generation - 1;
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

static void write_state(struct operations *self)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_resource_state *state = tp_record_new(&tp_resource_state_desc, arena);
	tp_cleanup(resources) struct tp_resources total = TP_RESOURCES_INIT;
	tp_cleanup(resources) struct tp_resources kept = TP_RESOURCES_INIT;
	uint64_t generation = ready_generation(self);
	struct tp_list *node, *tmp;

	if (self->writing != 0 || generation <= self->stored)
		return;
	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (wants_feedback(op) && !op->waiting &&
			op->record->latest_status->state == TP_OPERATION_FINISHED)
			tp_arena_push(arena, &state->operations, &state->n_operations,
				op->record);
	}
	tp_resources_copy(&total, &self->total);
	take_back(self, NULL, &total);
	tp_resources_checkpointed(&kept, &total);
	tp_resources_to_records(
		&kept, TP_RESOURCE_POST, arena, &state->resources, &state->n_resources);
	self->writing = generation;
	journal_replace(self->agent->journal, self->path, &tp_resource_state_desc, state,
		TP_DISK_SYNC | TP_DISK_MKDIRS, &self->entry);
}

static void retry_write(struct tp_timer *timer)
{
	write_state(tp_container_of(timer, struct operations, retry));
}

/* Volumes that the file does not know any more lose what is on them. */
static void destroy_volumes(struct operations *self)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &self->list) {
		struct operation *op = tp_container_of(node, struct operation, node);

		if (op->generation > self->stored || tp_resources_empty(&op->gone))
			continue;
		volumes_destroy(self->agent, &op->gone);
		tp_resources_fini(&op->gone);
	}
}

static void release(struct operations *self);

static void written(struct journal_entry *entry, int status)
{
	struct operations *self = tp_container_of(entry, struct operations, entry);
	uint64_t generation = self->writing;
	struct operations_waiter *waiter;

	self->writing = 0;
	if (status < 0) {
		tp_warn(self->agent,
			"reservations and volumes cannot be stored, trying again",
			"path=%s in_s=%lld", self->path,
			(long long)(self->retry_ns / TP_SEC));
		tp_timer_arm(self->agent->instance.loop, &self->retry, self->retry_ns);
		self->retry_ns *= 2;
		if (self->retry_ns > WRITE_RETRY_MAX_NS)
			self->retry_ns = WRITE_RETRY_MAX_NS;
		return;
	}
	self->retry_ns = WRITE_RETRY_MIN_NS;
	self->stored = generation;
	destroy_volumes(self);
	tell_all(self);
	release(self);
	write_state(self);
	while (self->stored == self->generation &&
		(waiter = tp_list_first(
			 &self->waiters, struct operations_waiter, node)) != NULL) {
		operations_forget(waiter);
		waiter->settled(waiter);
	}
}

bool operations_settled(struct agent *agent, struct operations_waiter *waiter)
{
	struct operations *self = agent->operations;

	if (self->stored == self->generation)
		return true;
	if (!waiter->waiting)
		tp_list_append(&self->waiters, &waiter->node);
	waiter->waiting = true;
	return false;
}

void operations_forget(struct operations_waiter *waiter)
{
	if (waiter->waiting)
		tp_list_remove(&waiter->node);
	waiter->waiting = false;
}

/* --- what is done ---------------------------------------------------------------------- */

static struct operation *operation_create(struct agent *agent)
{
	struct operation *op = tp_alloc(sizeof *op);

	op->agent = agent;
	op->arena = tp_arena_create(512);
	op->again.fire = tell_again;
	op->again_ns = TELL_RETRY_MIN_NS;
	tp_list_append(&agent->operations->list, &op->node);
	return op;
}

static void set_status(struct operation *op, int state, const char *why)
{
	struct tp_operation_status *status =
		tp_record_new(&tp_operation_status_desc, op->arena);

	status->operation_id = op->record->info->id;
	status->has_state = true;
	status->state = state;
	status->message = why == NULL ? NULL : tp_arena_strdup(op->arena, why);
	status->agent_id =
		tp_record_copy(&tp_agent_id_desc, op->agent->info->id, op->arena);
	if (wants_feedback(op)) {
		uint8_t *uuid = tp_arena_alloc(op->arena, TP_UUID_BYTES);

		tp_uuid_generate(uuid);
		status->uuid = tp_record_new(&tp_uuid_desc, op->arena);
		status->uuid->value = (struct tp_bytes){ uuid, TP_UUID_BYTES };
	}
	op->record->latest_status = status;
}

static struct operation *take(
	struct agent *agent, const struct tp_apply_operation *message)
{
	struct operation *op = operation_create(agent);
	struct tp_operation *record = tp_record_new(&tp_operation_desc, op->arena);

	record->framework_id =
		tp_record_copy(&tp_framework_id_desc, message->framework_id, op->arena);
	record->agent_id = tp_record_copy(&tp_agent_id_desc, agent->info->id, op->arena);
	record->info = tp_record_copy(
		&tp_offer_operation_desc, message->operation_info, op->arena);
	record->uuid = tp_record_copy(&tp_uuid_desc, message->operation_uuid, op->arena);
	op->record = record;
	return op;
}

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
	op->generation = ++self->generation;
	return 0;
}

static bool is_current(
	const struct operations *self, const struct tp_resource_version *version)
{
	return tp_record_equal(&tp_uuid_desc, self->version, version->uuid);
}

static void report(struct operation *op, int state, const char *why)
{
	set_status(op, state, why);
	tp_info(op->agent, "an operation on resources", "type=%s state=%s why=%s",
		tp_enum_name(&tp_offer_operation_type_enum, op->record->info->type),
		tp_enum_name(&tp_operation_state_enum, state), why == NULL ? "-" : why);
}

/* What waits from `failed` on never was, as if it had failed when it came. */
static void fail_waiting(
	struct operations *self, struct operation *failed, const char *why)
{
	struct tp_list *node, *next;
	int state = TP_OPERATION_FAILED;

	take_back(self, failed, &self->total);
	new_version(self);
	for (node = &failed->node; node != &self->list; node = next) {
		struct operation *op = tp_container_of(node, struct operation, node);

		next = node->next;
		if (!op->waiting)
			continue;
		stop_waiting(op);
		tp_resources_fini(&op->gone);
		op->generation = 0;
		report(op, state, why);
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
		stop_waiting(op);
	}
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
	op = take(agent, body);
	current = is_current(self, body->resource_version);
	if (current) {
		r = carry_out(op, &state, &err);
	} else {
		state = TP_OPERATION_DROPPED;
		r = tp_fail(
			&err, EINVAL, "it was made for an earlier state of the agent");
	}
	report(op, r < 0 ? state : TP_OPERATION_FINISHED, r < 0 ? err.text : NULL);
	if (r < 0) {
		/* The master believes otherwise: what builds on it is dropped, too. */
		if (current)
			new_version(self);
		tell(op);
		return;
	}
	write_state(self);
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
		self->generation++;
		write_state(self);
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

/* --- what others ask ------------------------------------------------------------------- */

/* What is not stored is pending, whatever will be told of it. */
static struct tp_operation *as_known(struct operation *op, struct tp_arena *arena)
{
	struct tp_operation *record;

	if (op->generation <= op->agent->operations->stored)
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
			self->path);
	for (size_t i = 0; i < state->n_operations; i++) {
		struct operation *op = operation_create(self->agent);

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
	tp_cleanup(ptr) char *data = NULL;
	void *record;
	size_t len;
	int r = tp_resources_from_records(
		&self->total, info->resources, info->n_resources, err);

	if (r < 0)
		return r;
	self->path = tp_asprintf("%s/meta/resources/resources_and_operations.state",
		agent->config.work_dir);
	r = agent->disk.ops->read(
		agent->disk.impl, self->path, FILE_MAX_BYTES, &data, &len, err);
	if (r == -ENOENT)
		return 0;
	if (r >= 0)
		r = tp_msgpack_decode(
			&tp_resource_state_desc, data, len, arena, &record, err);
	if (r >= 0)
		r = tp_record_check(&tp_resource_state_desc, record, err);
	if (r >= 0)
		return use_state(self, record, err);
	tp_wrap(err, r, "%s", self->path);
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
