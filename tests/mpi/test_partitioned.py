"""Partitioned communication."""
import pytest
from support import error_class, ring

from mpi4py import MPI


def test_ready_in_any_order(comm):
    following, previous = ring(comm)
    there, here = bytearray(b"abcdef"), bytearray(6)
    send = comm.Psend_init(there, 6, following, 0)
    recv = comm.Precv_init(here, 6, previous, 0)
    for turn in range(2):
        MPI.Prequest.Startall([send, recv])
        send.Pready_list([5, 0])
        send.Pready(2)
        send.Pready_range(3, 4)
        assert not send.Test()
        send.Pready_list([])
        send.Pready(1)
        MPI.Request.Waitall([send, recv])
        assert here == there
        here[:] = bytes(6)
        there[0] += 1
    send.Free()
    recv.Free()


def test_partitions_that_are_not_there(comm):
    send = comm.Psend_init(bytearray(4), 2, comm.rank, 0)
    recv = comm.Precv_init(bytearray(4), 2, comm.rank, 0)
    assert error_class(send.Pready, 0) == MPI.ERR_REQUEST
    MPI.Prequest.Startall([send, recv])
    for call, *args in (
        (send.Pready, 2),
        (send.Pready, -1),
        (send.Pready_list, [0, 2]),
        (send.Pready_range, 0, 2),
        (send.Pready_range, -(2**31), 2**31 - 1),
    ):
        assert error_class(call, *args) is not None
    for wrong in ("ab", None, 3, [None]):
        with pytest.raises(TypeError):
            send.Pready_list(wrong)
    send.Pready_range(0, 1)
    MPI.Request.Waitall([send, recv])
    assert recv.Parrived(1)
    send.Free()
    recv.Free()


def test_memory_must_divide(comm):
    with pytest.raises(ValueError):
        comm.Psend_init(bytearray(5), 2, comm.rank, 0)
    assert error_class(comm.Psend_init, bytearray(4), 0, comm.rank) == MPI.ERR_ARG
