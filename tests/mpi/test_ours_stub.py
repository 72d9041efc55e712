"""The stub, the module, and mpi4py's stub say the same."""
import ast
import inspect
import operator
from pathlib import Path

import pytest

from mpi4py import MPI

STUB = Path(MPI.__file__).with_name("MPI.pyi")
PEERS = Path(__file__).parents[2] / ".venv-peers"
# Where mpi4py's stub has two overloads or an alias, and ours one line; and where it is
# mistaken.
OTHERWISE = {
    "Distgraphcomm.Get_dist_neighbors_count",
    "Group.Intersect",
    "Pickle.__init__",
    "buffer.__new__",
}


def members(body, prefix=""):
    """name -> its definitions, of classes too."""
    found = {}
    for node in body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = [node]
            found.update(members(node.body, node.name + "."))
        elif isinstance(node, ast.FunctionDef):
            found.setdefault(prefix + node.name, []).append(node)
        elif isinstance(node, ast.AnnAssign):
            found[prefix + node.target.id] = [node]
        elif isinstance(node, ast.Assign):
            found[prefix + node.targets[0].id] = [node]
    return found


def read(path):
    return members(ast.parse(path.read_text(encoding="utf-8")).body)


def shape(node):
    """What two stubs have in common, if they say the same."""
    if isinstance(node, ast.FunctionDef):
        marks = [ast.unparse(mark) for mark in node.decorator_list]
        return marks, ast.unparse(node.args), ast.unparse(node.returns)
    if isinstance(node, ast.ClassDef):
        return [ast.unparse(part) for part in node.bases + node.decorator_list]
    return ast.unparse(node)


@pytest.fixture(scope="module")
def stub():
    return read(STUB)


def test_has_what_the_module_has(stub):
    names = {name for name in vars(MPI) if not name.startswith("__")}
    assert names - stub.keys() == set()
    for cls in {cls for cls in vars(MPI).values() if isinstance(cls, type)}:
        public = {name for name in vars(cls) if not name.startswith("__")}
        for base in cls.__mro__:
            public -= {name for name in public if f"{base.__name__}.{name}" in stub}
        assert public == set(), cls


def test_has_nothing_else(stub):
    """__buffer__ is a name since Python 3.12."""
    for name in stub:
        if name.endswith(".__buffer__"):
            continue
        owner, _, member = name.rpartition(".")
        assert hasattr(getattr(MPI, owner) if owner else MPI, member), name


def test_types_of_constants(stub):
    for name, (node, *_) in stub.items():
        if isinstance(node, ast.AnnAssign) and "." not in name:
            kind = ast.unparse(node.annotation).removeprefix("Final[")[:-1]
            assert type(getattr(MPI, name)).__name__ == kind.partition("[")[0], name


def test_final_classes(stub):
    for name, (node, *_) in stub.items():
        if isinstance(node, ast.ClassDef):
            final = "final" in map(ast.unparse, node.decorator_list)
            flag = 1 << 10  # Py_TPFLAGS_BASETYPE
            assert bool(getattr(MPI, name).__flags__ & flag) != final, name


def test_inspect_knows_parameters(stub):
    """Names and order; defaults that are numbers are those of the module."""
    for name, (node, *more) in stub.items():
        if more or "__" in name or not isinstance(node, ast.FunctionDef):
            continue
        function = operator.attrgetter(name)(MPI)
        if not inspect.isroutine(function):
            continue
        arguments = node.args.posonlyargs + node.args.args
        wanted = [a.arg for a in arguments if a.arg != "cls"]
        wanted += [a.arg for a in (node.args.vararg, node.args.kwarg) if a]
        shown = inspect.signature(function).parameters
        assert list(shown) == wanted, name
        defaults = map(ast.unparse, reversed(node.args.defaults))
        for key, text in zip(reversed([a.arg for a in arguments]), defaults):
            constant = getattr(MPI, text, None)
            if isinstance(constant, int):
                assert shown[key].default == constant, name


def test_is_that_of_mpi4py(stub):
    """Its attributes with types are properties of ours."""
    found = list(PEERS.glob("lib/python*/site-packages/mpi4py/MPI.pyi"))
    if not found:
        pytest.skip("no .venv-peers")
    theirs = read(found[0])
    assert theirs.keys() - stub.keys() == set()
    common = [name for name in theirs if name in stub and name not in OTHERWISE]
    for name in common:
        if isinstance(theirs[name][0], ast.AnnAssign) and "." in name:
            assert shape(stub[name][0])[0] == ["property"], name
            continue
        assert list(map(shape, stub[name])) == list(map(shape, theirs[name])), name
