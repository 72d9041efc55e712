"""Reductions of objects between two groups."""
import pytest

from mpi4py import MPI


@pytest.fixture
def inter(comm):
    """Rank 0 alone, and all others."""
    if comm.size < 2:
        pytest.skip("one rank makes no two groups")
    half = comm.Split(comm.rank == 0)
    inter = half.Create_intercomm(0, comm, int(comm.rank == 0), 1)
    half.Free()
    yield inter
    inter.Free()


def test_each_group_gets_what_the_other_gave(inter, comm):
    low = comm.rank == 0
    others = [[rank] for rank in (range(1, comm.size) if low else range(1))]
    for _ in range(3):
        assert inter.allreduce([comm.rank]) == [rank for [rank] in others]
        assert inter.allreduce(comm.rank, MPI.MAX) == max(others)[0]


def test_one_gets_what_the_other_group_gave(inter, comm):
    low = comm.rank == 0
    for root in range(comm.size - 1):
        there = MPI.ROOT if comm.rank == root + 1 else MPI.PROC_NULL
        result = inter.reduce("zero" if low else None, root=root if low else there)
        assert result == ("zero" if comm.rank == root + 1 else None)
    result = inter.reduce([comm.rank], root=MPI.ROOT if low else 0)
    assert result == (list(range(1, comm.size)) if low else None)


def test_no_such_root(inter, comm):
    for root in (inter.remote_size, -100):
        with pytest.raises(MPI.Exception):
            inter.reduce(0, root=root)


def test_the_private_communicators(inter, comm):
    copy, tag, local, is_low = MPI._commctx_inter(inter)
    assert type(copy) is MPI.Intercomm
    assert type(local) is MPI.Intracomm
    assert copy.Compare(inter) == MPI.CONGRUENT
    assert (local.size, local.rank) == (inter.size, inter.rank)
    assert comm.allgather(is_low) in (
        [True] + [False] * (comm.size - 1),
        [False] + [True] * (comm.size - 1),
    )
    again = MPI._commctx_inter(inter)
    assert again[0] == copy and again[1] != tag and again[2] == local


def test_locks(comm):
    copy = comm.Dup()
    assert MPI._comm_lock_table(copy) == {}
    one, other = MPI._comm_lock(copy), MPI._comm_lock(copy, "key")
    assert one is MPI._comm_lock(copy) is not other
    assert MPI._comm_lock_table(copy) == {None: one, "key": other}
    with one, other:
        pass
    with pytest.raises(TypeError):
        MPI._comm_lock(copy, [])
    with pytest.raises(TypeError):
        MPI._comm_lock(None)
    duplicate, tag = MPI._commctx_intra(copy)
    again = MPI._commctx_intra(copy)
    assert duplicate == again[0] and tag != again[1]
    copy.Free()
    with pytest.raises(MPI.Exception):
        MPI._comm_lock(MPI.COMM_NULL)
