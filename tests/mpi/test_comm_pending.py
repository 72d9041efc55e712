"""Communicators that are still being made, and agreements that are under way."""
import array
import gc

import pytest

from mpi4py import MPI


class Mine(MPI.Intracomm):
    pass


def test_a_duplicate_is_of_the_class_of_its_parent(comm):
    mine = Mine(comm)
    for start in (mine.Idup, lambda: mine.Idup_with_info(MPI.INFO_NULL)):
        copy, request = start()
        request.Wait()
        assert type(copy) is Mine
        assert copy.Compare(comm) == MPI.CONGRUENT
        copy.Free()
    copy, request = mine.Ishrink()
    assert request.wait() is None
    assert type(copy) is MPI.Intracomm
    copy.Free()


def test_the_request_outlives_its_result(comm):
    copy, request = comm.Idup()
    del copy
    gc.collect()
    request.Wait()
    assert request == MPI.REQUEST_NULL


def test_agreement(comm):
    copy = comm.Dup()
    bits = 7 & ~(1 << copy.rank % 3)
    expected = 7
    for rank in range(copy.size):
        expected &= ~(1 << rank % 3)
    assert copy.Agree(bits) == expected
    flag = array.array("i", [bits])
    request = copy.Iagree(flag)
    with pytest.raises(BufferError):
        flag.append(1)
    request.Wait()
    assert flag[0] == expected
    flag.append(1)
    copy.Free()


def test_flags_that_are_none(comm):
    for flag, error in (
        (0, TypeError),
        (b"1234", BufferError),
        (bytearray(4), ValueError),
        (array.array("f", [1]), ValueError),
    ):
        with pytest.raises(error):
            comm.Iagree(flag)


def test_nobody_has_failed(comm):
    failed = comm.Get_failed()
    assert failed.size == 0
    assert comm.Is_revoked() is False
    assert comm.Ack_failed() == comm.Ack_failed(1) == 0
    failed.Free()
    for ask in ("Is_revoked", "Get_failed", "Ack_failed", "Shrink"):
        with pytest.raises(MPI.Exception):
            getattr(MPI.Comm(), ask)()


def test_ranges(comm):
    group = comm.Get_group()
    for ranges, error in (
        ([(0, 0)], ValueError),
        ([(0, 0, 1, 1)], ValueError),
        ([0], TypeError),
        (0, TypeError),
        (["abc"], TypeError),
        ([(0, 0, None)], TypeError),
        ([(0, comm.size, 1)], MPI.Exception),
    ):
        with pytest.raises(error):
            group.Range_incl(ranges)
        with pytest.raises(error):
            group.Range_excl(ranges)
    group.Free()
