#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tables in docs/TASKS.md are those that master and agent act by. With --write: makes them so.
set -u
srcdir=${srcdir:?} builddir=${builddir:?}
doc="$srcdir/docs/TASKS.md"
want="$builddir/tests/lint/tasks.tmp"

sed "/What follows is generated/q" "$doc" >"$want" &&
	"$builddir/tests/lint/task_life" >>"$want" || exit 1
if [ "${1-}" = --write ]; then
	cp "$want" "$doc"
elif cmp -s "$want" "$doc"; then
	echo "ok - docs/TASKS.md has the transitions of master and agent"
else
	diff -u "$doc" "$want" | head -20
	echo "not ok - docs/TASKS.md: run tests/lint/tasks.sh --write"
	rm -f "$want"
	exit 1
fi
rm -f "$want"
