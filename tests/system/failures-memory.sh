#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: an allocation fails. Whoever asks for it ends, with one line that says so, in the
# middle of whatever it did; what was durable is enough to go on. A library that lives without
# what it asked for may do so.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
if [ -n "${SAN_CFLAGS:-}" ]; then
	echo "skip - sanitizers have an allocator of their own"
	exit 77
fi
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-memory

# Which allocation it is, of those that come: in the answer to a call, and well after that.
WHICH="1 2 3 5 8 13 21 34 55 89 144"

# limited COMMAND...: the daemon it starts counts its allocations down.
limited() {
	BEFORE="env LD_PRELOAD=$builddir/tests/system/failures/.libs/no_memory.so"
	BEFORE="$BEFORE TEPUI_TEST_ALLOCATIONS=$dir/allocations"
	"$@"
	BEFORE=
}

# let N allocations come until one fails; 0: all succeed.
let_come() {
	# shellcheck disable=SC2059 # the number is the format
	printf "$(printf '\\%03o\\000\\000\\000\\000\\000\\000\\000' "$1")" |
		dd of="$dir/allocations" bs=8 conv=notrunc 2>/dev/null
}

has_failed() {
	[ "$(od -An -td8 -N8 "$dir/allocations" | tr -d ' ')" -eq 0 ]
}

is_over_it() {
	daemon_is_gone "$exhaust_name" || timeout 5 "$@" >/dev/null 2>&1
}

# exhaust NAME N COMMAND...: which makes it allocate. Reaped when it ended of that.
exhaust() {
	exhaust_name=$1
	let_come "$2"
	shift 2
	n=0
	until has_failed; do
		"$@" >/dev/null 2>&1
		n=$((n + 1))
		[ $n -lt 1000 ] || fail "$exhaust_name does not allocate"
	done
	wait_until $HANG is_over_it "$@" || fail "$exhaust_name neither ends nor answers"
	daemon_is_gone "$exhaust_name" || return 1
	daemon_reap "$exhaust_name" $HANG
	grep -q 'out of memory' "$dir/$exhaust_name.log" || fail "$exhaust_name does not say why"
}

master_without_memory() {
	head -c 8 /dev/zero >"$dir/allocations"
	limited master
	agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	id=$(agent_id agent1)
	hit_now
	died=0
	for which in $WHICH; do
		exhaust master "$which" "$tepui" tasks || continue
		died=$((died + 1))
		limited master
		await s1 $died reregistered
		becomes "agent1 does not come back" agent_is agent1 active
	done
	holds "it never ended" [ $died -gt 0 ]
	observe "ended $died times, and served again"
	holds "agent1 has another id" [ "$(agent_id agent1)" = "$id" ]
	tell s1 reconcile
	observe_update s1 2 't[12] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "a task died" all_alive t1 t2
	launch s1 agent1 t3
}
row "master: memory runs out, restarted, again and again" master_without_memory

agent_without_memory() {
	head -c 8 /dev/zero >"$dir/allocations"
	master
	limited agent agent1
	scheduler s1
	launch s1 agent1 t1 t2
	settle t1 t2
	id=$(agent_id agent1)
	hit_now
	died=0
	for which in $WHICH; do
		exhaust agent1 "$which" "$tepui" logs t1 || continue
		died=$((died + 1))
		limited agent agent1
	done
	holds "it never ended" [ $died -gt 0 ]
	observe "ended $died times, and came back"
	holds "agent1 has another id" [ "$(agent_id agent1)" = "$id" ]
	tell s1 reconcile
	observe_update s1 2 't[12] TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "a task died" all_alive t1 t2
	holds "t1 lost output" is_continuous t1
	launch s1 agent1 t3
}
row "agent: memory runs out, restarted, again and again" agent_without_memory
