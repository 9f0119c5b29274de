/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration. Keys bear the names of the Mesos flags they replace, with the same defaults.
 * Only what works has a key.
 */
#include "flags.h"

#include <errno.h>
#include <inttypes.h>

#include "tepui/record.h"
#include "tepui/units.h"

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
		"Operators (tepui) must authenticate, if they come by network."),
	TP_CONFIG("authentication_v0_timeout", TP_DURATION, struct master,
		authentication_v0_timeout_ns, "15secs",
		"Longest time from a connection to a peer that is known."),
	TP_CONFIG_REQUIRED("work_dir", TP_STRING, struct master, work_dir,
		"Directory for the registry."),
	TP_CONFIG("hostname", TP_STRING, struct master, hostname, NULL,
		"Name of this master for others; the listening address when absent."),
	TP_CONFIG("cluster", TP_STRING, struct master, cluster, NULL,
		"Name of the cluster, for people."),
	TP_CONFIG_LIST("roles", struct master, roles,
		"Roles that frameworks may have; any when empty. '*' always may."),
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
	TP_CONFIG("offer_timeout", TP_DURATION, struct master, offer_timeout_ns, NULL,
		"Rescind offers that are not answered for so long; never when absent."),
	TP_CONFIG("registry_fetch_timeout", TP_DURATION, struct master,
		registry_fetch_timeout_ns, "1mins", "Longest time to read the registry."),
	TP_CONFIG("registry_store_timeout", TP_DURATION, struct master,
		registry_store_timeout_ns, "20s",
		"Longest time for one write to the registry."),
	TP_CONFIG("max_completed_frameworks", TP_UINT32, struct master,
		max_completed_frameworks, "50", "Frameworks remembered after their end."),
	TP_CONFIG("max_completed_tasks_per_framework", TP_UINT32, struct master,
		max_completed_tasks_per_framework, "1000",
		"Tasks of a framework remembered after their end."),
	TP_CONFIG("max_unreachable_tasks_per_framework", TP_UINT32, struct master,
		max_unreachable_tasks_per_framework, "1000",
		"Tasks of a framework remembered while their agent is unreachable."),
	TP_CONFIG("max_operator_event_stream_subscribers", TP_UINT32, struct master,
		max_operator_event_stream_subscribers, "1000",
		"Streams of operator events at a time; beyond, the oldest is closed."),
	TP_CONFIG("root_submissions", TP_BOOL, struct master, root_submissions, "true",
		"May frameworks and tasks run as root?"),
	{ 0 },
};

int flags_check(const struct master *m, struct tp_error *err)
{
	if (m->agent_ping_timeout_ns < TP_SEC || m->agent_ping_timeout_ns > 15 * TP_MIN)
		return tp_fail(
			err, EINVAL, "agent_ping_timeout must be from 1s to 15mins");
	if (m->authentication_v0_timeout_ns < TP_SEC)
		return tp_fail(
			err, EINVAL, "authentication_v0_timeout must be at least 1s");
	if (m->max_agent_ping_timeouts < 1)
		return tp_fail(err, EINVAL, "max_agent_ping_timeouts must be at least 1");
	if (m->agent_reregister_timeout_ns < 10 * TP_MIN)
		return tp_fail(
			err, EINVAL, "agent_reregister_timeout must be at least 10mins");
	if (m->max_operator_event_stream_subscribers < 1)
		return tp_fail(err, EINVAL,
			"max_operator_event_stream_subscribers must be at least 1");
	return 0;
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

		if (!print_value(field, (const char *)m, &value))
			continue;
		flag->name = field->name;
		flag->value = tp_arena_strdup(arena, tp_strbuf_text(&value));
		tp_arena_push(arena, &record->flags, &record->n_flags, flag);
	}
	return record;
}
