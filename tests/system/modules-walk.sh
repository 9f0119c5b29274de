#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A newcomer's walk through docs/MODULES.md: its blocks are taken out of the page and run in their
# order, against a fresh installation, as somebody who has the page and nothing else.
set -u
# The two folders come from the environment of `make check`.
srcdir=${srcdir:?} builddir=${builddir:?}
for tool in autoreconf automake libtoolize pkg-config python3; do
	command -v "$tool" >/dev/null || {
		echo "skipped: there is no $tool here"
		exit 77
	}
done
[ -z "${SAN_CFLAGS:-}" ] || {
	echo "skipped: a sanitized libtepui does not link into plain modules"
	exit 77
}
dir=$builddir/tests/system/modules-walk.dir
rm -rf "$dir"
mkdir -p "$dir" && cd "$dir" || exit 1

# The daemon of the walk, should the walk end before it ends it.
end() {
	[ -s my-modules/tepuid.pid ] && kill "$(cat my-modules/tepuid.pid)" 2>/dev/null
}
trap end EXIT
trap 'exit 143' TERM INT HUP

# An installation that was moved: the environment says where its parts are.
if ! make -s -C "$builddir" MAKEFLAGS= install DESTDIR="$dir/stage" >install.log 2>&1; then
	echo "not ok - make install"
	tail -n 30 install.log
	exit 1
fi
pc=$(find "$dir/stage" -name tepui.pc)
TEPUI=${pc%/lib/pkgconfig/tepui.pc}
TEPUI_SRC=$dir/src
mkdir -p src && cp -r "$srcdir/examples" src/ && chmod -R u+w src # distcheck's sources are read-only
LD_LIBRARY_PATH=$TEPUI/lib
TEPUI_MODULE_DIR=$TEPUI/lib/tepui/modules
TEPUI_LIBEXEC_DIR=$TEPUI/libexec/tepui
PKG_CONFIG='pkg-config --define-prefix'
PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export TEPUI TEPUI_SRC LD_LIBRARY_PATH TEPUI_MODULE_DIR TEPUI_LIBEXEC_DIR PKG_CONFIG PORT
unset CFLAGS CPPFLAGS LDFLAGS MAKEFLAGS

# A block with a language and a name is a file; one of sh is run.
awk '
	/^```/ && inside { if (file) print "END_OF_FILE"; inside = 0; next }
	/^```/ {
		inside = 1
		file = $2
		shown = ($1 == "```sh")
		if (file) print "cat >" file " <<\"END_OF_FILE\""
		next
	}
	inside && (shown || file)
' "$srcdir/docs/MODULES.md" >walk.sh
grep -q 'tepui-modcheck' walk.sh || {
	echo "not ok - no blocks were found in MODULES.md"
	exit 1
}
if PATH="$TEPUI/bin:$PATH" timeout 240 sh -eux walk.sh >walk.log 2>&1; then
	echo "ok - the walk ends with a module of one's own in a cluster"
else
	echo "not ok - the walk stops here:"
	tail -n 40 walk.log
	[ -s my-modules/tepuid.log ] && tail -n 20 my-modules/tepuid.log
	exit 1
fi
for line in 'all holds' 'ok      hook: decorates what has labels' 'allocator: allocator-turns 1.0'; do
	grep -qF "$line" walk.log my-modules/*.log || {
		echo "not ok - it never says '$line'"
		exit 1
	}
done
cd "$builddir" && rm -rf "$dir"
