"""Calls that wait can be interrupted, and what comes after works."""
import ctypes
import threading

import pytest
from support import quiet, ring

from mpi4py import MPI


@pytest.fixture(scope="module")
def layer():
    """libmpiwait, which the module has loaded."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "libmpiwait" in line}
    return ctypes.CDLL(paths.pop())


@pytest.fixture
def interrupted(layer):
    """Expects a call to end by an interrupt, which comes again until it does."""

    def run(call, errors=KeyboardInterrupt):
        over = threading.Event()

        def press():
            while not over.wait(0.01):
                layer.mpiwait_interrupt()

        thread = threading.Thread(target=press)
        thread.start()
        try:
            with pytest.raises(errors):
                call()
        finally:
            over.set()
            thread.join()

    return run


RECEIVES = {
    "recv": lambda comm: comm.recv(tag=99),
    "mprobe": lambda comm: comm.mprobe(tag=99),
    "probe": lambda comm: comm.probe(tag=99),
    "Recv": lambda comm: comm.Recv(bytearray(1), tag=99),
    "Probe": lambda comm: comm.Probe(tag=99),
    "Mprobe": lambda comm: comm.Mprobe(tag=99),
    "recv into": lambda comm: quiet(comm.recv, 100, tag=99),
    "sendrecv": lambda comm: comm.sendrecv(1, MPI.PROC_NULL, recvtag=99),
    "Sendrecv": lambda comm: comm.Sendrecv(
        b"", MPI.PROC_NULL, 0, bytearray(1), recvtag=99
    ),
    "Sendrecv_replace": lambda comm: comm.Sendrecv_replace(
        bytearray(1), MPI.PROC_NULL, source=comm.rank, recvtag=99
    ),
}


@pytest.mark.parametrize("name", RECEIVES)
def test_receives(comm, interrupted, name):
    interrupted(lambda: RECEIVES[name](comm))
    following, previous = ring(comm)
    assert comm.sendrecv(1, following, source=previous) == 1


def test_wait_leaves_the_request_alone(comm, interrupted):
    following, previous = ring(comm)
    request = comm.irecv(source=previous, tag=5)
    interrupted(request.wait)
    assert request
    interrupted(lambda: MPI.Request.waitall([request]))
    interrupted(lambda: MPI.Request.waitany([request]))
    assert request
    comm.Barrier()
    comm.send("still there", following, tag=5)
    assert request.wait() == "still there"


WAITS = {
    "Wait": lambda request: request.Wait(),
    "Waitany": lambda request: MPI.Request.Waitany([request]),
    "Waitall": lambda request: MPI.Request.Waitall([request]),
    "Waitsome": lambda request: MPI.Request.Waitsome([request]),
    "wait": lambda request: request.wait(),
    "waitany": lambda request: MPI.Request.waitany([request]),
    "waitall": lambda request: MPI.Request.waitall([request]),
    "waitsome": lambda request: MPI.Request.waitsome([request]),
}


@pytest.mark.parametrize("name", WAITS)
def test_waits_for_requests_of_every_kind(comm, interrupted, name):
    wait, (following, previous) = WAITS[name], ring(comm)
    memory = bytearray(4)

    persistent = comm.Recv_init(memory, previous, tag=1)
    persistent.Start()
    interrupted(lambda: wait(persistent))
    comm.Barrier()
    comm.Send(b"pers", following, tag=1)
    persistent.Wait()
    assert memory == b"pers"
    persistent.Free()

    there = comm.Psend_init(b"part", 2, following, 2)
    here = comm.Precv_init(memory, 2, previous, 2)
    MPI.Prequest.Startall([here, there])
    there.Pready(0)
    interrupted(lambda: wait(here))
    interrupted(lambda: wait(there))
    comm.Barrier()
    there.Pready(1)
    MPI.Request.Waitall([here, there])
    assert memory == b"part"
    there.Free()
    here.Free()

    general = MPI.Grequest.Start()
    interrupted(lambda: wait(general))
    general.complete(name)
    assert general.wait() == name


@pytest.mark.parametrize("name", ["Detach_buffer", "Flush_buffer"])
@pytest.mark.parametrize("of", ["process", "communicator"])
def test_buffered_sends(comm, interrupted, of, name):
    """The memory stays attached, and the messages on their way."""
    if MPI.Get_version() < (4, 1):
        pytest.skip("needs MPI-4.1")
    owner, memory = MPI if of == "process" else comm, bytearray(1000)
    following, previous = ring(comm)
    owner.Attach_buffer(memory)
    comm.Bsend(b"1234", following, tag=3)
    if comm.size == 1:  # other ranks may have taken the message by now
        interrupted(getattr(owner, name))
    comm.Barrier()
    comm.Recv(data := bytearray(4), previous, tag=3)
    assert data == b"1234"
    owner.Flush_buffer()
    assert owner.Detach_buffer() is memory


@pytest.mark.parametrize("name", ["irecv", "Irecv"])
def test_a_dropped_receive_takes_nothing_after_healing(layer, interrupted, name):
    comm = MPI.COMM_WORLD
    following, previous = ring(comm)
    memory = [bytearray(10)] if name == "Irecv" else []
    interrupted(lambda: getattr(comm, name)(*memory, source=previous).Wait())
    assert layer.mpiwait_heal() == MPI.SUCCESS
    assert comm.sendrecv("mine", following, source=previous) == "mine"


def test_synchronous_sends(comm, interrupted):
    """What was sent is delivered later."""
    following, previous = ring(comm)
    interrupted(lambda: comm.ssend(list(range(10_000)), following, tag=7))
    comm.Barrier()
    assert comm.recv(source=previous, tag=7) == list(range(10_000))
    interrupted(lambda: comm.Ssend(bytes(100_000), following, tag=7))
    comm.Barrier()
    data = bytearray(b"x" * 100_000)
    comm.Recv(data, previous, tag=7)
    assert data == bytes(100_000)


COLLECTIVES = {
    "bcast": lambda comm: comm.bcast(1),
    "gather": lambda comm: comm.gather(1),
    "allgather": lambda comm: comm.allgather(1),
    "reduce": lambda comm: comm.reduce(1),
    "allreduce": lambda comm: comm.allreduce(1),
    "scan": lambda comm: comm.scan(1),
    "Barrier": lambda comm: comm.Barrier(),
}


@pytest.mark.parametrize("name", COLLECTIVES)
def test_collectives_to_which_one_rank_does_not_come(layer, interrupted, name):
    comm = MPI.COMM_WORLD
    if comm.size == 1:
        pytest.skip("nobody to wait for")
    if comm.rank > 0:
        # Those who come after somebody has left learn that.
        interrupted(lambda: COLLECTIVES[name](comm), (KeyboardInterrupt, MPI.Exception))
    assert layer.mpiwait_heal() == MPI.SUCCESS
    assert comm.allgather(comm.rank) == list(range(comm.size))
    assert comm.allreduce(1) == comm.size
    assert comm.scan(1) == comm.rank + 1


STARTED = {
    "Ibarrier": lambda comm: comm.Ibarrier(),
    "Iallreduce": lambda comm: comm.Iallreduce(bytearray(4), bytearray(4), MPI.BOR),
    "Allreduce_init": lambda comm: comm.Allreduce_init(bytearray(4), bytearray(4), MPI.BOR),
}


@pytest.mark.parametrize("name", STARTED)
def test_waits_for_collectives_that_go_on(interrupted, comm, name):
    """The request is left alone: when all have come, it ends."""
    if comm.size == 1:
        pytest.skip("nobody to wait for")
    if comm.rank == 0:
        comm.recv(source=1)  # rank 1 has been interrupted
    request = STARTED[name](comm)
    if name.endswith("_init"):
        request.Start()
    if comm.rank == 1:
        interrupted(request.Wait)
        assert request
        comm.send(None, 0)
    request.Wait()
    if name.endswith("_init"):
        request.Free()
    assert not request
