#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/keep_running.c keeps three copies running while everything around them is killed: each
# row ends with exactly three, at the agents and at the master.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init keep-running
# dir comes from cluster_init, in each row.
# shellcheck disable=SC2154

keeper() {
	: >"$dir/life"
	daemon_plain keeper "$builddir/examples/keep-running" "$dir/keeper.id" 3 'cpus:0.5;mem:32' \
		"exec tail -f $dir/life"
}

# daemon_plain NAME PROGRAM ARG...: knows no ready file.
daemon_plain() {
	plain_name=$1
	shift
	"$@" >>"$dir/$plain_name.log" 2>&1 </dev/null &
	daemon_adopt "$plain_name" $!
}

cluster() {
	master --set master.agent_ping_timeout=1s --set master.max_agent_ping_timeouts=3
	agents_and_keeper
}

agents_and_keeper() {
	agent agent1
	agent agent2
	keeper
	becomes "three copies do not run" are 3
	copies >"$dir/before"
}

copies() {
	pgrep -f "^tail -f $dir/life" | sort
}

# are N: so many copies run, and the master knows of so many.
are() {
	[ "$(copies | wc -l)" -eq "$1" ] &&
		[ "$("$tepui" tasks 2>/dev/null | grep -c ' TASK_RUNNING ')" -eq "$1" ]
}

are_the_same() {
	are 3 && [ "$(copies)" = "$(cat "$dir/before")" ]
}

# gone PID: replaced, and the others are those from before.
is_replaced() {
	are 3 && ! copies | grep -qx "$1" &&
		[ "$(copies | grep -cxFf "$dir/before")" -eq 2 ]
}

launched() {
	"$tepui" tasks --all 2>/dev/null | grep -c ' TASK_'
}

# subscribed N: so many times.
subscribed() {
	[ "$(grep -c 'name=keep-running' "$dir/master.log")" -ge "$1" ]
}

keeper_dies() {
	cluster
	hit keeper KILL
	keeper
	becomes "the keeper does not come back" subscribed 2
	becomes "the copies are not the same" are_the_same
	observe "the same three copies"
}
row "keep-running: kill -9, restarted" keeper_dies

master_dies() {
	cluster
	hit master KILL
	master
	becomes "the copies are not the same" are_the_same
	observe "the same three copies"
}
row "master: kill -9, restarted" master_dies

# Nobody but the agents knows a thing, and one of them is late: a keeper in haste would start
# what runs already.
keeper_and_master_die() {
	cluster
	hit keeper KILL
	kill -s STOP "$(daemon_pid agent1)"
	daemon_stop master KILL 2>/dev/null
	master
	keeper
	becomes "agent2 does not come back" agent_is_active agent2
	becomes "the keeper does not come back" subscribed 2
	kill -s CONT "$(daemon_pid agent1)"
	becomes "the copies are not the same" are_the_same
	observe "the same three copies"
	holds "something was launched" [ "$(launched)" -eq 3 ]
}
row "keep-running and master: kill -9, restarted; an agent is late" keeper_and_master_die

copy_dies() {
	cluster
	victim=$(head -n 1 "$dir/before")
	hit_pid "$victim" KILL
	becomes "the copy is not replaced" is_replaced "$victim"
	observe "a new copy, the other two as before"
}
row "task: kill -9" copy_dies

executor_dies() {
	cluster
	victim=$(head -n 1 "$dir/before")
	hit_pid "$(cut -d' ' -f4 "/proc/$victim/stat")" KILL
	becomes "the copy is not replaced" is_replaced "$victim"
	observe "a new copy, the other two as before"
}
row "executor: kill -9" executor_dies

agent_dies() {
	cluster
	hit agent1 KILL
	agent agent1
	becomes "the copies are not the same" are_the_same
	observe "the same three copies"
}
row "agent: kill -9, restarted" agent_dies

# Copies out of sight are replaced; when they come back there are too many for a moment.
agent_hangs() {
	cluster
	hit agent1 STOP
	becomes "the copies of agent1 are not replaced" three_are_known
	observe "replaced"
	kill -s CONT "$(daemon_pid agent1)"
	becomes "agent1 does not come back" agent_is_active agent1
	becomes "there are not three copies again" are 3
	observe "three again"
}
three_are_known() {
	"$tepui" tasks --all 2>/dev/null | grep -q ' TASK_UNREACHABLE ' &&
		[ "$("$tepui" tasks 2>/dev/null | grep -c ' TASK_RUNNING ')" -eq 3 ]
}
row "agent: SIGSTOP longer than the master waits, SIGCONT" agent_hangs

# The machine is gone, and all that ran there. A master waits for ten minutes until it believes
# that, so this one's clock runs faster.
host_dies() {
	fast_master
	agents_and_keeper
	hit agent1 KILL
	for pid in $(copies); do
		case $(readlink "/proc/$pid/cwd") in
		"$dir"/agent1/*) kill -s KILL "$(cut -d' ' -f4 "/proc/$pid/stat")" "$pid" ;;
		esac
	done
	becomes "there are not three copies again" are 3
	observe "three copies on the other agent"
}
row "agent host: gone for good" host_dies
