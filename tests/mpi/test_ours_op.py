"""User-defined operations that raise: on the rank where they ran, and only there."""
import array

import pytest

from mpi4py import MPI


def raising(inbuf, inoutbuf, datatype):
    raise ZeroDivisionError("in the operation")


def adding(inbuf, inoutbuf, datatype):
    total = memoryview(inoutbuf).cast("i")
    for idx, value in enumerate(memoryview(inbuf).cast("i")):
        total[idx] += value


REDUCTIONS = {
    "Reduce": lambda comm, op, data, got: comm.Reduce(data, got, op, root=0),
    "Allreduce": lambda comm, op, data, got: comm.Allreduce(data, got, op),
    "Scan": lambda comm, op, data, got: comm.Scan(data, got, op),
    "Exscan": lambda comm, op, data, got: comm.Exscan(data, got, op),
    "Reduce_scatter_block": lambda comm, op, data, got: comm.Reduce_scatter_block(
        array.array("i", list(data) * comm.size), got, op
    ),
}


@pytest.fixture
def make_op():
    ops = []

    def make(function):
        ops.append(MPI.Op.Create(function, commute=True))
        return ops[-1]

    yield make
    for op in ops:
        op.Free()


def did_raise(call, *args):
    try:
        call(*args)
    except ZeroDivisionError:
        return True
    return False


@pytest.mark.parametrize("name", REDUCTIONS)
def test_nobody_hangs(comm, make_op, name):
    data, got = array.array("i", [1, 2]), array.array("i", [0, 0])
    raised = did_raise(REDUCTIONS[name], comm, make_op(raising), data, got)
    # The exception is raised once: nothing is left for what comes next.
    assert any(comm.allgather(raised)) == (comm.size > 1)
    comm.Allreduce(data, got, make_op(adding))
    assert list(got) == [comm.size, 2 * comm.size]


def test_only_where_it_ran(comm, make_op):
    """An operation that raises on one rank."""

    def raising_on_root(inbuf, inoutbuf, datatype):
        if comm.rank == 0:
            raise ZeroDivisionError
        adding(inbuf, inoutbuf, datatype)

    data, got = array.array("i", [1]), array.array("i", [0])
    raised = did_raise(
        REDUCTIONS["Reduce"], comm, make_op(raising_on_root), data, got
    )
    assert comm.allgather(raised) == [comm.size > 1] + [False] * (comm.size - 1)


def test_freed_while_mpi_reduces_with_it(comm, make_op):
    """Its slot is not another operation's before the reduction is over."""
    data, got = array.array("i", [1, 2]), array.array("i", [0, 0])
    op = MPI.Op.Create(adding, commute=True)
    request = comm.Iallreduce(data, got, op)
    op.Free()
    make_op(raising)
    request.Wait()
    assert list(got) == [comm.size, 2 * comm.size]


def test_freed_while_a_persistent_reduction_has_it(comm, make_op):
    data, got = array.array("i", [1, 2]), array.array("i", [0, 0])
    op = MPI.Op.Create(adding, commute=True)
    request = comm.Allreduce_init(data, got, op)
    op.Free()
    make_op(raising)
    for _ in range(2):
        request.Start()
        request.Wait()
        assert list(got) == [comm.size, 2 * comm.size]
    request.Free()


NULL = [None, 0, MPI.DATATYPE_NULL]
FORMS = "Reduce Allreduce Scan Exscan Reduce_scatter_block Reduce_scatter".split()


@pytest.mark.parametrize("name", [f"{form}{name}" for form in ("", "I") for name in FORMS])
@pytest.mark.parametrize("send", [NULL, MPI.IN_PLACE], ids=["null", "in-place"])
def test_null_datatype(name, send):
    """MPICH would end the process."""
    name = name[0] + name[1:].lower() if name[0] == "I" else name
    with pytest.raises(MPI.Exception) as caught:
        getattr(MPI.COMM_SELF, name)(send, NULL)
    assert caught.value.Get_error_class() == MPI.ERR_TYPE


def test_null_datatype_local():
    with pytest.raises(MPI.Exception, match="datatype"):
        MPI.SUM.Reduce_local(NULL, NULL)


def test_nothing_at_address_0():
    ones = array.array("i", [1, 1])
    for send, recv in (([MPI.BOTTOM, 2, "i"], ones), (ones, [MPI.BOTTOM, 2, "i"])):
        with pytest.raises(MPI.Exception) as caught:
            MPI.SUM.Reduce_local(send, recv)
        assert caught.value.Get_error_class() == MPI.ERR_BUFFER
