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


def outcome(call, *args):
    """What it raised: the operation's own, or PeerError where another rank made it."""
    try:
        call(*args)
    except ZeroDivisionError:
        return "raised"
    except MPI.PeerError as error:
        assert "rank 0: ZeroDivisionError: in the operation" in str(error)
        return "told"
    return "fine"


@pytest.mark.parametrize("name", REDUCTIONS)
def test_all_hear_of_it(comm, make_op, name):
    data, got = array.array("i", [1, 2]), array.array("i", [0, 0])
    outcomes = comm.allgather(outcome(REDUCTIONS[name], comm, make_op(raising), data, got))
    # Who only sends to the root of a Reduce has nothing to wait for.
    other = "fine" if name == "Reduce" else "told"
    assert outcomes == ["raised" if comm.size > 1 else "fine"] + [other] * (comm.size - 1)
    # The exception is raised once: nothing is left for what comes next.
    comm.Allreduce(data, got, make_op(adding))
    assert list(got) == [comm.size, 2 * comm.size]


def test_nobody_hangs_with_more_than_slots_hold(comm, make_op):
    """MPI makes it, on any rank."""
    data, got = array.array("i", [1] * 100_000), array.array("i", [0] * 100_000)
    raised = outcome(REDUCTIONS["Allreduce"], comm, make_op(raising), data, got)
    assert ("raised" in comm.allgather(raised)) == (comm.size > 1)


def test_made_once_in_the_order_of_ranks(comm):
    """By one rank for all, and not more often than is necessary."""
    calls = []

    def concatenate(inbuf, inoutbuf, datatype):
        calls.append(1)
        first, second = memoryview(inbuf).cast("q"), memoryview(inoutbuf).cast("q")
        second[0] = first[0] * 10 + second[0]

    op = MPI.Op.Create(concatenate, commute=False)
    data, got = array.array("q", [comm.rank + 1]), array.array("q", [0])
    for name, expected in (("Allreduce", comm.size), ("Scan", comm.rank + 1)):
        calls.clear()
        REDUCTIONS[name](comm, op, data, got)
        assert got[0] == int("".join(map(str, range(1, expected + 1))))
        assert comm.allreduce(len(calls)) == comm.size - 1
    op.Free()


@pytest.mark.parametrize("function", [adding, raising])
def test_while_another_call_waits_on_a_thread_beside(comm, make_op, function):
    """MPI may run the operation there; what it raises comes out of a call here."""
    ran = set()

    def noting(*args):
        ran.add(turn)
        function(*args)

    op, raised = make_op(noting), set()
    data, got = array.array("i", [1]), array.array("i", [0])
    color = comm.rank % 2  # a call as well: what it raised would keep Split from running
    for turn in range(10):
        request = comm.Iallreduce(data, got, op)
        for step in (lambda: comm.Split(color).Free(),
                     lambda: MPI.Win.Allocate(8, comm=comm).Free(), request.Wait):
            try:
                step()
            except ZeroDivisionError:
                raised.add(turn)
        assert function is raising or got[0] == comm.size
    assert raised == (ran if function is raising else set())


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
