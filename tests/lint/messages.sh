#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/MESSAGES.md is what the schema says.
set -u
protoc=$(command -v protoc) || {
	echo "skipped: protoc is not installed"
	exit 77
}
"${srcdir:?}/core/cluster/schema/document.sh" "$protoc" "${PYTHON3:-/usr/bin/python3}" \
	>"${builddir:?}/messages.tmp" || exit 1
diff -u "$srcdir/docs/MESSAGES.md" "$builddir/messages.tmp" | head -n 20
if cmp -s "$srcdir/docs/MESSAGES.md" "$builddir/messages.tmp"; then
	rm -f "$builddir/messages.tmp"
	echo "ok - docs/MESSAGES.md is current"
else
	rm -f "$builddir/messages.tmp"
	echo "not ok - docs/MESSAGES.md is stale: run make messages"
	exit 1
fi
