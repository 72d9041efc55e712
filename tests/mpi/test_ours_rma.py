"""Windows and operations keep what they use."""

import weakref

import numpy
import pytest
from mpi4py import MPI

WORLD = MPI.COMM_WORLD
RANK, SIZE = WORLD.Get_rank(), WORLD.Get_size()
NEXT = (RANK + 1) % SIZE


def array(count=4):
    return numpy.zeros(count)


@pytest.fixture
def win():
    window = MPI.Win.Allocate(64, 8, comm=WORLD)
    yield window
    window.Free()


EPOCHS = {
    "Fence": (lambda win: win.Fence(), lambda win: win.Fence()),
    "Unlock": (lambda win: win.Lock(NEXT), lambda win: win.Unlock(NEXT)),
    "Unlock_all": (lambda win: win.Lock_all(), lambda win: win.Unlock_all()),
}


@pytest.mark.parametrize("name", EPOCHS)
def test_origin_lives_until_the_epoch_ends(win, name):
    begin, end = EPOCHS[name]
    begin(win)
    origin = array()
    alive = weakref.ref(origin)
    win.Put(origin, NEXT)
    del origin
    assert alive() is not None
    end(win)
    assert alive() is None


@pytest.mark.parametrize("name", ["Flush", "Flush_local"])
def test_flush_releases_what_goes_to_its_rank(win, name):
    win.Lock_all()
    here, there = array(), array()
    mine, other = weakref.ref(here), weakref.ref(there)
    win.Put(here, RANK)
    win.Put(there, NEXT)
    del here, there
    getattr(win, name)(RANK)
    assert mine() is None
    assert (other() is None) == (SIZE == 1)
    getattr(win, name + "_all")()
    assert other() is None
    win.Unlock_all()


def test_all_buffers_of_an_operation_are_held(win):
    win.Lock(NEXT)
    arrays = [array(1) for _ in range(3)]
    alive = [weakref.ref(item) for item in arrays]
    win.Fetch_and_op(arrays[0], arrays[1], NEXT)
    win.Get_accumulate(arrays[0], arrays[2], NEXT)
    arrays.clear()
    assert all(ref() is not None for ref in alive)
    win.Unlock(NEXT)
    assert all(ref() is None for ref in alive)


def test_a_window_that_was_dropped_keeps_its_memory():
    memory = array()
    alive = weakref.ref(memory)
    window = MPI.Win.Create(memory, comm=MPI.COMM_SELF)
    handle = window.tohandle()
    del memory, window
    assert alive() is not None
    window = MPI.Win.fromhandle(handle)
    window.Lock(0)
    window.Put(numpy.ones(4), 0)
    window.Unlock(0)
    assert (alive() == 1).all()
    window.Free()
    assert alive() is None


def test_copies_share_what_is_held(win):
    copy = MPI.Win.fromhandle(win.handle)
    win.Fence()
    origin = array()
    alive = weakref.ref(origin)
    copy.Put(origin, NEXT)
    del origin
    assert alive() is not None
    win.Fence()
    assert alive() is None


def test_attached_memory_is_kept_until_it_is_detached():
    window = MPI.Win.Create_dynamic()
    first, second = array(), array()
    refs = [weakref.ref(first), weakref.ref(second)]
    window.Attach(first)
    window.Attach(second)
    window.Detach(first)
    del first, second
    assert refs[0]() is None and refs[1]() is not None
    window.Free()
    assert refs[1]() is None


def test_requests_keep_their_buffers(win):
    win.Lock(NEXT)
    origin, result = array(), array()
    refs = [weakref.ref(origin), weakref.ref(result)]
    request = win.Rget_accumulate(origin, result, NEXT)
    del origin, result
    assert all(ref() is not None for ref in refs)
    request.Wait()
    assert all(ref() is None for ref in refs)
    win.Unlock(NEXT)


def test_a_failed_operation_holds_nothing(win):
    origin = array()
    alive = weakref.ref(origin)
    with pytest.raises(MPI.Exception):
        win.Put(origin, NEXT)
    del origin
    assert alive() is None


@pytest.mark.parametrize("target", [
    1 << 40, 8, 1, (1 << 60, 1), (0, 9), (0, 1 << 60), (4, 5, "d"), (1 << 62, 1, "b"),
])
def test_targets_beyond_the_memory(win, target):
    """Memory of this process, or shared with it: MPI would write anywhere."""
    data = numpy.zeros(9)
    win.Lock_all()
    for rank in (RANK, NEXT):
        for call in (win.Put, win.Get, win.Accumulate, win.Rput, win.Rget):
            with pytest.raises(MPI.Exception) as caught:
                call([data, 9 if target == (0, 9) else 8, "d"], rank, target)
            assert caught.value.Get_error_class() == MPI.ERR_RMA_RANGE
    win.Unlock_all()


def test_single_items_beyond_the_memory(win):
    one, other = numpy.zeros(1, "l"), numpy.zeros(1, "l")
    win.Lock(RANK)
    for disp in (8, 1 << 40):
        for call in (lambda: win.Fetch_and_op(one, other, RANK, disp),
                     lambda: win.Compare_and_swap(one, one, other, RANK, disp)):
            with pytest.raises(MPI.Exception) as caught:
                call()
            assert caught.value.Get_error_class() == MPI.ERR_RMA_RANGE
    win.Unlock(RANK)


def test_targets_at_the_edge(win):
    data = numpy.zeros(8)
    every_second = MPI.DOUBLE.Create_vector(4, 1, 2).Commit()
    win.Lock(RANK)
    for origin, target in ((data, 0), (data[:1], 7), ([data, 0, "d"], 8),
                           (data, (0, 8)), (data, (0, 64, "b")), (data, (3, 1)), (data[:1], (4, 4)),
                           (data[:4], (0, 1, every_second)),
                           (data[:4], (1, 1, every_second)), ([None, 0, "d"], 1 << 40)):
        win.Put(origin, RANK, target)
    for target in ((2, 1, every_second), (0, 2, every_second)):
        with pytest.raises(MPI.Exception):
            win.Put(data, RANK, target)
    win.Unlock(RANK)
    every_second.Free()


def test_computing_takes_equal_sizes(win):
    """MPICH would end the process."""
    one, eight = numpy.zeros(1), numpy.zeros(8)
    win.Lock(RANK)
    for call in (lambda: win.Accumulate(one, RANK, (0, 8)),
                 lambda: win.Raccumulate(eight, RANK, (0, 1)),
                 lambda: win.Get_accumulate(eight, one, RANK),
                 lambda: win.Get_accumulate(one, eight, RANK, (0, 8)),
                 lambda: win.Rget_accumulate(eight, eight.copy(), RANK, (0, 1))):
        with pytest.raises(ValueError):
            call()
    win.Get_accumulate(one, eight, RANK, (0, 8), MPI.NO_OP)
    win.Unlock(RANK)


def test_moving_takes_what_fits(win):
    """Whole items: MPICH would end the process over half of one."""
    win.Lock(RANK)
    for origin, target in (([bytearray(1), "b"], (0, 1, "d")),
                           ([bytearray(9), "b"], (0, 2, "d"))):
        for call in (win.Put, win.Get, win.Rput, win.Rget):
            with pytest.raises(ValueError):
                call(origin, RANK, target)
    result = numpy.zeros(8)
    win.Put(numpy.ones(8), RANK, (0, 1))
    win.Flush(RANK)
    win.Get(result, RANK, (0, 1))
    win.Unlock(RANK)
    assert result.tolist() == [1] + 7 * [0]
