"""What the tests of the binding share: arrays of several makes, and short names."""
import array
import warnings

import numpy

from mpi4py import MPI

TYPES = {  # code of array.array and numpy alike: the MPI datatype
    "b": MPI.SIGNED_CHAR,
    "i": MPI.INT,
    "q": MPI.LONG_LONG,
    "f": MPI.FLOAT,
    "d": MPI.DOUBLE,
}


class ArrayMaker:
    """Arrays of the standard library."""

    name = "array"

    @staticmethod
    def full(code, count, value=0):
        return array.array(code, [value] * count)

    @staticmethod
    def of(code, values):
        return array.array(code, values)


class NumpyMaker:
    """Arrays of NumPy."""

    name = "numpy"

    @staticmethod
    def full(code, count, value=0):
        return numpy.full(count, value, dtype=code)

    @staticmethod
    def of(code, values):
        return numpy.array(list(values), dtype=code)


MAKERS = (ArrayMaker, NumpyMaker)

# What an object message must carry unchanged: small, empty, nested, large.
OBJECTS = [
    None,
    True,
    0,
    -1,
    2**70,
    3.25,
    1 + 2j,
    "",
    "text \N{GREEK SMALL LETTER PI}",
    b"",
    b"\0bytes",
    (),
    (1, "two", 3.0),
    [],
    [None, [None]],
    {},
    {"key": [1, 2, {"deep": ()}]},
    {1, 2, 3},
    list(range(5000)),
    bytes(100_000),
]
OBJECT_IDS = [f"{type(o).__name__}{i}" for i, o in enumerate(OBJECTS)]


def ring(comm):
    """The next and the previous rank on the ring."""
    rank, size = comm.Get_rank(), comm.Get_size()
    return (rank + 1) % size, (rank - 1) % size


def error_class(call, *args, **kwargs):
    """The class of the MPI.Exception that 'call' raises; None if it does not."""
    try:
        call(*args, **kwargs)
    except MPI.Exception as error:
        return error.Get_error_class()
    return None


def quiet(call, *args, **kwargs):
    """Calls with warnings about deprecated arguments off."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return call(*args, **kwargs)
