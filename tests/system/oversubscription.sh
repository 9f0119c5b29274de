#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# An agent that lends more than it has, on real daemons: who is offered it, who has to give it back
# when the load is too high, and what a restarted agent makes of it.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init oversubscription

# The load is what this file says.
load_is() {
	echo "$1 $1 $1 1/100 1" >"$dir/loadavg.new"
	mv "$dir/loadavg.new" "$dir/loadavg"
}
load_is 0.00
mkdir "$dir/conf"
cp "$conf/master.yaml" "$dir/conf"
sed "s|^  - module: agent\$|  - module: estimator-fixed\\
    config: { resources: 'cpus:2' }\\
  - module: qos-load\\
    config: { load_threshold_5min: 0.01, loadavg: $dir/loadavg }\\
&|" "$conf/agent.yaml" >"$dir/conf/agent.yaml"
conf=$dir/conf

cluster_master master.yaml
start_agent() {
	cluster_agent a1 'cpus:4;mem:1024' --set agent.switch_user=false \
		--set agent.oversubscribed_resources_interval=100ms
}
start_agent
# metric NAME VALUE
metric() {
	"$tepui" metrics "$1" | grep -qE "^$1 +$2( |\$)"
}
soon() {
	wait_until 30 metric "$1" "$2" || {
		"$tepui" metrics '*revocable*'
		return 1
	}
}
says() {
	what=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>&1
	grep -q "$what" "$dir/out" || {
		cat "$dir/out"
		return 1
	}
}
revocable() {
	echo '[{"name":"cpus","type":"SCALAR","scalar":{"value":'"$1"'},"revocable":{}}]'
}
# submit NAME RESOURCES [OPTION...]: a framework of one task that goes on until it is ended.
submit() {
	name=$1
	resources=$2
	shift 2
	"$run_tasks" --checkpoint --name "$name" --resources "$resources" "$@" 'exec sleep 1000' \
		>"$dir/$name.out" 2>&1 </dev/null &
	daemon_adopt "$name" $!
}
runs() {
	tasks_are "$1" TASK_RUNNING 1
}
waits_for_capability() {
	id=$(sed -n 's/^waiter: registered as //p' "$dir/waiter.out")
	[ -n "$id" ] && "$tepui" explain offers -f "$id" >"$dir/explained" 2>&1 &&
		grep -q '^1 .*wants a capability that is missing' "$dir/explained"
}

expect "the master is told what is lent" soon master/cpus_revocable_total 2
expect "which is not what the agent has" metric master/cpus_total 4
expect "operators see it" says 'cpus{REV}:2' "$tepui" agents

submit owner 'cpus:4;mem:1024'
expect "all that the agent has is in use" wait_until 30 runs owner
submit waiter 'cpus:0.1;mem:32'
expect "who cannot bear to be ended is not offered what is lent" wait_until 30 waits_for_capability
expect "who can runs on it" says hello \
	"$tepui" execute --quiet --resources "$(revocable 2)" -- echo hello
expect "and gives it back" soon master/cpus_revocable_used 0
submit guest "$(revocable 1.5)" --revocable
expect "a guest runs" wait_until 30 runs guest
expect "on what is lent" metric master/cpus_revocable_used 1.5
expect "and not on what is the agent's" metric master/cpus_used 4

# What survives a restart is counted.
kill -9 "$(daemon_pid a1)"
daemon_reap a1 10
start_agent
expect "a restarted agent lends no more than before" soon master/cpus_revocable_total 2
expect "and knows what is lent" metric master/cpus_revocable_used 1.5
expect "the guest runs on" runs guest

load_is 0.50
daemon_reap guest 30
expect "when the load is too high the guest has to go" test $? -ne 0
expect "and hears why" says REASON_CONTAINER_PREEMPTED "$tepui" tasks --all --json
expect "nothing is in use of what is lent" soon master/cpus_revocable_used 0
expect "the owner runs on" runs owner
load_is 0.00
expect "a guest may come when it is fine again" says hello \
	"$tepui" execute --quiet --resources "$(revocable 2)" -- echo hello

refuses() {
	timeout 60 "$tepuid" -c "$conf/agent.yaml" --check --set "agent.master=$TEPUI_MASTER" \
		--set "$1" >"$dir/out" 2>&1 && return 1
	grep -q "$2" "$dir/out" || {
		cat "$dir/out"
		return 1
	}
}
expect "the flag of older manifests is refused" \
	refuses agent.resource_estimator=fixed 'resource_estimator: not supported yet'
expect "so is nothing to lend" refuses 'estimator-fixed.resources=cpus:0' 'there is nothing to lend'
expect "and a threshold that cannot be" refuses qos-load.load_threshold_5min=-1 'must not be negative'
