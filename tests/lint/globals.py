#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No mutable file-scope variables (nor static ones in functions): any number of instances of
anything can live in one process. Looks at the objects of a plain build: whatever of core/ and
modules/ lands in a writable section is a violation. Only core/base/log.c may keep state.
"""
import os
import pathlib
import re
import subprocess
import sys

import tree

BUILD = pathlib.Path(os.environ.get("builddir", ".")).resolve()
NM = os.environ.get("NM", "nm").split()
ALLOWED = "core/base/log.c"
# What the compiler and the C library put into every shared object.
OF_COMPILER = re.compile(r"^(completed\.\d+|__dso_handle|__TMC_END__|__gcov.*|_GLOBAL_OFFSET_TABLE_)$")


def is_writable(section):
    # .data.rel.ro is made read-only before the first line of ours runs.
    return re.match(r"\.(data|bss|tdata|tbss)|\*COM\*", section) and \
        not section.startswith(".data.rel.ro")


def source_of(obj):
    """core/base/.libs/libbase_la-log.o and core/base/log.o -> core/base/log.c; None when gone."""
    folder = obj.parent.parent if obj.parent.name == ".libs" else obj.parent
    for base in (tree.ROOT, BUILD):
        for name in (obj.stem, obj.stem.rpartition("-")[2], obj.stem.partition("-")[2]):
            path = folder.relative_to(BUILD) / (name + ".c")
            if (base / path).exists():
                return base, path
    return None


def line_of(base, path, symbol):
    """nm knows it for some compilers only, so look for the name outside comments."""
    name = re.escape([part for part in symbol.split(".") if not part.isdigit()][-1])
    text = tree.without_comments((base / path).read_text(errors="replace"))
    match = re.search(rf"\b{name}\b", text)
    return text.count("\n", 0, match.start()) + 1 if match else 1


def variables(obj):
    out = subprocess.run([*NM, "-f", "sysv", str(obj)], check=True, capture_output=True,
                         text=True).stdout
    for row in out.splitlines():
        columns = [column.strip() for column in row.split("|")]
        if len(columns) == 7 and is_writable(columns[6]) and not OF_COMPILER.match(columns[0]):
            yield columns[0], columns[6].split()[0]


def main():
    if os.environ.get("SAN_CFLAGS", "").strip():
        print("sanitizers add variables of their own: only a plain build can be checked")
        return 77
    objects = sorted(p for top in ("core", "modules") for p in (BUILD / top).rglob("*.o"))
    sources, violations = set(), set()
    for obj in objects:
        source = source_of(obj)
        if not source or str(source[1]) == ALLOWED:
            continue
        sources.add(source)
        for symbol, section in variables(obj):
            violations.add((source[1], line_of(*source, symbol),
                            f"'{symbol}' is a mutable variable (in {section})"))
    if not sources:
        print("no objects in " + str(BUILD))
        return 77
    report = tree.Report()
    report.rule(f"no mutable variables in the objects of {len(sources)} sources", violations)
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
