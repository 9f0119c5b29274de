#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes C structs and field tables for the messages of a schema; never any logic.

    gen.py descriptor OUT.pb     descriptor.proto as a set, which options.proto imports
    gen.py generate IN.pb DIR    DIR/include/tepui/wire/*.h and DIR/core/cluster/wire/*.c
                                 from protoc --descriptor_set_out --include_source_info

The shape of a member by its label and type is told in include/tepui/field.h.
"""
import os
import re
import sys
import textwrap

from google.protobuf import descriptor_pb2 as pb
from google.protobuf import descriptor_pool

F = pb.FieldDescriptorProto
SCALARS = {  # protobuf type: (our type, C type)
    F.TYPE_BOOL: ("TP_BOOL", "bool"),
    F.TYPE_INT32: ("TP_INT32", "int32_t"),
    F.TYPE_INT64: ("TP_INT64", "int64_t"),
    F.TYPE_UINT32: ("TP_UINT32", "uint32_t"),
    F.TYPE_UINT64: ("TP_UINT64", "uint64_t"),
    F.TYPE_DOUBLE: ("TP_DOUBLE", "double"),
    F.TYPE_STRING: ("TP_STRING", "const char *"),
    F.TYPE_BYTES: ("TP_BYTES", "struct tp_bytes"),
    F.TYPE_ENUM: ("TP_ENUM", "int"),
}
UNITS = {1: "TP_MILLI", 2: "TP_SECONDS"}
RESERVED = set("""auto break case char const continue default do double else enum extern float
    for goto if inline int long register restrict return short signed sizeof static struct
    switch typedef union unsigned void volatile while bool""".split())


def snake(name):
    """TaskInfo -> task_info, CSIPluginInfo -> csi_plugin_info, ACLs -> acls."""
    name = re.sub(r"([A-Z]+)s(?=[A-Z]|$)", lambda m: m[1].capitalize() + "s", name)
    name = name.replace("RLimit", "Rlimit").replace("QoS", "Qos")
    name = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name).lower()


def c_string(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


def block_comment(text, indent):
    """Lines of a comment in front of a declaration; none without text."""
    if not text:
        return []
    text = text.replace("*/", "* /")
    width = 90 - 8 * len(indent)
    if len(text) + 6 <= width:
        return ["%s/* %s */" % (indent, text)]
    body = [indent + " * " + line for line in textwrap.wrap(text, width - 3)]
    return [indent + "/*"] + body + [indent + " */"]


class Schema:
    """All files of the set, with what is known across files."""

    def __init__(self, data):
        self.files = pb.FileDescriptorSet.FromString(data).file
        pool = descriptor_pool.Default()
        for f in self.files:
            if f.name == "tepui/options.proto":
                pool.Add(f)
        self.ext = {n: pool.FindExtensionByName("tepui." + n) for n in ("unit", "native", "listed", "c_name")}
        self.topics = [f for f in self.files if "/" not in f.name]
        self.c_names = {}  # ".mesos.v1.TaskInfo" -> "task_info"
        self.map_entries = set()
        for f in self.topics:
            scope = "." + f.package
            part = f.package.split(".")[2:]
            prefix = "" if part in ([], ["native"]) else part[0] + "_"
            self.name_types(scope, prefix, f.message_type, f.enum_type)
        if len(set(self.c_names.values())) != len(self.c_names):
            names = sorted(self.c_names.values())
            sys.exit("two C names are equal: %s" % {n for n in names if names.count(n) > 1})

    def option(self, descriptor, name):
        """Options of ours, which protobuf's own class does not know before the pool does."""
        cls = type(descriptor.options)
        return cls.FromString(descriptor.options.SerializeToString()).Extensions[self.ext[name]]

    def name_types(self, scope, prefix, messages, enums):
        for t in list(messages) + list(enums):
            word = snake(t.name)
            name = word if word.startswith(prefix) else prefix + word
            if isinstance(t, pb.DescriptorProto):
                name = self.option(t, "c_name") or name
                if t.options.map_entry:
                    self.map_entries.add("%s.%s" % (scope, t.name))
                self.name_types("%s.%s" % (scope, t.name), name + "_", t.nested_type, t.enum_type)
            self.c_names["%s.%s" % (scope, t.name)] = name


class Topic:
    """One .proto file on its way to a header and a source."""

    def __init__(self, schema, file):
        self.schema, self.file = schema, file
        self.name = file.name[: -len(".proto")]
        self.head, self.source, self.descs = [], [], []
        self.comments = {}
        for loc in file.source_code_info.location:
            text = loc.leading_comments or loc.trailing_comments
            self.comments[tuple(loc.path)] = " ".join(text.split())
        for i, enum in enumerate(file.enum_type):
            self.enum("." + file.package, enum, (5, i))
        for i, message in enumerate(file.message_type):
            self.message("." + file.package, message, (4, i))

    def shown(self, full):
        """The name in errors and documentation: without what all names share."""
        return re.sub(r"^\.mesos\.v1\.(native\.)?", "", full)

    def enum(self, scope, enum, path):
        full = "%s.%s" % (scope, enum.name)
        name = self.schema.c_names[full]
        values = [v.name for v in enum.value]
        common = os.path.commonprefix(values)
        if len(values) > 1 and "_" in common:
            prefix = "TP_"  # the values name their enum already, like TASK_RUNNING
        else:
            prefix = "TP_%s_" % re.sub(r"_type$", "", name).upper()
        self.head += [""] + block_comment(self.comments.get(path), "") + ["enum tp_%s {" % name]
        for i, v in enumerate(enum.value):
            self.head += block_comment(self.comments.get(path + (2, i)), "\t")
            self.head.append("\t%s%s = %d," % (prefix, v.name.upper(), v.number))
        self.head += ["};", "TP_EXPORT extern const struct tp_enum tp_%s_enum;" % name]
        self.source += ["", "static const struct tp_enum_value %s_values[] = {" % name]
        self.source += ["\t{ %s, %d }," % (c_string(v.name), v.number) for v in enum.value]
        self.source += ["\t{ NULL, 0 },", "};", "const struct tp_enum tp_%s_enum = {" % name]
        self.source += ["\t%s, %s_values" % (c_string(self.shown(full)), name), "};"]

    def message(self, scope, message, path):
        full = "%s.%s" % (scope, message.name)
        for i, enum in enumerate(message.enum_type):
            self.enum(full, enum, path + (4, i))
        for i, nested in enumerate(message.nested_type):
            self.message(full, nested, path + (3, i))
        name = self.schema.c_names[full]
        self.descs.append(name)
        self.head += [""] + block_comment(self.comments.get(path), "") + ["struct tp_%s {" % name]
        rows = []
        for i, field in enumerate(message.field):
            doc = self.comments.get(path + (2, i), "")
            self.head += block_comment(doc, "\t")
            rows.append((field.number, self.field("struct tp_" + name, field, doc)))
        if not rows:
            self.head.append("\tuint8_t unused_; /* C knows no empty structs */")
        self.head += ["};", "TP_EXPORT extern const struct tp_desc tp_%s_desc;" % name]
        self.table(full, name, message, sorted(rows))

    def table(self, full, name, message, rows):
        if rows:
            self.source += ["", "static const struct tp_field %s_fields[] = {" % name]
            self.source += [row for _, row in rows] + ["};"]
        self.source += [
            "const struct tp_desc tp_%s_desc = {" % name,
            "\t.name = %s," % c_string(self.shown(full)),
            "\t.size = sizeof(struct tp_%s)," % name,
            "\t.fields = %s," % (name + "_fields" if rows else "NULL"),
            "\t.n_fields = %d," % len(rows),
            "\t.field_size = sizeof(struct tp_field),",
            "\t.max_number = %d," % max([n for n, _ in rows], default=0),
            "\t.map_entry = %s," % str(message.options.map_entry).lower(),
            "};",
        ]

    def field(self, owner, field, doc):
        """Adds the member to the header; returns the row of the table."""
        member = snake(field.name)
        sub, note = "NULL", ""
        unit = UNITS.get(self.schema.option(field, "unit"))
        if field.type == F.TYPE_MESSAGE:
            type_name = self.schema.c_names[field.type_name]
            our, c_type, sub = "TP_RECORD", "struct tp_%s *" % type_name, "&tp_%s_desc" % type_name
        elif unit:
            our, c_type = unit, "int64_t"
            stem = re.sub(r"_(seconds|secs)$", "", member)
            member = stem + ("_ns" if unit == "TP_SECONDS" else "_milli")
        else:
            our, c_type = SCALARS[field.type]
        if field.type == F.TYPE_ENUM:
            type_name = self.schema.c_names[field.type_name]
            sub, note = "&tp_%s_enum" % type_name, " /* enum tp_%s */" % type_name
        if member in RESERVED:
            member += "_"
        space = "" if c_type.endswith("*") else " "
        extra = "0"
        if field.label == F.LABEL_REPEATED:
            is_map = field.type_name in self.schema.map_entries
            label = "TP_MAP" if is_map else "TP_MANY"
            self.head.append("\t%s%s*%s;%s" % (c_type, space, member, note))
            self.head.append("\tsize_t n_%s;" % member)
            extra = "offsetof(%s, n_%s)" % (owner, member)
        else:
            label = "TP_REQUIRED" if field.label == F.LABEL_REQUIRED else "TP_OPTIONAL"
            if our not in ("TP_RECORD", "TP_STRING", "TP_BYTES"):
                self.head.append("\tbool has_%s;" % member)
                extra = "offsetof(%s, has_%s)" % (owner, member)
            self.head.append("\t%s%s%s;%s" % (c_type, space, member, note))
        flags = [
            flag
            for flag, on in (
                ("TP_FIELD_DEPRECATED", field.options.deprecated),
                ("TP_FIELD_NATIVE", self.schema.option(field, "native")),
                ("TP_FIELD_PACKED", field.options.packed),
                ("TP_FIELD_LISTED", self.schema.option(field, "listed")),
            )
            if on
        ]
        oneof = field.oneof_index + 1 if field.HasField("oneof_index") else 0
        default = c_string(field.default_value) if field.HasField("default_value") else "NULL"
        head = "\t{ %s, %d, %s, %s, %s, %d, %d, 0," % (
            c_string(field.name), field.number, our, label, " | ".join(flags) or "0",
            field.type, oneof)
        tail = "offsetof(%s, %s), %s, %s, %s,\n\t\t%s }," % (
            owner, member, extra, sub, default, c_string(doc) if doc else "NULL")
        return "%s\n\t\t%s" % (head, tail)

    def write(self, folder):
        spdx = "/* SPDX-License-Identifier: Apache-2.0 */"
        origin = "/* Generated by core/cluster/schema/gen.py from %s: do not edit. */" % self.file.name
        guard = "TEPUI_WIRE_%s_H" % self.name.upper()
        imports = [d for d in self.file.dependency if "/" not in d]
        includes = ['#include "tepui/wire/%s.h"' % d[: -len(".proto")] for d in sorted(imports)]
        head = [spdx, origin, "#ifndef " + guard, "#define " + guard, "", '#include "tepui/field.h"']
        head += includes + self.head + ["", "#endif"]
        save(folder, "include/tepui/wire/%s.h" % self.name, head)
        source = [spdx, origin, '#include "tepui/wire/%s.h"' % self.name] + self.source
        save(folder, "core/cluster/wire/%s.c" % self.name, source)


def save(folder, path, lines):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")


def generate(path, folder):
    with open(path, "rb") as f:
        schema = Schema(f.read())
    topics = [Topic(schema, f) for f in schema.topics]
    for topic in topics:
        topic.write(folder)
    index = ["/* SPDX-License-Identifier: Apache-2.0 */"]
    index.append("/* Generated by core/cluster/schema/gen.py: every record of the schema. */")
    index += ['#include "tepui/wire.h"', "", "const struct tp_desc *const tp_wire_descs[] = {"]
    index += ["\t&tp_%s_desc," % name for topic in topics for name in topic.descs]
    save(folder, "core/cluster/wire/index.c", index + ["\tNULL,", "};"])


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "descriptor":
        files = pb.FileDescriptorSet()
        pb.DESCRIPTOR.CopyToProto(files.file.add())
        with open(sys.argv[2], "wb") as out:
            out.write(files.SerializeToString())
    elif len(sys.argv) == 4 and sys.argv[1] == "generate":
        generate(sys.argv[2], sys.argv[3])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
