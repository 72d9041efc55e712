"""Nonblocking and persistent collectives, where ours keeps what mpi4py does not."""
import array
import gc
import random
import threading
import weakref

import numpy
import pytest

from mpi4py import MPI


def ints(count, value=-1):
    return numpy.full(count, value, dtype="i")


def sides(comm, name):
    """Arguments of the nonblocking form that are right on all ranks."""
    size = comm.Get_size()
    simple = {
        "Ibcast": (ints(1),),
        "Iallgather": (ints(1), ints(size)),
        "Iallgatherv": (ints(1), ints(size)),
        "Ialltoall": (ints(size), ints(size)),
        "Ialltoallv": (ints(size), ints(size)),
        "Igather": (ints(1), ints(size)),
        "Igatherv": (ints(1), ints(size)),
        "Iscatter": (ints(size), ints(1)),
        "Iscatterv": (ints(size), ints(1)),
        "Ireduce": (ints(1), ints(1)),
        "Iallreduce": (ints(1), ints(1)),
        "Ireduce_scatter_block": (ints(size), ints(1)),
        "Ireduce_scatter": (ints(size), ints(1), [1] * size),
        "Iscan": (ints(1), ints(1)),
        "Iexscan": (ints(1), ints(1)),
    }
    if name == "Ialltoallw":
        displs = [4 * rank for rank in range(size)]
        return tuple([ints(size), [1] * size, displs, [MPI.INT] * size] for _ in "sr")
    return simple[name]


NAMES = """Ibcast Igather Igatherv Iscatter Iscatterv Iallgather Iallgatherv Ialltoall
    Ialltoallv Ialltoallw Ireduce Iallreduce Ireduce_scatter_block Ireduce_scatter Iscan
    Iexscan""".split()


def buffers(args):
    """What of the arguments this rank's call uses."""
    found = [arg[0] if isinstance(arg, list) else arg for arg in args]
    return [item for item in found if isinstance(item, numpy.ndarray)]


@pytest.mark.parametrize("name", NAMES)
def test_the_request_holds_the_buffers(comm, name):
    args = sides(comm, name)
    alive = [weakref.ref(buf) for buf in buffers(args)]
    request = getattr(comm, name[1:].capitalize() + "_init")(*args)
    del args
    gc.collect()
    unused = {"Igather": 1, "Igatherv": 1, "Ireduce": 1, "Iscatter": 0, "Iscatterv": 0}
    for idx, ref in enumerate(alive):
        if comm.rank == 0 or unused.get(name) != idx:
            assert ref() is not None
    for _ in range(3):
        request.Start()
        request.Wait()
    request.Free()
    gc.collect()
    assert all(ref() is None for ref in alive)


@pytest.mark.parametrize("name", NAMES)
def test_requests_that_are_dropped(comm, name):
    """MPI goes on with them: the memory stays, and all ranks stay in step."""
    for _ in range(20):
        getattr(comm, name)(*sides(comm, name))
    gc.collect()
    assert comm.allreduce(1) == comm.size


def test_counts_and_displacements_may_be_reused(comm):
    size, rank = comm.size, comm.rank
    counts, displs = array.array("q", [1] * size), array.array("q", range(size))
    types = [MPI.INT.Dup() for _ in range(size)]
    got, got_w = ints(size), ints(size)
    requests = [
        comm.Iallgatherv(ints(1, rank), [got, (counts, displs), MPI.INT]),
        comm.Ialltoallw(
            [ints(size, rank), counts, [4 * d for d in displs], types],
            [got_w, counts, [4 * d for d in displs], types],
        ),
    ]
    for idx in range(size):
        counts[idx] = displs[idx] = 10**6
        types[idx].Free()
    del counts, displs, types
    MPI.Request.Waitall(requests)
    assert list(got) == list(got_w) == list(range(size))


def test_what_an_operation_raises_comes_out_of_the_wait(comm):
    def fail(one, other, datatype):
        raise ZeroDivisionError

    op = MPI.Op.Create(fail)
    raised, requests = 0, []
    while len(requests) < 5:
        try:  # the call after the one that has begun the request may raise it, too
            requests.append(comm.Iallreduce(ints(1), ints(1), op))
        except ZeroDivisionError:
            raised += 1
    for request in requests:
        try:
            request.Wait()
        except ZeroDivisionError:
            raised += 1
        request.Wait()
    assert sum(comm.allgather(raised)) > 0 or comm.size == 1
    op.Free()


BLOCKING = {
    "Barrier": lambda comm: comm.Barrier(),
    "Bcast": lambda comm: comm.Bcast(ints(1), root=0),
    "Scatter": lambda comm: comm.Scatter(ints(comm.size), ints(1), root=0),
    "Allgatherv": lambda comm: comm.Allgatherv(ints(1), ints(comm.size)),
    "Alltoallw": lambda comm: comm.Alltoallw(*sides(comm, "Ialltoallw")),
    "Allreduce": lambda comm: comm.Allreduce(ints(1), ints(1)),
    "Reduce_scatter": lambda comm: comm.Reduce_scatter(ints(comm.size), ints(1)),
    "Neighbor_allgather": lambda comm: comm.Neighbor_allgather(ints(1), ints(2)),
    "neighbor_alltoall": lambda comm: comm.neighbor_alltoall([1, 2]),
    "Ibarrier": lambda comm: comm.Ibarrier().Wait(),
}


@pytest.mark.parametrize("name", BLOCKING)
def test_other_threads_run_while_a_rank_waits(comm, name):
    """Rank 0 comes when the others' second threads have talked to it."""
    ring = comm.Create_cart([comm.size], periods=[True])

    def answer():
        for turn in range(20):
            assert comm.recv(source=0) == turn
            comm.send(turn, dest=0)

    if comm.rank == 0:
        for turn in range(20):
            for rank in range(1, comm.size):
                comm.send(turn, dest=rank)
                assert comm.recv(source=rank) == turn
        BLOCKING[name](ring)
    else:
        thread = threading.Thread(target=answer)
        thread.start()
        BLOCKING[name](ring)
        thread.join()
    ring.Free()


class Odd:
    """Counts, and changes the list that it is in."""

    def __init__(self, items):
        self.items = items

    def __index__(self):
        self.items.clear()
        return 0


def test_messages_that_are_none():
    """Random ones: an exception, or a call that has nothing to move."""
    comm, chance = MPI.COMM_SELF, random.Random(4)

    def piece():
        changing = [0]
        changing[0] = Odd(changing)
        return chance.choice([
            None, 0, -1, 2**70, 0.5, "i", b"", bytearray(8), [], [0], (0,), [0, 0], ([0], [0]),
            [None], [2**70], ["0"], [MPI.BYTE], (MPI.BYTE,), [MPI.BYTE] * 2, MPI.BYTE,
            [None, MPI.BYTE], MPI.BOTTOM, MPI.IN_PLACE, {}, object(), range(1), changing,
            (changing, [0]), [MPI.DATATYPE_NULL],
        ])  # fmt: skip

    refused = (TypeError, ValueError, KeyError, OverflowError, BufferError, MPI.Exception)
    for _ in range(5000):
        message = chance.choice([list, tuple])(piece() for _ in range(chance.randrange(6)))
        try:
            comm.Alltoallw(MPI.IN_PLACE, message)
        except refused:
            pass
