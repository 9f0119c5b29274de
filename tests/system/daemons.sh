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

# daemon_adopt NAME PID: a child started otherwise, to be ended with the daemons.
daemon_adopt() {
	echo "$2" >"$daemons_dir/$1.pid"
	daemons_names="$1 $daemons_names"
}

# daemon_reap NAME SECONDS: waits until it ends by itself; gives its exit status.
daemon_reap() {
	wait_until "$2" daemon_is_gone "$1" || return 1
	daemons_names=$(echo " $daemons_names " | sed "s/ $1 / /")
	wait "$(daemon_pid "$1")"
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

# daemon_value NAME KEY: of a line KEY=VALUE in the ready file.
daemon_value() {
	sed -n "s/^$2=//p" "$daemons_dir/$1.ready"
}

# wait_until SECONDS COMMAND...: polls 20 times a second until the command succeeds.
wait_until() {
	wait_turns=$(($1 * 20))
	shift
	while ! "$@"; do
		[ $wait_turns -gt 0 ] || return 1
		wait_turns=$((wait_turns - 1))
		sleep 0.05
	done
}

daemon_is_settled() {
	[ -s "$daemons_dir/$1.ready" ] || daemon_is_gone "$1"
}

# daemon_wait NAME SECONDS: until it is ready; shows its log when it ended or took too long.
daemon_wait() {
	if wait_until "$2" daemon_is_settled "$1" && [ -s "$daemons_dir/$1.ready" ]; then
		return 0
	fi
	echo "$1 is not ready after $2 s or ended; the end of its log:" >&2
	tail -n 20 "$daemons_dir/$1.log" >&2
	return 1
}

# daemon_stop NAME [SIGNAL]: waits until it is gone, at most ten seconds, then kills it. Gives
# the exit status.
daemon_stop() {
	daemons_names=$(echo " $daemons_names " | sed "s/ $1 / /")
	kill -s "${2:-TERM}" "$(daemon_pid "$1")" 2>/dev/null || true
	wait_until 10 daemon_is_gone "$1" || kill -s KILL "$(daemon_pid "$1")"
	wait "$(daemon_pid "$1")"
}

daemons_end() {
	trap - EXIT
	trap '' INT TERM HUP
	for daemon_name in $daemons_names; do
		daemon_stop "$daemon_name" || true
	done
}
