#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/MESSAGES.md: every record of the wire with its numbers, types and meaning.

    document.py IN.pb >docs/MESSAGES.md

IN.pb is what gen.py takes. Comments of the schema become the text.
"""
import sys

from google.protobuf import descriptor_pb2 as pb
from google.protobuf import descriptor_pool

F = pb.FieldDescriptorProto
SCALARS = {number: name[5:].lower() for name, number in F.Type.items()}
INTRO = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# Messages

Generated from `core/cluster/schema` (`make messages`): do not edit. How records become bytes is in
[PROTOCOL](PROTOCOL.md). On the native carriage a record is an array: element *n* - 1 is field *n*.
*milli* are thousandths as integers, *seconds* are nanoseconds as integers; JSON shows both as decimal
numbers. *native* fields are ours and stay off HTTP.
"""


class Document:
    def __init__(self, files):
        pool = descriptor_pool.Default()
        for f in files:
            if f.name == "tepui/options.proto":
                pool.Add(f)
        self.comments = {}

    def options(self, field):
        """Our own options: known only to what is parsed after the pool has learnt them."""
        parsed = type(field.options).FromString(field.options.SerializeToString())
        return {d.name: value for d, value in parsed.ListFields()}

    def text(self, path):
        return " ".join(self.comments.get(tuple(path), "").split()).replace("|", "\\|")

    def type_of(self, field):
        unit = {1: "milli", 2: "seconds"}.get(self.options(field).get("unit"))
        name = field.type_name[1:].split(".", 2)[-1] if field.type_name else SCALARS[field.type]
        return unit or name

    def message(self, prefix, message, path):
        name = prefix + message.name
        maps = {}
        for entry in message.nested_type:
            if entry.options.map_entry:
                maps[entry.name] = "map of string to " + self.type_of(entry.field[1])
        yield "\n### %s\n" % name
        if self.text(path):
            yield self.text(path) + "\n"
        if message.field:
            yield "| # | field | type | | meaning |\n|---|---|---|---|---|"
        for i, field in enumerate(message.field):
            yield self.row(field, path + [2, i], maps)
        for i, enum in enumerate(message.enum_type):
            yield from self.enum(name + ".", enum, path + [4, i])
        for i, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                yield from self.message(name + ".", nested, path + [3, i])

    def row(self, field, path, maps):
        entries = maps.get(field.type_name.rsplit(".", 1)[-1])
        options = self.options(field)
        marks = []
        if not entries and field.label != F.LABEL_OPTIONAL:
            marks.append("required" if field.label == F.LABEL_REQUIRED else "repeated")
        if field.HasField("default_value"):
            marks.append("default %s" % field.default_value)
        marks += [name for name in ("deprecated", "native") if options.get(name)]
        if field.HasField("oneof_index"):
            marks.append("one of")
        return "| %d | `%s` | %s | %s | %s |" % (
            field.number, field.name, entries or self.type_of(field), ", ".join(marks),
            self.text(path))

    def enum(self, prefix, enum, path):
        yield "\n### enum %s%s\n" % (prefix, enum.name)
        if self.text(path):
            yield self.text(path) + "\n"
        yield ", ".join("`%s` %d" % (v.name, v.number) for v in enum.value)

    def file(self, f):
        self.comments = {tuple(loc.path): loc.leading_comments or loc.trailing_comments
                         for loc in f.source_code_info.location}
        yield "\n## %s\n" % f.name
        yield "Package `%s`." % f.package
        for i, enum in enumerate(f.enum_type):
            yield from self.enum("", enum, [5, i])
        for i, message in enumerate(f.message_type):
            yield from self.message("", message, [4, i])


def main():
    with open(sys.argv[1], "rb") as source:
        files = pb.FileDescriptorSet.FromString(source.read()).file
    document = Document(files)
    print(INTRO, end="")
    for f in files:
        if "/" not in f.name:
            print("\n".join(document.file(f)))


if __name__ == "__main__":
    main()
