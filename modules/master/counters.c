/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Metrics: counters that the concerns add to, gauges computed when somebody looks, and one
 * counter per combination of terminal state, source and reason, made when it first occurs. The
 * names are those of the field, "slave" included.
 */
#include "counters.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "absent.h"
#include "agents.h"
#include "changes.h"
#include "frameworks.h"
#include "offers.h"
#include "registrar.h"
#include "tasks.h"
#include "use.h"

static const char *const names[COUNTERS] = {
	[COUNTER_DROPPED_MESSAGES] = "master/dropped_messages",
	[COUNTER_MESSAGES_AUTHENTICATE] = "master/messages_authenticate",
	[COUNTER_AGENT_REGISTRATIONS] = "master/slave_registrations",
	[COUNTER_AGENT_REREGISTRATIONS] = "master/slave_reregistrations",
	[COUNTER_AGENT_REMOVALS] = "master/slave_removals",
	[COUNTER_AGENT_REMOVALS_UNHEALTHY] = "master/slave_removals/reason_unhealthy",
	[COUNTER_AGENT_REMOVALS_UNREGISTERED] =
		"master/slave_removals/reason_unregistered",
	[COUNTER_AGENT_UNREACHABLE_SCHEDULED] = "master/slave_unreachable_scheduled",
	[COUNTER_AGENT_UNREACHABLE_COMPLETED] = "master/slave_unreachable_completed",
	[COUNTER_AGENT_REMOVALS_REGISTERED] = "master/slave_removals/reason_registered",
	[COUNTER_AGENT_UNREACHABLE_CANCELED] = "master/slave_unreachable_canceled",
	[COUNTER_AGENT_SHUTDOWNS_SCHEDULED] = "master/slave_shutdowns_scheduled",
	[COUNTER_AGENT_SHUTDOWNS_COMPLETED] = "master/slave_shutdowns_completed",
	[COUNTER_AGENT_SHUTDOWNS_CANCELED] = "master/slave_shutdowns_canceled",
	[COUNTER_RECOVERY_AGENT_REMOVALS] = "master/recovery_slave_removals",
	[COUNTER_MESSAGES_REGISTER_AGENT] = "master/messages_register_slave",
	[COUNTER_MESSAGES_REREGISTER_AGENT] = "master/messages_reregister_slave",
	[COUNTER_MESSAGES_UNREGISTER_AGENT] = "master/messages_unregister_slave",
	[COUNTER_MESSAGES_UPDATE_AGENT] = "master/messages_update_slave",
	[COUNTER_MESSAGES_REGISTER_FRAMEWORK] = "master/messages_register_framework",
	[COUNTER_MESSAGES_REREGISTER_FRAMEWORK] = "master/messages_reregister_framework",
	[COUNTER_MESSAGES_UNREGISTER_FRAMEWORK] = "master/messages_unregister_framework",
	[COUNTER_MESSAGES_LAUNCH_TASKS] = "master/messages_launch_tasks",
	[COUNTER_MESSAGES_DECLINE_OFFERS] = "master/messages_decline_offers",
	[COUNTER_MESSAGES_REVIVE_OFFERS] = "master/messages_revive_offers",
	[COUNTER_MESSAGES_SUPPRESS_OFFERS] = "master/messages_suppress_offers",
	[COUNTER_MESSAGES_RESOURCE_REQUEST] = "master/messages_resource_request",
	[COUNTER_MESSAGES_KILL_TASK] = "master/messages_kill_task",
	[COUNTER_MESSAGES_RECONCILE_TASKS] = "master/messages_reconcile_tasks",
	[COUNTER_MESSAGES_FRAMEWORK_TO_EXECUTOR] =
		"master/messages_framework_to_executor",
	[COUNTER_MESSAGES_EXECUTOR_TO_FRAMEWORK] =
		"master/messages_executor_to_framework",
	[COUNTER_MESSAGES_EXITED_EXECUTOR] = "master/messages_exited_executor",
	[COUNTER_MESSAGES_STATUS_UPDATE] = "master/messages_status_update",
	[COUNTER_MESSAGES_STATUS_UPDATE_ACKNOWLEDGEMENT] =
		"master/messages_status_update_acknowledgement",
	[COUNTER_MESSAGES_OPERATION_STATUS_UPDATE] =
		"master/messages_operation_status_update",
	[COUNTER_MESSAGES_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENT] =
		"master/messages_operation_status_update_acknowledgement",
	[COUNTER_MESSAGES_RECONCILE_OPERATIONS] = "master/messages_reconcile_operations",
	[COUNTER_VALID_OPERATION_STATUS_UPDATES] =
		"master/valid_operation_status_updates",
	[COUNTER_INVALID_OPERATION_STATUS_UPDATES] =
		"master/invalid_operation_status_updates",
	[COUNTER_VALID_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENTS] =
		"master/valid_operation_status_update_acknowledgements",
	[COUNTER_INVALID_OPERATION_STATUS_UPDATE_ACKNOWLEDGEMENTS] =
		"master/invalid_operation_status_update_acknowledgements",
	[COUNTER_VALID_STATUS_UPDATES] = "master/valid_status_updates",
	[COUNTER_INVALID_STATUS_UPDATES] = "master/invalid_status_updates",
	[COUNTER_VALID_STATUS_UPDATE_ACKNOWLEDGEMENTS] =
		"master/valid_status_update_acknowledgements",
	[COUNTER_INVALID_STATUS_UPDATE_ACKNOWLEDGEMENTS] =
		"master/invalid_status_update_acknowledgements",
	[COUNTER_VALID_FRAMEWORK_TO_EXECUTOR] =
		"master/valid_framework_to_executor_messages",
	[COUNTER_INVALID_FRAMEWORK_TO_EXECUTOR] =
		"master/invalid_framework_to_executor_messages",
	[COUNTER_VALID_EXECUTOR_TO_FRAMEWORK] =
		"master/valid_executor_to_framework_messages",
	[COUNTER_INVALID_EXECUTOR_TO_FRAMEWORK] =
		"master/invalid_executor_to_framework_messages",
};

/* --- gauges ---------------------------------------------------------------------------- */

struct gauge {
	struct tp_metric metric;
	const struct master *master;
	const struct gauge_row *row;
};

struct gauge_row {
	const char *name;
	double (*get)(const struct master *m, int arg);
	int arg;
};

static double uptime(const struct master *m, int arg)
{
	(void)arg;
	return (double)(tp_loop_wall_ns(m->instance.loop) - m->started_ns) /
		(double)TP_SEC;
}

static double elected(const struct master *m, int arg)
{
	(void)arg;
	return m->elected_ns != 0;
}

enum agent_count { CONNECTED, DISCONNECTED };

static double agents(const struct master *m, int which)
{
	double n = 0;

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);

		if (a != NULL && agent_connected(a) == (which == CONNECTED))
			n++;
	}
	return n;
}

static double agents_unreachable(const struct master *m, int arg)
{
	(void)arg;
	return (double)absent_n(m, TP_REGISTRY_UNREACHABLE);
}

static double frameworks(const struct master *m, int which)
{
	double n = 0;

	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		const struct framework *f = frameworks_at(m, i);

		if (f != NULL && framework_connected(f) == (which == CONNECTED))
			n++;
	}
	return n;
}

static double active_frameworks(const struct master *m, int active)
{
	double n = 0;

	for (uint32_t i = 0; i < frameworks_slots(m); i++) {
		const struct framework *f = frameworks_at(m, i);

		if (f != NULL && f->active == (active != 0))
			n++;
	}
	return n;
}

static double outstanding_offers(const struct master *m, int arg)
{
	(void)arg;
	return (double)offers_count(m);
}

static double subscribers(const struct master *m, int arg)
{
	(void)arg;
	return (double)changes_n_subscribers(m);
}

static double registry_queue(const struct master *m, int arg)
{
	(void)arg;
	return (double)registrar_n_queued(m);
}

static double registry_size(const struct master *m, int arg)
{
	(void)arg;
	return (double)registrar_size_bytes(m);
}

static double tasks(const struct master *m, int state)
{
	return tasks_in_state(m, state);
}

/* A gauge of revocable resources; the others are of all that is not. */
#define REVOCABLE 0x100

static int64_t milli_of(const struct tp_resources *all, int which)
{
	bool revocable = which & REVOCABLE;
	int64_t sum = 0;

	for (uint32_t i = 0; i < all->n; i++) {
		const struct tp_resource_item *item = &all->items[i];

		if (item->key->type == TP_VALUE_SCALAR &&
			item->key->known == (which & ~REVOCABLE) &&
			tp_resource_is_revocable(item, NULL) == revocable)
			sum += item->milli;
	}
	return sum;
}

static double total(const struct master *m, int which)
{
	int64_t milli = 0;

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);

		if (a != NULL)
			milli += milli_of(&a->total, which);
	}
	return (double)milli / 1000;
}

static double used(const struct master *m, int which)
{
	struct tp_list *node, *tmp;
	int64_t milli = 0;

	for (uint32_t i = 0; i < agents_slots(m); i++) {
		const struct agent *a = agents_at(m, i);

		if (a == NULL)
			continue;
		tp_list_foreach (node, tmp, &a->uses) {
			struct use *use = tp_container_of(node, struct use, in_agent);

			milli += milli_of(&use->resources, which);
		}
	}
	return (double)milli / 1000;
}

static double percent(const struct master *m, int which)
{
	double all = total(m, which);

	return all > 0 ? used(m, which) / all : 0;
}

static const struct gauge_row gauge_rows[] = {
	{ "master/uptime_secs", uptime, 0 },
	{ "master/elected", elected, 0 },
	{ "master/slaves_connected", agents, CONNECTED },
	{ "master/slaves_disconnected", agents, DISCONNECTED },
	{ "master/slaves_active", agents, CONNECTED },
	{ "master/slaves_inactive", agents, DISCONNECTED },
	{ "master/slaves_unreachable", agents_unreachable, 0 },
	{ "master/frameworks_connected", frameworks, CONNECTED },
	{ "master/frameworks_disconnected", frameworks, DISCONNECTED },
	{ "master/frameworks_active", active_frameworks, 1 },
	{ "master/frameworks_inactive", active_frameworks, 0 },
	{ "master/outstanding_offers", outstanding_offers, 0 },
	{ "master/operator_event_stream_subscribers", subscribers, 0 },
	{ "registrar/queued_operations", registry_queue, 0 },
	{ "registrar/registry_size_bytes", registry_size, 0 },
	{ "master/tasks_staging", tasks, TP_TASK_STAGING },
	{ "master/tasks_starting", tasks, TP_TASK_STARTING },
	{ "master/tasks_running", tasks, TP_TASK_RUNNING },
	{ "master/tasks_killing", tasks, TP_TASK_KILLING },
	{ "master/tasks_unreachable", tasks, TP_TASK_UNREACHABLE },
	{ "master/cpus_total", total, TP_CPUS },
	{ "master/cpus_used", used, TP_CPUS },
	{ "master/cpus_percent", percent, TP_CPUS },
	{ "master/mem_total", total, TP_MEM },
	{ "master/mem_used", used, TP_MEM },
	{ "master/mem_percent", percent, TP_MEM },
	{ "master/disk_total", total, TP_DISK },
	{ "master/disk_used", used, TP_DISK },
	{ "master/disk_percent", percent, TP_DISK },
	{ "master/gpus_total", total, TP_GPUS },
	{ "master/gpus_used", used, TP_GPUS },
	{ "master/gpus_percent", percent, TP_GPUS },
	{ "master/cpus_revocable_total", total, TP_CPUS | REVOCABLE },
	{ "master/cpus_revocable_used", used, TP_CPUS | REVOCABLE },
	{ "master/cpus_revocable_percent", percent, TP_CPUS | REVOCABLE },
	{ "master/mem_revocable_total", total, TP_MEM | REVOCABLE },
	{ "master/mem_revocable_used", used, TP_MEM | REVOCABLE },
	{ "master/mem_revocable_percent", percent, TP_MEM | REVOCABLE },
	{ "master/disk_revocable_total", total, TP_DISK | REVOCABLE },
	{ "master/disk_revocable_used", used, TP_DISK | REVOCABLE },
	{ "master/disk_revocable_percent", percent, TP_DISK | REVOCABLE },
	{ "master/gpus_revocable_total", total, TP_GPUS | REVOCABLE },
	{ "master/gpus_revocable_used", used, TP_GPUS | REVOCABLE },
	{ "master/gpus_revocable_percent", percent, TP_GPUS | REVOCABLE },
};

static double read_gauge(struct tp_metric *metric)
{
	const struct gauge *gauge = tp_container_of(metric, struct gauge, metric);

	return gauge->row->get(gauge->master, gauge->row->arg);
}

/* --- terminal states ------------------------------------------------------------------- */

static const int terminal[] = { TP_TASK_FINISHED, TP_TASK_FAILED, TP_TASK_KILLED,
	TP_TASK_LOST, TP_TASK_ERROR, TP_TASK_DROPPED, TP_TASK_GONE,
	TP_TASK_GONE_BY_OPERATOR };

/* A counter whose name is made at run time. */
struct named {
	struct tp_metric metric;
	struct tp_list node;
	char name[160];
};

struct counters {
	struct tp_metric fixed[COUNTERS];
	struct gauge gauges[TP_COUNT(gauge_rows)];
	struct tp_list named;
};

static struct named *named(struct master *m, const char *name)
{
	struct tp_list *node, *tmp;
	struct named *n;

	tp_list_foreach (node, tmp, &m->counters->named) {
		n = tp_container_of(node, struct named, node);
		if (strcmp(n->name, name) == 0)
			return n;
	}
	n = tp_alloc(sizeof *n);
	snprintf(n->name, sizeof n->name, "%s", name);
	n->metric.name = n->name;
	tp_list_append(&m->counters->named, &n->node);
	tp_metrics_add(m->instance.metrics, &n->metric);
	return n;
}

/* In lower case, and agents are slaves. */
static void old_spelling(char *text)
{
	char *agent;

	for (char *c = text; *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	while ((agent = strstr(text, "agent")) != NULL)
		memcpy(agent, "slave", 5);
}

static const char *state_word(int state)
{
	const char *name = tp_enum_name(&tp_task_state_enum, state);

	return name == NULL ? "unknown" : name + strlen("TASK_");
}

void counters_task_status(struct master *m, const struct tp_task_status *status)
{
	const char *source = status->has_source
		? tp_enum_name(&tp_task_status_source_enum, status->source)
		: NULL;
	const char *reason = status->has_reason
		? tp_enum_name(&tp_task_status_reason_enum, status->reason)
		: NULL;
	char name[160];

	if (!tp_task_state_is_terminal(status->state))
		return;
	snprintf(name, sizeof name, "master/tasks_%s", state_word(status->state));
	old_spelling(name);
	named(m, name)->metric.value++;
	if (source == NULL || reason == NULL)
		return;
	snprintf(name, sizeof name, "master/task_%s/%s/%s", state_word(status->state),
		source, reason);
	old_spelling(name);
	named(m, name)->metric.value++;
}

/* --- life ------------------------------------------------------------------------------ */

int counters_create(struct master *m)
{
	struct counters *c = m->counters = tp_alloc(sizeof *c);
	char name[160];

	tp_list_init(&c->named);
	for (size_t i = 0; i < COUNTERS; i++) {
		c->fixed[i].name = names[i];
		tp_metrics_add(m->instance.metrics, &c->fixed[i]);
	}
	for (size_t i = 0; i < TP_COUNT(gauge_rows); i++) {
		c->gauges[i].metric.name = gauge_rows[i].name;
		c->gauges[i].metric.read = read_gauge;
		c->gauges[i].master = m;
		c->gauges[i].row = &gauge_rows[i];
		tp_metrics_add(m->instance.metrics, &c->gauges[i].metric);
	}
	for (size_t i = 0; i < TP_COUNT(terminal); i++) {
		snprintf(name, sizeof name, "master/tasks_%s", state_word(terminal[i]));
		old_spelling(name);
		named(m, name);
	}
	return 0;
}

void counters_destroy(struct master *m)
{
	struct counters *c = m->counters;
	struct tp_list *node, *tmp;

	if (c == NULL)
		return;
	for (size_t i = 0; i < COUNTERS; i++)
		tp_metrics_remove(m->instance.metrics, &c->fixed[i]);
	for (size_t i = 0; i < TP_COUNT(gauge_rows); i++)
		tp_metrics_remove(m->instance.metrics, &c->gauges[i].metric);
	tp_list_foreach (node, tmp, &c->named) {
		struct named *n = tp_container_of(node, struct named, node);

		tp_metrics_remove(m->instance.metrics, &n->metric);
		tp_free(n);
	}
	tp_free(c);
	m->counters = NULL;
}

void counter_add(struct master *m, enum counter which, double n)
{
	m->counters->fixed[which].value += n;
}
