"""Large objects between cells, and when a cell is stopped or a rank dies on the way."""

import pytest
from harness import Kernel

SETUP = """
import struct
from mpi4py import MPI
import numpy as np
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
right, left = (rank + 1) % size, (rank - 1) % size
large = np.full(1 << 18, rank, 'd')

def announce(sender, nbytes):
    # A header whose piece never comes.
    return (b'\\x01parcel\\x01' + struct.pack('<IIIIQ', sender, 12345, 1, 0, 0)
            + struct.pack('<Q', nbytes))
"""
AROUND = """
got = comm.sendrecv(large, right, 7, source=left, recvtag=7)
bool((got == left).all()), comm.allreduce(1) == size
"""


@pytest.fixture
def place(world):
    world.run(SETUP)
    return world


def begin(kernel, code):
    """Sends a cell and waits until all of its ranks are in it."""
    msg_id = kernel.send("comm.Barrier(); print('begun', flush=True)\n" + code)
    kernel.wait_output(msg_id, "begun")
    return msg_id


def assert_in_step(kernel):
    assert kernel.run(AROUND).result == "(True, True)"


def test_a_rank_between_cells_receives(four):
    """Who has posted a receive need not wait for it: the send ends all the same."""
    four.run(SETUP)
    four.run("request = comm.irecv(source=0, tag=3) if rank == 1 else None")
    assert four.run("%%rank 0\ncomm.send(large + 5, 1, 3)").content["status"] == "ok"
    assert four.run("%%rank 1\nrequest.wait().sum()").result.endswith(f"{5.0 * 2**18})")


def test_a_send_to_oneself_over_cells(place):
    place.run("request = comm.irecv(source=rank, tag=3)")
    assert place.run("comm.send(large + 5, rank, 3)").content["status"] == "ok"
    assert place.run("bool((request.wait() == rank + 5).all())").result == "True"


def test_stop_ends_a_send_that_nobody_receives(place):
    msg_id = begin(place, "comm.send(large, right, 99)")
    place.interrupt()
    assert place.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert_in_step(place)
    assert place.run("comm.iprobe(tag=99)").result == "False"


@pytest.mark.parametrize("call", ["comm.recv(tag=99)", "comm.irecv(tag=99).wait()",
                                  "comm.mprobe(tag=99).recv()"])
def test_stop_ends_a_receive_between_header_and_piece(place, call):
    msg_id = begin(place, "sent = comm.Isend([announce(rank, 1 << 20), MPI.BYTE], right, 99)\n"
                   + call)
    place.interrupt()
    assert place.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    place.run("sent.Wait()")
    assert_in_step(place)


def test_a_sender_that_dies_between_header_and_piece():
    with Kernel(3) as kernel:
        kernel.run(SETUP)
        done = kernel.run("import os, signal\n"
                          "if rank == 1:\n"
                          "    comm.Send([announce(1, 1 << 20), MPI.BYTE], 0, 99)\n"
                          "    comm.recv(source=0, tag=98)\n"
                          "    os.kill(os.getpid(), signal.SIGKILL)\n"
                          "elif rank == 0:\n"
                          "    comm.send(None, 1, 98)\n"
                          "    comm.recv(source=1, tag=99)")
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert "rank 1" in text and "SIGKILL" in text
        kernel.run(SETUP)
        assert_in_step(kernel)
