/* SPDX-License-Identifier: Apache-2.0 */
/* Names of machines, and the plans that follow from a plan. */
#include "maintenance_plan.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>

#include "tepui/record.h"
#include "tepui/strbuf.h"

struct maintenance_plan *plan_create(void)
{
	struct maintenance_plan *plan = tp_alloc(sizeof *plan);

	plan->arena = tp_arena_create(0);
	plan->schedule = tp_record_new(&tp_maintenance_schedule_desc, plan->arena);
	tp_map_init(&plan->machines);
	return plan;
}

void plan_destroy(struct maintenance_plan *plan)
{
	if (plan == NULL)
		return;
	tp_map_fini(&plan->machines);
	tp_arena_destroy(plan->arena);
	tp_free(plan);
}

/* --- names ----------------------------------------------------------------------------- */

/* One text for one address, however it was written; false when it is none. */
static bool shorten_ip(const char *text, char ret[INET6_ADDRSTRLEN])
{
	char bare[INET6_ADDRSTRLEN];
	struct in6_addr ip6;
	struct in_addr ip4;
	size_t len = strlen(text);

	if (len > 1 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	}
	if (len >= sizeof bare)
		return false;
	memcpy(bare, text, len);
	bare[len] = '\0';
	if (inet_pton(AF_INET, bare, &ip4) == 1)
		return inet_ntop(AF_INET, &ip4, ret, INET6_ADDRSTRLEN) != NULL;
	if (inet_pton(AF_INET6, bare, &ip6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&ip6))
		return inet_ntop(AF_INET, &ip6.s6_addr[12], ret, INET6_ADDRSTRLEN) !=
			NULL;
	return inet_ntop(AF_INET6, &ip6, ret, INET6_ADDRSTRLEN) != NULL;
}

bool plan_is_ip(const char *text)
{
	char ip[INET6_ADDRSTRLEN];

	return shorten_ip(text, ip);
}

static void print_key(struct tp_strbuf *out, const char *hostname, const char *ip)
{
	char shortest[INET6_ADDRSTRLEN];

	tp_strbuf_clear(out);
	for (; hostname != NULL && *hostname != '\0'; hostname++)
		tp_strbuf_putc(out, (char)tolower((unsigned char)*hostname));
	tp_strbuf_putc(out, '/');
	if (ip != NULL && shorten_ip(ip, shortest))
		tp_strbuf_puts(out, shortest);
}

/* In an arena, and a name that is all there is to it. */
static struct tp_machine_id *normalise(
	const struct tp_machine_id *id, struct tp_arena *arena)
{
	struct tp_machine_id *record = tp_record_new(&tp_machine_id_desc, arena);
	tp_cleanup(strbuf) struct tp_strbuf key = TP_STRBUF_INIT;
	const char *text, *slash;

	print_key(&key, id->hostname, id->ip);
	text = tp_strbuf_text(&key);
	slash = strrchr(text, '/'); /* no address has one */
	if (slash != text)
		record->hostname = tp_arena_strndup(arena, text, (size_t)(slash - text));
	if (slash[1] != '\0')
		record->ip = tp_arena_strdup(arena, slash + 1);
	return record;
}

/* --- finding --------------------------------------------------------------------------- */

static struct planned_machine *find(const struct maintenance_plan *plan,
	const char *hostname, const char *ip, struct tp_strbuf *key)
{
	print_key(key, hostname, ip);
	return tp_map_get(
		&plan->machines, tp_strbuf_text(key), struct planned_machine, node);
}

struct planned_machine *plan_find(
	const struct maintenance_plan *plan, const struct tp_machine_id *id)
{
	tp_cleanup(strbuf) struct tp_strbuf key = TP_STRBUF_INIT;

	return find(plan, id->hostname, id->ip, &key);
}

static int64_t start_ns(const struct planned_machine *machine)
{
	const struct tp_unavailability *when = machine->info->unavailability;

	return when == NULL ? INT64_MAX : when->start->nanoseconds;
}

static bool comes_before(const struct planned_machine *a, const struct planned_machine *b)
{
	if (b == NULL)
		return true;
	if (a->info->mode != b->info->mode)
		return a->info->mode == TP_MACHINE_INFO_MODE_DOWN;
	return start_ns(a) < start_ns(b);
}

const struct planned_machine *plan_machine_of(
	const struct maintenance_plan *plan, const char *hostname, const char *ip)
{
	const char *const names[][2] = { { hostname, ip }, { hostname, NULL },
		{ NULL, ip } };
	tp_cleanup(strbuf) struct tp_strbuf key = TP_STRBUF_INIT;
	const struct planned_machine *machine, *first = NULL;

	for (size_t i = 0; plan->machines.n > 0 && i < TP_COUNT(names); i++) {
		machine = find(plan, names[i][0], names[i][1], &key);
		if (machine != NULL && comes_before(machine, first))
			first = machine;
	}
	return first;
}

/* --- filling --------------------------------------------------------------------------- */

/* Everything is of the plan's arena, and its id normalised. */
static void add(struct maintenance_plan *plan, struct tp_machine_info *info)
{
	struct planned_machine *machine = tp_arena_alloc(plan->arena, sizeof *machine);
	tp_cleanup(strbuf) struct tp_strbuf key = TP_STRBUF_INIT;

	print_key(&key, info->id->hostname, info->id->ip);
	machine->info = info;
	tp_map_add(&plan->machines, &machine->node,
		tp_arena_strdup(plan->arena, tp_strbuf_text(&key)));
}

void plan_load_machine(struct maintenance_plan *plan, const struct tp_machine_info *info)
{
	struct tp_machine_info *copy;

	if (!info->has_mode || info->mode == TP_MACHINE_INFO_MODE_UP)
		return;
	copy = tp_record_copy(&tp_machine_info_desc, info, plan->arena);
	copy->id = normalise(info->id, plan->arena);
	add(plan, copy);
}

void plan_load_schedule(
	struct maintenance_plan *plan, const struct tp_maintenance_schedule *schedule)
{
	plan->schedule =
		tp_record_copy(&tp_maintenance_schedule_desc, schedule, plan->arena);
	for (size_t i = 0; i < schedule->n_windows; i++) {
		struct tp_maintenance_window *window = plan->schedule->windows[i];

		for (size_t k = 0; k < window->n_machine_ids; k++)
			window->machine_ids[k] =
				normalise(window->machine_ids[k], plan->arena);
	}
}

/* --- the next plan --------------------------------------------------------------------- */

struct maintenance_plan *plan_scheduled(const struct maintenance_plan *plan,
	const struct tp_maintenance_schedule *schedule)
{
	struct maintenance_plan *next = plan_create();

	plan_load_schedule(next, schedule);
	for (size_t i = 0; i < schedule->n_windows; i++) {
		struct tp_maintenance_window *window = next->schedule->windows[i];

		for (size_t k = 0; k < window->n_machine_ids; k++) {
			struct tp_machine_info *info =
				tp_record_new(&tp_machine_info_desc, next->arena);
			const struct planned_machine *before =
				plan_find(plan, window->machine_ids[k]);

			info->id = window->machine_ids[k];
			info->has_mode = true;
			info->mode = before == NULL ? TP_MACHINE_INFO_MODE_DRAINING
						    : before->info->mode;
			info->unavailability = window->unavailability;
			add(next, info);
		}
	}
	return next;
}

static struct maintenance_plan *copy_of(const struct maintenance_plan *plan)
{
	struct maintenance_plan *next = plan_create();
	struct tp_list *node, *tmp;

	plan_load_schedule(next, plan->schedule);
	tp_map_foreach (node, tmp, &plan->machines)
		plan_load_machine(
			next, tp_map_entry(node, struct planned_machine, node)->info);
	return next;
}

struct maintenance_plan *plan_started(const struct maintenance_plan *plan,
	struct tp_machine_id *const *machines, size_t n)
{
	struct maintenance_plan *next = copy_of(plan);

	for (size_t i = 0; i < n; i++)
		plan_find(next, machines[i])->info->mode = TP_MACHINE_INFO_MODE_DOWN;
	return next;
}

/* Only what is in the table stays in the schedule; a window without machines is none. */
static void drop_unplanned(struct maintenance_plan *plan)
{
	struct tp_maintenance_schedule *schedule = plan->schedule;
	size_t n_windows = 0;

	for (size_t i = 0; i < schedule->n_windows; i++) {
		struct tp_maintenance_window *window = schedule->windows[i];
		size_t n_ids = 0;

		for (size_t k = 0; k < window->n_machine_ids; k++) {
			if (plan_find(plan, window->machine_ids[k]) != NULL)
				window->machine_ids[n_ids++] = window->machine_ids[k];
		}
		window->n_machine_ids = n_ids;
		if (n_ids > 0)
			schedule->windows[n_windows++] = window;
	}
	schedule->n_windows = n_windows;
}

struct maintenance_plan *plan_stopped(const struct maintenance_plan *plan,
	struct tp_machine_id *const *machines, size_t n)
{
	struct maintenance_plan *next = copy_of(plan);

	for (size_t i = 0; i < n; i++)
		tp_map_remove(&next->machines, &plan_find(next, machines[i])->node);
	drop_unplanned(next);
	return next;
}
