#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Reservations and volumes by the operator's tool, on real daemons: who is offered what, what
# outlives its task, its agent and its master.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init reservations
cluster_master master.yaml
start_agent() {
	cluster_agent a1 'cpus:4;mem:1024' --set 'agent.resources=cpus:4;mem:1024;disk:1000;ports:[]' \
		--set 'agent.switch_user=false'
}
start_agent
agent=$("$tepui" agents | awk '/ a1 /{ print $1 }')

refused() {
	what=$1
	shift
	if "$@" 2>"$dir/err"; then
		return 1
	fi
	grep -q "$what" "$dir/err" || {
		cat "$dir/err"
		return 1
	}
}
has() {
	"$tepui" agents | grep -qF "$1"
}

expect "resources are reserved" "$tepui" reserve "$agent" 'cpus:1;mem:64;disk:200' --role eng
expect "and shown so" has 'cpus:3'
expect "for their role" has 'cpus(reservations: [(DYNAMIC,eng)]):1'
expect "more than there is cannot be" refused 'that nobody uses' \
	"$tepui" reserve "$agent" 'cpus:4' --role eng
expect "nor for a role that cannot be" refused 'is invalid' \
	"$tepui" reserve "$agent" 'cpus:1' --role 'a//b'
expect "nor on an agent that is not there" refused 'No agent found' \
	"$tepui" reserve nobody 'cpus:1' --role eng
expect "nor twice what is left for another" refused 'that nobody uses' \
	"$tepui" unreserve "$agent" 'cpus:2' --role eng

expect "a volume is made of reserved disk" \
	"$tepui" volume create "$agent" data --role eng --size 64MB --path data --shared
expect "and listed" sh -c "'$tepui' volume list | grep -q '^data .* eng .*shared'"
expect "an id is given once" refused 'is there already' \
	"$tepui" volume create "$agent" data --role eng --size 64MB --path data
expect "without reserved disk there is none" refused 'has no disk of that size' \
	"$tepui" volume create "$agent" other --role ops --size 64MB --path data

volume='{"name":"disk","type":"SCALAR","scalar":{"value":64},
	"reservations":[{"type":"DYNAMIC","role":"eng"}],
	"disk":{"persistence":{"id":"data"},"volume":{"container_path":"data","mode":"RW"}},
	"shared":{}}'
resources='[{"name":"cpus","type":"SCALAR","scalar":{"value":1},
	"reservations":[{"type":"DYNAMIC","role":"eng"}]},'$volume']'
execute() {
	timeout 60 "$tepui" execute --quiet "$@"
}
prints() {
	wanted=$1
	shift
	got=$("$@")
	[ "$got" = "$wanted" ] || echo "'$got' instead of '$wanted'"
	[ "$got" = "$wanted" ]
}
expect "a producer writes" execute --role eng -r "$resources" -- sh -c 'echo hello >data/file'
expect "a consumer reads" prints hello execute --role eng -r "$resources" -- cat data/file
# Each goes on only when it has seen what the other wrote.
half=$(echo "$resources" | sed 's/"value":1}/"value":0.5}/')
execute --role eng -r "$half" -- sh -c \
	'echo ping >data/ping; until test -e data/pong; do sleep 0.05; done' \
	>"$dir/producer.log" 2>&1 &
daemon_adopt producer $!
expect "a consumer uses it at the same time" prints ping execute --role eng -r "$half" -- sh -c \
	'until test -s data/ping; do sleep 0.05; done; cat data/ping; echo pong >data/pong'
expect "and the producer sees that" daemon_reap producer 60

daemon_kill() {
	kill -9 "$(daemon_pid "$1")"
	daemon_reap "$1" 10 || true
}
daemon_kill a1
start_agent
expect "the agent keeps reservations" has 'cpus(reservations: [(DYNAMIC,eng)]):1'
expect "and volumes with their data" prints hello \
	execute --role eng -r "$resources" -- cat data/file
daemon_kill master
cluster_master master.yaml
wait_until 20 agent_is_active a1 || fail "the agent does not come back"
expect "so does the next master" has 'cpus(reservations: [(DYNAMIC,eng)]):1'
expect "with the data" prints hello execute --role eng -r "$resources" -- cat data/file

expect "a volume keeps its disk" refused 'that nobody uses' \
	"$tepui" unreserve "$agent" 'disk:200' --role eng
# What a kill leaves that comes when the operation is stored and the folder is not yet gone.
folder=$dir/a1/volumes/roles/eng/data
cp -a "$folder" "$dir/left"
expect "until it is destroyed" "$tepui" volume destroy "$agent" data
folder_is_gone() {
	! test -e "$folder"
}
expect "its folder is gone" wait_until 10 folder_is_gone
daemon_kill a1
mv "$dir/left" "$folder" && ln -s "$dir/master" "$dir/a1/volumes/roles/link"
start_agent
expect "also after a kill in between" wait_until 20 folder_is_gone
expect "what others put there stays" test -e "$dir/a1/volumes/roles/link/."
expect "and its disk is free" "$tepui" unreserve "$agent" 'disk:200;cpus:1;mem:64' --role eng
expect "nothing is reserved" sh -c "! '$tepui' agents | grep -q eng"

expect "weights are set" "$tepui" weights eng=2.5
expect "and shown" sh -c "'$tepui' weights | grep -q '^eng .*2.5'"
# DynamicWeightsTest.NonNumericWeight
expect "but not words" refused 'heavy' "$tepui" weights eng=heavy
expect "but not below zero" refused 'must be positive' "$tepui" weights eng=-1
expect "quota is set" "$tepui" quota set eng --guarantee 'cpus:2' --limit 'cpus:3;mem:512'
expect "within what there is" refused 'the cluster has 4.000' \
	"$tepui" quota set ops --guarantee cpus:3
expect "unless forced" "$tepui" quota set ops --guarantee cpus:3 --force
expect "and removed" "$tepui" quota remove ops
daemon_kill master
cluster_master master.yaml
expect "the next master knows the quota" \
	sh -c "'$tepui' quota | grep -q '^eng .*cpus:2 .*cpus:3; mem:512'"
expect "no other" sh -c "! '$tepui' quota | grep -q ops"
expect "and the weights" sh -c "'$tepui' weights | grep -q '^eng .*2.5'"
