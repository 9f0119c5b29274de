#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A task of the failure tests: task.sh DIR ID. Says in DIR/starts which process it is, counts in
# its output, and ends when DIR/end or DIR/end.ID is there, with the status that the latter holds.
dir=$1 id=$2 n=0
read -r stat </proc/$$/stat
# shellcheck disable=SC2086 # fields
set -- $stat
echo "$id $$ ${22}" >>"$dir/starts"
until [ -e "$dir/end" ] || [ -e "$dir/end.$id" ]; do
	n=$((n + 1))
	echo "$id $n"
	sleep 0.2
done
echo "$id done"
exit "$(cat "$dir/end.$id" 2>/dev/null || echo 0)"
