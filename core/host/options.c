/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the options of tepuid. Everything that can also stand in the manifest wins over it. What
 * the texts mean for a module is checked later: a setting needs the manifest first.
 */
#include "core/host/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tepui/module.h"
#include <config.h>

enum {
	OPTION_SET = 256,
	OPTION_CHECK,
	OPTION_GRAPH,
	OPTION_READY_FILE,
	OPTION_MODULE_DIR,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FORMAT,
	OPTION_VERSION,
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "set", required_argument, NULL, OPTION_SET },
	{ "check", no_argument, NULL, OPTION_CHECK },
	{ "graph", no_argument, NULL, OPTION_GRAPH },
	{ "ready-file", required_argument, NULL, OPTION_READY_FILE },
	{ "module-dir", required_argument, NULL, OPTION_MODULE_DIR },
	{ "log-level", required_argument, NULL, OPTION_LOG_LEVEL },
	{ "log-format", required_argument, NULL, OPTION_LOG_FORMAT },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static const char usage[] =
	"Usage: tepuid -c FILE [OPTION]...\n"
	"Runs the modules of a manifest.\n"
	"\n"
	"  -c, --config FILE      the manifest (YAML)\n"
	"      --set NAME.KEY=VALUE\n"
	"                         set a config key of an instance; may be repeated\n"
	"      --check            open, bind and configure everything, run nothing: "
	"exit\n"
	"                         status 0, or 2 and all that is wrong on stderr\n"
	"      --graph            print who provides and requires what, run nothing\n"
	"      --ready-file PATH  written when everything runs: lines NAME.KEY=VALUE "
	"such as\n"
	"                         the addresses that were bound\n"
	"      --module-dir DIR   search modules here first; may be repeated. Then come\n"
	"                         $TEPUI_MODULE_DIR, or " TEPUI_MODULE_DIR "\n"
	"      --log-level LEVEL  debug, info, warning or error (default info)\n"
	"      --log-format FORMAT\n"
	"                         text or json (default text)\n"
	"      --version          print the version\n"
	"  -h, --help             print this help\n";

static int refuse(const char *text)
{
	fprintf(stderr, "tepuid: %s\nTry 'tepuid --help'.\n", text);
	return 2;
}

static int repeated(const char **texts, size_t *n)
{
	if (*n == OPTIONS_MAX_REPEATED)
		return refuse("an option is repeated too often");
	texts[(*n)++] = optarg;
	return -1;
}

static int parse_log(struct options *options, int option)
{
	struct tp_error err = { 0 };

	if (option == OPTION_LOG_LEVEL) {
		options->has_level = true;
		if (tp_log_level_parse(optarg, &options->level, &err) < 0)
			return refuse(err.text);
		return -1;
	}
	options->has_format = true;
	if (strcmp(optarg, "json") == 0)
		options->format = TP_LOG_JSON;
	else if (strcmp(optarg, "text") != 0)
		return refuse("--log-format takes text or json");
	return -1;
}

static int print_version(void)
{
	printf("tepuid %s\nmodule ABI %d\nmodules in %s\n", PACKAGE_VERSION,
		TP_MODULE_ABI, TEPUI_MODULE_DIR);
	return 0;
}

static int parse_one(struct options *options, int option)
{
	switch (option) {
	case 'c':
		options->manifest = optarg;
		return -1;
	case OPTION_SET:
		return repeated(options->settings, &options->n_settings);
	case OPTION_MODULE_DIR:
		return repeated(options->module_dirs, &options->n_module_dirs);
	case OPTION_READY_FILE:
		options->ready_file = optarg;
		return -1;
	case OPTION_CHECK:
		options->check = true;
		return -1;
	case OPTION_GRAPH:
		options->graph = true;
		return -1;
	case OPTION_LOG_LEVEL:
	case OPTION_LOG_FORMAT:
		return parse_log(options, option);
	case OPTION_VERSION:
		return print_version();
	case 'h':
		fputs(usage, stdout);
		return 0;
	default: /* getopt said what was wrong */
		fputs("Try 'tepuid --help'.\n", stderr);
		return 2;
	}
}

int options_parse(struct options *options, int argc, char **argv)
{
	int option;
	int status = -1;

	*options = (struct options){ 0 };
	while (status < 0) {
		option = getopt_long(argc, argv, "c:h", long_options, NULL);
		if (option < 0)
			break;
		status = parse_one(options, option);
	}
	if (status >= 0)
		return status;
	if (optind < argc)
		return refuse("takes options only: the manifest is given with -c");
	if (options->manifest == NULL)
		return refuse("no manifest: give one with -c FILE");
	return -1;
}

void options_set_up_log(const struct options *options, const struct tp_kernel *kernel)
{
	tp_log_set_level(
		options->has_level ? options->level : tp_kernel_log_level(kernel));
	tp_log_setup(options->has_format ? options->format : tp_kernel_log_format(kernel),
		STDERR_FILENO);
}

void options_print_graph(const struct options *options, const struct tp_kernel *kernel)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	if (!options->graph)
		return;
	tp_kernel_graph(kernel, &text);
	fputs(tp_strbuf_text(&text), stdout);
}
