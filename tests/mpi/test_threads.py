"""Several threads of one rank communicate at once."""
import threading

import pytest
from support import ring

from mpi4py import MPI

pytestmark = pytest.mark.skipif(
    MPI.Query_thread() < MPI.THREAD_MULTIPLE, reason="needs THREAD_MULTIPLE"
)


def run_all(functions):
    """Each in a thread of its own; the first exception is raised here."""
    errors = []

    def guard(function):
        try:
            function()
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=guard, args=(f,)) for f in functions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]


def test_query():
    assert MPI.Query_thread() == MPI.THREAD_MULTIPLE
    assert MPI.Is_thread_main() is True
    seen = []
    run_all([lambda: seen.append(MPI.Is_thread_main())])
    assert seen == [False]


def test_objects(comm):
    following, previous = ring(comm)

    def talk(tag):
        for turn in range(20):
            request = comm.isend((tag, turn), following, tag)
            assert comm.recv(source=previous, tag=tag) == (tag, turn)
            request.wait()

    run_all([lambda t=t: talk(t) for t in range(4)])


def test_buffers(comm, make):
    following, previous = ring(comm)

    def talk(tag):
        for turn in range(20):
            sent, got = make.full("i", 10, turn), make.full("i", 10)
            comm.Sendrecv(sent, following, tag, got, previous, tag)
            assert list(got) == [turn] * 10

    run_all([lambda t=t: talk(t) for t in range(4)])


def test_a_blocked_thread_does_not_block_python(comm):
    """recv() waits without the GIL, so this thread can send what it waits for."""
    got = []
    thread = threading.Thread(target=lambda: got.append(comm.recv(tag=1)))
    thread.start()
    comm.send("from the other thread", comm.rank, 1)
    thread.join()
    assert got == ["from the other thread"]


def test_a_blocked_buffer_receive_does_neither(comm):
    data = bytearray(3)
    thread = threading.Thread(target=lambda: comm.Recv(data, tag=1))
    thread.start()
    comm.Send(b"abc", comm.rank, 1)
    thread.join()
    assert data == b"abc"


def test_collectives_on_communicators_of_ones_own(comm):
    comms = [comm.Dup() for _ in range(3)]

    def talk(own):
        for turn in range(10):
            assert own.allreduce(turn) == turn * comm.size
            assert own.bcast(turn) == turn
            assert own.allgather(turn) == [turn] * comm.size

    run_all([lambda c=c: talk(c) for c in comms])
    for own in comms:
        own.Free()


def test_an_operation_of_python_runs_beside_small_calls(comm, make):
    """MPI calls it in a thread that holds a lock, which this thread must not want."""
    own, finished = comm.Dup(), []

    def add(one, other, datatype):
        total = memoryview(other).cast("i")
        for idx, value in enumerate(memoryview(one).cast("i")):
            total[idx] += value

    op = MPI.Op.Create(add, commute=True)

    def reduce():
        for _ in range(100):
            sent, got = make.full("i", 4, 1), make.full("i", 4)
            own.Allreduce(sent, got, op)
            assert list(got) == [comm.size] * 4
        finished.append(True)

    def talk():
        while not finished:
            comm.Iprobe(comm.rank, 9)
            request = comm.Irecv(bytearray(1), comm.rank, 8)
            comm.Isend(b"a", comm.rank, 8).Wait()
            request.Wait()

    run_all([reduce, talk])
    op.Free()
    own.Free()
