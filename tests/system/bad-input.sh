#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Mistakes and mishaps with real daemons: each gives one clear error to whoever caused it, and
# neither the daemons nor the work of others ends.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init bad-input

# refused PATTERN COMMAND...: it fails, saying so on standard error in one line.
refused() {
	pattern=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	status=$?
	[ $status -ne 0 ] && [ $status -ne 124 ] && grep -q "$pattern" "$dir/err" && return 0
	echo "exit status $status, expected an error like '$pattern', got:"
	cat "$dir/out" "$dir/err"
	return 1
}

# works NAME: a task of a new framework runs and finishes.
works() {
	timeout 30 "$run_tasks" --name "$1" --resources 'cpus:0.1;mem:32' true \
		>"$dir/$1.out" 2>&1 || {
		cat "$dir/$1.out"
		return 1
	}
}

all_is_well() {
	daemon_is_alive master && daemon_is_alive agent1 &&
		tasks_are bystander TASK_RUNNING 1
}

# --- who is not there ----------------------------------------------------------------------
expect "an unreachable master is named" \
	refused 'cannot reach tcp://127.0.0.1:1' "$tepui" agents --master tcp://127.0.0.1:1

# An agent waits for its master, and says where it looks.
daemon_start waiting "$tepuid" -c "$conf/agent.yaml" --set agent.master=127.0.0.1:1 \
	--set agent.listen=tcp://127.0.0.1:0 --set "agent.work_dir=$dir/waiting" \
	--set agent.resources='cpus:1;mem:32;disk:0;ports:[]'
daemon_wait waiting 20 || exit 1
waits_for_master() {
	grep -q '127.0.0.1:1' "$dir/waiting.log" && daemon_is_alive waiting
}
expect "an agent with an unreachable master waits and names it" wait_until 20 waits_for_master
daemon_stop waiting

# --- a cluster with work that must not suffer ----------------------------------------------
cluster_master master.yaml
cluster_agent agent1 'cpus:2;mem:1024'
"$run_tasks" --name bystander --resources 'cpus:0.1;mem:32' 'sleep 600' \
	>"$dir/bystander.out" 2>&1 &
daemon_adopt bystander $!
wait_until 30 tasks_are bystander TASK_RUNNING 1 || fail "the bystander does not run"

expect "an unknown task" refused "nosuch" "$tepui" logs nosuch
expect "an unknown framework" refused "nosuch" "$tepui" teardown nosuch
expect "a command that is not there" refused "TASK_FAILED.*no/such/program" \
	"$tepui" execute -- /no/such/program
expect "all is well" all_is_well

# --- a scheduler that makes mistakes: each costs its own task, the last one runs ---------------
mistake() {
	grep -q "^$1 $2" "$dir/mistakes.out" && return 0
	cat "$dir/mistakes.out"
	return 1
}
expect "a scheduler survives its mistakes" \
	timeout 60 sh -c "'$builddir/tests/system/mistakes' >'$dir/mistakes.out' 2>&1"
expect "an offer that never was" mistake unknown-offer \
	'TASK_LOST REASON_INVALID_OFFERS .*no-such-offer'
expect "an offer that is gone" mistake offer-is-gone 'TASK_LOST REASON_INVALID_OFFERS .*offer'
expect "resources that exceed the offer" mistake exceeds-offer \
	'TASK_ERROR REASON_TASK_INVALID .*cpus'
expect "an agent that is not the offer's" mistake unknown-agent \
	'TASK_ERROR REASON_TASK_INVALID .*no-such-agent'
expect "no mistake" mistake no-mistake 'TASK_FINISHED'
expect "all is well" all_is_well

# --- other ports, by habit --------------------------------------------------------------------
http_is_told() {
	curl -s -m 10 -i "http://${1#tcp://}/state" >"$dir/curl" 2>&1
	grep -q '^HTTP/1.1 400 ' "$dir/curl" && grep -q 'native protocol, not HTTP' "$dir/curl" &&
		return 0
	cat "$dir/curl"
	return 1
}
expect "a browser at the master's native port is told so" http_is_told "$TEPUI_MASTER"
expect "and at the agent's" http_is_told "$(daemon_value agent1 agent.listen)"
expect "the master's log names the stranger" grep -q 'speaks HTTP' "$dir/master.log"
expect "all is well" all_is_well

# --- modules that are none, or broken ---------------------------------------------------------
mkdir -p "$dir/modules"
good=$builddir/modules/allocator-drf/.libs/allocator-drf.so
yes 'this is no shared object' | head -n 300 >"$dir/modules/text.so"
: >"$dir/modules/empty.so"
for size in 60 4000 8000; do
	head -c "$size" "$good" >"$dir/modules/cut$size.so"
done
cp "$builddir/tests/unit/modules/.libs/toy_nosymbol.so" "$builddir/tests/unit/modules/.libs/toy_unresolved.so" \
	"$builddir/tests/unit/modules/.libs/toy_abi.so" "$dir/modules"
chmod 0755 "$dir"/modules/*.so
bad_module() { # NAME PATTERN
	sed "s|module: allocator-drf|module: $1|" "$conf/master.yaml" >"$dir/$1.yaml"
	refused "$1.yaml:[0-9]*:[0-9]*: allocator: .*$2" "$tepuid" -c "$dir/$1.yaml" \
		--module-dir "$dir/modules" --set "master.work_dir=$dir/probe"
}
expect "a module that is text" bad_module text 'text.so: .*invalid ELF header'
expect "an empty one" bad_module empty 'empty.so: .*too short'
for size in 60 4000 8000; do
	expect "one cut after $size bytes" bad_module "cut$size" "cut$size.so: .*cannot load it: "
done
expect "one that is no module" bad_module toy_nosymbol "not a module: it exports no 'tp_module'"
expect "one with an unresolved symbol" bad_module toy_unresolved 'undefined symbol'
expect "one of another ABI" bad_module toy_abi 'module ABI 3, this tepuid speaks 1'
expect "one that is not there" bad_module allocator-dfr "did you mean 'allocator-drf'"

# --- an agent without its programs: the only one with three cpus ---------------------------
mkdir -p "$dir/empty"
cluster_agent agent2 'cpus:3;mem:1024' --set "containerizer-native.launcher_dir=$dir/empty"
expect "the executor's program is missing" refused "TASK_FAILED.*$dir/empty" \
	"$tepui" execute -r 'cpus:3;mem:32' -- true
expect "its agent goes on" daemon_is_alive agent2
daemon_stop agent2
expect "all is well" all_is_well

# --- a sandbox that cannot be made ---------------------------------------------------------
cluster_agent agent3 'cpus:4;mem:1024'
rm -rf "$dir/agent3/slaves"
: >"$dir/agent3/slaves"
expect "a sandbox that cannot be made" refused "TASK_FAILED.*sandbox" \
	"$tepui" execute -r 'cpus:4;mem:32' -- true
rm -f "$dir/agent3/slaves"
expect "the same agent runs tasks when it can be" \
	timeout 30 "$tepui" execute -q -r 'cpus:4;mem:32' -- true
daemon_stop agent3
expect "all is well" all_is_well

# --- a damaged registry: the master says so and does not begin anew ------------------------
daemon_stop master
cp -R "$dir/master" "$dir/damaged"
for file in "$dir"/damaged/registry/MANIFEST-* "$dir"/damaged/registry/*.log; do
	printf 'this is no database, whatever its name may say' |
		dd of="$file" conv=notrunc status=none
done
expect "a damaged registry is refused" refused "registry '$dir/damaged/registry'.*backup" \
	"$tepuid" -c "$conf/master.yaml" --set master.listen=tcp://127.0.0.1:0 \
	--set "master.work_dir=$dir/damaged"
cluster_master master.yaml
wait_until 20 agent_is_active agent1 || fail "agent1 does not come back"
expect "the true one is read" wait_until 20 all_is_well

# --- a full disk: a file system of one megabyte --------------------------------------------
mkdir -p "$dir/small"
if mount -t tmpfs -o size=1m none "$dir/small" 2>/dev/null; then
	trap 'daemons_end; umount -l "$dir/small"' EXIT
	cluster_agent small 'cpus:5;mem:1024'
	cat /dev/zero >"$dir/small/filler" 2>/dev/null
	"$tepui" execute -c -r 'cpus:5;mem:32' -- true >"$dir/full.out" 2>&1
	echo "# on a full disk: exit status $?: $(tail -n 1 "$dir/full.out")"
	expect "an agent with a full disk goes on" daemon_is_alive small
	rm -f "$dir/small/filler"
	expect "and runs tasks when there is room again" \
		timeout 30 "$tepui" execute -c -q -r 'cpus:5;mem:32' -- true
	daemon_stop small
	expect "all is well" all_is_well
else
	echo "# no file system may be mounted here: skipped what a full disk does"
fi
expect "tasks run" works after
