# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the system tests and the demo: starts daemons, waits until they are ready, ends
# each by its pid. Call daemons_init first; every wait here ends.
#
#	daemons_init "$work_dir"
#	daemon_start master "$stage/sbin/tepuid" -c "$work_dir/master.yaml"
#	daemon_wait master 10
#	... "$(daemon_value master tepuid.pid)" is what a line of its --ready-file says
#	daemon_stop master

# A fresh working folder, and all daemons ended when the script ends, however it ends.
daemons_init() {
	daemons_dir=$1
	daemons_names=
	rm -rf "$daemons_dir"
	mkdir -p "$daemons_dir"
	trap daemons_end EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

# daemon_start NAME PROGRAM ARG...: adds --ready-file; log in NAME.log.
daemon_start() {
	daemon_name=$1
	shift
	rm -f "$daemons_dir/$daemon_name.ready"
	"$@" --ready-file "$daemons_dir/$daemon_name.ready" \
		>>"$daemons_dir/$daemon_name.log" 2>&1 </dev/null &
	echo $! >"$daemons_dir/$daemon_name.pid"
	daemons_names="$daemon_name $daemons_names"
}

daemon_pid() {
	cat "$daemons_dir/$1.pid"
}

# Not gone, and not a zombie that only waits for us.
daemon_is_alive() {
	case $(cat "/proc/$(daemon_pid "$1")/stat" 2>/dev/null) in
	'' | *') Z '*) return 1 ;;
	esac
}

daemon_is_gone() {
	! daemon_is_alive "$1"
}

daemon_ready() {
	cat "$daemons_dir/$1.ready"
}
