"""Collectives between two groups: where MPI's own go wrong, and where a rank fails."""
import array

import pytest

from mpi4py import MPI

BCASTS = {
    "blocking": lambda inter, data, root: inter.Bcast(data, root),
    "nonblocking": lambda inter, data, root: inter.Ibcast(data, root).Wait(),
}


def persistent(inter, data, root):
    request = inter.Bcast_init(data, root)
    for _ in range(2):
        request.Start()
        request.Wait()
    request.Free()


BCASTS["persistent"] = persistent


@pytest.fixture
def inter(comm):
    """Between the lower and the upper half of the ranks."""
    if comm.size == 1:
        pytest.skip("one rank makes no two groups")
    half = comm.size // 2
    group = comm.Split(comm.rank >= half)
    result = group.Create_intercomm(0, comm, half if comm.rank < half else 0)
    yield result
    result.Free()
    group.Free()


@pytest.fixture
def upper(comm):
    return comm.rank >= comm.size // 2


@pytest.mark.parametrize("name", BCASTS)
def test_broadcasts_from_each_rank_of_both_groups(inter, upper, name):
    """The ranks beside the root have nothing to do, and stay in step all the same."""
    bcast = BCASTS[name]
    for turn in range(20):
        for giving in (False, True):
            for root in range(inter.size if upper == giving else inter.remote_size):
                expected = array.array("i", [turn * 100 + root] * 3)
                if upper != giving:
                    data = array.array("i", [-1] * 3)
                    bcast(inter, data, root)
                    assert data == expected
                else:
                    here = root == inter.rank
                    bcast(inter, expected, MPI.ROOT if here else MPI.PROC_NULL)


@pytest.mark.parametrize("name", BCASTS)
def test_empty_broadcasts_leave_nothing_behind(inter, upper, name):
    """What nobody receives would be taken for a later message."""
    root = MPI.PROC_NULL if upper and inter.rank else MPI.ROOT if upper else 0
    BCASTS[name](inter, bytearray(), root)
    data = bytearray(b"x" if upper else b"y")
    BCASTS[name](inter, data, root)
    assert data == b"x"


class Unwilling:
    def __reduce__(self):
        raise ZeroDivisionError


def outcome(call, *args):
    """What a call returns, or the class of what it raises."""
    try:
        return call(*args)
    except (ZeroDivisionError, MPI.PeerError) as error:
        return type(error)


@pytest.mark.parametrize("name", ["bcast", "scatter", "allgather", "alltoall"])
def test_the_other_group_learns_who_failed(inter, upper, name):
    """The first of the upper group fails; those who wait for its object raise."""
    fails = upper and inter.rank == 0
    obj = Unwilling() if fails else inter.rank
    args = [[obj] * inter.remote_size if name in ("scatter", "alltoall") else obj]
    if name in ("bcast", "scatter"):
        args.append(0 if not upper else MPI.ROOT if fails else MPI.PROC_NULL)
        others = None
    else:
        others = list(range(inter.remote_size))
    expected = ZeroDivisionError if fails else others if upper else MPI.PeerError
    assert outcome(getattr(inter, name), *args) == expected
    assert inter.allgather(inter.rank) == list(range(inter.remote_size))


@pytest.mark.parametrize("name", ["gather", "reduce"])
def test_the_root_learns_who_failed(inter, upper, name):
    fails = not upper and inter.rank == 0
    obj = Unwilling() if fails else inter.rank
    root = 0 if not upper else MPI.ROOT if inter.rank == 0 else MPI.PROC_NULL
    result = outcome(lambda: getattr(inter, name)(obj, root=root))
    if fails or root == MPI.ROOT:
        assert result == (ZeroDivisionError if fails else MPI.PeerError)
    assert inter.allreduce(1) == inter.remote_size
