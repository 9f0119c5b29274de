#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: the master dies, hangs, or does not find everybody when it is back.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-master

QUICK='--set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3'

# comes_back SIGNAL: with tasks on two agents, one of which ends while nobody listens.
comes_back() {
	master
	agent agent1
	agent agent2
	scheduler s1
	launch s1 agent1 t1 t2 t3
	launch s1 agent2 t4 t5
	ids=$(agent_id agent1)+$(agent_id agent2)
	hit master "$1"
	await s1 1 disconnected
	ends t3 5
	becomes "t3 does not end" is_dead t3
	master
	await s1 1 reregistered
	becomes "agent1 does not come back" agent_is agent1 active
	becomes "agent2 does not come back" agent_is agent2 active
	observe "disconnected, reregistered, both agents active"
	observe_update s1 1 't3 TASK_FAILED SOURCE_EXECUTOR'
	holds "ids of agents changed" [ "$(agent_id agent1)+$(agent_id agent2)" = "$ids" ]
	tell s1 reconcile
	observe_update s1 4 't[1245] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "a task changed its state" silent s1 'update t[1245] TASK_(FINISHED|FAILED|KILL|LOST|DROPPED|ERROR|UNREACHABLE|GONE|UNKNOWN)'
	holds "a task died" all_alive t1 t2 t4 t5
	holds "t4 lost output" is_continuous t4
	launch s1 agent2 t6
}
master_is_killed() {
	comes_back KILL
}
row "master: kill -9, restarted" master_is_killed
master_is_stopped() {
	comes_back TERM
}
row "master: SIGTERM, restarted" master_is_stopped

# The agents miss its pings and dial again; nobody may be lost because the master slept.
master_hangs() {
	# shellcheck disable=SC2086 # words
	master $QUICK
	agent agent1
	scheduler s1 --partition-aware
	launch s1 agent1 t1
	hit master STOP
	becomes "the agent does not miss the master" \
		grep -q 'the master does not ping any more' "$dir/agent1.log"
	observe "missed by the agent"
	ends t1 9
	becomes "t1 does not end" is_dead t1
	hit master CONT
	observe_update s1 1 't1 TASK_FAILED SOURCE_EXECUTOR'
	launch s1 agent1 t2
	holds "an agent was lost" silent s1 agent-lost
	holds "the agent is not active" agent_is agent1 active
}
row "master: SIGSTOP longer than agents wait, SIGCONT" master_hangs

# agent_reregister_timeout may not be below ten minutes: this master's clock runs faster, and its
# other timeouts are longer for it.
agent_dies_meanwhile() {
	master
	agent agent1
	agent agent2
	scheduler s1 --partition-aware
	scheduler s2
	launch s1 agent1 t1
	launch s2 agent1 t2
	launch s1 agent2 t3
	lost_id=$(agent_id agent1)
	hit master KILL
	hit agent1 KILL
	fast_master
	becomes "the dead agent is not known" agent_is agent1 recovered
	await s1 1 "agent-lost $lost_id"
	await s2 1 "agent-lost $lost_id"
	observe "agent-lost" "$seen_ms"
	tell s1 reconcile t1 "$lost_id"
	tell s2 reconcile t2 "$lost_id"
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_RECONCILIATION'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_RECONCILIATION'
	holds "the other agent's task changed" silent s1 'update t3'
	hit master KILL
	master
	await s1 1 reregistered
	tell s1 reconcile t1 "$lost_id"
	await s1 1 'update t1 TASK_UNREACHABLE SOURCE_MASTER REASON_RECONCILIATION'
	becomes "the other agent does not come back" agent_is agent2 active
	tell s1 reconcile
	await s1 1 'update t3 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "it is not in the registry" registry_says "unreachable.*$lost_id"
}
row "master and agent: kill -9, only the master restarted" agent_dies_meanwhile

unreachable_returns() {
	# shellcheck disable=SC2086 # words
	master $QUICK
	agent agent1
	scheduler s1 --partition-aware
	scheduler s2
	launch s1 agent1 t1
	launch s2 agent1 t2
	id=$(agent_id agent1)
	hit agent1 STOP
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	hit master KILL
	# shellcheck disable=SC2086 # words
	master $QUICK
	await s1 1 reregistered
	await s2 1 reregistered
	kill -s CONT "$(daemon_pid agent1)"
	becomes "the agent does not return" agent_is agent1 active
	holds "the agent has another id" [ "$(agent_id agent1)" = "$id" ]
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	observe_update s2 1 't2 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	becomes "the master does not know t1" at_master t1 TASK_RUNNING
	holds "a task died" all_alive t1 t2
}
row "agent: unreachable, master: kill -9, restarted, the agent returns" unreachable_returns
