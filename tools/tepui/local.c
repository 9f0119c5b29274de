/* SPDX-License-Identifier: Apache-2.0 */
/* tepui local: a whole cluster in one process: tepuid with the shipped local.yaml. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

const char *cli_tepuid(void)
{
	const char *path = getenv("TEPUI_TEPUID");

	return path != NULL && path[0] != '\0' ? path : TEPUI_SBIN_DIR "/tepuid";
}

int cli_local(int argc, char **argv)
{
	const char *path = cli_tepuid();
	char **args = tp_alloc(((size_t)argc + 3) * sizeof(*args));
	struct tp_error err;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		printf("Usage: tepui local [OPTION...]\n\n"
		       "Runs a whole cluster in one process: tepuid -c %s/local.yaml.\n"
		       "Options are those of tepuid, like --set "
		       "agent.resources=cpus:4.\n",
			TEPUI_CONF_DIR);
		tp_free(args);
		return CLI_OK;
	}
	args[0] = tp_strdup("tepuid");
	args[1] = tp_strdup("-c");
	args[2] = tp_strdup(TEPUI_CONF_DIR "/local.yaml");
	for (int i = 1; i < argc; i++)
		args[i + 2] = argv[i];
	execv(path, args);
	tp_fail_errno(&err, errno, "executing '%s'", path);
	return cli_error(&err);
}
