#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Whose turn it is says the manifest, for roles and for frameworks: a master with a sorter that its
# allocator does not bring along.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
# shellcheck source=tests/system/daemons.sh
. "$srcdir/tests/system/daemons.sh"
# shellcheck source=tests/system/cluster.sh
. "$srcdir/tests/system/cluster.sh"
cluster_init sorters

# manifest ALLOCATOR SORTER: a master whose allocator has it on both levels.
manifest() {
	sed "s/^  - module: allocator-drf/  - module: sorter-random\n  - module: $1/
		s/^    as: allocator/&\n    config: { role_sorter: $2, framework_sorter: $2 }/" \
		"$srcdir/conf/master.yaml" >"$dir/$1-$2.yaml"
}
# says PATTERN COMMAND...: what it prints or complains of has the pattern.
says() {
	what=$1
	shift
	"$@" >"$dir/out" 2>&1
	grep -qe "$what" "$dir/out" || {
		cat "$dir/out"
		return 1
	}
}
framework_id() {
	"$tepui" frameworks 2>/dev/null | grep " ops .* active " | cut -d ' ' -f 1
}
is_known() {
	[ -n "$(framework_id)" ]
}

for allocator in allocator-drf allocator-priority; do
	manifest "$allocator" random
	manifest "$allocator" mine
	expect "$allocator: a sorter that nobody ships is refused" \
		says "role_sorter: no sorter 'mine' among the modules of the manifest, which have 'random'" \
		timeout 20 "$tepuid" -c "$dir/$allocator-mine.yaml" \
		--set master.listen=tcp://127.0.0.1:0 --set "master.work_dir=$dir/mine"
done

conf=$dir
cluster_master allocator-priority-random.yaml
conf=$srcdir/conf
cluster_agent a1 'cpus:2;mem:512'
expect "a task runs" timeout 60 "$tepui" execute --quiet --role eng -- true
"$tepui" execute --quiet --role ops -r 'cpus:8;mem:64' -- true >"$dir/ops.out" 2>&1 &
daemon_adopt ops $!
expect "a framework waits" wait_until 30 is_known
id=$(framework_id)
expect "it has a turn" says ', turn [12] of [12] roles$' \
	"$tepui" explain offers --framework "$id"
expect "another allocator takes over" "$tepui" module swap allocator allocator-drf \
	--socket "$(daemon_value master tepuid.admin)"
expect "a task runs with it" timeout 60 "$tepui" execute --quiet --role eng -- true
