/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui maintenance: when machines will be unavailable, and taking them out of service and back. A
 * machine is HOSTNAME, IP or HOSTNAME/IP on the command line and in tables.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "input.h"
#include "table.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/units.h"

struct maintenance {
	struct cli_options options;
	const char **words;
	size_t n_words;
	struct tp_arena *arena;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct maintenance *maintenance = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &maintenance->options;
		return 0;
	case ARGP_KEY_ARG:
		tp_arena_push(maintenance->arena, &maintenance->words,
			&maintenance->n_words, arg);
		return 0;
	case ARGP_KEY_END:
		if (maintenance->n_words == 0)
			argp_error(state, "schedule, status, start or stop, please");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int call(const struct maintenance *maintenance, struct client *client,
	const struct tp_master_call *call, struct tp_master_response **ret,
	struct tp_error *err)
{
	int r = client_open(client, maintenance->options.master, err);

	return r < 0 ? r : client_call_master(client, call, maintenance->arena, ret, err);
}

static void print_json(const struct tp_desc *desc, const void *record)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	tp_json_encode(desc, record, TP_JSON_PRETTY, &text);
	puts(tp_strbuf_text(&text));
}

/* --- machines -------------------------------------------------------------------------- */

static bool is_ip(const char *text)
{
	struct in6_addr ip;

	return inet_pton(AF_INET, text, &ip) == 1 || inet_pton(AF_INET6, text, &ip) == 1;
}

static struct tp_machine_id *machine_read(const char *word, struct tp_arena *arena)
{
	struct tp_machine_id *id = tp_record_new(&tp_machine_id_desc, arena);
	const char *slash = strrchr(word, '/');

	if (slash != NULL) {
		id->hostname = tp_arena_strndup(arena, word, (size_t)(slash - word));
		id->ip = slash + 1;
	} else if (is_ip(word)) {
		id->ip = word;
	} else {
		id->hostname = word;
	}
	return id;
}

static const char *machine_text(const struct tp_machine_id *id, struct tp_arena *arena)
{
	if (id->ip == NULL)
		return id->hostname;
	if (id->hostname == NULL)
		return id->ip;
	return tp_arena_printf(arena, "%s/%s", id->hostname, id->ip);
}

/* --- schedule -------------------------------------------------------------------------- */

static int schedule_read(const char *name, struct tp_arena *arena,
	struct tp_maintenance_schedule **ret, struct tp_error *err)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;
	void *schedule = NULL;
	int r = input_read(name, &text, err);

	if (r < 0)
		return r;
	r = tp_json_decode(&tp_maintenance_schedule_desc, tp_strbuf_text(&text), text.len,
		arena, &schedule, err);
	if (r >= 0)
		r = tp_record_check(&tp_maintenance_schedule_desc, schedule, err);
	/* Keys that are not known are ignored: a mistake in this one would end all plans. */
	if (r >= 0 && strstr(tp_strbuf_text(&text), "\"windows\"") == NULL)
		r = tp_fail(err, EINVAL,
			"there are no \"windows\"; {\"windows\": []} is a schedule "
			"without "
			"machines");
	*ret = schedule;
	return r < 0 ? tp_wrap(err, r, "'%s' is not a schedule", name) : 0;
}

static const char *duration_text(
	const struct tp_duration_info *duration, struct tp_arena *arena)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	if (duration == NULL)
		return NULL;
	tp_duration_print(duration->nanoseconds, &text);
	return tp_arena_strdup(arena, tp_strbuf_text(&text));
}

static void schedule_table(
	const struct tp_maintenance_schedule *schedule, struct tp_arena *arena)
{
	static const char *const headings[] = { "MACHINE", "START", "DURATION", NULL };
	struct table table;

	table_init(&table, arena, headings);
	for (size_t i = 0; i < schedule->n_windows; i++) {
		const struct tp_maintenance_window *window = schedule->windows[i];

		for (size_t k = 0; k < window->n_machine_ids; k++) {
			const char *const cells[] = {
				machine_text(window->machine_ids[k], arena),
				table_time(window->unavailability->start, arena),
				duration_text(window->unavailability->duration, arena),
			};

			table_row(&table, cells);
		}
	}
	table_print(&table);
}

static int schedule_show(const struct maintenance *maintenance, struct client *client,
	struct tp_error *err)
{
	const struct tp_master_call get = { .has_type = true,
		.type = TP_MASTER_CALL_GET_MAINTENANCE_SCHEDULE };
	struct tp_master_response *response;
	int r = call(maintenance, client, &get, &response, err);

	if (r < 0)
		return r;
	if (maintenance->options.json)
		print_json(&tp_maintenance_schedule_desc,
			response->get_maintenance_schedule->schedule);
	else
		schedule_table(
			response->get_maintenance_schedule->schedule, maintenance->arena);
	return 0;
}

static int schedule(const struct maintenance *maintenance, struct client *client,
	struct tp_error *err)
{
	struct tp_master_call_update_maintenance_schedule update = { 0 };
	const struct tp_master_call set = { .has_type = true,
		.type = TP_MASTER_CALL_UPDATE_MAINTENANCE_SCHEDULE,
		.update_maintenance_schedule = &update };
	struct tp_master_response *response;
	int r;

	if (maintenance->n_words == 1)
		return schedule_show(maintenance, client, err);
	r = schedule_read(
		maintenance->words[1], maintenance->arena, &update.schedule, err);
	return r < 0 ? r : call(maintenance, client, &set, &response, err);
}

/* --- status ---------------------------------------------------------------------------- */

static void draining_rows(struct table *table,
	const struct tp_maintenance_cluster_status_draining_machine *machine,
	struct tp_arena *arena)
{
	const char *name = machine_text(machine->id, arena);
	const char *const nobody[] = { name, "draining", NULL, NULL, NULL };

	for (size_t i = 0; i < machine->n_statuses; i++) {
		const struct tp_allocator_inverse_offer_status *status =
			machine->statuses[i];
		const char *const cells[] = { name, "draining",
			status->framework_id->value,
			tp_enum_name(&tp_allocator_inverse_offer_status_status_enum,
				status->status),
			table_time(status->timestamp, arena) };

		table_row(table, cells);
	}
	if (machine->n_statuses == 0)
		table_row(table, nobody);
}

static void status_table(
	const struct tp_maintenance_cluster_status *status, struct tp_arena *arena)
{
	static const char *const headings[] = { "MACHINE", "MODE", "FRAMEWORK", "ANSWER",
		"ANSWERED", NULL };
	struct table table;

	table_init(&table, arena, headings);
	for (size_t i = 0; i < status->n_draining_machines; i++)
		draining_rows(&table, status->draining_machines[i], arena);
	for (size_t i = 0; i < status->n_down_machines; i++) {
		const char *const cells[] = { machine_text(
						      status->down_machines[i], arena),
			"down", NULL, NULL, NULL };

		table_row(&table, cells);
	}
	table_print(&table);
}

static int status(const struct maintenance *maintenance, struct client *client,
	struct tp_error *err)
{
	const struct tp_master_call get = { .has_type = true,
		.type = TP_MASTER_CALL_GET_MAINTENANCE_STATUS };
	struct tp_master_response *response;
	int r = call(maintenance, client, &get, &response, err);

	if (r < 0)
		return r;
	if (maintenance->options.json)
		print_json(&tp_maintenance_cluster_status_desc,
			response->get_maintenance_status->status);
	else
		status_table(
			response->get_maintenance_status->status, maintenance->arena);
	return 0;
}

/* --- start and stop -------------------------------------------------------------------- */

static struct tp_machine_id **machines_read(
	const struct maintenance *maintenance, size_t *ret_n)
{
	struct tp_machine_id **machines = NULL;

	*ret_n = 0;
	for (size_t i = 1; i < maintenance->n_words; i++)
		tp_arena_push(maintenance->arena, &machines, ret_n,
			machine_read(maintenance->words[i], maintenance->arena));
	return machines;
}

static int start(const struct maintenance *maintenance, struct client *client,
	struct tp_error *err)
{
	struct tp_master_call_start_maintenance body = { 0 };
	const struct tp_master_call start = { .has_type = true,
		.type = TP_MASTER_CALL_START_MAINTENANCE,
		.start_maintenance = &body };
	struct tp_master_response *response;

	body.machines = machines_read(maintenance, &body.n_machines);
	return call(maintenance, client, &start, &response, err);
}

static int stop(const struct maintenance *maintenance, struct client *client,
	struct tp_error *err)
{
	struct tp_master_call_stop_maintenance body = { 0 };
	const struct tp_master_call stop = { .has_type = true,
		.type = TP_MASTER_CALL_STOP_MAINTENANCE,
		.stop_maintenance = &body };
	struct tp_master_response *response;

	body.machines = machines_read(maintenance, &body.n_machines);
	return call(maintenance, client, &stop, &response, err);
}

/* --- the command ----------------------------------------------------------------------- */

static const struct verb {
	const char *name;
	size_t n_min, n_max; /* words after it */
	const char *usage;
	int (*act)(const struct maintenance *maintenance, struct client *client,
		struct tp_error *err);
} verbs[] = {
	{ "schedule", 0, 1, "at most one file", schedule },
	{ "status", 0, 0, "no words after it", status },
	{ "start", 1, SIZE_MAX, "which machines?", start },
	{ "stop", 1, SIZE_MAX, "which machines?", stop },
};

static const struct verb *verb_of(
	const struct maintenance *maintenance, struct tp_error *err)
{
	size_t n = maintenance->n_words - 1;

	for (size_t i = 0; i < TP_COUNT(verbs); i++) {
		const struct verb *verb = &verbs[i];

		if (strcmp(verb->name, maintenance->words[0]) != 0)
			continue;
		if (n >= verb->n_min && n <= verb->n_max)
			return verb;
		tp_fail(err, EINVAL, "maintenance %s: %s", verb->name, verb->usage);
		return NULL;
	}
	tp_fail(err, EINVAL, "maintenance: schedule, status, start or stop, not '%s'",
		maintenance->words[0]);
	return NULL;
}

int cli_maintenance(int argc, char **argv)
{
	static const char doc[] =
		"Plans the maintenance of machines. `schedule` shows the schedule, or "
		"replaces "
		"it by the JSON of a file (- is the standard input), as `schedule "
		"--json` "
		"prints it; `status` says which machines are in it and what frameworks "
		"answered. `start` takes machines of it out of service: their agents and "
		"tasks end. `stop` brings them back.";
	const struct argp argp = { NULL, on_option,
		"schedule [FILE|-]\nstatus\nstart MACHINE...\nstop MACHINE...", doc,
		cli_children, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct maintenance maintenance = { .arena = arena };
	struct client client = { 0 };
	struct tp_error err = { 0 };
	const struct verb *verb;
	int r;

	cli_options_init(&maintenance.options);
	if (cli_parse(&argp, argc, argv, &maintenance) < 0)
		return CLI_USAGE;
	verb = verb_of(&maintenance, &err);
	if (verb == NULL) {
		cli_error(&err);
		return CLI_USAGE;
	}
	r = verb->act(&maintenance, &client, &err);
	client_close(&client);
	return r < 0 ? cli_error(&err) : CLI_OK;
}
