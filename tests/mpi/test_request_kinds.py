"""What a request is, and what it says before it is completed."""
import pytest
from support import error_class

from mpi4py import MPI


def test_kinds_are_not_mixed(comm):
    plain = comm.Irecv(bytearray(1), comm.rank, 1)
    persistent = comm.Recv_init(bytearray(1), comm.rank, 2)
    for kind in (MPI.Prequest, MPI.Grequest):
        assert type(kind(MPI.REQUEST_NULL)) is kind
        assert type(kind.fromhandle(plain.handle)) is kind
        assert type(kind.f2py(plain.py2f())) is kind
        with pytest.raises(TypeError):
            kind(plain)
    with pytest.raises(TypeError):
        MPI.Grequest(persistent)
    assert type(MPI.Request(persistent)) is MPI.Request
    persistent.Free()
    comm.Send(b"1", comm.rank, 1)
    plain.Wait()


@pytest.mark.parametrize("prefix", ["Get", "get"])
def test_status_of_many(comm, prefix):
    def ask(what, *args):
        try:
            return getattr(MPI.Request, f"{prefix}_status_{what}")(*args)
        except NotImplementedError:
            pytest.skip("needs MPI-4.1")

    requests = [comm.Irecv(bytearray(4), comm.rank, tag) for tag in range(3)]
    assert ask("any", requests) == (MPI.UNDEFINED, False)
    assert ask("all", requests) is False
    assert ask("some", requests) == []
    comm.Send(b"two", comm.rank, 2)
    status, statuses = MPI.Status(), []
    while not ask("any", requests, status)[1]:
        pass
    assert (status.tag, status.count) == (2, 3)
    assert ask("some", requests, statuses) == [2]
    assert [s.tag for s in statuses] == [2]
    assert ask("all", requests) is False
    assert all(requests)
    for tag in range(2):
        comm.Send(b"rest", comm.rank, tag)
    while not ask("all", requests, statuses):
        pass
    assert [s.tag for s in statuses] == [0, 1, 2]
    MPI.Request.Waitall(requests)
    assert ask("some", requests) is None


def test_a_status_keeps_its_error(comm):
    """MPI sets it only where several requests end at once."""
    status = MPI.Status()
    status.error = MPI.ERR_OTHER
    comm.isend(1, comm.rank)
    comm.recv(source=comm.rank, status=status)
    assert status.error in (MPI.SUCCESS, MPI.ERR_OTHER)
    request = MPI.Grequest.Start()
    request.complete(5)
    status = MPI.Status()
    assert request.test(status) == (True, 5)
    assert status.error == MPI.SUCCESS


def test_starting_what_is_not_persistent(comm):
    assert error_class(MPI.Prequest().Start) == MPI.ERR_REQUEST
    assert error_class(MPI.Prequest.Startall, [MPI.Request()]) == MPI.ERR_REQUEST
    for wrong in (None, 3, [3], [None]):
        with pytest.raises(TypeError):
            MPI.Prequest.Startall(wrong)
