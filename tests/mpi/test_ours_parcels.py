"""Objects that are too large for one message: they arrive, whoever waits for what."""
import gc
import pickle
import threading

import numpy
import pytest

from mpi4py import MPI

# On both sides of what fits one message, and of what goes out of a pickle.
SIZES = [0, 1, 16000, 16300, 16383, 16384, 16385, 40000, 70000, 1 << 20, 5 << 20]


@pytest.fixture
def comm():
    comm = MPI.COMM_WORLD.Dup()
    yield comm
    comm.Free()


def around(comm):
    return (comm.rank + 1) % comm.size, (comm.rank - 1) % comm.size


def array_of(size, seed=0):
    return (numpy.arange(size, dtype="u4") * 7 + seed).astype("u1")


def same(one, other):
    return one.dtype == other.dtype and numpy.array_equal(one, other)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("make", [array_of, lambda n: bytes(array_of(n)),
                                  lambda n: "x" * n, lambda n: list(range(n // 40))])
def test_sizes(comm, size, make):
    right, left = around(comm)
    obj = make(size)
    there = comm.sendrecv(obj, right, 3, source=left, recvtag=3)
    assert type(there) is type(obj)
    assert numpy.array_equal(there, obj) if size and isinstance(obj, numpy.ndarray) \
        else len(there) == len(obj)
    if not isinstance(obj, numpy.ndarray):
        assert there == obj


def test_both_sides_post_send_and_wait(comm):
    right, left = around(comm)
    request = comm.irecv(source=left)
    comm.send(array_of(3 << 20, comm.rank), right)
    assert same(request.wait(), array_of(3 << 20, left))


def test_both_sides_post_ssend_and_wait(comm):
    right, left = around(comm)
    request = comm.irecv(source=left)
    comm.ssend(array_of(1 << 20, comm.rank), right)
    assert same(request.wait(), array_of(1 << 20, left))


def test_isend_first(comm):
    right, left = around(comm)
    request = comm.isend(array_of(1 << 20, comm.rank), right)
    assert same(comm.recv(source=left), array_of(1 << 20, left))
    assert request.wait() is None


def test_issend_first(comm):
    right, left = around(comm)
    request = comm.issend(array_of(1 << 20, comm.rank), right)
    assert same(comm.recv(source=left), array_of(1 << 20, left))
    request.wait()


def test_to_oneself():
    comm = MPI.COMM_SELF
    request = comm.irecv()
    comm.send(array_of(1 << 20), 0)
    assert same(request.wait(), array_of(1 << 20))
    assert same(comm.sendrecv(array_of(1 << 18), 0), array_of(1 << 18))


def test_the_receiver_is_in_a_barrier(comm):
    right, left = around(comm)
    request = comm.irecv(source=left)
    if comm.rank % 2:
        comm.send(array_of(1 << 20, comm.rank), right)
        comm.Barrier()
    else:
        sent = comm.isend(array_of(1 << 20, comm.rank), right)
        comm.Barrier()
        sent.wait()
    assert same(request.wait(), array_of(1 << 20, left))


def test_the_receiver_only_tests(comm):
    right, left = around(comm)
    received = comm.irecv(source=left)
    sent = comm.isend(array_of(1 << 20, comm.rank), right)
    done = False
    while not done:
        done, there = received.test()
    assert same(there, array_of(1 << 20, left))
    while not sent.Test():
        pass


def test_the_receiver_only_asks_for_the_status(comm):
    right, left = around(comm)
    received = comm.irecv(source=left)
    sent = comm.isend(array_of(1 << 20, comm.rank), right)
    for ask in (
        received.Get_status,
        lambda: MPI.Request.get_status_all([received]),
        lambda: MPI.Request.get_status_any([received])[1],
        lambda: MPI.Request.get_status_some([received]),
    ):
        try:
            while not ask():
                pass
        except NotImplementedError:
            assert MPI.Get_version() < (4, 1)
    assert same(received.wait(), array_of(1 << 20, left))
    sent.wait()


def test_capital_wait(comm):
    """Delivers nothing, but the sender's send is over."""
    right, left = around(comm)
    request = comm.irecv(source=left, tag=1)
    comm.send(array_of(1 << 20), right, 1)
    status = MPI.Status()
    request.Wait(status)
    assert (status.source, status.tag) == (left, 1)
    assert comm.sendrecv("next", right, 1, source=left, recvtag=1) == "next"


def test_mixed_requests(comm):
    right, left = around(comm)
    numbers = numpy.zeros(1 << 17)
    requests = [
        comm.irecv(source=left, tag=1),
        comm.Irecv(numbers, left, 2),
        comm.irecv(source=left, tag=3),
        comm.isend(array_of(1 << 20, comm.rank), right, 3),
        comm.Isend(numpy.ones(1 << 17), right, 2),
        comm.isend("small", right, 1),
    ]
    objects = MPI.Request.waitall(requests)
    assert objects[0] == "small"
    assert same(objects[2], array_of(1 << 20, left))
    assert objects[3:] == [None] * 3 and objects[1] is None
    assert numbers.sum() == 1 << 17


@pytest.mark.parametrize("call", ["waitany", "waitsome", "testany", "testsome"])
def test_one_after_the_other(comm, call):
    right, left = around(comm)
    wanted = {idx: array_of(100_000 + idx, left) for idx in range(5)}
    requests = [comm.irecv(source=left, tag=idx) for idx in range(5)]
    sent = [comm.isend(array_of(100_000 + idx, comm.rank), right, idx)
            for idx in reversed(range(5))]
    found = {}
    while len(found) < 5:
        result = getattr(MPI.Request, call)(requests)
        if call == "testany":
            idx, flag, obj = result
            if flag:
                found[idx] = obj
        elif call == "waitany":
            found[result[0]] = result[1]
        elif result[0]:
            found.update(zip(*result))
    assert all(same(found[idx], wanted[idx]) for idx in range(5))
    MPI.Request.waitall(sent)


def test_order_and_wildcards(comm):
    """Large and small from the same rank come in the order in which they were sent."""
    if comm.rank:
        for idx in range(6):
            comm.send((comm.rank, idx, array_of(idx % 2 * 50_000, idx)), 0, idx)
        return
    seen = {rank: 0 for rank in range(1, comm.size)}
    status = MPI.Status()
    for _ in range(6 * (comm.size - 1)):
        rank, idx, data = comm.recv(status=status)
        assert (rank, idx) == (status.source, status.tag)
        assert seen[rank] == idx
        assert same(data, array_of(idx % 2 * 50_000, idx))
        seen[rank] += 1


def test_probes(comm):
    right, left = around(comm)
    data = array_of(1 << 20, comm.rank)
    sent = [comm.isend(data, right, tag) for tag in range(4)]
    status = MPI.Status()
    comm.probe(left, 0, status)
    assert status.Get_count(MPI.BYTE) <= 16384
    assert same(comm.recv(source=left, tag=0), array_of(1 << 20, left))
    assert same(comm.mprobe(left, 1).recv(), array_of(1 << 20, left))
    assert same(comm.mprobe(left, 2).irecv().wait(), array_of(1 << 20, left))
    while not (message := comm.improbe(left, 3)):
        pass
    assert same(message.recv(), array_of(1 << 20, left))
    MPI.Request.waitall(sent)


def test_into_own_memory(comm):
    right, left = around(comm)
    memory = bytearray(20_000)
    sent = comm.isend(array_of(1 << 20, comm.rank), right)
    with pytest.warns(UserWarning, match="deprecated"):
        assert same(comm.recv(memory, source=left), array_of(1 << 20, left))
    sent.wait()
    request = comm.irecv(memory, source=left)
    sent = comm.isend(array_of(1 << 20, comm.rank), right)
    assert same(request.wait(), array_of(1 << 20, left))
    sent.wait()


def test_a_dropped_receive_takes_its_message(comm):
    right, left = around(comm)
    comm.irecv(source=left)
    gc.collect()
    comm.send(array_of(1 << 20), right)
    assert comm.sendrecv("next", right, source=left) == "next"


def test_a_dropped_send_arrives(comm):
    right, left = around(comm)
    comm.isend(array_of(1 << 20, comm.rank), right)
    gc.collect()
    assert same(comm.recv(source=left), array_of(1 << 20, left))


def test_cancel(comm):
    request = comm.irecv(source=comm.rank, tag=9)
    request.cancel()
    status = MPI.Status()
    assert request.wait(status) is None
    assert status.Is_cancelled()
    right, left = around(comm)
    comm.sendrecv(1, right, 9, source=left, recvtag=9)


def test_two_threads(comm):
    right, left = around(comm)
    errors = []

    def exchange(tag):
        try:
            for idx in range(10):
                obj = array_of(200_000 + idx, comm.rank + tag)
                there = comm.sendrecv(obj, right, tag, source=left, recvtag=tag)
                assert same(there, array_of(200_000 + idx, left + tag))
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=exchange, args=(1,))
    thread.start()
    exchange(2)
    thread.join()
    assert not errors


def test_what_was_received_can_be_written(comm):
    right, left = around(comm)
    there = comm.sendrecv([array_of(1 << 20), bytes(1 << 20)], right, source=left)
    there[0][:] = 1
    assert there[0].sum() == 1 << 20
    frozen = array_of(1 << 20)
    frozen.flags.writeable = False
    assert not comm.sendrecv(frozen, right, source=left).flags.writeable


def test_what_is_shared_stays_shared(comm):
    right, left = around(comm)
    data = array_of(1 << 20)
    first, second = comm.sendrecv([data, {"again": data}], right, source=left)
    assert first is second["again"]


@pytest.mark.parametrize("count", [1, 50, 1024, 1025, 1500])
def test_many_arrays(comm, count):
    right, left = around(comm)
    arrays = {idx: array_of(16_500, idx) for idx in range(count)}
    there = comm.sendrecv(arrays, right, source=left)
    assert list(there) == list(arrays)
    assert all(same(there[idx], arrays[idx]) for idx in arrays)


def test_layouts(comm):
    right, left = around(comm)
    base = numpy.arange(300_000.0).reshape(300, 1000)
    for array in (base, base.T, base[::2], base[:, ::3], numpy.asfortranarray(base),
                  base.astype("c8"), base.astype("M8[s]"), base.astype(object)):
        there = comm.sendrecv(array, right, source=left)
        assert same(there, array)


def test_pickle_of_ones_own(comm):
    """Then nothing but pickles is sent, as before."""
    right, left = around(comm)
    seen = []

    def loads(data):
        seen.append(bytes(data)[:1])
        return pickle.loads(data)

    try:
        MPI.pickle.__init__(pickle.dumps, loads)
        there = comm.sendrecv(array_of(1 << 20), right, source=left)
        assert same(there, array_of(1 << 20)) and seen == [b"\x80"]
        MPI.pickle.__init__(protocol=4)
        there = comm.sendrecv(array_of(1 << 20), right, source=left)
        assert same(there, array_of(1 << 20))
    finally:
        MPI.pickle.__init__()


def test_pickles_sent_by_hand(comm):
    right, left = around(comm)
    stream = pickle.dumps(array_of(30_000, comm.rank))
    for receive in (lambda: comm.recv(source=left), lambda: comm.irecv(source=left).wait()):
        sent = comm.Isend([stream, MPI.BYTE], right)
        assert same(receive(), array_of(30_000, left))
        sent.Wait()


def test_a_damaged_header(comm):
    right, left = around(comm)
    header = b"\x01parcel\x01" + b"\xff" * 40
    for receive in (lambda: comm.recv(source=left, tag=5),
                    lambda: comm.irecv(source=left, tag=5).wait()):
        sent = comm.Isend([header, MPI.BYTE], right, 5)
        with pytest.raises(ValueError, match=f"rank {left} with tag 5 .* is damaged"):
            receive()
        sent.Wait()
    assert comm.sendrecv("next", right, 5, source=left, recvtag=5) == "next"


class Unpicklable:
    def __reduce__(self):
        raise LookupError("not to be sent")


class Unloadable:
    def __reduce__(self):
        return refuse, ()


def refuse():
    raise LookupError("not to be received")


def test_what_cannot_be_pickled_is_not_sent(comm):
    right, left = around(comm)
    with pytest.raises(LookupError, match="to be sent"):
        comm.send([array_of(1 << 20), Unpicklable()], right)
    assert comm.sendrecv("next", right, source=left) == "next"


def test_what_cannot_be_loaded_is_consumed(comm):
    right, left = around(comm)
    for obj in (Unloadable(), [array_of(1 << 20), Unloadable()]):
        with pytest.raises(LookupError, match="to be received") as info:
            comm.sendrecv(obj, right, 6, source=left)
        if hasattr(info.value, "add_note"):
            note = f"this was the object from rank {left} with tag 6"
            assert info.value.__notes__ == [note]
    assert comm.sendrecv("next", right, source=left) == "next"


def test_ranks_that_do_not_exist(comm):
    with pytest.raises(MPI.Exception) as info:
        comm.send(array_of(1 << 20), comm.size)
    assert info.value.Get_error_class() == MPI.ERR_RANK
    comm.send(array_of(1 << 20), MPI.PROC_NULL)
    assert comm.recv(source=MPI.PROC_NULL) is None
    assert comm.irecv(source=MPI.PROC_NULL).wait() is None
