/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Counters are written where things happen; gauges walk the tables when somebody looks.
 */
#include "metrics.h"

#include "tepui/resources.h"
#include "tepui/wire/machine.h"

#include "executors.h"
#include "frameworks.h"
#include "gc.h"
#include "oversubscription.h"
#include "tasks.h"
#include "usage.h"

enum percent { TOTAL, USED, PERCENT };

/* A gauge of revocable resources; the others are of all that is not. */
#define REVOCABLE 0x100

static struct agent *gauge_agent(struct tp_metric *metric, int *ret_what)
{
	struct agent_gauge *gauge = tp_container_of(metric, struct agent_gauge, metric);

	*ret_what = gauge->what;
	return gauge->agent;
}

static double read_uptime(struct tp_metric *metric)
{
	int what;
	struct agent *agent = gauge_agent(metric, &what);

	return (double)(tp_loop_wall_ns(agent->instance.loop) - agent->started_wall_ns) /
		(double)TP_SEC;
}

static double read_registered(struct tp_metric *metric)
{
	int what;

	return gauge_agent(metric, &what)->state == AGENT_RUNNING;
}

static double read_frameworks(struct tp_metric *metric)
{
	int what;

	return (double)gauge_agent(metric, &what)->frameworks->running.n;
}

/* Calls `each` for every executor that is not completed. */
static void executors_each(struct agent *agent,
	void (*each)(const struct executor *executor, void *arg), void *arg)
{
	struct tp_list *f, *tmp_f, *e, *tmp_e;

	tp_map_foreach (f, tmp_f, &agent->frameworks->running) {
		struct framework *framework = tp_map_entry(f, struct framework, node);

		tp_map_foreach (e, tmp_e, &framework->executors) {
			each(tp_map_entry(e, struct executor, node), arg);
		}
	}
}

struct count {
	int what;
	size_t n;
};

static void count_tasks(const struct executor *executor, void *arg)
{
	struct count *count = arg;
	struct tp_list *node, *tmp;

	tp_map_foreach (node, tmp, &executor->tasks) {
		count->n += tp_map_entry(node, struct task, node)->state == count->what;
	}
}

static double read_tasks(struct tp_metric *metric)
{
	struct count count = { 0 };
	struct agent *agent = gauge_agent(metric, &count.what);

	executors_each(agent, count_tasks, &count);
	return (double)count.n;
}

static void count_executors(const struct executor *executor, void *arg)
{
	struct count *count = arg;

	count->n += (int)executor->state == count->what;
}

static double read_executors(struct tp_metric *metric)
{
	struct count count = { 0 };
	struct agent *agent = gauge_agent(metric, &count.what);

	executors_each(agent, count_executors, &count);
	return (double)count.n;
}

static double read_gc_waiting(struct tp_metric *metric)
{
	int what;

	return (double)gc_waiting(gauge_agent(metric, &what));
}

static double read_gc_age(struct tp_metric *metric)
{
	int what;

	return gc_allowed_age_secs(gauge_agent(metric, &what));
}

static const char *const resource_names[] = { "cpus", "gpus", "mem", "disk" };

/* What may not be taken back. */
static int64_t sum_milli(struct tp_resource *const *items, size_t n, const char *name)
{
	int64_t sum = 0;

	for (size_t i = 0; i < n; i++) {
		if (items[i]->scalar != NULL && items[i]->revocable == NULL &&
			tp_streq(items[i]->name, name))
			sum += items[i]->scalar->value_milli;
	}
	return sum;
}

struct use {
	const char *name;
	int64_t milli;
};

static void sum_executor(const struct executor *executor, void *arg)
{
	struct use *use = arg;
	struct tp_list *node, *tmp;

	if (executor->state == EXECUTOR_TERMINATED)
		return;
	if (!executor->command)
		use->milli += sum_milli(executor->info->resources,
			executor->info->n_resources, use->name);
	tp_map_foreach (node, tmp, &executor->tasks) {
		const struct task *task = tp_map_entry(node, struct task, node);

		if (task->place != TASK_TERMINATED)
			use->milli += sum_milli(task->info->resources,
				task->info->n_resources, use->name);
	}
}

static int64_t total_milli(const struct agent *agent, const char *name, bool revocable)
{
	return revocable
		? tp_resources_milli(oversubscription_total(agent), name)
		: sum_milli(agent->info->resources, agent->info->n_resources, name);
}

static int64_t used_milli(struct agent *agent, const char *name, bool revocable)
{
	tp_cleanup(resources) struct tp_resources used = TP_RESOURCES_INIT;
	struct use use = { .name = name };

	if (revocable) {
		usage_revocable(agent, &used);
		return tp_resources_milli(&used, name);
	}
	executors_each(agent, sum_executor, &use);
	return use.milli;
}

static double read_resource(struct tp_metric *metric)
{
	int what;
	struct agent *agent = gauge_agent(metric, &what);
	bool revocable = what & REVOCABLE;
	const char *name = resource_names[(what & ~REVOCABLE) / 3];
	enum percent which = (what & ~REVOCABLE) % 3;
	int64_t total = which == USED ? 0 : total_milli(agent, name, revocable);
	int64_t used = which == TOTAL ? 0 : used_milli(agent, name, revocable);

	if (which == PERCENT)
		return total == 0 ? 0 : (double)used / (double)total;
	return (double)(which == TOTAL ? total : used) / 1000;
}

static void add_gauge(struct agent *agent, const char *name,
	double (*read)(struct tp_metric *), int what)
{
	struct metrics *self = agent->metrics;
	struct agent_gauge *gauge = &self->gauges[self->n_gauges];

	tp_assert(self->n_gauges < METRICS_GAUGES_MAX);
	gauge->metric.name = name;
	gauge->metric.read = read;
	gauge->agent = agent;
	gauge->what = what;
	/* A second agent in one process: the first one keeps the names. */
	if (tp_metrics_add(agent->instance.metrics, &gauge->metric))
		self->n_gauges++;
}

static const struct {
	const char *name;
	size_t offset;
} counters[] = {
	{ "slave/tasks_finished", offsetof(struct metrics, tasks_finished) },
	{ "slave/tasks_failed", offsetof(struct metrics, tasks_failed) },
	{ "slave/tasks_killed", offsetof(struct metrics, tasks_killed) },
	{ "slave/tasks_lost", offsetof(struct metrics, tasks_lost) },
	{ "slave/tasks_gone", offsetof(struct metrics, tasks_gone) },
	{ "slave/executors_terminated", offsetof(struct metrics, executors_terminated) },
	{ "slave/executors_preempted", offsetof(struct metrics, executors_preempted) },
	{ "slave/container_launch_errors",
		offsetof(struct metrics, container_launch_errors) },
	{ "slave/valid_status_updates", offsetof(struct metrics, valid_status_updates) },
	{ "slave/invalid_status_updates",
		offsetof(struct metrics, invalid_status_updates) },
	{ "slave/valid_framework_messages",
		offsetof(struct metrics, valid_framework_messages) },
	{ "slave/invalid_framework_messages",
		offsetof(struct metrics, invalid_framework_messages) },
	{ "slave/recovery_errors", offsetof(struct metrics, recovery_errors) },
	{ "gc/path_removals_succeeded", offsetof(struct metrics, gc_succeeded) },
	{ "gc/path_removals_failed", offsetof(struct metrics, gc_failed) },
	{ "slave/recovery_time_secs", offsetof(struct metrics, recovery_time_secs) },
};

static struct tp_metric *counter(struct metrics *self, size_t i)
{
	return (struct tp_metric *)(void *)((char *)self + counters[i].offset);
}

void metrics_init(struct agent *agent)
{
	static const char *const resource_metrics[] = { "slave/cpus_total",
		"slave/cpus_used", "slave/cpus_percent", "slave/gpus_total",
		"slave/gpus_used", "slave/gpus_percent", "slave/mem_total",
		"slave/mem_used", "slave/mem_percent", "slave/disk_total",
		"slave/disk_used", "slave/disk_percent" };
	static const char *const revocable_metrics[] = { "slave/cpus_revocable_total",
		"slave/cpus_revocable_used", "slave/cpus_revocable_percent",
		"slave/gpus_revocable_total", "slave/gpus_revocable_used",
		"slave/gpus_revocable_percent", "slave/mem_revocable_total",
		"slave/mem_revocable_used", "slave/mem_revocable_percent",
		"slave/disk_revocable_total", "slave/disk_revocable_used",
		"slave/disk_revocable_percent" };

	agent->metrics = tp_alloc(sizeof(*agent->metrics));
	for (size_t i = 0; i < TP_COUNT(counters); i++) {
		counter(agent->metrics, i)->name = counters[i].name;
		tp_metrics_add(agent->instance.metrics, counter(agent->metrics, i));
	}
	add_gauge(agent, "slave/uptime_secs", read_uptime, 0);
	add_gauge(agent, "slave/registered", read_registered, 0);
	add_gauge(agent, "slave/frameworks_active", read_frameworks, 0);
	add_gauge(agent, "slave/tasks_staging", read_tasks, TP_TASK_STAGING);
	add_gauge(agent, "slave/tasks_starting", read_tasks, TP_TASK_STARTING);
	add_gauge(agent, "slave/tasks_running", read_tasks, TP_TASK_RUNNING);
	add_gauge(agent, "slave/tasks_killing", read_tasks, TP_TASK_KILLING);
	add_gauge(agent, "slave/executors_registering", read_executors,
		EXECUTOR_REGISTERING);
	add_gauge(agent, "slave/executors_running", read_executors, EXECUTOR_RUNNING);
	add_gauge(agent, "slave/executors_terminating", read_executors,
		EXECUTOR_TERMINATING);
	add_gauge(agent, "gc/path_removals_pending", read_gc_waiting, 0);
	add_gauge(agent, "slave/executor_directory_max_allowed_age_secs", read_gc_age, 0);
	for (size_t i = 0; i < TP_COUNT(resource_metrics); i++)
		add_gauge(agent, resource_metrics[i], read_resource, (int)i);
	for (size_t i = 0; i < TP_COUNT(revocable_metrics); i++)
		add_gauge(agent, revocable_metrics[i], read_resource, (int)i | REVOCABLE);
}

void metrics_fini(struct agent *agent)
{
	struct metrics *self = agent->metrics;

	if (self == NULL)
		return;
	for (size_t i = 0; i < TP_COUNT(counters); i++)
		tp_metrics_remove(agent->instance.metrics, counter(self, i));
	for (size_t i = 0; i < self->n_gauges; i++)
		tp_metrics_remove(agent->instance.metrics, &self->gauges[i].metric);
	tp_free(self);
	agent->metrics = NULL;
}

void metrics_task_ended(struct agent *agent, int state)
{
	struct metrics *self = agent->metrics;

	switch (state) {
	case TP_TASK_FINISHED:
		self->tasks_finished.value++;
		break;
	case TP_TASK_FAILED:
	case TP_TASK_ERROR:
		self->tasks_failed.value++;
		break;
	case TP_TASK_KILLED:
		self->tasks_killed.value++;
		break;
	case TP_TASK_LOST:
	case TP_TASK_DROPPED:
		self->tasks_lost.value++;
		break;
	case TP_TASK_GONE:
	case TP_TASK_GONE_BY_OPERATOR:
		self->tasks_gone.value++;
		break;
	default:
		break;
	}
}
