#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: master, agent, scheduler and an executor down in every order, up in every
# order. One cluster serves all rounds: one task must survive them all, one per round loses its
# executor.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-order

# end PART; VICTIM is the round's task.
end() {
	case $1 in
	master) daemon_stop master KILL ;;
	agent) daemon_stop agent1 KILL ;;
	scheduler) daemon_stop s1 KILL ;;
	executor) kill -s KILL "$victim_executor" ;;
	esac 2>/dev/null
	return 0
}

begin() {
	case $1 in
	master) master ;;
	agent) agent_start agent1 ;;
	scheduler) scheduler_start s1 --id "$(framework_id s1)" ;;
	esac
}

# round DOWN... -- UP...
round() {
	n=$((n + 1))
	victim=v$n
	launch s1 agent1 $victim
	settle $victim
	victim_executor=$(executor_pid $victim)
	order=$*
	hit_now
	step=end
	for part; do
		case $part in
		--) step=begin ;;
		*) $step "$part" ;;
		esac
	done
	await s1 1 'registered '
	becomes "the agent does not come back" agent_is agent1 active
	tell s1 reconcile
	await s1 1 "update $victim TASK_FAILED"
	fate=$(since s1 | grep "update $victim TASK_FAILED" | head -n 1 | cut -d' ' -f4-6)
	await s1 1 'update survivor TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	becomes "$victim lives without its executor" is_dead $victim
	holds "the survivor died" is_alive survivor
	holds "the survivor's state changed" silent s1 'update survivor TASK_(FINISHED|FAILED|KILL|LOST|DROPPED|ERROR|UNREACHABLE|GONE|UNKNOWN)'
	echo "ok - down: ${order% -- *}, up: ${order#* -- } | $fate, the other task" \
		"TASK_RUNNING | $((seen_ms - hit_ms)) ms"
}

# orders_of FUNCTION CHOSEN LEFT...: calls FUNCTION with each order of LEFT behind CHOSEN (a:b:).
orders_of() {
	if [ $# -eq 2 ]; then
		$1 "$2"
		return
	fi
	for one in $(orders_each "$@"); do
		# shellcheck disable=SC2046 # words
		orders_of "$1" "$2$one:" $(orders_rest "$one" "$@")
	done
}
orders_each() {
	shift 2
	echo "$@"
}
orders_rest() {
	rest_without=$1
	shift 3
	for rest_one; do
		[ "$rest_one" = "$rest_without" ] || echo "$rest_one"
	done
}

every_order() {
	master
	agent agent1
	scheduler s1
	launch s1 agent1 survivor
	n=0
	ups=$(orders_of echo '' master agent scheduler)
	# Every order of going down is there once, every order of coming back four times.
	for down in $(orders_of echo '' master agent scheduler executor); do
		up=$(echo "$ups" | sed -n "$((n % 6 + 1))p")
		# shellcheck disable=SC2046 # words
		round $(echo "$down" | tr : ' ') -- $(echo "$up" | tr : ' ')
	done
	holds "not every order was tried" [ $n -eq 24 ]
	holds "the survivor lost output" is_continuous survivor
	ends survivor
	await s1 1 'update survivor TASK_FINISHED SOURCE_EXECUTOR'
	observe "TASK_FINISHED, its output is continuous"
}
row "all 24 orders: the task that none of them touched" every_order
