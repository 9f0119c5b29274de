#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The program tepuid with the toy modules: its options, what it prints, its exit statuses and
# its signals.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"

tepuid="$builddir/core/tepuid"
toys="$builddir/tests/unit/modules/.libs"
dir="$builddir/tests/system/tepuid.dir"
failures=0
daemons_init "$dir"
cd "$dir" || exit 1

cat >good.yaml <<'END'
log: { level: info, format: json }
modules:
  - module: toy_caller
  - module: toy_greeter
    as: greeter
    config: { text: hi }
END
cat >bad.yaml <<'END'
modules:
  - module: toy_caller
    as: caller
  - module: toy_greeter
    config: { delay: 1x, txt: a }
  - module: toy_abi
  - module: toy_greter
END

# check WHAT WANTED GOT
check() {
	if [ "$2" = "$3" ]; then
		echo "ok: $1"
	else
		printf 'FAILED: %s\n--- wanted\n%s\n--- got\n%s\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

# run STATUS WHAT ARG...: runs to the end with output in out and err.
run() {
	want=$1
	what=$2
	shift 2
	timeout 30 "$tepuid" --module-dir "$toys" "$@" >out 2>err </dev/null
	check "$what: exit status" "$want" $?
}

run 0 "--check of a good manifest" -c good.yaml --check
check "--check prints nothing" "" "$(cat out err)"

run 2 "--check of a bad manifest" -c bad.yaml --check
check "all issues are printed" "bad.yaml:5:22: toy_greeter: delay: '1x' is not a duration \
(like 500ms, 2s, 10mins, 1.5h)
bad.yaml:5:26: toy_greeter: unknown key 'txt', did you mean 'text'?
bad.yaml:6:13: toy_abi: toy_abi.so: module ABI 3, this tepuid speaks 1
bad.yaml:7:13: toy_greter: no module 'toy_greter' in $toys, $TEPUI_MODULE_DIR, \
did you mean 'toy_greeter'?" "$(cat err)"
check "issues go to stderr only" "" "$(cat out)"

cat >five.yaml <<'END'
log: { level: loud }
modules:
  - module: toy_caller
    as: caller
    confg: {}
  - module: toy_greeter
    config: { delay: 1x, text: "${TEPUI_NOT_THERE}" }
  - module: toy_greter
END
run 2 "five mistakes" -c five.yaml
check "five mistakes are five errors with their places" \
	"five.yaml:7:32: \${TEPUI_NOT_THERE}: the environment has no 'TEPUI_NOT_THERE': set it, \
or write \${TEPUI_NOT_THERE:-default}
five.yaml:1:15: 'loud' is not a log level (debug, info, warning or error)
five.yaml:5:5: unknown key 'confg' of a module, did you mean 'config'?
five.yaml:7:22: toy_greeter: delay: '1x' is not a duration (like 500ms, 2s, 10mins, 1.5h)
five.yaml:8:13: toy_greter: no module 'toy_greter' in $toys, $TEPUI_MODULE_DIR, \
did you mean 'toy_greeter'?" "$(cat err)"

run 2 "values out of range" -c "$srcdir/conf/local.yaml" --check \
	--set master.agent_ping_timeout=0s --set agent.gc_disk_headroom=3 \
	--set master.offer_constraints_re2_max_program_size=1001 --set master.weights=a=2,b=0
check "two modules name their ranges" \
	"--set master.agent_ping_timeout=0s: master: agent_ping_timeout: must be from 1s to 15mins
--set master.offer_constraints_re2_max_program_size=1001: master: \
offer_constraints_re2_max_program_size: must be from 1 to 1000
--set master.weights=a=2,b=0: master: weights: the weight in 'b=0' must be a number above 0
--set agent.gc_disk_headroom=3: agent: gc_disk_headroom: must be from 0 to 1" "$(cat err)"

mkdir -p dropped.yaml.d
cp good.yaml dropped.yaml
cat >dropped.yaml.d/20.yaml <<'END'
modules: [{ as: greeter, config: { text: "${TEPUI_TEXT}" } }]
END
echo 'modules: [{ as: greeter, config: { text: never, fail: true } }]' >dropped.yaml.d/10.yaml
TEPUI_TEXT=hidden run 1 "a drop-in that makes it fail" -c dropped.yaml
rm dropped.yaml.d/10.yaml
echo 'modules: [{ module: toy_none, if: exists }, { as: greeter, config: { exit: 7 } }]' \
	>dropped.yaml.d/30.yaml
TEPUI_TEXT=hidden run 7 "drop-ins add and change" -c dropped.yaml
check "what is not there is left out" 1 "$(grep -c 'left out: there is no such module' err)"
echo 'modules: [{ as: greeter, config: { dely: 1s } }]' >dropped.yaml.d/40.yaml
TEPUI_TEXT=hidden run 2 "a bad drop-in" -c dropped.yaml
check "a bad drop-in is named" "dropped.yaml.d/40.yaml:1:36: greeter: unknown key 'dely', \
did you mean 'delay'?" "$(cat err)"

run 2 "a bad manifest without --check" -c bad.yaml
run 2 "a missing manifest" -c none.yaml
check "a missing manifest is named" \
	"none.yaml: cannot read the manifest: No such file or directory" "$(cat err)"
run 2 "a bad setting" -c good.yaml --set greeter.dela=1s --check
check "a bad setting is named" "--set greeter.dela=1s: greeter: unknown key 'dela', \
did you mean 'delay'?" "$(cat err)"

run 0 "--graph" -c good.yaml --graph
check "the graph of the toys" "greeter: toy_greeter 1.2, $toys/toy_greeter.so
	provides greeter ABI 1
toy_caller: toy_caller 1.0, $toys/toy_caller.so
	requires greeter ABI 1 <- greeter" "$(grep -A 9 '^greeter:' out)"

run 0 "--version" --version
check "--version says which" "tepuid" "$(head -n 1 out | cut -d ' ' -f 1)"
run 0 "--help" --help
check "--help names its options" 1 "$(grep -c -- '--ready-file' out)"
run 2 "no manifest" --check
check "no manifest is explained" "tepuid: no manifest: give one with -c FILE
Try 'tepuid --help'." "$(cat err)"
run 2 "an unknown option" --nonsense
run 2 "an argument" -c good.yaml more
run 2 "a wrong log level" -c good.yaml --log-level loud
run 2 "a wrong log format" -c good.yaml --log-format xml

run 1 "a module that fails to start" -c good.yaml --set greeter.fail=true --log-format text
check "the failure names instance and place" \
	'error="good.yaml:4:13: greeter: start: was told to fail"' \
	"$(sed -n 's/.*\(error=.*\)/\1/p' err)"
run 7 "a module that ends the process" -c good.yaml --set greeter.exit=7

for signal in TERM INT; do
	daemon_start "good-$signal" "$tepuid" --module-dir "$toys" -c good.yaml
	daemon_wait "good-$signal" 20 || failures=$((failures + 1))
	check "the ready file" "tepuid.pid=$(daemon_pid "good-$signal")
greeter.text=hi
toy_caller.heard=hi" "$(daemon_ready "good-$signal" | grep -v '^tepuid.admin=')"
	daemon_stop "good-$signal" $signal
	check "SIG$signal ends it in order" 0 $?
done
check "the log is JSON" '"message":"running"' \
	"$(grep -o '"message":"running"' good-TERM.log)"

has_begun_to_stop() {
	grep -q stopping linger.log
}
daemon_start linger "$tepuid" --module-dir "$toys" -c good.yaml --set greeter.linger=true
daemon_wait linger 20 || failures=$((failures + 1))
kill -s TERM "$(daemon_pid linger)"
wait_until 20 has_begun_to_stop || failures=$((failures + 1))
daemon_stop linger TERM
check "a second signal ends it at once" 143 $?

has_logged() {
	grep -q "$1" reload.log
}
cp good.yaml reload.yaml
daemon_start reload "$tepuid" --module-dir "$toys" -c reload.yaml --log-format text
daemon_wait reload 20 || failures=$((failures + 1))
sed -i 's/text: hi/txt: hi, delay: 1x/' reload.yaml
kill -s HUP "$(daemon_pid reload)"
wait_until 20 has_logged 'cannot reload, going on as before' || failures=$((failures + 1))
check "a broken manifest is named with its places" 2 \
	"$(grep -c 'wrong in the manifest what="reload.yaml:6:' reload.log)"
sed -i 's/txt: hi, delay: 1x/text: hello/' reload.yaml
kill -s HUP "$(daemon_pid reload)"
wait_until 20 has_logged 'tepuid: reloaded' || failures=$((failures + 1))
check "what cannot change needs a restart" 1 \
	"$(grep -c 'needs a restart what=greeter.text' reload.log)"
daemon_stop reload TERM
check "and it goes on after that" 0 $?

# A tree that belongs to somebody else: its own program trusts it, for he could replace that as well.
if [ "$(id -u)" -eq 0 ]; then
	mkdir -p tree/modules
	cp "$builddir/core/.libs/tepuid" tree/
	cp "$toys"/toy_caller.so "$toys"/toy_greeter.so tree/modules/
	chown 54321 tree
	LD_LIBRARY_PATH=$builddir/core/.libs tree/tepuid -c good.yaml --check \
		--module-dir "$dir/tree/modules" 2>err
	check "root runs what is in somebody's tree" 0 $?
	"$tepuid" -c good.yaml --check --module-dir "$dir/tree/modules" 2>err
	check "and loads nothing from there into another program" 2 $?
	grep -q 'tree belongs to user 54321' err
	check "and says why" 0 $?
fi

[ "$failures" -eq 0 ] || exit 1
cd "$builddir" && rm -rf "$dir"
