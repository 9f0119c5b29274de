#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Failure table: disks are full. The work_dir of one part is a small file system.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
if [ "$(id -u)" -ne 0 ]; then
	echo "skip - mounts need root"
	exit 77
fi
# All mounts are gone with this process and its children.
if [ -z "${FAILURES_UNSHARED-}" ]; then
	FAILURES_UNSHARED=yes exec unshare --mount --propagation private "$0" "$@"
fi
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init failures-disk

# small NAME SIZE: that part's work_dir.
small() {
	mkdir "$dir/$1"
	mount -t tmpfs -o "size=$2" none "$dir/$1"
}

fill() {
	cat /dev/zero >"$dir/$1/fill" 2>/dev/null
	[ "$(df --output=avail "$dir/$1" | tail -n 1)" -eq 0 ] || fail "$1 is not full"
}

# The updates are longer than what is left of the last block of their log.
agent_disk_full() {
	small agent1 4m
	master
	agent agent1
	scheduler s1 --executor "exec $scripted_executor --long"
	custom t1 t2
	hit_now
	fill agent1
	ends t1 5
	becomes "t1 does not end" is_dead t1
	becomes "nobody says what is wrong" grep -qi 'no space left' "$dir/agent1.log"
	observe "the agent says: No space left on device"
	holds "t1 ended before that was durable" silent s1 'update t1'
	holds "t2 died" is_alive t2
	rm "$dir/agent1/fill"
	observe_update s1 1 't1 TASK_FAILED SOURCE_EXECUTOR'
	becomes "the master does not know the end of t1" at_master t1 TASK_FAILED
	custom t3
	holds "t2 died" is_alive t2
}
row "agent: disk full while a task ends, then not any more" agent_disk_full

agent_disk_full_restart() {
	small agent1 4m
	master
	agent agent1
	scheduler s1 --executor "exec $scripted_executor --long"
	custom t1 t2
	settle t1 t2
	id=$(agent_id agent1)
	hit_now
	fill agent1
	ends t1 5
	becomes "t1 does not end" is_dead t1
	becomes "nobody says what is wrong" grep -qi 'no space left' "$dir/agent1.log"
	daemon_stop agent1 KILL 2>/dev/null
	rm "$dir/agent1/fill"
	agent agent1
	observe_update s1 1 't1 TASK_FAILED SOURCE_EXECUTOR'
	tell s1 reconcile
	observe_update s1 1 't2 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "the agent has another id" [ "$(agent_id agent1)" = "$id" ]
	holds "t2 died" is_alive t2
}
row "agent: disk full while a task ends, kill -9, restarted" agent_disk_full_restart

# An agent whose words are longer than what is left of the last block.
LONG=$(head -c 9000 /dev/zero | tr '\0' x)

# Nobody is answered before the disk has it.
master_disk_full() {
	small master 1m
	master
	agent agent1
	scheduler s1
	launch s1 agent1 t1
	hit_now
	fill master
	agent_start agent2 --set "agent.attributes=long:$LONG"
	becomes "nobody says what is wrong" grep -qi 'no space left' "$dir/master.log"
	observe "the master says: No space left on device"
	holds "agent2 was answered" [ "$(grep -c ' registered agent=' "$dir/agent2.log")" -eq 0 ]
	rm "$dir/master/fill"
	becomes "agent2 does not register" agent_is agent2 active
	observe "then the agent is active"
	holds "the scheduler lost its master" silent s1 disconnected
	holds "t1 changed its state" silent s1 'update t1'
	holds "t1 died" is_alive t1
}
row "master: disk full while an agent registers, then not any more" master_disk_full

# It never guesses. What it acknowledged is all there.
master_disk_stays_full() {
	small master 1m
	master --set master.registry_store_timeout=1s
	agent agent1
	scheduler s1
	launch s1 agent1 t1
	id=$(agent_id agent1)
	hit_now
	fill master
	agent_start agent2 --set "agent.attributes=long:$LONG"
	daemon_reap master $HANG
	holds "the master ended well" [ $? -ne 0 ]
	observe "the master ends"
	holds "nobody says what is wrong" grep -qi 'no space left' "$dir/master.log"
	holds "agent2 was answered" [ "$(grep -c ' registered agent=' "$dir/agent2.log")" -eq 0 ]
	rm "$dir/master/fill"
	master
	await s1 1 reregistered
	becomes "agent1 does not come back" agent_is agent1 active
	becomes "agent2 does not register" agent_is agent2 active
	observe "reregistered, both agents active"
	tell s1 reconcile
	observe_update s1 1 't1 TASK_RUNNING SOURCE_MASTER REASON_RECONCILIATION'
	holds "agent1 has another id" [ "$(agent_id agent1)" = "$id" ]
	holds "t1 died" is_alive t1
}
row "master: disk full longer than registry_store_timeout" master_disk_stays_full
