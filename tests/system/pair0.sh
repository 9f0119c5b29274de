#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A stock nng pair0 client (pair0.c) is a peer like any other.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
pair0=$builddir/tests/system/pair0
cluster_init pair0
cluster_master master.yaml
cluster_agent agent1 'cpus:1;mem:256'
cluster_agent agent2 'cpus:1;mem:256'

timeout 30 "$pair0" "$TEPUI_MASTER" >"$dir/ids" || fail "it is not answered"
"$tepui" agents | awk 'NR > 1 { print $1 }' | sort >"$dir/expected"
sort "$dir/ids" >"$dir/got"
expect "it greets and lists the agents" cmp "$dir/expected" "$dir/got"
expect "both of them" [ "$(wc -l <"$dir/got")" -eq 2 ]

# The same, where nobody is served who does not say who he is.
expect "the open master ends" daemon_stop master
(umask 077 && echo 'ops opssecret' >"$dir/credentials")
sed "s|^modules:|modules:\\n  - module: auth-crammd5\\n    config: { credentials: $dir/credentials }|" \
	"$conf/master.yaml" >"$dir/asking.yaml"
conf=$dir
cluster_master asking.yaml --set master.authenticate_operators=true
TEPUI_CREDENTIAL=$dir/credentials
export TEPUI_CREDENTIAL
both_are_back() {
	[ "$("$tepui" agents | grep -c ' active ')" -eq 2 ]
}
wait_until 30 both_are_back || fail "the agents do not come back"
expect "it proves who it is and lists them" sh -c \
	"timeout 30 '$pair0' '$TEPUI_MASTER' ops opssecret | sort | cmp '$dir/expected'"
expect "with a wrong secret it is refused" sh -c \
	"! timeout 30 '$pair0' '$TEPUI_MASTER' ops wrong >'$dir/out' 2>'$dir/err'"
expect "and told so" grep -q 'authentication failed' "$dir/err"
expect "without one it is asked" sh -c \
	"! timeout 30 '$pair0' '$TEPUI_MASTER' >'$dir/out' 2>'$dir/err'"
expect "who it is" grep -q 'asks who we are' "$dir/err"
