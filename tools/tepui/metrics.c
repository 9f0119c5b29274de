/* SPDX-License-Identifier: Apache-2.0 */
/* tepui metrics: what the master counts and measures, by name. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "client.h"
#include "tepui/codec.h"
#include "tepui/record.h"

struct metrics {
	struct cli_options options;
	const char *pattern; /* NULL: all */
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct metrics *metrics = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &metrics->options;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one pattern, please, not '%s' too", arg);
		metrics->pattern = arg;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static int by_name(const void *a, const void *b)
{
	const struct tp_metric_value *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* Sorted, and only those that match. */
static void choose(struct tp_master_response_get_metrics *all, const char *pattern)
{
	size_t n = 0;

	for (size_t i = 0; i < all->n_metrics; i++) {
		if (pattern == NULL || fnmatch(pattern, all->metrics[i]->name, 0) == 0)
			all->metrics[n++] = all->metrics[i];
	}
	all->n_metrics = n;
	if (n > 1)
		qsort(all->metrics, n, sizeof(*all->metrics), by_name);
}

static int ask(const struct metrics *metrics, struct tp_arena *arena,
	struct tp_master_response **ret, struct tp_error *err)
{
	const struct tp_master_call call = { .has_type = true,
		.type = TP_MASTER_CALL_GET_METRICS };
	struct client client;
	int r = client_open(&client, metrics->options.master, err);

	if (r == 0)
		r = client_call_master(&client, &call, arena, ret, err);
	client_close(&client);
	if (r < 0)
		return r;
	if (*ret == NULL || (*ret)->get_metrics == NULL)
		return tp_fail(err, EPROTO, "the master's answer has no metrics");
	choose((*ret)->get_metrics, metrics->pattern);
	if ((*ret)->get_metrics->n_metrics == 0)
		return tp_fail(err, ENOENT, "no metric has a name like '%s'",
			metrics->pattern == NULL ? "*" : metrics->pattern);
	return 0;
}

int cli_metrics(int argc, char **argv)
{
	const struct argp argp = { NULL, on_option, "[PATTERN]",
		"Prints the master's metrics whose names match, like "
		"'allocator/mesos/roles/*'.",
		cli_children, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct metrics metrics = { .pattern = NULL };
	struct tp_master_response *response = NULL;
	const struct tp_master_response_get_metrics *all;
	struct tp_error err = { 0 };

	cli_options_init(&metrics.options);
	if (cli_parse(&argp, argc, argv, &metrics) < 0)
		return CLI_USAGE;
	if (ask(&metrics, arena, &response, &err) < 0)
		return cli_error(&err);
	all = response->get_metrics;
	if (metrics.options.json) {
		tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

		tp_json_encode(&tp_master_response_desc, response,
			TP_JSON_PRETTY | TP_JSON_NATIVE, &text);
		puts(tp_strbuf_text(&text));
		return CLI_OK;
	}
	for (size_t i = 0; i < all->n_metrics; i++)
		printf("%s %.10g\n", all->metrics[i]->name, all->metrics[i]->value);
	return CLI_OK;
}
