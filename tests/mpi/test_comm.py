"""Communicators: size, rank, copies, parts, names."""
import pytest
from support import error_class

from mpi4py import MPI


def test_size_and_rank():
    world, self = MPI.COMM_WORLD, MPI.COMM_SELF
    assert world.Get_size() == world.size
    assert world.Get_rank() == world.rank
    assert 0 <= world.rank < world.size
    assert (self.size, self.rank) == (1, 0)
    for name in ("size", "rank"):
        with pytest.raises(AttributeError):
            setattr(world, name, 1)


def test_ranks_differ(comm):
    assert comm.allgather(comm.rank) == list(range(comm.size))
    assert comm.rank == MPI.COMM_WORLD.rank


def test_dup(comm):
    copy = comm.Dup()
    assert type(copy) is MPI.Intracomm
    assert copy != comm
    assert MPI.Comm.Compare(copy, comm) == MPI.CONGRUENT
    assert comm.Compare(comm) == MPI.IDENT
    assert copy.Free() is None
    assert copy == MPI.COMM_NULL
    copy = comm.Clone()
    assert copy.size == comm.size
    copy.Free()


def test_messages_stay_in_their_communicator(comm):
    other = comm.Dup()
    request = comm.isend("in comm", comm.rank)
    assert other.iprobe() is False
    assert comm.recv() == "in comm"
    request.wait()
    other.Free()


def test_split(comm):
    part = comm.Split(color=comm.rank % 2, key=-comm.rank)
    members = [r for r in range(comm.size) if r % 2 == comm.rank % 2]
    assert type(part) is MPI.Intracomm
    assert part.size == len(members)
    assert part.allgather(comm.rank) == members[::-1]
    part.Free()


def test_split_without_some(comm):
    part = comm.Split(0 if comm.rank == 0 else MPI.UNDEFINED)
    if comm.rank == 0:
        assert part.size == 1
        part.Free()
    else:
        assert part == MPI.COMM_NULL
    same = comm.Split()
    assert (same.size, same.rank) == (comm.size, comm.rank)
    same.Free()


def test_kinds(comm):
    assert comm.Is_inter() is False and comm.is_inter is False
    assert comm.Is_intra() is True and comm.is_intra is True
    assert comm.Get_topology() == comm.topology == MPI.UNDEFINED
    assert comm.is_topo is False


def test_names(comm):
    assert MPI.COMM_WORLD.name == "MPI_COMM_WORLD"
    assert MPI.COMM_SELF.Get_name() == "MPI_COMM_SELF"
    assert comm.Set_name("mine") is None
    assert comm.Get_name() == comm.name == "mine"
    comm.name = "other"
    assert comm.name == "other"


def test_groups(comm):
    group = comm.Get_group()
    assert (group.Get_size(), group.Get_rank()) == (comm.size, comm.rank)
    assert (group.size, group.rank) == (comm.size, comm.rank)
    group.Free()


def test_subclasses(comm):
    class Own(MPI.Intracomm):
        pass

    own = Own(comm)
    copy = own.Dup()
    assert type(copy) is Own
    part = own.Split()
    assert type(part) is MPI.Intracomm
    copy.Free()
    part.Free()


def test_wrong_arguments(comm):
    for call in (
        lambda: comm.Split("a"),
        lambda: comm.Compare(None),
        lambda: comm.Compare(3),
        lambda: MPI.Intracomm(3),
        lambda: comm.Set_name(3),
        lambda: comm.Split(0, 0, 0),
        lambda: comm.Get_size(1),
    ):
        with pytest.raises(TypeError):
            call()


def test_null():
    null = MPI.COMM_NULL
    for name in ("Get_size", "Get_rank", "Dup", "Split", "Free", "Barrier", "Is_inter"):
        assert error_class(getattr(null, name)) == MPI.ERR_COMM


def test_predefined_communicators_stay():
    assert error_class(MPI.COMM_WORLD.Free) is not None
    assert MPI.COMM_WORLD.size >= 1


def test_many_duplicates(comm):
    """Context ids come back."""
    for _ in range(200):
        comm.Dup().Free()
