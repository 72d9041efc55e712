"""Whatever can be pickled arrives as it is, by every method, and leaves no memory behind."""
import dataclasses
import gc
import os
import pickle

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mpi4py import MPI

comm = MPI.COMM_WORLD
RIGHT, LEFT = (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size

# The same examples on all ranks, in the same order: they are sent around the ring.
searched = settings(
    max_examples=max(10, 40 // comm.size),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

DTYPES = ["?", "i1", ">i4", "u8", "f2", "f8", "c16", "M8[ns]", "m8[D]", "S7", "U5",
          [("a", "i4"), ("b", "f8", (2,))], "O"]  # fmt: skip
LENGTHS = [0, 1, 100, 2040, 2048, 2050, 5000, 20_000, 70_000]
LAYOUTS = {
    "plain": lambda array: array,
    "every other": lambda array: array[::2],
    "backwards": lambda array: array[::-1],
    "columns": lambda array: array[: len(array) // 4 * 4].reshape(4, -1).T,
    "Fortran": lambda array: numpy.asfortranarray(
        array[: len(array) // 4 * 4].reshape(4, -1)),
    "no dimension": lambda array: array[:1].reshape(()) if len(array) else array,
}


def make_array(dtype, length, layout, writeable):
    array = numpy.arange(length).astype("i8")
    if isinstance(dtype, list):
        made = numpy.zeros(length, dtype)
        made["a"], made["b"][:, 0] = array, array
    else:
        made = array.astype(dtype)
    made = LAYOUTS[layout](made)
    made.flags.writeable = writeable
    return made


@dataclasses.dataclass
class Record:
    name: str
    data: object


ARRAYS = st.builds(make_array, st.sampled_from(DTYPES), st.sampled_from(LENGTHS),
                   st.sampled_from(sorted(LAYOUTS)), st.booleans())
LEAVES = st.one_of(
    ARRAYS,
    st.integers() | st.text(max_size=10) | st.floats() | st.none() | st.complex_numbers(),
    st.builds(bytes, st.sampled_from(LENGTHS)),
    st.builds(bytearray, st.sampled_from(LENGTHS)),
    st.builds(lambda n: "\N{SNOWMAN}" * n, st.sampled_from(LENGTHS)),
    st.frozensets(st.integers(), max_size=3),
)


def with_itself(obj):
    outer = [obj, {}]
    outer[1]["outer"] = outer
    return outer


def containers(inner):
    return st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.builds(Record, st.text(max_size=3), inner),
        inner.map(lambda obj: [obj, {"again": obj}]),
        inner.map(with_itself),
    )


OBJECTS = st.recursive(LEAVES, containers, max_leaves=6)


def by_send(obj):
    request = comm.irecv(source=LEFT)
    comm.send(obj, RIGHT)
    return request.wait()


def by_isend(obj):
    request = comm.isend(obj, RIGHT)
    there = comm.recv(source=LEFT)
    request.wait()
    return there


def by_issend(obj):
    request = comm.issend(obj, RIGHT)
    there = comm.mprobe(LEFT).recv()
    request.wait()
    return there


def by_test(obj):
    requests = [comm.irecv(source=LEFT), comm.isend(obj, RIGHT)]
    done = False
    while not done:
        done, objects = MPI.Request.testall(requests)
    return objects[0]


def by_sendrecv(obj):
    return comm.sendrecv(obj, RIGHT, source=LEFT)


METHODS = [by_send, by_isend, by_issend, by_test, by_sendrecv]


@pytest.mark.parametrize("method", METHODS)
@searched
@given(OBJECTS)
def test_what_can_be_pickled_arrives(method, obj):
    """Pickled again, it is what it would be had it never left."""
    here = pickle.loads(pickle.dumps(obj, 5))
    assert pickle.dumps(method(obj), 5) == pickle.dumps(here, 5)


def memory():
    """Bytes of this process that are in memory."""
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def test_messages_leave_no_memory_behind():
    objects = [7, "x" * 300, bytes(20_000), numpy.zeros(5_000), numpy.zeros(40_000),
               {idx: numpy.zeros(3_000) for idx in range(5)}, numpy.zeros(1 << 17)]

    def exchange(count):
        for idx in range(count):
            METHODS[idx % len(METHODS)](objects[idx % len(objects)])

    exchange(700)
    before = memory()
    exchange(10_000 // comm.size**2)
    assert memory() < before + (4 << 20)
