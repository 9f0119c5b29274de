/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of frameworks and their life: added, connected and not, removed, remembered for a
 * while. How a scheduler gets in is subscribe.c's business. A framework's slot number is what
 * the allocator knows it by; it is free again when the framework is removed.
 */
#include "frameworks.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agents.h"
#include "changes.h"
#include "executors.h"
#include "framework_info.h"
#include "idrecord.h"
#include "inverse_offers.h"
#include "offers.h"
#include "slot_table.h"
#include "tasks.h"
#include "updates.h"
#include "use.h"

struct frameworks {
	struct master *master;
	struct slot_table slots;
	struct tp_map by_id;
	struct tp_list completed;
	size_t n_completed;
	uint64_t next_id;
	uint64_t removals;
	struct tp_timer heartbeat;
};

static void heartbeat(struct tp_timer *timer)
{
	struct frameworks *fs = tp_container_of(timer, struct frameworks, heartbeat);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_HEARTBEAT;
	for (uint32_t i = 0; i < fs->slots.n; i++) {
		struct framework *f = slot_table_get(&fs->slots, i);

		if (f != NULL && framework_connected(f))
			framework_send(f, event);
	}
	frameworks_start_heartbeats(fs->master);
}

int frameworks_create(struct master *m)
{
	struct frameworks *fs = m->frameworks = tp_alloc(sizeof *fs);

	fs->master = m;
	tp_map_init(&fs->by_id);
	tp_list_init(&fs->completed);
	fs->heartbeat.fire = heartbeat;
	return 0;
}

void frameworks_start_heartbeats(struct master *m)
{
	if (!tp_timer_armed(&m->frameworks->heartbeat))
		tp_timer_arm(
			m->instance.loop, &m->frameworks->heartbeat, MASTER_HEARTBEAT_NS);
}

/* --- one framework --------------------------------------------------------------------- */

static int64_t failover_timeout_ns(const struct framework *f)
{
	return f->info->has_failover_timeout_ns ? f->info->failover_timeout_ns : 0;
}

/* One that could not come back because the master stood still gets its time again. */
static void failover_expired(struct tp_timer *timer)
{
	struct framework *f = tp_container_of(timer, struct framework, failover);
	const struct master *m = f->master;
	int64_t period_ns =
		f->recovered ? m->agent_reregister_timeout_ns : failover_timeout_ns(f);

	if (tp_timer_overslept(m->instance.loop, timer, period_ns)) {
		tp_timer_arm(m->instance.loop, timer, period_ns);
		return;
	}
	frameworks_remove(f->master, f, "its scheduler did not come back in time");
}

static void held_expired(struct tp_timer *timer)
{
	struct framework *f = tp_container_of(timer, struct framework, held);

	if (framework_connected(f)) {
		offers_send_held(f);
		inverse_offers_send(f);
	} else {
		offers_withdraw_framework(f, false);
		inverse_offers_withdraw_framework(f, false);
	}
}

/* The stream is gone: no offers, and failover_timeout to come back. */
static void sink_gone(struct sink_owner *owner)
{
	struct framework *f = tp_container_of(owner, struct framework, owner);
	int64_t timeout = failover_timeout_ns(f);

	f->sink = NULL;
	tp_info(f->master, "framework disconnected, waiting for its scheduler",
		"framework=%s seconds=%lld", f->id, (long long)(timeout / TP_SEC));
	framework_deactivate(f, false);
	tp_timer_arm(f->master->instance.loop, &f->failover, timeout);
	changes_framework(f->master, f, true);
}

struct framework *frameworks_add(struct master *m, const struct tp_framework_info *info)
{
	const struct framework_terms terms = { .info = info };
	struct framework *f = tp_alloc(sizeof *f);
	bool added;

	f->master = m;
	f->id = tp_strdup(info->id->value);
	f->slot = slot_table_take(&m->frameworks->slots, f);
	f->owner.gone = sink_gone;
	f->failover.fire = failover_expired;
	f->held.fire = held_expired;
	tp_map_init(&f->tasks);
	tp_list_init(&f->list);
	tp_list_init(&f->completed);
	tp_list_init(&f->unreachable);
	tp_list_init(&f->offers);
	tp_list_init(&f->unsent);
	tp_list_init(&f->inverse_offers);
	tp_list_init(&f->uses);
	framework_info_set(f, &terms);
	added = tp_map_add(&m->frameworks->by_id, &f->node, f->id);
	tp_assert(added);
	return f;
}

static void forget_tasks(struct master *m, struct tp_list *list)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, list)
		tasks_forget(m, tp_container_of(node, struct task, list));
}

static void destroy(struct framework *f)
{
	struct master *m = f->master;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &f->tasks)
		tasks_forget(m, tp_map_entry(node, struct task, node));
	forget_tasks(m, &f->completed);
	forget_tasks(m, &f->unreachable);
	tp_list_foreach (node, tmp, &f->uses) {
		struct use *use = tp_container_of(node, struct use, in_framework);

		tp_list_remove(&use->in_framework);
		tp_list_remove(&use->in_agent);
		tp_resources_fini(&use->resources);
		tp_free(use);
	}
	tp_timer_disarm(m->instance.loop, &f->failover);
	tp_timer_disarm(m->instance.loop, &f->held);
	tp_list_remove(&f->list);
	tp_map_fini(&f->tasks);
	tp_arena_destroy(f->arena);
	tp_free(f->id);
	tp_free(f);
}

void frameworks_destroy(struct master *m)
{
	struct frameworks *fs = m->frameworks;
	struct tp_list *node, *tmp;

	if (fs == NULL)
		return;
	for (uint32_t i = 0; i < fs->slots.n; i++) {
		struct framework *f = slot_table_get(&fs->slots, i);

		if (f != NULL)
			destroy(f);
	}
	tp_list_foreach (node, tmp, &fs->completed)
		destroy(tp_container_of(node, struct framework, list));
	tp_timer_disarm(m->instance.loop, &fs->heartbeat);
	slot_table_fini(&fs->slots);
	tp_map_fini(&fs->by_id);
	tp_free(fs);
	m->frameworks = NULL;
}

/*
 * The time its scheduler has is counted from the election: an agent that comes late does not
 * prolong it. Even a framework without a failover timeout gets the time to notice the restart.
 */
static int64_t left_of_failover(const struct framework *f)
{
	const struct master *m = f->master;
	int64_t timeout = failover_timeout_ns(f);
	int64_t passed = tp_loop_now_ns(m->instance.loop) - m->elected_at_ns;

	if (timeout < m->agent_reregister_timeout_ns)
		timeout = m->agent_reregister_timeout_ns;
	return timeout > passed ? timeout - passed : 0;
}

struct framework *frameworks_recover(
	struct master *m, const struct tp_framework_info *info)
{
	struct framework *f = frameworks_add(m, info);

	f->recovered = true;
	f->registered_ns = tp_loop_wall_ns(m->instance.loop);
	tp_timer_arm(m->instance.loop, &f->failover, left_of_failover(f));
	framework_allocate(f);
	tp_info(m, "framework is known from an agent, waiting for its scheduler",
		"framework=%s name=%s", f->id, f->info->name);
	changes_framework(m, f, false);
	return f;
}

void framework_allocate(struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct master *m = f->master;
	struct tp_framework_info *info =
		record_shallow(&tp_framework_info_desc, f->info, arena);
	struct tp_allocator_framework spec = { info, f->suppressed, f->n_suppressed,
		f->constraints, f->active };
	struct tp_allocator_use *used;
	struct tp_list *node, *tmp;
	size_t n = 0;

	info->roles = f->roles;
	info->n_roles = f->n_roles;
	if (f->in_allocator) {
		m->allocator.ops->update_framework(m->allocator.impl, f->slot, &spec);
		if (f->active)
			m->allocator.ops->activate_framework(m->allocator.impl, f->slot);
		return;
	}
	tp_list_foreach (node, tmp, &f->uses)
		n++;
	tp_list_foreach (node, tmp, &f->offers)
		n++;
	used = tp_arena_alloc(arena, (n + 1) * sizeof *used);
	n = 0;
	tp_list_foreach (node, tmp, &f->uses) {
		struct use *use = tp_container_of(node, struct use, in_framework);

		used[n++] = (struct tp_allocator_use){ f->slot, use->agent->slot,
			&use->resources };
	}
	tp_list_foreach (node, tmp, &f->offers) {
		struct offer *offer = tp_container_of(node, struct offer, in_framework);

		used[n++] = (struct tp_allocator_use){ f->slot, offer->agent->slot,
			&offer->resources };
	}
	f->in_allocator = true;
	m->allocator.ops->add_framework(m->allocator.impl, f->slot, &spec, used, n);
}

void framework_deactivate(struct framework *f, bool rescind)
{
	struct master *m = f->master;

	if (f->active && f->in_allocator)
		m->allocator.ops->deactivate_framework(m->allocator.impl, f->slot);
	f->active = false;
	offers_withdraw_framework(f, rescind);
	inverse_offers_withdraw_framework(f, rescind);
}

/* --- the end --------------------------------------------------------------------------- */

static void end_tasks(struct framework *f)
{
	struct tp_list *node, *tmp;
	char why[192];

	snprintf(why, sizeof why, "Framework %s removed", f->id);
	tp_map_foreach (node, tmp, &f->tasks) {
		struct task *task = tp_map_entry(node, struct task, node);
		const struct happening happening = {
			.event = TP_TASK_EVENT_FRAMEWORK_REMOVED,
			.agent_id = task->agent->id,
			.message = why,
		};

		updates_happened(f->master, task, &happening);
	}
}

static void shut_down(struct framework *f)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_shutdown_framework *body =
		tp_record_new(&tp_shutdown_framework_desc, arena);
	struct master *m = f->master;

	body->framework_id = framework_id_record(arena, f->id);
	for (uint32_t i = 0; i < agents_slots(m); i++) {
		struct agent *a = agents_at(m, i);

		if (a != NULL)
			agent_send(a, TP_MESSAGE_SHUTDOWN_FRAMEWORK,
				&tp_shutdown_framework_desc, body);
	}
}

static void remember(struct framework *f)
{
	struct frameworks *fs = f->master->frameworks;

	f->removal = ++fs->removals;
	tp_list_append(&fs->completed, &f->list);
	if (++fs->n_completed > f->master->max_completed_frameworks) {
		fs->n_completed--;
		destroy(tp_list_first(&fs->completed, struct framework, list));
	}
}

void frameworks_remove(struct master *m, struct framework *f, const char *why)
{
	struct tp_sink *sink = f->sink;

	tp_info(m, "framework removed", "framework=%s why=%s", f->id, why);
	tp_timer_disarm(m->instance.loop, &f->failover);
	tp_timer_disarm(m->instance.loop, &f->held);
	framework_deactivate(f, false);
	inverse_offers_forget_framework(f);
	end_tasks(f);
	executors_remove_all_of_framework(f);
	shut_down(f);
	if (f->in_allocator)
		m->allocator.ops->remove_framework(m->allocator.impl, f->slot);
	f->in_allocator = false;
	f->recovered = false;
	f->sink = NULL;
	f->unregistered_ns = tp_loop_wall_ns(m->instance.loop);
	tp_map_remove(&m->frameworks->by_id, &f->node);
	slot_table_release(&m->frameworks->slots, f->slot);
	changes_framework_removed(m, f);
	remember(f);
	if (sink != NULL)
		sink->ops->close(sink);
}

/* --- finding --------------------------------------------------------------------------- */

struct framework *frameworks_find(const struct master *m, const char *id)
{
	return tp_map_get(&m->frameworks->by_id, id, struct framework, node);
}

struct framework *frameworks_at(const struct master *m, uint32_t slot)
{
	return slot_table_get(&m->frameworks->slots, slot);
}

uint32_t frameworks_slots(const struct master *m)
{
	return m->frameworks->slots.n;
}

struct framework *frameworks_find_completed(const struct master *m, const char *id)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &m->frameworks->completed) {
		struct framework *f = tp_container_of(node, struct framework, list);

		if (strcmp(f->id, id) == 0)
			return f;
	}
	return NULL;
}

struct framework *frameworks_completed_after(const struct master *m, uint64_t removal)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &m->frameworks->completed) {
		struct framework *f = tp_container_of(node, struct framework, list);

		if (f->removal > removal)
			return f;
	}
	return NULL;
}

void frameworks_next_id(struct master *m, char *id, size_t size)
{
	/* A scheduler may come with any id, so even ours may be in use. */
	do {
		snprintf(id, size, "%s-%04llu", m->id,
			(unsigned long long)m->frameworks->next_id++);
	} while (frameworks_find(m, id) != NULL ||
		frameworks_find_completed(m, id) != NULL);
}

bool framework_can(const struct framework *f, enum tp_framework_info_capability_type what)
{
	return (f->capabilities & (UINT32_C(1) << what)) != 0;
}

bool framework_has_role(const struct framework *f, const char *role)
{
	for (size_t i = 0; i < f->n_roles; i++) {
		if (strcmp(f->roles[i], role) == 0)
			return true;
	}
	return false;
}

/* --- events and calls ------------------------------------------------------------------ */

int framework_send(struct framework *f, struct tp_scheduler_event *event)
{
	if (f->sink == NULL)
		return -ENOTCONN;
	return f->sink->ops->event(f->sink, &tp_scheduler_event_desc, event);
}

void framework_error(struct framework *f, const char *message)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_scheduler_event *event = tp_record_new(&tp_scheduler_event_desc, arena);
	struct tp_sink *sink = f->sink;

	event->has_type = true;
	event->type = TP_SCHEDULER_EVENT_ERROR;
	event->error = tp_record_new(&tp_scheduler_event_error_desc, arena);
	event->error->message = message;
	framework_send(f, event);
	f->sink = NULL;
	if (sink != NULL)
		sink->ops->close(sink);
}

int frameworks_teardown(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	(void)call;
	(void)err;
	frameworks_remove(m, f, "torn down by its scheduler");
	return 0;
}

/* All roles of a list must be the framework's own. */
static int check_roles(const struct framework *f, const char *const *roles, size_t n,
	struct tp_error *err)
{
	if (n > FRAMEWORK_ROLES_MAX)
		return tp_fail(err, EINVAL,
			"The call names %zu roles, at most %d are allowed", n,
			FRAMEWORK_ROLES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (!framework_has_role(f, roles[i]))
			return tp_fail(err, EINVAL,
				"Role '%s' is not one of the framework's roles",
				roles[i]);
	}
	return 0;
}

static bool names(const char *const *roles, size_t n, const char *role)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(roles[i], role) == 0)
			return true;
	}
	return false;
}

/* For an allocator that comes later; n 0 = all roles. There is room for all of them. */
static void note_suppressed(
	struct framework *f, const char *const *roles, size_t n, bool suppressed)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n_suppressed; i++) {
		if (n > 0 && !names(roles, n, f->suppressed[i]))
			f->suppressed[kept++] = f->suppressed[i];
	}
	f->n_suppressed = kept;
	for (size_t i = 0; suppressed && i < f->n_roles; i++) {
		if (n == 0 || names(roles, n, f->roles[i]))
			f->suppressed[f->n_suppressed++] = f->roles[i];
	}
}

int frameworks_revive(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const char *const *roles = call->revive == NULL ? NULL : call->revive->roles;
	size_t n = call->revive == NULL ? 0 : call->revive->n_roles;
	int r = check_roles(f, roles, n, err);

	if (r < 0)
		return r;
	note_suppressed(f, roles, n, false);
	m->allocator.ops->revive(m->allocator.impl, f->slot, roles, n);
	return 0;
}

int frameworks_suppress(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	const char *const *roles = call->suppress == NULL ? NULL : call->suppress->roles;
	size_t n = call->suppress == NULL ? 0 : call->suppress->n_roles;
	int r = check_roles(f, roles, n, err);

	if (r < 0)
		return r;
	note_suppressed(f, roles, n, true);
	m->allocator.ops->suppress(m->allocator.impl, f->slot, roles, n);
	return 0;
}

/* The slots of the agents that are named; the caller's. One that is not here is nobody's. */
static uint32_t *requested_agents(const struct master *m,
	const struct tp_scheduler_call_request *body, size_t *ret_n, bool *ret_any)
{
	uint32_t *slots = tp_alloc((body->n_requests + 1) * sizeof *slots);

	*ret_n = 0;
	*ret_any = body->n_requests == 0;
	for (size_t i = 0; i < body->n_requests; i++) {
		const struct tp_agent_id *id = body->requests[i]->agent_id;
		const struct agent *a = id == NULL ? NULL : agents_find(m, id->value);

		*ret_any |= id == NULL;
		if (a != NULL)
			slots[(*ret_n)++] = a->slot;
	}
	return slots;
}

int frameworks_request(struct master *m, struct framework *f,
	const struct tp_scheduler_call *call, struct tp_error *err)
{
	tp_cleanup(ptr) uint32_t *slots = NULL;
	bool any;
	size_t n;

	if (m->allocator.ops->request == NULL)
		return tp_fail(
			err, ENOTSUP, "the allocator knows no requests: use another");
	slots = requested_agents(m, call->request, &n, &any);
	if (any || n > 0)
		m->allocator.ops->request(m->allocator.impl, f->slot, slots, any ? 0 : n);
	return 0;
}
