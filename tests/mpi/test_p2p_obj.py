"""Point-to-point messages of objects."""
import pickle

import numpy
import pytest
from support import OBJECT_IDS, OBJECTS, error_class, quiet, ring

from mpi4py import MPI

SENDS = ("send", "ssend", "bsend")
ISENDS = ("isend", "issend", "ibsend")


@pytest.fixture
def attached():
    """A buffer for the buffered mode."""
    MPI.Attach_buffer(bytearray(4_000_000))
    yield
    MPI.Detach_buffer()


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_isend_recv_on_a_ring(comm, obj):
    following, previous = ring(comm)
    request = comm.isend((comm.rank, obj), dest=following, tag=3)
    assert comm.recv(source=previous, tag=3) == (previous, obj)
    assert request.wait() is None


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_irecv_send_on_a_ring(comm, obj):
    following, previous = ring(comm)
    request = comm.irecv(1 << 20, source=previous)
    comm.send(obj, dest=following)
    assert request.wait() == obj


@pytest.mark.parametrize("name", ("send", "ssend"))
def test_blocking_sends(comm, name):
    following, previous = ring(comm)
    request = comm.irecv(source=previous, tag=5)
    assert getattr(comm, name)([name], following, 5) is None
    assert request.wait() == [name]


@pytest.mark.parametrize("name", ("isend", "issend"))
def test_nonblocking_sends(comm, name):
    following, previous = ring(comm)
    request = getattr(comm, name)([name], following, 5)
    assert isinstance(request, MPI.Request)
    assert comm.recv(None, previous, 5) == [name]
    assert request.wait() is None
    assert request == MPI.REQUEST_NULL


def test_bsend(comm, attached):
    following, previous = ring(comm)
    comm.bsend("buffered", following)
    assert comm.recv(source=previous) == "buffered"
    request = comm.ibsend("later", dest=following, tag=1)
    assert comm.recv(source=previous, tag=1) == "later"
    assert request.wait() is None


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_sendrecv(comm, obj):
    following, previous = ring(comm)
    status = MPI.Status()
    got = comm.sendrecv(
        obj, dest=following, sendtag=7, source=previous, recvtag=7, status=status
    )
    assert got == obj
    assert (status.source, status.tag) == (previous, 7)


def test_sendrecv_by_position(comm):
    following, previous = ring(comm)
    assert comm.sendrecv(comm.rank, following, 1, None, previous, 1) == previous


def test_sendrecv_with_nobody(comm):
    status = MPI.Status()
    null = MPI.PROC_NULL
    assert comm.sendrecv("x", dest=null, source=null, status=status) is None
    assert status.source == null
    assert status.tag == MPI.ANY_TAG


def test_proc_null(comm):
    null, status = MPI.PROC_NULL, MPI.Status()
    unpicklable = lambda: None  # noqa: E731
    assert comm.send(unpicklable, null) is None
    assert comm.ssend(unpicklable, dest=null) is None
    assert comm.recv(source=null, status=status) is None
    assert status.source == null
    assert comm.isend(unpicklable, null).wait() is None
    assert comm.irecv(source=null).wait() is None
    assert comm.mprobe(null) == MPI.MESSAGE_NO_PROC
    assert comm.iprobe(null) is True
    assert comm.probe(null) is True
    assert comm.mprobe(null).recv() is None
    assert comm.mprobe(null).irecv().wait() is None


def test_status_of_a_receive(comm):
    following, previous = ring(comm)
    status = MPI.Status()
    request = comm.isend([1, 2, 3], following, tag=11)
    comm.recv(source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG, status=status)
    assert status.source == previous
    assert status.tag == 11
    assert status.Get_count() == len(MPI.pickle.dumps([1, 2, 3]))
    request.wait()


def test_messages_overtake_by_tag_only(comm):
    following, previous = ring(comm)
    requests = [comm.isend(i, following, tag=i % 2) for i in range(10)]
    assert [comm.recv(source=previous, tag=1) for _ in range(5)] == [1, 3, 5, 7, 9]
    assert [comm.recv(source=previous, tag=0) for _ in range(5)] == [0, 2, 4, 6, 8]
    assert MPI.Request.waitall(requests) == [None] * 10


def test_everybody_to_everybody(comm):
    requests = [comm.isend((comm.rank, r), r) for r in range(comm.size)]
    got = sorted(comm.recv() for _ in range(comm.size))
    assert got == [(r, comm.rank) for r in range(comm.size)]
    MPI.Request.waitall(requests)


def test_probe_then_recv(comm):
    following, previous = ring(comm)
    status = MPI.Status()
    request = comm.isend("probed", following, tag=4)
    assert comm.probe(previous, 4, status) is True
    assert (status.source, status.tag) == (previous, 4)
    assert comm.iprobe(source=previous, tag=4) is True
    assert comm.recv(source=previous, tag=4) == "probed"
    request.wait()
    assert comm.iprobe(previous, 4) is False


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_mprobe(comm, obj):
    following, previous = ring(comm)
    request = comm.isend(obj, following, tag=4)
    status = MPI.Status()
    message = comm.mprobe(previous, 4, status)
    assert isinstance(message, MPI.Message)
    assert (status.source, status.tag) == (previous, 4)
    status = MPI.Status()
    assert message.recv(status) == obj
    assert (status.source, status.tag) == (previous, 4)
    assert message == MPI.MESSAGE_NULL
    request.wait()


def test_improbe_and_irecv(comm):
    following, previous = ring(comm)
    assert comm.improbe() is None
    comm.barrier()
    request = comm.isend({"a": 1}, following)
    message = None
    while message is None:
        message = comm.improbe(source=previous)
    receive = message.irecv()
    assert receive.wait() == {"a": 1}
    assert not message
    request.wait()


def test_message_probes(comm):
    following, previous = ring(comm)
    requests = [comm.isend(i, following) for i in range(2)]
    message = MPI.Message.probe(comm, previous)
    assert message.recv() == 0
    message = None
    while message is None:
        message = MPI.Message.iprobe(comm, previous)
    assert message.recv() == 1
    assert MPI.Message.iprobe(comm=comm) is None
    MPI.Request.waitall(requests)


def test_null_message():
    assert error_class(MPI.MESSAGE_NULL.recv) == MPI.ERR_REQUEST
    assert MPI.MESSAGE_NO_PROC.recv() is None


def test_first_argument_of_recv_is_a_buffer(comm):
    following, previous = ring(comm)
    for buf in (1000, bytearray(1000), numpy.zeros(1000, "b")):
        request = comm.isend("text", following)
        with pytest.warns(UserWarning, match="'buf' argument is deprecated"):
            assert comm.recv(buf, previous) == "text"
        request.wait()
    with pytest.raises(TypeError):
        quiet(comm.recv, "text", previous)


@pytest.mark.parametrize("buf", [None, 1000, bytearray(1000)], ids=["None", "int", "buf"])
def test_irecv_buffers(comm, buf):
    following, previous = ring(comm)
    request = comm.irecv(buf, previous, 2)
    comm.send(["into", 1], following, 2)
    assert request.wait() == ["into", 1]


def test_irecv_into_a_small_buffer(comm):
    following, previous = ring(comm)
    request = comm.irecv(10, previous)
    send = comm.isend("x" * 1000, following)
    assert error_class(request.wait) == MPI.ERR_TRUNCATE
    send.wait()


def test_pickles_sent_by_hand(comm):
    following, previous = ring(comm)
    for receive in (comm.recv, lambda source: comm.irecv(source=source).wait()):
        data = MPI.pickle.dumps(OBJECTS[:12])
        request = comm.Isend([data, MPI.BYTE], following)
        assert receive(source=previous) == OBJECTS[:12]
        request.Wait()


def test_pickles_received_by_hand(comm):
    following, previous = ring(comm)
    request = comm.isend((1, "two"), following)
    status = MPI.Status()
    comm.Probe(previous, MPI.ANY_TAG, status)
    data = bytearray(status.Get_count())
    comm.Recv([data, MPI.BYTE], previous)
    assert pickle.loads(data) == (1, "two")
    request.wait()


def test_empty_messages_are_none(comm):
    following, previous = ring(comm)
    for receive in (
        lambda: comm.recv(source=previous),
        lambda: comm.mprobe(previous).recv(),
        lambda: comm.irecv(source=previous).wait(),
    ):
        request = comm.Isend([b"", MPI.BYTE], following)
        assert receive() is None
        request.Wait()


def test_bytes_that_are_no_pickle(comm):
    following, previous = ring(comm)
    request = comm.Isend([b"junk", MPI.BYTE], following)
    with pytest.raises(pickle.UnpicklingError):
        comm.recv(source=previous)
    request.Wait()
    assert comm.sendrecv("next", following, source=previous) == "next"


def test_what_cannot_be_pickled(comm):
    for name in ("send", "ssend", "isend", "issend"):
        with pytest.raises((AttributeError, pickle.PicklingError)):
            getattr(comm, name)(lambda: None, dest=0)
    with pytest.raises((AttributeError, pickle.PicklingError)):
        comm.sendrecv(lambda: None, dest=0, source=0)


@pytest.mark.parametrize("name", ("send", "ssend", "isend", "issend"))
def test_wrong_ranks_and_tags(comm, name):
    call = getattr(comm, name)
    assert error_class(call, 1, dest=comm.size) == MPI.ERR_RANK
    assert error_class(call, 1, dest=-7) == MPI.ERR_RANK
    assert error_class(call, 1, dest=0, tag=-7) == MPI.ERR_TAG
    assert error_class(comm.recv, source=comm.size) == MPI.ERR_RANK
    assert error_class(comm.irecv, source=comm.size) == MPI.ERR_RANK
    assert error_class(comm.recv, tag=-7) == MPI.ERR_TAG


def test_wrong_arguments(comm):
    for call in (
        lambda: comm.send(1),
        lambda: comm.send(1, 0, 0, 0),
        lambda: comm.send(1, dst=0),
        lambda: comm.send(1, "0"),
        lambda: comm.send(1, 0, dest=0),
        lambda: comm.recv(None, 0, 0, None, None),
        lambda: comm.recv(status=3),
        lambda: comm.sendrecv(1),
    ):
        with pytest.raises(TypeError):
            call()


def test_null_communicator():
    comm = MPI.COMM_NULL
    for call in (
        lambda: comm.send(1, 0),
        lambda: comm.isend(1, 0),
        lambda: comm.recv(),
        lambda: comm.irecv(),
        lambda: comm.probe(),
        lambda: comm.iprobe(),
        lambda: comm.mprobe(),
        lambda: comm.improbe(),
        lambda: comm.sendrecv(1, 0),
    ):
        assert error_class(call) == MPI.ERR_COMM


def test_classes_of_ones_own(comm):
    following, previous = ring(comm)
    sent = Point(comm.rank, [comm.rank])
    got = comm.sendrecv(sent, following, source=previous)
    assert got == Point(previous, [previous])


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)


def test_numpy_arrays_as_objects(comm):
    following, previous = ring(comm)
    array = numpy.arange(100_000, dtype="d") + comm.rank
    got = comm.sendrecv(array, following, source=previous)
    assert (got == numpy.arange(100_000) + previous).all()
    got[0] = -1  # what arrives can be written to


def test_handles_as_objects(comm):
    following, previous = ring(comm)
    for handle in (MPI.INT, MPI.SUM, MPI.COMM_WORLD, MPI.REQUEST_NULL):
        assert comm.sendrecv(handle, following, source=previous) is handle
