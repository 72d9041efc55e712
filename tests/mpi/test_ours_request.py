"""Requests, where ours keeps a promise that mpi4py does not make."""
import pytest
from support import ring

from mpi4py import MPI


def test_requests_dropped_before_they_end(comm):
    """Their buffers live on until the message has left."""
    following, previous = ring(comm)
    comm.isend(bytes(100_000), following, tag=1)
    assert comm.recv(source=previous, tag=1) == bytes(100_000)
    comm.barrier()


@pytest.mark.parametrize("cancel", [MPI.Request.cancel, MPI.Request.Cancel])
@pytest.mark.parametrize("name", ["isend", "issend", "Isend", "Issend"])
def test_sends_are_not_cancelled(comm, name, cancel):
    """MPI may have sent them; some crash over it."""
    following, previous = ring(comm)
    for data in (b"1", bytes(100_000)):
        request = getattr(comm, name)(data, following, tag=2)
        cancel(request)
        if name[0] == "i":
            assert comm.recv(source=previous, tag=2) == data
        else:
            got = bytearray(len(data))
            comm.Recv(got, previous, tag=2)
            assert got == data
        status = MPI.Status()
        request.Wait(status)
        assert not status.Is_cancelled()
