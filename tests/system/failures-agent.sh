#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: an agent dies, hangs, leaves, or stays away.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-agent

QUICK='--set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3'
TWENTY='t1 t2 t3 t4 t5 t6 t7 t8 t9 t10 t11 t12 t13 t14 t15 t16 t17 t18 t19 t20'

# comes_back SIGNAL
comes_back() {
	master
	agent agent1
	scheduler s1
	# shellcheck disable=SC2086 # words
	launch s1 agent1 $TWENTY
	# shellcheck disable=SC2086 # words
	settle $TWENTY
	id=$(agent_id agent1)
	hit agent1 "$1"
	ends t19 0
	ends t20 11
	becomes "t19 does not end" is_dead t19
	becomes "t20 does not end" is_dead t20
	agent agent1
	observe_update s1 1 't19 TASK_FINISHED SOURCE_EXECUTOR'
	observe_update s1 1 't20 TASK_FAILED SOURCE_EXECUTOR - Command exited with status 11'
	holds "the agent has another id" [ "$(agent_id agent1)" = "$id" ]
	tell s1 reconcile
	observe_update s1 18 't[0-9]* TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	for task in $TWENTY; do
		[ "$task" = t19 ] || [ "$task" = t20 ] || holds "$task died" is_alive "$task"
		holds "$task lost output" is_continuous "$task"
	done
	launch s1 agent1 t21
	tell s1 kill t1
	await s1 1 'update t1 TASK_KILLED SOURCE_EXECUTOR'
}
agent_is_killed() {
	comes_back KILL
}
row "agent: kill -9 with 20 tasks, restarted" agent_is_killed
agent_is_stopped() {
	comes_back TERM
}
row "agent: SIGTERM with 20 tasks, restarted" agent_is_stopped

without_checkpoint() {
	master
	agent agent1
	scheduler s1 --no-checkpoint --partition-aware
	launch s1 agent1 t1 t2
	hit agent1 KILL
	observe_update s1 2 't[12] TASK_LOST SOURCE_MASTER REASON_AGENT_DISCONNECTED'
	becomes "t1 lives on" is_dead t1
	becomes "t2 lives on" is_dead t2
	observe "processes gone"
	agent agent1
	launch s1 agent1 t3
}
row "agent: kill -9, the framework does not checkpoint" without_checkpoint

agent_hangs() {
	# shellcheck disable=SC2086 # words
	master $QUICK
	agent agent1
	scheduler s1 --partition-aware
	scheduler s2
	launch s1 agent1 t1 t3
	launch s2 agent1 t2
	id=$(agent_id agent1)
	hit agent1 STOP
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	await s1 1 "agent-lost $id"
	ends t3 4
	becomes "t3 does not end" is_dead t3
	becomes "the master does not list it as unreachable" at_master t1 TASK_UNREACHABLE
	kill -s CONT "$(daemon_pid agent1)"
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	observe_update s2 1 't2 TASK_RUNNING SOURCE_MASTER REASON_AGENT_REREGISTERED'
	observe_update s1 1 't3 TASK_FAILED SOURCE_EXECUTOR'
	holds "the agent has another id" [ "$(agent_id agent1)" = "$id" ]
	holds "a task died" all_alive t1 t2
	holds "t1 lost output" is_continuous t1
	launch s1 agent1 t4
}
row "agent: SIGSTOP longer than the master waits, SIGCONT" agent_hangs

agent_leaves() {
	master
	agent agent1
	scheduler s1 --partition-aware
	scheduler s2
	launch s1 agent1 t1
	launch s2 agent1 t2
	id=$(agent_id agent1)
	hit agent1 USR1
	observe_update s1 1 't1 TASK_GONE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	await s1 1 "agent-lost $id"
	observe "agent-lost" "$seen_ms"
	becomes "t1 lives on" is_dead t1
	becomes "t2 lives on" is_dead t2
	agent agent1
	holds "the agent kept its id" [ "$(agent_id agent1)" != "$id" ]
	launch s1 agent1 t3
}
row "agent: SIGUSR1, leaves for good" agent_leaves

agent_stays_away() {
	master
	agent agent1 --set agent.recovery_timeout=2s
	scheduler s1
	launch s1 agent1 t1 t2
	hit agent1 KILL
	becomes "t1 lives on" is_dead t1
	becomes "t2 lives on" is_dead t2
	observe "executors ended themselves"
	agent agent1 --set agent.recovery_timeout=2s
	observe_update s1 2 't[12] TASK_(FAILED|KILLED|LOST)'
	becomes "the master thinks that t1 runs" at_master t1 'TASK_\(FAILED\|KILLED\|LOST\)'
	launch s1 agent1 t3
}
row "agent: kill -9, away longer than recovery_timeout" agent_stays_away

# agent_reregister_timeout may not be below ten minutes: this master's clock runs faster.
agent_never_returns() {
	fast_master
	agent agent1
	scheduler s1 --partition-aware
	scheduler s2
	launch s1 agent1 t1
	launch s2 agent1 t2
	id=$(agent_id agent1)
	hit agent1 KILL
	observe_update s1 1 't1 TASK_UNREACHABLE SOURCE_MASTER REASON_AGENT_REMOVED'
	observe_update s2 1 't2 TASK_LOST SOURCE_MASTER REASON_AGENT_REMOVED'
	await s1 1 "agent-lost $id"
	observe "agent-lost" "$seen_ms"
}
row "agent: kill -9, away longer than agent_reregister_timeout" agent_never_returns

both_die() {
	master
	agent agent1
	scheduler s1 --partition-aware
	launch s1 agent1 t1 t2
	executor=$(executor_pid t1)
	hit agent1 KILL
	kill -s KILL "$executor"
	agent agent1
	observe_update s1 1 't1 TASK_FAILED SOURCE_AGENT REASON_EXECUTOR_TERMINATED'
	becomes "the master does not know the end of t1" at_master t1 TASK_FAILED
	becomes "t1 lives without its executor" is_dead t1
	observe "process gone"
	holds "t2 died" is_alive t2
}
row "agent and executor: kill -9, the agent restarted" both_die

# The master remembers the kill for an agent that is not there.
killed_meanwhile() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	settle t1 t2
	hit agent1 KILL
	becomes "the master does not miss the agent" \
		grep -q 'agent disconnected' "$dir/master.log"
	tell s1 kill t1
	tell s1 reconcile
	await s1 1 'update t2 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	agent agent1
	observe_update s1 1 't1 TASK_KILLED SOURCE_EXECUTOR'
	becomes "t1 lives on" is_dead t1
	holds "t2 died" is_alive t2
}
row "agent: kill -9, a task is killed meanwhile, restarted" killed_meanwhile
