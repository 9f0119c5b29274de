#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, by itself, as C11 with all warnings, with nothing but the
# include folders that are installed.
set -u
: "${srcdir:=.}" "${builddir:=.}" "${CC:=cc}"

failed=0
n=0
for header in $(cd "$srcdir/include" && find tepui -name '*.h' | sort); do
	n=$((n + 1))
	# shellcheck disable=SC2086 # CC may carry options
	if ! printf '#include "%s"\n' "$header" | $CC -std=c11 -fsyntax-only -Wall -Wextra -Werror \
		-I "$srcdir/include" -I "$builddir/include" -x c -; then
		echo "include/$header:1: does not compile alone"
		failed=$((failed + 1))
	fi
done 2>&1
if [ "$failed" -ne 0 ]; then
	echo "not ok - public headers compile alone"
	exit 1
fi
echo "ok - all $n public headers compile alone"
