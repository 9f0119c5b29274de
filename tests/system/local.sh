#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A whole cluster in one process from the shipped local.yaml, and the operator's tool on it.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init local

# The agent is told by the election where its master listens.
start_local() {
	daemon_start local "$tepuid" -c "$conf/local.yaml" \
		--set master.listen=tcp://127.0.0.1:0 --set agent.listen=tcp://127.0.0.1:0 \
		--set "master.work_dir=$dir/master" --set "agent.work_dir=$dir/agent"
	daemon_wait local 20
}
expect "one process is a whole cluster" start_local
TEPUI_MASTER=$(daemon_value local master.listen)
export TEPUI_MASTER
host=$(uname -n)
wait_until 20 agent_is_active "$host" || fail "the agent does not register"

execute() {
	timeout 60 "$tepui" execute --master "$TEPUI_MASTER" "$@"
}
exits_with() {
	want=$1
	shift
	"$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "exit status $got instead of $want: $(cat "$dir/err")"
	[ "$got" -eq "$want" ]
}

expect "execute exits with the command's status" exits_with 3 execute -- sh -c 'echo hi; exit 3'
expect "execute prints the command's output" [ "$(cat "$dir/out")" = hi ]
expect "a command that succeeds" exits_with 0 execute --quiet -- true
# shellcheck disable=SC2016 # the task's shell expands it
expect "a command killed by a signal" exits_with 137 execute -- sh -c 'kill -9 $$'
expect "a command that is not there" exits_with 1 execute -- /no/such/command
expect "the error names it" grep -q '/no/such/command' "$dir/err"
# shellcheck disable=SC2016 # the task's shell expands them
expect "environment and stderr arrive" exits_with 0 \
	execute -q -e GREETING=hello -- sh -c 'echo "$GREETING $TEPUI_TASK_ID" >&2'
expect "on stderr" grep -q '^hello execute-' "$dir/err"
expect "much output arrives whole" exits_with 0 execute -q -- seq 200000
expect "to the last line" [ "$(tail -n 1 "$dir/out")" = 200000 ]
expect "in order" [ "$(wc -l <"$dir/out")" -eq 200000 ]
expect "unusable resources are refused at once" exits_with 1 execute -r 'cpus:x' -- true
expect "an unreachable master is said" exits_with 1 \
	"$tepui" execute --master 127.0.0.1:1 -- true

# A task that runs on is seen, read, followed and ended.
"$run_tasks" --name long 'echo started; exec sleep 1000' >"$dir/long.out" 2>&1 &
long=$!
wait_until 20 tasks_are long TASK_RUNNING 1 || fail "a long task does not run"
has_started() {
	"$tepui" logs long-1 | grep -q started
}
expect "its output is read from its sandbox" wait_until 10 has_started
expect "tasks are printed as JSON" sh -c "'$tepui' tasks --json | grep -q '\"value\": \"long-1\"'"
expect "frameworks are listed" sh -c "'$tepui' frameworks | grep -q ' long .* active '"
expect "a task that nobody has" exits_with 1 "$tepui" kill no-such-task
expect "kill ends it" "$tepui" kill long-1
job_wait $long 20
expect "its framework hears of it" grep -q '^long: long-1 TASK_KILLED' "$dir/long.out"
expect "a task that ended is still read" sh -c "'$tepui' logs long-1 | grep -q started"

"$run_tasks" --name torn 'exec sleep 1000' >"$dir/torn.out" 2>&1 &
torn=$!
wait_until 20 tasks_are torn TASK_RUNNING 1 || fail "a task to tear down does not run"
framework=$("$tepui" frameworks | awk '/ torn /{ print $1 }')
expect "teardown ends a framework" "$tepui" teardown "$framework"
job_wait $torn 20
expect "its task is gone" wait_until 20 tasks_are torn TASK_KILLED 1
expect "teardown of what is gone is refused" exits_with 1 "$tepui" teardown "$framework"

# Who dials by habit is shown the door, and nobody else notices.
expect "an HTTP request is refused" sh -c "! curl -sf -m 5 http://${TEPUI_MASTER#tcp://}/state"
expect "and the cluster goes on" exits_with 0 execute -q -- true
expect "SIGTERM ends it in order" daemon_stop local
expect "two words on where the master is are one too many" exits_with 1 "$tepuid" \
	-c "$conf/local.yaml" --set agent.master=127.0.0.1:5060 \
	--set "master.work_dir=$dir/master" --set "agent.work_dir=$dir/agent"
expect "which is said" grep -q 'election module' "$dir/err"
expect "and none is one too few" exits_with 1 "$tepuid" -c "$conf/agent.yaml" \
	--set agent.master= --set "agent.work_dir=$dir/agent"
expect "which is said too" grep -q 'agent: init: master: where is it' "$dir/err"
