#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tepui-modcheck over all modules of ours that it has a suite for, and over what it must refuse:
# a module that breaks its kind's promises, crashes, or is none.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
modcheck=$builddir/tools/tepui-modcheck
dir=$builddir/tests/system/modcheck.dir
failures=0
# A sanitizer would turn the crash of a module into an exit of its own.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}handle_segv=0"
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 1

# fails WHY: what the last run said is not right.
fails() {
	echo "not ok - $1:"
	cat out
	failures=$((failures + 1))
}

# run STATUS WHAT ARG...: its exit status; output in out.
run() {
	want=$1
	what=$2
	shift 2
	timeout 250 "$modcheck" "$@" >out 2>&1 </dev/null
	got=$?
	if [ "$got" -eq "$want" ]; then
		echo "ok - $what"
	else
		fails "$what: status $got instead of $want"
	fi
}

# says TEXT: the last run said so.
says() {
	grep -qF -- "$1" out || fails "does not say '$1'"
}

for module in allocator-drf allocator-priority containerizer-native election-standalone isolator-posix \
	logger-sandbox registry-leveldb registry-memory sorter-drf sorter-random; do
	run 0 "$module holds" "$builddir/modules/$module/.libs/$module.so"
	grep '^skip' out
	case $module in
	allocator-*) [ "$(grep -c '^skip' out)" -eq 1 ] || fails "$module: more than overlap is skipped" ;;
	esac
done

run 0 "allocator-drf holds with another module's sorters" \
	"$builddir/modules/allocator-drf/.libs/allocator-drf.so" \
	--with "$builddir/modules/sorter-random/.libs/sorter-random.so" \
	--config role_sorter=random --config framework_sorter=random
says "ok      allocator: everybody gets something"
run 0 "allocator-priority holds with another module's sorters" \
	"$builddir/modules/allocator-priority/.libs/allocator-priority.so" \
	--with "$builddir/modules/sorter-random/.libs/sorter-random.so" \
	--config role_sorter=random --config framework_sorter=random
run 1 "a sorter that nobody ships" "$builddir/modules/allocator-drf/.libs/allocator-drf.so" \
	--config role_sorter=mine
says "no sorter 'mine' among the modules of the manifest"

(umask 077 && echo 'modcheck secretsecret' >credentials)
run 0 "auth-crammd5 holds" "$builddir/modules/auth-crammd5/.libs/auth-crammd5.so" \
	--config "credentials=$dir/credentials" --config "credential=$dir/credentials"
says "ok      authenticator: lets in who proves it, once"
says "ok      authenticatee: leaves the end to who asks"
run 0 "auth-crammd5 without a credential holds as far as it goes" \
	"$builddir/modules/auth-crammd5/.libs/auth-crammd5.so" --config "credentials=$dir/credentials"
says "skip    authenticatee: answers start() once and later: it is not usable"

run 0 "estimator-fixed holds" "$builddir/modules/estimator-fixed/.libs/estimator-fixed.so" \
	--config "resources=cpus:2;mem:512"
says "ok      resource_estimator: lends of a busy agent what may be taken back"
run 2 "one that lends nothing" "$builddir/modules/estimator-fixed/.libs/estimator-fixed.so"
says "resources"
echo "9.00 9.00 9.00 9/999 9999" >loadavg
for threshold in 1 100; do
	run 0 "qos-load holds, its threshold $threshold" "$builddir/modules/qos-load/.libs/qos-load.so" \
		--config "load_threshold_5min=$threshold" --config "loadavg=$dir/loadavg"
	says "ok      qos_controller: ends only who is there"
done
run 0 "qos-load holds when nobody knows the load" "$builddir/modules/qos-load/.libs/qos-load.so" \
	--config load_threshold_5min=1 --config "loadavg=$dir/none"

run 0 "a module built with the headers of ABI 1" "$builddir/tests/abi/.libs/abi_v1.so"
says "ok      life: starts"
says "ok      hook: decorates what has labels"

toys=$builddir/tests/unit/modules/.libs
run 0 "a hook of everything" "$toys/toy_hook.so" --config resources=cpus:2
says "ok      hook: resources and attributes are valid"
run 1 "a hook whose resources are wrong" "$toys/toy_hook.so" --config resources=cpus:-2
says "FAILED  hook: resources and attributes are valid: agent_resources: "
run 0 "an allocator whose offers overlap, and which says so" \
	"$builddir/tests/sim/.libs/allocator_optimistic.so"
says "ok      allocator: where offers overlap, the first accept wins"

# An allocator that breaks one promise, and the case that finds it out.
run 0 "an allocator that keeps its promises" "$toys/toy_allocator.so"
while IFS=: read -r how case; do
	run 1 "an allocator: $how" "$toys/toy_allocator.so" --config "how=$how"
	says "FAILED  allocator: $case: "
done <<'TOYS'
nothing:offers by itself
another role:offers by itself
another agent:offers by itself
another framework:offers by itself
deaf run:offers when it is run
offers inside:offers when it is run
deaf request:offers when it is asked
twice:nothing is given twice
use is not looked at:what is in use is not offered
use of strangers:what is in use is not offered
deaf recover_resources:what comes back is offered again
serves the first:everybody gets something
serves the first:nobody waits for what others may not have
in parts:one call for each framework in a run
deaf pause:a pause holds offers
deaf resume:a pause holds offers
never silent:silent when it is stopped
filters are dropped:filters hold, and end
filters are short:filters hold, and end
filters last for ever:filters end by themselves
a month is the longest:filters last a year
a filter is for all frameworks:a filter is of one framework
a filter is for all roles:a filter is of one role
a filter is for all roles:a filter is of one agent
a filter is for all amounts:a filter lets more pass than was refused
no time is no refusal:a refusal without time does not spin
deaf revive:revive clears filters
all roles:revive of one role leaves the others
filters outlive activity:a deactivated framework loses its filters
deaf update_agent:new attributes end filters
removed ones are asleep:a removed agent takes its filters along
deaf remove_framework:a removed framework takes its filters along
a request revives:a request leaves filters
deaf suppress:suppress and revive
all suppressed:one role is suppressed, and revived
suppressed by events only:a role that comes suppressed
deaf update_framework:an update says which roles are suppressed
active from the start:a framework that comes inactive
first role:a role joins
deaf update_framework:a role leaves
deaf remove_framework:removed frameworks get nothing
deaf recover_resources:removed frameworks keep what runs
deaf activate_framework:deactivated ones get nothing
deaf deactivate_framework:deactivated ones get nothing
deaf activate_agent:deactivated ones get nothing
deaf deactivate_agent:deactivated ones get nothing
no new constraints:offer constraints hold
deaf update_agent:offer constraints follow an agent's attributes
deaf update_framework:a framework's minimum holds
deaf remove_agent:removed agents get nothing
agents are active:an agent that comes inactive
use is not looked at:use that comes before its framework
deaf update_agent:an agent grows
new agents have nothing in use:an agent shrinks below what is in use
hears one change:an agent shrinks and grows again
deaf update_whitelist:the whitelist holds
nobody is everybody:a whitelist of nobody
deaf update_domain:regions hold
deaf update_domain:the master's region changes
agents can everything:agents without MULTI_ROLE
agents can everything:agents without HIERARCHICAL_ROLE
can nothing:gpus are for who can use them
reservations are not looked at:reservations are kept
reservations are not looked at:reservations serve the roles below
can everything:refined reservations are for who knows them
can everything:revocable resources are for who wants them
can everything:shared resources are for who knows them
deaf update_agent:revocable resources change
deaf recover_resources:shared resources are not used up
deaf recover_resources:a framework reserves
deaf recover_resources:a framework unreserves
deaf update_allocation:an agent grows after an operation
deaf update_available:an operator reserves
a refusal that hurts:an operator asks for more than is free
another errno:an operator asks for more than is free
no reason:an operator asks for more than is free
no limits:limits are kept
no limits:limits hold for all below
no limits:limits count what is in use
quotas do not end:limits end
no guarantees:guarantees are held back for who is to come
quotas do not end:guarantees end
weights hurt:weights do no harm
waits for ever:a failover without quotas
waits for ever:a failover with quotas
waits for ever:a failover ends
counts twice:a failover counts an agent once
asks twice:holders are asked for an agent once
asks everybody:holders are asked for an agent once
asks for another time:holders are asked for an agent once
maintenance by events only:maintenance comes with an agent
a refusal is none:a refused inverse offer waits its time
deaf update_inverse_offer:a refused inverse offer waits its time
deaf revive:revive asks for an agent again
hears one change:another time asks again
maintenance does not end:maintenance is called off
deaf update_unavailability:inactive frameworks are not asked
deaf remove_framework:a removed framework's refusal is forgotten
use is not looked at:a replay gives nothing twice
agents are active:a replay goes on as the old one
deaf update_quota:quotas in a replay
explains one role:explains each role
forgets agents:explains each role
explaining revives:explaining changes nothing
all is well:explains each agent
no time left:explains each agent
explains any role:explains each agent
never paused:explains a pause
TOYS

run 1 "an allocator that gives everything twice" "$toys/toy_generous.so"
says "twice"
says "FAILED  config: Greed: a key is made of a-z, 0-9 and _"
says "FAILED  allocator: offers by itself: no offer within a minute"

# A module that breaks one promise at a time, and is found out.
gullible() {
	run 1 "$2" "$toys/toy_gullible.so" --config "how=$1"
	says "FAILED  $3"
}
run 0 "one that keeps its promises" "$toys/toy_gullible.so"
gullible believes "an authenticator that believes anything" \
	"authenticator: nonsense proves nothing: nonsense lets 'somebody' in"
gullible challenge "one whose challenge never changes" "authenticator: lets in who proves it, once"
gullible mute "one that refuses without a word" "authenticator: nonsense proves nothing: an error"
gullible at-once "one that answers from inside the call" \
	"authenticator: answers start() once and later: done() came from inside the call"
gullible after-finish "one that goes on after the end" \
	"authenticator: can be finished at any time: done() came after finish()"
gullible ends "an authenticatee that ends the exchange" "authenticatee: leaves the end to who asks"
gullible one-file "a logger with one file for all" "logger: keeps containers apart"
gullible inherited "a logger whose descriptors are inherited" "logger: gives two descriptors"
gullible impatient "a logger that does not wait" "logger: gives two descriptors"
gullible single "a logger with one descriptor" "logger: gives two descriptors"
gullible read-only "a logger that takes nothing" "logger: takes a megabyte on each"
gullible follows "a logger that follows links" "logger: is not led away by links in a sandbox"
gullible two-lead "an election of two leaders" "election: one leads at a time, then the next"
gullible remembers "an election that cannot forget" "election: who withdraws at once hears nothing"

# lender HOW WHAT FOUND: the same for those who lend and who take back.
lender() {
	run 1 "$2" "$toys/toy_lender.so" --config "how=$1"
	says "FAILED  $3"
}
run 0 "a lender that keeps its promises" "$toys/toy_lender.so"
run 0 "a controller that never has anything to say" "$toys/toy_lender.so" --config how=patient
idle="resource_estimator: lends of an idle agent what may be taken back:"
busy="resource_estimator: lends of a busy agent what may be taken back:"
lender gives-away "an estimator that gives away" "$idle 'cpus' is not marked as revocable"
lender owes "one that lends less than nothing" "$idle "
lender allots "one that chooses who gets it" "$idle 'cpus' has a role in allocation_info"
lender hasty "one that answers from inside the call" "$idle done() came from inside the call"
lender silent "one that is silent" "$idle no answer within a minute"
lender repeats "one that answers twice" "$idle done() came twice"
lender speechless "one that does not say why" "$idle an error (-5) without a text"
lender scribbles "one that changes what it reads" "$busy it changes what it is told of executors"
lender deaf "one that cannot forget" \
	"resource_estimator: forgets a question that is taken back: done() came after cancel()"
there="qos_controller: ends only who is there:"
lender pardons "a controller with corrections of its own" "$there a correction that is no KILL"
lender vague "one that names nobody" "$there a KILL that does not name framework and executor"
lender sees-ghosts "one that ends who is not there" "$there a KILL of 'ghost' of 'F', which is not there"
lender confused "one that mixes up containers" "$there a KILL of 'lent' names another one's container"
lender qos-hasty "one that answers from inside the call" \
	"qos_controller: ends nobody on an idle agent: done() came from inside the call"
lender qos-repeats "one that answers twice" "qos_controller: ends nobody on an idle agent: done() came twice"
lender qos-speechless "one that does not say why" \
	"qos_controller: ends nobody on an idle agent: an error (-5) without a text"
lender qos-deaf "one that cannot forget" \
	"qos_controller: forgets a question that is taken back: done() came after cancel()"

run 1 "one that crashes" "$toys/toy_generous.so" --config crash=true
says "FAILED  it ended the process: Segmentation fault"
run 2 "a wrong value" "$toys/toy_hook.so" --config resourcess=1
says "did you mean 'resources'?"
run 2 "another ABI" "$toys/toy_abi.so"
says "module ABI 3"
run 2 "no module" "$toys/toy_nosymbol.so"
run 2 "no file" "$dir/none.so"
run 2 "no arguments"
says "usage:"
run 0 "--help" --help

cd "$builddir" || exit 1
[ "$failures" -eq 0 ] || exit 1
rm -rf "$dir"
