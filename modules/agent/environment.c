/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Order, later ones win: executor_environment_variables (or, without any, the agent's own
 * environment without what speaks to or of an agent), the command's environment, then what the
 * agent says. Everything the agent says comes under TEPUI_ and, where Mesos executors know it,
 * under MESOS_ too.
 */
#include "environment.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tepui/record.h"
#include "tepui/units.h"
#include "tepui/wire/machine.h"

#include "executor_front.h"
#include "executors.h"
#include "frameworks.h"
#include "native.h"

#define HTTP_PORT 5051 /* when nothing else is advertised */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

extern char **environ;

struct builder {
	struct tp_environment *environment;
	struct tp_arena *arena;
};

/* A name that is there already gets the new value. */
static void set_n(struct builder *to, const char *name, size_t len, const char *value)
{
	struct tp_environment *environment = to->environment;
	struct tp_environment_variable *variable;

	for (size_t i = 0; i < environment->n_variables; i++) {
		variable = environment->variables[i];
		if (strncmp(variable->name, name, len) == 0 &&
			variable->name[len] == '\0') {
			variable->value = value;
			return;
		}
	}
	variable = tp_record_new(&tp_environment_variable_desc, to->arena);
	variable->name = tp_arena_strndup(to->arena, name, len);
	variable->value = value;
	tp_arena_push(
		to->arena, &environment->variables, &environment->n_variables, variable);
}

static void set(struct builder *to, const char *name, const char *value)
{
	set_n(to, name, strlen(name), value);
}

/* The same value under TEPUI_<name> and MESOS_<name>. */
static void set_both(struct builder *to, const char *name, const char *value)
{
	set(to, tp_arena_printf(to->arena, "TEPUI_%s", name), value);
	set(to, tp_arena_printf(to->arena, "MESOS_%s", name), value);
}

static const char *duration(struct builder *to, int64_t ns)
{
	tp_cleanup(strbuf) struct tp_strbuf text = TP_STRBUF_INIT;

	tp_duration_print(ns, &text);
	return tp_arena_strdup(to->arena, tp_strbuf_text(&text));
}

static bool is_private(const char *pair)
{
	static const char *const prefixes[] = { "TEPUI_", "MESOS_", "LIBPROCESS_",
		"NOTIFY_SOCKET=", "LISTEN_",
		"INVOCATION_ID=", "JOURNAL_STREAM=", "WATCHDOG_" };

	for (size_t i = 0; i < TP_COUNT(prefixes); i++) {
		if (strncmp(pair, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	}
	return false;
}

static void set_pair(struct builder *to, const char *pair)
{
	const char *equals = strchr(pair, '=');

	if (equals != NULL && equals != pair)
		set_n(to, pair, (size_t)(equals - pair), equals + 1);
}

static void add_base(struct builder *to, const struct agent_config *config)
{
	set(to, "PATH", DEFAULT_PATH);
	for (size_t i = 0; i < config->n_executor_environment_variables; i++)
		set_pair(to, config->executor_environment_variables[i]);
	if (config->n_executor_environment_variables > 0)
		return;
	for (char **pair = environ; *pair != NULL; pair++) {
		if (!is_private(*pair))
			set_pair(to, *pair);
	}
}

static void add_command(struct builder *to, const struct tp_command_info *command)
{
	const struct tp_environment *from = command == NULL ? NULL : command->environment;

	for (size_t i = 0; from != NULL && i < from->n_variables; i++) {
		const struct tp_environment_variable *variable = from->variables[i];

		if (variable->value != NULL)
			set(to, variable->name, variable->value);
	}
}

/* Where v1 executors look for the agent's HTTP: the host that masters are told, and its port. */
static void add_endpoint(struct builder *to, const struct agent *agent)
{
	const char *url = native_advertised_url(agent);
	const char *host = url == NULL ? NULL : strstr(url, "://");
	const char *colon = host == NULL ? NULL : strrchr(host + 3, ':');
	const char *endpoint;

	if (colon == NULL)
		return; /* a socket's path */
	endpoint = tp_arena_printf(to->arena, "%.*s:%d", (int)(colon - host - 3),
		host + 3, agent->info->has_port ? (int)agent->info->port : HTTP_PORT);
	set(to, "MESOS_AGENT_ENDPOINT", endpoint);
	set(to, "MESOS_SLAVE_PID", tp_arena_printf(to->arena, "slave(1)@%s", endpoint));
}

static void add_agent(struct builder *to, struct executor *executor)
{
	struct agent *agent = executor->framework->agent;
	const struct agent_config *config = &agent->config;
	const struct tp_duration_info *own = executor->info->shutdown_grace_period;
	bool checkpoint = framework_checkpoints(executor->framework);

	set(to, "TEPUI_AGENT_ADDRESS", executor_front_url(agent));
	set_both(to, "FRAMEWORK_ID", executor->framework->id);
	set_both(to, "EXECUTOR_ID", executor->id);
	set(to, "TEPUI_AGENT_ID", agent->id);
	set(to, "MESOS_SLAVE_ID", agent->id);
	set_both(to, "CONTAINER_ID", executor->container_id);
	set_both(to, "DIRECTORY", executor->directory);
	set_both(to, "SANDBOX", executor->directory);
	set_both(to, "CHECKPOINT", checkpoint ? "1" : "0");
	if (checkpoint) {
		set_both(to, "RECOVERY_TIMEOUT",
			duration(to, config->recovery_timeout_ns));
		set_both(to, "SUBSCRIPTION_BACKOFF_MAX",
			duration(to, config->executor_reregistration_timeout_ns));
	}
	set(to, "MESOS_HTTP_COMMAND_EXECUTOR", "0");
	add_endpoint(to, agent);
	set_both(to, "EXECUTOR_SHUTDOWN_GRACE_PERIOD",
		duration(to,
			own != NULL ? own->nanoseconds
				    : config->executor_shutdown_grace_period_ns));
}

struct tp_environment *environment_create(
	struct executor *executor, struct tp_arena *arena)
{
	struct builder to = {
		.environment = tp_record_new(&tp_environment_desc, arena),
		.arena = arena,
	};

	add_base(&to, &executor->framework->agent->config);
	add_command(&to, executor->info->command);
	add_agent(&to, executor);
	return to.environment;
}

void environment_check(const struct agent *agent)
{
	const struct agent_config *config = &agent->config;

	for (size_t i = 0; i < config->n_executor_environment_variables; i++) {
		const char *pair = config->executor_environment_variables[i];

		if (strchr(pair, '=') == NULL || pair[0] == '=')
			tp_complain(agent, "executor_environment_variables",
				"'%s' is not NAME=value", pair);
	}
}
