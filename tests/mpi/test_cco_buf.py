"""Collectives of buffers of equal size."""
import numpy
import pytest
from support import TYPES, error_class

from mpi4py import MPI

CODES = sorted(TYPES)


def test_barrier(comm):
    assert comm.Barrier() is None


@pytest.mark.parametrize("code", CODES)
def test_bcast(comm, make, code):
    for root in range(comm.size):
        data = make.full(code, 7, comm.rank)
        assert comm.Bcast(data, root=root) is None
        assert list(data) == [root] * 7


def test_bcast_reads_only_at_the_root(comm):
    data = b"abc" if comm.rank == 0 else bytearray(3)
    comm.Bcast(data)
    assert data == b"abc"


@pytest.mark.parametrize("code", CODES)
def test_gather(comm, make, code):
    for root in range(comm.size):
        is_root = comm.rank == root
        got = make.full(code, 2 * comm.size, 99) if is_root else None
        assert comm.Gather(make.full(code, 2, comm.rank), got, root=root) is None
        if is_root:
            assert list(got) == [r for r in range(comm.size) for _ in range(2)]


def test_gather_in_place(comm, make):
    got = make.full("i", comm.size, comm.rank)
    if comm.rank == 0:
        comm.Gather(MPI.IN_PLACE, got)
        assert list(got) == list(range(comm.size))
    else:
        comm.Gather([got, 1, MPI.INT], None)


@pytest.mark.parametrize("code", CODES)
def test_scatter(comm, make, code):
    for root in range(comm.size):
        sent = make.of(code, range(2 * comm.size)) if comm.rank == root else None
        got = make.full(code, 2, 99)
        assert comm.Scatter(sent, got, root=root) is None
        assert list(got) == [2 * comm.rank, 2 * comm.rank + 1]


def test_scatter_in_place(comm, make):
    data = make.of("i", range(comm.size))
    if comm.rank == 0:
        comm.Scatter(data, MPI.IN_PLACE)
    else:
        comm.Scatter(None, [data, 1, MPI.INT])
        assert data[0] == comm.rank


@pytest.mark.parametrize("code", CODES)
def test_allgather(comm, make, code):
    got = make.full(code, 3 * comm.size, 99)
    assert comm.Allgather(make.full(code, 3, comm.rank), got) is None
    assert list(got) == [r for r in range(comm.size) for _ in range(3)]


def test_allgather_in_place(comm, make):
    data = make.full("i", comm.size, -1)
    data[comm.rank] = comm.rank
    comm.Allgather(MPI.IN_PLACE, data)
    assert list(data) == list(range(comm.size))


@pytest.mark.parametrize("code", CODES)
def test_alltoall(comm, make, code):
    sent = make.of(code, [10 * comm.rank + r for r in range(comm.size)])
    got = make.full(code, comm.size, 99)
    assert comm.Alltoall(sent, got) is None
    assert list(got) == [10 * r + comm.rank for r in range(comm.size)]


def test_alltoall_in_place(comm, make):
    data = make.of("i", [10 * comm.rank + r for r in range(comm.size)])
    comm.Alltoall(MPI.IN_PLACE, data)
    assert list(data) == [10 * r + comm.rank for r in range(comm.size)]


OPS = {
    "SUM": numpy.add,
    "PROD": numpy.multiply,
    "MAX": numpy.maximum,
    "MIN": numpy.minimum,
}


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("code", CODES)
def test_reductions(comm, make, code, name):
    op, function = getattr(MPI, name), OPS[name]
    values = [numpy.array([r + 1, 3 - r, 2], dtype=code) for r in range(comm.size)]
    sent, rank = make.of(code, values[comm.rank].tolist()), comm.rank
    whole = list(function.reduce(values))
    got = make.full(code, 3)
    assert comm.Allreduce(sent, got, op) is None
    assert list(got) == whole
    for root in range(comm.size):
        got = make.full(code, 3) if rank == root else None
        assert comm.Reduce(sent, got, op=op, root=root) is None
        assert rank != root or list(got) == whole
    got = make.full(code, 3)
    assert comm.Scan(sent, got, op=op) is None
    assert list(got) == list(function.reduce(values[: rank + 1]))
    got = make.full(code, 3)
    assert comm.Exscan(sent, got, op) is None
    if rank:
        assert list(got) == list(function.reduce(values[:rank]))


@pytest.mark.parametrize("place", [MPI.IN_PLACE, None], ids=["IN_PLACE", "None"])
def test_reductions_in_place(comm, make, place):
    data = make.full("i", 2, comm.rank + 1)
    comm.Allreduce(place, data)
    whole = sum(range(1, comm.size + 1))
    assert list(data) == [whole] * 2
    data = make.full("i", 2, comm.rank + 1)
    comm.Scan(place, data)
    assert list(data) == [sum(range(1, comm.rank + 2))] * 2
    data = make.full("i", 2, comm.rank + 1)
    if comm.rank == 0:
        comm.Reduce(place, data)
        assert list(data) == [whole] * 2
    else:
        comm.Reduce(data, None)


def test_logical_and_bitwise(comm):
    sent, got = numpy.array([comm.rank, 0, 1], "i"), numpy.zeros(3, "i")
    comm.Allreduce(sent, got, MPI.LOR)
    assert got.astype(bool).tolist() == [comm.size > 1, False, True]
    comm.Allreduce(sent, got, MPI.BOR)
    expected = numpy.bitwise_or.reduce([[r, 0, 1] for r in range(comm.size)])
    assert (got == expected).all()


def test_locations(comm):
    pair = numpy.dtype([("value", "f8"), ("index", "i4")], align=True)
    sent, got = numpy.zeros(1, pair), numpy.zeros(1, pair)
    sent[0] = (comm.rank, comm.rank)
    comm.Allreduce([sent, 1, MPI.DOUBLE_INT], [got, 1, MPI.DOUBLE_INT], op=MPI.MAXLOC)
    assert tuple(got[0]) == (comm.size - 1, comm.size - 1)


def test_reduce_scatter_block(comm, make):
    sent, got = make.of("i", range(2 * comm.size)), make.full("i", 2)
    comm.Reduce_scatter_block(sent, got)
    assert list(got) == [comm.size * i for i in (2 * comm.rank, 2 * comm.rank + 1)]


def test_reduce_scatter(comm, make):
    counts = [r + 1 for r in range(comm.size)]
    sent, got = make.full("i", sum(counts), 1), make.full("i", comm.rank + 1)
    comm.Reduce_scatter(sent, got, counts)
    assert list(got) == [comm.size] * (comm.rank + 1)
    comm.Reduce_scatter(sent, got)
    assert list(got) == [comm.size] * (comm.rank + 1)


def test_user_ops(comm, make):
    def add(source, target, datatype):
        assert datatype == MPI.INT
        a = numpy.frombuffer(source, "i")
        b = numpy.frombuffer(target, "i")
        b += a

    op = MPI.Op.Create(add, commute=True)
    got = make.full("i", 4)
    comm.Allreduce(make.full("i", 4, comm.rank), got, op)
    assert list(got) == [sum(range(comm.size))] * 4
    op.Free()
    assert op == MPI.OP_NULL


def test_mismatches(comm):
    a, b = numpy.zeros(2, "i"), numpy.zeros(2, "d")
    with pytest.raises(ValueError, match="mismatch in send and receive MPI datatypes"):
        comm.Allreduce(a, b)
    with pytest.raises(ValueError, match="mismatch in send count"):
        comm.Allreduce(a, numpy.zeros(3, "i"))
    with pytest.raises(TypeError):
        comm.Allreduce(a, a.copy(), op=None)
    with pytest.raises(TypeError):
        comm.Allreduce(a, a.copy(), op=max)
    with pytest.raises(TypeError):
        comm.Bcast(object())


def test_sizes_that_do_not_divide():
    comm = MPI.COMM_WORLD
    if comm.size == 1:
        pytest.skip("needs two ranks")
    with pytest.raises(ValueError):
        comm.Allgather(numpy.zeros(1, "i"), numpy.zeros(comm.size + 1, "i"))
    with pytest.raises(ValueError):
        comm.Alltoall(numpy.zeros(comm.size + 1, "i"), numpy.zeros(comm.size, "i"))


@pytest.mark.parametrize("root", [-5, 999])
def test_roots_out_of_range(comm, root):
    data = numpy.zeros(comm.size, "i")
    assert error_class(comm.Bcast, data, root=root) == MPI.ERR_ROOT
    assert error_class(comm.Reduce, data, data.copy(), root=root) == MPI.ERR_ROOT


def test_ops_that_do_not_fit_the_type():
    comm, data = MPI.COMM_SELF, numpy.zeros(1, "d")
    assert error_class(comm.Allreduce, data, data.copy(), MPI.BAND) == MPI.ERR_OP


def test_null_communicator():
    comm, data = MPI.COMM_NULL, numpy.zeros(1, "i")
    assert error_class(comm.Barrier) == MPI.ERR_COMM
    assert error_class(comm.Bcast, data) == MPI.ERR_COMM
    for name in ("Gather", "Scatter", "Allgather", "Alltoall", "Reduce", "Allreduce"):
        assert error_class(getattr(comm, name), data, data.copy()) == MPI.ERR_COMM
