#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The format of .clang-format, as clang-format 14 reads it: other versions differ in details.
set -u
: "${srcdir:=.}"

format=$(command -v clang-format-14 || command -v clang-format)
case $("${format:-false}" --version 2>/dev/null) in
*'version 14.'*) ;;
*)
	echo "clang-format 14 is not here: apt-get install clang-format-14"
	exit 77
	;;
esac
cd "$srcdir" || exit 1
files=$(git -c safe.directory='*' ls-files --cached --others --exclude-standard \
	'*.c' '*.h' 2>/dev/null) || {
	echo "not a git checkout: the format is checked there only"
	exit 77
}
# A file that was deleted but is not yet committed is still listed.
files=$(for file in $files; do [ ! -f "$file" ] || echo "$file"; done)
# shellcheck disable=SC2086 # a list of names
if found=$("$format" --dry-run -Werror --style=file $files 2>&1); then
	echo "ok - the tree is formatted"
else
	echo "$found" | sed -n 's/: error: code should be.*/: run clang-format -i on it/p' |
		sort -u -t: -k1,1
	echo "not ok - the tree is formatted"
	exit 1
fi
