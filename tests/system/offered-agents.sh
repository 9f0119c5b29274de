#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Which agents are offered at all: those of hosts on the whitelist, as it is now, and those in the
# master's region. Each framework here fails unless its first offer is that of the one right agent.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init offered-agents

region() {
	echo "{\"fault_domain\":{\"region\":{\"name\":\"$1\"},\"zone\":{\"name\":\"a\"}}}" >"$dir/$1"
}

# master_refused PATTERN OPTION...: it ends by itself and says why.
master_refused() {
	pattern=$1
	shift
	timeout 60 "$tepuid" -c "$conf/master.yaml" --set master.listen=tcp://127.0.0.1:0 \
		--set "master.work_dir=$dir/refused" "$@" >"$dir/refused.log" 2>&1
	[ $? -ne 124 ] && grep -q "$pattern" "$dir/refused.log"
}
expect "a whitelist that is not there stops the master" \
	master_refused "whitelist: open '/nowhere'" --set master.whitelist=/nowhere
expect "so does a domain that is none" \
	master_refused "domain: there is no 'fault_domain' in it" --set "master.domain='{}'"

region west
region east
echo a2 >"$dir/hosts"
cluster_master master.yaml --set "master.whitelist=$dir/hosts" --set "master.domain=$dir/west"
cluster_agent a1 'cpus:1;mem:64' --set agent.switch_user=false
cluster_agent a2 'cpus:2;mem:64' --set agent.switch_user=false --set "agent.domain=$dir/west"
cluster_agent a3 'cpus:3;mem:64' --set agent.switch_user=false --set "agent.domain=$dir/east"

# first_offer N: is that of the agent with so many cpus.
first_offer() {
	timeout 60 "$run_tasks" --name "offered$1" --expect-offer "cpus:$1; mem:64" \
		--resources "cpus:$1;mem:64" -- true >"$dir/offered$1.log" 2>&1
}
whitelist_is_known() {
	grep -q "the whitelist has changed hosts=$1" "$dir/master.log"
}

expect "a host on the whitelist is offered, no other" first_offer 2
printf 'a1\na3\n' >"$dir/hosts"
expect "the list is read again on a reload" \
	"$tepui" daemon reload --socket "$(daemon_value master tepuid.admin)"
expect "and told" wait_until 20 whitelist_is_known 2
expect "a host that came is offered, none of another region" first_offer 1
