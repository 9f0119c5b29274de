/* SPDX-License-Identifier: Apache-2.0 */
/* A key is here when it does something; see README.md for the table. */
#include "config.h"

#include <errno.h>

#include "environment.h"

#define KEY(name, kind, member, dflt, text) \
	TP_CONFIG(name, kind, struct agent, config.member, dflt, text)

static const struct tp_enum_value recover_values[] = {
	{ "reconnect", AGENT_RECOVER_RECONNECT },
	{ "cleanup", AGENT_RECOVER_CLEANUP },
	{ NULL, 0 },
};
static const struct tp_enum recover_enum = { "recover", recover_values };

const struct tp_field config_fields[] = {
	KEY("master", TP_STRING, master, "",
		"Where masters listen: host:port or tcp://host:port, several separated "
		"by "
		"commas."),
	KEY("listen", TP_STRING, listen, "tcp://127.0.0.1:5061",
		"Where operators' native calls are taken; port 0 asks the kernel."),
	TP_CONFIG_REQUIRED("work_dir", TP_STRING, struct agent, config.work_dir,
		"Sandboxes and the checkpoint are below."),
	KEY("runtime_dir", TP_STRING, runtime_dir, "",
		"What need not survive a boot: sockets and containers; empty: "
		"/run/tepui, or /tmp/tepui-UID when that cannot be written."),
	KEY("hostname", TP_STRING, hostname, "",
		"What frameworks are told; empty: the machine's name."),
	KEY("resources", TP_STRING, resources, "",
		"Like cpus:4;mem:2048, or a JSON array; what it does not name of cpus, "
		"mem, disk and ports is detected."),
	KEY("attributes", TP_STRING, attributes, "", "Like rack:abc;zone:west."),
	KEY("default_role", TP_STRING, default_role, "*",
		"The role that resources without one are reserved for."),
	KEY("switch_user", TP_BOOL, switch_user, "true",
		"Run tasks as their user, if the agent runs as root."),
	KEY("registration_backoff_factor", TP_DURATION, registration_backoff_factor_ns,
		"1s",
		"An unanswered registration is repeated after a random time up to this, "
		"doubling to one minute."),
	KEY("tls_ca", TP_STRING, tls.ca, NULL,
		"PEM file that the master's certificate is checked with, for tls+tcp."),
	KEY("tls_certificate", TP_STRING, tls.certificate, NULL,
		"PEM file with this agent's certificate, for tls+tcp."),
	KEY("tls_key", TP_STRING, tls.key, NULL,
		"PEM file with the key of tls_certificate."),
	KEY("authentication_backoff_factor", TP_DURATION,
		authentication.backoff_factor_ns, "1s",
		"After n failures an authentication may take a random time up to "
		"authentication_timeout_min plus this times 2^n."),
	KEY("authentication_timeout_min", TP_DURATION, authentication.timeout_min_ns,
		"5s", "The least time that an authentication may take."),
	KEY("authentication_timeout_max", TP_DURATION, authentication.timeout_max_ns,
		"1mins", "The longest time that an authentication may take."),
	KEY("executor_registration_timeout", TP_DURATION,
		executor_registration_timeout_ns, "1mins",
		"An executor that does not subscribe in time is ended."),
	KEY("executor_reregistration_timeout", TP_DURATION,
		executor_reregistration_timeout_ns, "2s",
		"How long a restarted agent waits for its executors; at most 15s."),
	KEY("executor_shutdown_grace_period", TP_DURATION,
		executor_shutdown_grace_period_ns, "5s",
		"Time between asking an executor to end and killing it."),
	KEY("recovery_timeout", TP_DURATION, recovery_timeout_ns, "15mins",
		"Executors end themselves when the agent stays away for so long."),
	TP_CONFIG_ENUM("recover", &recover_enum, struct agent, config.recover,
		"reconnect",
		"After a restart: reconnect to the executors, or cleanup: end them and "
		"then the agent."),
	KEY("strict", TP_BOOL, strict, "true",
		"A damaged checkpoint stops the agent; false: go on without it."),
	KEY("max_completed_frameworks", TP_UINT32, max_completed_frameworks, "50",
		"Completed frameworks that are remembered."),
	KEY("max_completed_executors_per_framework", TP_UINT32,
		max_completed_executors_per_framework, "150",
		"Completed executors of a framework that are remembered."),
	KEY("max_completed_tasks_per_executor", TP_UINT32,
		max_completed_tasks_per_executor, "200",
		"Completed tasks of an executor that are remembered."),
	{ .name = "executor_environment_variables",
		.type = TP_STRING,
		.label = TP_MANY,
		.offset = offsetof(struct agent, config.executor_environment_variables),
		.extra = offsetof(struct agent, config.n_executor_environment_variables),
		.doc = "List of NAME=value for executors, instead of the agent's own "
		       "environment." },
	KEY("insecure", TP_BOOL, insecure, "false",
		"Listen beyond this machine although nobody is authenticated."),
	{ 0 },
};

int config_check(const struct agent *agent, struct tp_error *err)
{
	const struct agent_config *config = &agent->config;

	if (config->master == NULL || config->master[0] == '\0')
		return tp_fail(err, EINVAL,
			"master: where is it? Set master: HOST:PORT (the master's "
			"listener, 127.0.0.1:5060 by default)");
	if (config->work_dir[0] == '\0')
		return tp_fail(err, EINVAL, "work_dir: must not be empty");
	if (config->executor_reregistration_timeout_ns > 15 * TP_SEC)
		return tp_fail(err, EINVAL,
			"executor_reregistration_timeout: must be at most 15s");
	if (config->authentication.timeout_min_ns < 0 ||
		config->authentication.timeout_min_ns >
			config->authentication.timeout_max_ns)
		return tp_fail(err, EINVAL,
			"authentication_timeout_min: must be at most "
			"authentication_timeout_max");
	if (config->registration_backoff_factor_ns > TP_MIN)
		return tp_fail(err, EINVAL,
			"registration_backoff_factor: must be at most 1mins");
	return environment_check(agent, err);
}
