"""Collectives of objects in which one rank fails: all raise, and go on together."""
import pytest

from mpi4py import MPI


class Unpicklable:
    def __reduce__(self):
        raise LookupError("not to be sent")


class Unloadable:
    """Can be sent, but not received."""

    def __reduce__(self):
        return refuse, ()


def refuse():
    raise LookupError("not to be received")


def add(x, y):
    return x + y


CALLS = {
    "bcast": lambda comm, obj: comm.bcast(obj, root=comm.size - 1),
    "gather": lambda comm, obj: comm.gather(obj, root=0),
    "scatter": lambda comm, obj: comm.scatter([obj] * comm.size, root=comm.size - 1),
    "allgather": lambda comm, obj: comm.allgather(obj),
    "alltoall": lambda comm, obj: comm.alltoall([obj] * comm.size),
    "reduce": lambda comm, obj: comm.reduce(obj, add),
    "allreduce": lambda comm, obj: comm.allreduce(obj, add),
    "scan": lambda comm, obj: comm.scan(obj, add),
    "exscan": lambda comm, obj: comm.exscan(obj, add),
}


def check_step(comm):
    """The ranks are in step again."""
    assert comm.allgather(comm.rank) == list(range(comm.size))
    assert comm.allreduce(1) == comm.size
    assert comm.scan(1) == comm.rank + 1


@pytest.mark.parametrize("name", CALLS)
def test_an_object_that_cannot_be_pickled(comm, name):
    culprit = comm.size - 1
    if comm.rank == culprit:
        with pytest.raises(LookupError, match="not to be sent"):
            CALLS[name](comm, Unpicklable())
    elif name == "gather" and comm.rank != 0:
        assert CALLS[name](comm, 1) is None  # nothing to learn for them
    else:
        with pytest.raises(MPI.PeerError, match=f"rank {culprit} raised"):
            CALLS[name](comm, 1)
    check_step(comm)


@pytest.mark.parametrize("name", ["bcast", "scatter"])
def test_an_object_that_cannot_be_loaded(comm, name):
    """Everybody has it then, and raises for itself."""
    with pytest.raises(LookupError, match="not to be received"):
        CALLS[name](comm, Unloadable())
    check_step(comm)


def test_a_wrong_number_of_items(comm):
    root = comm.size - 1
    items = [1] * (comm.size + 1)
    if comm.rank == root:
        with pytest.raises(ValueError, match=f"expecting {comm.size} items"):
            comm.scatter(items, root=root)
        with pytest.raises(ValueError, match=f"expecting {comm.size} items"):
            comm.alltoall(items)
    else:
        with pytest.raises(MPI.PeerError):
            comm.scatter(None, root=root)
        with pytest.raises(MPI.PeerError):
            comm.alltoall([1] * comm.size)
    check_step(comm)


@pytest.mark.parametrize("name", ["reduce", "allreduce", "scan", "exscan"])
def test_an_operation_that_raises(comm, name):
    """Every rank returns: with the exception, with PeerError, or with its result."""

    def op(x, y):
        if len(x + y) >= 2:
            raise ArithmeticError("refused")

    raised = None
    try:
        getattr(comm, name)([comm.rank], op)
    except (ArithmeticError, MPI.PeerError) as error:
        raised = type(error).__name__
    everybody = comm.allgather(raised)
    if comm.size > 1:
        assert "ArithmeticError" in everybody
    if comm.size > 1 and name == "allreduce":
        assert None not in everybody
    check_step(comm)


def test_an_operation_that_is_none(comm):
    if comm.size == 1:
        pytest.skip("nothing to compute")
    for call in (comm.reduce, comm.allreduce, comm.scan, comm.exscan):
        with pytest.raises(TypeError, match="not callable"):
            call(1, op=None)
    check_step(comm)


def test_operations_may_change_their_operands(comm):
    def extend(x, y):
        x.extend(y)
        return x

    ranks = list(range(comm.size))
    assert comm.allreduce([comm.rank], extend) == ranks
    assert comm.scan([comm.rank], extend) == ranks[: comm.rank + 1]
    assert comm.exscan([comm.rank], extend) == (ranks[: comm.rank] or None)


def test_objects_around_the_size_of_one_trip(comm):
    for size in range(990, 1040):
        obj = bytes(size)
        assert comm.bcast(obj if comm.rank == 0 else None) == obj


def tree(values, op):
    """What messages up a binomial tree compute."""
    values, bit = list(values), 1
    while bit < len(values):
        for rank in range(0, len(values) - bit, 2 * bit):
            values[rank] = op(values[rank], values[rank + bit])
        bit *= 2
    return values[0]


@pytest.mark.parametrize("op", [MPI.SUM, MPI.PROD, MPI.MAX, MPI.MIN, add],
                         ids=["SUM", "PROD", "MAX", "MIN", "function"])
@pytest.mark.parametrize("number", [
    lambda rank: rank,
    lambda rank: 0.1 * 3**rank,
    lambda rank: 2**70 + rank,
    lambda rank: 2**2000 + rank,  # too long to be brought along
    lambda rank: rank % 2 == 0,
    lambda rank: [rank, 0.1 * rank, True, 2**64][rank % 4],
    lambda rank: 2**2000 if rank == 0 else rank,
    lambda rank: (rank,) if rank == 0 else rank,
], ids=["int", "float", "long", "longer", "bool", "mixed", "one long", "one tuple"])
def test_numbers_are_reduced_alike(comm, op, number):
    """Type and value are what Python computes, the same on all ranks."""
    values = [number(rank) for rank in range(comm.size)]
    try:
        expected = tree(values, op)
    except TypeError:
        with pytest.raises((TypeError, MPI.PeerError)):
            comm.allreduce(values[comm.rank], op)
    else:
        result = comm.allreduce(values[comm.rank], op)
        assert (type(result), result) == (type(expected), expected)
        everybody = comm.allgather(repr(result))
        assert everybody == [repr(expected)] * comm.size
    check_step(comm)


def test_a_sum_of_complex_numbers(comm):
    result = comm.allreduce(complex(comm.rank, 0.1))
    assert result == tree([complex(rank, 0.1) for rank in range(comm.size)], add)


def test_one_rank_has_an_operation_of_its_own(comm):
    """All take the long way when one cannot take the short one."""
    op = add if comm.rank == comm.size - 1 else MPI.SUM
    assert comm.allreduce(1, op) == comm.size
    check_step(comm)


def test_short_and_long_reductions_take_turns(comm):
    for turn in range(50):
        assert comm.allreduce(turn) == comm.size * turn
        assert comm.allreduce([turn]) == [turn] * comm.size
