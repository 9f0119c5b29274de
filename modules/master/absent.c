/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agents that are not there, one small struct each: there may be a hundred thousand. A
 * recovered one keeps its AgentInfo packed, to see whether it says something new when it is back.
 */
#include "absent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"
#include "messages.h"
#include "registrar.h"
#include "removal.h"

#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/wire.h"

#define PLACES (TP_REGISTRY_GONE + 1)

struct absent {
	struct tp_map_node node;
	struct master *master;
	enum tp_registry_what place;
	int64_t since_ns;       /* unreachable and gone ones */
	bool machine_down;      /* why it is gone */
	struct tp_bytes packed; /* recovered ones: struct tp_agent_info */
	struct removal removal; /* recovered ones whose time is over */
	struct registrar_operation operation;
	bool storing; /* or held */
	char id[];
};

/* What a pruning removes, as it was when it was decided. */
struct pruning {
	struct registrar_operation operation;
	const char **ids;
	int64_t *since_ns;
	size_t n;
	struct tp_arena *arena; /* NULL = none is under way */
};

struct absents {
	struct master *master;
	struct tp_map maps[PLACES]; /* by enum tp_registry_what */
	struct tp_timer failover;   /* until the recovered ones are given up */
	struct tp_timer gc;
	size_t n_at_start; /* recovered ones */
	struct pruning pruning;
};

static void give_up(struct tp_timer *timer);
static void collect(struct tp_timer *timer);

int absent_create(struct master *m)
{
	struct absents *as = m->absents = tp_alloc(sizeof *as);

	as->master = m;
	for (size_t i = 0; i < PLACES; i++)
		tp_map_init(&as->maps[i]);
	as->failover.fire = give_up;
	as->gc.fire = collect;
	return 0;
}

static void release(struct absent *absent)
{
	removal_cancel(absent->master, &absent->removal);
	tp_map_remove(&absent->master->absents->maps[absent->place], &absent->node);
	tp_free((void *)(uintptr_t)absent->packed.data);
	tp_free(absent);
}

void absent_destroy(struct master *m)
{
	struct absents *as = m->absents;
	struct tp_list *node, *tmp;

	if (as == NULL)
		return;
	tp_timer_disarm(m->instance.loop, &as->failover);
	tp_timer_disarm(m->instance.loop, &as->gc);
	for (size_t i = 0; i < PLACES; i++) {
		tp_map_foreach (node, tmp, &as->maps[i])
			release(tp_map_entry(node, struct absent, node));
		tp_map_fini(&as->maps[i]);
	}
	tp_arena_destroy(as->pruning.arena);
	tp_free(as);
	m->absents = NULL;
}

/* --- the tables ------------------------------------------------------------------------ */

static struct absent *find(
	const struct master *m, enum tp_registry_what place, const char *id)
{
	return tp_map_get(&m->absents->maps[place], id, struct absent, node);
}

static struct absent *find_any(const struct master *m, const char *id)
{
	struct absent *absent = NULL;

	for (int place = TP_REGISTRY_AGENT; absent == NULL && place < PLACES; place++)
		absent = find(m, place, id);
	return absent;
}

void absent_put(
	struct master *m, enum tp_registry_what place, const char *id, int64_t since_ns)
{
	struct absent *absent = find_any(m, id);
	size_t len = strlen(id) + 1;

	if (absent != NULL) {
		removal_cancel(m, &absent->removal);
		tp_map_remove(&m->absents->maps[absent->place], &absent->node);
	} else {
		absent = tp_alloc(sizeof *absent + len);
		absent->master = m;
		memcpy(absent->id, id, len);
	}
	tp_free((void *)(uintptr_t)absent->packed.data);
	absent->packed = (struct tp_bytes){ NULL, 0 };
	absent->place = place;
	absent->since_ns = since_ns;
	absent->machine_down = false;
	absent->storing = false;
	tp_map_add(&m->absents->maps[place], &absent->node, absent->id);
}

void absent_put_down(struct master *m, const char *id, int64_t since_ns)
{
	absent_put(m, TP_REGISTRY_GONE, id, since_ns);
	find(m, TP_REGISTRY_GONE, id)->machine_down = true;
}

static void pack(struct absent *absent, const struct tp_agent_info *info)
{
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	tp_msgpack_encode(&tp_agent_info_desc, info, &buf);
	absent->packed.data = memcpy(tp_alloc(buf.len), buf.data, buf.len);
	absent->packed.len = buf.len;
}

void absent_load(struct master *m, const struct tp_registry_variable *row,
	const struct tp_registry_entry *entry, const void *record)
{
	const struct tp_registry_state_unreachable_agent *unreachable = record;
	const struct tp_registry_state_gone_agent *gone = record;
	const char *id = entry->name + strlen(row->prefix);

	switch (row->what) {
	case TP_REGISTRY_AGENT:
		absent_put(m, row->what, id, 0);
		pack(find(m, row->what, id),
			((const struct tp_registry_state_agent *)record)->info);
		m->absents->n_at_start++;
		return;
	case TP_REGISTRY_UNREACHABLE:
		absent_put(m, row->what, id, unreachable->timestamp->nanoseconds);
		return;
	case TP_REGISTRY_GONE:
		absent_put(m, row->what, id, gone->timestamp->nanoseconds);
		find(m, row->what, id)->machine_down =
			gone->has_machine_down && gone->machine_down;
		return;
	default:
		return;
	}
}

size_t absent_n_at_start(const struct master *m)
{
	return m->absents->n_at_start;
}

size_t absent_n(const struct master *m, enum tp_registry_what place)
{
	return m->absents->maps[place].n;
}

bool absent_is(const struct master *m, enum tp_registry_what place, const char *id)
{
	return find(m, place, id) != NULL;
}

bool absent_is_known(const struct master *m, const char *id)
{
	return find_any(m, id) != NULL;
}

bool absent_is_down(const struct master *m, const char *id)
{
	const struct absent *absent = find(m, TP_REGISTRY_GONE, id);

	return absent != NULL && absent->machine_down;
}

int64_t absent_since(const struct master *m, enum tp_registry_what place, const char *id)
{
	const struct absent *absent = find(m, place, id);

	return absent == NULL ? 0 : absent->since_ns;
}

bool absent_is_stored(const struct master *m, const struct tp_agent_info *info)
{
	const struct absent *absent = find(m, TP_REGISTRY_AGENT, info->id->value);
	tp_cleanup(strbuf) struct tp_strbuf buf = TP_STRBUF_INIT;

	if (absent == NULL)
		return false;
	tp_msgpack_encode(&tp_agent_info_desc, info, &buf);
	return buf.len == absent->packed.len &&
		memcmp(buf.data, absent->packed.data, buf.len) == 0;
}

bool absent_is_changing(const struct master *m, const char *id)
{
	const struct absent *absent = find_any(m, id);

	return absent != NULL && absent->storing;
}

void absent_infos(const struct master *m, struct tp_arena *arena,
	struct tp_agent_info ***items, size_t *n)
{
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &m->absents->maps[TP_REGISTRY_AGENT]) {
		const struct absent *absent = tp_map_entry(node, struct absent, node);
		void *info;
		int r = tp_msgpack_decode(&tp_agent_info_desc, absent->packed.data,
			absent->packed.len, arena, &info, NULL);

		tp_assert(r >= 0); /* we packed it ourselves */
		tp_arena_push(arena, items, n, info);
	}
}

void absent_hold(struct master *m, const char *id, bool hold)
{
	struct absent *absent = find_any(m, id);

	if (absent == NULL)
		return;
	absent->storing = hold;
	removal_cancel(m, &absent->removal);
}

void absent_forget(struct master *m, const char *id)
{
	struct absent *absent = find_any(m, id);

	if (absent != NULL)
		release(absent);
}

/* --- who does not come back after a restart of the master -------------------------------- */

/* It is in the registry as unreachable now. */
static void given_up(struct registrar_operation *operation, int status)
{
	struct absent *absent = tp_container_of(operation, struct absent, operation);
	struct master *m = absent->master;

	absent->storing = false;
	if (status < 0)
		return;
	absent_put(m, TP_REGISTRY_UNREACHABLE, absent->id, absent->since_ns);
	counter_add(m, COUNTER_RECOVERY_AGENT_REMOVALS, 1);
	counter_add(m, COUNTER_AGENT_UNREACHABLE_COMPLETED, 1);
	tp_warn(m,
		"agent did not come back after the master's restart, it is unreachable",
		"agent=%s", absent->id);
	messages_agent_lost(m, absent->id);
}

static void turn(struct removal *removal)
{
	struct absent *absent = tp_container_of(removal, struct absent, removal);

	absent->since_ns = tp_loop_wall_ns(absent->master->instance.loop);
	absent->operation.done = given_up;
	absent->storing = true;
	registrar_apply(absent->master, &absent->operation,
		REGISTRAR_MARK_AGENT_UNREACHABLE,
		&(struct registrar_arguments){
			.agent_id = absent->id, .at_ns = absent->since_ns });
}

/* More than the limit may mean that the master is cut off, not they. */
static bool too_many(const struct absents *as)
{
	struct master *m = as->master;
	size_t missing = as->maps[TP_REGISTRY_AGENT].n;
	struct tp_error err = { 0 };

	if (missing == 0 ||
		(double)missing * 100 <=
			m->recovery_removal_percent * (double)as->n_at_start)
		return false;
	tp_fail(&err, ECANCELED,
		"%zu of %zu agents did not come back within agent_reregister_timeout, "
		"recovery_agent_removal_limit is %s: find out whether they run and reach "
		"this master, then start it again, with a higher limit if they are lost",
		missing, as->n_at_start, m->recovery_agent_removal_limit);
	master_fatal(m, "too many agents are missing, ending", &err);
	return true;
}

static void give_up(struct tp_timer *timer)
{
	struct absents *as = tp_container_of(timer, struct absents, failover);
	struct master *m = as->master;
	struct tp_list *node, *tmp;

	if (tp_timer_overslept(m->instance.loop, timer, m->agent_reregister_timeout_ns)) {
		tp_timer_arm(m->instance.loop, timer, m->agent_reregister_timeout_ns);
		return;
	}
	if (too_many(as))
		return;
	tp_map_foreach (node, tmp, &as->maps[TP_REGISTRY_AGENT]) {
		struct absent *absent = tp_map_entry(node, struct absent, node);

		if (absent->storing)
			continue;
		absent->removal.turn = turn;
		removal_schedule(as->master, &absent->removal);
	}
}

void absent_recovered(struct master *m)
{
	struct absents *as = m->absents;

	if (as->maps[TP_REGISTRY_AGENT].n > 0)
		tp_timer_arm(
			m->instance.loop, &as->failover, m->agent_reregister_timeout_ns);
	tp_timer_arm(m->instance.loop, &as->gc, m->registry_gc_interval_ns);
}

/* --- forgetting ------------------------------------------------------------------------- */

static void pruned(struct registrar_operation *operation, int status)
{
	struct absents *as =
		tp_container_of(operation, struct absents, pruning.operation);
	struct pruning *p = &as->pruning;

	for (size_t i = 0; status >= 0 && i < p->n; i++) {
		struct absent *absent = find_any(as->master, p->ids[i]);

		/* It may have come back, and gone again, meanwhile. */
		if (absent != NULL && absent->place != TP_REGISTRY_AGENT &&
			absent->since_ns == p->since_ns[i])
			release(absent);
	}
	if (status >= 0)
		tp_info(as->master, "forgot agents that were away for long", "agents=%zu",
			p->n);
	tp_arena_destroy(p->arena);
	*p = (struct pruning){ 0 };
}

static int compare_age(const void *a, const void *b)
{
	const struct absent *const *x = a, *const *y = b;

	return ((*x)->since_ns > (*y)->since_ns) - ((*x)->since_ns < (*y)->since_ns);
}

/* Adds those of one place that are too old, or the oldest beyond the number. */
static void add_old(struct absents *as, enum tp_registry_what place)
{
	const struct master *m = as->master;
	const struct tp_map *map = &as->maps[place];
	int64_t horizon =
		tp_loop_wall_ns(m->instance.loop) - m->registry_max_agent_age_ns;
	tp_cleanup(ptr) struct absent **sorted = tp_alloc((map->n + 1) * sizeof(*sorted));
	struct pruning *p = &as->pruning;
	struct tp_list *node, *tmp;
	size_t n = 0;

	tp_map_foreach (node, tmp, map)
		sorted[n++] = tp_map_entry(node, struct absent, node);
	qsort(sorted, n, sizeof(*sorted), compare_age);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i]->since_ns >= horizon &&
			n - i <= m->registry_max_agent_count)
			break;
		if (sorted[i]->storing)
			continue;
		p->ids[p->n] = tp_arena_strdup(p->arena, sorted[i]->id);
		p->since_ns[p->n++] = sorted[i]->since_ns;
	}
}

static void collect(struct tp_timer *timer)
{
	struct absents *as = tp_container_of(timer, struct absents, gc);
	struct master *m = as->master;
	size_t n = as->maps[TP_REGISTRY_UNREACHABLE].n + as->maps[TP_REGISTRY_GONE].n;
	struct pruning *p = &as->pruning;

	tp_timer_arm(m->instance.loop, &as->gc, m->registry_gc_interval_ns);
	if (p->arena != NULL || n == 0)
		return;
	p->arena = tp_arena_create(0);
	p->ids = tp_arena_alloc(p->arena, n * sizeof(*p->ids));
	p->since_ns = tp_arena_alloc(p->arena, n * sizeof(*p->since_ns));
	add_old(as, TP_REGISTRY_UNREACHABLE);
	add_old(as, TP_REGISTRY_GONE);
	if (p->n == 0) {
		tp_arena_destroy(p->arena);
		*p = (struct pruning){ 0 };
		return;
	}
	p->operation.done = pruned;
	registrar_apply(m, &p->operation, REGISTRAR_PRUNE,
		&(struct registrar_arguments){
			.agent_ids = p->ids, .n_agent_ids = p->n });
}
