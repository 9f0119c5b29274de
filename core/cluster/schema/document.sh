#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/MESSAGES.md on stdout:	document.sh PROTOC PYTHON3
set -eu
schema=$(dirname "$0")
work=$(mktemp -d "${TMPDIR:-/tmp}/tepui-messages.XXXXXX")
trap 'rm -rf "$work"' EXIT
"$2" "$schema/gen.py" descriptor "$work/descriptor.pb"
(cd "$schema" && "$1" -I. --descriptor_set_in="$work/descriptor.pb" --include_imports \
	--include_source_info --descriptor_set_out="$work/schema.pb" ./*.proto tepui/*.proto)
"$2" "$schema/document.py" "$work/schema.pb"
