"""What the generator makes: signatures, docstrings, types that clients look at."""
import inspect

import pytest

from mpi4py import MPI

CLASSES = {c: None for c in vars(MPI).values() if isinstance(c, type)}


def documented():
    """(name, object) of every public callable and property of ours."""
    for name, value in vars(MPI).items():
        if inspect.isbuiltin(value) and not name.startswith("_"):
            yield name, value
    for cls in CLASSES:
        for name in vars(cls):
            if not name.startswith("_"):
                yield f"{cls.__name__}.{name}", getattr(cls, name)


def test_docstrings():
    for name, value in documented():
        first, blank, summary, *_ = value.__doc__.split("\n")
        assert blank == "" and summary.endswith("."), name
        plain = name.rpartition(".")[2]
        assert first.startswith((plain + "(", plain + ": ")), name


@pytest.mark.parametrize("cls", CLASSES, ids=lambda c: c.__name__)
def test_types(cls):
    assert cls.__module__ == "mpi4py.MPI"
    for name, value in vars(cls).items():
        if callable(value) and not name.startswith("_"):
            inspect.signature(value)


def test_layouts_that_c_users_compile_against():
    sizes = {"Comm": 32, "Intracomm": 32, "Datatype": 32, "Op": 32, "Group": 32}
    sizes.update(Info=32, Errhandler=32, Status=48, Request=40, Message=40)
    assert {n: getattr(MPI, n).__basicsize__ for n in sizes} == sizes


@pytest.mark.parametrize(
    "args, kwargs, text",
    [
        ((), {}, "missing required argument 'buf' (pos 1)"),
        ((b"",), {}, "missing required argument 'dest' (pos 2)"),
        ((b"", 0, 0, 0), {}, "takes at most 3 positional arguments (4 given)"),
        ((b"", 0), {"dest": 0}, "multiple values for argument 'dest'"),
        ((b"", 0), {"to": 0}, "unexpected keyword argument 'to'"),
        ((b"", "0"), {}, "an integer is required"),
    ],
)
def test_argument_errors(args, kwargs, text):
    with pytest.raises(TypeError) as caught:
        MPI.COMM_SELF.Send(*args, **kwargs)
    assert text in str(caught.value)
