/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepuid: one process that is whatever its manifest says. Signals and exit statuses live here,
 * everything else in libtepui. Exit status: 0 an orderly end, 1 failed to start, 2 wrong options
 * or manifest; a module may end the process with a status of its own.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "core/host/admin.h"
#include "core/host/options.h"
#include "core/host/ready.h"

struct daemon {
	struct tp_topic topic; /* first: this is who logs */
	struct tp_loop *loop;
	struct tp_signal signals[2];
	struct admin admin;
	struct tp_services_host *host;
	struct tp_kernel *kernel;
	struct tp_done stopped;
	bool stopping, has_stopped;
	int n_signals;
};

/* Also what tp_instance_exit() calls. */
static void end(void *user, int status)
{
	struct daemon *daemon = user;

	if (!daemon->stopping)
		tp_loop_stop(daemon->loop, status);
	daemon->stopping = true;
}

/* The first signal ends everything in order, the second one at once. */
static void on_signal(struct tp_signal *watch)
{
	struct daemon *daemon = tp_container_of(
		watch, struct daemon, signals[watch->signo == SIGTERM ? 0 : 1]);

	if (++daemon->n_signals > 1)
		_exit(128 + watch->signo);
	tp_info(daemon, "stopping", "signal=%d", watch->signo);
	end(daemon, 0);
}

static void on_stopped(struct tp_done *done, int status)
{
	struct daemon *daemon = tp_container_of(done, struct daemon, stopped);

	daemon->has_stopped = true;
	tp_loop_stop(daemon->loop, status);
}

/* The signals come first: threads that start later inherit that they are blocked. */
static int prepare(
	struct daemon *daemon, const struct options *options, struct tp_error *err)
{
	static const int signals[] = { SIGTERM, SIGINT };
	struct tp_kernel_options kernel = {
		.module_dirs = options->module_dirs,
		.n_module_dirs = options->n_module_dirs,
		.exit = end,
		.user = daemon,
	};
	int r;

	signal(SIGPIPE, SIG_IGN);
	daemon->loop = tp_loop_create(NULL, err);
	if (daemon->loop == NULL)
		return -EIO;
	for (size_t i = 0; i < TP_COUNT(signals); i++) {
		daemon->signals[i].fire = on_signal;
		r = tp_signal_watch(daemon->loop, &daemon->signals[i], signals[i], err);
		if (r < 0)
			return r;
	}
	r = admin_prepare(&daemon->admin, daemon->loop, &daemon->kernel, err);
	if (r >= 0)
		r = tp_services_host_create(daemon->loop, &daemon->host, err);
	if (r < 0)
		return r;
	kernel.loop = daemon->loop;
	kernel.services = tp_services_host_rows(daemon->host, &kernel.n_services);
	daemon->kernel = tp_kernel_create(&kernel);
	return 0;
}

static int run(struct daemon *daemon, const struct options *options)
{
	struct tp_error err = { 0 };
	int status = 1, r;

	r = tp_kernel_start(daemon->kernel, &err);
	if (r >= 0)
		r = admin_open(&daemon->admin, daemon->host, &err);
	if (r >= 0)
		r = ready_write(options->ready_file, daemon->kernel,
			admin_url(&daemon->admin), &err);
	if (r < 0) {
		tp_err(daemon, "cannot start, ending", "error=%s", err.text);
	} else {
		tp_info(daemon, "running", "manifest=%s", options->manifest);
		status = tp_loop_run(daemon->loop);
	}
	daemon->stopping = true;
	admin_close(&daemon->admin);
	daemon->stopped.call = on_stopped;
	tp_kernel_stop(daemon->kernel, &daemon->stopped);
	while (!daemon->has_stopped)
		tp_loop_run(daemon->loop);
	return status;
}

static int load_and_run(struct daemon *daemon, const struct options *options)
{
	if (tp_kernel_load(daemon->kernel, options->manifest, options->settings,
		    options->n_settings, NULL) < 0) {
		fputs(tp_kernel_issues(daemon->kernel), stderr);
		return 2;
	}
	options_print_graph(options, daemon->kernel);
	if (options->graph || options->check)
		return 0;
	options_set_up_log(options, daemon->kernel);
	return run(daemon, options);
}

int main(int argc, char **argv)
{
	struct daemon daemon = { .topic.name = "tepuid" };
	struct options options;
	struct tp_error err = { 0 };
	int status = options_parse(&options, argc, argv);

	if (status >= 0)
		return status;
	status = 1;
	if (prepare(&daemon, &options, &err) < 0)
		fprintf(stderr, "tepuid: %s\n", err.text);
	else
		status = load_and_run(&daemon, &options);
	tp_services_host_destroy(daemon.host);
	tp_kernel_destroy(daemon.kernel);
	tp_loop_destroy(daemon.loop);
	return status;
}
