#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A scheduler that crashes and returns with its id learns the state of every one of its tasks by
# one implicit reconciliation; what ended meanwhile comes besides, as it ended.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init scheduler-failover

# last_is TASK STATE: the last that was said of it since the mark.
last_is() {
	[ "$(since s1 | grep " update $1 " | tail -n 1 | cut -d' ' -f4)" = "$2" ]
}

ten_tasks() {
	agent agent1
	agent agent2
	scheduler s1
	launch s1 agent1 t0 t1 t2 t3 t4
	launch s1 agent2 t5 t6 t7 t8 t9
}

three_end() {
	ends t0 0
	ends t1 7
	kill -s KILL "$(task_pid t5)"
	for task in t0 t1 t5; do
		becomes "$task does not end" is_dead $task
	done
}

# One question, and within its answers all ten tasks once.
knows_all() {
	asked_ms=$(now_ms)
	tell s1 reconcile
	await s1 10 'update t[0-9] TASK_[A-Z]* SOURCE_MASTER REASON_RECONCILIATION'
	observe "one question, ten answers after $((seen_ms - asked_ms)) ms" "$seen_ms"
	answered=$(since s1 | grep ' REASON_RECONCILIATION ' | cut -d' ' -f3 | sort | uniq -c | grep -c '^ *1 ')
	holds "a task is missing or came twice" [ "$answered" -eq 10 ]
	becomes "t0 is not known to have finished" last_is t0 TASK_FINISHED
	becomes "t1 is not known to have failed" last_is t1 TASK_FAILED
	becomes "t5 is not known to have failed" last_is t5 TASK_FAILED
	for task in t2 t3 t4 t6 t7 t8 t9; do
		holds "$task is not known to run" last_is $task TASK_RUNNING
		holds "$task died" is_alive $task
	done
	observe "7 run, 3 ended"
}

scheduler_returns() {
	master
	ten_tasks
	hit s1 KILL
	three_end
	scheduler s1 --id "$(framework_id s1)"
	knows_all
}
row "scheduler: kill -9, three of ten tasks end, back with its id" scheduler_returns

# The new master knows of the tasks from the agents alone.
both_return() {
	master
	ten_tasks
	id=$(framework_id s1)
	hit s1 KILL
	daemon_stop master KILL 2>/dev/null
	three_end
	master
	becomes "agent1 does not come back" agent_is_active agent1
	becomes "agent2 does not come back" agent_is_active agent2
	scheduler s1 --id "$id"
	knows_all
}
row "scheduler and master: kill -9, three of ten tasks end, both back" both_return

# Each takes the framework from the one before.
two_of_them() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t0
	hit_now
	for round in 1 2 3; do
		scheduler "other$round" --id "$(framework_id s1)"
	done
	await s1 1 'error Framework failed over'
	await other1 1 'error Framework failed over'
	await other2 1 'error Framework failed over'
	observe "three times taken over, each time the former hears an error" "$seen_ms"
	tell other3 reconcile
	await other3 1 'update t0 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "the last one was replaced" silent other3 'error '
	holds "t0 died" is_alive t0
}
row "scheduler: taken over three times in a row" two_of_them

# It was cut off while another took over, so nobody could tell it; it must not take it back.
comes_too_late() {
	master --set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3
	agent agent1
	scheduler s1
	launch s1 agent1 t0
	hit s1 STOP
	becomes "the master does not miss s1" grep -q 'framework disconnected' "$dir/master.log"
	scheduler s2 --id "$(framework_id s1)"
	kill -s CONT "$(daemon_pid s1)"
	await s1 1 'error Framework failed over'
	observe "replaced meanwhile: error Framework failed over" "$seen_ms"
	tell s2 reconcile
	await s2 1 'update t0 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "the new one was replaced" silent s2 'error '
	holds "t0 died" is_alive t0
}
row "scheduler: SIGSTOP, replaced, SIGCONT" comes_too_late
