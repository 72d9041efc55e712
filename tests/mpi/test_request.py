"""Requests of buffer messages: Wait, Test, Cancel, and their plural forms."""
import gc
import sys

import pytest
from support import error_class, ring

from mpi4py import MPI

Request = MPI.Request


@pytest.fixture
def exchange(comm, make):
    """'count' messages on the ring: (arrays, receives, sends)."""

    def start(count):
        following, previous = ring(comm)
        arrays = [make.full("i", 3) for _ in range(count)]
        receives = [comm.Irecv(a, previous, i) for i, a in enumerate(arrays)]
        sends = [comm.Isend(make.full("i", 3, i + 1), following, i) for i in range(count)]
        return arrays, receives, sends

    return start


def check(arrays):
    for i, array in enumerate(arrays):
        assert list(array) == [i + 1] * 3


def test_wait(exchange, comm):
    arrays, receives, sends = exchange(1)
    status = MPI.Status()
    assert receives[0].Wait(status) is True
    assert status.source == ring(comm)[1]
    assert sends[0].Wait() is True
    assert receives[0].Wait() is True  # of a null request
    check(arrays)


def test_test(exchange):
    arrays, receives, sends = exchange(1)
    status = MPI.Status()
    while not receives[0].Test(status):
        pass
    assert status.tag == 0
    assert receives[0].Test() is True
    sends[0].Wait()
    check(arrays)


def test_waitall(exchange):
    arrays, receives, sends = exchange(4)
    statuses = []
    assert Request.Waitall(receives, statuses) is True
    assert [s.tag for s in statuses] == [0, 1, 2, 3]
    assert Request.Waitall(tuple(sends)) is True
    assert not any(receives + sends)
    check(arrays)


def test_testall(exchange):
    arrays, receives, sends = exchange(4)
    while not Request.Testall(receives + sends, None):
        pass
    assert not any(receives + sends)
    check(arrays)


def test_waitany(exchange):
    arrays, receives, sends = exchange(4)
    status = MPI.Status()
    seen = set()
    for _ in receives:
        index = Request.Waitany(receives, status)
        assert status.tag == index and not receives[index]
        seen.add(index)
    assert seen == {0, 1, 2, 3}
    assert Request.Waitany(receives) == MPI.UNDEFINED
    Request.Waitall(sends)
    check(arrays)


def test_testany(exchange):
    arrays, receives, sends = exchange(4)
    seen = set()
    while len(seen) < 4:
        index, flag = Request.Testany(receives)
        if flag:
            seen.add(index)
        else:
            assert index == MPI.UNDEFINED
    assert Request.Testany(receives) == (MPI.UNDEFINED, True)
    Request.Waitall(sends)
    check(arrays)


@pytest.mark.parametrize("name", ["Waitsome", "Testsome"])
def test_some(exchange, name):
    arrays, receives, sends = exchange(4)
    call, seen = getattr(Request, name), set()
    while len(seen) < 4:
        statuses = [MPI.Status()]
        done = call(receives, statuses)
        assert [s.tag for s in statuses[: len(done)]] == done
        seen.update(done)
    assert call(receives) is None
    Request.Waitall(sends)
    check(arrays)


def test_empty_and_null():
    for requests in ([], [MPI.REQUEST_NULL, Request()]):
        assert Request.Waitall(requests) is True
        assert Request.Testall(requests) is True
        assert Request.Waitany(requests) == MPI.UNDEFINED
        assert Request.Testany(requests) == (MPI.UNDEFINED, True)
        assert Request.Waitsome(requests) is None
        assert Request.Testsome(requests) is None
    assert Request().Wait() is True
    assert Request().Test() is True
    assert error_class(Request().Cancel) == MPI.ERR_REQUEST
    assert error_class(Request().Free) == MPI.ERR_REQUEST


def test_wrong_arguments():
    for name in ("Waitall", "Testall", "Waitany", "Testany", "Waitsome", "Testsome"):
        call = getattr(Request, name)
        for arguments in ((), (3,), ([3],), ([], None, None)):
            with pytest.raises(TypeError):
                call(*arguments)


def test_get_status(exchange):
    arrays, receives, sends = exchange(1)
    status = MPI.Status()
    while not receives[0].Get_status(status):
        pass
    assert receives[0]  # still there
    receives[0].Wait()
    sends[0].Wait()
    check(arrays)


def test_cancel(comm):
    request = comm.Irecv(bytearray(1), 0, 99)
    assert request.Cancel() is None
    status = MPI.Status()
    request.Wait(status)
    assert status.Is_cancelled() is True


def test_free(comm):
    following, previous = ring(comm)
    request = comm.Isend(b"abc", following)
    request.Free()
    assert request == MPI.REQUEST_NULL
    comm.Recv(bytearray(3), previous)


def test_copies_are_the_same_request(comm):
    request = comm.Irecv(bytearray(1), 0, 99)
    assert Request(request) == request
    assert Request() == MPI.REQUEST_NULL
    request.Cancel()
    request.Wait()


def test_buffers_are_kept_while_needed(comm, make):
    following, previous = ring(comm)
    got = make.full("d", 1000)
    before = sys.getrefcount(got)
    request = comm.Irecv(got, previous)
    assert sys.getrefcount(got) > before
    send = comm.Isend(make.full("d", 1000, 2.5), following)  # dropped by us at once
    gc.collect()
    Request.Waitall([request, send])
    assert sys.getrefcount(got) == before
    assert list(got) == [2.5] * 1000


class TestStatuses:
    """What is reported: to a list that grows, or to a sequence that does not."""

    @pytest.mark.parametrize("name", ["Waitall", "Testall", "waitall", "testall"])
    def test_all(self, comm, name):
        for statuses in ([], (), [MPI.Status()], (MPI.Status(),), [MPI.Status()] * 3):
            before = len(statuses)
            requests = [comm.irecv(source=MPI.PROC_NULL) for _ in range(2)]
            getattr(Request, name)(requests, statuses)
            grows = isinstance(statuses, list)
            assert len(statuses) == (max(before, 2) if grows else before)
            assert all(s.source == MPI.PROC_NULL for s in statuses[:2])

    @pytest.mark.parametrize("name", ["Waitsome", "Testsome", "waitsome", "testsome"])
    def test_some(self, comm, name):
        pending = comm.irecv(source=comm.rank)
        statuses = []
        getattr(Request, name)([pending, comm.irecv(source=MPI.PROC_NULL)], statuses)
        assert [s.source for s in statuses] == [MPI.PROC_NULL]
        pending.Cancel()
        pending.Wait()

    @pytest.mark.parametrize("case", ["get_status", "Get_status"])
    def test_get_status(self, comm, case):
        pending = comm.irecv(source=comm.rank)
        requests = [pending, comm.irecv(source=MPI.PROC_NULL)]
        some, every = getattr(Request, case + "_some"), getattr(Request, case + "_all")
        statuses, status = [], MPI.Status()
        assert some(requests, statuses) == [1]
        assert [s.source for s in statuses] == [MPI.PROC_NULL]
        assert every(requests) is False
        assert getattr(Request, case + "_any")(requests, status) == (1, True)
        assert status.source == MPI.PROC_NULL
        pending.Cancel()
        Request.Waitall(requests)
        assert every(requests) is True and some(requests) is None

    def test_others(self, comm):
        with pytest.raises(TypeError):
            Request.Waitall([], 3)
        with pytest.raises(TypeError):
            Request.Waitall([MPI.REQUEST_NULL], [None])
