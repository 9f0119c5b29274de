/* SPDX-License-Identifier: Apache-2.0 */
/* A key is here when it does something; see README.md for the table. */
#include "config.h"

#include <arpa/inet.h>

#include "tepui/domain.h"

#include "environment.h"

#define LATER TP_CONFIG_UNSUPPORTED
#define RELOAD(name, kind, member, dflt, text) \
	TP_CONFIG_RELOAD(name, kind, struct agent, config.member, dflt, text)
#define KEY(name, kind, member, dflt, text) \
	TP_CONFIG(name, kind, struct agent, config.member, dflt, text)

static const struct tp_enum_value recover_values[] = {
	{ "reconnect", AGENT_RECOVER_RECONNECT },
	{ "cleanup", AGENT_RECOVER_CLEANUP },
	{ NULL, 0 },
};
static const struct tp_enum recover_enum = { "recover", recover_values };
static const struct tp_enum_value reconfigure_values[] = {
	{ "equal", AGENT_RECONFIGURE_EQUAL },
	{ "additive", AGENT_RECONFIGURE_ADDITIVE },
	{ NULL, 0 },
};
static const struct tp_enum reconfigure_enum = { "reconfiguration_policy",
	reconfigure_values };

const struct tp_field config_fields[] = {
	KEY("master", TP_STRING, master, "",
		"Where masters listen: host:port or tcp://host:port, several separated "
		"by commas; empty: an election module says who leads."),
	KEY("listen", TP_STRING, listen, AGENT_LISTEN,
		"Where operators' native calls are taken; port 0 asks the kernel."),
	TP_CONFIG_REQUIRED("work_dir", TP_STRING, struct agent, config.work_dir,
		"Sandboxes and the checkpoint are below."),
	KEY("runtime_dir", TP_STRING, runtime_dir, "",
		"What need not survive a boot: sockets and containers; empty: "
		"/run/tepui, or /tmp/tepui-UID when that cannot be written."),
	KEY("ip", TP_STRING, ip, NULL,
		"Address to listen at, with port 5061, instead of what listen says."),
	KEY("ip_discovery_command", TP_STRING, ip_discovery_command, NULL,
		"A command of the shell that prints ip."),
	KEY("advertise_ip", TP_STRING, advertise_ip, NULL,
		"What masters are told instead of the bound address."),
	KEY("advertise_port", TP_UINT32, advertise_port, NULL,
		"Port of HTTP that frameworks are told."),
	KEY("hostname", TP_STRING, hostname, "",
		"What frameworks are told; empty: the name of the address, or the "
		"machine's."),
	KEY("hostname_lookup", TP_BOOL, hostname_lookup, "true",
		"Find the hostname by the address when it is not given; false: the "
		"address."),
	KEY("resources", TP_STRING, resources, "",
		"Like cpus:4;mem:2048, or a JSON array, or file:// and the path of a "
		"file "
		"with that; what it does not name of cpus, mem, disk and ports is "
		"detected."),
	KEY("attributes", TP_STRING, attributes, "", "Like rack:abc;zone:west."),
	KEY("domain", TP_STRING, domain, NULL,
		"Region and zone of this agent, "
		"{\"fault_domain\":{\"region\":{\"name\":...},\"zone\":{\"name\":...}}}, "
		"or "
		"a file with that; the master's when absent."),
	KEY("default_role", TP_STRING, default_role, "*",
		"The role that resources without one are reserved for."),
	RELOAD("switch_user", TP_BOOL, switch_user, "true",
		"Run tasks as their user, if the agent runs as root."),
	RELOAD("registration_backoff_factor", TP_DURATION, registration_backoff_factor_ns,
		"1s",
		"An unanswered registration is repeated after a random time up to this, "
		"doubling to one minute."),
	KEY("tls_ca", TP_STRING, tls.ca, NULL,
		"PEM file that the master's certificate is checked with, for tls+tcp."),
	KEY("tls_certificate", TP_STRING, tls.certificate, NULL,
		"PEM file with this agent's certificate, for tls+tcp."),
	KEY("tls_key", TP_STRING, tls.key, NULL,
		"PEM file with the key of tls_certificate."),
	KEY("authenticate_operators", TP_BOOL, authenticate_operators, "false",
		"Operators (tepui) must authenticate; root and the user of the daemon "
		"need "
		"not at a unix socket."),
	KEY("authentication_backoff_factor", TP_DURATION,
		authentication.backoff_factor_ns, "1s",
		"After n failures an authentication may take a random time up to "
		"authentication_timeout_min plus this times 2^n."),
	KEY("authentication_timeout_min", TP_DURATION, authentication.timeout_min_ns,
		"5s", "The least time that an authentication may take."),
	KEY("authentication_timeout_max", TP_DURATION, authentication.timeout_max_ns,
		"1mins", "The longest time that an authentication may take."),
	RELOAD("executor_registration_timeout", TP_DURATION,
		executor_registration_timeout_ns, "1mins",
		"An executor that does not subscribe in time is ended."),
	KEY("executor_reregistration_timeout", TP_DURATION,
		executor_reregistration_timeout_ns, "2s",
		"How long a restarted agent waits for its executors; at most 15s."),
	RELOAD("executor_shutdown_grace_period", TP_DURATION,
		executor_shutdown_grace_period_ns, "5s",
		"Time between asking an executor to end and killing it."),
	RELOAD("recovery_timeout", TP_DURATION, recovery_timeout_ns, "15mins",
		"Executors end themselves when the agent stays away for so long."),
	RELOAD("gc_delay", TP_DURATION, gc_delay_ns, "1weeks",
		"How long sandboxes of what has ended are kept at most."),
	RELOAD("gc_disk_headroom", TP_DOUBLE, gc_disk_headroom, "0.1",
		"Part of the disk that is to stay free, 0 to 1: the fuller it is, the "
		"earlier sandboxes are removed."),
	RELOAD("disk_watch_interval", TP_DURATION, disk_watch_interval_ns, "1mins",
		"Time between two looks at how full the disk is."),
	RELOAD("oversubscribed_resources_interval", TP_DURATION,
		oversubscribed_resources_interval_ns, "15secs",
		"Time between two questions to the resource estimator of the manifest, "
		"if there is one."),
	RELOAD("qos_correction_interval_min", TP_DURATION, qos_correction_interval_min_ns,
		"0ns",
		"Least time between an answer of the QoS controller of the manifest, if "
		"there is one, and the next question; at least a second when the answer "
		"changed nothing."),
	TP_CONFIG_ENUM("recover", &recover_enum, struct agent, config.recover,
		"reconnect",
		"After a restart: reconnect to the executors, or cleanup: end them and "
		"then the agent."),
	TP_CONFIG_ENUM("reconfiguration_policy", &reconfigure_enum, struct agent,
		config.reconfiguration_policy, "equal",
		"After a restart on the same boot: resources, attributes and hostname "
		"must be equal, or additive: resources may have grown, attributes may "
		"have been added."),
	KEY("strict", TP_BOOL, strict, "true",
		"A damaged checkpoint stops the agent; false: go on without it."),
	RELOAD("max_completed_frameworks", TP_UINT32, max_completed_frameworks, "50",
		"Completed frameworks that are remembered."),
	RELOAD("max_completed_executors_per_framework", TP_UINT32,
		max_completed_executors_per_framework, "150",
		"Completed executors of a framework that are remembered."),
	RELOAD("max_completed_tasks_per_executor", TP_UINT32,
		max_completed_tasks_per_executor, "200",
		"Completed tasks of an executor that are remembered."),
	{ .name = "executor_environment_variables",
		.type = TP_STRING,
		.label = TP_MANY,
		.flags = TP_FIELD_PAIRS,
		.offset = offsetof(struct agent, config.executor_environment_variables),
		.extra = offsetof(struct agent, config.n_executor_environment_variables),
		.doc = "Mapping of names to values, or list of NAME=value, for "
		       "executors, "
		       "instead of the agent's own environment." },
	KEY("insecure", TP_BOOL, insecure, "false",
		"Listen beyond this machine although nobody is authenticated."),
	TP_LOG_KEYS(struct agent, config.log),

	/* Not there yet. */
	LATER("logbufsecs", TP_UINT32, "0", "Longest time that log lines are buffered."),
	LATER("external_log_file", TP_STRING, NULL, "A log file that others write."),
	LATER("zk_session_timeout", TP_DURATION, "10secs",
		"Timeout of the session with ZooKeeper."),
	LATER("ip6", TP_STRING, NULL,
		"IPv6 address of containers on the host's network."),
	LATER("port", TP_UINT32, "5051", "Port of HTTP."),
	LATER("containerizers", TP_STRING, "mesos",
		"Containerizers: here modules, in the order of the manifest."),
	LATER("isolation", TP_STRING, "posix/cpu,posix/mem",
		"Isolators: here modules, in the order of the manifest."),
	LATER("launcher", TP_STRING, NULL, "How processes are started."),
	LATER("image_providers", TP_STRING, NULL, "Kinds of container images."),
	LATER("fetcher_cache_size", TP_SIZE, "2GB", "Size of the cache of the fetcher."),
	LATER("fetcher_cache_dir", TP_STRING, NULL, "Cache of the fetcher."),
	LATER("fetcher_stall_timeout", TP_DURATION, "1mins",
		"A download that stands still for so long is ended."),
	LATER("hadoop_home", TP_STRING, "", "Where the client of HDFS is."),
	LATER("frameworks_home", TP_STRING, "", "What relative URIs are relative to."),
	LATER("volume_gid_range", TP_STRING, NULL,
		"Group ids for volumes that are shared."),
	LATER("http_heartbeat_interval", TP_DURATION, "30secs",
		"Time between two heartbeats of a stream over HTTP."),
	LATER("jwt_secret_key", TP_STRING, NULL, "Key of the executors' tokens."),
	LATER("authenticate_http_executors", TP_BOOL, "false",
		"Executors over HTTP must authenticate."),
	LATER("http_command_executor", TP_BOOL, "false",
		"The command executor speaks HTTP."),
	LATER("http_executor_domain_sockets", TP_BOOL, "false",
		"Executors use HTTP over a unix socket."),
	LATER("domain_socket_location", TP_STRING, NULL, "That socket."),
	LATER("gc_non_executor_container_sandboxes", TP_BOOL, "false",
		"Remove nested sandboxes too."),
	LATER("cgroups_hierarchy", TP_STRING, "/sys/fs/cgroup", "Where cgroups are."),
	LATER("cgroups_root", TP_STRING, "mesos", "Root of our cgroups."),
	LATER("cgroups_destroy_timeout", TP_DURATION, "1mins",
		"Longest time to remove a cgroup."),
	LATER("agent_subsystems", TP_STRING, NULL, "Cgroups of the agent itself."),
	LATER("systemd_enable_support", TP_BOOL, "true",
		"Give executors a slice of systemd's."),
	LATER("systemd_runtime_directory", TP_STRING, "/run/systemd/system",
		"Where systemd's units are."),
	LATER("firewall_rules", TP_STRING, NULL, "Endpoints of HTTP that are shut."),
	LATER("acls", TP_STRING, NULL, "Who may do what."),
	LATER("authenticate_http_readonly", TP_BOOL, "false",
		"Who reads over HTTP must authenticate."),
	LATER("authenticate_http_readwrite", TP_BOOL, "false",
		"Who changes things over HTTP must authenticate."),
	LATER("http_credentials", TP_STRING, NULL, "Users of the agent's endpoints."),
	LATER("docker_stop_timeout", TP_DURATION, "0ns",
		"Time between asking a container to end and killing it."),
	LATER("sandbox_directory", TP_STRING, "/mnt/mesos/sandbox",
		"Where the sandbox is inside an image."),
	LATER("default_container_dns", TP_STRING, NULL, "DNS of container networks."),
	LATER("default_container_info", TP_STRING, NULL,
		"Container of executors that name none."),
	LATER("resource_estimator", TP_STRING, NULL,
		"Estimator of what may be lent: here a module of the manifest."),
	LATER("qos_controller", TP_STRING, NULL,
		"Who ends executors for others: here a module of the manifest."),
	LATER("hooks", TP_STRING, NULL,
		"Hook modules: here entries of the manifest, in their order."),
	LATER("modules", TP_STRING, NULL, "Modules: here the manifest itself."),
	LATER("modules_dir", TP_STRING, NULL, "Modules: here drop-ins of the manifest."),

	/* Old names. */
	TP_CONFIG_ALIAS("authentication_timeout", TP_DURATION, struct agent,
		config.authentication.timeout_min_ns, "Now authentication_timeout_min."),
	LATER("executor_secret_key", TP_STRING, NULL, "Now jwt_secret_key."),
	LATER("slave_subsystems", TP_STRING, NULL, "Now agent_subsystems."),
	LATER("provisioners", TP_STRING, NULL, "Now image_providers."),
	{ 0 },
};

static void check_ranges(const struct agent *agent)
{
	const struct agent_config *config = &agent->config;

	if (config->executor_reregistration_timeout_ns > 15 * TP_SEC)
		tp_complain(
			agent, "executor_reregistration_timeout", "must be at most 15s");
	if (config->authentication.timeout_min_ns < 0 ||
		config->authentication.timeout_min_ns >
			config->authentication.timeout_max_ns)
		tp_complain(agent, "authentication_timeout_min",
			"must be at most authentication_timeout_max");
	if (config->registration_backoff_factor_ns > TP_MIN)
		tp_complain(
			agent, "registration_backoff_factor", "must be at most 1mins");
	if (config->gc_disk_headroom < 0 || config->gc_disk_headroom > 1)
		tp_complain(agent, "gc_disk_headroom", "must be from 0 to 1");
	if (config->disk_watch_interval_ns <= 0)
		tp_complain(agent, "disk_watch_interval", "must be more than 0");
	if (config->oversubscribed_resources_interval_ns <= 0)
		tp_complain(agent, "oversubscribed_resources_interval",
			"must be more than 0");
	if (config->qos_correction_interval_min_ns < 0)
		tp_complain(agent, "qos_correction_interval_min", "must not be negative");
	if (config->advertise_port > 65535)
		tp_complain(agent, "advertise_port", "must be at most 65535");
}

void config_check(const void *self)
{
	const struct agent *agent = self;
	const struct agent_config *config = &agent->config;
	struct in6_addr address;
	struct tp_error err;

	if (config->work_dir[0] == '\0')
		tp_complain(agent, "work_dir", "must not be empty");
	if (tp_domain_check(config->domain, &err) < 0)
		tp_complain(agent, "domain", "%s", err.text);
	check_ranges(agent);
	if (config->advertise_ip != NULL &&
		inet_pton(AF_INET, config->advertise_ip, &address) != 1 &&
		inet_pton(AF_INET6, config->advertise_ip, &address) != 1)
		tp_complain(agent, "advertise_ip", "'%s' is not an IP address",
			config->advertise_ip);
	environment_check(agent);
}
