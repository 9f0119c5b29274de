#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A master and an agent among hostile peers (hostile.c): a well-behaved operator is answered
# throughout, memory returns, and the cluster works afterwards. A second master has fewer
# descriptors than there are strangers.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
hostile=$builddir/tests/system/hostile

# What a daemon may keep; sanitizers keep what was freed on purpose.
slack_kb=2048
[ -z "${SAN_CFLAGS:-}" ] || slack_kb=1048576
# Message types of operator calls.
master_call=6 agent_call=9

# attack NAME PORT CALL_TYPE CONNECTIONS STALLED
attack() {
	echo "# $1 under attack"
	timeout -k 5 90 "$hostile" "$2" "$3" "$(daemon_pid "$1")" "$4" "$5" "$slack_kb"
}

# shellcheck disable=SC3045 # every sh that we know has it
ulimit -S -n 4096 2>/dev/null || fail "this test needs 4096 descriptors"
cluster_init hostile
cluster_master master.yaml
cluster_agent agent1 'cpus:2;mem:1024'
agent_port=$(daemon_value agent1 agent.listen)
agent_port=${agent_port##*:}

# A master of its own, with few descriptors: strangers may take them all.
# shellcheck disable=SC3045
ulimit -S -n 128
daemon_start few "$tepuid" -c "$conf/master.yaml" \
	--set master.listen=tcp://127.0.0.1:0 --set "master.work_dir=$dir/few"
# shellcheck disable=SC3045
ulimit -S -n 4096
daemon_wait few 20 || exit 1
few_port=$(daemon_value few master.listen)
few_port=${few_port##*:}

"$run_tasks" --name bystander --count 1 "sleep 600" >"$dir/bystander.out" 2>&1 &
daemon_adopt bystander $!
wait_until 30 tasks_are bystander TASK_RUNNING 1 || fail "the bystander does not run"
attack few "$few_port" $master_call 200 150 >"$dir/few.out" 2>&1 &
few_attack=$!
expect "the master withstands" attack master "$master_port" $master_call 5000 1000
attack agent1 "$agent_port" $agent_call 1000 100 >"$dir/agent.out" 2>&1 &
agent_attack=$!
job_wait $agent_attack 90
agent_status=$?
job_wait $few_attack 90
few_status=$?
cat "$dir/agent.out" "$dir/few.out"
expect "the agent withstands" [ $agent_status -eq 0 ]
expect "a master with few descriptors withstands" [ $few_status -eq 0 ]
expect "and is there for the next one" "$tepui" agents --master "127.0.0.1:$few_port"
expect "the bystander still runs" tasks_are bystander TASK_RUNNING 1
expect "tasks run" timeout 30 "$run_tasks" --name after --count 2 true
for name in bystander few agent1 master; do
	daemon_stop $name
done
expect "the master ended in order" [ $? -eq 0 ]
