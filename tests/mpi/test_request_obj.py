"""Requests of object messages: wait, test, and their plural forms."""
import pytest
from support import error_class, ring

from mpi4py import MPI

Request = MPI.Request


def exchange(comm, count):
    """'count' receives and sends on the ring: (receives, sends)."""
    following, previous = ring(comm)
    receives = [comm.irecv(source=previous, tag=i) for i in range(count)]
    sends = [comm.isend((comm.rank, i), following, tag=i) for i in range(count)]
    return receives, sends


def expected(comm, count):
    return [(ring(comm)[1], i) for i in range(count)]


def test_wait(comm):
    receives, sends = exchange(comm, 1)
    status = MPI.Status()
    assert receives[0].wait(status) == expected(comm, 1)[0]
    assert (status.source, status.tag) == (ring(comm)[1], 0)
    assert sends[0].wait(status=None) is None
    assert not receives[0] and not sends[0]
    assert receives[0].wait() is None


def test_test(comm):
    receives, sends = exchange(comm, 1)
    flag, status = False, MPI.Status()
    while not flag:
        flag, obj = receives[0].test(status)
        assert flag is True or obj is None
    assert obj == expected(comm, 1)[0]
    assert status.source == ring(comm)[1]
    assert sends[0].wait() is None
    assert sends[0].test() == (True, None)


def test_waitall(comm):
    receives, sends = exchange(comm, 4)
    statuses = []
    assert Request.waitall(receives, statuses) == expected(comm, 4)
    assert [s.tag for s in statuses] == [0, 1, 2, 3]
    assert Request.waitall(requests=sends, statuses=None) == [None] * 4
    assert not any(receives) and not any(sends)


def test_waitall_of_a_mixture(comm):
    receives, sends = exchange(comm, 3)
    assert Request.waitall(tuple(sends + receives)) == [None] * 3 + expected(comm, 3)


def test_waitall_extends_a_short_list(comm):
    receives, sends = exchange(comm, 3)
    statuses = [MPI.Status()]
    first = statuses[0]
    Request.waitall(receives, statuses)
    assert len(statuses) == 3 and statuses[0] is first
    Request.waitall(sends)


def test_testall(comm):
    receives, sends = exchange(comm, 3)
    flag = False
    while not flag:
        flag, objs = Request.testall(receives)
        assert flag is True or objs is None
    assert objs == expected(comm, 3)
    Request.waitall(sends)


def test_waitany(comm):
    receives, sends = exchange(comm, 4)
    got = {}
    status = MPI.Status()
    for _ in receives:
        index, obj = Request.waitany(receives, status)
        assert status.tag == index
        got[index] = obj
    assert [got[i] for i in range(4)] == expected(comm, 4)
    assert Request.waitany(receives) == (MPI.UNDEFINED, None)
    Request.waitall(sends)


def test_testany(comm):
    receives, sends = exchange(comm, 4)
    got = {}
    while len(got) < 4:
        index, flag, obj = Request.testany(receives)
        if flag:
            got[index] = obj
        else:
            assert (index, obj) == (MPI.UNDEFINED, None)
    assert [got[i] for i in range(4)] == expected(comm, 4)
    Request.waitall(sends)


@pytest.mark.parametrize("name", ["waitsome", "testsome"])
def test_some(comm, name):
    receives, sends = exchange(comm, 4)
    got = {}
    while len(got) < 4:
        statuses = []
        indices, objs = getattr(Request, name)(receives, statuses)
        assert len(indices) == len(objs)
        assert [s.tag for s in statuses[: len(indices)]] == list(indices)
        got.update(zip(indices, objs))
    assert [got[i] for i in range(4)] == expected(comm, 4)
    assert getattr(Request, name)(receives) == (None, None)
    Request.waitall(sends)


def test_empty_sequences():
    assert Request.waitany([]) == (MPI.UNDEFINED, None)
    assert Request.testany([]) == (MPI.UNDEFINED, True, None)
    assert Request.waitall([]) == []
    assert Request.testall([]) == (True, [])
    assert Request.waitsome([]) == (None, None)
    assert Request.testsome([]) == (None, None)


def test_null_requests():
    null = [MPI.REQUEST_NULL, MPI.Request()]
    assert null[1].wait() is None
    assert null[1].test() == (True, None)
    assert Request.waitany(null) == (MPI.UNDEFINED, None)
    assert Request.testany(null) == (MPI.UNDEFINED, True, None)
    assert Request.waitall(null) == [None, None]
    assert Request.testall(null) == (True, [None, None])
    assert Request.waitsome(null) == (None, None)
    assert Request.testsome(null) == (None, None)
    assert error_class(MPI.Request().cancel) == MPI.ERR_REQUEST


def test_wrong_arguments():
    for name in ("waitany", "testany", "waitall", "testall", "waitsome", "testsome"):
        with pytest.raises(TypeError):
            getattr(Request, name)(3)
        with pytest.raises(TypeError):
            getattr(Request, name)([3])
        with pytest.raises(TypeError):
            getattr(Request, name)()


def test_get_status(comm):
    receives, sends = exchange(comm, 1)
    status = MPI.Status()
    while not receives[0].get_status(status):
        pass
    assert status.tag == 0
    assert receives[0].wait() == expected(comm, 1)[0]
    Request.waitall(sends)


def test_get_status_of_many(comm):
    receives, sends = exchange(comm, 3)
    requests = [MPI.REQUEST_NULL, *receives]
    status, statuses = MPI.Status(), []
    while not Request.get_status_all(requests, statuses):
        pass
    assert [s.tag for s in statuses[1:]] == [0, 1, 2]
    assert Request.get_status_any(requests, status) == (1, True)
    assert status.tag == 0
    statuses = []
    assert Request.get_status_some(requests, statuses) == [1, 2, 3]
    assert [s.tag for s in statuses[:3]] == [0, 1, 2]
    assert all(receives)
    assert Request.waitall(receives) == expected(comm, 3)
    Request.waitall(sends)
    null = [MPI.REQUEST_NULL]
    assert Request.get_status_any(null) == (MPI.UNDEFINED, True)
    assert Request.get_status_all(null) is True
    assert Request.get_status_some(null) is None


def test_cancel(comm):
    request = comm.irecv(source=0, tag=99)
    assert request.cancel() is None
    status = MPI.Status()
    assert request.wait(status) is None
    assert status.Is_cancelled()


def test_capital_wait_does_not_unpickle(comm):
    receives, sends = exchange(comm, 1)
    assert receives[0].Wait() is True
    assert receives[0].wait() is None
    assert sends[0].Wait() is True


def test_lower_case_calls_on_buffer_requests(comm):
    following, previous = ring(comm)
    data = bytearray(3)
    receive = comm.Irecv(data, previous)
    send = comm.Isend(b"abc", following)
    assert Request.waitall([send, receive]) == [None, None]
    assert data == b"abc"


def test_a_truncated_one_among_others(comm):
    following, previous = ring(comm)
    receives = [comm.irecv(n, source=previous, tag=i) for i, n in enumerate((10, None))]
    sends = [comm.isend("x" * 500, following, tag=i) for i in range(2)]
    with pytest.raises(MPI.Exception) as caught:
        Request.waitall(receives)
    assert caught.value.Get_error_class() in (MPI.ERR_IN_STATUS, MPI.ERR_TRUNCATE)
    Request.waitall(sends)
