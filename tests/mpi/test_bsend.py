"""The memory of buffered sends: of the process, or a communicator."""
import array
import sys

import pytest
from support import error_class, ring

from mpi4py import MPI


@pytest.fixture(params=["process", "communicator"])
def owner(request, comm):
    return MPI if request.param == "process" else comm


def attach(owner, memory):
    try:
        owner.Attach_buffer(memory)
    except NotImplementedError:
        pytest.skip("needs MPI-4.1")


def test_the_object_comes_back(owner):
    for memory in (bytearray(1000), array.array("d", [0] * 100)):
        before = sys.getrefcount(memory)
        attach(owner, memory)
        assert error_class(owner.Attach_buffer, bytearray(1000)) is not None
        with pytest.raises(BufferError):
            memory.extend(memory[:1])
        assert owner.Detach_buffer() is memory
        memory.extend(memory[:1])
        assert sys.getrefcount(memory) == before


@pytest.mark.parametrize("value", [None, "BUFFER_AUTOMATIC"])
def test_automatic(owner, value):
    try:
        attach(owner, getattr(MPI, value) if value else None)
    except MPI.Exception:
        pytest.skip("needs MPI-4.1")
    assert owner.Detach_buffer() is MPI.BUFFER_AUTOMATIC


def test_what_cannot_be_attached(owner):
    for memory, error in ((b"read-only", BufferError), (3, TypeError), ("x", TypeError)):
        with pytest.raises(error):
            owner.Attach_buffer(memory)


def test_the_process_and_a_communicator_at_once(comm):
    mine, ours = bytearray(1000), bytearray(1000)
    attach(comm, ours)
    MPI.Attach_buffer(mine)
    following, previous = ring(comm)
    comm.Bsend(b"1234", following)
    comm.Barrier()
    comm.Recv(memory := bytearray(4), previous)
    assert memory == b"1234"
    assert MPI.Detach_buffer() is mine
    assert comm.Detach_buffer() is ours
    assert b"1234" in ours and b"1234" not in mine


def test_flush(comm):
    attach(comm, bytearray(1000))
    following, previous = ring(comm)
    comm.Flush_buffer()
    comm.Bsend(b"1234", following)
    request = comm.Iflush_buffer()
    comm.Barrier()
    comm.Recv(bytearray(4), previous)
    request.Wait()
    comm.Flush_buffer()
    comm.Detach_buffer()
