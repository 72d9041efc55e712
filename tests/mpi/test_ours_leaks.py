"""Calls that are repeated leave no memory behind."""
import gc
import sys

import pytest
from support import quiet, ring

from mpi4py import MPI

TURNS = 60
Request = MPI.Request


def refuse(x, y):
    raise ArithmeticError


def send_and_wait(comm, receive):
    request = comm.isend([comm.rank], ring(comm)[0])
    receive()
    request.wait(MPI.Status())


def started(request):
    request.Start()
    request.Wait()


def failing(call, *args):
    with pytest.raises(Exception):
        call(*args)


def persist(comm):
    there, here = bytearray(b"1234"), bytearray(4)
    requests = [comm.Send_init(there, ring(comm)[0]), comm.Recv_init(here, ring(comm)[1])]
    MPI.Prequest.Startall(requests)
    Request.Waitall(requests)
    requests.pop().Free()  # the other one is dropped


def part(comm):
    send = comm.Psend_init(b"1234", 2, comm.rank, 0)
    recv = comm.Precv_init(bytearray(4), 2, comm.rank, 0)
    MPI.Prequest.Startall([send, recv])
    send.Pready_list([1, 0])
    Request.Waitall([send, recv])


def generalize(comm):
    request = MPI.Grequest.Start(lambda status, *_: None, args=[1], kwargs={})
    MPI.Grequest(request).complete([1])
    return request.wait()


def attach(comm):
    MPI.Attach_buffer(bytearray(1000))
    MPI.Detach_buffer()


CALLS = {
    "persistent": persist,
    "partitioned": part,
    "generalized": generalize,
    "buffer": attach,
    "Isendrecv": lambda c: c.Isendrecv(
        b"1", ring(c)[0], 0, bytearray(1), ring(c)[1], 0
    ).Wait(),
    "Isendrecv_replace": lambda c: c.Isendrecv_replace(
        bytearray(1), ring(c)[0], 0, ring(c)[1], 0
    ).Wait(),
    "wrong Isendrecv": lambda c: failing(c.Isendrecv, b"1", 0, 0, b"read-only", 0),
    "wrong Send_init": lambda c: failing(c.Send_init, b"1", c.size),
    "wrong Psend_init": lambda c: failing(c.Psend_init, b"1", 3, 0),
    "recv": lambda c: send_and_wait(c, c.recv),
    "recv into": lambda c: send_and_wait(c, lambda: quiet(c.recv, bytearray(100))),
    "irecv": lambda c: send_and_wait(c, lambda: c.irecv().wait(MPI.Status())),
    "irecv into": lambda c: send_and_wait(c, lambda: c.irecv(bytearray(100)).wait()),
    "mprobe": lambda c: send_and_wait(c, lambda: c.mprobe().recv(MPI.Status())),
    "mprobe, irecv": lambda c: send_and_wait(c, lambda: c.mprobe().irecv().wait()),
    "improbe": lambda c: c.improbe(tag=1),
    "sendrecv": lambda c: c.sendrecv({1: 2}, ring(c)[0], source=ring(c)[1]),
    "nobody": lambda c: c.sendrecv(1, MPI.PROC_NULL, source=MPI.PROC_NULL),
    "waitall": lambda c: Request.waitall([c.irecv(), c.isend("a", ring(c)[0])], []),
    "waitsome": lambda c: Request.waitsome([c.isend("a", MPI.PROC_NULL)], []),
    "waitany": lambda c: Request.waitany([c.isend("a", MPI.PROC_NULL)], MPI.Status()),
    "dropped send": lambda c: c.Send_init(bytearray(8), ring(c)[0]),
    "dropped receive": lambda c: c.Recv_init(bytearray(8), ring(c)[1]),
    "dropped collective": lambda c: c.Allreduce_init(bytearray(8), bytearray(8)),
    "dropped after its use": lambda c: started(c.Bcast_init(bytearray(8))),
    "bcast": lambda c: c.bcast([1]),
    "large bcast": lambda c: c.bcast(bytes(3000)),
    "gather": lambda c: c.gather([c.rank]),
    "scatter": lambda c: c.scatter([[r] for r in range(c.size)]),
    "allgather": lambda c: c.allgather([c.rank]),
    "alltoall": lambda c: c.alltoall([[r] for r in range(c.size)]),
    "reduce": lambda c: c.reduce([1], root=c.size - 1),
    "allreduce": lambda c: c.allreduce([1]),
    "scan": lambda c: c.scan([1]),
    "exscan": lambda c: c.exscan([1]),
    "reduction on a new communicator": lambda c: (d := c.Dup()).allreduce(1) and d.Free(),
    "unpicklable send": lambda c: failing(c.send, refuse.__get__(lambda: 0), 0),
    "unpicklable bcast": lambda c: failing(c.bcast, lambda: 0),
    "unpicklable alltoall": lambda c: failing(c.alltoall, [lambda: 0] * c.size),
    "unpicklable allreduce": lambda c: failing(c.allreduce, lambda: 0),
    "wrong rank": lambda c: failing(c.send, 1, c.size),
    "wrong rank of irecv": lambda c: failing(c.irecv, None, c.size),
    "wrong root": lambda c: failing(c.reduce, 1, MPI.SUM, c.size),
    "dumps": lambda c: MPI.pickle.loads(MPI.pickle.dumps([1, "two"])),
    "dumps_oob": lambda c: MPI.pickle.loads_oob(*MPI.pickle.dumps_oob(bytearray(300_000))),
    "Pickle": lambda c: MPI.Pickle(protocol=4, threshold=10).dumps(1),
}


@pytest.fixture
def frozen():
    """What is there already is not looked through again and again."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("name", CALLS)
def test_blocks(comm, frozen, name):
    call = CALLS[name]

    def growth():
        gc.collect()
        before = sys.getallocatedblocks()
        for _ in range(TURNS):
            call(comm)
        gc.collect()
        return sys.getallocatedblocks() - before

    # A leak shows in every round, the caches of others only in some.
    assert min([growth() for _ in range(3)]) < TURNS / 2
