# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=sh
# Sourced by system tests after daemons.sh: a cluster of the build tree's programs, and the words
# in which tests are written.
#
#	cluster_init NAME
#	cluster_master master.yaml && cluster_agent agent1 'cpus:4;mem:4096'
#	expect "what should hold" COMMAND...

# cluster_init NAME: work folder NAME.dir beside the test's log.
# shellcheck disable=SC2034,SC2154 # used by tests; builddir and srcdir come from `make check`
cluster_init() {
	dir=$builddir/tests/system/$1.dir
	daemons_init "$dir"
	tepuid=$builddir/core/tepuid
	tepui=$builddir/tools/tepui/tepui
	run_tasks=$builddir/examples/run-tasks
	conf=$srcdir/conf
	master_port=0
}

# cluster_master MANIFEST [OPTION...]: the second time at the same address.
cluster_master() {
	master_manifest=$1
	shift
	daemon_start master "$tepuid" -c "$conf/$master_manifest" \
		--set "master.listen=tcp://127.0.0.1:$master_port" \
		--set "master.work_dir=$dir/master" "$@"
	daemon_wait master 20 || exit 1
	TEPUI_MASTER=$(daemon_value master master.listen)
	export TEPUI_MASTER
	master_port=${TEPUI_MASTER##*:}
}

# cluster_agent NAME RESOURCES [OPTION...]
cluster_agent() {
	agent_name=$1
	agent_resources=$2
	shift 2
	daemon_start "$agent_name" "$tepuid" -c "$conf/agent.yaml" \
		--set "agent.master=$TEPUI_MASTER" --set agent.listen=tcp://127.0.0.1:0 \
		--set "agent.work_dir=$dir/$agent_name" --set "agent.hostname=$agent_name" \
		--set "agent.resources=$agent_resources;disk:0;ports:[]" "$@"
	daemon_wait "$agent_name" 20 || exit 1
	wait_until 20 agent_is_active "$agent_name" || fail "$agent_name does not register"
}

# stranger_programs FOLDER: FOLDER/tepui is one that every user can run, wherever the build tree is.
stranger_programs() {
	mkdir "$1/bin"
	cp "$builddir/tools/tepui/.libs/tepui" "$builddir/core/.libs/libtepui.so.0" "$1/bin/"
	printf '#!/bin/sh\nLD_LIBRARY_PATH=%s exec %s/tepui "$@"\n' "$1/bin" "$1/bin" >"$1/tepui"
	chmod -R a+rX "$1/bin"
	chmod 0755 "$1/tepui" "$1/bin/tepui"
}

agent_is_active() {
	"$tepui" agents 2>/dev/null | grep -q " $1 .* active "
}

# tasks_are NAME STATE N: so many tasks of that framework name are in that state.
tasks_are() {
	[ "$("$tepui" tasks --all 2>/dev/null | grep -c "^$1-[0-9].* $2 ")" -eq "$3" ]
}

process_is_gone() {
	case $(cat "/proc/$1/stat" 2>/dev/null) in
	'' | *') Z '*) return 0 ;;
	esac
	return 1
}

# job_wait PID SECONDS: the exit status of a job of this shell.
job_wait() {
	wait_until "$2" process_is_gone "$1" || {
		kill "$1"
		fail "job $1 did not end within $2 s"
	}
	wait "$1"
}

expect() {
	expected=$1
	shift
	if "$@"; then
		echo "ok - $expected"
	else
		fail "$expected"
	fi
}

fail() {
	echo "not ok - $*"
	for log in "$dir"/*.log; do
		echo "--- the end of $log"
		tail -n 15 "$log"
	done
	exit 1
}

now_ms() {
	date +%s%3N
}
