/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registrar. Variables: "agent/<id>" is a RegistryState.Agent, "unreachable/<id>" a
 * RegistryState.UnreachableAgent, "master" who leads; all msgpack. Others are left as they are.
 *
 *	FETCHING -> IDLE <-> STORING	any failure or timeout -> BROKEN, and the process exits
 */
#include "registrar.h"

#include <errno.h>
#include <string.h>

#include "agents.h"
#include "idrecord.h"

#include "tepui/codec.h"

#define AGENT_PREFIX "agent/"
#define UNREACHABLE_PREFIX "unreachable/"

enum state { IDLE, FETCHING, STORING, BROKEN };

struct registrar {
	struct master *master;
	enum state state;
	bool outstanding; /* the registry has our request */
	struct tp_registry_request request;
	struct tp_timer timeout;
	uint64_t version;
	struct tp_list waiting; /* for the next store */
	struct tp_list storing; /* in the store that runs */
	struct tp_done *flushed;
};

static void begin_store(struct registrar *r);

static void broken(struct registrar *r, const char *what, const struct tp_error *why)
{
	r->state = BROKEN;
	master_fatal(r->master, what, why);
	if (r->flushed != NULL)
		registrar_flush(r->master, r->flushed);
}

static void timed_out(struct tp_timer *timer)
{
	struct registrar *r = tp_container_of(timer, struct registrar, timeout);
	bool reading = r->state == FETCHING;
	struct tp_error err = { 0 };

	tp_fail(&err, ETIMEDOUT, "no answer within %s",
		reading ? "registry_fetch_timeout" : "registry_store_timeout");
	broken(r, reading ? "reading the registry failed" : "writing the registry failed",
		&err);
}

int registrar_create(struct master *m, struct tp_error *err)
{
	struct registrar *r = m->registrar = tp_alloc(sizeof *r);

	r->master = m;
	r->timeout.fire = timed_out;
	tp_list_init(&r->waiting);
	tp_list_init(&r->storing);
	return m->registry.ops->open(m->registry.impl, m->work_dir, err);
}

static void finish(struct tp_list *list, int status)
{
	struct tp_list done;
	struct registrar_operation *operation;

	/* Apart first: done() may begin new operations. */
	tp_list_init(&done);
	while ((operation = tp_list_first(list, struct registrar_operation, node))) {
		tp_list_remove(&operation->node);
		tp_list_append(&done, &operation->node);
	}
	while ((operation = tp_list_first(&done, struct registrar_operation, node))) {
		tp_list_remove(&operation->node);
		for (size_t i = 0; i < operation->n; i++) {
			tp_free(operation->changes[i].name);
			tp_strbuf_fini(&operation->changes[i].data);
		}
		operation->n = 0;
		operation->done(operation, status);
	}
}

void registrar_destroy(struct master *m)
{
	struct registrar *r = m->registrar;

	if (r == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &r->timeout);
	finish(&r->storing, -ECANCELED);
	finish(&r->waiting, -ECANCELED);
	m->registrar = NULL;
	r->master = NULL;
	/* A request that never came back still points here: it frees us when it does. */
	if (!r->outstanding)
		tp_free(r);
}

/* --- reading --------------------------------------------------------------------------- */

static int take_entry(struct master *m, const struct tp_registry_entry *entry,
	struct tp_arena *arena, struct tp_error *err)
{
	const struct tp_desc *desc = NULL;
	void *record;
	int r;

	if (strncmp(entry->name, AGENT_PREFIX, strlen(AGENT_PREFIX)) == 0)
		desc = &tp_registry_state_agent_desc;
	else if (strncmp(entry->name, UNREACHABLE_PREFIX, strlen(UNREACHABLE_PREFIX)) ==
		0)
		desc = &tp_registry_state_unreachable_agent_desc;
	else
		return 0;
	r = tp_msgpack_decode(desc, entry->data, entry->len, arena, &record, err);
	if (r >= 0)
		r = tp_record_check(desc, record, err);
	if (r < 0)
		return tp_wrap(err, r, "registry variable '%s'", entry->name);
	if (desc == &tp_registry_state_agent_desc)
		agents_recover(m, ((struct tp_registry_state_agent *)record)->info);
	else
		agents_recover_unreachable(m, record);
	return 0;
}

/* The answer to a request: true when nobody waits for it any more. */
static bool came_late(struct registrar *r)
{
	r->outstanding = false;
	if (r->master == NULL)
		tp_free(r);
	else if (r->state != BROKEN)
		return false;
	return true;
}

static void fetched(struct tp_registry_request *request, int status)
{
	struct registrar *r = tp_container_of(request, struct registrar, request);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = request->err;

	if (came_late(r))
		return;
	tp_timer_disarm(r->master->instance.loop, &r->timeout);
	r->state = IDLE;
	for (size_t i = 0; status >= 0 && i < request->n_entries; i++) {
		status = take_entry(r->master, &request->entries[i], arena, &err);
		tp_arena_reset(arena);
	}
	if (status < 0) {
		broken(r, "reading the registry failed", &err);
		return;
	}
	r->version = request->version;
	tp_info(r->master, "registry read", "version=%llu variables=%zu",
		(unsigned long long)request->version, request->n_entries);
	if (!r->master->stopping)
		master_recovered(r->master);
}

void registrar_fetch(struct master *m)
{
	struct registrar *r = m->registrar;

	tp_assert(r->state == IDLE);
	r->state = FETCHING;
	r->outstanding = true;
	r->request = (struct tp_registry_request){ .done = fetched };
	tp_timer_arm(m->instance.loop, &r->timeout, m->registry_fetch_timeout_ns);
	m->registry.ops->fetch(m->registry.impl, &r->request);
}

/* --- writing --------------------------------------------------------------------------- */

static void stored(struct tp_registry_request *request, int status)
{
	struct registrar *r = tp_container_of(request, struct registrar, request);

	if (came_late(r))
		return;
	tp_timer_disarm(r->master->instance.loop, &r->timeout);
	if (status < 0) {
		broken(r, "writing the registry failed", &request->err);
		return;
	}
	r->state = IDLE;
	r->version = request->version;
	finish(&r->storing, 0);
	if (!tp_list_empty(&r->waiting))
		begin_store(r);
	else if (r->flushed != NULL && r->state == IDLE)
		registrar_flush(r->master, r->flushed);
}

static size_t count(const struct tp_list *list)
{
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_list_foreach (node, tmp, list)
		n += tp_container_of(node, struct registrar_operation, node)->n;
	return n;
}

static void begin_store(struct registrar *r)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct master *m = r->master;
	struct registrar_operation *operation;
	struct tp_registry_entry *entries;
	size_t n = 0;

	entries = tp_arena_alloc(arena, (count(&r->waiting) + 1) * sizeof *entries);
	while ((operation =
			tp_list_first(&r->waiting, struct registrar_operation, node))) {
		tp_list_remove(&operation->node);
		tp_list_append(&r->storing, &operation->node);
		for (size_t i = 0; i < operation->n; i++) {
			const struct tp_strbuf *data = &operation->changes[i].data;
			bool remove = operation->changes[i].remove;

			entries[n++] = (struct tp_registry_entry){
				.name = operation->changes[i].name,
				.data = remove ? NULL : data->data,
				.len = remove ? 0 : data->len,
			};
		}
	}
	r->state = STORING;
	r->outstanding = true;
	r->request =
		(struct tp_registry_request){ .done = stored, .version = r->version };
	tp_timer_arm(m->instance.loop, &r->timeout, m->registry_store_timeout_ns);
	m->registry.ops->store(m->registry.impl, &r->request, entries, n);
}

static void queue(struct master *m, struct registrar_operation *operation)
{
	struct registrar *r = m->registrar;

	tp_list_append(&r->waiting, &operation->node);
	if (r->state == IDLE)
		begin_store(r);
}

static void change(struct registrar_operation *operation, const char *prefix,
	const char *id, const struct tp_desc *desc, const void *record)
{
	size_t i = operation->n++;

	tp_assert(i < REGISTRAR_CHANGES_MAX);
	operation->changes[i].name = tp_asprintf("%s%s", prefix, id);
	operation->changes[i].remove = record == NULL;
	operation->changes[i].data = (struct tp_strbuf)TP_STRBUF_INIT;
	if (record != NULL)
		tp_msgpack_encode(desc, record, &operation->changes[i].data);
}

void registrar_admit(struct master *m, struct registrar_operation *operation,
	const struct tp_agent_info *info)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_registry_state_agent *record =
		tp_record_new(&tp_registry_state_agent_desc, arena);

	record->info =
		(struct tp_agent_info *)record_shallow(&tp_agent_info_desc, info, arena);
	operation->n = 0;
	change(operation, AGENT_PREFIX, info->id->value, &tp_registry_state_agent_desc,
		record);
	change(operation, UNREACHABLE_PREFIX, info->id->value, NULL, NULL);
	queue(m, operation);
}

void registrar_mark_unreachable(struct master *m, struct registrar_operation *operation,
	const char *agent_id, int64_t since_ns)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_registry_state_unreachable_agent *record =
		tp_record_new(&tp_registry_state_unreachable_agent_desc, arena);

	record->id = agent_id_record(arena, agent_id);
	record->timestamp = time_record(arena, since_ns);
	operation->n = 0;
	change(operation, AGENT_PREFIX, agent_id, NULL, NULL);
	change(operation, UNREACHABLE_PREFIX, agent_id,
		&tp_registry_state_unreachable_agent_desc, record);
	queue(m, operation);
}

void registrar_remove(
	struct master *m, struct registrar_operation *operation, const char *agent_id)
{
	operation->n = 0;
	change(operation, AGENT_PREFIX, agent_id, NULL, NULL);
	queue(m, operation);
}

void registrar_flush(struct master *m, struct tp_done *done)
{
	struct registrar *r = m->registrar;

	if (r != NULL && r->state != IDLE && r->state != BROKEN) {
		r->flushed = done;
		return;
	}
	if (r != NULL)
		r->flushed = NULL;
	tp_done(done, 0);
}
