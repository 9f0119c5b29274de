#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Proves that each lint check can fail: makes a small tree that passes, breaks one rule in it and
# expects the check to say where.
set -u
lint=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/tepui-lint.XXXXXX")
trap 'rm -rf "$work"' EXIT
failed=0

# A tree that breaks no rule, in $work/tree.
new_tree() {
	rm -rf "$work/tree" "$work/build"
	mkdir -p "$work"/tree/{include/tepui/kind,core/{base,codec,kernel,net,cluster,sdk},tools,tests} \
		"$work"/tree/modules/{toy-frob,toy-other} "$work/build"
	cd "$work/tree" || exit 1
	git init -q .
	cp "$lint/../../.clang-format" .
	local file
	for file in core/base/map core/kernel/loop core/net/net core/cluster/ids core/sdk/driver \
		modules/toy-frob/frob modules/toy-other/other tools/tool; do
		file_with "$file.c" '#include "tepui/map.h"' "" "int f(void);"
		file_with "$file.h"
	done
	file_with core/main.c '#include "tepui/map.h"'
	file_with include/tepui/map.h '#include <stddef.h>'
}

file_with() { # PATH LINE...: behind the licence, which is line 1
	local path=$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '%s\n' '/* SPDX-License-Identifier: Apache-2.0 */' "$@" >"$path"
}

lines() { # N TEXT
	local i
	for ((i = 0; i < $1; i++)); do echo "$2"; done
}

run() {
	(cd / && srcdir=$work/tree builddir=$work/build CC=${CC:-cc} NM=${NM:-nm} SAN_CFLAGS='' \
		"$lint/$1" "${@:2}" 2>&1)
}

passes() { # SCRIPT
	local out
	if out=$(run "$1"); then
		echo "ok - $1 passes a good tree"
	else
		echo "$out"
		echo "not ok - $1 passes a good tree"
		failed=1
	fi
}

finds() { # SCRIPT FILE:LINE WHAT
	local out status=0
	out=$(run "$1") || status=$?
	if [ $status -eq 1 ] && grep -qF "$2:" <<<"$out"; then
		echo "ok - $1 finds $3"
	else
		echo "$out"
		echo "not ok - $1 finds $3 at $2 (status $status)"
		failed=1
	fi
	new_tree
}

object() { # SOURCE OBJECT CFLAG...
	local source=$1 object=$2
	shift 2
	mkdir -p "$(dirname "$work/build/$object")"
	${CC:-cc} -c -fPIC "$@" -o "$work/build/$object" "$work/tree/$source"
}

new_tree
passes layers.py
file_with modules/toy-frob/frob.c '#include "modules/toy-other/other.h"'
finds layers.py modules/toy-frob/frob.c:2 "a module that includes another"
file_with modules/toy-frob/frob.c '#include "../toy-other/other.h"'
finds layers.py modules/toy-frob/frob.c:2 "a module that includes another by a relative path"
file_with modules/toy-frob/frob.c "" '#include "core/base/map.h"'
finds layers.py modules/toy-frob/frob.c:3 "a module that includes a header of core"
file_with modules/toy-frob/frob.c '#include <core/base/map.h>'
finds layers.py modules/toy-frob/frob.c:2 "the same with angle brackets"
file_with tools/tool.c '#include "core/net/net.h"'
finds layers.py tools/tool.c:2 "a tool that includes core without a reason"
file_with include/tepui/map.h '#include "core/base/map.h"'
finds layers.py include/tepui/map.h:2 "a public header that includes one of core"
file_with core/base/map.c '#include "core/kernel/loop.h"'
finds layers.py core/base/map.c:2 "an arrow that points up"
file_with core/kernel/loop.c '#include "core/net/net.h"'
finds layers.py core/kernel/loop.c:2 "a kernel that includes the net"
file_with include/tepui/net.h 'void tp_server_close(int i);'
file_with core/net/net.c 'void tp_server_close(int i)' '{' '}'
file_with core/kernel/loop.c '#include "tepui/net.h"'
finds layers.py core/kernel/loop.c:2 "a kernel that includes the public header of the net"
file_with core/net/net.c '#include "tepui/wire/offer.h"'
finds layers.py core/net/net.c:2 "a net that includes the domain"
file_with core/kernel/loop.c '#include "tepui/kind/allocator.h"'
finds layers.py core/kernel/loop.c:2 "a kernel that knows a kind"
file_with core/sdk/driver.c '#include "modules/toy-frob/frob.h"'
finds layers.py core/sdk/driver.c:2 "core that includes a module"
file_with core/base/map.c "/* frob may be said in a comment */" 'const char *s = "frob";'
finds layers.py core/base/map.c:3 "core that names a module"
mkdir -p modules/master
file_with modules/master/master.c
file_with core/kernel/loop.c 'int master_start(void);'
finds layers.py core/kernel/loop.c:2 "a kernel that names a daemon"
file_with core/net/net.c '#include <nng/nng.h>'
finds layers.py core/net/net.c:2 "nng outside its file"

passes limits.py
file_with core/base/map.c "$(lines 900 'int f(void);')"
finds limits.py core/base/map.c:901 "an oversized file"
file_with core/base/map.h "$(lines 200 'int f(void);')"
finds limits.py core/base/map.h:201 "an oversized header"
file_with core/base/map.c "int f(int i)" "{" "$(lines 98 '	i++;')" "	return i;" "}"
finds limits.py core/base/map.c:2 "an oversized function"
for i in {1..20}; do
	file_with "core/base/map$i.c" "int f(int i)" "{" "$(lines 50 '	i++;')" "	return i;" "}"
done
finds limits.py core/base/map1.c:2 "a tree of long functions"
file_with core/base/map.c "void f(int i)" "{" $'\t\t\t\t\t\tif (i)' $'\t\t\t\t\t\t\tf(0);' "}"
finds limits.py core/base/map.c:4 "deep nesting"
for i in {1..20}; do file_with "core/kernel/loop$i.c" "$(lines 799 'int f(void);')"; done
finds limits.py core/kernel/loop1.c:1 "a kernel that grew"
file_with core/main.c "$(lines 150 'int f(void);')"
finds limits.py core/main.c:151 "a main that grew"
file_with core/base/string_utils.c
finds limits.py core/base/string_utils.c:1 "a file named after nothing"
echo 'int f(void);' >core/base/map.c
finds limits.py core/base/map.c:1 "a file without its licence"

file_with core/base/map.c 'static const char *const names[] = { "a" };' \
	'const char *f(int i);' 'const char *f(int i)' '{' '	return names[i];' '}'
file_with core/base/log.c 'static int level;' 'int f(void);' 'int f(void) { return level++; }'
object core/base/map.c core/base/.libs/map.o
object core/base/log.c core/base/.libs/log.o
passes globals.py
file_with modules/toy-frob/frob.c "" 'static int count;' 'int f(void) { return count++; }'
object modules/toy-frob/frob.c modules/toy-frob/.libs/toy_frob_la-frob.o
finds globals.py modules/toy-frob/frob.c:3 "a mutable variable of a module"
file_with core/kernel/loop.c 'int f(void) {' 'static int calls = 1; return calls++; }'
object core/kernel/loop.c core/kernel/loop.o -g
finds globals.py core/kernel/loop.c:3 "a static variable in a function of core"
file_with core/kernel/loop.c 'static const char *s[] = { "a" };' \
	'const char **f(void) { return s; }'
object core/kernel/loop.c core/kernel/loop.o
finds globals.py core/kernel/loop.c:2 "a writable table of pointers"

passes headers.sh
file_with include/tepui/map.h 'size_t f(void);'
finds headers.sh include/tepui/map.h:1 "a header that does not compile alone"

# A small libtepui whose interface is kept; then HEADER-LINES change it.
abi_tree() {
	file_with include/tepui/module.h '#define TP_MODULE_ABI 1' \
		'struct tp_part { int a; };' 'struct tp_ops {' '	void (*run)(void *impl, long n);' \
		'	int last;' '};' 'struct tp_whole {' '	struct tp_part part;' '	int after;' '};' \
		'enum tp_kind {' '	TP_ONE,' '	TP_TWO,' '};' \
		'int tp_run(struct tp_ops *ops, int n);' 'int tp_other(void);'
	sed -i 's/struct tp_part {/struct tp_part {\n/' include/tepui/module.h
	mkdir -p tests/abi/v1 "$work/build/core/.libs"
	abi_library 'int tp_run(void *ops, int n) { return n; }' 'int tp_other(void) { return 0; }'
	run abi.py --write >/dev/null
}

abi_library() { # LINE...
	printf '%s\n' "$@" | ${CC:-cc} -w -shared -fPIC -x c - -o "$work/build/core/.libs/libtepui.so"
}

abi_change() { # SED
	abi_tree
	sed -i "$1" include/tepui/module.h
}

abi_grows() { # WHAT GREPPED
	local out
	if out=$(run abi.py) && grep -q "^grown.*$2" <<<"$out"; then
		echo "ok - abi.py lets $1 pass and says how to keep it"
	else
		echo "$out"
		echo "not ok - abi.py lets $1 pass"
		failed=1
	fi
	new_tree
}

abi_tree
run abi.py >/dev/null
if [ $? -ne 77 ]; then
	passes abi.py
	abi_change 's/int last;/&\n	int more;/'
	abi_grows "a member at the end" 'struct tp_ops'
	abi_change 's/TP_TWO,/&\n	TP_THREE,/'
	abi_grows "a new value of an enum" 'enum tp_kind'
	abi_change '$ a int tp_new(void);'
	abi_library 'int tp_run(void *ops, int n) { return n; }' 'int tp_other(void) { return 0; }' \
		'int tp_new(void) { return 0; }'
	abi_grows "a new function" 'tp_new'
	header=include/tepui/module.h
	abi_change 's/struct tp_ops {/&\n	int first;/'
	finds abi.py "$header:5: struct tp_ops" "a member at the beginning"
	abi_change 's/	int last;/	long last;/'
	finds abi.py "$header:5: struct tp_ops" "a member of another type"
	abi_change 's/long n/int n/'
	finds abi.py "$header:5: struct tp_ops" "an op with another argument"
	abi_change 's/	int last;/	unsigned last;\n	int more;/'
	finds abi.py "$header:5: struct tp_ops" "a member of another type beside one at the end"
	abi_change 's/	int last;//'
	finds abi.py "$header:5: struct tp_ops" "a member that is gone"
	abi_change 's/int a;/&\nint b;/'
	finds abi.py "$header:10: struct tp_whole" "a struct that grew inside another"
	abi_change 's/TP_ONE,/TP_ZERO,\n&/'
	finds abi.py "$header:13: enum tp_kind" "values of an enum that moved"
	abi_change 's/tp_run(struct tp_ops \*ops, int n)/tp_run(struct tp_ops *ops, long n)/'
	finds abi.py "$header:17: tp_run" "a function with another argument"
	abi_tree
	abi_library 'int tp_run(void *ops, int n) { return n; }'
	finds abi.py "$header:18: tp_other" "a symbol that libtepui.so does not have any more"
fi
new_tree

# A page with one row of the table and one config key.
# shellcheck disable=SC2016 # backquotes are text
failures_tree() {
	mkdir -p docs tests/system
	printf '%s\n' '### master' '| `ping` | duration | `1s` | Pings. |' >docs/OPERATIONS.md
	printf '%s\n' '# Failures' '`master.ping`' '`system/t.sh#dies`' >docs/FAILURES.md
	printf '%s\n' '# SPDX-License-Identifier: Apache-2.0' 'failures_init t' 'dies() {' '}' \
		'row "it dies" dies' >tests/system/t.sh
}
failures_tree
passes failures.sh
sed -i 's/t.sh/u.sh/' docs/FAILURES.md
finds failures.sh docs/FAILURES.md:3 "a test that there is not"
failures_tree
sed -i 's/dies/lives/' docs/FAILURES.md
finds failures.sh docs/FAILURES.md:3 "a name that its test does not have"
failures_tree
echo 'row "it lives" lives' >>tests/system/t.sh
finds failures.sh tests/system/t.sh:6 "a row that the page does not have"
failures_tree
sed -i 's/ping/pong/' docs/FAILURES.md
finds failures.sh docs/FAILURES.md:2 "a config key that there is not"

if run format.sh >/dev/null || [ $? -ne 77 ]; then
	passes format.sh
	file_with core/base/map.c 'int  f( void );'
	finds format.sh core/base/map.c:2 "a file that is not formatted"
fi
if command -v shellcheck >/dev/null; then
	# shellcheck disable=SC2016 # the point of it
	printf '#!/bin/sh\n# SPDX-License-Identifier: Apache-2.0\necho $1\n' >run
	finds shell.sh run:3 "a script that shellcheck refuses"
fi
exit $failed
