/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The master's one context: its configuration, the services it was given and one pointer per
 * concern. Every concern keeps its own state in its own file and is reached through its header.
 */
#ifndef MASTER_MASTER_H
#define MASTER_MASTER_H

#include "tepui/disk.h"
#include "tepui/kind/allocator.h"
#include "tepui/kind/election.h"
#include "tepui/kind/registry.h"
#include "tepui/log_keys.h"
#include "tepui/module.h"
#include "tepui/transport.h"
#include "tepui/work.h"

#include "tepui/wire.h"

#include "log_level.h"

#define MASTER_HEARTBEAT_NS (15 * TP_SEC)

struct absents;
struct agents;
struct changes;
struct counters;
struct executors;
struct frameworks;
struct inverse_offers;
struct maintenance;
struct native;
struct offers;
struct quotas;
struct operations;
struct registers;
struct registrar;
struct removals;
struct tasks;
struct weights;
struct whitelist;

struct master {
	struct tp_instance instance; /* must stay first */

	/* services */
	struct tp_registry registry;
	struct tp_election election;
	struct tp_allocator allocator;
	struct tp_transport transport;
	struct tp_modules modules;
	struct tp_disk_service disk;
	struct tp_work_service work;
	struct tp_services hooks;
	struct tp_services authenticators;

	/* config */
	const char **listen;
	size_t n_listen;
	const char *work_dir;
	const char *ip, *ip_discovery_command;
	const char *advertise_ip;
	uint32_t advertise_port; /* 0 = the bound one */
	bool hostname_lookup;
	const char *hostname;
	const char *cluster;
	const char *weights_text;   /* NULL = none */
	const char *whitelist_path; /* NULL = everybody */
	const char *domain_text;
	bool require_agent_domain;
	const char **roles;
	size_t n_roles;
	int64_t agent_ping_timeout_ns;
	uint32_t max_agent_ping_timeouts;
	int64_t agent_reregister_timeout_ns;
	const char *agent_removal_rate_limit; /* NULL = none */
	int64_t removal_interval_ns;          /* of that; 0 = none */
	const char *recovery_agent_removal_limit;
	double recovery_removal_percent; /* of that */
	int64_t offer_timeout_ns;        /* 0 = never */
	bool registry_strict;
	int64_t registry_gc_interval_ns;
	int64_t registry_max_agent_age_ns;
	uint64_t registry_max_agent_count;
	int64_t registry_fetch_timeout_ns;
	int64_t registry_store_timeout_ns;
	uint32_t max_completed_frameworks;
	uint32_t max_completed_tasks_per_framework;
	uint32_t max_unreachable_tasks_per_framework;
	uint32_t max_operator_event_stream_subscribers;
	uint32_t offer_constraints_max_program;
	int64_t offer_constraints_max_mem_bytes; /* asked for, and without effect */
	bool root_submissions;
	bool insecure;
	struct tp_tls tls;
	bool authenticate_frameworks;
	bool authenticate_agents;
	bool authenticate_operators;
	int64_t authentication_v0_timeout_ns;
	struct tp_log_keys log;

	/* who we are */
	char id[40];
	struct tp_arena *arena; /* of info */
	struct tp_master_info *info;
	struct tp_domain_info *domain; /* NULL = none */
	int64_t started_ns;            /* wall */
	int64_t elected_ns;            /* wall; 0 = not elected */
	int64_t elected_at_ns;         /* the same in loop time */
	struct tp_candidate candidate;
	struct tp_detector detector;
	bool contending, detecting;
	char leader[320]; /* for people; empty = not known */
	bool recovered; /* elected, and the registry was read: the world may be served */
	bool stopping;
	struct tp_done flushed;
	struct tp_done *stopped;
	struct log_level log_level;

	/* concerns */
	struct absents *absents;
	struct agents *agents;
	struct changes *changes;
	struct counters *counters;
	struct executors *executors;
	struct frameworks *frameworks;
	struct inverse_offers *inverse_offers;
	struct maintenance *maintenance;
	struct native *native;
	struct offers *offers;
	struct operations *operations;
	struct quotas *quotas;
	struct registers *registers;
	struct registrar *registrar;
	struct removals *removals;
	struct tasks *tasks;
	struct weights *weights;
	struct whitelist *whitelist; /* NULL = none */
};

/* The registry was read: what was held back is served from now on. */
void master_recovered(struct master *m);
/* Why a master ends that does not lead any more: its supervisor starts it as a standby. */
#define MASTER_EXIT_NOT_LEADING 3
/* The process must end: logs why and leaves with status 1. */
void master_fatal(struct master *m, const char *what, const struct tp_error *why);

#endif
