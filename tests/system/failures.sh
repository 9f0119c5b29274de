# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by the failure tests after daemons.sh and cluster.sh: rows of the failure table. A row
# has a cluster of its own, kills something, looks at it from all sides and prints one line: what
# was killed, what was observed, how long it took.
#
#	failures_init NAME
#	scheduler_dies() {
#		master && agent agent1
#		scheduler s1 --failover 60 && launch s1 agent1 t1 t2
#		hit s1 KILL
#		...
#		await s1 2 'update t[12] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
#	}
#	row "scheduler kill -9, comes back" scheduler_dies
#
# Nothing sleeps to let things happen: everything waits for what it wants to see, at most HANG
# seconds.
#
# Variables come from cluster.sh and `make check`; rows are subshells by intent.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
HANG=60

failures_init() {
	failures_name=$1
	failures_status=0
	failures_row=0
	scripted=$builddir/tests/system/failures/scheduler
	scripted_executor=$builddir/tests/system/failures/executor
	fast_clock=$builddir/tests/system/failures/.libs/fast_clock.so
	trap 'exit $failures_status' EXIT
}

# row WHAT-IS-KILLED FUNCTION: in a subshell, so that a row that fails ends what it started.
row() {
	failures_row=$((failures_row + 1))
	(
		cluster_init "$failures_name.$failures_row"
		trap row_end EXIT
		# Its sockets' names are to be short, however long that of the build tree is.
		runtime=$(mktemp -d "${TMPDIR:-/tmp}/tepui-row.XXXXXX")
		row_observed='' row_ms=''
		"$2"
		row_once
		row_registry
		echo "ok - $1 | ${row_observed#, } | $row_ms ms"
	) || {
		echo "not ok - $1"
		failures_status=1
	}
}

# The daemons first, so that nobody starts anything again; then what runs in sandboxes.
row_end() {
	trap - EXIT
	trap '' INT TERM HUP
	daemons_end
	for row_link in /proc/[0-9]*/cwd; do
		row_cwd=$(readlink "$row_link" 2>/dev/null) || continue
		row_pid=${row_link#/proc/}
		case $row_cwd in
		"$dir"/*) kill -s KILL "${row_pid%/cwd}" 2>/dev/null ;;
		esac
	done
	rm -rf "${runtime:?}"
}

# --- the parts ----------------------------------------------------------------------------

# master [OPTION...] and agent NAME [OPTION...]: started, or started again. BEFORE holds words that
# go before tepuid, like `ip netns exec NAME`.
BEFORE=
master_listen=127.0.0.1
master() {
	cluster_daemon master master \
		--set "master.listen=tcp://$master_listen:$master_port" \
		--set "master.work_dir=$dir/master" "$@"
	TEPUI_MASTER=$(daemon_value master master.listen)
	export TEPUI_MASTER
	master_port=${TEPUI_MASTER##*:}
}

# A master whose clock runs 50 times as fast, for timeouts that may not be short. Those that are
# not to pass are longer.
fast_master() {
	BEFORE="env LD_PRELOAD=$fast_clock TEPUI_TEST_CLOCK=50 ASAN_OPTIONS=verify_asan_link_order=0"
	master --set master.agent_ping_timeout=15mins \
		--set master.authentication_v0_timeout=1hrs \
		--set master.registry_fetch_timeout=1hrs --set master.registry_store_timeout=1hrs
	BEFORE=
}

# Only started: what comes of it is for the row to see.
agent_start() {
	agent_name=$1
	shift
	cluster_daemon "$agent_name" agent \
		--set "agent.master=$TEPUI_MASTER" --set agent.listen=tcp://127.0.0.1:0 \
		--set "agent.work_dir=$dir/$agent_name" \
		--set "agent.runtime_dir=$runtime" \
		--set "agent.hostname=$agent_name" \
		--set 'agent.resources=cpus:8;mem:4096;disk:0;ports:[]' "$@"
}

agent() {
	agent_start "$@"
	wait_until $HANG agent_is_active "$1" || fail "$1 does not register"
}

# cluster_daemon NAME ROLE OPTION...
cluster_daemon() {
	daemon_role=$2
	daemon_as=$1
	shift 2
	# shellcheck disable=SC2086 # words
	daemon_start "$daemon_as" $BEFORE "$tepuid" -c "$conf/$daemon_role.yaml" "$@"
	daemon_wait "$daemon_as" $HANG || exit 1
}

# scheduler NAME [OPTION...]: has registered (or, with --id, taken over) when this returns.
scheduler() {
	mark "$1"
	scheduler_start "$@"
	await "$1" 1 'registered '
}

# Only started; the mark stays where it was.
scheduler_start() {
	scheduler_name=$1
	shift
	[ -p "$dir/$scheduler_name.fifo" ] || mkfifo "$dir/$scheduler_name.fifo"
	# shellcheck disable=SC2086 # words
	$BEFORE "$scripted" --commands "$dir/$scheduler_name.fifo" "$@" "$scheduler_name" \
		>>"$dir/$scheduler_name.out" 2>&1 </dev/null &
	daemon_adopt "$scheduler_name" $!
}

framework_id() {
	sed -n 's/^[0-9]* registered \([^ ]*\).*/\1/p' "$dir/$1.out" | tail -n 1
}

# tell SCHEDULER COMMAND...
tell() {
	tell_whom=$1
	shift
	echo "$*" >"$dir/$tell_whom.fifo"
}

# launch SCHEDULER HOST TASK...: command tasks, running when this returns.
launch() {
	launch_by=$1
	launch_on=$2
	shift 2
	for launch_task; do
		tell "$launch_by" launch "$launch_task" "$launch_on" 'cpus:0.1;mem:32' \
			"$(command_of "$launch_task")"
	done
	for launch_task; do
		await "$launch_by" 1 "update $launch_task TASK_RUNNING "
		wait_until $HANG is_alive "$launch_task" || fail "$launch_task does not start"
	done
}

# custom TASK...: tasks of one executor e1 of s1, running when this returns.
custom() {
	for launch_task; do
		tell s1 launch-on e1 "$launch_task" agent1 'cpus:0.1;mem:32' \
			"sh $srcdir/tests/system/failures/task.sh $dir $launch_task"
	done
	for launch_task; do
		await s1 1 "update $launch_task TASK_RUNNING "
		wait_until $HANG is_alive "$launch_task" || fail "$launch_task does not start"
	done
}

# settle TASK...: until the agent has logged that TASK_RUNNING was acknowledged, which it does after
# a second; an agent that is killed before sends the update again.
settle() {
	for settle_task; do
		wait_until $HANG is_settled "$settle_task" ||
			fail "the acknowledgement for $settle_task is not logged"
	done
}

# seen_ms is that of the last TASK_RUNNING.
is_settled() {
	for settle_log in "$dir"/*/meta/slaves/*/frameworks/*/executors/*/runs/*/tasks/"$1"/task.updates; do
		[ "$(stat -c %.3Y "$settle_log" | tr -d .)" -gt $((seen_ms + 500)) ] && return 0
	done
	return 1
}

command_of() {
	echo "exec sh $srcdir/tests/system/failures/task.sh $dir $1"
}

# ends TASK [STATUS]
ends() {
	echo "${2:-0}" >"$dir/end.$1.new"
	mv "$dir/end.$1.new" "$dir/end.$1"
}

# --- what is done to them -----------------------------------------------------------------

# hit NAME SIGNAL: the clock of the row starts; marks are set. After KILL it is reaped.
hit() {
	hit_now
	case $2 in
	STOP | CONT) kill -s "$2" "$(daemon_pid "$1")" ;;
	*) daemon_stop "$1" "$2" 2>/dev/null ;;
	esac
	return 0
}

# What comes from here on counts.
hit_now() {
	for hit_out in "$dir"/*.out; do
		hit_name=${hit_out##*/}
		mark "${hit_name%.out}"
	done
	hit_ms=$(now_ms)
}

# hit_pid PID SIGNAL: the same for a process that is not ours.
hit_pid() {
	hit_now
	kill -s "$2" "$1"
}

# --- what is seen -------------------------------------------------------------------------

mark() {
	[ -e "$dir/$1.out" ] || : >"$dir/$1.out"
	wc -l <"$dir/$1.out" >"$dir/$1.mark"
}

# since SCHEDULER: what it said since the mark.
since() {
	tail -n "+$(($(cat "$dir/$1.mark") + 1))" "$dir/$1.out"
}

said() {
	since "$1" | grep -cE "^[0-9]+ $2"
}

said_at_least() {
	[ "$(said "$1" "$3")" -ge "$2" ]
}

# await SCHEDULER N REGEX: it has said so N times since the mark. Sets seen_ms, of the last one.
await() {
	wait_until $HANG said_at_least "$1" "$2" "$3" ||
		fail "$1 did not say '$3' $2 times; since the mark: $(since "$1")"
	seen_ms=$(since "$1" | grep -E "^[0-9]+ $3" | head -n "$2" | tail -n 1 | cut -d' ' -f1)
}

# observe TEXT [MS]: for the row's line; took until then, or until now.
observe() {
	case ,$row_observed, in
	*", $1,"*) ;;
	*) row_observed="$row_observed, $1" ;;
	esac
	row_ms=$((${2:-$(now_ms)} - hit_ms))
}

# observe_update SCHEDULER N REGEX: awaits and shows the first of these updates.
observe_update() {
	await "$1" "$2" "update $3"
	observe "$2 x $(since "$1" | grep -E "^[0-9]+ update $3" | head -n 1 |
		cut -d' ' -f4-6)" "$seen_ms"
}

# holds TEXT COMMAND...: now.
holds() {
	holds_text=$1
	shift
	"$@" || fail "$holds_text"
}

# becomes TEXT COMMAND...: soon.
becomes() {
	becomes_text=$1
	shift
	wait_until $HANG "$@" || fail "$becomes_text"
}

# silent SCHEDULER REGEX: it has not said so since the mark.
silent() {
	[ "$(said "$1" "$2")" -eq 0 ]
}

# --- the truth about tasks ----------------------------------------------------------------

# at_master TASK STATE: as the master lists it.
at_master() {
	"$tepui" tasks --all 2>/dev/null | grep -q "^$1 .* $2 "
}

# agent_id NAME: as the master lists it.
agent_id() {
	"$tepui" agents 2>/dev/null | awk -v host="$1" '$2 == host { print $1 }'
}

agent_is() {
	"$tepui" agents 2>/dev/null | grep -q " $1 .* $2 "
}

task_pid() {
	sed -n "s/^$1 \([0-9]*\) .*/\1/p" "$dir/starts" | tail -n 1
}

# The very process that the task's last line in `starts` names.
is_alive() {
	alive_pid=$(task_pid "$1") 2>/dev/null
	[ -n "$alive_pid" ] || return 1
	alive_stat=$(cut -d' ' -f3,22 "/proc/$alive_pid/stat" 2>/dev/null)
	[ "${alive_stat#* }" = "$(sed -n "s/^$1 $alive_pid //p" "$dir/starts")" ] &&
		[ "${alive_stat% *}" != Z ]
}

all_alive() {
	for all_task; do
		is_alive "$all_task" || return 1
	done
}

is_dead() {
	! is_alive "$1"
}

# executor_pid TASK: of the process that reports on it, its parent.
executor_pid() {
	cut -d' ' -f4 "/proc/$(task_pid "$1")/stat"
}

# Counts 1, 2, 3, ... in the sandbox, nothing lost, nothing twice.
is_continuous() {
	cat "$dir"/*/slaves/*/frameworks/*/executors/*/runs/latest/stdout |
		awk -v id="$1" '$1 == id && $2 != "done" && $2 != ++n { bad = 1 }
			END { exit bad || n == 0 }'
}

# No task of this row was started twice.
row_once() {
	[ ! -e "$dir/starts" ] || [ -z "$(cut -d' ' -f1 "$dir/starts" | sort | uniq -d)" ] ||
		fail "a task ran twice: $(cat "$dir/starts")"
}

# What the master keeps is sound, whatever happened to it.
row_registry() {
	daemon_stop master 2>/dev/null
	"$tepui" registry --work_dir "$dir/master" check >"$dir/registry.out" 2>&1 ||
		fail "the registry is damaged: $(cat "$dir/registry.out")"
}

# registry_says REGEX: in its dump; ends the master.
registry_says() {
	daemon_stop master 2>/dev/null
	"$tepui" registry --work_dir "$dir/master" dump | grep -q "$1"
}
