"""Calls that wait let other threads run: the message comes from one of them."""
import sys
import threading

import pytest
from support import quiet

from mpi4py import MPI

Request = MPI.Request


@pytest.fixture
def meanwhile():
    """Runs a function in a thread that gets the interpreter only when the call
    that comes next gives it away."""
    interval = sys.getswitchinterval()
    gate, threads = threading.Semaphore(0), []

    def run(function):
        def work():
            gate.acquire()
            function()

        threads.append(threading.Thread(target=work))
        threads[0].start()
        sys.setswitchinterval(1000)
        gate.release()

    yield run
    sys.setswitchinterval(interval)
    for thread in threads:
        thread.join()


@pytest.fixture
def alone():
    comm = MPI.COMM_SELF.Dup()
    yield comm
    comm.Free()


def persistent(comm):
    request = comm.Recv_init(bytearray(4), 0)
    request.Start()
    request.Wait()
    request.Free()


RECEIVES = {
    "Recv": lambda c: c.Recv(bytearray(4)),
    "Sendrecv": lambda c: c.Sendrecv(b"", MPI.PROC_NULL, 0, bytearray(4)),
    "Sendrecv_replace": lambda c: c.Sendrecv_replace(bytearray(4), MPI.PROC_NULL, 0, 0),
    "Probe": lambda c: c.Probe() and c.Recv(bytearray(4)),
    "Mprobe": lambda c: c.Mprobe().Recv(bytearray(4)),
    "Wait": lambda c: c.Irecv(bytearray(4)).Wait(),
    "Waitany": lambda c: Request.Waitany([c.Irecv(bytearray(4))]),
    "Waitall": lambda c: Request.Waitall([c.Irecv(bytearray(4))]),
    "Waitsome": lambda c: Request.Waitsome([c.Irecv(bytearray(4))]),
    "Wait of a persistent request": persistent,
    "recv": lambda c: c.recv(),
    "recv into": lambda c: quiet(c.recv, 100),
    "sendrecv": lambda c: c.sendrecv(None, MPI.PROC_NULL),
    "probe": lambda c: c.probe() and c.recv(),
    "mprobe": lambda c: c.mprobe().recv(),
    "wait": lambda c: c.irecv().wait(),
    "waitany": lambda c: Request.waitany([c.irecv()]),
    "waitall": lambda c: Request.waitall([c.irecv()]),
    "waitsome": lambda c: Request.waitsome([c.irecv()]),
}
SENDS = {
    "Ssend": lambda c: c.Ssend(b"1234", 0),
    "Send": lambda c: c.Send(bytes(4_000_000), 0),
    "ssend": lambda c: c.ssend(b"1234", 0),
    "send": lambda c: c.send(bytes(4_000_000), 0),
    "Wait": lambda c: c.Issend(b"1234", 0).Wait(),
    "wait": lambda c: c.issend(b"1234", 0).wait(),
}


@pytest.mark.parametrize("name", RECEIVES)
def test_receives(alone, meanwhile, name):
    if name[0].isupper():
        meanwhile(lambda: alone.Send(b"1234", 0))
    else:
        meanwhile(lambda: alone.send(1, 0))
    RECEIVES[name](alone)


@pytest.mark.parametrize("name", SENDS)
def test_sends(alone, meanwhile, name):
    if name[0].isupper():
        meanwhile(lambda: alone.Recv(bytearray(4_000_000)))
    else:
        meanwhile(lambda: alone.recv())
    SENDS[name](alone)


def test_generalized_requests(meanwhile):
    request = MPI.Grequest.Start()
    meanwhile(request.Complete)
    request.Wait()


def test_partitioned_requests(alone, meanwhile):
    send = alone.Psend_init(b"1234", 2, 0, 0)
    recv = alone.Precv_init(memory := bytearray(4), 2, 0, 0)
    MPI.Prequest.Startall([send, recv])
    meanwhile(lambda: send.Pready_range(0, 1))
    recv.Wait()
    assert memory == b"1234"
    send.Wait()
    send.Free()
    recv.Free()


@pytest.mark.parametrize("name", ["Detach_buffer", "Flush_buffer"])
@pytest.mark.parametrize("of", ["process", "communicator"])
def test_buffered_sends(alone, meanwhile, of, name):
    owner = MPI if of == "process" else alone
    try:
        owner.Attach_buffer(bytearray(1000))
    except NotImplementedError:
        pytest.skip("needs MPI-4.1")
    alone.Bsend(b"1234", 0)
    meanwhile(lambda: alone.Recv(bytearray(4)))
    try:
        getattr(owner, name)()
    except NotImplementedError:
        pytest.skip("needs MPI-4.1")
    finally:
        if name == "Flush_buffer":
            owner.Detach_buffer()
