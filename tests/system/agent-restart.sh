#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the agent: tasks of checkpointing frameworks go on and are found again, those that
# ended meanwhile are reported, those of other frameworks are lost and killed. Then the same with
# twenty tasks that write, and SIGUSR1, by which an agent leaves.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init agent-restart
cluster_master master.yaml
cluster_agent agent1 'cpus:4;mem:4096'

end=$dir/end
"$run_tasks" --checkpoint --name kept \
	--task "cpus:0.5;mem:64=until [ -e $end ]; do sleep 0.05; done" \
	--task "cpus:0.5;mem:64=until [ -e $dir/early ]; do sleep 0.05; done; exit 4" \
	>"$dir/kept.out" 2>&1 &
kept=$!
wait_until 30 tasks_are kept TASK_RUNNING 2 || fail "two checkpointed tasks do not run"
"$run_tasks" --name lost 'exec sleep 1000' >"$dir/lost.out" 2>&1 &
lost=$!
wait_until 30 tasks_are lost TASK_RUNNING 1 || fail "a task without checkpoint does not run"
agent_before=$("$tepui" agents | awk 'NR > 1 { print $1 }')

daemon_stop agent1 KILL
job_wait $lost 30
expect "a task that is not checkpointed is lost" grep -q 'lost-1 TASK_LOST' "$dir/lost.out"
: >"$dir/early"
cluster_agent agent1 'cpus:4;mem:4096'
expect "the agent keeps its id" [ "$("$tepui" agents | awk 'NR > 1 { print $1 }')" = "$agent_before" ]
early_is_known() {
	grep -q 'kept-2 TASK_FAILED' "$dir/kept.out"
}
expect "what ended meanwhile is reported" wait_until 30 early_is_known
expect "the other task goes on" tasks_are kept TASK_RUNNING 1
: >"$end"
job_wait $kept 60
expect "and finishes" grep -q 'kept-1 TASK_FINISHED' "$dir/kept.out"
nothing_is_left() {
	! pgrep -f "$dir/end" >/dev/null && ! pgrep -f 'sleep 1000' -s 0 >/dev/null
}
expect "no process of a task is left" wait_until 20 nothing_is_left

# --- twenty tasks that write all the time, and one that ends while the agent is away -----------
n_tasks=20
mkdir "$dir/starts"
# Each start of a task leaves a line with its pid; its output is the numbers from 1 on.
writer() {
	printf '%s' "cpus:0.1;mem:16=echo \$\$ >>$dir/starts/$1; i=0; " \
		"until [ -e $dir/stop ]; do i=\$((i + 1)); echo \$i; sleep 0.05; done"
}
set --
i=0
while [ $i -lt $n_tasks ]; do
	i=$((i + 1))
	set -- "$@" --task "$(writer $i)"
done
set -- "$@" --task "cpus:0.1;mem:16=echo \$\$ >$dir/seven.pid; until [ -e $dir/seven ]; do sleep 0.05; done; exit 7"
"$run_tasks" --checkpoint --name many "$@" >"$dir/many.out" 2>&1 &
many=$!
wait_until 60 tasks_are many TASK_RUNNING $((n_tasks + 1)) || fail "the writers do not run"
outputs() {
	find "$dir/agent1/slaves" -path '*/frameworks/*/executors/many-*' -name stdout ! -empty
}
all_write() {
	[ "$(outputs | wc -l)" -eq $n_tasks ]
}
wait_until 30 all_write || fail "not all of them write"
lines() {
	outputs | xargs cat | wc -l
}

daemon_stop agent1 KILL
killed_at=$(now_ms)
at_kill=$(lines)
: >"$dir/seven"
# Ten lines of each while nobody looks after them.
have_gone_on() {
	[ "$(lines)" -ge $((at_kill + n_tasks * 10)) ] && process_is_gone "$(cat "$dir/seven.pid")"
}
expect "they go on without an agent" wait_until 60 have_gone_on
before=$(lines)
started_at=$(now_ms)
cluster_agent agent1 'cpus:4;mem:4096'
expect "all are found again" wait_until 30 tasks_are many TASK_RUNNING $n_tasks
found_at=$(now_ms)
ended_is_known() {
	"$tepui" tasks --all --json | grep -q 'Command exited with status 7'
}
expect "the one that ended is reported with its exit status" wait_until 30 ended_is_known
told_at=$(now_ms)
have_written_more() {
	[ "$(lines)" -ge $((before + n_tasks * 5)) ]
}
wait_until 30 have_written_more || fail "they do not write any more"
expect "none was started again" [ "$(cat "$dir"/starts/* | wc -l)" -eq $n_tasks ]
expect "no other state was told of them" \
	[ "$(grep -c -v -e RUNNING -e STARTING -e offered -e registered "$dir/many.out")" -eq 1 ]
continuous() {
	for output in $(outputs); do
		awk '$1 != NR { print FILENAME ": line " NR " is " $1; exit 1 }' "$output" || return 1
	done
}
expect "what they wrote has no gap" continuous
least=$(outputs | xargs wc -l | awk '$2 != "total" { print $1 }' | sort -n | head -n 1)
echo "shows: agent killed -9 with $((n_tasks + 1)) tasks, away for $((started_at - killed_at)) ms;" \
	"$((found_at - started_at)) ms after its new start all $n_tasks were adopted, 0 restarted;" \
	"each output continuous, $least lines at least;" \
	"exit status 7 of the one that ended meanwhile told after $((told_at - started_at)) ms"

# --- SIGUSR1: the agent leaves ----------------------------------------------------------------
left_at=$(now_ms)
kill -USR1 "$(daemon_pid agent1)"
expect "an agent that leaves ends in order" daemon_reap agent1 60
job_wait $many 30
expect "its tasks are lost at once" [ "$(grep -c '^many: many-.* TASK_LOST' "$dir/many.out")" -eq $n_tasks ]
echo "shows: SIGUSR1: $n_tasks tasks ended and were told to be lost after" \
	"$(($(now_ms) - left_at)) ms; the agent exited with 0"
nobody_writes() {
	cat "$dir"/starts/* | while read -r pid; do
		process_is_gone "$pid" || return 1
	done
}
expect "and nothing of them is left" wait_until 20 nobody_writes
no_agent() {
	! "$tepui" agents | grep -q ' agent1 '
}
expect "the master has forgotten it" wait_until 20 no_agent
