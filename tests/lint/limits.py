#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds files and functions to their sizes (docs/ARCHITECTURE.md). There are no exceptions."""
import json
import os
import re
import shutil
import subprocess
import sys

import tree

FILE_WARN, FILE_FAIL, HEADER_FAIL = 600, 900, 200
FUNCTION_FAIL, FUNCTION_P90 = 100, 45
NESTING_WARN, NESTING_FAIL = 3, 5
KERNEL_MAX, MAIN_MAX = 11000, 150
KERNEL = ("core/base/", "core/kernel/", "core/net/")

DUMPS = re.compile(r"^(utils?|common|misc|helpers?)([-_].*)?\.[ch]$|[-_](utils?|common|misc)\.[ch]$")
# The formatter puts a statement's keyword at its own depth, one tab for each level.
STATEMENT = re.compile(r"^(\t+)(?:\} *else *)?(?:if|for|while|do|switch|tp_\w+_foreach)\b")
COMMENTED = {".c", ".h", ".sh", ".py", ".mk", ".ac", ".am", ".m4", ".in", ".proto", ".yaml",
             ".js", ".css", ".html"}


def lines_of(path):
    return tree.read(path).count("\n")


def file_sizes(paths):
    found = []
    for path in paths:
        n = lines_of(path)
        limit = HEADER_FAIL if path.suffix == ".h" else FILE_FAIL
        if n > limit:
            found.append((path, limit + 1, f"{n} lines, {limit} is the limit: split it by its nouns"))
        elif path.suffix == ".c" and n > FILE_WARN:
            print(f"warning: {path}:{FILE_WARN + 1}: {n} lines, {FILE_WARN} should be enough")
    return found


def functions(paths):
    """(path, line, name, lines) of each function."""
    ctags = os.environ.get("CTAGS") or shutil.which("ctags-universal") or "ctags"
    out = subprocess.run(
        [ctags, "--languages=C", "--langmap=C:.c.h", "--kinds-C=f", "--fields=+ne",
         "--output-format=json", "-f", "-", "-L", "-"], cwd=tree.ROOT, check=True,
        input="\n".join(map(str, paths)), capture_output=True, text=True).stdout
    for row in map(json.loads, out.splitlines()):
        if "end" in row:
            yield row["path"], row["line"], row["name"], row["end"] - row["line"] + 1


def function_sizes(paths):
    rows = list(functions(paths))
    found = [(path, line, f"{name}() has {n} lines, {FUNCTION_FAIL} is the limit")
             for path, line, name, n in rows if n > FUNCTION_FAIL]
    if rows:
        sizes = sorted(n for _, _, _, n in rows)
        p90 = sizes[int(len(sizes) * 0.9)] if len(sizes) > 1 else sizes[0]
        print(f"{len(sizes)} functions, p50 {sizes[len(sizes) // 2]} lines, p90 {p90}, "
              f"longest {sizes[-1]}")
        if p90 > FUNCTION_P90 and len(sizes) >= 20:
            longest = max(rows, key=lambda row: row[3])
            found.append((longest[0], longest[1], f"p90 of all functions is {p90} lines, "
                          f"{FUNCTION_P90} is the limit; {longest[2]}() is the longest"))
    return found


def nesting(paths):
    found, deep = [], 0
    for path in paths:
        for number, line in enumerate(tree.without_comments(tree.read(path)).split("\n"), 1):
            match = STATEMENT.match(line)
            depth = len(match[1]) if match else 0
            deep += depth > NESTING_WARN
            if depth > NESTING_FAIL:
                found.append((path, number, f"nested {depth} deep, {NESTING_FAIL} is the limit"))
    print(f"{deep} statements nested deeper than {NESTING_WARN}")
    return found


def code_lines_of(path):
    return sum(1 for line in tree.without_comments(tree.read(path)).split("\n") if line.strip())


def kernel_size(paths):
    kernel = [p for p in paths if str(p).startswith(KERNEL)]
    total = sum(map(code_lines_of, kernel))
    print(f"kernel (base, kernel, net): {total} of {KERNEL_MAX} lines of code")
    found = []
    if total > KERNEL_MAX:
        largest = max(kernel, key=code_lines_of)
        found.append((largest, 1, f"the kernel has {total} lines of code, {KERNEL_MAX} is the limit; "
                      "this is its largest file"))
    for path in paths:
        if str(path) == "core/main.c" and lines_of(path) > MAIN_MAX:
            found.append((path, MAIN_MAX + 1, f"{lines_of(path)} lines, {MAIN_MAX} is the limit"))
    return found


def is_source(path):
    if path.name.startswith("."):
        return False
    if path.suffix:
        return path.suffix in COMMENTED and "corpus" not in path.parts
    with open(tree.ROOT / path, "rb") as f:
        return f.read(2) == b"#!"


def licences(paths):
    return [(path, 1, "no SPDX-License-Identifier in the first lines") for path in paths
            if is_source(path) and "SPDX-License-Identifier: Apache-2.0" not in
            "\n".join(tree.read(path).split("\n")[:4])]


def main():
    all_files = tree.files()
    c_files = tree.c_files()
    report = tree.Report()
    report.rule("files are small", file_sizes(c_files))
    report.rule("functions are small", function_sizes(c_files))
    report.rule("nesting is shallow", nesting(c_files))
    report.rule("the kernel is small", kernel_size(c_files))
    report.rule("files are named after their noun", [
        (p, 1, "says nothing about what is in it") for p in c_files if DUMPS.search(p.name)])
    report.rule("every source says its licence", licences(all_files))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
