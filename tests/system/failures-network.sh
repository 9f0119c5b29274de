#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: the network between the parts is cut, in both directions or in one. Each host is a
# network namespace, this script is the router between them.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
if [ "$(id -u)" -ne 0 ]; then
	echo "skip - network namespaces need root"
	exit 77
fi
# All of them are gone with this process and its children.
if [ -z "${FAILURES_UNSHARED-}" ]; then
	FAILURES_UNSHARED=yes exec unshare --mount --net --propagation private "$0" "$@"
fi
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-network

QUICK='--set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3'
QUICK="$QUICK --set master.insecure=true"

# hosts NAME...: each with an address of its own.
hosts() {
	echo 1 >/proc/sys/net/ipv4/ip_forward
	mkdir -p /run/netns
	mount -t tmpfs none /run/netns
	n=0
	for host; do
		n=$((n + 1))
		ip netns add "$host"
		ip link add "to-$host" type veth peer name eth0 netns "$host"
		ip addr add "10.77.$n.1/24" dev "to-$host"
		ip link set "to-$host" up
		ip -n "$host" addr add "10.77.$n.2/24" dev eth0
		ip -n "$host" link set lo up
		ip -n "$host" link set eth0 up
		ip -n "$host" route add default via "10.77.$n.1"
	done
}

on_host() {
	BEFORE="ip netns exec $1"
	shift
	"$@"
	BEFORE=
}

address() {
	case $1 in
	m) echo 10.77.1.2 ;;
	a) echo 10.77.2.2 ;;
	s) echo 10.77.3.2 ;;
	esac
}

# lose FROM TO: the router drops what goes that way, and nobody is told.
lose() {
	ip rule add from "$(address "$1")" to "$(address "$2")" blackhole priority 10
}

sever() {
	lose "$1" "$2"
	lose "$2" "$1"
}

heal() {
	while ip rule del priority 10 2>/dev/null; do
		:
	done
}

# Master, agent and scheduler on a host each, with two tasks.
cluster() {
	heal
	master_listen=$(address m)
	# shellcheck disable=SC2086 # words
	on_host m master $QUICK
	on_host a agent agent1
	on_host s scheduler s1 --partition-aware
	on_host s scheduler s2
	launch s1 agent1 t1 t3
	launch s2 agent1 t2
	id=$(agent_id agent1)
}

# agent_is_cut COMMAND...: which cuts. t3 ends meanwhile.
agent_is_cut() {
	cluster
	hit_now
	"$@"
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	await s1 1 "agent-lost $id"
	ends t3 8
	becomes "t3 does not end" is_dead t3
	becomes "the master does not list t1 as unreachable" at_master t1 TASK_UNREACHABLE
	heal
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	observe_update s2 1 't2 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	observe_update s1 1 't3 TASK_FAILED SOURCE_EXECUTOR'
	holds "the agent has another id" [ "$(agent_id agent1)" = "$id" ]
	holds "a task died" all_alive t1 t2
	holds "t1 lost output" is_continuous t1
	becomes "the master does not know t1" at_master t1 TASK_RUNNING
	launch s1 agent1 t4
}
both_ways() {
	agent_is_cut sever a m
}
to_master() {
	agent_is_cut lose a m
}

# The agent's good-bye arrives, but it was silent before.
to_agent() {
	agent_is_cut lose m a
}

short_cut() {
	cluster
	hit_now
	sever a m
	ends t3 8
	becomes "t3 does not end" is_dead t3
	heal
	observe_update s1 1 't3 TASK_FAILED SOURCE_EXECUTOR'
	holds "an agent was lost" silent s1 agent-lost
	holds "t1 changed its state" silent s1 'update t1'
	holds "t2 changed its state" silent s2 'update t2'
	holds "a task died" all_alive t1 t2
}

scheduler_is_cut() {
	cluster
	hit_now
	sever s m
	becomes "the master does not miss s1" \
		grep -q "framework disconnected.*framework=$(framework_id s1)" "$dir/master.log"
	observe "missed by the master"
	ends t3 8
	becomes "the master does not hear of t3's end" at_master t3 TASK_FAILED
	heal
	await s1 1 reregistered
	observe "reregistered" "$seen_ms"
	tell s1 reconcile
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	observe_update s1 1 't3 TASK_FAILED'
	holds "a task died" all_alive t1 t2
}

# The old sessions are half open: their other end has no process any more.
master_dies_meanwhile() {
	cluster
	hit_now
	sever a m
	sever s m
	daemon_stop master KILL 2>/dev/null
	# shellcheck disable=SC2086 # words
	on_host m master $QUICK
	becomes "the agent is not remembered" agent_is agent1 recovered
	heal
	await s1 1 reregistered
	becomes "the agent does not come back" agent_is agent1 active
	observe "reregistered, agent active"
	tell s1 reconcile
	observe_update s1 2 't[13] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "an agent was lost" silent s1 agent-lost
	holds "a task died" all_alive t1 t2 t3
}

# Nobody says good-bye for a host without power; what comes in its place is a new agent.
host_dies() {
	cluster
	hit_now
	sever a m
	daemon_stop agent1 KILL 2>/dev/null
	for pid in $(ip netns pids a); do
		kill -s KILL "$pid" 2>/dev/null # an init may have taken it along
	done
	observe_update s1 2 't[13] TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	await s1 1 "agent-lost $id"
	observe "agent-lost" "$seen_ms"
	heal
	on_host a agent agent2
	launch s1 agent2 t4
	becomes "the master forgot t1" at_master t1 TASK_UNREACHABLE
	holds "the new agent has the old one's id" [ "$(agent_id agent2)" != "$id" ]
}

# What an unreachable agent does not hear it is told when it is back.
framework_ends_meanwhile() {
	cluster
	hit_now
	sever a m
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	tell s1 teardown
	becomes "the framework does not end" daemon_is_gone s1
	holds "t1 died too early" all_alive t1 t3
	heal
	becomes "t1 lives on" is_dead t1
	becomes "t3 lives on" is_dead t3
	observe "processes gone after the return"
	holds "t2 died" is_alive t2
}

hosts m a s
row "network: agent and master cut" both_ways
row "network: agent to master cut, one way" to_master
row "network: master to agent cut, one way" to_agent
row "network: agent and master cut, shorter than timeouts" short_cut
row "network: scheduler and master cut" scheduler_is_cut
row "network: cut, master: kill -9, restarted, healed" master_dies_meanwhile
row "agent's host: gone for good, another one comes" host_dies
row "network: agent and master cut, its framework ends" framework_ends_meanwhile
