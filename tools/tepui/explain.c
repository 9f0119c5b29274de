/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui explain offers: why a framework gets, or does not get, offers. First what holds for all of
 * its roles, then for each role a summary and the agents, grouped by what comes of them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "table.h"
#include "tepui/codec.h"
#include "tepui/record.h"
#include "tepui/units.h"

struct explain {
	struct cli_options options;
	const char *what, *framework, *role, *agent;
	struct tp_arena *arena;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct explain *explain = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &explain->options;
		return 0;
	case 'f':
		explain->framework = arg;
		return 0;
	case 'r':
		explain->role = arg;
		return 0;
	case 'a':
		explain->agent = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0 || strcmp(arg, "offers") != 0)
			argp_error(
				state, "explain offers is all there is, not '%s'", arg);
		explain->what = arg;
		return 0;
	case ARGP_KEY_END:
		if (explain->what == NULL)
			argp_error(state, "explain what? offers");
		if (explain->framework == NULL)
			argp_error(state, "the offers of which framework? --framework");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

/* --- for people ------------------------------------------------------------------------ */

static const char *milli_text(struct tp_arena *arena, int64_t milli)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	tp_milli_print(milli, &text);
	return tp_arena_strdup(arena, tp_strbuf_text(&text));
}

/* Whole seconds, rounded up: what is not over yet is not said to be. */
static const char *left_text(struct tp_arena *arena, int64_t ns)
{
	return tp_arena_printf(arena, "%lld s", (long long)((ns + TP_SEC - 1) / TP_SEC));
}

static void print_whole(const struct explain *explain,
	const struct tp_master_response_explain_offers *all)
{
	const struct tp_framework_info *info = all->framework_info;

	printf("framework %s (%s): %s\n", info->id->value, info->name,
		!all->connected        ? "its scheduler is not connected, so it is "
					 "offered nothing"
			: !all->active ? "deactivated, so it is offered nothing"
				       : "active");
	if (all->paused)
		puts("the allocator is paused: nobody is offered anything");
	if (all->agents_awaited > 0)
		printf("after the failover, offers wait for %llu more agents, for %s at "
		       "most\n",
			(unsigned long long)all->agents_awaited,
			left_text(explain->arena, all->recovery_left_ns));
	if (all->n_absent > 0)
		printf("agents that are not back yet: %u\n", all->n_absent);
	for (size_t i = 0; i < all->n_room; i++)
		printf("%s%s:%s", i == 0 ? "free and unreserved in the cluster: " : "; ",
			all->room[i]->name,
			milli_text(explain->arena, all->room[i]->free_milli));
	if (all->n_room > 0)
		putchar('\n');
	for (size_t i = 0, n = 0; i < all->n_room; i++) {
		if (all->room[i]->kept_milli > 0)
			printf("%s%s:%s",
				n++ == 0 ? "kept of it for guarantees that are not met: "
					 : "; ",
				all->room[i]->name,
				milli_text(explain->arena, all->room[i]->kept_milli));
		if (i + 1 == all->n_room && n > 0)
			putchar('\n');
	}
	if (all->n_roles == 0)
		puts("the allocator does not know it: it has not subscribed since the "
		     "master began to lead");
}

static void print_place(const struct tp_master_response_explain_offers_role *role)
{
	printf("  weight %g", role->weight);
	if (role->has_role_share)
		printf(", dominant share %.4g", role->role_share);
	if (role->has_role_place)
		printf(", turn %u of %u roles", role->role_place + 1, role->n_roles);
	putchar('\n');
	if (!role->has_framework_place)
		return;
	printf("  the framework: ");
	if (role->has_framework_share)
		printf("dominant share %.4g, ", role->framework_share);
	printf("turn %u of %u in its role\n", role->framework_place + 1,
		role->n_frameworks);
}

static void print_quota(const struct explain *explain,
	const struct tp_master_response_explain_offers_role *role)
{
	for (size_t i = 0; i < role->n_quota; i++) {
		const struct tp_master_response_explain_offers_amount *amount =
			role->quota[i];

		printf("  quota of %s: has %s, is guaranteed %s, ", amount->name,
			milli_text(explain->arena, amount->consumed_milli),
			milli_text(explain->arena, amount->guarantee_milli));
		if (amount->has_limit_milli)
			printf("may have %s\n",
				milli_text(explain->arena, amount->limit_milli));
		else
			puts("no limit");
	}
}

static const char *reason_text(const struct explain *explain,
	const struct tp_master_response_explain_offers_group *group)
{
	static const char *const texts[] = {
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_UNKNOWN] =
			"for a reason that this tepui does not know",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FREE] =
			"may be offered in its turn",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_INACTIVE] =
			"deactivated or disconnected",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_NOT_WHITELISTED] =
			"not in the whitelist",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FULL] =
			"all of it is in use or offered",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_CAPABILITY] =
			"wants a capability that is missing",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_CONSTRAINTS] =
			"excluded by the framework's offer constraints",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_RESERVED] =
			"what is free is reserved for others",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_QUOTA] =
			"held back for guarantees, or over the role's limit",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_TOO_SMALL] =
			"what is free is less than min_allocatable_resources",
		[TP_MASTER_RESPONSE_EXPLAIN_OFFERS_REASON_FILTERED] =
			"the framework refused it",
	};
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	tp_strbuf_puts(&text,
		texts[(size_t)group->reason < TP_COUNT(texts) ? group->reason : 0]);
	for (size_t i = 0; i < group->n_lacks; i++)
		tp_strbuf_printf(&text, "%s%s", i == 0 ? ": " : ", ", group->lacks[i]);
	if (group->has_last_left_ns) {
		const char *first = left_text(explain->arena, group->first_left_ns);
		const char *last = left_text(explain->arena, group->last_left_ns);

		tp_strbuf_printf(&text, ", again in %s", first);
		if (strcmp(first, last) != 0)
			tp_strbuf_printf(&text, " to %s", last);
	}
	return tp_arena_strdup(explain->arena, tp_strbuf_text(&text));
}

static const char *examples_text(const struct explain *explain,
	const struct tp_master_response_explain_offers_group *group)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	for (size_t i = 0; i < group->n_examples; i++)
		tp_strbuf_printf(
			&text, "%s%s", i == 0 ? "" : ", ", group->examples[i]->hostname);
	if (group->n_examples > 0 && group->n_examples < group->count)
		tp_strbuf_puts(&text, ", ...");
	return tp_arena_strdup(explain->arena, tp_strbuf_text(&text));
}

static void print_role(const struct explain *explain,
	const struct tp_master_response_explain_offers_role *role)
{
	static const char *const headings[] = { "AGENTS", "WHAT COMES OF THEM", "WHICH",
		NULL };
	struct table table;

	printf("\nrole %s: %s, offers not answered: %u\n", role->role,
		!role->subscribed          ? "not subscribed any more, only held"
			: role->suppressed ? "suppressed until it is revived"
					   : "wants offers",
		role->n_offers);
	print_place(role);
	print_quota(explain, role);
	table_init(&table, explain->arena, headings);
	for (size_t i = 0; i < role->n_groups; i++) {
		const struct tp_master_response_explain_offers_group *group =
			role->groups[i];
		const char *const cells[] = {
			tp_arena_printf(explain->arena, "%u", group->count),
			reason_text(explain, group),
			examples_text(explain, group),
		};

		table_row(&table, cells);
	}
	if (role->n_groups > 0)
		table_print(&table);
	else
		puts("  no agents");
}

/* --- the command ----------------------------------------------------------------------- */

static int ask(const struct explain *explain, struct tp_master_response **ret,
	struct tp_error *err)
{
	struct tp_framework_id framework_id = { .value = explain->framework };
	struct tp_agent_id agent_id = { .value = explain->agent };
	struct tp_master_call_explain_offers body = { .framework_id = &framework_id,
		.role = explain->role,
		.agent_id = explain->agent == NULL ? NULL : &agent_id };
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_EXPLAIN_OFFERS,
		.explain_offers = &body };
	struct client client;
	int r = client_open(&client, explain->options.master, err);

	if (r == 0)
		r = client_call_master(&client, &call, explain->arena, ret, err);
	client_close(&client);
	if (r >= 0 && (*ret == NULL || (*ret)->explain_offers == NULL))
		r = tp_fail(err, EPROTO, "the master's answer explains nothing");
	return r;
}

int cli_explain(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "framework", 'f', "ID", 0, "whose offers", 0 },
		{ "role", 'r', "ROLE", 0, "in this role; default: all of its roles", 0 },
		{ "agent", 'a', "ID", 0, "of this agent; default: of all", 0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "offers",
		"Says why a framework gets, or does not get, offers.", cli_children, NULL,
		NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct explain explain = { .arena = arena };
	struct tp_master_response *response = NULL;
	struct tp_error err = { 0 };

	cli_options_init(&explain.options);
	if (cli_parse(&argp, argc, argv, &explain) < 0)
		return CLI_USAGE;
	if (ask(&explain, &response, &err) < 0)
		return cli_error(&err);
	if (explain.options.json) {
		tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

		tp_json_encode(&tp_master_response_desc, response,
			TP_JSON_PRETTY | TP_JSON_NATIVE, &text);
		puts(tp_strbuf_text(&text));
		return CLI_OK;
	}
	print_whole(&explain, response->explain_offers);
	for (size_t i = 0; i < response->explain_offers->n_roles; i++)
		print_role(&explain, response->explain_offers->roles[i]);
	return CLI_OK;
}
