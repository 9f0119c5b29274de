/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's context: what the kernel wired, the config, who the agent is, and one pointer per
 * concern. Each concern owns its struct, its timers and its handler rows; others reach it by the
 * functions of its header only. Loop thread only.
 */
#ifndef AGENT_H
#define AGENT_H

#include "tepui/disk.h"
#include "tepui/kind/containerizer.h"
#include "tepui/kind/election.h"
#include "tepui/kind/qos_controller.h"
#include "tepui/kind/resource_estimator.h"
#include "tepui/log_keys.h"
#include "tepui/map.h"
#include "tepui/module.h"
#include "tepui/net.h"
#include "tepui/transport.h"
#include "tepui/work.h"

#define AGENT_VERSION "0.1.0"

struct tp_agent_info;

struct agent_config {
	const char *master;
	const char *listen;
	const char *work_dir;
	const char *runtime_dir;
	const char *ip, *ip_discovery_command;
	const char *advertise_ip;
	uint32_t advertise_port; /* 0 = not said */
	const char *hostname;
	bool hostname_lookup;
	const char *resources;
	const char *attributes;
	const char *default_role;
	const char *domain;
	bool switch_user;
	int64_t registration_backoff_factor_ns;
	struct tp_authentication_times authentication;
	struct tp_tls tls;
	int64_t executor_registration_timeout_ns;
	int64_t executor_reregistration_timeout_ns;
	int64_t executor_shutdown_grace_period_ns;
	int64_t recovery_timeout_ns;
	int64_t oversubscribed_resources_interval_ns;
	int64_t qos_correction_interval_min_ns;
	int64_t gc_delay_ns;
	int64_t disk_watch_interval_ns;
	double gc_disk_headroom;    /* 0 to 1 */
	int recover;                /* enum agent_recover */
	int reconfiguration_policy; /* enum agent_reconfigure */
	bool strict;
	bool authenticate_operators;
	bool insecure;
	uint32_t max_completed_frameworks;
	uint32_t max_completed_executors_per_framework;
	uint32_t max_completed_tasks_per_executor;
	const char **executor_environment_variables;
	size_t n_executor_environment_variables;
	struct tp_log_keys log;
};

enum agent_reconfigure { AGENT_RECONFIGURE_EQUAL, AGENT_RECONFIGURE_ADDITIVE };
enum agent_recover { AGENT_RECOVER_RECONNECT, AGENT_RECOVER_CLEANUP };

/*
 *	RECOVERING ─executors are back or late─► DISCONNECTED ◄─► RUNNING      any ─► TERMINATING
 */
enum agent_state {
	AGENT_RECOVERING,
	AGENT_DISCONNECTED, /* no master knows us now; tasks run on */
	AGENT_RUNNING,      /* registered */
	AGENT_TERMINATING,  /* told to shut down: ends when the last executor is gone */
};

struct agent {
	struct tp_instance instance; /* first */

	/* Wired by the kernel. */
	struct tp_services containerizers;
	struct tp_election election; /* ops NULL: none, `master` says where it is */
	struct tp_resource_estimator resource_estimator; /* ops NULL: nothing is lent */
	struct tp_qos_controller qos_controller; /* ops NULL: nothing is corrected */
	struct tp_transport transport;
	struct tp_disk_service disk;
	struct tp_work_service work;
	struct tp_services hooks;
	struct tp_services authenticatees, authenticators;

	struct agent_config config;

	enum agent_state state;
	bool rebooted;  /* what is remembered of processes is of an earlier boot */
	const char *id; /* "" until a master gave one */
	struct tp_arena *arena;
	struct tp_agent_info *info; /* hostname, port, resources, attributes, id */
	char *runtime_dir;          /* this agent's own */
	int64_t started_wall_ns;
	uint64_t next_serial; /* of entities, for cursors */

	/* The concerns. */
	struct agent_info *agent_info;
	struct journal *journal;
	struct litter *litter;
	struct gc *gc;
	struct updates *updates;
	struct operations *operations;
	struct oversubscription *oversubscription;
	struct qos *qos;
	struct volume_sweep *volume_sweep;
	struct frameworks *frameworks;
	struct containers *containers;
	struct leader *leader;
	struct registration *registration;
	struct executor_front *executor_front;
	struct native *native;
	struct files *files;
	struct changes *changes;
	struct metrics *metrics;
	struct recovery *recovery;

	char *work_dir; /* what config.work_dir points at once it is absolute */
	int lock_fd;
	bool leaving; /* for good: the master is told at the end */
	bool watches_leave;
	struct tp_signal leave_signal;
	struct tp_call leave_call;
	struct tp_done *stopping; /* of stop() */
	struct tp_done stop_done;
	size_t stop_at;
};

/* Rows of a concern for a session's dispatch. */
struct handler_rows {
	const struct tp_handler *rows;
	size_t n;
};

/* Gives the agent its id, in memory only. */
void agent_set_id(struct agent *agent, const char *id);
/* Recovery is over: registration may begin. */
void agent_recovered(struct agent *agent);
/* Ends all executors, forgets the id and then ends the process; also during recovery. */
void agent_shut_down(struct agent *agent, const char *why);
/* While TERMINATING: ends the process once nothing runs any more. */
void agent_check_finished(struct agent *agent);

#endif
