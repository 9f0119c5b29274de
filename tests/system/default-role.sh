#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An agent whose resources are all reserved by its default_role serves the frameworks of that role
# only: the others get nothing of it, however long it lies idle, until another agent comes.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init default-role
cluster_master master.yaml
cluster_agent a1 'cpus:4;mem:256' --set agent.default_role=alice --set agent.switch_user=false

# waits_for_a2 NAME ROLE: a framework that fails unless its first offer is all of a2.
waits_for_a2() {
	timeout 120 "$run_tasks" --name "$1" --role "$2" --expect-offer "$all_of_a2" \
		--resources "$all_of_a2" -- true >"$dir/$1.log" 2>&1 </dev/null &
	daemon_adopt "$1" $!
}
frameworks_are() {
	[ "$("$tepui" frameworks 2>/dev/null | grep -c ' active ')" -eq "$1" ]
}
alice() {
	timeout 60 "$tepui" execute --quiet --name alice --role alice \
		-r 'cpus(alice):4;mem(alice):256' -- pwd >"$dir/alice.log" &&
		grep -q "^$dir/a1/" "$dir/alice.log"
}

all_of_a2='cpus:3; mem:128'
waits_for_a2 bob bob
waits_for_a2 anybody '*'
expect "others subscribe before" wait_until 30 frameworks_are 2
# Her offers come from runs in which the others had their turn, too.
expect "the role of the agent is served" alice
expect "and served again" alice
cluster_agent a2 'cpus:3;mem:128' --set agent.switch_user=false
expect "the first offer of another role is of another agent" daemon_reap bob 60
expect "and so is that of a framework without one" daemon_reap anybody 60
