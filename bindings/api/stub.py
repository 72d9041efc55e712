"""How members are shown to people: their signatures, docstrings, and the stub."""

import re

from spec import shown

IMPORTS = """
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from threading import Lock
from typing import Any, AnyStr, Final, Literal, NoReturn, final, overload
from typing_extensions import Self

from .typing import Bottom, Buffer, BufSpec, BufSpecB, BufSpecV, BufSpecW, InPlace
from .typing import TargetSpec
"""


def params_text(member, show):
    """'(a, /, b)' without the parentheses; show(param) is one of them."""
    out = []
    positional = False
    for param in member.params:
        if positional and not param.positional:
            out.append("/")
        positional = param.positional
        out.append(show(param))
    if positional:
        out.append("/")
    return ", ".join(out)


def annotated(param):
    text = param.star + param.name
    if param.note:
        text += ": " + shown(param.note)
    if param.default is not None:
        text += (" = " if param.note else "=") + param.default
    return text


def inspected(spec, param):
    """As inspect reads it: defaults are literals, or integers that it can look up."""
    text = param.star + param.name
    if text in ("self", "cls"):
        return "$self" if text == "self" else "$type"
    if param.default is None:
        return text
    if re.fullmatch(r"-?\d+|None|True|False|'.*'", param.default):
        return "%s=%s" % (text, param.default)
    if spec.is_integer(param.default):
        return "%s=mpi4py.MPI.%s" % (text, param.default)
    return text + "=..."


def doc_string(spec, member, name):
    """The signature for inspect, then one for people, then the words."""
    head = "%s(%s)\n--\n\n" % (name, params_text(member, lambda p: inspected(spec, p)))
    line = "%s(%s) -> %s" % (name, params_text(member, annotated), member.result)
    return head + line + "\n\n" + member.doc


# ----------------------------------------------------------------- the stub
def stub_callable(member, indent=""):
    text = "%sdef %s(%s) -> %s: ..."
    yield text % (indent, member.name, params_text(member, annotated), member.result)


def stub_member(member, is_overloaded):
    if is_overloaded:
        yield "    @overload"
    if member.kind == "property":
        yield "    @property"
        yield "    def %s(self) -> %s: ..." % (member.name, member.result)
        if member.options["writable"]:
            yield "    @%s.setter" % member.name
            yield "    def %s(self, value: %s) -> None: ..." % (member.name, member.result)
        return
    if member.kind in ("classmethod", "staticmethod"):
        yield "    @" + member.kind
    yield from stub_callable(member, "    ")


def stub_class(cls):
    if cls.is_final:
        yield "@final"
    yield "class %s:" % (cls.name if cls.base == "object" else "%s(%s)" % (cls.name, cls.base))
    names = [member.name for member in cls.members]
    for member in cls.members:
        yield from stub_member(member, names.count(member.name) > 1)
    for name, other in cls.aliases:
        yield "    %s = %s" % (name, other)
    if not cls.members:
        yield "    ..."


def stub(spec):
    """Constants come first: they are defaults of parameters."""
    yield "from __future__ import annotations"
    yield IMPORTS
    for kind, name, _, _ in spec.constants:
        yield "%s: Final[%s] = ..." % (name, kind)
    for name, kind in spec.attributes:
        yield "%s: Final[%s] = ..." % (name, kind)
    for cls in spec.ordered():
        yield ""
        yield from stub_class(cls)
    yield ""
    for member in spec.functions:
        yield from stub_callable(member)
    for name, other in spec.aliases:
        yield "%s = %s" % (name, other)
