/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a machine has, and what an agent on it may offer when its operator does not say.
 */
#ifndef TEPUI_MACHINE_H
#define TEPUI_MACHINE_H

#include "tepui/resources.h"

struct tp_machine_size {
	unsigned cpus;      /* online; 0 = not known */
	uint64_t mem_bytes; /* 0 = not known */
	uint64_t disk_bytes;
};

/* Measures this machine; disk is the filesystem of work_dir. What fails stays 0. */
TP_EXPORT void tp_machine_measure(const char *work_dir, struct tp_machine_size *ret);

/*
 * The resources that `text` gives (as tp_resources_parse(), or file:///path or /path of a file with
 * that, which is read at once; NULL or "" = none) and, of cpus,
 * mem, disk and ports, those that it does not name in any role, after the machine: all cpus; mem
 * but 1 GB, or half below 2 GB; disk but 5 GB, or half below 10 GB; ports 31000 to 32000.
 */
TP_EXPORT int tp_machine_resources(const struct tp_machine_size *machine,
	const char *text, const char *default_role, struct tp_resources *ret,
	struct tp_error *err);

/*
 * The IP that a daemon binds to by its keys `ip` and `ip_discovery_command` (NULL or "" = not
 * given): the one, or what the other prints, within ten seconds. Both is an error, neither
 * gives NULL. Blocks: for starting only.
 */
TP_EXPORT int tp_machine_ip(const char *ip, const char *discovery_command,
	struct tp_arena *arena, const char **ret, struct tp_error *err);
/* "tcp://IP:PORT", with brackets where IPv6 needs them. */
TP_EXPORT const char *tp_machine_url(
	struct tp_arena *arena, const char *ip, unsigned port);
/*
 * What a daemon calls itself that listens at `ip` and was given no hostname: the name that a
 * reverse lookup finds, else the address itself, as always without `lookup`. NULL, a wildcard and
 * what is no address: the machine's own name. Asks DNS and may block: for starting only.
 */
TP_EXPORT const char *tp_machine_hostname(
	const char *ip, bool lookup, struct tp_arena *arena);

#endif
