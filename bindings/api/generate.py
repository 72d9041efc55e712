"""Generates the surface of mpi4py.MPI from the stanzas in *.api.

The surface is what must agree in several places: argument tables, method tables,
docstrings, stubs, constants.  Behaviour is C in bindings/src; no generated function
does more than bind its arguments and call its `..._impl`.  spec.py reads the stanzas.

Written to --out:
    mpi_classes.h    enum class_id, number of interned names
    mpi_impl.h       prototypes of everything that C must define
    mpi_surface.h    wrappers, method tables, class table: included by surface.c
    mpi_constants.h  tables of integers and predefined handles: included by module.c
    MPI.pyi          the stub
"""

import argparse
import ast
import pathlib
import re
import sys

from spec import Spec, SpecError
from stub import doc_string, stub


# ----------------------------------------------------------------- C output
def c_string(text):
    lines = text.replace("\\", "\\\\").replace('"', '\\"').split("\n")
    return '"%s"' % '\\n"\n    "'.join(lines)


def receiver(spec, member):
    if member.kind == "classmethod" or member.name == "__new__":
        return "PyTypeObject *", "(PyTypeObject *)self"
    if member.kind in ("method", "property"):
        struct = "struct %s_object *" % spec.root(member.owner).name.lower()
        return struct, "(%s)self" % struct
    return None, None


def c_name(name):
    return name + "_" if name in ("default",) else name


def prototype(spec, member):
    result = "int " if member.is_none else "PyObject *"
    ctype, _ = receiver(spec, member)
    params = [ctype + ("cls" if "Type" in ctype else "self")] if ctype else []
    for arg in member.args:
        params.append(spec.kind(arg.note)[1] + c_name(arg.name))
    if member.rest:
        params.append("PyObject *" + c_name(member.rest.name))
    return "%s%s(%s);" % (result, member.impl, ", ".join(params) or "void")


def property_names(member):
    prefix = "%s_%s" % (member.owner.lower(), member.name)
    return prefix + "_get", prefix + "_set"


def prototypes(spec):
    yield '#include "bindings/src/handle.h"'
    yield '#include "bindings/src/bind.h"'
    for cls in spec.ordered():
        if not spec.root(cls.name).is_handle:
            yield "struct %s_object;" % spec.root(cls.name).name.lower()
    for member in spec.members():
        if member.kind == "special":
            continue
        if member.kind != "property":
            yield prototype(spec, member)
            continue
        ctype, _ = receiver(spec, member)
        getter, setter = property_names(member)
        if not member.options["like"]:
            yield "PyObject *%s(%sself);" % (getter, ctype)
        if member.options["writable"]:
            yield "int %s(%sself, PyObject *value);" % (setter, ctype)


def default_of(spec, arg):
    """Initialiser of union bind_value for a parameter that was not given."""
    kind, _, field, _ = spec.kind(arg.note)
    text = arg.default
    if kind == "OBJECT":
        return ".object = %s" % ("Py_None" if text == "None" else "NULL")
    if text == "None":
        return ".object = NULL"
    if kind == "STR":
        return ".string = " + c_string(ast.literal_eval(text))
    if kind == "BOOL":
        return ".truth = " + text.lower()
    if re.fullmatch(r"-?\d+", text):
        return ".%s = %s" % (field, text)
    return ".%s = MPI_%s" % (field, text)


class Surface:
    """Writes mpi_surface.h."""

    def __init__(self, spec):
        self.spec = spec
        self.names = {}

    def name_index(self, name):
        return self.names.setdefault(name, len(self.names))

    def bind_table(self, member):
        rows = []
        for arg in member.args:
            kind, _, _, cls = self.spec.kind(arg.note)
            row = "%d, BIND_%s" % (self.name_index(arg.name), kind)
            row += ", " + ("CLASS_" + cls if cls else "0")
            if arg.default is not None:
                row += ", { %s }" % default_of(self.spec, arg)
            rows.append("    { %s }," % row)
        required = sum(arg.default is None for arg in member.args)
        positional = sum(arg.positional for arg in member.args)
        yield "static const struct bind_arg %s_args[] = {" % member.wrapper
        yield from rows
        yield "};"
        yield "static const struct bind_spec %s_spec = { %s, %s_args, %d, %d, %d };" % (
            member.wrapper, c_string(member.owner if member.name == "__new__" else member.name),
            member.wrapper, len(rows), required, positional)

    def call(self, member):
        _, self_text = receiver(self.spec, member)
        values = [self_text] if self_text else []
        for idx, arg in enumerate(member.args):
            _, ctype, field, cls = self.spec.kind(arg.note)
            cast = "(%s)" % ctype.strip() if cls and field == "object" else ""
            values.append("%sv[%d].%s" % (cast, idx, field))
        if member.rest:
            values.append("v[%d].object" % len(member.args))
        text = "%s(%s)" % (member.impl, ", ".join(values))
        return "bind_none(%s)" % text if member.is_none else text

    def open_wrapper(self, member):
        """With * or **: what the binder puts there is the wrapper's to release."""
        yield from self.bind_table(member)
        yield "static PyObject *%s(PyObject *self, PyObject *args, PyObject *kwds)" % (
            member.wrapper)
        yield "{"
        yield "    union bind_value v[%d];" % (len(member.args) + 1)
        yield "    PyObject *result;"
        yield ""
        yield "    if (bind_open(&%s_spec, args, kwds, %s, v) < 0)" % (
            member.wrapper, "BIND_DICT" if member.rest.star == "**" else "BIND_TUPLE")
        yield "        return NULL;"
        yield "    result = %s;" % self.call(member)
        yield "    Py_DECREF(v[%d].object);" % len(member.args)
        yield "    return result;"
        yield "}"

    def wrapper(self, member):
        if member.rest:
            yield from self.open_wrapper(member)
            return
        slot = member.is_slot
        first = "PyTypeObject *" if member.name == "__new__" else "PyObject *"
        result = "int " if member.name == "__init__" else "PyObject *"
        fail = "-1" if member.name == "__init__" else "NULL"
        if member.args or slot:
            yield from self.bind_table(member)
        if slot:
            rest, bind = "PyObject *args, PyObject *kwds", "bind_tuple(&%s_spec, args, kwds, v)"
        elif member.args:
            rest = "PyObject *const *args, Py_ssize_t nargs, PyObject *kwnames"
            bind = "bind_call(&%s_spec, args, nargs, kwnames, v)"
        else:
            rest, bind = "PyObject *unused", None
        yield "static %s%s(%sself, %s)" % (result, member.wrapper, first, rest)
        yield "{"
        if bind:
            yield "    union bind_value v[%d];" % max(1, len(member.args))
            yield ""
            yield "    if (%s < 0)" % (bind % member.wrapper)
            yield "        return %s;" % fail
        call = self.call(member)
        if member.name == "__init__":
            call = call[len("bind_none(") : -1]
        yield "    return %s;" % call
        yield "}"

    def method_row(self, member, name=None):
        flags = "METH_FASTCALL | METH_KEYWORDS" if member.args else "METH_NOARGS"
        if member.rest:
            flags = "METH_VARARGS | METH_KEYWORDS"
        flags += {"classmethod": " | METH_CLASS", "staticmethod": " | METH_STATIC"}.get(
            member.kind, "")
        name = name or member.name
        return '    { "%s", (PyCFunction)(void (*)(void))%s, %s,\n    %s },' % (
            name, member.wrapper, flags, c_string(doc_string(self.spec, member, name)))

    def property_wrappers(self, member):
        ctype, self_text = receiver(self.spec, member)
        getter, setter = property_names(member)
        like = member.options["like"]
        call = "%s_%s_impl" % (member.owner.lower(), like) if like else getter
        yield "static PyObject *%s_%s_getter(PyObject *self, void *unused)" % (
            member.owner, member.name)
        yield "{\n    return %s(%s);\n}" % (call, self_text)
        if member.options["writable"]:
            yield "static int %s_%s_setter(PyObject *self, PyObject *value, void *unused)" % (
                member.owner, member.name)
            yield '{\n    return bind_can_set(value, "%s") < 0 ? -1 : %s(%s, value);\n}' % (
                member.name, setter, self_text)

    def property_row(self, member):
        setter = "%s_%s_setter" % (member.owner, member.name)
        text = "%s: %s\n\n%s" % (member.name, member.result, member.doc)
        return '    { "%s", %s_%s_getter, %s,\n    %s, NULL },' % (
            member.name, member.owner, member.name,
            setter if member.options["writable"] else "NULL", c_string(text))

    def class_tables(self, cls):
        methods = [m for m in cls.members if m.kind in ("method", "classmethod", "staticmethod")]
        plain = [m for m in methods if not m.is_slot]
        slots = [m for m in methods if m.is_slot]
        getset = [m for m in cls.members if m.kind == "property"]
        for member in methods:
            yield from self.wrapper(member)
        for member in getset:
            yield from self.property_wrappers(member)
        yield "static PyMethodDef %s_methods[] = {" % cls.name
        for member in plain:
            yield self.method_row(member)
        by_name = {m.name: m for m in plain}
        for name, other in cls.aliases:
            yield self.method_row(by_name[other], name)
        yield "    { NULL },\n};"
        yield "static PyGetSetDef %s_getset[] = {" % cls.name
        for member in getset:
            yield self.property_row(member)
        yield "    { NULL },\n};"
        yield "static const PyType_Slot %s_slots[] = {" % cls.name
        yield "    { Py_tp_doc, (void *)%s }," % c_string(cls.doc)
        yield "    { Py_tp_methods, %s_methods }," % cls.name
        yield "    { Py_tp_getset, %s_getset }," % cls.name
        for member in slots:
            yield "    { Py_tp_%s, (void *)%s }," % (member.name.strip("_"), member.wrapper)
        yield "    { 0 },\n};"

    def class_row(self, cls):
        known = cls.base in self.spec.classes
        base = "CLASS_" + cls.base if known else "-1"
        builtin = "NULL" if known or cls.base == "object" else '"%s"' % cls.base
        root = self.spec.root(cls.name).name.lower()
        return '    { "mpi4py.MPI.%s", %s, %s, &%s_class, %s_slots, %s },' % (
            cls.name, base, builtin, root, cls.name, cls.slots or "NULL")

    def lines(self):
        for cls in self.spec.ordered():
            yield from self.class_tables(cls)
        for member in self.spec.functions:
            yield from self.wrapper(member)
        yield "PyMethodDef surface_functions[] = {"
        for member in self.spec.functions:
            yield self.method_row(member)
        yield "    { NULL },\n};"
        for cls in self.spec.ordered():
            if cls.slots:
                yield "extern const PyType_Slot %s[];" % cls.slots
        for root in dict.fromkeys(self.spec.root(c) for c in self.spec.classes):
            yield "extern const struct class_def %s_class;" % root.name.lower()
        yield "const struct class_row surface_classes[CLASS_COUNT] = {"
        for cls in self.spec.ordered():
            yield self.class_row(cls)
        yield "};"
        yield "const struct alias_row surface_aliases[] = {"
        for name, other in self.spec.aliases:
            yield '    { "%s", "%s" },' % (name, other)
        yield "    { NULL, NULL },\n};"
        yield "const char *const surface_names[] = {"
        for name in self.names:
            yield '    "%s",' % name
        yield "};"


def class_ids(spec, name_count):
    yield "enum class_id {"
    for cls in spec.ordered():
        yield "    CLASS_%s," % cls.name
    yield "    CLASS_COUNT"
    yield "};"
    yield "enum { NAME_COUNT = %d };" % name_count


def constant_tables(spec):
    for kind in dict.fromkeys(c[0] for c in spec.constants):
        rows = [c for c in spec.constants if c[0] == kind and not c[3]]
        ctype = "long long" if kind == "int" else "MPI_" + spec.root(kind).name
        yield "static const struct {\n    const char *name;\n    %s value;" % ctype
        yield "} %s_constants[] = {" % kind.lower()
        for _, name, value, _ in rows:
            yield '    { "%s", %s },' % (name, value or "MPI_" + name)
        yield "};"
    yield "static const struct alias_row constant_aliases[] = {"
    for _, name, _, alias in spec.constants:
        if alias:
            yield '    { "%s", "%s" },' % (name, alias)
    yield "    { NULL, NULL },\n};"


def write(path, lines, guard=None):
    text = "\n".join(lines) + "\n"
    if guard:
        note = "/* %s - generated by bindings/api/generate.py */\n" % path.name
        text = note + "#ifndef %s\n#define %s\n%s#endif\n" % (guard, guard, text)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main():
    parser = argparse.ArgumentParser(description="generate the surface of mpi4py.MPI")
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("specs", nargs="+", type=pathlib.Path)
    options = parser.parse_args()
    spec = Spec.load(options.specs)
    surface = Surface(spec)
    lines = list(surface.lines())
    out = options.out
    write(out / "mpi_classes.h", class_ids(spec, len(surface.names)), "MPI_CLASSES_H")
    write(out / "mpi_impl.h", prototypes(spec), "MPI_IMPL_H")
    write(out / "mpi_surface.h", lines, "MPI_SURFACE_H")
    write(out / "mpi_constants.h", constant_tables(spec), "MPI_CONSTANTS_H")
    write(out / "MPI.pyi", stub(spec))


if __name__ == "__main__":
    try:
        main()
    except SpecError as error:
        sys.exit("generate.py: %s" % error)
