/* SPDX-License-Identifier: Apache-2.0 */
/* In the words that operators know from the v1 API. */
#include "maintenance_check.h"

#include <errno.h>

#include "tepui/codec.h"
#include "tepui/strbuf.h"

static int refuse(const struct tp_machine_id *id, const char *why, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	tp_json_encode(&tp_machine_id_desc, id, 0, &text);
	return tp_fail(err, EINVAL, "Machine '%s' %s", tp_strbuf_text(&text), why);
}

static bool is_empty(const char *text)
{
	return text == NULL || text[0] == '\0';
}

static int check_machine(const struct tp_machine_id *id, struct tp_error *err)
{
	if (is_empty(id->hostname) && is_empty(id->ip))
		return tp_fail(
			err, EINVAL, "Both 'hostname' and 'ip' for a machine are empty");
	if (!is_empty(id->ip) && !plan_is_ip(id->ip))
		return refuse(id, "has an 'ip' that is not an IP address", err);
	return 0;
}

/* --- a schedule ------------------------------------------------------------------------ */

static int check_window(const struct tp_maintenance_window *window, struct tp_error *err)
{
	const struct tp_duration_info *duration = window->unavailability->duration;
	int r = 0;

	if (window->n_machine_ids == 0)
		return tp_fail(err, EINVAL,
			"List of machines in the maintenance window is empty");
	if (duration != NULL && duration->nanoseconds < 0)
		return tp_fail(err, EINVAL, "Unavailability 'duration' is negative");
	for (size_t i = 0; r >= 0 && i < window->n_machine_ids; i++)
		r = check_machine(window->machine_ids[i], err);
	return r;
}

static int check_size(
	const struct tp_maintenance_schedule *schedule, struct tp_error *err)
{
	size_t n = 0;

	for (size_t i = 0; i < schedule->n_windows; i++)
		n += schedule->windows[i]->n_machine_ids;
	if (n <= MAINTENANCE_MACHINES_MAX)
		return 0;
	return tp_fail(err, EINVAL,
		"%zu machines in the schedule are more than %d: plan those that leave "
		"first",
		n, MAINTENANCE_MACHINES_MAX);
}

/* The plan that would be knows each name once; what is in the schedule more often is there twice. */
static int check_unique(const struct maintenance_plan *wanted, struct tp_error *err)
{
	for (size_t i = 0; i < wanted->schedule->n_windows; i++) {
		const struct tp_maintenance_window *window = wanted->schedule->windows[i];

		for (size_t k = 0; k < window->n_machine_ids; k++) {
			const struct tp_machine_id *id = window->machine_ids[k];

			if (plan_find(wanted, id)->info->id != id)
				return refuse(id,
					"appears more than once in the schedule", err);
		}
	}
	return 0;
}

static int check_schedule(const struct maintenance_plan *plan,
	const struct tp_maintenance_schedule *schedule, struct tp_error *err)
{
	struct maintenance_plan *wanted;
	struct tp_list *node, *tmp;
	int r = check_size(schedule, err);

	for (size_t i = 0; r >= 0 && i < schedule->n_windows; i++)
		r = check_window(schedule->windows[i], err);
	if (r < 0)
		return r;
	wanted = plan_scheduled(plan, schedule);
	r = check_unique(wanted, err);
	tp_map_foreach (node, tmp, &plan->machines) {
		const struct tp_machine_info *info =
			tp_map_entry(node, struct planned_machine, node)->info;

		if (r >= 0 && info->mode == TP_MACHINE_INFO_MODE_DOWN &&
			plan_find(wanted, info->id) == NULL)
			r = refuse(info->id,
				"is deactivated and cannot be removed from the schedule",
				err);
	}
	plan_destroy(wanted);
	return r;
}

/* --- the start and the end ------------------------------------------------------------- */

static int check_mode(const struct maintenance_plan *plan, const struct tp_machine_id *id,
	int mode, struct tp_error *err)
{
	const struct planned_machine *machine;
	int r = check_machine(id, err);

	if (r < 0)
		return r;
	machine = plan_find(plan, id);
	if (machine == NULL)
		return refuse(id, "is not part of a maintenance schedule", err);
	if (machine->info->mode == mode)
		return 0;
	return refuse(id,
		mode == TP_MACHINE_INFO_MODE_DRAINING
			? "is not in DRAINING mode and cannot be brought down"
			: "is not in DOWN mode and cannot be brought up",
		err);
}

static int check_machines(const struct maintenance_plan *plan,
	struct tp_machine_id *const *machines, size_t n, int mode, struct tp_error *err)
{
	struct maintenance_plan *seen;
	int r = 0;

	if (n == 0)
		return tp_fail(err, EINVAL, "List of machines is empty");
	if (n > MAINTENANCE_CALL_MACHINES_MAX)
		return tp_fail(err, EINVAL,
			"%zu machines are more than %d in one call: take several calls",
			n, MAINTENANCE_CALL_MACHINES_MAX);
	seen = plan_create();
	for (size_t i = 0; r >= 0 && i < n; i++) {
		r = check_mode(plan, machines[i], mode, err);
		if (r >= 0 && plan_find(seen, machines[i]) != NULL)
			r = refuse(machines[i], "appears more than once", err);
		if (r >= 0)
			plan_load_machine(seen, plan_find(plan, machines[i])->info);
	}
	plan_destroy(seen);
	return r;
}

int maintenance_check(const struct maintenance_plan *plan,
	const struct tp_master_call *call, struct tp_error *err)
{
	if (call->type == TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE)
		return check_schedule(
			plan, call->update_maintenance_schedule->schedule, err);
	if (call->type == TP_MASTER_CALL_START_MAINTENANCE)
		return check_machines(plan, call->start_maintenance->machines,
			call->start_maintenance->n_machines,
			TP_MACHINE_INFO_MODE_DRAINING, err);
	return check_machines(plan, call->stop_maintenance->machines,
		call->stop_maintenance->n_machines, TP_MACHINE_INFO_MODE_DOWN, err);
}
