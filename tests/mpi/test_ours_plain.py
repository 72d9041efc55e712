"""Plain values: what is written without Python's pickle is to the byte what it writes."""
import io
import pickle

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mpi4py import MPI

searched = settings(
    max_examples=240 // MPI.COMM_WORLD.size,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**63), 2**64),
    st.floats(),
    st.text(),
    st.binary(),
    st.sampled_from(["", "twice", b"", b"twice", (), "\ud800", 2.0]),
)
KEYS = st.one_of(ATOMS, st.tuples(ATOMS, ATOMS))


def containers(inner):
    return st.one_of(
        st.lists(inner, max_size=6),
        st.lists(inner, max_size=6).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        inner.map(lambda obj: [obj, obj]),
        inner.map(lambda obj: (obj, [obj, (obj,)])),
    )


PLAIN = st.recursive(ATOMS, containers, max_leaves=20)


def holding_itself(make):
    """A list that contains what 'make' makes of it."""
    outer = []
    outer.append(make(outer))
    return outer


class MyInt(int):
    pass


class MyStr(str):
    pass


EDGES = [
    *(sign * 2**bits + add for bits in (7, 8, 15, 16, 31, 32, 39, 40, 55, 62, 63, 64)
      for sign in (1, -1) for add in (-1, 0, 1)),
    *("x" * size for size in (254, 255, 256, 257, 4070, 4096, 70000)),
    *(b"x" * size for size in (254, 255, 256, 257, 4070, 4096, 70000)),
    *(list(range(size)) for size in (0, 1, 2, 999, 1000, 1001, 5000)),
    *(tuple(range(size)) for size in (0, 1, 2, 3, 4, 1001)),
    *(dict.fromkeys(range(size)) for size in (0, 1, 2, 999, 1000, 1001)),
    [None] * 1100,
    [str(number) for number in range(200)],
    [float(number) for number in range(300)],
    "\N{GREEK SMALL LETTER PI}" * 200,
    MyInt(5),
    [MyStr("a"), True, MyInt(1)],
    {"step": 7, "name": "halo"},
    2 + 1j,
    {1, 2},
]  # fmt: skip


def forms(obj):
    """Two of the same kind are alike when their pickles are (nan is not equal to itself)."""
    return type(obj), pickle.dumps(obj, 5)


def received(stream):
    """What recv() makes of a pickle that somebody has sent by hand."""
    request = MPI.COMM_SELF.Isend([stream, MPI.BYTE], 0)
    try:
        return MPI.COMM_SELF.recv()
    finally:
        request.Wait()


def check(obj):
    stream = pickle.dumps(obj, 5)
    assert MPI.pickle.dumps(obj) == stream
    there = MPI.COMM_SELF.sendrecv(obj, 0)
    assert forms(there) == forms(pickle.loads(stream))


@searched
@given(PLAIN)
def test_the_bytes_are_pickles(obj):
    check(obj)


@pytest.mark.parametrize("obj", EDGES, ids=range(len(EDGES)))
def test_the_bytes_of_edges_are_pickles(obj):
    check(obj)
    check([obj, obj])
    check({"key": obj})


@pytest.mark.parametrize(
    "make",
    [
        lambda outer: outer,
        lambda outer: (outer,),
        lambda outer: (1, 2, 3, outer),
        lambda outer: {"me": outer},
    ],
)
def test_what_contains_itself(make):
    outer = holding_itself(make)
    stream = pickle.dumps(outer, 5)
    assert MPI.pickle.dumps(outer) == stream
    assert pickle.dumps(MPI.COMM_SELF.sendrecv(outer, 0), 5) == stream
    inner = make(outer)
    assert MPI.pickle.dumps(inner) == pickle.dumps(inner, 5)


@pytest.mark.parametrize("depth", [10, 40, 150])
def test_nested_deeply(depth):
    obj = ()
    for _ in range(depth):
        obj = [(obj,)]
    check(obj)


def test_what_is_shared_stays_shared():
    inner = [1]
    there = MPI.COMM_SELF.sendrecv([inner, {"a": inner}, (inner, "s" * 50)], 0)
    assert there[0] is there[1]["a"] is there[2][0]


@searched
@given(PLAIN, st.integers(0, 5))
def test_streams_of_every_protocol(obj, protocol):
    stream = pickle.dumps(obj, protocol)
    assert forms(received(stream)) == forms(pickle.loads(stream))


class Forbidding(pickle.Unpickler):
    def find_class(self, module, name):
        raise LookupError("would run code")


def outcome(load, stream):
    try:
        return forms(load(stream))
    except Exception as error:
        return type(error)


OPCODES = b"N\x88\x89KMJ\x8aG\x8cXCB()\x85\x86\x87t]ae}su\x94h.\x80\x95\x00\x01\xff"


@st.composite
def damaged(draw):
    stream = bytearray(pickle.dumps(draw(PLAIN), 5))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(stream)))
        end = draw(st.integers(at, min(at + 3, len(stream))))
        stream[at:end] = draw(st.lists(st.sampled_from(OPCODES), max_size=3))
    return bytes(stream)


@searched
@given(damaged())
def test_damaged_streams_are_as_python_finds_them(stream):
    assume(stream)
    found = outcome(lambda stream: Forbidding(io.BytesIO(stream)).load(), stream)
    assume(found is not LookupError)
    assert outcome(received, stream) == outcome(pickle.loads, stream)


def test_other_protocols_and_serializers_are_left_alone():
    try:
        MPI.pickle.PROTOCOL = 3
        assert MPI.pickle.dumps((1, "a")) == pickle.dumps((1, "a"), 3)
        MPI.pickle.__init__(lambda obj: repr(obj).encode(), lambda data: bytes(data))
        assert MPI.COMM_SELF.sendrecv((1, "a"), 0) == b"(1, 'a')"
        MPI.pickle.__init__(loads=lambda data: bytes(data))
        assert MPI.COMM_SELF.sendrecv((1, "a"), 0) == pickle.dumps((1, "a"), 5)
        MPI.pickle.__init__(protocol=10**30)
        with pytest.raises(OverflowError):
            MPI.pickle.dumps(1)
    finally:
        MPI.pickle.__init__()
    assert MPI.pickle.dumps((1, "a")) == pickle.dumps((1, "a"), 5)


def test_pickle_of_an_own_module_function_is_called(monkeypatch):
    seen = []
    own = pickle.dumps

    def dumps(obj, *args, **kwargs):
        seen.append(obj)
        return own(obj, *args, **kwargs)

    monkeypatch.setattr(pickle, "dumps", dumps)
    try:
        MPI.pickle.__init__()
        MPI.COMM_SELF.sendrecv(5, 0)
        assert seen == [5]
    finally:
        monkeypatch.undo()
        MPI.pickle.__init__()
