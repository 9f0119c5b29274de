#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# docs/FAILURES.md names tests and config keys that there are, and every row of the failure table.
# shellcheck disable=SC2013,SC2016 # words are wanted, and backquotes are text
set -u
cd "${srcdir:-.}" || exit 1
doc=docs/FAILURES.md
failed=0

# complain FILE TEXT WHAT: at the first line of FILE that has TEXT.
complain() {
	echo "$1:$(grep -nF "$2" "$1" | head -n 1 | cut -d: -f1): $3"
	failed=1
}

# `file#name` below tests: the file has that name as a word.
for reference in $(grep -o '`[a-z]*/[a-z_-]*\.[a-z]*#[a-z_]*`' $doc | tr -d '`' | sort -u); do
	file=tests/${reference%#*}
	if [ ! -e "$file" ]; then
		complain $doc "$reference" "there is no $file"
	elif ! grep -qw "${reference#*#}" "$file"; then
		complain $doc "$reference" "$file has no ${reference#*#}"
	fi
done

# Every row "..." function of a test that prints rows.
for file in $(grep -l '^failures_init ' tests/system/*.sh); do
	for function in $(sed -n 's/^row ".*" \([a-z_]*\)$/\1/p' "$file"); do
		grep -qF "\`system/${file##*/}#$function\`" $doc ||
			complain "$file" "\" $function" "this row is not in $doc"
	done
done

# `master.key` and `agent.key`: rows in that daemon's table.
for key in $(grep -oE '`(master|agent)\.[a-z_]+`' $doc | tr -d '`' | sort -u); do
	sed -n "/^### ${key%.*}\$/,/^### /p" docs/OPERATIONS.md | grep -q "^| \`${key#*.}\` " ||
		complain $doc "$key" "there is no such config key"
done

if [ $failed -eq 0 ]; then
	echo "ok - docs/FAILURES.md names what there is"
else
	echo "not ok - docs/FAILURES.md names what there is"
	exit 1
fi
