"""Collectives of objects: bcast, gather, scatter, allgather, alltoall, reductions."""
import operator

import pytest
from support import OBJECT_IDS, OBJECTS, error_class

from mpi4py import MPI


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_bcast_from_every_root(comm, obj):
    for root in range(comm.size):
        sent = obj if comm.rank == root else "not the root's"
        assert comm.bcast(sent, root=root) == obj


def test_bcast_gives_the_root_a_copy(comm):
    obj = [comm.rank]
    got = comm.bcast(obj, 0)
    assert got == [0]
    assert got is not obj


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_gather_to_every_root(comm, obj):
    for root in range(comm.size):
        got = comm.gather((comm.rank, obj), root=root)
        if comm.rank == root:
            assert got == [(r, obj) for r in range(comm.size)]
        else:
            assert got is None


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_scatter_from_every_root(comm, obj):
    for root in range(comm.size):
        items = [(r, obj) for r in range(comm.size)] if comm.rank == root else None
        assert comm.scatter(items, root=root) == (comm.rank, obj)


def test_scatter_takes_any_iterable(comm):
    items = iter(range(comm.size)) if comm.rank == 0 else None
    assert comm.scatter(items) == comm.rank
    items = dict.fromkeys(map(str, range(comm.size))) if comm.rank == 0 else None
    assert comm.scatter(items) == str(comm.rank)


def test_scatter_of_none_gives_none(comm):
    assert comm.scatter(None) is None


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_allgather(comm, obj):
    assert comm.allgather((comm.rank, obj)) == [(r, obj) for r in range(comm.size)]


@pytest.mark.parametrize("obj", OBJECTS, ids=OBJECT_IDS)
def test_alltoall(comm, obj):
    got = comm.alltoall([(comm.rank, r, obj) for r in range(comm.size)])
    assert got == [(r, comm.rank, obj) for r in range(comm.size)]


def test_alltoall_of_none_gives_nones(comm):
    assert comm.alltoall(None) == [None] * comm.size


def test_objects_of_different_size(comm):
    sizes = [10 ** (r + 2) for r in range(comm.size)]
    mine = b"x" * sizes[comm.rank]
    assert [len(b) for b in comm.allgather(mine)] == sizes
    got = comm.gather(mine, root=comm.size - 1)
    if comm.rank == comm.size - 1:
        assert [len(b) for b in got] == sizes
    got = comm.alltoall([bytes(n) for n in sizes])
    assert [len(b) for b in got] == [sizes[comm.rank]] * comm.size


def test_none_beside_objects(comm):
    mine = None if comm.rank % 2 else comm.rank
    assert comm.allgather(mine) == [None if r % 2 else r for r in range(comm.size)]


def test_wrong_number_of_items():
    comm = MPI.COMM_SELF
    for call in (comm.scatter, comm.alltoall):
        with pytest.raises(ValueError, match="expecting 1 items, got 2"):
            call([1, 2])
        with pytest.raises(TypeError):
            call(3)


def test_defaults_and_names(comm):
    assert comm.bcast(obj=comm.rank) == 0
    assert comm.scatter(sendobj=list(range(comm.size)), root=0) == comm.rank
    assert comm.reduce(sendobj=1, op=MPI.SUM, root=0) == (
        comm.size if comm.rank == 0 else None
    )
    assert comm.allreduce(sendobj=1, op=MPI.PROD) == 1
    assert comm.scan(sendobj=1, op=MPI.SUM) == comm.rank + 1
    assert comm.exscan(sendobj=1, op=MPI.SUM) == (comm.rank or None)
    assert comm.barrier() is None


OPS = {
    "SUM": operator.add,
    "PROD": operator.mul,
    "MAX": max,
    "MIN": min,
    "BAND": operator.and_,
    "BOR": operator.or_,
    "BXOR": operator.xor,
    "LAND": lambda x, y: bool(x) & bool(y),
    "LOR": lambda x, y: bool(x) | bool(y),
    "LXOR": lambda x, y: bool(x) ^ bool(y),
    "REPLACE": lambda x, y: y,
    "NO_OP": lambda x, y: x,
}


def fold(function, values):
    result = values[0]
    for value in values[1:]:
        result = function(result, value)
    return result


@pytest.mark.parametrize("name", OPS)
def test_reductions_with_predefined_ops(comm, name):
    op, function = getattr(MPI, name), OPS[name]
    values = [(7 * r + 3) % 11 for r in range(comm.size)]
    mine, rank = values[comm.rank], comm.rank
    whole = fold(function, values)
    assert comm.allreduce(mine, op) == whole
    for root in range(comm.size):
        assert comm.reduce(mine, op, root) == (whole if rank == root else None)
    assert comm.scan(mine, op) == fold(function, values[: rank + 1])
    before = fold(function, values[:rank]) if rank else None
    assert comm.exscan(mine, op) == before


@pytest.mark.parametrize("name", ["MAXLOC", "MINLOC"])
def test_reductions_with_locations(comm, name):
    op = getattr(MPI, name)
    assert comm.allreduce((1.0, comm.rank), op) == (1.0, 0)
    value = comm.rank if name == "MAXLOC" else -comm.rank
    last = comm.size - 1
    expected = (last, last) if name == "MAXLOC" else (-last, last)
    assert comm.allreduce((value, comm.rank), op) == expected


def test_reductions_keep_rank_order(comm):
    """String addition does not commute."""
    words = [f"<{r}>" for r in range(comm.size)]
    mine, rank = words[comm.rank], comm.rank
    assert comm.allreduce(mine) == "".join(words)
    for root in range(comm.size):
        got = comm.reduce(mine, root=root)
        assert got == ("".join(words) if rank == root else None)
    assert comm.scan(mine) == "".join(words[: rank + 1])
    assert comm.exscan(mine) == ("".join(words[:rank]) if rank else None)


def test_reductions_take_any_callable(comm):
    assert comm.allreduce({comm.rank}, op=operator.or_) == set(range(comm.size))
    assert comm.allreduce([comm.rank], op=lambda x, y: x + y) == list(range(comm.size))
    got = comm.scan((comm.rank,), op=lambda x, y: x + y)
    assert got == tuple(range(comm.rank + 1))


def test_reductions_leave_the_operands_alone(comm):
    mine = [comm.rank]

    def extend(x, y):
        x.extend(y)
        return x

    for call in (comm.reduce, comm.allreduce, comm.scan, comm.exscan):
        call(mine, op=extend)
        assert mine == [comm.rank]


def test_reductions_return_copies(comm):
    mine = [comm.rank]
    assert comm.allreduce(mine, op=lambda x, y: x) is not mine
    assert comm.scan(mine, op=lambda x, y: y) is not mine


def test_reductions_repeat(comm):
    for turn in range(5):
        assert comm.allreduce(turn) == turn * comm.size
        assert comm.reduce(turn) == (turn * comm.size if comm.rank == 0 else None)
        assert comm.scan(turn) == turn * (comm.rank + 1)


def test_reductions_do_not_meet_user_messages(comm):
    """A wildcard receive must not take what a reduction sends."""
    request = comm.irecv(source=MPI.ANY_SOURCE, tag=MPI.ANY_TAG)
    assert comm.allreduce(1) == comm.size
    assert comm.exscan(1) == (comm.rank or None)
    comm.barrier()
    comm.send("mine", dest=(comm.rank + 1) % comm.size)
    assert request.wait() == "mine"


def test_reduction_of_large_objects(comm):
    got = comm.allreduce(bytes([comm.rank]) * 50_000)
    assert got == b"".join(bytes([r]) * 50_000 for r in range(comm.size))


@pytest.mark.parametrize("root", [-5, 999])
def test_roots_out_of_range(comm, root):
    """Refused before anything is sent: every rank raises."""
    assert error_class(comm.bcast, 1, root=root) == MPI.ERR_ROOT
    assert error_class(comm.gather, 1, root=root) == MPI.ERR_ROOT
    assert error_class(comm.scatter, [1], root=root) == MPI.ERR_ROOT
    assert error_class(comm.reduce, 1, root=root) == MPI.ERR_ROOT
    assert comm.allreduce(1) == comm.size


def test_null_communicator():
    comm = MPI.COMM_NULL
    calls = [
        (comm.barrier,),
        (comm.bcast, 1),
        (comm.gather, 1),
        (comm.scatter, [1]),
        (comm.allgather, 1),
        (comm.alltoall, [1]),
        (comm.reduce, 1),
        (comm.allreduce, 1),
    ]
    for call, *args in calls:
        assert error_class(call, *args) == MPI.ERR_COMM


def test_what_cannot_be_pickled():
    comm = MPI.COMM_SELF
    for call in (comm.bcast, comm.gather, comm.allgather, comm.allreduce):
        with pytest.raises(Exception, match="pickle"):
            call(lambda: None)
    assert comm.bcast(1) == 1


def test_split_communicators(comm):
    half = comm.Split(comm.rank % 2, comm.rank)
    members = [r for r in range(comm.size) if r % 2 == comm.rank % 2]
    assert half.allgather(comm.rank) == members
    assert half.allreduce(comm.rank) == sum(members)
    assert half.reduce([comm.rank]) == (members if half.rank == 0 else None)
    half.Free()
