#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program in docs/FRAMEWORKS.md compiles as it stands there, and runs.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init first-framework

# The block that begins with an #include, until the text goes on.
awk '/^    #include/ { on = 1 } on && /^[^ ]/ { exit } on { sub(/^    /, ""); print }' \
	"$srcdir/docs/FRAMEWORKS.md" >"$dir/hello.c"
expect "the page has a program" grep -q 'int main(void)' "$dir/hello.c"
# SAN_CFLAGS and CC are words.
# shellcheck disable=SC2086
expect "it compiles" ${CC:-cc} ${SAN_CFLAGS-} -Wall -o "$dir/hello" "$dir/hello.c" \
	-I"$srcdir/include" -I"$builddir/include" \
	-L"$builddir/core/.libs" -ltepui -Wl,-rpath,"$builddir/core/.libs"

cluster_master master.yaml
cluster_agent agent1 'cpus:1;mem:128'
timeout 60 "$dir/hello" >"$dir/hello.out" 2>&1
expect "it ends" [ $? -eq 0 ]
expect "its task finished" grep -q '^hello-1 TASK_FINISHED$' "$dir/hello.out"
expect "and said hello" grep -qx hello "$dir"/agent1/slaves/*/frameworks/*/executors/hello-1/runs/latest/stdout
TEPUI_MASTER='' timeout 60 "$dir/hello" >"$dir/nowhere.out" 2>&1
expect "without a master it says so" [ $? -eq 1 ]
expect "and what to do" grep -q 'TEPUI_MASTER' "$dir/nowhere.out"
