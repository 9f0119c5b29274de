/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tepui-modcheck: is this .so a module that a daemon can rely on? Its descriptor, its config
 * table, the ABI of its kinds, and all that its kinds promise. The examination runs in a child,
 * so that a module that crashes or hangs is a line of the report.
 *
 *	0 all that was checked holds	1 something does not	2 nothing could be checked
 */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "tepui/kind/allocator.h"
#include "tepui/kind/anonymous.h"
#include "tepui/kind/authenticatee.h"
#include "tepui/kind/authenticator.h"
#include "tepui/kind/calls.h"
#include "tepui/kind/changes.h"
#include "tepui/kind/containerizer.h"
#include "tepui/kind/daemon.h"
#include "tepui/kind/election.h"
#include "tepui/kind/hook.h"
#include "tepui/kind/isolator.h"
#include "tepui/kind/logger.h"
#include "tepui/kind/qos_controller.h"
#include "tepui/kind/registry.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/kind/sorter.h"
#include "tepui/kind/state.h"
#include "tepui/log.h"

#define TIME_LIMIT_S 300

#define SUITE(name, abi_number, ops_type) \
	.kind = (name), .abi = (abi_number), .ops_size = sizeof(struct ops_type)
static const struct suite suites[] = {
	{ SUITE("allocator", TP_ALLOCATOR_ABI, tp_allocator_ops),
		.run = allocator_suite },
	{ SUITE("anonymous", TP_ANONYMOUS_ABI, tp_anonymous_ops) },
	{ SUITE("authenticatee", TP_AUTHENTICATEE_ABI, tp_authenticatee_ops),
		.cases = authenticatee_cases },
	{ SUITE("authenticator", TP_AUTHENTICATOR_ABI, tp_authenticator_ops),
		.cases = authenticator_cases, .other = "authenticatee",
		.other_abi = TP_AUTHENTICATEE_ABI,
		.other_ops_size = sizeof(struct tp_authenticatee_ops) },
	{ SUITE("calls", TP_CALLS_ABI, tp_calls_ops) },
	{ SUITE("changes", TP_CHANGES_ABI, tp_changes_ops) },
	{ SUITE("containerizer", TP_CONTAINERIZER_ABI, tp_containerizer_ops),
		.cases = containerizer_cases },
	{ SUITE("daemon", TP_DAEMON_ABI, tp_daemon_ops) },
	{ SUITE("election", TP_ELECTION_ABI, tp_election_ops), .cases = election_cases },
	{ SUITE("hook", TP_HOOK_ABI, tp_hook_ops), .cases = hook_cases },
	{ SUITE("isolator", TP_ISOLATOR_ABI, tp_isolator_ops), .cases = isolator_cases },
	{ SUITE("logger", TP_LOGGER_ABI, tp_logger_ops), .cases = logger_cases },
	{ SUITE("qos_controller", TP_QOS_CONTROLLER_ABI, tp_qos_controller_ops),
		.cases = qos_controller_cases },
	{ SUITE("registry", TP_REGISTRY_ABI, tp_registry_ops), .cases = registry_cases },
	{ SUITE("resource_estimator", TP_RESOURCE_ESTIMATOR_ABI,
		  tp_resource_estimator_ops),
		.cases = resource_estimator_cases },
	{ SUITE("sorter", TP_SORTER_ABI, tp_sorter_ops), .cases = sorter_cases },
	{ SUITE("state", TP_STATE_ABI, tp_state_ops) },
};

static void usage(FILE *out)
{
	fputs("usage: tepui-modcheck FILE.so [--config KEY=VALUE]... [--with "
	      "OTHER.so]...\n\n"
	      "Checks a module: descriptor, config table, ABI, and what its kinds "
	      "promise.\n\n"
	      "  --config KEY=VALUE  a key of its config, as in a manifest\n"
	      "  --with OTHER.so     another module that it requires\n"
	      "  --help              this text\n\n"
	      "Exit status: 0 all holds, 1 something does not, 2 nothing could be "
	      "checked.\n",
		out);
}

static const void *row(const void *table, size_t stride, size_t i)
{
	return (const char *)table + stride * i;
}

/* The kernel has checked types, places and bounds; this is about people. */
static void check_config(struct check *c, const struct tp_module *module)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_";

	for (size_t i = 0; module->config != NULL; i++) {
		const struct tp_field *field = row(module->config, module->field_size, i);
		tp_cleanup(ptr) char *what = NULL;
		const char *why = "";

		if (field->name == NULL)
			break;
		what = tp_asprintf("config: %s", field->name);
		if (field->name[strspn(field->name, letters)] != '\0')
			why = "a key is made of a-z, 0-9 and _";
		else if (module->field_size > offsetof(struct tp_field, doc) &&
			(field->doc == NULL || field->doc[0] == '\0'))
			why = "it has no doc, which `tepui module describe` shows";
		for (size_t j = 0; j < i; j++) {
			const struct tp_field *other =
				row(module->config, module->field_size, j);

			if (strcmp(other->name, field->name) == 0)
				why = "the key is there twice";
		}
		report(c, why[0] == '\0', what, why);
	}
}

static const struct suite *suite_find(const char *kind)
{
	for (size_t i = 0; i < TP_COUNT(suites); i++) {
		if (strcmp(suites[i].kind, kind) == 0)
			return &suites[i];
	}
	return NULL;
}

static void check_kinds(struct check *c, const struct tp_module *module)
{
	for (size_t i = 0; module->provides != NULL; i++) {
		const struct tp_provide *provide =
			row(module->provides, module->provide_size, i);
		const struct suite *suite;

		if (provide->kind == NULL)
			break;
		suite = suite_find(provide->kind);
		if (suite == NULL) {
			printf("skip    %s: a kind that is not known here\n",
				provide->kind);
			continue;
		}
		tp_cleanup(ptr) char *what =
			tp_asprintf("%s: ABI %u", suite->kind, provide->abi);
		tp_cleanup(ptr) char *why = provide->abi == suite->abi
			? tp_strdup("")
			: tp_asprintf("this Tepui speaks %u", suite->abi);

		report(c, provide->abi == suite->abi, what, why);
		if (provide->abi != suite->abi)
			continue;
		if (suite->cases != NULL || suite->run != NULL)
			check_suite(c, suite);
		else
			printf("skip    %s: this kind has no suite\n", suite->kind);
	}
}

/* Loads it as a daemon would, with all its checks, and once more by hand for its tables. */
static int examine(const struct target *target)
{
	struct check c = { .target = target };
	const struct suite none = { .kind = "modcheck", .ops_size = sizeof(void *) };
	const struct tp_module *module;
	struct tp_error err = { 0 };
	void *handle;
	int r = check_start(&c, &none, 1, &err);

	if (r < 0 && c.kernel == NULL) {
		fprintf(stderr, "tepui-modcheck: %s\n", err.text);
		check_stop(&c);
		return 2;
	}
	handle = dlopen(target->file, RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
	module = handle == NULL ? NULL : dlsym(handle, "tp_module");
	if (module == NULL) {
		fprintf(stderr, "tepui-modcheck: %s: %s\n", target->file, dlerror());
		check_stop(&c);
		return 2;
	}
	printf("%s %s: %s\n", module->name,
		module->version != NULL ? module->version : "",
		module->summary != NULL ? module->summary : "");
	report(&c, true, "descriptor: loads, with all its defaults", "");
	report(&c, module->version != NULL && module->summary != NULL,
		"descriptor: says what it is",
		module->version != NULL && module->summary != NULL
			? ""
			: "version and summary are for people, both should be there");
	report(&c, r >= 0, "life: starts", r < 0 ? err.text : "");
	check_config(&c, module);
	c.failed = false;
	check_stop(&c);
	report(&c, !c.failed, "life: stops", c.failed ? c.text : "");
	if (r >= 0)
		check_kinds(&c, module);
	printf("%s\n", c.n_failed == 0 ? "all holds" : "it is not fit for use");
	return c.n_failed == 0 ? 0 : 1;
}

static int examine_in_child(const struct target *target)
{
	int status = 0;
	pid_t pid = fork(); /* nothing has a thread yet */

	if (pid == 0) {
		alarm(TIME_LIMIT_S);
		tp_log_set_level(TP_LOG_ERROR);
		status = examine(target);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("tepui-modcheck");
		return 2;
	}
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("FAILED  it ended the process: %s\n", strsignal(WTERMSIG(status)));
	return 1;
}

/* Absolute, because modules are found by name or by absolute path. */
static const char *absolute(const char *file)
{
	char *path = realpath(file, NULL);

	if (path == NULL)
		fprintf(stderr, "tepui-modcheck: %s: %s\n", file, strerror(errno));
	return path;
}

static bool push(const char ***items, size_t *n, const char *item)
{
	*items = tp_realloc(*items, (*n + 1) * sizeof(**items));
	(*items)[(*n)++] = item;
	return item != NULL;
}

static bool parse(struct target *target, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		const char *value = i + 1 < argc ? argv[i + 1] : NULL;

		if (strcmp(argv[i], "--config") == 0 && value != NULL &&
			strchr(value, '=') != NULL) {
			push(&target->config, &target->n_config, value);
			i++;
		} else if (strcmp(argv[i], "--with") == 0 && value != NULL) {
			if (!push(&target->with, &target->n_with, absolute(value)))
				return false;
			i++;
		} else if (argv[i][0] != '-' && target->file == NULL) {
			target->file = absolute(argv[i]);
			if (target->file == NULL)
				return false;
		} else {
			usage(stderr);
			return false;
		}
	}
	if (target->file == NULL)
		usage(stderr);
	return target->file != NULL;
}

static void target_fini(struct target *target)
{
	for (size_t i = 0; i < target->n_with; i++)
		tp_free((char *)target->with[i]);
	tp_free(target->with);
	tp_free(target->config);
	tp_free((char *)target->file);
}

int main(int argc, char **argv)
{
	struct target target = { 0 };
	int status = 2;

	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		usage(stdout);
		return 0;
	}
	if (parse(&target, argc, argv))
		status = examine_in_child(&target);
	target_fini(&target);
	return status;
}
