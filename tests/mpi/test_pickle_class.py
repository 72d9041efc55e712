"""MPI.Pickle, MPI.pickle, and serializers of one's own."""
import json
import pickle

import numpy
import pytest
from support import OBJECT_IDS, OBJECTS, ring

from mpi4py import MPI


@pytest.fixture
def serializer():
    """Changes the serializer of all messages, and puts it back."""
    yield MPI.pickle.__init__
    MPI.pickle.__init__()


def dump_json(obj):
    return json.dumps(obj).encode()


def load_json(data):
    return json.loads(bytes(data).decode())


def test_defaults():
    assert isinstance(MPI.pickle, MPI.Pickle)
    assert MPI.pickle.PROTOCOL == pickle.HIGHEST_PROTOCOL
    assert MPI.pickle.THRESHOLD == 262144
    assert type(MPI.pickle).__module__ == "mpi4py.MPI"


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_dumps_and_loads(obj):
    data = MPI.pickle.dumps(obj)
    assert type(data) is bytes
    assert pickle.loads(data) == obj
    assert MPI.pickle.loads(data) == obj
    assert MPI.pickle.loads(bytearray(data)) == obj
    assert MPI.pickle.loads(memoryview(data)) == obj


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_streams_are_pythons(obj):
    assert MPI.pickle.dumps(obj) == pickle.dumps(obj, pickle.HIGHEST_PROTOCOL)


def test_protocol():
    own = MPI.Pickle(protocol=2)
    assert own.PROTOCOL == 2
    assert own.dumps([1]) == pickle.dumps([1], 2)
    own.PROTOCOL = 4
    assert own.dumps([1]) == pickle.dumps([1], 4)
    own.PROTOCOL = None
    assert own.PROTOCOL == pickle.HIGHEST_PROTOCOL


def test_threshold():
    own = MPI.Pickle(threshold=10)
    assert own.THRESHOLD == 10
    own.THRESHOLD = 20
    assert own.THRESHOLD == 20
    own.THRESHOLD = None
    assert own.THRESHOLD == 262144


def test_out_of_band_buffers():
    own = MPI.Pickle(threshold=1024)
    small, large = numpy.arange(10), numpy.arange(1000)
    data, buffers = own.dumps_oob({"small": small, "large": large})
    assert type(data) is bytes and type(buffers) is list
    assert len(buffers) == 1 and isinstance(buffers[0], MPI.buffer)
    assert buffers[0].nbytes == large.nbytes
    assert buffers[0].address == large.ctypes.data
    got = own.loads_oob(data, buffers)
    assert (got["small"] == small).all() and (got["large"] == large).all()
    assert own.loads_oob(*own.dumps_oob(OBJECTS)) == OBJECTS


def test_old_protocols_keep_everything_in_band():
    for protocol in range(5):
        own = MPI.Pickle(protocol=protocol, threshold=0)
        data, buffers = own.dumps_oob(b"x" * 100)
        assert own.loads_oob(data, buffers) == b"x" * 100
        assert buffers == []


def test_the_protocol_that_dumps_sees():
    def dumps(*args):
        return repr(args).encode()

    assert MPI.Pickle(dumps=dumps).dumps(3) == b"(3,)"
    assert MPI.Pickle(dumps=dumps).PROTOCOL is None
    assert MPI.Pickle(dumps=dumps, protocol=4).dumps(3) == b"(3, 4)"


def test_serializers_of_ones_own(comm, serializer):
    following, previous = ring(comm)
    serializer(dump_json, load_json)
    obj = {"a": [1, None, "x"]}
    assert comm.sendrecv(obj, following, source=previous) == obj
    assert comm.sendrecv((1, 2), following, source=previous) == [1, 2]
    assert comm.bcast(obj) == obj
    assert comm.allgather((comm.rank,)) == [[r] for r in range(comm.size)]
    assert comm.allreduce(1) == comm.size
    request = comm.irecv(source=previous)
    comm.send(obj, following)
    assert request.wait() == obj
    request = comm.isend(obj, following)
    assert comm.mprobe(previous).recv() == obj
    request.wait()


def test_init_restores_the_default(serializer):
    serializer(dump_json, load_json)
    assert MPI.pickle.dumps([1]) == b"[1]"
    serializer()
    assert MPI.pickle.dumps([1]) == pickle.dumps([1], pickle.HIGHEST_PROTOCOL)
    serializer(protocol=3)
    assert MPI.pickle.PROTOCOL == 3


def test_loads_receives_a_buffer(comm, serializer):
    seen = []

    def loads(data):
        seen.append(type(data))
        return pickle.loads(data)

    serializer(pickle.dumps, loads)
    following, previous = ring(comm)
    assert comm.sendrecv(1, following, source=previous) == 1
    assert comm.bcast(2) == 2
    assert set(seen) <= {MPI.buffer, bytes}
    assert bytes(MPI.buffer.frombuffer(b"abc", readonly=True)) == b"abc"


def test_serializers_that_raise(comm, serializer):
    def refuse(*args):
        raise LookupError("not today")

    serializer(refuse, refuse)
    with pytest.raises(LookupError, match="not today"):
        comm.send(1, dest=0)
    with pytest.raises(LookupError, match="not today"):
        comm.isend(1, dest=0)
    serializer()
    assert comm.allreduce(1) == comm.size


def test_loads_that_raises(comm, serializer):
    def refuse(data):
        raise LookupError("not today")

    serializer(pickle.dumps, refuse)
    following, previous = ring(comm)
    request = comm.isend(1, following)
    with pytest.raises(LookupError, match="not today"):
        comm.recv(source=previous)
    request.wait()
    serializer()
    assert comm.allreduce(1) == comm.size


def test_subclasses():
    class Own(MPI.Pickle):
        pass

    own = Own()
    own.note = "has a dict"
    assert own.loads(own.dumps([1])) == [1]
