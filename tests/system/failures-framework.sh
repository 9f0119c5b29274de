#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: the scheduler of a framework dies, hangs, is replaced or leaves.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-framework

scheduler_returns() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2 t3
	hit s1 KILL
	ends t3 7
	becomes "t3 does not end" is_dead t3
	becomes "the master does not hear of t3's end" at_master t3 TASK_FAILED
	holds "t1 died" is_alive t1
	scheduler s1 --id "$(framework_id s1)"
	tell s1 reconcile
	observe_update s1 2 't[12] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	observe_update s1 1 't3 TASK_FAILED'
	holds "t2 died" is_alive t2
	ends t1
	await s1 1 'update t1 TASK_FINISHED SOURCE_EXECUTOR'
	holds "t1 lost output" is_continuous t1
}
row "scheduler: kill -9, back with its id" scheduler_returns

scheduler_stays_away() {
	master
	agent agent1
	scheduler s1 --failover 1
	launch s1 agent1 t1 t2
	hit s1 KILL
	becomes "t1 lives on" is_dead t1
	becomes "t2 lives on" is_dead t2
	becomes "the master does not know the end of t1" at_master t1 TASK_KILLED
	holds "the master does not know the end of t2" at_master t2 TASK_KILLED
	observe "2 x TASK_KILLED, processes gone"
	scheduler_start s1 --id "$(framework_id s1)"
	await s1 1 'error Framework has been removed'
	observe "its id is refused"
}
row "scheduler: kill -9, away longer than failover_timeout" scheduler_stays_away

scheduler_is_replaced() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1
	hit_now
	scheduler s2 --id "$(framework_id s1)"
	await s1 1 'error Framework failed over'
	observe "the old one: error Framework failed over" "$seen_ms"
	tell s2 reconcile
	observe_update s2 1 't1 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	launch s2 agent1 t2
	ends t1
	await s2 1 'update t1 TASK_FINISHED'
	holds "the old one heard of t1" silent s1 'update '
	holds "t2 died" is_alive t2
}
row "scheduler: replaced by a second one with its id" scheduler_is_replaced

scheduler_hangs() {
	master --set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	hit s1 STOP
	becomes "the master does not miss s1" grep -q 'framework disconnected' "$dir/master.log"
	observe "missed by the master"
	ends t2 3
	becomes "the master does not hear of t2's end" at_master t2 TASK_FAILED
	hit s1 CONT
	await s1 1 'disconnected'
	await s1 1 'reregistered'
	observe "disconnected, reregistered" "$seen_ms"
	tell s1 reconcile
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	observe_update s1 1 't2 TASK_FAILED'
	holds "t1 died" is_alive t1
}
row "scheduler: SIGSTOP longer than the master waits, SIGCONT" scheduler_hangs

scheduler_leaves() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1
	hit_now
	tell s1 teardown
	becomes "t1 lives on" is_dead t1
	becomes "the master does not know the end of t1" at_master t1 TASK_KILLED
	observe "TASK_KILLED, process gone"
}
row "scheduler: ends its framework" scheduler_leaves
