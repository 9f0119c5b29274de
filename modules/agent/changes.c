/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events are made only when somebody watches. An agent uses TASK_ADDED and TASK_UPDATED of the
 * v1 operator events.
 */
#include "changes.h"

#include "tepui/wire/master.h"

#include "executors.h"
#include "frameworks.h"
#include "tasks.h"

struct changes {
	struct tp_list watchers;
};

void changes_init(struct agent *agent)
{
	agent->changes = tp_alloc(sizeof(*agent->changes));
	tp_list_init(&agent->changes->watchers);
}

void changes_fini(struct agent *agent)
{
	tp_free(agent->changes);
	agent->changes = NULL;
}

static void tell(const struct agent *agent, const struct tp_master_event *event)
{
	struct tp_list *node, *tmp;

	tp_list_foreach (node, tmp, &agent->changes->watchers) {
		struct tp_watcher *watcher =
			tp_container_of(node, struct tp_watcher, node);

		watcher->changed(watcher, event);
	}
}

void changes_task_added(const struct task *task)
{
	const struct agent *agent = task->executor->framework->agent;
	struct tp_arena *arena;
	struct tp_master_event_task_added added;

	if (tp_list_empty(&agent->changes->watchers))
		return;
	arena = tp_arena_create(0);
	added.task = task_record(task, arena);
	tell(agent,
		&(struct tp_master_event){
			.has_type = true,
			.type = TP_MASTER_EVENT_TASK_ADDED,
			.task_added = &added,
		});
	tp_arena_destroy(arena);
}

void changes_task_updated(const struct task *task, const struct tp_task_status *status)
{
	const struct framework *framework = task->executor->framework;
	struct tp_master_event_task_updated updated = {
		.framework_id = framework->info->id,
		.status = (struct tp_task_status *)status,
		.has_state = true,
		.state = task->state,
	};

	tell(framework->agent,
		&(struct tp_master_event){
			.has_type = true,
			.type = TP_MASTER_EVENT_TASK_UPDATED,
			.task_updated = &updated,
		});
}

static void changes_watch(void *impl, struct tp_watcher *watcher)
{
	struct agent *agent = impl;

	tp_list_append(&agent->changes->watchers, &watcher->node);
}

static void changes_unwatch(void *impl, struct tp_watcher *watcher)
{
	(void)impl;
	tp_list_remove(&watcher->node);
}

const struct tp_changes_ops changes_ops = {
	.watch = changes_watch,
	.unwatch = changes_unwatch,
};
