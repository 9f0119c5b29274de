/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The registrar: which operation goes into which store, and what becomes of a store. Variables
 * are named in tepui/registry_variable.h; others are left as they are.
 *
 *	FETCHING -> IDLE <-> STORING -no space-> RETRYING -> STORING
 *	any other failure, or registry_store_timeout over all attempts -> BROKEN: the process exits
 */
#include "registrar.h"

#include <errno.h>
#include <string.h>

#include "absent.h"
#include "maintenance.h"
#include "quota.h"
#include "series.h"
#include "weights.h"

#include "tepui/codec.h"
#include "tepui/wire.h"

/* One store takes at most so many operations: those behind wait for the next. */
#define BATCH_MAX 4096
#define RETRY_NS (250 * TP_MSEC)

enum state { IDLE, FETCHING, STORING, RETRYING, BROKEN };

struct registrar {
	struct master *master;
	enum state state;
	bool outstanding; /* the registry has our request */
	struct tp_registry_request request;
	struct tp_timer timeout, retry;
	struct tp_error last; /* why the last attempt failed */
	uint64_t version;
	int64_t begun_ns;       /* of the request, loop time */
	struct tp_list waiting; /* for the next store */
	struct tp_list storing; /* in the store that runs */
	size_t n_waiting, n_storing;
	struct registrar_batch batch; /* of the store that runs */
	struct registrar_members members;
	struct tp_defer unchanged; /* a batch that writes nothing is done */
	struct registrar_operation recover;
	struct series fetch_ms, store_ms;
	struct tp_done *flushed;
};

static void begin_store(struct registrar *r);

static void broken(struct registrar *r, const char *what, const struct tp_error *why)
{
	r->state = BROKEN;
	tp_timer_disarm(r->master->instance.loop, &r->timeout);
	tp_timer_disarm(r->master->instance.loop, &r->retry);
	master_fatal(r->master, what, why);
	if (r->flushed != NULL)
		registrar_flush(r->master, r->flushed);
}

static void timed_out(struct tp_timer *timer)
{
	struct registrar *r = tp_container_of(timer, struct registrar, timeout);
	bool reading = r->state == FETCHING;
	struct tp_error err = { 0 };

	if (r->last.code != 0)
		tp_fail(&err, ETIMEDOUT,
			"no room within registry_store_timeout (%s); make some and "
			"start again",
			r->last.text);
	else
		tp_fail(&err, ETIMEDOUT, "no answer within %s",
			reading ? "registry_fetch_timeout" : "registry_store_timeout");
	broken(r, reading ? "reading the registry failed" : "writing the registry failed",
		&err);
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
		operation->done(operation, status < 0 ? status : operation->status);
	}
}

static void done_storing(struct registrar *r, int status)
{
	registrar_batch_end(&r->batch);
	r->n_storing = 0;
	finish(&r->storing, status);
}

/* The store is over and durable, or there was nothing to store. */
static void stored_all(struct registrar *r)
{
	r->state = IDLE;
	r->last.code = 0;
	done_storing(r, 0);
	if (r->state != IDLE)
		return;
	if (!tp_list_empty(&r->waiting))
		begin_store(r);
	else if (r->flushed != NULL)
		registrar_flush(r->master, r->flushed);
}

static void nothing_to_store(struct tp_defer *defer)
{
	stored_all(tp_container_of(defer, struct registrar, unchanged));
}

/* --- reading --------------------------------------------------------------------------- */

/* A master can what it announces. */
static int check_capability(
	const struct master *m, const char *name, struct tp_error *err)
{
	for (size_t i = 0; i < m->info->n_capabilities; i++) {
		const char *have = tp_enum_name(&tp_master_info_capability_type_enum,
			m->info->capabilities[i]->type);

		if (have != NULL && strcmp(have, name) == 0)
			return 0;
	}
	return tp_fail(err, EPROTONOSUPPORT,
		"the registry needs a master with the capability '%s'; upgrade this one",
		name);
}

static int take_entry(struct registrar *r, const struct tp_registry_entry *entry,
	struct tp_arena *arena, struct tp_error *err)
{
	const struct tp_registry_variable *row;
	void *record;
	int status = tp_registry_variable_decode(entry, arena, &row, &record, err);

	if (status == -ENOENT) {
		r->members.size_bytes += strlen(entry->name) + entry->len;
		tp_warn(r->master, "leaving a variable of the registry as it is",
			"why=%s", err->text);
		return 0;
	}
	if (status >= 0)
		status = registrar_members_load(&r->members, row, entry, err);
	if (status < 0)
		return status;
	if (row->what == TP_REGISTRY_CAPABILITY)
		return check_capability(
			r->master, entry->name + strlen(row->prefix), err);
	if (row->what == TP_REGISTRY_QUOTA)
		quota_load(r->master, record);
	else if (row->what == TP_REGISTRY_WEIGHT)
		weights_load(r->master, record);
	else if (row->what == TP_REGISTRY_MACHINE || row->what == TP_REGISTRY_SCHEDULE)
		maintenance_load(r->master, row->what, record);
	else
		absent_load(r->master, row, entry, record);
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

static double elapsed_ms(const struct registrar *r)
{
	return (double)(tp_loop_now_ns(r->master->instance.loop) - r->begun_ns) /
		(double)TP_MSEC;
}

static void recovered(struct registrar_operation *operation, int status)
{
	struct registrar *r = tp_container_of(operation, struct registrar, recover);

	if (status >= 0 && !r->master->stopping)
		master_recovered(r->master);
}

static void fetched(struct tp_registry_request *request, int status)
{
	struct registrar *r = tp_container_of(request, struct registrar, request);
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct tp_error err = request->err;

	if (came_late(r))
		return;
	tp_timer_disarm(r->master->instance.loop, &r->timeout);
	series_add(&r->fetch_ms, elapsed_ms(r));
	r->state = IDLE;
	for (size_t i = 0; status >= 0 && i < request->n_entries; i++) {
		status = take_entry(r, &request->entries[i], arena, &err);
		tp_arena_reset(arena);
	}
	if (status < 0) {
		broken(r, "reading the registry failed", &err);
		return;
	}
	r->version = request->version;
	tp_info(r->master, "registry read", "version=%llu variables=%zu",
		(unsigned long long)request->version, request->n_entries);
	if (r->master->stopping) {
		if (r->flushed != NULL)
			registrar_flush(r->master, r->flushed);
		return;
	}
	r->recover.done = recovered;
	registrar_apply(r->master, &r->recover, REGISTRAR_RECOVER,
		&(struct registrar_arguments){ .master = r->master->info });
}

void registrar_fetch(struct master *m)
{
	struct registrar *r = m->registrar;

	tp_assert(r->state == IDLE);
	r->state = FETCHING;
	r->outstanding = true;
	r->begun_ns = tp_loop_now_ns(m->instance.loop);
	r->request = (struct tp_registry_request){ .done = fetched };
	tp_timer_arm(m->instance.loop, &r->timeout, m->registry_fetch_timeout_ns);
	m->registry.ops->fetch(m->registry.impl, &r->request);
}

/* --- writing --------------------------------------------------------------------------- */

static void stored(struct tp_registry_request *request, int status)
{
	struct registrar *r = tp_container_of(request, struct registrar, request);
	struct tp_loop *loop;

	if (came_late(r))
		return;
	loop = r->master->instance.loop;
	if (status == -ENOSPC && r->flushed == NULL) {
		if (r->last.code == 0)
			tp_warn(r->master,
				"there is no room for the registry, trying again until "
				"registry_store_timeout; nobody is admitted meanwhile",
				"why=%s", request->err.text);
		r->last = request->err;
		r->state = RETRYING;
		tp_timer_arm(loop, &r->retry, RETRY_NS);
		return;
	}
	tp_timer_disarm(loop, &r->timeout);
	if (status < 0) {
		broken(r, "writing the registry failed", &request->err);
		return;
	}
	if (r->last.code != 0)
		tp_info(r->master, "there is room for the registry again", "%s", "");
	series_add(&r->store_ms, elapsed_ms(r));
	r->version = request->version;
	stored_all(r);
}

static void attempt(struct registrar *r)
{
	struct master *m = r->master;

	r->state = STORING;
	r->outstanding = true;
	r->request =
		(struct tp_registry_request){ .done = stored, .version = r->version };
	m->registry.ops->store(
		m->registry.impl, &r->request, r->batch.entries, r->batch.n);
}

static void attempt_again(struct tp_timer *timer)
{
	attempt(tp_container_of(timer, struct registrar, retry));
}

static void begin_store(struct registrar *r)
{
	struct master *m = r->master;
	struct registrar_operation *operation;
	struct tp_error err;

	registrar_batch_begin(&r->batch);
	while (r->n_storing < BATCH_MAX &&
		(operation = tp_list_first(
			 &r->waiting, struct registrar_operation, node)) != NULL) {
		tp_list_remove(&operation->node);
		tp_list_append(&r->storing, &operation->node);
		r->n_waiting--;
		r->n_storing++;
		operation->status = registrar_operation_apply(
			&r->members, operation, &r->batch, &err);
		if (operation->status < 0)
			tp_warn(m, "the registry refuses an operation",
				"operation=%s why=%s",
				registrar_operation_name(operation), err.text);
	}
	r->state = STORING;
	if (r->batch.n == 0) {
		tp_loop_defer(m->instance.loop, &r->unchanged);
		return;
	}
	r->begun_ns = tp_loop_now_ns(m->instance.loop);
	tp_timer_arm(m->instance.loop, &r->timeout, m->registry_store_timeout_ns);
	attempt(r);
}

void registrar_apply(struct master *m, struct registrar_operation *operation,
	enum registrar_kind kind, const struct registrar_arguments *arguments)
{
	struct registrar *r = m->registrar;

	operation->kind = kind;
	operation->arguments = *arguments;
	tp_list_append(&r->waiting, &operation->node);
	r->n_waiting++;
	if (r->state == IDLE)
		begin_store(r);
}

/* --- life ------------------------------------------------------------------------------ */

int registrar_create(struct master *m, struct tp_error *err)
{
	struct registrar *r = m->registrar = tp_alloc(sizeof *r);

	r->master = m;
	r->timeout.fire = timed_out;
	r->retry.fire = attempt_again;
	r->unchanged.run = nothing_to_store;
	tp_list_init(&r->waiting);
	tp_list_init(&r->storing);
	registrar_members_init(&r->members);
	series_init(&r->fetch_ms, m->instance.metrics, "registrar/state_fetch_ms");
	series_init(&r->store_ms, m->instance.metrics, "registrar/state_store_ms");
	return m->registry.ops->open(m->registry.impl, m->work_dir, err);
}

void registrar_destroy(struct master *m)
{
	struct registrar *r = m->registrar;

	if (r == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &r->timeout);
	tp_timer_disarm(m->instance.loop, &r->retry);
	tp_loop_undefer(m->instance.loop, &r->unchanged);
	r->state = BROKEN;
	done_storing(r, -ECANCELED);
	finish(&r->waiting, -ECANCELED);
	registrar_members_fini(&r->members);
	series_fini(&r->fetch_ms);
	series_fini(&r->store_ms);
	m->registrar = NULL;
	r->master = NULL;
	/* A request that never came back still points here: it frees us when it does. */
	if (!r->outstanding)
		tp_free(r);
}

void registrar_flush(struct master *m, struct tp_done *done)
{
	struct registrar *r = m->registrar;

	if (r != NULL && r->state == RETRYING) {
		/* Nobody was told anything yet, and there may never be room. */
		tp_timer_disarm(m->instance.loop, &r->timeout);
		tp_timer_disarm(m->instance.loop, &r->retry);
		r->state = BROKEN;
		done_storing(r, -ECANCELED);
	}
	if (r != NULL && r->state != IDLE && r->state != BROKEN) {
		r->flushed = done;
		return;
	}
	if (r != NULL)
		r->flushed = NULL;
	tp_done(done, 0);
}

size_t registrar_n_queued(const struct master *m)
{
	const struct registrar *r = m->registrar;

	return r == NULL ? 0 : r->n_waiting + r->n_storing;
}

uint64_t registrar_size_bytes(const struct master *m)
{
	return m->registrar == NULL ? 0 : m->registrar->members.size_bytes;
}
