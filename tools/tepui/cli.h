/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's tool: its subcommands and the options they share. */
#ifndef TOOLS_TEPUI_CLI_H
#define TOOLS_TEPUI_CLI_H

#include <argp.h>

#include "tepui/error.h"

#define CLI_MASTER_DEFAULT "127.0.0.1:5060"

/* Exit statuses: 0 fine, 1 it failed, 2 the command line was wrong. */
enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

/* What every command that talks to a cluster takes; `children` of its argp. */
struct cli_options {
	const char *master;
	bool json;
};
extern const struct argp_child cli_children[];
/* argp hands the children's input through state->child_inputs[0]. */
void cli_options_init(struct cli_options *options);

/* Parses; on a wrong command line argp explains and exits with 2. */
int cli_parse(const struct argp *argp, int argc, char **argv, void *input);

/* One line on stderr: "tepui: ..."; returns CLI_FAILED. */
int cli_error(const struct tp_error *err);

/* Where tepuid is: TEPUI_TEPUID, or where it was installed. */
const char *cli_tepuid(void);

/* The subcommands: argv[0] is the command's name. */
int cli_agents(int argc, char **argv);
int cli_daemon(int argc, char **argv);
int cli_execute(int argc, char **argv);
int cli_explain(int argc, char **argv);
int cli_frameworks(int argc, char **argv);
int cli_gone(int argc, char **argv);
int cli_kill(int argc, char **argv);
int cli_local(int argc, char **argv);
int cli_logs(int argc, char **argv);
int cli_maintenance(int argc, char **argv);
int cli_metrics(int argc, char **argv);
int cli_module(int argc, char **argv);
int cli_quota(int argc, char **argv);
int cli_registry(int argc, char **argv);
int cli_reserve(int argc, char **argv);
int cli_tasks(int argc, char **argv);
int cli_teardown(int argc, char **argv);
int cli_unreserve(int argc, char **argv);
int cli_volume(int argc, char **argv);
int cli_weights(int argc, char **argv);

#endif
