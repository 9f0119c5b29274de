#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The admin socket of a daemon: who is served, what can be asked and changed, and where it is.
# And what `tepui module` opens: nothing that tepuid would refuse.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init admin
# The path of a socket is short, that of a build tree need not be.
sockets=$(mktemp -d /tmp/tepui-admin-XXXXXX) || exit 1
trap 'daemons_end; rm -rf "$sockets"' EXIT
chmod 0755 "$sockets"
unset TEPUI_ADMIN_SOCKET RUNTIME_DIRECTORY

manifest() { # FILE ADMIN-LINE
	cat >"$dir/$1" <<END
$2
modules:
  - module: election-standalone
  - module: registry-memory
  - module: allocator-drf
  - module: master
    config:
      listen: tcp://127.0.0.1:0
      work_dir: $dir/master
      offer_timeout: 5mins
END
}

exits_with() {
	want=$1
	shift
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	got=$?
	[ "$got" -eq "$want" ] || echo "exit status $got instead of $want: $(cat "$dir/out" "$dir/err")"
	[ "$got" -eq "$want" ]
}
out_has() {
	grep -q -- "$1" "$dir/out"
}
err_has() {
	grep -q -- "$1" "$dir/err"
}
ask() {
	want=$1
	shift
	exits_with "$want" "$tepui" "$@" --socket "$socket"
}

# The manifest is read with all else.
manifest wrong.yaml 'admin: { socket: run/admin.sock }'
expect "a relative path is refused" exits_with 2 "$tepuid" -c "$dir/wrong.yaml" --check
expect "with its place" err_has 'wrong.yaml:1:18: .run/admin.sock. is not an absolute path'
manifest wrong.yaml "admin: { socket: /$(printf '%0107d' 0) }"
expect "so is a long one" exits_with 2 "$tepuid" -c "$dir/wrong.yaml" --check
expect "with the limit" err_has 'of at most 107 bytes'
manifest wrong.yaml 'admin: { sockt: /run/admin.sock }'
expect "and another key" exits_with 2 "$tepuid" -c "$dir/wrong.yaml" --check
expect "with a guess" err_has "'sockt' of 'admin', did you mean 'socket'"

# A daemon is asked.
socket=$sockets/master.sock
manifest master.yaml "admin: { socket: $socket }"
daemon_start master "$tepuid" -c "$dir/master.yaml"
daemon_wait master 20 || exit 1
expect "the ready file says where" \
	[ "$(daemon_value master tepuid.admin)" = "ipc://$socket" ]
expect "the mode is 0660" [ "$(stat -c %a "$socket")" = 660 ]
expect "module list" ask 0 module list
expect "has the instances and their files" out_has '^master .*daemon, .*/master.so'
expect "module status" ask 0 module status
expect "has what instances say" out_has '^    state: serving'
expect "module status of one" ask 0 module status allocator-drf
expect "has the one alone" [ "$(grep -c '^[^ ]' "$dir/out")" -eq 1 ]
expect "module status of nobody" ask 1 module status nobody
expect "names it" err_has "there is no instance 'nobody'"
expect "module graph" ask 0 module graph
expect "is that of tepuid --graph" out_has 'requires allocator ABI 1 <- allocator-drf'
expect "the socket may come from the environment" \
	exits_with 0 env "TEPUI_ADMIN_SOCKET=$socket" "$tepui" module status

# What can change.
expect "daemon log-level" ask 0 daemon log-level
expect "tells it" [ "$(cat "$dir/out")" = info ]
expect "daemon log-level debug" ask 0 daemon log-level debug
expect "sets it" ask 0 daemon log-level
expect "for good" [ "$(cat "$dir/out")" = debug ]
expect "a level that is none" ask 1 daemon log-level loud
expect "is refused" err_has "'loud' is not a log level"
expect "reload of nothing" ask 0 daemon reload
sed -i 's/5mins/6mins/; s|work_dir: .*|work_dir: /other|' "$dir/master.yaml"
expect "reload" ask 0 daemon reload
expect "says what has a new value" out_has '^has a new value: master.offer_timeout$'
expect "and what needs a restart" out_has '^needs a restart: master.work_dir$'
expect "as the log does" grep -q 'has a new value what=master.offer_timeout' "$dir/master.log"
sed -i 's/6mins/6mines/' "$dir/master.yaml"
expect "reload of a broken manifest" ask 1 daemon reload
expect "says what is wrong" err_has "^refused: .*6mines"
manifest master.yaml "admin: { socket: $socket }"

# Another module in the place of one that runs.
expect "another allocator" ask 0 module swap allocator-drf allocator-priority
expect "says for how long" out_has 'is allocator-priority until the next restart'
expect "and is listed" ask 0 module list
expect "where the old one was" out_has '^allocator-drf .*allocator-priority.so'
expect "the log tells" grep -q 'another allocator goes on offers=0' "$dir/master.log"
TEPUI_MASTER=$(daemon_value master master.listen)
export TEPUI_MASTER
expect "metrics" exits_with 0 "$tepui" metrics 'allocator/mesos/allocation_run*'
expect "those of the new one" out_has '^allocator/mesos/allocation_runs '
expect "with all their parts" out_has '^allocator/mesos/allocation_run_ms/p99 '
expect "a module that is none" ask 1 module swap allocator-drf nobody
expect "is refused" err_has "no module 'nobody'"
expect "one of another kind" ask 1 module swap allocator-drf logger-sandbox
expect "too" err_has 'does not provide allocator ABI 1'
expect "one that cannot be replaced" ask 1 module swap registry-memory registry-leveldb
expect "stays" err_has "the registry needs a restart of the master"
sed -i 's/module: allocator-drf/&\n    as: allocator-drf/; s/module: allocator-drf/module: allocator-priority/' \
	"$dir/master.yaml"
expect "what the manifest says by now is no change" ask 0 daemon reload
expect "of the module" sh -c "! grep -q 'its module' '$dir/out'"
sed -i 's/module: allocator-priority/module: allocator-drf/' "$dir/master.yaml"
expect "but what it says then is" ask 0 daemon reload
expect "done at once" out_has '^has a new value: allocator-drf: its module$'

# The manifest that is installed, and its natural edit.
sed "s|work_dir: .*|work_dir: $dir/shipped|; s|tcp://127.0.0.1:5060|tcp://127.0.0.1:0|" \
	"$srcdir/conf/master.yaml" >"$dir/shipped.yaml"
admin=$socket
socket=$sockets/shipped.sock
sed -i "s|^# admin: .*|admin: { socket: $socket }|" "$dir/shipped.yaml"
daemon_start shipped "$tepuid" -c "$dir/shipped.yaml"
daemon_wait shipped 20 || exit 1
sed -i 's/module: allocator-drf/module: allocator-priority/' "$dir/shipped.yaml"
expect "another allocator in the manifest" ask 0 daemon reload
expect "takes its place" out_has '^has a new value: allocator: its module$'
expect "with nothing left to do" [ "$(wc -l <"$dir/out")" -eq 1 ]
expect "and is listed" ask 0 module list
expect "so" out_has '^allocator .*allocator-priority.so'
sed -i '/as: allocator/a\    config: { allocation_intervall: 2s }' "$dir/shipped.yaml"
sed -i 's/module: allocator-priority/module: allocator-drf/' "$dir/shipped.yaml"
sed -i '/work_dir:/a\      offer_timeout: 7mins' "$dir/shipped.yaml"
expect "one with a config that is wrong" ask 1 daemon reload
expect "does not" err_has "unknown key 'allocation_intervall'"
sed -i 's/allocation_intervall/allocation_interval/' "$dir/shipped.yaml"
kill -s HUP "$(daemon_pid shipped)"
back_again() {
	tries=200
	until grep -q 'has taken the place of another module was=allocator-priority' \
		"$dir/shipped.log" && grep -q 'has a new value what=master.offer_timeout' \
		"$dir/shipped.log"; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}
expect "a right one does by SIGHUP, and other keys with it" back_again
expect "once" [ "$(grep -c 'what=master.offer_timeout' "$dir/shipped.log")" -eq 1 ]
daemon_stop shipped
socket=$admin

# Who is served.
if [ "$(id -u)" -eq 0 ]; then
	stranger_programs "$sockets"
	stranger() {
		exits_with 1 setpriv --reuid 65534 "$@" --clear-groups "$sockets/tepui" module status \
			--socket "$socket"
	}
	expect "a stranger cannot open the socket" stranger --regid 65534
	expect "and is told" err_has 'Permission denied'
	expect "one of the socket's group is not served" stranger --regid 0
	expect "and is told who is" err_has 'serves root and the user of the daemon (uid 0), you are uid 65534'
	expect "the log knows" grep -q 'refused a connection address=ipc:uid=65534' "$dir/master.log"
else
	echo "not root: nobody here can be a stranger"
fi

# Beside others, and after them.
expect "a second daemon with the same socket does not start" exits_with 1 "$tepuid" \
	-c "$dir/master.yaml"
expect "and says why" err_has "admin socket: .*master.sock.*in use"
expect "the first goes on" ask 0 module list
kill -s KILL "$(daemon_pid master)"
daemon_reap master 20
expect "a killed daemon leaves its socket" [ -S "$socket" ]
daemon_start master "$tepuid" -c "$dir/master.yaml"
daemon_wait master 20 || exit 1
expect "which is no obstacle" ask 0 module list
daemon_stop master
expect "a daemon that ends takes it along" [ ! -e "$socket" ]
expect "nobody is there" ask 1 module list
expect "and that is said" err_has "cannot reach ipc://$socket"

manifest none.yaml 'admin: { socket: "" }'
daemon_start none "$tepuid" -c "$dir/none.yaml"
daemon_wait none 20 || exit 1
expect "a daemon can do without" [ -z "$(daemon_value none tepuid.admin)" ]
daemon_stop none

manifest default.yaml ''
daemon_start killed "$tepuid" -c "$dir/default.yaml"
daemon_wait killed 20 || exit 1
left=$(daemon_value killed tepuid.admin)
expect "there is one by default" [ -S "${left#ipc://}" ]
kill -s KILL "$(daemon_pid killed)"
daemon_reap killed 20
daemon_start default "$tepuid" -c "$dir/default.yaml"
daemon_wait default 20 || exit 1
socket=$(daemon_value default tepuid.admin)
expect "which serves" ask 0 module status
expect "those of killed daemons are removed" [ ! -e "${left#ipc://}" ]
daemon_stop default

RUNTIME_DIRECTORY=$sockets:/nowhere
export RUNTIME_DIRECTORY
daemon_start service "$tepuid" -c "$dir/default.yaml"
daemon_wait service 20 || exit 1
socket=$sockets/admin.sock
expect "a service has it in its folder" ask 0 module status
daemon_stop service
unset RUNTIME_DIRECTORY

# Modules are looked at as tepuid does.
mkdir "$dir/modules"
cp "$builddir/modules/election-standalone/.libs/election-standalone.so" "$dir/modules/good.so"
cp "$builddir/modules/election-standalone/.libs/election-standalone.so" "$dir/modules/open.so"
chmod 0755 "$dir/modules/good.so"
chmod 0777 "$dir/modules/open.so"
TEPUI_MODULE_DIR=$dir/modules
export TEPUI_MODULE_DIR
expect "module list" exits_with 0 "$tepui" module list
expect "has what tepuid would load" out_has '^election-standalone '
expect "and refuses what everybody may write" err_has 'refusing to load open.so.*chmod go-w'
expect "module describe by name" exits_with 0 "$tepui" module describe good
expect "refuses likewise" exits_with 1 "$tepui" module describe "$dir/modules/open.so"
expect "with the same words" err_has 'refusing to load open.so.*chmod go-w'
printf 'modules: [{ module: "%s" }]\n' "$dir/modules/open.so" >"$dir/open.yaml"
expect "as tepuid does" exits_with 2 "$tepuid" -c "$dir/open.yaml" --check
expect "with the same words" err_has 'refusing to load open.so.*chmod go-w'
