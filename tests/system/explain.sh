#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `tepui explain offers` and `tepui metrics` on real daemons: why a framework waits, in few lines.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init explain
cluster_master master.yaml
cluster_agent a1 'cpus:4;mem:1024'
cluster_agent a2 'cpus:1;mem:1024'
agent=$("$tepui" agents | awk '/ a2 /{ print $1 }')

# says PATTERN COMMAND...: what it prints or complains of has the pattern.
says() {
	what=$1
	shift
	"$@" >"$dir/out" 2>&1
	grep -qe "$what" "$dir/out" || {
		cat "$dir/out"
		return 1
	}
}
# framework_in ROLE: the id of the one framework there.
framework_in() {
	"$tepui" frameworks 2>/dev/null | grep " $1 .* active " | cut -d ' ' -f 1
}
is_in() {
	[ -n "$(framework_in "$1")" ]
}
explain() {
	"$tepui" explain offers --framework "$@"
}
runs_one() {
	"$tepui" tasks 2>/dev/null | grep -q TASK_RUNNING
}
refuses() {
	explain "$(framework_in ops)" | grep -q 'the framework refused it, again in'
}

# All of a1 is in use by eng; ops wants more than a2 has, and refuses it.
"$tepui" execute --quiet --role eng -r 'cpus:4;mem:1024' -- sleep 600 >"$dir/eng.out" 2>&1 &
daemon_adopt eng $!
expect "a task takes all of an agent" wait_until 30 runs_one
"$tepui" execute --quiet --role ops -r 'cpus:3;mem:64' -- true >"$dir/ops.out" 2>&1 &
daemon_adopt ops $!
expect "another framework waits" wait_until 30 is_in ops
expect "for it refuses what is left" wait_until 30 refuses
id=$(framework_in ops)
expect "it is active" says "^framework $id (.*): active$" explain "$id"
expect "and wants offers" says '^role ops: wants offers' explain "$id"
expect "has a turn" says ', turn [12] of [12] roles$' explain "$id"
expect "one agent is full" says '^1  *all of it is in use or offered  *a1$' explain "$id"
expect "the other was refused" says '^1  *the framework refused it, again in .* s  *a2$' explain "$id"
expect "one agent alone is asked for" sh -c "
	'$tepui' explain offers -f $id --agent $agent | grep -c '^1 ' | grep -qx 1"
expect "records are for programs" says '"reason": "FILTERED"' explain "$id" --role ops --json
expect "who has its task is suppressed" says '^role eng: suppressed' explain "$(framework_in eng)"

expect "a limit is set" "$tepui" quota set eng --limit 'cpus:5'
expect "and explained" says 'quota of cpus: has 4, is guaranteed 0, may have 5' \
	explain "$(framework_in eng)"
expect "and measured" says '^allocator/mesos/quota/roles/eng/resources/cpus/limit 5$' \
	"$tepui" metrics 'allocator/mesos/quota/*'
expect "so are shares" says '^allocator/mesos/roles/eng/shares/dominant 0.8$' \
	"$tepui" metrics 'allocator/mesos/roles/*'
expect "what a role has" says '^allocator/mesos/roles/eng/resources/cpus/offered_or_allocated 4$' \
	"$tepui" metrics 'allocator/mesos/roles/eng/*'
expect "filters" says '^allocator/mesos/offer_filters/roles/ops/active [1-9]' \
	"$tepui" metrics '*filters*'
expect "and how long runs are waited for" says '^allocator/mesos/allocation_run_latency_ms/p99 ' \
	"$tepui" metrics
expect "a metric nobody has is an error" says "no metric has a name like 'x\*'" "$tepui" metrics 'x*'

expect "an unknown framework is an error" says 'No framework found' explain nobody
expect "so is a role that it has not" says "has no role 'eng'; it has: ops" explain "$id" --role eng
expect "and an agent that is not there" says 'No agent found' explain "$id" --agent nobody
expect "the framework must be named" says 'of which framework' "$tepui" explain offers
expect "and what to explain" says "not 'tasks'" "$tepui" explain tasks

# Another allocator is asked in the same way.
expect "another allocator takes over" "$tepui" module swap allocator allocator-priority \
	--socket "$(daemon_value master tepuid.admin)"
expect "and explains itself" says '^role ops: wants offers' explain "$id"
