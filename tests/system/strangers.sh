#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Other users of this machine at the unix sockets of a master and an agent: who need not
# authenticate there, who must, and who cannot.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
[ "$(id -u)" -eq 0 ] || {
	echo "not root: nobody here can be a stranger"
	exit 77
}
cluster_init strangers
# The path of a socket is short, that of a build tree need not be.
sockets=$(mktemp -d "${TMPDIR:-/tmp}/tepui-s-XXXXXX") || exit 1
trap 'daemons_end; rm -rf "$sockets"' EXIT
chmod 0755 "$sockets"
stranger_programs "$sockets"
echo 'ops opssecret' >"$sockets/credential"
chmod 0644 "$sockets/credential"
abstract=abstract://tepui-strangers-$$

exits_with() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "exit status $got instead of $want: $(cat "$dir/out" "$dir/err")"
	[ "$got" -eq "$want" ]
}
err_has() {
	grep -q -- "$1" "$dir/err"
}
# master NAME MODULE-LINE OPTION...: at both kinds of sockets.
master() {
	name=$1
	cat >"$dir/$name.yaml" <<END
modules:
$2
  - module: election-standalone
  - module: registry-memory
  - module: allocator-drf
  - module: master
    config:
      listen: [tcp://127.0.0.1:0, ipc://$sockets/$name.sock, $abstract-$name]
      work_dir: $dir/$name
END
	shift 2
	daemon_start "$name" "$tepuid" -c "$dir/$name.yaml" "$@"
	daemon_wait "$name" 20 || exit 1
}
# stranger STATUS GROUP URL: another user looks at the agents.
stranger() {
	exits_with "$1" setpriv --reuid 65534 --regid "$2" --clear-groups "$sockets/tepui" \
		agents --master "$3"
}

# Operators must authenticate.
master asks "  - module: auth-crammd5
    config: { credentials: $sockets/credential }" --set master.authenticate_operators=true
expect "the mode is 0660" [ "$(stat -c %a "$sockets/asks.sock")" = 660 ]
for url in "ipc://$sockets/asks.sock" "$abstract-asks"; do
	echo "# $url"
	expect "root is an operator" exits_with 0 "$tepui" agents --master "$url"
	expect "another user is not" stranger 1 0 "$url"
	expect "and is told why" err_has 'CRAM-MD5'
	export TEPUI_CREDENTIAL="$sockets/credential"
	expect "with a credential he is" stranger 0 0 "$url"
	unset TEPUI_CREDENTIAL
done
expect "by network root must say so too" exits_with 1 "$tepui" agents \
	--master "$(daemon_value asks master.listen)"

# Nobody can: the uid is all there is.
master trusts ''
for url in "ipc://$sockets/trusts.sock" "$abstract-trusts"; do
	echo "# $url"
	expect "root is an operator" exits_with 0 "$tepui" agents --master "$url"
	expect "another user is not" stranger 1 0 "$url"
	expect "and is told who is" err_has 'serves root and the user of the daemon (uid 0), you are uid 65534'
done
expect "a file keeps other groups away" stranger 1 65534 "ipc://$sockets/trusts.sock"
expect "the log knows" grep -q 'refused a connection address=ipc:uid=65534' "$dir/trusts.log"

# An agent's operators are those who read logs.
TEPUI_MASTER=$(daemon_value trusts master.listen)
export TEPUI_MASTER
cluster_agent agent1 'cpus:1;mem:64' --set "agent.listen=$abstract-agent"
expect "a task runs" exits_with 0 "$run_tasks" true
task=$("$tepui" tasks --all | sed -n 's/^\(run-tasks-[0-9]*\) .*/\1/p' | head -1)
expect "root reads its log" exits_with 0 "$tepui" logs "$task"
expect "another user does not" exits_with 1 setpriv --reuid 65534 --regid 0 --clear-groups \
	"$sockets/tepui" logs "$task"
expect "and is told who does" err_has 'serves root and the user of the daemon (uid 0), you are uid 65534'
for name in agent1 trusts asks; do
	daemon_stop $name
	expect "$name ended in order" [ $? -eq 0 ]
done
