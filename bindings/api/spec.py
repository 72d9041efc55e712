"""Reads the stanzas of *.api: classes, their members, functions, constants.

The stanza language is described at the top of comm.api; generate.py writes what
follows from it.
"""

import ast
import re
import textwrap

# annotation -> (bind kind, C type, member of union bind_value, shown as)
SCALARS = {
    "int": ("INT", "int ", "integer", "int"),
    "Count": ("COUNT", "MPI_Count ", "count", "int"),
    "Aint": ("AINT", "MPI_Aint ", "aint", "int"),
    "bool": ("BOOL", "bool ", "truth", "bool"),
    "str": ("STR", "const char *", "string", "str"),
    "Handle": ("OBJECT", "PyObject *", "object", "int"),
    "StrAtRoot": ("OBJECT", "PyObject *", "object", "str"),
    "Text": ("OBJECT", "PyObject *", "object", "str"),
}
OBJECT = ("OBJECT", "PyObject *", "object", None)
SHOWN = {note: row[3] for note, row in SCALARS.items()}
OBJECT_OF = re.compile(r"Object\[(\w+)\]")


def shown(note):
    """The annotation as people see it."""
    match = OBJECT_OF.fullmatch(note)
    return match.group(1) if match else SHOWN.get(note, note)


# The members that every handle class has, written once here.
TOOLKIT = """
method {0}.__new__(cls, {1}: {0} | None = None) -> Self
    Copies the handle, not the object behind it.
special {0}.__eq__(self, other: object, /) -> bool
special {0}.__ne__(self, other: object, /) -> bool
special {0}.__bool__(self) -> bool
method {0}.__reduce__(self) -> str | tuple[Any, ...]
    Support for pickling: predefined handles go by their name.
method {0}.tohandle(self) -> int
    Return the MPI handle as an integer.
classmethod {0}.fromhandle(cls, handle: Handle) -> {0}
    Create an object from the MPI handle that an integer holds.
method {0}.free(self) -> None
    Free the handle, unless it is null or predefined.
method {0}.toint(self) -> int
    Translate to an integer handle of the MPI ABI.
classmethod {0}.fromint(cls, arg: int, /) -> {0}
    Translate from an integer handle of the MPI ABI.
method {0}.py2f(self) -> int
    Translate to a Fortran handle.
classmethod {0}.f2py(cls, arg: int) -> {0}
    Translate from a Fortran handle.
property {0}.handle -> int
    MPI handle.
"""


class SpecError(Exception):
    pass


class Param:
    def __init__(self, name, note, default, positional, star=""):
        self.name = name
        self.note = note  # annotation as text; None for self and cls
        self.default = default  # default as text, None when required
        self.positional = positional
        self.star = star  # "*" or "**": takes all the others


class Member:
    """One callable, property or special of a class, or a function."""

    def __init__(self, kind, owner, name, params, result, doc, options):
        self.kind, self.owner, self.name = kind, owner, name
        self.params, self.result = params, result
        self.doc, self.options = doc, options
        args = params[1:] if params and params[0].name in ("self", "cls") else params
        self.args = [arg for arg in args if not arg.star]
        stars = [arg for arg in args if arg.star]
        if len(stars) > 1:
            raise SpecError("'%s' has both * and **" % name)
        self.rest = stars[0] if stars else None

    @property
    def impl(self):
        prefix = self.owner.lower() if self.owner else "mpi"
        return "%s_%s_impl" % (prefix, self.name.strip("_") if self.is_slot else self.name)

    @property
    def is_slot(self):
        return self.name in ("__new__", "__init__", "__call__")

    @property
    def wrapper(self):
        name = self.name.strip("_") if self.is_slot else self.name
        return "%s_%s" % (self.owner or "mpi", name)

    @property
    def is_none(self):
        return self.result in ("None", "NoReturn")


class Class:
    def __init__(self, name, base, doc, is_handle, slots, words):
        self.name, self.base, self.doc = name, base, doc
        self.is_handle, self.slots = is_handle, slots
        self.is_larger, self.is_final = "larger" in words, "final" in words
        self.members = []
        self.aliases = []


class Spec:
    def __init__(self):
        self.classes = {}
        self.functions = []
        self.constants = []  # (type, name, value or None, alias or None)
        self.attributes = []  # (name, type): other attributes of the module
        self.aliases = []

    # ------------------------------------------------------------- reading
    @classmethod
    def load(cls, paths):
        """All files: first the classes, so that the rest may come in any order."""
        spec = cls()
        texts = [(path, path.read_text()) for path in paths]
        for path, text in texts:
            spec.read(text, path, lambda word: word in ("class", "handle"))
        for path, text in texts:
            spec.read(text, path, lambda word: word not in ("class", "handle"))
        return spec

    def read(self, text, origin, want=lambda word: True):
        for number, head, body in stanzas(text):
            try:
                if want(head.split()[0]):
                    self.add(head, body)
            except (SpecError, SyntaxError) as error:
                raise SpecError("%s:%d: %s" % (origin, number, error)) from None

    def add(self, head, body):
        word, _, rest = head.partition(" ")
        add = getattr(self, "add_" + word, None)
        if not add:
            raise SpecError("unknown stanza '%s'" % word)
        add(rest.strip(), body)

    def add_class(self, rest, body, is_handle=False):
        match = re.fullmatch(r"(\w+)\((\w+)\)(?: slots (\w+))?((?: larger| final)*)", rest)
        if not match:
            raise SpecError("expecting NAME(BASE) [slots NAME] [larger] [final]")
        name, base, slots, words = match.groups()
        self.classes[name] = Class(name, base, doc_text(body), is_handle, slots, words.split())
        if is_handle:
            self.read(TOOLKIT.format(name, name.lower()), "toolkit")

    def add_handle(self, rest, body):
        self.add_class(rest, body, True)

    def add_callable(self, kind, rest, body):
        match = re.match(r"(?:(\w+)\.)?(\w+)\(", rest)
        if not match:
            raise SpecError("expecting NAME(PARAMETERS) -> TYPE")
        owner, name = match.groups()
        params, result = signature(rest[match.end() - 1 :])
        member = Member(kind, owner, name, params, result, doc_text(body), {})
        if kind == "function":
            self.functions.append(member)
        else:
            self.owner(owner).members.append(member)

    def add_method(self, rest, body):
        self.add_callable("method", rest, body)

    def add_classmethod(self, rest, body):
        self.add_callable("classmethod", rest, body)

    def add_staticmethod(self, rest, body):
        self.add_callable("staticmethod", rest, body)

    def add_special(self, rest, body):
        self.add_callable("special", rest, body)

    def add_function(self, rest, body):
        self.add_callable("function", rest, body)

    def add_property(self, rest, body):
        match = re.fullmatch(r"(\w+)\.(\w+) -> (.+?)(?: like (\w+))?( writable)?", rest)
        if not match:
            raise SpecError("expecting CLASS.NAME -> TYPE [like METHOD] [writable]")
        owner, name, result, like, writable = match.groups()
        options = {"like": like, "writable": bool(writable)}
        member = Member("property", owner, name, [], result, doc_text(body), options)
        self.owner(owner).members.append(member)

    def add_constants(self, rest, body):
        for line in body:
            match = re.fullmatch(r"\s*(\w+) (is|=) (.+?)\s*", line)
            if match:
                name, how, other = match.groups()
                value, alias = (None, other) if how == "is" else (other, None)
                self.constants.append((rest, name, value, alias))
            else:
                self.constants += [(rest, name, None, None) for name in line.split()]

    def add_attribute(self, rest, body):
        match = re.fullmatch(r"(\w+) -> (.+)", rest)
        if not match:
            raise SpecError("expecting NAME -> TYPE")
        self.attributes.append(match.groups())

    def add_alias(self, rest, body):
        match = re.fullmatch(r"(?:(\w+)\.)?(\w+) = (\w+)", rest)
        if not match:
            raise SpecError("expecting [CLASS.]NAME = OTHER")
        owner, name, other = match.groups()
        aliases = self.owner(owner).aliases if owner else self.aliases
        aliases.append((name, other))

    def owner(self, name):
        if name not in self.classes:
            raise SpecError("no class '%s' (yet)" % name)
        return self.classes[name]

    # ------------------------------------------------------------- asking
    def is_integer(self, name):
        return any(kind == "int" and name == other for kind, other, _, _ in self.constants)

    def ordered(self):
        """Classes, each after its base."""
        done = []
        todo = list(self.classes.values())
        while todo:
            ready = [c for c in todo if c.base not in self.classes
                     or self.classes[c.base] in done]
            if not ready:
                raise SpecError("circular bases")
            done += ready
            todo = [c for c in todo if c not in done]
        return done

    def root(self, name):
        """The class whose struct 'name' has: handles inherit their layout."""
        cls = self.classes[name]
        return cls if cls.is_larger or cls.base not in self.classes else self.root(cls.base)

    def handles(self):
        return [c.name for c in self.ordered() if self.root(c.name).is_handle]

    def members(self):
        for cls in self.ordered():
            yield from cls.members
        yield from self.functions

    def kind(self, note):
        """How one parameter crosses: (kind, C type, union member, class)."""
        if note in SCALARS:
            return SCALARS[note][:3] + (None,)
        match = OBJECT_OF.fullmatch(note)
        if match:
            struct = "struct %s_object *" % self.root(match.group(1)).name.lower()
            return ("INSTANCE", struct, "object", match.group(1))
        bare, optional = re.subn(r" \| None$", "", note)
        if bare in self.classes and (optional or bare not in self.handles()):
            struct = "struct %s_object *" % self.root(bare).name.lower()
            return ("OPTIONAL" if optional else "INSTANCE", struct, "object", bare)
        if bare in self.classes:
            root = self.root(bare).name
            return ("HANDLE", "MPI_%s " % root, root.lower(), bare)
        return OBJECT[:3] + (None,)


def stanzas(text):
    """Yields (line number, headline, indented lines)."""
    head, body, start = None, [], 0
    for number, line in enumerate(text.splitlines() + ["end"], 1):
        if line.startswith("#"):
            continue
        if not line.strip() or line[0].isspace():
            body.append(line)
            continue
        if head:
            yield start, head, [b for b in body]
        head, body, start = line.strip(), [], number


def doc_text(body):
    return textwrap.dedent("\n".join(body)).strip()


def signature(text):
    """'(a: T = 0) -> R' -> ([Param], 'R')."""
    node = ast.parse("def f%s: ..." % text).body[0]
    args = node.args
    names = args.posonlyargs + args.args
    defaults = [None] * (len(names) - len(args.defaults)) + args.defaults
    params = [
        Param(
            arg.arg,
            ast.unparse(arg.annotation) if arg.annotation else None,
            ast.unparse(default) if default else None,
            idx < len(args.posonlyargs),
        )
        for idx, (arg, default) in enumerate(zip(names, defaults))
    ]
    for arg, default in zip(args.kwonlyargs, args.kw_defaults):
        raise SpecError("keyword-only parameter '%s'" % arg.arg)
    for star, arg in (("*", args.vararg), ("**", args.kwarg)):
        if arg:
            params.append(Param(arg.arg, ast.unparse(arg.annotation), None, False, star))
    return params, ast.unparse(node.returns) if node.returns else "None"
