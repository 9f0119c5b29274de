/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of what is to be removed, in order. An executor id may be in use again by then: in that
 * case only the old run goes.
 */
#include "litter.h"

#include "checkpoint.h"
#include "executors.h"
#include "frameworks.h"
#include "journal.h"

#define LITTER_NS TP_MIN
#define LITTER_MAX 4096

struct litter {
	struct agent *agent;
	struct tp_timer timer;
	struct tp_list items;
	size_t n;
};

struct litter_item {
	struct tp_list node;
	struct tp_arena *arena;
	const char *framework_id, *executor_id;
	const char *executor_path, *run_path;
};

static void item_remove(struct agent *agent, struct litter_item *item)
{
	bool again = executor_find(agent, item->framework_id, item->executor_id) != NULL;

	journal_remove(agent->journal, again ? item->run_path : item->executor_path);
}

static void item_destroy(struct litter *self, struct litter_item *item)
{
	tp_list_remove(&item->node);
	self->n--;
	tp_arena_destroy(item->arena);
}

void litter_flush(struct agent *agent)
{
	struct litter *self = agent->litter;
	struct tp_list *node, *tmp;

	tp_timer_disarm(agent->instance.loop, &self->timer);
	tp_list_foreach (node, tmp, &self->items) {
		struct litter_item *item =
			tp_container_of(node, struct litter_item, node);

		item_remove(agent, item);
		item_destroy(self, item);
	}
}

static void litter_late(struct tp_timer *timer)
{
	litter_flush(tp_container_of(timer, struct litter, timer)->agent);
}

void litter_init(struct agent *agent)
{
	agent->litter = tp_alloc(sizeof(*agent->litter));
	agent->litter->agent = agent;
	agent->litter->timer.fire = litter_late;
	tp_list_init(&agent->litter->items);
}

void litter_add(const struct executor *executor)
{
	struct agent *agent = executor->framework->agent;
	struct litter *self = agent->litter;
	struct tp_arena *arena = tp_arena_create(512);
	struct litter_item *item = tp_arena_alloc(arena, sizeof(*item));
	tp_cleanup(ptr) char *path = checkpoint_executor_path(executor);

	item->arena = arena;
	item->framework_id = tp_arena_strdup(arena, executor->framework->id);
	item->executor_id = tp_arena_strdup(arena, executor->id);
	item->executor_path = tp_arena_strdup(arena, path);
	item->run_path =
		tp_arena_printf(arena, "%s/runs/%s", path, executor->container_id);
	tp_list_append(&self->items, &item->node);
	if (++self->n >= LITTER_MAX)
		litter_flush(agent);
	else if (!tp_timer_armed(&self->timer))
		tp_timer_arm(agent->instance.loop, &self->timer, LITTER_NS);
}

void litter_fini(struct agent *agent)
{
	struct litter *self = agent->litter;
	struct tp_list *node, *tmp;

	if (self == NULL)
		return;
	tp_timer_disarm(agent->instance.loop, &self->timer);
	tp_list_foreach (node, tmp, &self->items) {
		item_destroy(self, tp_container_of(node, struct litter_item, node));
	}
	tp_free(self);
	agent->litter = NULL;
}
