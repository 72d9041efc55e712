"""Requests, where ours keeps a promise that mpi4py does not make."""
from support import ring

from mpi4py import MPI


def test_requests_dropped_before_they_end(comm):
    """Their buffers live on until the message has left."""
    following, previous = ring(comm)
    comm.isend(bytes(100_000), following, tag=1)
    assert comm.recv(source=previous, tag=1) == bytes(100_000)
    comm.barrier()


def test_sends_are_not_cancelled(comm):
    """MPI may have sent them; some crash over it."""
    following, previous = ring(comm)
    for obj in (1, bytes(100_000)):
        request = comm.isend(obj, following, tag=2)
        request.cancel()
        assert comm.recv(source=previous, tag=2) == obj
        status = MPI.Status()
        request.wait(status)
        assert not status.Is_cancelled()
