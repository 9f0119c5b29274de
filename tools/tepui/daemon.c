/* SPDX-License-Identifier: Apache-2.0 */
/* tepui daemon: what can be changed in a daemon while it runs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "cli.h"

struct daemon_args {
	const char *words[2];
	size_t n_words;
	const char *socket;
};

static error_t on_option(int key, char *arg, struct argp_state *state)
{
	struct daemon_args *args = state->input;

	switch (key) {
	case 's':
		args->socket = arg;
		return 0;
	case ARGP_KEY_ARG:
		if (args->n_words == TP_COUNT(args->words))
			argp_error(state, "unexpected argument '%s'", arg);
		args->words[args->n_words++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (args->n_words == 0)
			argp_error(state, "log-level or reload? see --help");
		if (strcmp(args->words[0], "log-level") != 0 &&
			(strcmp(args->words[0], "reload") != 0 || args->n_words == 2))
			argp_error(state, "log-level [LEVEL], or reload");
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

int cli_daemon(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{ "socket", 's', "PATH", 0,
			"the daemon's admin socket; default: $TEPUI_ADMIN_SOCKET, or "
			"that of "
			"the one daemon here",
			0 },
		{ 0 },
	};
	const struct argp argp = { options, on_option, "log-level [LEVEL]\nreload",
		"Shows or sets the log level of a running daemon (debug, info, warning, "
		"error), or lets it read its manifest again, as SIGHUP does.",
		NULL, NULL, NULL };
	tp_cleanup(arena) struct tp_arena *arena = tp_arena_create(0);
	struct daemon_args args = { .n_words = 0 };
	struct admin_answer *answer;
	struct tp_error err = { 0 };

	if (cli_parse(&argp, argc, argv, &args) < 0)
		return CLI_USAGE;
	if (admin_ask(args.socket, args.words[0], args.words[1], arena, &answer, &err) <
		0)
		return cli_error(&err);
	if (answer->text != NULL && answer->text[0] != '\0')
		fprintf(answer->failed ? stderr : stdout, "%s%s", answer->text,
			answer->text[strlen(answer->text) - 1] == '\n' ? "" : "\n");
	return answer->failed ? CLI_FAILED : CLI_OK;
}
