#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# kill -9 of the master with ten running tasks: the agent is back at once, the tasks go on, their
# last updates arrive, and the registry knows every agent.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init master-restart
cluster_master master.yaml
cluster_agent agent1 'cpus:4;mem:4096'
cluster_agent agent2 'cpus:4;mem:4096'
agents_before=$("$tepui" agents | awk 'NR > 1 { print $1 }' | sort)

end=$dir/end
"$run_tasks" --checkpoint --name ten --count 10 --resources 'cpus:0.5;mem:64' \
	"echo begun; until [ -e $end ]; do sleep 0.05; done; echo done" >"$dir/ten.out" 2>&1 &
ten=$!
wait_until 30 tasks_are ten TASK_RUNNING 10 || fail "ten tasks do not run"

daemon_stop master KILL
begin=$(now_ms)
cluster_master master.yaml
wait_until 20 agent_is_active agent1 || fail "agent1 does not come back"
wait_until 20 agent_is_active agent2 || fail "agent2 does not come back"
echo "# master started and both agents back after $(($(now_ms) - begin)) ms"
agents_after=$("$tepui" agents | awk 'NR > 1 { print $1 }' | sort)
expect "every agent keeps its id" [ "$agents_before" = "$agents_after" ]
expect "the registry was read" grep -q 'serving .*recovered_agents=2' "$dir/master.log"
expect "all ten tasks still run" wait_until 20 tasks_are ten TASK_RUNNING 10
: >"$end"
job_wait $ten 60
expect "the framework ended well" [ $? -eq 0 ]
expect "all ten last updates arrived" [ "$(grep -c 'ten-[0-9]* TASK_FINISHED' "$dir/ten.out")" -eq 10 ]
expect "no task ran twice" [ "$(cat "$dir"/agent*/slaves/*/frameworks/*/executors/*/runs/latest/stdout |
	grep -c begun)" -eq 10 ]

# An agent that is not there when the master comes back stays in the registry.
daemon_stop agent2 KILL
daemon_stop master KILL
cluster_master master.yaml
wait_until 20 agent_is_active agent1 || fail "agent1 does not come back again"
expect "an absent agent is remembered" sh -c "'$tepui' agents | grep -q recovered"
