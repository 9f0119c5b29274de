#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A cluster over tls+tcp: certificates made here, good ones, foreign ones, missing ones.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init tls
umask 077

# make_ca NAME
make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
		-subj "/CN=$1" -keyout "$dir/$1.key" -out "$dir/$1.pem" 2>>"$dir/openssl.log"
}
# make_certificate CA NAME COMMON_NAME
make_certificate() {
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=$3" \
		-keyout "$dir/$2.key" -out "$dir/$2.csr" 2>>"$dir/openssl.log" &&
		openssl x509 -req -days 2 -in "$dir/$2.csr" -CA "$dir/$1.pem" -CAkey "$dir/$1.key" \
			-CAcreateserial -out "$dir/$2.pem" 2>>"$dir/openssl.log"
}
make_certificates() {
	make_ca ca && make_ca foreign && make_certificate ca server 127.0.0.1 &&
		make_certificate ca peer peer1 && make_certificate ca agent 127.0.0.1 &&
		make_certificate ca elsewhere other.example && make_certificate foreign stranger peer1
}
expect "openssl makes certificates" make_certificates

exits_with() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "exit status $got instead of $want: $(cat "$dir/err")"
	[ "$got" -eq "$want" ]
}
# start_master OPTION...: expected to fail.
start_master() {
	exits_with 1 "$tepuid" -c "$conf/master.yaml" --set master.listen=tls+tcp://127.0.0.1:0 \
		--set "master.work_dir=$dir/probe" "$@"
}
expect "a listener without a certificate does not start" start_master
expect "and names the keys" grep -q 'tls_certificate and tls_key' "$dir/err"
expect "a certificate that is not there" start_master \
	--set "master.tls_certificate=$dir/none.pem" --set "master.tls_key=$dir/server.key"
expect "is named" grep -q "$dir/none.pem" "$dir/err"
expect "a key of another certificate" start_master \
	--set "master.tls_certificate=$dir/server.pem" --set "master.tls_key=$dir/server.csr"
expect "is named too" grep -q "$dir/server.csr" "$dir/err"

daemon_start master "$tepuid" -c "$conf/master.yaml" \
	--set master.listen=tls+tcp://127.0.0.1:0 --set "master.work_dir=$dir/master" \
	--set "master.tls_certificate=$dir/server.pem" --set "master.tls_key=$dir/server.key" \
	--set "master.tls_ca=$dir/ca.pem"
daemon_wait master 20 || exit 1
TEPUI_MASTER=$(daemon_value master master.listen)
export TEPUI_MASTER
expect "the address says tls" [ "${TEPUI_MASTER%%:*}" = tls+tcp ]

expect "an operator without a ca is told" exits_with 1 "$tepui" agents
expect "which key is missing" grep -q 'tls_ca' "$dir/err"
export TEPUI_TLS_CA="$dir/ca.pem"
expect "an operator without a certificate is refused" exits_with 1 "$tepui" agents
export TEPUI_TLS_CERTIFICATE="$dir/stranger.pem" TEPUI_TLS_KEY="$dir/stranger.key"
expect "as is one with a foreign certificate" exits_with 1 "$tepui" agents
export TEPUI_TLS_CERTIFICATE="$dir/peer.pem" TEPUI_TLS_KEY="$dir/peer.key"
export TEPUI_TLS_CA="$dir/foreign.pem"
expect "a master with a foreign certificate is not trusted" exits_with 1 "$tepui" agents
export TEPUI_TLS_CA="$dir/ca.pem"
plain=tcp://${TEPUI_MASTER#*://}
expect "without tls there is no answer" exits_with 1 "$tepui" agents --master "$plain"
expect "an operator with the right certificate is served" exits_with 0 "$tepui" agents

daemon_start elsewhere "$tepuid" -c "$conf/master.yaml" \
	--set master.listen=tls+tcp://127.0.0.1:0 --set "master.work_dir=$dir/elsewhere" \
	--set "master.tls_certificate=$dir/elsewhere.pem" --set "master.tls_key=$dir/elsewhere.key"
daemon_wait elsewhere 20 || exit 1
expect "a certificate of another host is not trusted" exits_with 1 "$tepui" agents \
	--master "$(daemon_value elsewhere master.listen)"
daemon_stop elsewhere

chmod 0644 "$dir/agent.key"
cluster_agent agent1 'cpus:2;mem:512' --set "agent.tls_ca=$dir/ca.pem" \
	--set "agent.tls_certificate=$dir/agent.pem" --set "agent.tls_key=$dir/agent.key" \
	--set agent.listen=tls+tcp://0.0.0.0:0 --set agent.advertise_ip=127.0.0.1 \
	--set agent.insecure=true
expect "a key that everybody can read is warned of" grep -q "can read the key.*agent.key" "$dir/agent1.log"
expect "an agent registers over tls" agent_is_active agent1
expect "a framework runs its task over tls" exits_with 0 "$run_tasks" true
task=$("$tepui" tasks --all | sed -n 's/^\(run-tasks-[0-9]*\) .*/\1/p' | head -1)
expect "an operator reaches the agent over tls where it says it is" exits_with 0 "$tepui" logs "$task"

# SIGHUP: certificates that do not serve change nothing, good ones are shown from then on.
log_has() {
	grep -q "$1" "$dir/master.log"
}
echo broken >"$dir/server.key"
kill -s HUP "$(daemon_pid master)"
expect "a broken key is said" wait_until 10 log_has 'were not read again.*server.key'
expect "and the old one serves on" exits_with 0 "$tepui" agents
make_certificate foreign server 127.0.0.1 || fail "openssl makes no certificate"
kill -s HUP "$(daemon_pid master)"
expect "new certificates are read" wait_until 10 log_has 'certificates were read again'
expect "who trusted the old one only is safe" exits_with 1 "$tepui" agents
export TEPUI_TLS_CA="$dir/foreign.pem"
expect "who trusts the new one is served" exits_with 0 "$tepui" agents
expect "at the same address, and the agent never left" agent_is_active agent1
expect "the master still serves" kill -0 "$(daemon_pid master)"
