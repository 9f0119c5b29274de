/* SPDX-License-Identifier: Apache-2.0 */
/* tepui quota, weights: what roles are sure to get, may have, and weigh. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "table.h"
#include "tepui/record.h"
#include "tepui/units.h"

#define WORDS_MAX 64

struct shares {
	struct cli_options options;
	const char *words[WORDS_MAX];
	size_t n_words;
	const char *guarantee, *limit;
	bool force;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct shares *shares = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &shares->options;
		return 0;
	case 'g':
		shares->guarantee = arg;
		return 0;
	case 'l':
		shares->limit = arg;
		return 0;
	case 'f':
		shares->force = true;
		return 0;
	case ARGP_KEY_ARG:
		if (shares->n_words == WORDS_MAX)
			argp_error(state, "too many words; see --help");
		shares->words[shares->n_words++] = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

typedef int act_f(struct client *client, const struct shares *shares,
	struct tp_arena *arena, struct tp_error *err);

static int shares_run(const struct argp *argp, int argc, char **argv,
	int (*check)(const struct shares *shares, struct tp_error *err), act_f *act)
{
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct shares shares = { .n_words = 0 };
	struct tp_error err = { 0 };
	struct client client;
	int r;

	cli_options_init(&shares.options);
	if (cli_parse(argp, argc, argv, &shares) < 0)
		return CLI_USAGE;
	if (check(&shares, &err) < 0) {
		cli_error(&err);
		return CLI_USAGE;
	}
	r = client_open(&client, shares.options.master, &err);
	if (r == 0)
		r = act(&client, &shares, arena, &err);
	client_close(&client);
	return r < 0 ? cli_error(&err) : CLI_OK;
}

static int call(struct client *client, const struct tp_master_call *call,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_master_response *response;

	return client_call_master(client, call, arena, &response, err);
}

/* "cpus:2;mem:512": the next pair; false at the end. */
static int next_amount(char **rest, const char **ret_name, struct tp_value_scalar **ret,
	struct tp_arena *arena, struct tp_error *err)
{
	char *word, *colon;

	do {
		word = strsep(rest, ";");
	} while (word != NULL && word[0] == '\0');
	if (word == NULL)
		return 0;
	colon = strchr(word, ':');
	if (colon == NULL || colon == word)
		return tp_fail(err, EINVAL,
			"'%s' is not an amount: names and numbers, like cpus:2;mem:512",
			word);
	*colon = '\0';
	*ret_name = word;
	*ret = tp_record_new(&tp_value_scalar_desc, arena);
	(*ret)->has_value_milli = true;
	return tp_milli_parse(colon + 1, &(*ret)->value_milli, err) < 0
		? tp_wrap(err, -EINVAL, "%s", word)
		: 1;
}

/* --- quota ----------------------------------------------------------------------------- */

static int quota_check(const struct shares *shares, struct tp_error *err)
{
	const char *verb = shares->n_words > 0 ? shares->words[0] : "list";

	if (strcmp(verb, "list") == 0)
		return 0;
	if (strcmp(verb, "set") != 0 && strcmp(verb, "remove") != 0)
		return tp_fail(err, EINVAL, "quota: list, set or remove, not '%s'", verb);
	if (shares->n_words != 2)
		return tp_fail(err, EINVAL, "quota %s: which role?", verb);
	if (strcmp(verb, "set") == 0 && shares->guarantee == NULL &&
		shares->limit == NULL)
		return tp_fail(err, EINVAL, "quota set: --guarantee or --limit, please");
	return 0;
}

static int read_guarantees(const struct shares *shares, struct tp_quota_config *config,
	struct tp_arena *arena, struct tp_error *err)
{
	char *rest = shares->guarantee == NULL
		? NULL
		: tp_arena_strdup(arena, shares->guarantee);
	struct tp_value_scalar *value;
	const char *name;
	int r;

	while ((r = next_amount(&rest, &name, &value, arena, err)) > 0) {
		struct tp_quota_config_guarantees_entry *entry =
			tp_record_new(&tp_quota_config_guarantees_entry_desc, arena);

		entry->key = name;
		entry->value = value;
		tp_arena_push(arena, &config->guarantees, &config->n_guarantees, entry);
	}
	return r;
}

static int read_limits(const struct shares *shares, struct tp_quota_config *config,
	struct tp_arena *arena, struct tp_error *err)
{
	char *rest = shares->limit == NULL ? NULL : tp_arena_strdup(arena, shares->limit);
	struct tp_value_scalar *value;
	const char *name;
	int r;

	while ((r = next_amount(&rest, &name, &value, arena, err)) > 0) {
		struct tp_quota_config_limits_entry *entry =
			tp_record_new(&tp_quota_config_limits_entry_desc, arena);

		entry->key = name;
		entry->value = value;
		tp_arena_push(arena, &config->limits, &config->n_limits, entry);
	}
	return r;
}

static void print_amount(struct tp_strbuf *out, const char *name, int64_t milli)
{
	if (out->len > 0)
		tp_strbuf_puts(out, "; ");
	tp_strbuf_printf(out, "%s:", name);
	tp_milli_print(milli, out);
}

static int quota_list(struct client *client, struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "ROLE", "GUARANTEES", "LIMITS", NULL };
	const struct tp_master_call get = { .has_type = true,
		.type = TP_MASTER_CALL_GET_QUOTA };
	struct tp_master_response *response;
	struct table table;
	int r = client_call_master(client, &get, arena, &response, err);

	if (r < 0)
		return r;
	table_init(&table, arena, headings);
	for (size_t i = 0; i < response->get_quota->status->n_configs; i++) {
		const struct tp_quota_config *config =
			response->get_quota->status->configs[i];
		tp_cleanup(strbuf) struct tp_strbuf sure = TP_STRBUF_INIT;
		tp_cleanup(strbuf) struct tp_strbuf most = TP_STRBUF_INIT;

		for (size_t k = 0; k < config->n_guarantees; k++)
			print_amount(&sure, config->guarantees[k]->key,
				config->guarantees[k]->value->value_milli);
		for (size_t k = 0; k < config->n_limits; k++)
			print_amount(&most, config->limits[k]->key,
				config->limits[k]->value->value_milli);
		const char *const cells[] = { config->role,
			tp_arena_strdup(arena, tp_strbuf_text(&sure)),
			tp_arena_strdup(arena, tp_strbuf_text(&most)) };
		table_row(&table, cells);
	}
	table_print(&table);
	return 0;
}

static int quota_act(struct client *client, const struct shares *shares,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_quota_config config = { 0 };
	struct tp_quota_config *configs[] = { &config };
	struct tp_master_call_update_quota update = { .has_force = true,
		.force = shares->force,
		.quota_configs = configs,
		.n_quota_configs = 1 };
	int r = 0;

	if (shares->n_words < 2)
		return quota_list(client, arena, err);
	config.role = shares->words[1];
	if (strcmp(shares->words[0], "set") == 0) {
		r = read_guarantees(shares, &config, arena, err);
		if (r >= 0)
			r = read_limits(shares, &config, arena, err);
	}
	if (r < 0)
		return r;
	return call(client,
		&(struct tp_master_call){ .has_type = true,
			.type = TP_MASTER_CALL_UPDATE_QUOTA,
			.update_quota = &update },
		arena, err);
}

int cli_quota(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "guarantee", 'g', "AMOUNTS", 0,
			"what the role is sure to get: cpus:2;mem:512", 0 },
		{ "limit", 'l', "AMOUNTS", 0, "what it may have at most", 0 },
		{ "force", 'f', NULL, 0,
			"even if the cluster cannot honour it, or the role has more now",
			0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "[list]\nset ROLE\nremove ROLE",
		"Shows and changes the quota of top-level roles.", cli_children, NULL,
		NULL };

	return shares_run(&argp, argc, argv, quota_check, quota_act);
}

/* --- weights --------------------------------------------------------------------------- */

static int weights_check(const struct shares *shares, struct tp_error *err)
{
	for (size_t i = 0; i < shares->n_words; i++) {
		const char *equals = strrchr(shares->words[i], '=');
		char *end = NULL;

		if (equals != NULL)
			strtod(equals + 1, &end);
		if (end == NULL || end == equals + 1 || *end != '\0')
			return tp_fail(err, EINVAL,
				"'%s' is not a weight: ROLE=NUMBER, please",
				shares->words[i]);
	}
	return 0;
}

static int weights_list(
	struct client *client, struct tp_arena *arena, struct tp_error *err)
{
	static const char *const headings[] = { "ROLE", "WEIGHT", NULL };
	const struct tp_master_call get = { .has_type = true,
		.type = TP_MASTER_CALL_GET_WEIGHTS };
	struct tp_master_response *response;
	struct table table;
	int r = client_call_master(client, &get, arena, &response, err);

	if (r < 0)
		return r;
	table_init(&table, arena, headings);
	for (size_t i = 0; i < response->get_weights->n_weight_infos; i++) {
		const struct tp_weight_info *info =
			response->get_weights->weight_infos[i];
		const char *const cells[] = { info->role == NULL ? "*" : info->role,
			tp_arena_printf(arena, "%g", info->weight) };

		table_row(&table, cells);
	}
	table_print(&table);
	return 0;
}

static int weights_act(struct client *client, const struct shares *shares,
	struct tp_arena *arena, struct tp_error *err)
{
	struct tp_master_call_update_weights update = { 0 };

	if (shares->n_words == 0)
		return weights_list(client, arena, err);
	for (size_t i = 0; i < shares->n_words; i++) {
		struct tp_weight_info *info = tp_record_new(&tp_weight_info_desc, arena);
		const char *equals = strrchr(shares->words[i], '=');

		info->role = tp_arena_strndup(
			arena, shares->words[i], (size_t)(equals - shares->words[i]));
		info->has_weight = true;
		info->weight = strtod(equals + 1, NULL);
		tp_arena_push(arena, &update.weight_infos, &update.n_weight_infos, info);
	}
	return call(client,
		&(struct tp_master_call){ .has_type = true,
			.type = TP_MASTER_CALL_UPDATE_WEIGHTS,
			.update_weights = &update },
		arena, err);
}

int cli_weights(int argc, char **argv)
{
	const struct argp argp = { NULL, on_option, "[ROLE=WEIGHT...]",
		"Shows the weights of roles, or changes them: tepui weights eng=2 ops=1. "
		"A "
		"role's fair share grows with its weight; others weigh 1.",
		cli_children, NULL, NULL };

	return shares_run(&argp, argc, argv, weights_check, weights_act);
}
