"""Collectives between two groups, where MPI's own go wrong."""
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
