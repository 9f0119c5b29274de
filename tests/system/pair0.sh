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
