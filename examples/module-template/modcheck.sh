#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs tepui-modcheck over the modules of the build folder: descriptor, config table and all that
# the kind promises.
set -u
[ -n "${TEPUI_MODCHECK:-}" ] || {
	echo "tepui-modcheck was not found by configure: skipped"
	exit 77
}
failed=0
for module in ${MODULES:?}; do
	"$TEPUI_MODCHECK" "$PWD/.libs/${module%.la}.so" || failed=1
done
exit $failed
