#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the tree to its dependency picture (docs/ARCHITECTURE.md), by its #include lines.

    tools, examples, modules -> include/tepui <- everything
    core/sdk -> cluster -> net -> codec -> base        net -> kernel -> base
    core/main.c -> host -> net, kernel

Modules see public headers and their own folder only, never each other; core never names a
module; the kernel knows no daemon. Tests may see everything.
"""
import pathlib
import re
import sys

import tree

# What each layer of core may see beside itself.
BELOW = {
    "base": set(),
    "codec": {"base"},
    "kernel": {"base"},
    "net": {"base", "codec", "kernel"},
    "cluster": {"base", "codec", "kernel", "net"},
    "sdk": {"base", "codec", "kernel", "net", "cluster"},
    "host": {"base", "codec", "kernel", "net"},
    "main.c": {"base", "codec", "kernel", "net", "host"},
}
ORDER = list(BELOW)[:-2]
# Second halves of modules' names that are ordinary words, or words of the public protocol, and
# so may occur in core without meaning the module.
ORDINARY = set("""
    acl agent api basic capabilities cgroups crammd5 curl disk docker environment executor external file
    filesystem fixed gpu hook http image legacy linux load local log master memory metrics
    namespaces native network operator posix priority random rlimits rotate sandbox scheduler
    seccomp secret standalone state static text tls v0 v1 volumes webui
""".split())

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"](.*)$', re.M)


def includes(path):
    text = tree.read(path)
    for match in INCLUDE.finditer(text):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2], match[3]


def is_test(path):
    return path.parts[0] == "tests" or path.name.startswith("test_")


def is_own(path, name):
    return ".." not in name.split("/") and (tree.ROOT / path.parent / name).exists()


def of_tree(name):
    return name.split("/")[0] in ("core", "modules", "tools", "tests", "examples", "conf")


def public_only(paths, allow_core):
    """Modules, tools, examples: public headers and their own folder."""
    found = []
    for path in paths:
        for line, bracket, name, rest in includes(path):
            if bracket == "<" and not of_tree(name):
                continue
            if name.startswith("tepui/") or is_own(path, name):
                continue
            if allow_core and name.startswith("core/") and "/*" in rest:
                continue
            if name.startswith("tools/") and path.parts[0] == "tools":
                continue
            if name.startswith("modules/") or ".." in name:
                found.append((path, line, f"includes {name}: modules never see each other"))
            elif allow_core and name.startswith("core/"):
                found.append((path, line, f"includes {name} without a /* reason */ beside it"))
            else:
                found.append((path, line, f"includes {name}: only <system>, \"tepui/...\" and "
                              "the own folder are allowed here"))
    return found


def header_layers(core):
    """The layer each public header speaks for: that of the files that define its functions."""
    defined = {}
    for path in core:
        if path.suffix == ".c" and path.parts[1] in ORDER:
            for name in re.findall(r"^[a-z].*?\b(tp_\w+)\(", tree.read(path), re.M):
                defined[name] = ORDER.index(path.parts[1])
    layers = {}

    def layer(header):
        if header in layers:
            return layers[header]
        if header.startswith("tepui/wire"):
            return ORDER.index("cluster")
        path = tree.ROOT / "include" / header
        if not path.exists():
            return 0
        layers[header] = 0
        names = re.findall(r"\b(tp_\w+)\(", tree.without_comments(path.read_text()))
        below = [layer(name) for _, _, name, _ in includes(pathlib.PurePath("include", header))
                 if name.startswith("tepui/")]
        layers[header] = max([defined.get(name, 0) for name in names] + below, default=0)
        return layers[header]

    return lambda header: ORDER[layer(header)]


def core_arrows(paths):
    found = []
    layer_of = header_layers(paths)
    for path in paths:
        here = path.parts[1]
        allowed = BELOW.get(here)
        if allowed is None:
            found.append((path, 1, f"core/{here} is not a layer of core"))
            continue
        allowed = allowed | {here}
        for line, _, name, _ in includes(path):
            parts = name.split("/")
            if parts[0] in ("modules", "tools", "tests", "examples"):
                found.append((path, line, f"includes {name}: core never sees {parts[0]}/"))
            elif parts[0] == "core" and parts[1] not in allowed:
                found.append((path, line, f"includes {name}: {here} is below {parts[1]}"))
            elif parts[0] == "tepui":
                layer = layer_of(name)
                if layer not in allowed:
                    found.append((path, line, f"includes {name}: {here} is below {layer}"))
                elif parts[1] == "kind" and here in ("base", "codec", "kernel", "host", "main.c"):
                    found.append((path, line, f"includes {name}: this layer knows no kind"))
            elif ".." in parts:
                found.append((path, line, f"includes {name}: name it from the top of the tree"))
    return found


def words(path, patterns):
    """Where code (comments aside) holds one of the words; '_' and '-' bound a word too."""
    text = tree.without_comments(tree.read(path))
    for word in patterns:
        bounded = re.sub(r"[-_]", "[-_]", word)
        for match in re.finditer(rf"(?<![A-Za-z0-9]){bounded}(?![A-Za-z0-9])", text, re.I):
            yield text.count("\n", 0, match.start()) + 1, match[0]


def names_in_core(paths, modules):
    whole = {m for m in modules if "-" in m}
    halves = {m.split("-", 1)[1] for m in whole}
    distinctive = whole | {h for h in halves if h not in ORDINARY}
    daemons = {m for m in modules if m in ("master", "agent")}
    found = []
    for path in paths:
        for line, word in words(path, distinctive):
            found.append((path, line, f"'{word}' is a module's name: core knows no module"))
        if path.parts[1] in ("base", "codec", "kernel", "host", "main.c"):
            for line, word in words(path, daemons):
                found.append((path, line, f"'{word}' is a daemon's name: this layer knows none"))
    return found


def foreign_libraries(paths):
    """A library that belongs to one place stays there."""
    home = {"nng": "core/net/nng_", "ltdl.h": "core/kernel/", "msgpack": "core/codec/",
            "jansson.h": "core/codec/", "yaml.h": "core/kernel/"}
    found = []
    for path in paths:
        for line, bracket, name, _ in includes(path):
            place = home.get(name.split("/")[0]) or home.get(name.split(".")[0])
            if bracket == "<" and place and not str(path).startswith(place):
                found.append((path, line, f"includes <{name}>: only {place} does"))
    return found


def main():
    files = [p for p in tree.c_files() if not is_test(p)]
    of = {top: [p for p in files if p.parts[0] == top]
          for top in ("core", "modules", "tools", "examples", "include")}
    modules = {p.parts[1] for p in tree.files() if p.parts[0] == "modules" and len(p.parts) > 2}
    report = tree.Report()
    report.rule("modules see public headers and their own folder only",
                public_only(of["modules"], allow_core=False))
    report.rule("tools and examples see public headers, core only with a reason",
                public_only(of["tools"], allow_core=True) +
                public_only(of["examples"], allow_core=False))
    report.rule("public headers see public headers only", [
        (path, line, f"includes {name}: not installed")
        for path in of["include"] for line, bracket, name, _ in includes(path)
        if (bracket == '"' and not name.startswith("tepui/")) or of_tree(name)])
    report.rule("the arrows of core point down", core_arrows(of["core"]))
    report.rule("core names no module", names_in_core(of["core"], modules))
    report.rule("libraries of core stay behind their file", foreign_libraries(of["core"]))
    return report.exit_status()


if __name__ == "__main__":
    sys.exit(main())
