"""Requests, where ours keeps a promise that mpi4py does not make."""
import sys

import pytest
from support import error_class, ring

from mpi4py import MPI


def test_requests_dropped_before_they_end(comm):
    """Their buffers live on until the message has left."""
    following, previous = ring(comm)
    comm.isend(bytes(100_000), following, tag=1)
    assert comm.recv(source=previous, tag=1) == bytes(100_000)
    comm.barrier()


def test_a_dropped_exchange(comm):
    """Both its buffers live on until both messages have moved."""
    following, previous = ring(comm)
    there, here = bytearray(b"x" * 100_000), bytearray(100_000)
    before = sys.getrefcount(here), sys.getrefcount(there)
    comm.Isendrecv(there, following, 0, here, previous, 0)
    while (sys.getrefcount(here), sys.getrefcount(there)) != before:
        comm.Isend(b"", MPI.PROC_NULL).Wait()
    assert here == there
    comm.Barrier()


@pytest.mark.parametrize("cancel", [MPI.Request.cancel, MPI.Request.Cancel])
@pytest.mark.parametrize("name", ["isend", "issend", "Isend", "Issend"])
def test_sends_are_not_cancelled(comm, name, cancel):
    """MPI may have sent them; MPICH crashes when several have not left."""
    following, previous = ring(comm)
    data = bytes(100_000)
    send = getattr(comm, name)
    requests = [send(data, following, tag=tag) for tag in range(4)]
    for request in requests:
        cancel(request)
    MPI.Request.Testall(requests)
    comm.Barrier()
    for tag in range(4):
        if name[0] == "i":
            assert comm.recv(source=previous, tag=tag) == data
        else:
            got = bytearray(b"x" * len(data))
            comm.Recv(got, previous, tag=tag)
            assert got == data
    statuses = []
    MPI.Request.Waitall(requests, statuses)
    assert not any(status.Is_cancelled() for status in statuses)


@pytest.mark.parametrize("name", ["Waitall", "waitall"])
def test_one_failure_ends_all(comm, name):
    """All requests are done, and each status says how."""
    requests = [comm.Irecv(bytearray(1), comm.rank, tag) for tag in range(3)]
    for tag, length in enumerate([1, 2, 1]):
        comm.Send(bytes(length), comm.rank, tag)
    statuses = []
    wait = getattr(MPI.Request, name)
    assert error_class(wait, requests, statuses) == MPI.ERR_IN_STATUS
    assert not any(requests)
    classes = [MPI.Get_error_class(status.error) for status in statuses]
    assert classes == [MPI.SUCCESS, MPI.ERR_TRUNCATE, MPI.SUCCESS]
