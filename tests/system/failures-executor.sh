#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: executors and tasks die, hang, never speak, or do not obey.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-executor

command_executor_dies() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	hit_now
	kill -s KILL "$(executor_pid t1)"
	observe_update s1 1 't1 TASK_FAILED SOURCE_AGENT REASON_EXECUTOR_TERMINATED'
	becomes "t1 lives without its executor" is_dead t1
	becomes "the master does not know the end of t1" at_master t1 TASK_FAILED
	observe "process gone"
	holds "t2 died" is_alive t2
}
row "executor: kill -9, of a command task" command_executor_dies

custom_executor_dies() {
	master
	agent agent1
	scheduler s1 --executor "exec $scripted_executor"
	custom t1 t2
	hit_now
	kill -s KILL "$(executor_pid t1)"
	observe_update s1 2 't[12] TASK_FAILED SOURCE_AGENT REASON_EXECUTOR_TERMINATED'
	await s1 1 'executor-lost e1 signal 9'
	observe "executor-lost signal 9" "$seen_ms"
	becomes "t1 lives without its executor" is_dead t1
	becomes "t2 lives without its executor" is_dead t2
}
row "executor: kill -9, a custom one with two tasks" custom_executor_dies

custom_executor_waits() {
	master
	agent agent1
	scheduler s1 --executor "exec $scripted_executor"
	custom t1 t2
	settle t1 t2
	hit agent1 KILL
	ends t2 6
	becomes "t2 does not end" is_dead t2
	agent agent1
	observe_update s1 1 't2 TASK_FAILED SOURCE_EXECUTOR'
	tell s1 reconcile
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "t1 died" is_alive t1
	custom t3
	holds "t3 has another executor" [ "$(executor_pid t1)" = "$(executor_pid t3)" ]
}
row "agent: kill -9, restarted; a custom executor with two tasks" custom_executor_waits

never_registers() {
	master
	agent agent1 --set agent.executor_registration_timeout=1s
	scheduler s1 --executor "exec sleep 1000"
	hit_now
	tell s1 launch-on e1 t1 agent1 'cpus:0.1;mem:32' true
	observe_update s1 1 't1 TASK_FAILED SOURCE_AGENT REASON_EXECUTOR_REGISTRATION_TIMEOUT'
	becomes "its process lives on" nobody_in_sandboxes
	observe "process gone"
}
nobody_in_sandboxes() {
	for link in /proc/[0-9]*/cwd; do
		case $(readlink "$link" 2>/dev/null) in
		"$dir"/*/slaves/*) return 1 ;;
		esac
	done
}
row "executor: never registers" never_registers

# It hangs while its agent is away, so it is not there when the agent asks.
hangs_in_recovery() {
	master
	agent agent1
	scheduler s1 --partition-aware --executor "exec $scripted_executor"
	custom t1
	executor=$(executor_pid t1)
	kill -s STOP "$executor"
	hit agent1 KILL
	agent agent1 --set agent.executor_reregistration_timeout=1s
	observe_update s1 1 't1 TASK_GONE SOURCE_AGENT REASON_EXECUTOR_REREGISTRATION_TIMEOUT'
	becomes "t1 lives without its executor" is_dead t1
	observe "process gone"
}
row "executor: SIGSTOP, agent: kill -9, restarted" hangs_in_recovery

does_not_obey() {
	master
	agent agent1 --set agent.executor_shutdown_grace_period=1s
	scheduler s1 --executor "exec $scripted_executor --deaf"
	custom t1
	hit_now
	tell s1 teardown
	becomes "t1 lives on" is_dead t1
	becomes "its executor lives on" nobody_in_sandboxes
	observe "killed after executor_shutdown_grace_period"
}
row "executor: does not care for SHUTDOWN" does_not_obey

task_dies() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	hit_pid "$(task_pid t1)" KILL
	observe_update s1 1 't1 TASK_FAILED SOURCE_EXECUTOR - Command terminated with signal Killed'
	becomes "the master does not know the end of t1" at_master t1 TASK_FAILED
	holds "t2 died" is_alive t2
}
row "task: kill -9" task_dies

task_exits() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	hit_now
	ends t1 3
	observe_update s1 1 't1 TASK_FAILED SOURCE_EXECUTOR - Command exited with status 3'
	ends t2 0
	observe_update s1 1 't2 TASK_FINISHED SOURCE_EXECUTOR - Command exited with status 0'
}
row "task: ends with 3, with 0" task_exits

# A shell that takes no SIGTERM; the task's processes end with the kill after the grace.
task_does_not_obey() {
	master
	agent agent1
	scheduler s1
	tell s1 launch t1 agent1 'cpus:0.1;mem:32' "trap '' TERM; $(command_of t1)"
	await s1 1 'update t1 TASK_RUNNING '
	becomes "t1 does not start" is_alive t1
	hit_now
	tell s1 kill t1
	observe_update s1 1 't1 TASK_KILLED SOURCE_EXECUTOR'
	becomes "t1 lives on" is_dead t1
	observe "process gone"
}
row "task: killed, but takes no SIGTERM" task_does_not_obey
