/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration. Keys bear the names of the Mesos flags they replace, with the same defaults.
 * A flag whose feature is not there yet has its key too, which is refused when it is set.
 */
#include "flags.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>

#include "removal.h"
#include "weights_flag.h"

#include "tepui/domain.h"
#include "tepui/offer_constraints.h"
#include "tepui/record.h"
#include "tepui/role.h"
#include "tepui/units.h"

#define LATER TP_CONFIG_UNSUPPORTED
#define PINGS_MAX 1000000 /* times 15 minutes fits into int64_t */

const struct tp_field master_config[] = {
	TP_CONFIG_LIST("listen", struct master, listen,
		"Addresses for agents, schedulers and operators; tcp://127.0.0.1:5060 "
		"when "
		"empty."),
	TP_CONFIG("insecure", TP_BOOL, struct master, insecure, "false",
		"Allow addresses beyond loopback without authentication."),
	TP_CONFIG("tls_certificate", TP_STRING, struct master, tls.certificate, NULL,
		"PEM file with the certificate for tls+tcp addresses."),
	TP_CONFIG("tls_key", TP_STRING, struct master, tls.key, NULL,
		"PEM file with the key of tls_certificate."),
	TP_CONFIG("tls_ca", TP_STRING, struct master, tls.ca, NULL,
		"PEM file that peers' certificates must be signed by; none are asked for "
		"when absent."),
	TP_CONFIG("authenticate_frameworks", TP_BOOL, struct master,
		authenticate_frameworks, "false", "Frameworks must authenticate."),
	TP_CONFIG("authenticate_agents", TP_BOOL, struct master, authenticate_agents,
		"false", "Agents must authenticate."),
	TP_CONFIG("authenticate_operators", TP_BOOL, struct master,
		authenticate_operators, "false",
		"Operators (tepui) must authenticate; root and the user of the daemon "
		"need "
		"not at a unix socket."),
	TP_CONFIG("authentication_v0_timeout", TP_DURATION, struct master,
		authentication_v0_timeout_ns, "15secs",
		"Longest time from a connection to a peer that is known."),
	TP_CONFIG_REQUIRED("work_dir", TP_STRING, struct master, work_dir,
		"Directory for the registry."),
	TP_CONFIG("ip", TP_STRING, struct master, ip, NULL,
		"Address to listen at, with port 5060, instead of what listen says."),
	TP_CONFIG("ip_discovery_command", TP_STRING, struct master, ip_discovery_command,
		NULL, "A command of the shell that prints ip."),
	TP_CONFIG("advertise_ip", TP_STRING, struct master, advertise_ip, NULL,
		"What others are told instead of the bound address."),
	TP_CONFIG("advertise_port", TP_UINT32, struct master, advertise_port, NULL,
		"What others are told instead of the bound port."),
	TP_CONFIG("hostname", TP_STRING, struct master, hostname, NULL,
		"Name of this master for others; that of its address when absent."),
	TP_CONFIG("hostname_lookup", TP_BOOL, struct master, hostname_lookup, "true",
		"Find the hostname by the address when it is not given; false: the "
		"address."),
	TP_CONFIG("cluster", TP_STRING, struct master, cluster, NULL,
		"Name of the cluster, for people."),
	TP_CONFIG_LIST("roles", struct master, roles,
		"Roles that frameworks may have; any when empty. '*' always may."),
	TP_CONFIG("weights", TP_STRING, struct master, weights_text, NULL,
		"Weights of roles, like a=2,b=3, for a registry that has none: they are "
		"stored there, and what the registry has goes before these ever after "
		"(tepui weights)."),
	TP_CONFIG("whitelist", TP_STRING, struct master, whitelist_path, NULL,
		"File with the hostnames whose agents are offered, one in each line, "
		"read again every 5s; empty: none are. All are when absent."),
	TP_CONFIG("domain", TP_STRING, struct master, domain_text, NULL,
		"Region and zone of this master, "
		"{\"fault_domain\":{\"region\":{\"name\":...},\"zone\":{\"name\":...}}}, "
		"or "
		"a file with that; agents elsewhere are for frameworks with "
		"REGION_AWARE."),
	TP_CONFIG("require_agent_domain", TP_BOOL, struct master, require_agent_domain,
		"false", "Refuse agents without domain."),
	TP_CONFIG("agent_ping_timeout", TP_DURATION, struct master, agent_ping_timeout_ns,
		"15s", "How long an agent may take to answer a ping."),
	TP_CONFIG("max_agent_ping_timeouts", TP_UINT32, struct master,
		max_agent_ping_timeouts, "5",
		"Unanswered pings in a row that make an agent unreachable."),
	TP_CONFIG("agent_reregister_timeout", TP_DURATION, struct master,
		agent_reregister_timeout_ns, "10mins",
		"Time for agents to come back after a lost connection or a restart of "
		"the "
		"master."),
	TP_CONFIG("agent_removal_rate_limit", TP_STRING, struct master,
		agent_removal_rate_limit, NULL,
		"How fast agents may become unreachable, like 1/20mins; at once when "
		"absent."),
	TP_CONFIG("recovery_agent_removal_limit", TP_STRING, struct master,
		recovery_agent_removal_limit, "100%",
		"End instead when more of the agents did not come back after a restart."),
	TP_CONFIG_RELOAD("offer_timeout", TP_DURATION, struct master, offer_timeout_ns,
		NULL,
		"Rescind offers that are not answered for so long; never when absent."),
	TP_CONFIG("registry_fetch_timeout", TP_DURATION, struct master,
		registry_fetch_timeout_ns, "1mins", "Longest time to read the registry."),
	TP_CONFIG("registry_store_timeout", TP_DURATION, struct master,
		registry_store_timeout_ns, "20s",
		"Longest time for one write to the registry."),
	TP_CONFIG("registry_strict", TP_BOOL, struct master, registry_strict, "false",
		"End agents that the registry does not know, and those that come back "
		"after they were marked unreachable."),
	TP_CONFIG("registry_gc_interval", TP_DURATION, struct master,
		registry_gc_interval_ns, "15mins",
		"Time between two prunings of the registry."),
	TP_CONFIG("registry_max_agent_age", TP_DURATION, struct master,
		registry_max_agent_age_ns, "2weeks",
		"Forget unreachable and gone agents after this time."),
	TP_CONFIG("registry_max_agent_count", TP_UINT64, struct master,
		registry_max_agent_count, "102400",
		"Forget the oldest unreachable and the oldest gone agents beyond this "
		"number."),
	TP_CONFIG_RELOAD("max_completed_frameworks", TP_UINT32, struct master,
		max_completed_frameworks, "50", "Frameworks remembered after their end."),
	TP_CONFIG_RELOAD("max_completed_tasks_per_framework", TP_UINT32, struct master,
		max_completed_tasks_per_framework, "1000",
		"Tasks of a framework remembered after their end."),
	TP_CONFIG_RELOAD("max_unreachable_tasks_per_framework", TP_UINT32, struct master,
		max_unreachable_tasks_per_framework, "1000",
		"Tasks of a framework remembered while their agent is unreachable."),
	TP_CONFIG_RELOAD("max_operator_event_stream_subscribers", TP_UINT32,
		struct master, max_operator_event_stream_subscribers, "1000",
		"Streams of operator events at a time; beyond, the oldest is closed."),
	TP_CONFIG_RELOAD("offer_constraints_re2_max_program_size", TP_UINT32,
		struct master, offer_constraints_max_program, "100",
		"Frameworks may not have regexes in their offer constraints with a "
		"program larger than this: about their characters, repeats counted as "
		"often as they repeat. From 1 to 1000."),
	TP_CONFIG_RELOAD("offer_constraints_re2_max_mem", TP_SIZE, struct master,
		offer_constraints_max_mem_bytes, "4096B",
		"Without effect: a regex here takes no memory beyond its program, some "
		"60 bytes for each unit of offer_constraints_re2_max_program_size."),
	TP_CONFIG_RELOAD("root_submissions", TP_BOOL, struct master, root_submissions,
		"true", "May frameworks and tasks run as root?"),
	TP_LOG_KEYS(struct master, log),

	/* Not there yet. */
	LATER("logbufsecs", TP_UINT32, "0", "Longest time that log lines are buffered."),
	LATER("external_log_file", TP_STRING, NULL, "A log file that others write."),
	LATER("port", TP_UINT32, "5050", "Port of HTTP."),
	LATER("registry", TP_STRING, "replicated_log",
		"Store of the registry: here a module, bound with use."),
	LATER("quorum", TP_UINT32, NULL, "Majority of the masters."),
	LATER("log_auto_initialize", TP_BOOL, "true", "Empty replicas may begin."),
	LATER("zk", TP_STRING, NULL, "ZooKeeper of the masters' election."),
	LATER("zk_session_timeout", TP_DURATION, "10secs",
		"Timeout of the session with ZooKeeper."),
	LATER("webui_dir", TP_STRING, NULL, "Files of the web UI."),
	LATER("rate_limits", TP_STRING, NULL, "Limits of calls by principal."),
	LATER("max_executors_per_agent", TP_UINT32, NULL,
		"No offers of agents with so many executors."),
	LATER("hooks", TP_STRING, NULL,
		"Hook modules: here entries of the manifest, in their order."),
	LATER("modules", TP_STRING, NULL, "Modules: here the manifest itself."),
	LATER("modules_dir", TP_STRING, NULL, "Modules: here drop-ins of the manifest."),
	LATER("authenticate_http_readonly", TP_BOOL, "false",
		"Who reads over HTTP must authenticate."),
	LATER("authenticate_http_readwrite", TP_BOOL, "false",
		"Who changes things over HTTP must authenticate."),
	LATER("authenticate_http_frameworks", TP_BOOL, "false",
		"Schedulers over HTTP must authenticate."),
	LATER("acls", TP_STRING, NULL, "Who may do what."),
	LATER("firewall_rules", TP_STRING, NULL, "Endpoints of HTTP that are shut."),
	LATER("publish_per_framework_metrics", TP_BOOL, "true",
		"Metrics of every framework."),

	/* Old names. */
	TP_CONFIG_ALIAS("authenticate", TP_BOOL, struct master, authenticate_frameworks,
		"Now authenticate_frameworks."),
	TP_CONFIG_ALIAS("authenticate_slaves", TP_BOOL, struct master,
		authenticate_agents, "Now authenticate_agents."),
	TP_CONFIG_ALIAS("slave_ping_timeout", TP_DURATION, struct master,
		agent_ping_timeout_ns, "Now agent_ping_timeout."),
	TP_CONFIG_ALIAS("max_slave_ping_timeouts", TP_UINT32, struct master,
		max_agent_ping_timeouts, "Now max_agent_ping_timeouts."),
	TP_CONFIG_ALIAS("slave_reregister_timeout", TP_DURATION, struct master,
		agent_reregister_timeout_ns, "Now agent_reregister_timeout."),
	TP_CONFIG_ALIAS("recovery_slave_removal_limit", TP_STRING, struct master,
		recovery_agent_removal_limit, "Now recovery_agent_removal_limit."),
	TP_CONFIG_ALIAS("slave_removal_rate_limit", TP_STRING, struct master,
		agent_removal_rate_limit, "Now agent_removal_rate_limit."),
	LATER("log_storage", TP_STRING, NULL, "Now registry."),
	LATER("authenticate_http", TP_BOOL, NULL, "Now authenticate_http_readwrite."),
	LATER("max_executors_per_slave", TP_UINT32, NULL, "Now max_executors_per_agent."),
	{ 0 },
};

int flags_parse(struct master *m, struct tp_error *err)
{
	int r = 0;

	m->removal_interval_ns = 0;
	if (m->agent_removal_rate_limit != NULL)
		r = removal_parse_rate(
			m->agent_removal_rate_limit, &m->removal_interval_ns, err);
	return r < 0 ? r
		     : removal_parse_percent(m->recovery_agent_removal_limit,
			       &m->recovery_removal_percent, err);
}

static void check_limits(const struct master *m)
{
	struct tp_error err;
	int64_t interval_ns;
	double percent;

	if (m->agent_removal_rate_limit != NULL &&
		removal_parse_rate(m->agent_removal_rate_limit, &interval_ns, &err) < 0)
		tp_complain(m, "agent_removal_rate_limit", "%s", err.text);
	if (removal_parse_percent(m->recovery_agent_removal_limit, &percent, &err) < 0)
		tp_complain(m, "recovery_agent_removal_limit", "%s", err.text);
	if (m->offer_constraints_max_program < 1 ||
		m->offer_constraints_max_program > TP_OFFER_CONSTRAINTS_PROGRAM_MAX)
		tp_complain(m, "offer_constraints_re2_max_program_size",
			"must be from 1 to %d", TP_OFFER_CONSTRAINTS_PROGRAM_MAX);
	if (m->registry_gc_interval_ns < TP_SEC)
		tp_complain(m, "registry_gc_interval", "must be at least 1s");
	if (m->max_operator_event_stream_subscribers < 1)
		tp_complain(
			m, "max_operator_event_stream_subscribers", "must be at least 1");
}

static void check_names(const struct master *m)
{
	struct in6_addr address;
	struct tp_error err;

	if (m->advertise_port > 65535)
		tp_complain(m, "advertise_port", "must be at most 65535");
	if (m->advertise_ip != NULL &&
		inet_pton(AF_INET, m->advertise_ip, &address) != 1 &&
		inet_pton(AF_INET6, m->advertise_ip, &address) != 1)
		tp_complain(
			m, "advertise_ip", "'%s' is not an IP address", m->advertise_ip);
	if (tp_domain_check(m->domain_text, &err) < 0)
		tp_complain(m, "domain", "%s", err.text);
	for (size_t i = 0; i < m->n_roles; i++) {
		if (tp_role_validate(m->roles[i], &err) < 0)
			tp_complain(m, "roles", "%s", err.text);
	}
	if (weights_flag_check(m, &err) < 0)
		tp_complain(m, "weights", "%s", err.text);
}

void flags_check(const void *self)
{
	const struct master *m = self;

	if (m->agent_ping_timeout_ns < TP_SEC || m->agent_ping_timeout_ns > 15 * TP_MIN)
		tp_complain(m, "agent_ping_timeout", "must be from 1s to 15mins");
	if (m->max_agent_ping_timeouts < 1 || m->max_agent_ping_timeouts > PINGS_MAX)
		tp_complain(
			m, "max_agent_ping_timeouts", "must be from 1 to %d", PINGS_MAX);
	if (m->agent_reregister_timeout_ns < 10 * TP_MIN)
		tp_complain(m, "agent_reregister_timeout", "must be at least 10mins");
	if (m->authentication_v0_timeout_ns < TP_SEC)
		tp_complain(m, "authentication_v0_timeout", "must be at least 1s");
	check_limits(m);
	check_names(m);
}

static void print_list(
	const struct tp_field *field, const char *base, struct tp_strbuf *out)
{
	const char *const *items =
		*(const char *const *const *)(const void *)(base + field->offset);
	size_t n = *(const size_t *)(const void *)(base + field->extra);

	for (size_t i = 0; i < n; i++)
		tp_strbuf_printf(out, "%s%s", i == 0 ? "" : ",", items[i]);
}

/* false when it has no value. */
static bool print_value(
	const struct tp_field *field, const char *base, struct tp_strbuf *out)
{
	const void *at = base + field->offset;
	const char *text;

	switch (field->type) {
	case TP_BOOL:
		tp_strbuf_puts(out, *(const bool *)at ? "true" : "false");
		return true;
	case TP_UINT32:
		tp_strbuf_printf(out, "%" PRIu32, *(const uint32_t *)at);
		return true;
	case TP_UINT64:
		tp_strbuf_printf(out, "%" PRIu64, *(const uint64_t *)at);
		return true;
	case TP_SIZE:
		tp_size_print(*(const int64_t *)at, out);
		return true;
	case TP_ENUM:
		tp_strbuf_puts(out, tp_enum_name(field->sub, *(const int *)at));
		return true;
	case TP_DURATION:
		if (*(const int64_t *)at == 0)
			return false;
		tp_duration_print(*(const int64_t *)at, out);
		return true;
	default:
		break;
	}
	if (field->label == TP_MANY) {
		print_list(field, base, out);
		return out->len > 0;
	}
	text = *(const char *const *)at;
	tp_strbuf_puts(out, text == NULL ? "" : text);
	return text != NULL;
}

struct tp_master_response_get_flags *flags_record(
	const struct master *m, struct tp_arena *arena)
{
	struct tp_master_response_get_flags *record =
		tp_record_new(&tp_master_response_get_flags_desc, arena);

	for (const struct tp_field *field = master_config; field->name != NULL; field++) {
		tp_cleanup(strbuf) struct tp_strbuf value = TP_STRBUF_INIT;
		struct tp_flag *flag = tp_record_new(&tp_flag_desc, arena);

		if (field->flags & (TP_FIELD_UNSUPPORTED | TP_FIELD_DEPRECATED) ||
			!print_value(field, (const char *)m, &value))
			continue;
		flag->name = field->name;
		flag->value = tp_arena_strdup(arena, tp_strbuf_text(&value));
		tp_arena_push(arena, &record->flags, &record->n_flags, flag);
	}
	return record;
}
