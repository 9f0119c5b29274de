#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Maintenance by the operator's tool, on real daemons: a framework is asked to leave and accepts, the
# machine goes down with its tasks, a master that is killed forgets nothing of it, and the machine
# comes back.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
# shellcheck source=tests/system/failures.sh
. "$srcdir/tests/system/failures.sh"
failures_init maintenance

maintenance() {
	"$tepui" maintenance "$@"
}

# refused TEXT COMMAND...
refused() {
	refused_text=$1
	shift
	if "$@" >"$dir/refused" 2>&1; then
		return 1
	fi
	grep -qF "$refused_text" "$dir/refused" || {
		cat "$dir/refused"
		return 1
	}
}

# status_is REGEX: a row of it.
status_is() {
	maintenance status | grep -Eq "^$1"
}

# The newest inverse offer of s1.
inverse_offer() {
	sed -n 's/^[0-9]* inverse-offer \([^ ]*\) .*/\1/p' "$dir/s1.out" | tail -n 1
}

schedule_of() {
	echo "{\"windows\": [{\"machine_ids\": [{\"hostname\": \"agent1\", \"ip\": \"127.0.0.1\"}],
		\"unavailability\": {\"start\": {\"nanoseconds\": $1},
			\"duration\": {\"nanoseconds\": 3600000000000}}}]}"
}

# A supervisor does not start it again.
agent_ends() {
	daemon_reap agent1 $HANG
}

machine_is_maintained() {
	master && agent agent1 && agent agent2
	scheduler s1 --partition-aware
	launch s1 agent1 t1
	launch s1 agent2 t2
	schedule_of 1895166732000000000 >"$dir/schedule"
	holds "nothing is planned" [ "$(maintenance schedule | wc -l)" -eq 1 ]

	hit_now
	holds "a schedule is set" maintenance schedule "$dir/schedule"
	holds "and shown" sh -c "'$tepui' maintenance schedule |
		grep -q '^agent1/127.0.0.1 .*2030-01-20T19:12:12Z *1h'"
	maintenance schedule --json >"$dir/shown" || fail "the schedule is not printed"
	holds "what is shown can be set" maintenance schedule - <"$dir/shown"
	await s1 1 'inverse-offer .* 1895166732000000000'
	observe "who runs something there is asked to leave" "$seen_ms"
	holds "once, and only there" [ "$(said s1 inverse-offer)" -eq 1 ]
	holds "nobody has answered" status_is 'agent1/127.0.0.1 +draining +- +- +-$'
	tell s1 accept-inverse "$(inverse_offer)"
	becomes "the answer is shown" status_is "agent1.* $(framework_id s1) +ACCEPT "

	# The next master knows the plan, and asks again.
	hit_now
	daemon_stop master KILL 2>/dev/null
	master
	await s1 1 'inverse-offer '
	observe "and by the next master again" "$seen_ms"
	tell s1 decline-inverse "$(inverse_offer)"
	becomes "the answer is shown" status_is 'agent1.* DECLINE '

	hit_now
	holds "the machine goes down" maintenance start agent1/127.0.0.1
	holds "its agent is removed" [ -z "$(agent_id agent1)" ]
	holds "the status says so" status_is 'agent1/127.0.0.1 +down '
	await s1 1 'update t1 TASK_GONE SOURCE_MASTER REASON_AGENT_REMOVED'
	holds "its agent ends" agent_ends
	becomes "the task ends with it" is_dead t1
	observe "down: $(since s1 | grep 'update t1' | cut -d' ' -f4-6), the agent ends"
	holds "it cannot leave the schedule" refused 'cannot be removed from the schedule' \
		sh -c "echo '{\"windows\": []}' | '$tepui' maintenance schedule -"

	# Nor does the next master let its agents in.
	daemon_stop master KILL 2>/dev/null
	master
	becomes "the other agent is back" agent_is agent2 active
	agent_start agent1
	holds "its agent is refused" agent_ends
	holds "and told why" grep -q 'Machine is DOWN' "$dir/agent1.log"
	observe "refused by the next master"

	holds "the machine comes back" maintenance stop agent1/127.0.0.1
	holds "nothing is planned any more" [ "$(maintenance schedule | wc -l)" -eq 1 ]
	agent agent1
	launch s1 agent1 t3
	observe "up again, it runs tasks"
	ends t2
	ends t3
	await s1 1 'update t2 TASK_FINISHED'
	await s1 1 'update t3 TASK_FINISHED'
}

mistakes_change_nothing() {
	master
	hit_now
	schedule_of 5 >"$dir/schedule"
	echo '{"window": []}' >"$dir/typo"
	echo '{"windows": [{"machine_ids": []}]}' >"$dir/incomplete"
	holds "a schedule is set" maintenance schedule "$dir/schedule"
	holds "a typo" refused "there are no \"windows\"" maintenance schedule "$dir/typo"
	holds "half a schedule" refused "Expecting 'unavailability' to be present" \
		maintenance schedule "$dir/incomplete"
	holds "no file" refused 'No such file' maintenance schedule "$dir/nothing"
	holds "no JSON" refused 'is not a schedule' maintenance schedule "$tepui"
	holds "another machine" refused 'is not part of a maintenance schedule' \
		maintenance start agent1
	holds "too early" refused 'is not in DOWN mode and cannot be brought up' \
		maintenance stop agent1/127.0.0.1
	holds "no address" refused 'is not an IP address' maintenance start agent1/here
	holds "no machine" refused 'which machines?' maintenance start
	holds "no verb" refused 'schedule, status, start or stop' maintenance
	holds "another verb" refused "not 'pause'" maintenance pause agent1
	holds "all is as before" status_is 'agent1/127.0.0.1 +draining '
	observe "each is refused with its reason"
}

row "maintenance of a machine, and kill -9 of its master" machine_is_maintained
row "mistakes in maintenance" mistakes_change_nothing
