#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Executors whose agent is away longer than recovery_timeout end themselves, and their tasks with
# them; those that do not care are killed by their own driver.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init executors-alone

is_gone() {
	[ ! -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# ends_alone SECONDS WHAT: with this recovery_timeout; of t1, t2 and whoever reports on t1.
ends_alone() {
	executor=$(executor_pid t1)
	hit agent1 KILL
	becomes "t1 lives on" is_dead t1
	becomes "t2 lives on" is_dead t2
	becomes "the executor lives on" is_gone "$executor"
	observe "$2 (recovery_timeout $1)"
}

command_executors() {
	master
	agent agent1 --set agent.recovery_timeout=1s
	scheduler s1
	launch s1 agent1 t1 t2
	ends_alone 1s "two tasks and their executors ended"
}
row "agent: kill -9, stays away; command tasks" command_executors

custom_executor() {
	master
	agent agent1 --set agent.recovery_timeout=1s
	scheduler s1 --executor "exec $scripted_executor"
	custom t1 t2
	ends_alone 1s "the executor ended with its two tasks"
}
row "agent: kill -9, stays away; a custom executor" custom_executor

deaf_executor() {
	master
	agent agent1 --set agent.recovery_timeout=1s \
		--set agent.executor_shutdown_grace_period=1s
	scheduler s1 --executor "exec $scripted_executor --deaf"
	custom t1 t2
	ends_alone 1s "the executor was killed after its grace of 1s, its tasks with it"
}
row "agent: kill -9, stays away; an executor that does not care for shutdown()" deaf_executor

# Nothing is kept that could be found again: at once.
without_checkpoint() {
	master
	agent agent1 --set agent.recovery_timeout=1hrs
	scheduler s1 --no-checkpoint
	launch s1 agent1 t1 t2
	ends_alone 1hrs "two tasks and their executors ended at once"
}
row "agent: kill -9; the framework does not checkpoint" without_checkpoint
