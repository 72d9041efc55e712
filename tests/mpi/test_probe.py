"""Probe, Iprobe, and matched messages."""
import pytest
from support import error_class, ring

from mpi4py import MPI


def test_probe(comm, make):
    following, previous = ring(comm)
    sent = make.of("i", range(comm.rank + 1))
    request = comm.Isend(sent, following, tag=2)
    status = MPI.Status()
    assert comm.Probe(source=previous, tag=2, status=status) is True
    count = status.Get_count(MPI.INT)
    assert count == previous + 1
    got = make.full("i", count)
    comm.Recv(got, previous, 2)
    assert list(got) == list(range(count))
    request.Wait()


def test_iprobe(comm):
    following, previous = ring(comm)
    assert comm.Iprobe() is False
    comm.Barrier()
    request = comm.Isend(b"abc", following, tag=2)
    status = MPI.Status()
    while not comm.Iprobe(previous, 2, status):
        pass
    assert (status.source, status.tag, status.Get_count()) == (previous, 2, 3)
    assert comm.Iprobe(previous, 3) is False
    comm.Recv(bytearray(3), previous, 2)
    request.Wait()


def test_mprobe(comm, make):
    following, previous = ring(comm)
    sent, got = make.of("i", range(4)), make.full("i", 4)
    request = comm.Isend(sent, following, tag=2)
    status = MPI.Status()
    message = comm.Mprobe(MPI.ANY_SOURCE, MPI.ANY_TAG, status)
    assert type(message) is MPI.Message and message
    assert (status.source, status.tag) == (previous, 2)
    assert comm.Iprobe() is False  # matched messages are no longer seen
    assert message.Recv(got, status) is None
    assert status.Get_count(MPI.INT) == 4
    assert not message and message == MPI.MESSAGE_NULL
    assert list(got) == list(range(4))
    request.Wait()


def test_improbe(comm, make):
    following, previous = ring(comm)
    assert comm.Improbe() is None
    comm.Barrier()
    request = comm.Isend(make.of("i", range(4)), following)
    message = None
    while message is None:
        message = comm.Improbe(source=previous, tag=0, status=None)
    got = make.full("i", 4)
    receive = message.Irecv(got)
    assert isinstance(receive, MPI.Request)
    receive.Wait()
    assert list(got) == list(range(4))
    assert message == MPI.MESSAGE_NULL
    request.Wait()


def test_class_methods_of_message(comm):
    following, previous = ring(comm)
    requests = [comm.Isend(b"ab", following) for _ in range(2)]
    message = MPI.Message.Probe(comm, previous)
    message.Recv(bytearray(2))
    message = None
    while message is None:
        message = MPI.Message.Iprobe(comm=comm, source=previous)
    message.Recv(bytearray(2))
    assert MPI.Message.Iprobe(comm) is None
    MPI.Request.Waitall(requests)


def test_null_and_no_proc(comm):
    status = MPI.Status()
    message = comm.Mprobe(MPI.PROC_NULL, status=status)
    assert message == MPI.MESSAGE_NO_PROC
    assert status.source == MPI.PROC_NULL
    message.Recv([None, 0, MPI.BYTE])
    assert comm.Improbe(MPI.PROC_NULL) == MPI.MESSAGE_NO_PROC
    assert comm.Probe(MPI.PROC_NULL) is True
    assert comm.Iprobe(MPI.PROC_NULL) is True
    assert error_class(MPI.Message().Recv, bytearray(1)) == MPI.ERR_REQUEST
    assert bool(MPI.MESSAGE_NO_PROC) is True
    assert bool(MPI.MESSAGE_NULL) is False


def test_wrong_arguments(comm):
    for name in ("Probe", "Iprobe", "Mprobe", "Improbe"):
        call = getattr(comm, name)
        assert error_class(call, comm.size) == MPI.ERR_RANK
        assert error_class(call, 0, -7) == MPI.ERR_TAG
        assert error_class(getattr(MPI.COMM_NULL, name)) == MPI.ERR_COMM
        with pytest.raises(TypeError):
            call(0, 0, None, None)
        with pytest.raises(TypeError):
            call(status=0)


@pytest.mark.parametrize("name", ["recv", "irecv", "Recv", "Irecv"])
def test_nobodys_message_is_received_once_from_a_copy(name):
    for message, left in (
        (MPI.MESSAGE_NO_PROC, MPI.MESSAGE_NO_PROC),
        (MPI.Message(MPI.MESSAGE_NO_PROC), MPI.MESSAGE_NULL),
    ):
        arguments = [None] if name in ("Recv", "Irecv") else []
        got = getattr(message, name)(*arguments)
        if name in ("irecv", "Irecv"):
            got.Wait()
        assert message == left
