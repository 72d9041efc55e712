"""Partitioned communication, where MPICH would end the process."""
import pytest
from support import error_class, ring

from mpi4py import MPI


def test_ready_only_once(comm):
    following, previous = ring(comm)
    send = comm.Psend_init(b"1234", 4, following, 0)
    recv = comm.Precv_init(memory := bytearray(4), 4, previous, 0)
    MPI.Prequest.Startall([send, recv])
    assert error_class(send.Pready_list, [0, 1, 0]) == MPI.ERR_REQUEST
    send.Pready_range(0, 2)
    assert error_class(send.Pready, 1) == MPI.ERR_REQUEST
    assert error_class(send.Pready_range, 1, 3) == MPI.ERR_REQUEST
    send.Pready(3)
    assert error_class(send.Pready, 3) == MPI.ERR_REQUEST
    MPI.Request.Waitall([send, recv])
    assert memory == b"1234"
    send.Free()
    recv.Free()


def test_nobody(comm):
    send = comm.Psend_init(None, 2, MPI.PROC_NULL, 0)
    recv = comm.Precv_init(None, 2, MPI.PROC_NULL)
    for _ in range(2):
        MPI.Prequest.Startall([send, recv])
        send.Pready_range(0, 1)
        assert recv.Parrived(0)
        MPI.Request.Waitall([send, recv])
    send.Free()
    recv.Free()


def test_the_null_request():
    assert MPI.Prequest().Parrived(0)
    assert error_class(MPI.Prequest().Pready, 0) == MPI.ERR_REQUEST


@pytest.mark.parametrize("name", ["Waitall", "Testall", "waitall", "testall"])
def test_all_at_once(comm, name):
    """MPICH says that one of them has failed."""
    following, previous = ring(comm)
    send = comm.Psend_init(b"12", 2, following, 0)
    recv = comm.Precv_init(memory := bytearray(2), 2, previous, 0)
    for _ in range(3):
        MPI.Prequest.Startall([send, recv])
        send.Pready_range(0, 1)
        answer = False
        while answer in (False, (False, None)):
            answer = getattr(MPI.Request, name)([send, recv], [])
        assert memory == b"12"
        memory[:] = bytes(2)
    send.Free()
    recv.Free()
