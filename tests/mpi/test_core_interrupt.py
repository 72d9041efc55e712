"""Waits of the binding end when somebody interrupts them, and lose nothing."""
import ctypes
import threading
from pathlib import Path

import pytest

from mpi4py import MPI

LIBRARY = Path(MPI.__file__).resolve().parents[2] / "libmpiwait.so"

SELF = MPI.COMM_SELF
LARGE = 1 << 20


def interrupted(call):
    """Runs 'call' while another thread interrupts every wait there is."""
    library = ctypes.CDLL(str(LIBRARY))
    over = threading.Event()

    def interrupt():
        while not over.wait(0.01):
            library.mpiwait_interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            call()
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    "call",
    [
        lambda: SELF.Recv(bytearray(1), 0, 7),
        lambda: SELF.Probe(0, 7),
        lambda: SELF.Mprobe(0, 7),
        lambda: SELF.recv(source=0, tag=7),
        lambda: SELF.Sendrecv(b"", MPI.PROC_NULL, 0, bytearray(1), 0, 7),
    ],
    ids=["Recv", "Probe", "Mprobe", "recv", "Sendrecv"],
)
def test_receives(call):
    interrupted(call)
    assert SELF.sendrecv("after", 0, 7, source=0, recvtag=7) == "after"


def test_a_request_stays_active():
    data = bytearray(4)
    request = SELF.Irecv(data, 0, 8)
    interrupted(request.Wait)
    interrupted(lambda: MPI.Request.Waitall([request]))
    interrupted(lambda: MPI.Request.Waitany([request]))
    assert request
    SELF.Send(b"here", 0, 8)
    request.Wait()
    assert data == b"here" and not request


def test_a_send_goes_on():
    """Its memory lives although nobody but MPI knows it any more."""
    interrupted(lambda: SELF.Send(bytearray(b"x") * LARGE, 0, 9))
    got = bytearray(LARGE)
    SELF.Recv(got, 0, 9)
    assert got == b"x" * LARGE
