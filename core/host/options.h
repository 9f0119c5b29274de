/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of tepuid. */
#ifndef CORE_HOST_OPTIONS_H
#define CORE_HOST_OPTIONS_H

#include "core/kernel/kernel.h"

#define OPTIONS_MAX_REPEATED 256

struct options {
	const char *manifest;
	const char *settings[OPTIONS_MAX_REPEATED];
	size_t n_settings;
	const char *module_dirs[OPTIONS_MAX_REPEATED];
	size_t n_module_dirs;
	const char *ready_file; /* NULL = none */
	bool check, graph;
	bool has_level, has_format;
	enum tp_log_level level;
	enum tp_log_format format;
};

/*
 * Returns -1 to go on, or the status to exit with: after --help and --version, which print to
 * stdout, and after wrong usage, which is explained on stderr.
 */
int options_parse(struct options *options, int argc, char **argv);
/* Sets up the log as the options say, else as the manifest does. */
void options_set_up_log(const struct options *options, const struct tp_kernel *kernel);
/* What --graph prints, if that was asked for. */
void options_print_graph(const struct options *options, const struct tp_kernel *kernel);

#endif
