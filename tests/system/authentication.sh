#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A cluster in which everybody must authenticate: agents, frameworks and operators with and
# without credentials, and with wrong ones.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init authentication
umask 077

cat >"$dir/credentials" <<END
{"credentials": [
	{"principal": "agent1", "secret": "agentsecret"},
	{"principal": "framework1", "secret": "frameworksecret"},
	{"principal": "ops", "secret": "opssecret"}
]}
END
echo 'agent1 agentsecret' >"$dir/agent"
echo '{"principal": "framework1", "secret": "frameworksecret"}' >"$dir/framework"
echo 'ops opssecret' >"$dir/ops"
echo 'agent1 wrongsecret' >"$dir/wrong"

# The shipped manifest with the module before the others.
with_authentication() {
	sed "s|^modules:|modules:\\n  - module: auth-crammd5\\n    config: { $2 }|" \
		"$conf/$1.yaml" >"$dir/$1.yaml"
}
with_authentication master "credentials: $dir/credentials"
echo 'ops opssecret' >"$dir/operators"
with_authentication agent "credential: $dir/agent, credentials: $dir/operators"
shipped=$conf

exits_with() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "exit status $got instead of $want: $(cat "$dir/err")"
	[ "$got" -eq "$want" ]
}

# Daemons that cannot start say why.
expect "a master without an authenticator does not start" exits_with 1 "$tepuid" \
	-c "$shipped/master.yaml" --set master.listen=tcp://127.0.0.1:0 \
	--set "master.work_dir=$dir/probe" --set master.authenticate_agents=true
expect "and names the key and the remedy" grep -q 'authenticate_agents: .*credentials' "$dir/err"
expect "an address beyond loopback needs everybody's word" exits_with 1 "$tepuid" \
	-c "$dir/master.yaml" --set master.listen=tcp://0.0.0.0:0 \
	--set "master.work_dir=$dir/probe" --set master.authenticate_agents=true
expect "and says so" grep -q 'authenticate_operators' "$dir/err"

refused_reach() {
	exits_with 1 "$tepuid" -c "$1" --set agent.master=127.0.0.1:9 \
		--set agent.listen=tcp://0.0.0.0:0 --set "agent.work_dir=$dir/probe" \
		--set "agent.authenticate_operators=$2" --set agent.resources=cpus:1
}
expect "an agent does not listen beyond this machine unless operators authenticate" \
	refused_reach "$dir/agent.yaml" false
expect "and says so" grep -q 'listen: .*authenticate_operators: true' "$dir/err"
expect "nor without an authenticator" refused_reach "$shipped/agent.yaml" true
expect "and says so" grep -q 'authenticate_operators: .*credentials' "$dir/err"

conf=$dir
cluster_master master.yaml --set master.authenticate_agents=true \
	--set master.authenticate_frameworks=true --set master.authenticate_operators=true

# Operators.
expect "an operator without a credential is refused" exits_with 1 "$tepui" agents
expect "and is told by which mechanism" grep -q 'CRAM-MD5' "$dir/err"
export TEPUI_CREDENTIAL="$dir/wrong"
expect "an operator with a wrong secret is refused" exits_with 1 "$tepui" agents
expect "in one line" [ "$(grep -c 'authentication failed' "$dir/err")" -eq 1 ]
export TEPUI_CREDENTIAL="$dir/none"
expect "a credential that is not there" exits_with 1 "$tepui" agents
expect "is named" grep -q "$dir/none" "$dir/err"
export TEPUI_CREDENTIAL="$dir/ops"
expect "an operator with a credential is served" exits_with 0 "$tepui" agents
# [ReservationEndpointsTest.BadCredentials] is what was refused above.

# Agents.
refused_agent() {
	daemon_start "$1" "$tepuid" -c "$2" --set "agent.master=$TEPUI_MASTER" \
		--set agent.listen=tcp://127.0.0.1:0 --set "agent.work_dir=$dir/$1" \
		--set 'agent.resources=cpus:1;mem:64;disk:0;ports:[]'
	daemon_reap "$1" 20
	[ $? -eq 1 ]
}
expect "an agent without a credential ends" refused_agent bare "$shipped/agent.yaml"
expect "and says why" grep -q 'refuses this agent.*CRAM-MD5' "$dir/bare.log"
sed "s|$dir/agent|$dir/wrong|" "$dir/agent.yaml" >"$dir/wrong.yaml"
expect "an agent with a wrong secret ends" refused_agent liar "$dir/wrong.yaml"
expect "and says why" grep -q 'refuses this agent.*authentication failed' "$dir/liar.log"
cluster_agent agent1 'cpus:2;mem:512' --set agent.listen=tcp://0.0.0.0:0 \
	--set agent.advertise_ip=127.0.0.1 --set agent.authenticate_operators=true
expect "an agent with a credential registers" agent_is_active agent1

# [ReservationEndpointsTest.NonMatchingPrincipal]
agent_id=$("$tepui" agents | sed -n 's/^\([^ ]*-S0\) .*/\1/p')
expect "nobody reserves in the name of another" exits_with 1 \
	"$tepui" reserve "$agent_id" cpus:1 --role eng --principal framework1
expect "and is told so" grep -q "names principal 'framework1', but 'ops' is asking" "$dir/err"
expect "in one's own it is fine" exits_with 0 "$tepui" reserve "$agent_id" cpus:1 --role eng
expect "and taken back" exits_with 0 "$tepui" unreserve "$agent_id" cpus:1 --role eng

# Frameworks.
unset TEPUI_CREDENTIAL
expect "a framework without a credential is aborted" exits_with 1 "$run_tasks" true
expect "and is told by which mechanism" grep -q 'CRAM-MD5' "$dir/err"
export TEPUI_CREDENTIAL="$dir/wrong"
expect "a framework with a wrong secret is aborted" exits_with 1 "$run_tasks" true
expect "and says why once" [ "$(grep -c 'authentication failed' "$dir/err")" -eq 1 ]
export TEPUI_CREDENTIAL="$dir/framework"
expect "a framework with a credential runs its task" exits_with 0 "$run_tasks" true

# Operators at the agent: the master knows framework1, the agent's own file does not.
framework_task=$("$tepui" tasks --all | sed -n 's/^\(run-tasks-[0-9]*\) .*/\1/p' | head -1)
expect "an agent refuses an operator it does not know" exits_with 1 "$tepui" logs "$framework_task"
expect "and says why" grep -q 'authentication failed' "$dir/err"
export TEPUI_CREDENTIAL="$dir/ops"
expect "and serves one it knows" exits_with 0 "$tepui" logs "$framework_task"
export TEPUI_CREDENTIAL="$dir/framework"

# SIGHUP reads the credentials again; sessions that stand stay.
sed -i 's/frameworksecret/newsecret/' "$dir/credentials"
credentials_are_new() {
	grep -q 'credentials were read again' "$dir/master.log"
}
kill -s HUP "$(daemon_pid master)"
expect "SIGHUP reads the credentials again" wait_until 10 credentials_are_new
expect "the old secret is refused" exits_with 1 "$run_tasks" true
sed -i 's/frameworksecret/newsecret/' "$dir/framework"
expect "the new one is not" exits_with 0 "$run_tasks" true

# Nobody ever prints a secret.
no_secrets() {
	! grep -q 'agentsecret\|newsecret\|frameworksecret\|opssecret\|wrongsecret' "$dir"/*.log
}
expect "no secret is in any log" no_secrets
expect "the master still serves" kill -0 "$(daemon_pid master)"
