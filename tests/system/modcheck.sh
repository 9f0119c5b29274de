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
		echo "not ok - $what: status $got instead of $want"
		cat out
		failures=$((failures + 1))
	fi
}

# says TEXT: the last run said so.
says() {
	grep -qF -- "$1" out || {
		echo "not ok - does not say '$1':"
		cat out
		failures=$((failures + 1))
	}
}

for module in allocator-drf allocator-priority containerizer-native election-standalone isolator-posix \
	logger-sandbox registry-leveldb registry-memory sorter-drf sorter-random; do
	run 0 "$module holds" "$builddir/modules/$module/.libs/$module.so"
	grep '^skip' out
done

run 0 "allocator-drf holds with another module's sorters" \
	"$builddir/modules/allocator-drf/.libs/allocator-drf.so" \
	--with "$builddir/modules/sorter-random/.libs/sorter-random.so" \
	--config role_sorter=random --config framework_sorter=random
says "ok      allocator: everybody gets something"
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
