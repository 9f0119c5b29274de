#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the agent: tasks of checkpointing frameworks go on and are found again, those that
# ended meanwhile are reported, those of other frameworks are lost and killed.
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
