#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The interface of libtepui is what it was when its ABI got its number, or has grown.

tests/abi/vN/tepui.abi.xz is a dump (abidw) of what modules and programs can see: every struct and
enum of the public headers and every symbol of libtepui.so that they declare. abidiff compares it
with today's headers and the libtepui.so that was built. Compatible are new symbols, members at the
end of a struct and new values of an enum; anything else is named and fails. abidiff's own idea of
what is harmless is too kind (a member that is also of another type hides behind one that was
appended), so every change that it reports is judged here.

With --write: today's interface becomes the dump. After growth, so that what is new is kept as well;
after an incompatible change only together with a new number, of the ABI or of the kind it is in.
"""
import lzma
import os
import pathlib
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import tree

BUILD = pathlib.Path(os.environ.get("builddir", ".")).resolve()
CC = shlex.split(os.environ.get("CC", "cc"))
INCLUDES = [tree.ROOT / "include", BUILD / "include"]
PREFIX = "surface_"
BIT_ERROR, BIT_USAGE = 1, 2


def headers():
    found = {}
    for folder in INCLUDES:
        for path in folder.glob("tepui/**/*.h"):
            found.setdefault(str(path.relative_to(folder)), path)
    return dict(sorted(found.items()))


def exported_symbols():
    nm = os.environ.get("NM", "nm").split()
    out = subprocess.run([*nm, "-D", "--defined-only", "-P", BUILD / "core/.libs/libtepui.so"],
                         check=True, capture_output=True, text=True).stdout
    return {line.split()[0].split("@")[0] for line in out.splitlines()}


def surface():
    """C source that has one variable for each public type and each declared symbol."""
    names, types, words = headers(), set(), set()
    for path in names.values():
        text = tree.without_comments(path.read_text())
        types |= set(re.findall(r"^((?:struct|enum) tp_\w+) \{", text, re.M))
        words |= set(re.findall(r"\btp_\w+\b", text))
    lines = [f'#include "{name}"' for name in names]
    for text in sorted(types):
        name = PREFIX + text.replace(" ", "_")
        lines.append(f"extern {text} *{name}; {text} *{name};")
    for name in sorted(exported_symbols() & words):
        lines.append(f"extern __typeof__({name}) *{PREFIX}{name}; __typeof__({name}) *{PREFIX}{name};")
    return "\n".join(lines) + "\n"


def dump(folder):
    """Today's interface, as a file in `folder`."""
    source, library, out = folder / "surface.c", folder / "surface.so", folder / "new.abi"
    source.write_text(surface())
    subprocess.run([*CC, "-std=c11", "-D_GNU_SOURCE", "-g", "-O0", "-shared", "-fPIC", "-w",
                    *(f"-I{path}" for path in INCLUDES), str(source), "-o", str(library)],
                   check=True)
    dirs = [word for path in INCLUDES if (path / "tepui").is_dir()
            for word in ("--headers-dir", str(path / "tepui"))]
    subprocess.run(["abidw", *dirs, "--drop-private-types", "--no-show-locs", "--no-corpus-path",
                    "--no-comp-dir-path", "--no-parameter-names", "--no-write-default-sizes",
                    "--out-file", str(out), str(library)], check=True)
    return out


def last_members(old):
    """struct -> offset in bits of its last member."""
    found = {}
    for struct in xml.etree.ElementTree.parse(old).iter("class-decl"):
        offsets = [int(member.get("layout-offset-in-bits", 0))
                   for member in struct.findall("data-member")]
        if offsets:
            found["struct " + struct.get("name")] = max(offsets)
    return found


def judge_type(name, lines, last):
    """What is incompatible in abidiff's lines about one type."""
    wrong, inserting = [], False
    for line in lines:
        text = line.strip()
        inserted = re.match(r"'.*', at offset (\d+) \(in bits\)$", text)
        if re.match(r"type size (changed|hasn't changed)", text) and line.startswith("  t"):
            continue
        if re.match(r"\d+ (data member|enumerator) insertions?:", text):
            inserting = True
        elif inserting and inserted and int(inserted.group(1)) > last.get(name, -1):
            continue
        elif inserting and re.match(r"'\w+::\w+' value '-?\d+'$", text):
            continue
        elif inserting and inserted:
            wrong.append(f"{text} is not at the end")
        else:
            inserting = False
            wrong.append(text)
    return wrong


def judge(report, last):
    """abidiff's report of leaf changes -> {name: [what is incompatible]}, {names that grew}"""
    wrong, grown = {}, set()
    blocks = re.split(r"\n(?=\S|  \[[ACD]\])", "\n" + report)
    for block in blocks:
        first, *rest = block.strip("\n").split("\n")
        rest = [line for line in rest if line.strip()]
        kind = re.match(r"  \[([ACD])\] .*\b" + PREFIX + r"(\w+)", first)
        changed = re.match(r"'(struct|enum|union) (\w+)[^']*' changed:$", first)
        if kind and kind.group(1) == "A":
            grown.add(re.sub(r"^(struct|enum)_", r"\1 ", kind.group(2)))
        elif kind:
            name = re.sub(r"^(struct|enum)_", r"\1 ", kind.group(2))
            said = [line.strip() for line in rest]
            wrong[name] = ["is gone"] if kind.group(1) == "D" else said or [first.strip()]
        elif changed:
            name = f"{changed.group(1)} {changed.group(2)}"
            said = judge_type(name, rest, last)
            if said:
                wrong[name] = said
            else:
                grown.add(name)
        elif first and not re.match(r"(Leaf changes|Changed leaf types|Removed/Changed/Added) |"
                                    r"\d+ (Removed|Changed|Added) ", first):
            wrong["abidiff"] = wrong.get("abidiff", []) + [first.strip()]
    return wrong, grown


def place(name):
    """Where that type or symbol is in a header, as (path, line)."""
    for shown, path in headers().items():
        text = tree.without_comments(path.read_text())
        pattern = rf"^{name} \{{" if " " in name else rf"\b{name}\b"
        match = re.search(pattern, text, re.M)
        if match:
            return pathlib.PurePath("include", shown), text.count("\n", 0, match.start()) + 1
    return pathlib.PurePath("include/tepui"), 1


def compare(kept, folder):
    old = folder / "old.abi"
    old.write_bytes(lzma.decompress(kept.read_bytes()))
    new = dump(folder)
    ran = subprocess.run(["abidiff", "--no-show-locs", "--leaf-changes-only", "--harmless",
                          "--no-default-suppression", str(old), str(new)], capture_output=True, text=True)
    if ran.returncode & (BIT_ERROR | BIT_USAGE):
        sys.exit("abidiff: " + ran.stdout + ran.stderr)
    return judge(ran.stdout, last_members(old))


def main():
    text = (tree.ROOT / "include/tepui/module.h").read_text()
    number = re.search(r"#define TP_MODULE_ABI (\d+)", text).group(1)
    kept = tree.ROOT / f"tests/abi/v{number}/tepui.abi.xz"
    if not shutil.which("abidiff") or not shutil.which("abidw"):
        print("abidiff is not here: apt-get install abigail-tools")
        return 77
    if platform.machine() != "x86_64":
        print("the dump is of x86_64, this machine is " + platform.machine())
        return 77
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        if "--write" in sys.argv[1:]:
            kept.write_bytes(lzma.compress(dump(folder).read_bytes(), preset=9))
            print(f"wrote {kept}")
            return 0
        wrong, grown = compare(kept, folder)
    report = tree.Report()
    report.rule(f"the interface of ABI {number} is as it was or has grown",
                [(*place(name), f"{name}: {line}") for name, said in wrong.items() for line in said])
    if wrong:
        print("what modules were compiled with may only grow at its end; see tests/abi/README.md")
    elif grown:
        print(f"grown since the dump ({len(grown)}): {', '.join(sorted(grown)[:8])}; keep it with "
              "tests/lint/abi.py --write")
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
