#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sums up the results that automake's test harness left in a build folder.

usage: summary.py BUILD-DIR [LOG-LINES]

Prints the reason of every skip and the end of the log of every failure, then one line
"P passed, F failed, S skipped". A test program counts as the cases it reports: those of a
`check` program, or the "ok" and "not ok" lines of a TAP script; anything else counts once.
"""
import pathlib
import re
import sys

CHECK = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)$", re.M)
TAP = re.compile(r"^(ok|not ok)\b(.*)$", re.M)


def count(log, result):
    """(passed, failed, skipped) of one test's log."""
    if result == "SKIP":
        return 0, 0, 1
    passed = failed = skipped = 0
    for checks, failures, errors in CHECK.findall(log):
        bad = int(failures) + int(errors)
        passed += int(checks) - bad
        failed += bad
    for verdict, rest in TAP.findall(log):
        if "# SKIP" in rest:
            skipped += 1
        elif verdict == "ok":
            passed += 1
        else:
            failed += 1
    # What the harness says counts: a crash after good cases is a failure all the same.
    if result in ("PASS", "XFAIL"):
        return max(passed, 1 - skipped), failed, skipped
    return passed, max(failed, 1), skipped


def main():
    build = pathlib.Path(sys.argv[1])
    lines = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    total = [0, 0, 0]
    for trs in sorted(build.rglob("*.trs")):
        log = trs.with_suffix(".log")
        text = log.read_text(errors="replace").strip() if log.exists() else ""
        name = trs.relative_to(build).with_suffix("")
        result = re.search(r"^:test-result: (\w+)", trs.read_text(), re.M)
        result = result.group(1) if result else "ERROR"
        counts = count(text, result)
        total = [a + b for a, b in zip(total, counts)]
        if counts[1]:
            print(f"--- {result}: {name}")
            print("\n".join(text.splitlines()[-lines:]))
        elif result == "SKIP":
            # The harness adds "SKIP name (exit status: 77)" behind what the test said.
            said = [s for s in text.splitlines() if not s.startswith("SKIP ")]
            reason = said[-1] if said else "no reason given"
            print(f"skipped: {name}: {reason}")
    print("%d passed, %d failed, %d skipped" % tuple(total))
    return 1 if total[1] else 0


if __name__ == "__main__":
    sys.exit(main())
