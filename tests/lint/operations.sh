#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The keys in docs/OPERATIONS.md are those of the modules. With --write: makes them so.
set -u
srcdir=${srcdir:?} builddir=${builddir:?}
doc="$srcdir/docs/OPERATIONS.md"
want="$builddir/tests/lint/operations.tmp"

sed "/What follows is generated/q" "$doc" >"$want" &&
	LC_ALL=C "$builddir/tests/lint/config_keys" "$builddir"/stage-modules/*.so >>"$want" || exit 1
if [ "${1-}" = --write ]; then
	cp "$want" "$doc"
elif cmp -s "$want" "$doc"; then
	echo "ok - docs/OPERATIONS.md has the keys of the modules"
else
	diff -u "$doc" "$want" | head -20
	echo "not ok - docs/OPERATIONS.md: run tests/lint/operations.sh --write"
	rm -f "$want"
	exit 1
fi
rm -f "$want"
