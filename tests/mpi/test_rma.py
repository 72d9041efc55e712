"""Windows: what they expose, bad targets, and memory that stays alive."""

import gc
import threading

import numpy
import pytest
from mpi4py import MPI

WORLD = MPI.COMM_WORLD
RANK, SIZE = WORLD.Get_rank(), WORLD.Get_size()
NEXT = (RANK + 1) % SIZE


@pytest.fixture
def win():
    """Eight doubles per rank, all of them the rank."""
    memory = numpy.full(8, RANK, dtype="d")
    window = MPI.Win.Create(memory, memory.itemsize, comm=WORLD)
    yield window
    window.Free()


def test_memory_of_a_dropped_array(win):
    """The array is gone, its memory is not."""
    gc.collect()
    junk = [numpy.full(8, -1.0) for _ in range(100)]
    result = numpy.zeros(8)
    win.Fence()
    win.Get(result, NEXT)
    win.Fence()
    assert (result == NEXT).all()
    assert len(junk) == 100


def test_put_arrives(win):
    win.Fence()
    win.Put(numpy.array([1.0, 2.0]) + RANK, NEXT, 3)
    win.Fence()
    mine = numpy.frombuffer(win, dtype="d")
    before = (RANK - 1) % SIZE
    assert mine.tolist() == [RANK] * 3 + [before + 1.0, before + 2.0] + [RANK] * 3


def test_atomics_count_every_rank():
    counter = numpy.zeros(1, dtype="l")
    window = MPI.Win.Create(counter if RANK == 0 else None, 8, comm=WORLD)
    one, ticket = numpy.ones(1, dtype="l"), numpy.zeros(1, dtype="l")
    window.Lock(0, MPI.LOCK_SHARED)
    window.Fetch_and_op(one, ticket, 0, op=MPI.SUM)
    window.Unlock(0)
    assert sorted(WORLD.allgather(int(ticket[0]))) == list(range(SIZE))
    WORLD.Barrier()
    assert RANK != 0 or counter[0] == SIZE
    window.Free()


def test_compare_and_swap_has_one_winner():
    cell = numpy.full(1, -1, dtype="l")
    window = MPI.Win.Create(cell if RANK == 0 else None, 8, comm=WORLD)
    mine, free = numpy.full(1, RANK, dtype="l"), numpy.full(1, -1, dtype="l")
    found = numpy.zeros(1, dtype="l")
    window.Lock(0, MPI.LOCK_SHARED)
    window.Compare_and_swap(mine, free, found, 0)
    window.Unlock(0)
    assert WORLD.allgather(int(found[0])).count(-1) == 1
    WORLD.Barrier()
    window.Free()


def test_requests_of_all_kinds(win):
    ones, result = numpy.ones(8), numpy.zeros(8)
    win.Lock(RANK)
    win.Rput(ones, RANK).Wait()
    win.Flush(RANK)
    win.Raccumulate(ones, RANK).Wait()
    win.Flush(RANK)
    win.Rget_accumulate(ones.copy(), result, RANK, op=MPI.PROD).Wait()
    assert (result == 2).all()
    win.Rget(result, RANK).Wait()
    assert (result == 2).all()
    win.Unlock(RANK)


def test_shared_memory_is_shared():
    node = WORLD.Split_type(MPI.COMM_TYPE_SHARED)
    window = MPI.Win.Allocate_shared(8, 8, comm=node)
    numpy.frombuffer(window, dtype="l")[0] = node.Get_rank()
    window.Fence()
    for rank in range(node.Get_size()):
        memory, unit = window.Shared_query(rank)
        assert (memory.nbytes, unit) == (8, 8)
        assert numpy.frombuffer(memory, dtype="l")[0] == rank
    window.Fence()
    window.Free()
    node.Free()


def test_dynamic_memory_is_reached_by_its_address():
    memory = numpy.full(4, RANK, dtype="d")
    window = MPI.Win.Create_dynamic(comm=WORLD)
    window.Attach(memory)
    there = WORLD.allgather(MPI.Get_address(memory))[NEXT]
    result = numpy.zeros(4)
    window.Fence()
    window.Get(result, NEXT, there)
    window.Fence()
    assert (result == NEXT).all()
    window.Detach(memory)
    window.Free()


@pytest.mark.parametrize("memory", [b"abc", 3, "text", [1, 2], object()])
def test_what_cannot_be_exposed(memory):
    with pytest.raises((TypeError, BufferError)):
        MPI.Win.Create(memory, comm=MPI.COMM_SELF)


@pytest.mark.parametrize("target, error", [
    ("text", ValueError), (1.5, ValueError), ({0: 1}, ValueError),
    ((0, 1, "d", 1), ValueError), ((1.5,), TypeError), ((None,), TypeError),
    ((0, None), TypeError), ((0, "d"), TypeError), ((0, 1, "zz"), KeyError),
    ((0, 1, None), KeyError), ((0, 1, 3), KeyError), (1 << 70, OverflowError),
    ((0, 1 << 70), OverflowError), (-1, MPI.Exception), ((0, -1), MPI.Exception),
])
def test_bad_targets(win, target, error):
    win.Lock(RANK)
    for call in (win.Put, win.Get, win.Accumulate, win.Rput, win.Rget, win.Raccumulate):
        with pytest.raises(error):
            call(numpy.zeros(1), RANK, target)
    win.Unlock(RANK)


def test_bad_ranks_and_epochs(win):
    one = numpy.zeros(1)
    win.Lock(RANK)
    for rank in (SIZE, -7):
        with pytest.raises(MPI.Exception):
            win.Put(one, rank)
    win.Unlock(RANK)
    for call in (lambda: win.Put(one, RANK), lambda: win.Unlock(RANK), win.Test,
                 lambda: win.Lock(SIZE), lambda: win.Lock(RANK, 17)):
        with pytest.raises(MPI.Exception):
            call()


def test_results_must_be_writable(win):
    win.Lock(RANK)
    for call in (lambda: win.Get(bytes(8), RANK),
                 lambda: win.Get_accumulate(bytearray(8), bytes(8), RANK),
                 lambda: win.Fetch_and_op(b"a", b"a", RANK),
                 lambda: win.Compare_and_swap(b"a", b"a", b"a", RANK)):
        with pytest.raises(BufferError):
            call()
    win.Unlock(RANK)


def test_single_items_only(win):
    win.Lock(RANK)
    for origin, result in ((bytearray(2), bytearray(1)), (bytearray(1), bytearray(2)),
                           (bytearray(8), [bytearray(8), MPI.DOUBLE])):
        with pytest.raises(ValueError):
            win.Fetch_and_op(origin, result, RANK, op=MPI.NO_OP)
        with pytest.raises(ValueError):
            win.Compare_and_swap(origin, bytearray(1), result, RANK)
    win.Unlock(RANK)


def test_nobody_takes_anything(win):
    win.Fence()
    win.Put(None, MPI.PROC_NULL)
    win.Get("no buffer", MPI.PROC_NULL)
    win.Accumulate([None, MPI.INT], MPI.PROC_NULL)
    win.Get_accumulate(None, None, MPI.PROC_NULL)
    win.Fence()


def test_a_freed_window():
    window = MPI.Win.Allocate(16)
    window.Free()
    assert window == MPI.WIN_NULL
    for call in (lambda: memoryview(window), window.tomemory, lambda: window.attrs,
                 lambda: window.flavor, lambda: window.group_size, window.Fence,
                 lambda: window.Put(bytearray(1), 0), lambda: window.Attach(bytearray(1)),
                 lambda: window.Shared_query(0), window.Free):
        with pytest.raises(MPI.Exception):
            call()
    assert window.name == "MPI_WIN_NULL"


def test_a_view_belongs_to_the_window():
    window = MPI.Win.Allocate(16, 4)
    with memoryview(window) as view:
        assert view.obj is window and view.nbytes == 16 and not view.readonly
    assert window.tomemory().obj is window
    assert window.attrs[1:] == (16, 4)
    window.Free()


def test_properties_of_a_window(win):
    assert (win.group_rank, win.group_size) == (RANK, SIZE)
    assert win.flavor == MPI.WIN_FLAVOR_CREATE
    assert win.model in (MPI.WIN_SEPARATE, MPI.WIN_UNIFIED)
    win.name = "eight doubles"
    assert win.name == "eight doubles"
    with pytest.raises(TypeError):
        win.info = None
    with pytest.raises(TypeError):
        win.name = 3


def test_subclasses_are_kept():
    class Window(MPI.Win):
        pass

    for window in (Window.Create(None), Window.Allocate(1), Window.Create_dynamic()):
        assert type(window) is Window
        window.Free()


class Wake:
    """A thread of rank 0 that wakes the others up, while rank 0 waits for them."""

    def __enter__(self):
        self.thread = threading.Thread(target=self.call)
        if RANK == 0:
            self.thread.start()
        else:
            WORLD.recv(source=0, tag=7)

    @staticmethod
    def call():
        for rank in range(1, SIZE):
            WORLD.send(None, rank, tag=7)

    def __exit__(self, *error):
        if RANK == 0:
            self.thread.join()


def test_threads_run_while_a_rank_is_in_a_fence(win):
    with Wake():
        win.Fence()


def test_threads_run_while_a_rank_waits_for_the_others(win):
    group = win.Get_group()
    zero, rest = group.Incl([0]), group.Excl([0])
    if RANK == 0:
        win.Post(rest)
    with Wake():
        if RANK == 0:
            win.Wait()
        else:
            win.Start(zero)
            win.Complete()
    for other in (zero, rest, group):
        if other != MPI.GROUP_EMPTY:
            other.Free()


@pytest.mark.skipif(SIZE < 2, reason="nobody has the lock")
def test_threads_run_while_a_rank_wants_a_lock(win):
    if RANK == SIZE - 1:
        win.Lock(0)
        win.Put(numpy.ones(1), 0)
        win.Flush(0)
    WORLD.Barrier()
    with Wake():
        if RANK == 0:
            win.Lock(0)
            win.Put(numpy.ones(1), 0, 1)
            win.Unlock(0)
        elif RANK == SIZE - 1:
            win.Unlock(0)
    assert RANK != 0 or numpy.frombuffer(win, "d")[:2].tolist() == [1, 1]
