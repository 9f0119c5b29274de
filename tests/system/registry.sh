#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The registry with real processes: an agent is answered only when it is in there; a full disk is
# waited for; and what operators do with the registry of a master that does not run.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# A small disk of our own, which goes away with us; without the right to have one that part is left
# out.
if [ -z "${REGISTRY_OWN_MOUNTS-}" ] && unshare -m true 2>/dev/null; then
	REGISTRY_OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
fi
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init registry
store=$dir/master

registry() { # COMMAND [FILE]
	"$tepui" registry "$1" --work_dir "$store" "${@:2}"
}

# A new agent that waits for nothing.
newcomer() { # NAME [OPTION...]
	local name=$1
	shift
	daemon_start "$name" "$tepuid" -c "$conf/agent.yaml" \
		--set "agent.master=$TEPUI_MASTER" --set agent.listen=tcp://127.0.0.1:0 \
		--set "agent.work_dir=$dir/$name" --set "agent.hostname=$name" \
		--set "agent.resources=cpus:1;mem:64;disk:0;ports:[]" "$@"
}

is_registered() {
	grep -q ' registered agent=' "$dir/$1.log"
}

# --- who was answered is known to the next master --------------------------------------------

cluster_master master.yaml
for i in 1 2 3 4 5; do
	newcomer "agent$i"
	wait_until 30 is_registered "agent$i" || fail "agent$i does not register"
	daemon_stop master KILL
	daemon_stop "agent$i" KILL
	id=$(sed -n 's/.* registered agent=\([^ ]*\).*/\1/p' "$dir/agent$i.log" | tail -n 1)
	registry dump >"$dir/dump.json" || fail "the registry cannot be dumped"
	grep -q "\"$id\"" "$dir/dump.json" || fail "agent$i was answered and is not in the registry"
	cluster_master master.yaml
done
echo "ok - 5 agents, each answered just before kill -9 of master and agent, are in the registry"
serves_with() { # N: the newest master, which found so many agents in the registry
	[ "$(sed -n 's/.* serving .*recovered_agents=//p' "$dir/master.log" | tail -n 1)" = "$1" ]
}
expect "the next master knows all of them" wait_until 20 serves_with 5

# --- the tool ----------------------------------------------------------------------------------

# LevelDB keeps a thread, which may be about to wait when the tool unloads the module.
leveldb=$builddir/modules/registry-leveldb/.libs/registry-leveldb.so
stays_loaded() {
	readelf -d "$leveldb" | grep -q 'FLAGS_1.*NODELETE'
}
expect "the module's code outlives its thread" stays_loaded

refused() { # TEXT COMMAND...
	local text=$1
	shift
	if "$@" >"$dir/out" 2>&1; then
		cat "$dir/out"
		return 1
	fi
	grep -q -- "$text" "$dir/out" || {
		cat "$dir/out"
		return 1
	}
}

backup=$dir/backup.json
expect "a registry in use is not read" refused 'another master' registry dump
daemon_stop master
expect "the registry is in order" registry check
registry dump >"$dir/dump.json"
expect "it is backed up" registry backup "$backup"
expect "a backup is nobody else's business" [ "$(stat -c %a "$backup")" = 600 ]
expect "a backup overwrites nothing" refused 'File exists' registry backup "$backup"
expect "a dump is no backup" refused 'only what' registry restore "$dir/dump.json"
sed 's/"agent\//"gone\//' "$backup" >"$dir/mixed.json"
expect "a damaged backup is not restored" refused 'nothing was changed' \
	registry restore "$dir/mixed.json"
expect "nor is rubbish" refused 'is not a backup' registry restore "$conf/master.yaml"
cluster_master master.yaml
expect "a registry in use is not replaced" refused 'in use' registry restore "$backup"
daemon_stop master

for file in "$store"/registry/MANIFEST-*; do
	echo 'no such thing' >"$file"
done
expect "a damaged registry is found" refused 'restore' registry check
daemon_start broken "$tepuid" -c "$conf/master.yaml" --set master.listen=tcp://127.0.0.1:0 \
	--set "master.work_dir=$store"
daemon_reap broken 30
expect "no master serves with it" [ $? -ne 0 ]
expect "it is restored" registry restore "$backup"
expect "the damaged one is kept" grep -q 'no such thing' "$store"/registry.old-1/MANIFEST-*
registry dump >"$dir/after.json"
# Its version is a new one; what it holds is the same.
expect "with all that was in it" diff <(grep -v '"version"' "$dir/dump.json") \
	<(grep -v '"version"' "$dir/after.json" | grep -v '^$')
cluster_master master.yaml
expect "and a master serves with it" wait_until 20 serves_with 5
expect "an empty work_dir is no registry" refused 'nothing was ever stored' \
	"$tepui" registry dump --work_dir "$(mkdir "$dir/empty" && echo "$dir/empty")"

# --- gone ----------------------------------------------------------------------------------------

gone_id=$(sed -n 's/.* registered agent=\([^ ]*\).*/\1/p' "$dir/agent1.log" | tail -n 1)
begin=$(now_ms)
expect "an agent is declared gone" "$tepui" gone "$gone_id"
expect "and once more" "$tepui" gone "$gone_id"
expect "nobody else is" refused 'No agent found' "$tepui" gone nobody
rm -f "$dir/agent1.log"
newcomer agent1
daemon_reap agent1 60
expect "it is told to shut down when it comes" grep -q 'Agent has been marked gone' "$dir/agent1.log"
echo "ok - agent declared gone, and started again | told to shut down, ended |" \
	"$(($(now_ms) - begin)) ms"
daemon_stop master
registry dump >"$dir/out"
expect "the registry knows it" grep -q "\"gone/$gone_id\"" "$dir/out"
cluster_master master.yaml

# --- a full disk ---------------------------------------------------------------------------------

if [ -z "${REGISTRY_OWN_MOUNTS-}" ]; then
	echo "# a full disk is left out: no right to mount"
	exit 0
fi
daemon_stop master
store=$dir/small
mkdir "$store"
mount -t tmpfs -o size=3m tepui-test "$store" || fail "no tmpfs"
# No page that has room left may help: this agent says much about itself.
much=$(printf 'a%04d:xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx;' {1..300})
cluster_master master.yaml --set "master.work_dir=$store"
dd if=/dev/zero of="$store/filler" bs=64k count=64 2>/dev/null
newcomer late --set "agent.attributes=${much%;}"
waits() {
	grep -q 'there is no room for the registry' "$dir/master.log"
}
begin=$(now_ms)
wait_until 30 waits || fail "the master does not say that its disk is full"
expect "the agent gets no answer meanwhile" eval '! is_registered late'
expect "the master lives" daemon_is_alive master
rm "$store/filler"
wait_until 30 is_registered late || fail "the agent is not admitted when there is room again"
echo "ok - disk of the registry full | agent waits, no answer; admitted when there is room |" \
	"$(($(now_ms) - begin)) ms"
daemon_stop master KILL
registry check >"$dir/out" || {
	cat "$dir/out"
	fail "the registry is damaged"
}
expect "the agent is in the registry" grep -q '^2 variables, 0 problems' "$dir/out"

# Restoring onto it: at whichever write the room ends, the registry that was there stands.
expect "it is backed up" registry backup "$dir/full.json"
registry dump >"$dir/before.json"
n_refused=0
for pages in 0 1 2 4 8 12; do
	dd if=/dev/zero of="$store/filler" bs=4k count=1024 2>/dev/null
	truncate -s "-$((pages * 4))k" "$store/filler"
	if ! registry restore "$dir/full.json" >"$dir/out" 2>&1; then
		n_refused=$((n_refused + 1))
		grep -qi 'no space left' "$dir/out" || fail "it says nothing of the room: $(cat "$dir/out")"
		[ ! -e "$store/registry.new" ] || fail "a half new registry is left"
		[ ! -e "$store/registry.old-1" ] || fail "the old registry is not in its place"
	fi
	rm "$store/filler"
	rm -rf "$store"/registry.old-*
	registry dump >"$dir/after.json" || fail "no registry is left with $pages pages of room"
	diff <(grep -v '"version"' "$dir/before.json") <(grep -v '"version"' "$dir/after.json") ||
		fail "another registry is left with $pages pages of room"
done
expect "a restore without room is refused" [ "$n_refused" -ge 2 ]
cluster_master master.yaml --set "master.work_dir=$store"
expect "a master serves with what was there" wait_until 20 serves_with 1
daemon_stop master

dd if=/dev/zero of="$store/filler" bs=64k count=64 2>/dev/null
rm -f "$dir/master.log"
begin=$(now_ms)
daemon_start full "$tepuid" -c "$conf/master.yaml" --set master.listen=tcp://127.0.0.1:0 \
	--set "master.work_dir=$store" --set master.registry_store_timeout=1s
daemon_reap full 60
expect "a disk that stays full ends the master" [ $? -eq 1 ]
expect "with a word about it" grep -qi 'no space left' "$dir/full.log"
echo "# it ended after $(($(now_ms) - begin)) ms"
