#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All shell scripts of the tree pass shellcheck.
set -u
: "${srcdir:=.}"

if ! command -v shellcheck >/dev/null; then
	echo "shellcheck is not here: apt-get install shellcheck"
	exit 77
fi
cd "$srcdir" || exit 1
scripts=$(git -c safe.directory='*' grep --untracked -lE \
	-e '^#!/bin/(ba)?sh' -e '^# shellcheck shell=' 2>/dev/null) || {
	echo "not a git checkout: scripts are checked there only"
	exit 77
}
# shellcheck disable=SC2086 # a list of names
if shellcheck -x -P "$PWD" -f gcc $scripts; then
	echo "ok - shellcheck finds nothing"
else
	echo "not ok - shellcheck finds nothing"
	exit 1
fi
