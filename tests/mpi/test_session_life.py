"""Sessions: their life, and what they know."""
import pytest

from mpi4py import MPI


class Mine(MPI.Session):
    pass


def test_life(comm):
    session = Mine.Init()
    assert type(session) is Mine
    assert session and session != MPI.SESSION_NULL
    session.Finalize()
    assert not session
    session = MPI.Session.Init()
    session.free()
    assert session == MPI.SESSION_NULL
    session.free()
    MPI.SESSION_NULL.free()
    with pytest.raises(MPI.Exception):
        session.Finalize()


def test_a_communicator_without_a_world(comm):
    session = MPI.Session.Init()
    group = session.Create_group("mpi://WORLD")
    own = MPI.Intracomm.Create_from_group(group, "rankbook", MPI.INFO_NULL)
    assert own.allgather(own.rank) == list(range(comm.size))
    assert own.allreduce(1) == own.size
    own.Barrier()
    own.Free()
    group.Free()
    session.Finalize()


def test_sets(comm):
    session = MPI.Session.Init()
    names = [session.Get_nth_pset(n) for n in range(session.Get_num_psets())]
    assert {"mpi://WORLD", "mpi://SELF"} <= set(names)
    for call in (session.Get_pset_info, session.Create_group):
        with pytest.raises(MPI.Exception):
            call("no such set")
        with pytest.raises(TypeError):
            call(None)
    with pytest.raises(MPI.Exception):
        session.Get_nth_pset(len(names))
    session.Finalize()
    with pytest.raises(MPI.Exception):
        session.Get_num_psets()
