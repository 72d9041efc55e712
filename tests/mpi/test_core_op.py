"""User-defined operations: trampolines, and errors that come out of MPI calls."""
import array

import pytest

from mpi4py import MPI


def failing(inbuf, inoutbuf, datatype):
    raise ZeroDivisionError("in the operation")


def adding(inbuf, inoutbuf, datatype):
    assert datatype == MPI.INT and len(inbuf) == len(inoutbuf)
    total = memoryview(inoutbuf).cast("i")
    for idx, value in enumerate(memoryview(inbuf).cast("i")):
        total[idx] += value


def test_adding():
    comm = MPI.COMM_WORLD
    op = MPI.Op.Create(adding, commute=True)
    got = array.array("i", [0, 0])
    comm.Allreduce(array.array("i", [1, comm.rank]), got, op)
    assert list(got) == [comm.size, sum(range(comm.size))]
    op.Free()
    assert not op


def test_an_error_comes_out_of_the_call():
    op = MPI.Op.Create(failing)
    one, other = array.array("i", [1]), array.array("i", [2])
    with pytest.raises(ZeroDivisionError, match="in the operation"):
        op.Reduce_local(one, other)
    op.Free()
    MPI.SUM.Reduce_local(one, other)
    assert other[0] == 3


def test_slots_come_back():
    for _ in range(3):
        ops = [MPI.Op.Create(adding) for _ in range(32)]
        with pytest.raises(RuntimeError, match="too many"):
            MPI.Op.Create(adding)
        for op in ops:
            op.Free()


def test_a_copy_has_the_function():
    op = MPI.Op.Create(lambda one, other, datatype: (one, other, datatype))
    assert MPI.Op(op)(1, 2) == (1, 2, None)
    op.Free()
