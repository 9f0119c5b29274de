/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui: the operator's tool. This file finds the subcommand; each has a file of its own.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static const struct command {
	const char *name, *summary;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "execute", "run a command in the cluster and follow it", cli_execute },
	{ "agents", "list the agents", cli_agents },
	{ "frameworks", "list the frameworks", cli_frameworks },
	{ "tasks", "list the tasks", cli_tasks },
	{ "kill", "end a task", cli_kill },
	{ "teardown", "end a framework and all its tasks", cli_teardown },
	{ "gone", "declare an agent gone for ever", cli_gone },
	{ "logs", "print the output of a task", cli_logs },
	{ "reserve", "keep resources of an agent for a role", cli_reserve },
	{ "unreserve", "undo a reservation", cli_unreserve },
	{ "volume", "make, remove and list persistent volumes", cli_volume },
	{ "quota", "what roles are sure to get, and may have", cli_quota },
	{ "weights", "how much of the cluster is a role's fair share", cli_weights },
	{ "maintenance", "plan, start and stop the maintenance of machines",
		cli_maintenance },
	{ "explain", "why a framework gets, or does not get, offers", cli_explain },
	{ "metrics", "what the master counts and measures", cli_metrics },
	{ "module", "list, describe and connect modules", cli_module },
	{ "daemon", "change the log level of a running daemon, or reload it",
		cli_daemon },
	{ "registry", "look at, back up and restore what a master keeps", cli_registry },
	{ "local", "run a whole cluster in one process", cli_local },
};

static void usage(FILE *out)
{
	fputs("Usage: tepui COMMAND [OPTION...]\n\n", out);
	for (size_t i = 0; i < TP_COUNT(commands); i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].summary);
	fputs("\n`tepui COMMAND --help` explains a command. The master's address is "
	      "--master or\n"
	      "TEPUI_MASTER, else " CLI_MASTER_DEFAULT ". TEPUI_CREDENTIAL names a file "
	      "with\n`principal secret`, for masters that ask.\n",
		out);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return CLI_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return CLI_OK;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("tepui " TEPUI_VERSION);
		return CLI_OK;
	}
	for (size_t i = 0; i < TP_COUNT(commands); i++) {
		if (strcmp(argv[1], commands[i].name) == 0)
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "tepui: there is no command '%s'; see tepui --help\n", argv[1]);
	return CLI_USAGE;
}

/* --- what commands share ---------------------------------------------------------------- */

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct cli_options *options = state->input;

	switch (key) {
	case 'm':
		options->master = arg;
		return 0;
	case 'j':
		options->json = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option shared_options[] = {
	{ "master", 'm', "ADDRESS", 0,
		"the master: HOST:PORT, tcp://HOST:PORT, a comma list", 0 },
	{ "json", 'j', NULL, 0, "print JSON instead of tables", 0 },
	{ 0 },
};
static const struct argp shared_argp = { shared_options, on_option, NULL, NULL, NULL,
	NULL, NULL };
const struct argp_child cli_children[] = { { &shared_argp, 0, NULL, 0 }, { 0 } };

void cli_options_init(struct cli_options *options)
{
	const char *master = getenv("TEPUI_MASTER");

	options->master =
		master != NULL && master[0] != '\0' ? master : CLI_MASTER_DEFAULT;
	options->json = false;
}

int cli_parse(const struct argp *argp, int argc, char **argv, void *input)
{
	char *command = argv[0];
	int r;

	argp_err_exit_status = CLI_USAGE;
	argv[0] = tp_asprintf("tepui %s", command);
	r = argp_parse(argp, argc, argv, ARGP_IN_ORDER, NULL, input);
	tp_free(argv[0]);
	argv[0] = command;
	return r == 0 ? 0 : -r;
}

int cli_error(const struct tp_error *err)
{
	fprintf(stderr, "tepui: %s\n", err->text);
	return CLI_FAILED;
}
