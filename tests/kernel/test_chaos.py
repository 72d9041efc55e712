"""Random traffic, stopped and killed at any moment: nothing hangs, nothing is lost."""

import os
import random
import time

import pytest
from harness import Kernel, interpreters, kill, wait_gone

IMPORT = """
from mpi4py import MPI
import numpy as np, os, random
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
right, left = (rank + 1) % size, (rank - 1) % size
kept = rank + 1
"""

# Every rank draws the same calls; it says 'begun' once and goes on for ever.
TRAFFIC = """
draw = random.Random({seed})
big, other = np.ones(300000), np.empty(300000)
print('begun', flush=True)
while True:
    root, call = draw.randrange(size), draw.randrange(6)
    if call == 0:
        comm.Allreduce(big, other)
    elif call == 1:
        assert comm.sendrecv(rank, right, source=left) == left
    elif call == 2:
        assert comm.bcast([root] * 99 if rank == root else None, root)[5] == root
    elif call == 3:
        comm.Sendrecv(big, right, 3, other, left, 3)
    elif call == 4:
        comm.Barrier()
    else:
        coming = comm.irecv(1 << 20, left, 9)
        going = comm.isend('x' * draw.randrange(10, 200000), right, 9)
        coming.wait()
        going.wait()
"""


def collect(kernel, msg_id):
    """The cell's end, which may come before the answer to a Stop."""
    return kernel.collect(msg_id, timeout=15)


def press_stop(kernel):
    """Unlike Kernel.interrupt(), leaves on IOPub what the cell says meanwhile."""
    message = kernel.client.session.msg("interrupt_request", {})
    kernel.client.control_channel.send(message)
    while (kernel.client.get_control_msg(timeout=5)["parent_header"]["msg_id"]
           != message["header"]["msg_id"]):
        pass


def begin_traffic(kernel, draw):
    """Returns at a random moment of it."""
    msg_id = kernel.send(TRAFFIC.format(seed=draw.randrange(1 << 30)))
    kernel.wait_output(msg_id, "begun")
    time.sleep(draw.random() * 0.3)
    return msg_id


WELL = """
comm.allreduce(1) == size == {} and comm.sendrecv(rank, right, source=left) == left and (
    float(comm.allreduce(np.ones(3)).sum()) == 3.0 * size)
"""


@pytest.mark.parametrize("seed", [1, 2])
def test_ranks_killed_together_and_while_the_others_heal(seed):
    draw = random.Random(seed)
    with Kernel(4) as kernel:
        kernel.run(IMPORT)
        msg_id = begin_traffic(kernel, draw)
        processes = interpreters(kernel)
        victims = [processes[rank] for rank in draw.sample(range(4), 2)]
        kill(victims[0])
        if seed % 2:
            time.sleep(draw.random() * 0.02)
        kill(victims[1])
        assert collect(kernel, msg_id).error
        # The second may have been idle by then: the next cell says so.
        done = kernel.run(IMPORT.replace("kept = rank + 1", ""))
        if done.content["status"] == "error":
            assert done.error["ename"] == "RankDied"
            kernel.run(IMPORT.replace("kept = rank + 1", ""))
        assert kernel.run(WELL.format(2), timeout=15).result == "True"


def assert_well(kernel):
    done = kernel.run("(comm.allreduce(kept), comm.sendrecv(rank, right, source=left) == left,"
                      " float(comm.allreduce(np.ones(3)).sum()))", timeout=15)
    size = kernel.ranks
    assert done.result == str((size * (size + 1) // 2, True, 3.0 * size)), done.outputs


@pytest.mark.parametrize("ranks", [2, 4])
def test_stops_at_random_moments(ranks):
    draw = random.Random(ranks)
    with Kernel(ranks) as kernel:
        kernel.run(IMPORT)
        for _ in range(10):
            msg_id = begin_traffic(kernel, draw)
            begin = time.monotonic()
            press_stop(kernel)
            done = collect(kernel, msg_id)
            assert time.monotonic() - begin < 3
            assert done.error["ename"] == "KeyboardInterrupt"
            assert_well(kernel)


def test_stops_while_communicators_are_made():
    draw = random.Random(1)
    with Kernel(3) as kernel:
        kernel.run(IMPORT)
        for _ in range(6):
            msg_id = kernel.send("print('begun', flush=True)\nwhile True:\n"
                                 "    for c in comm.Split(rank % 2), comm.Dup():\n"
                                 "        c.Barrier()\n        c.Free()")
            kernel.wait_output(msg_id, "begun")
            time.sleep(draw.random() * 0.1)
            press_stop(kernel)
            assert collect(kernel, msg_id).error["ename"] == "KeyboardInterrupt"
            assert_well(kernel)


def test_a_stop_as_the_cell_ends_is_not_for_the_next_one():
    draw = random.Random(2)
    with Kernel(3) as kernel:
        kernel.run(IMPORT)
        for _ in range(40):
            msg_id = kernel.send("comm.Barrier()")
            time.sleep(max(0, draw.gauss(0.004, 0.004)))
            press_stop(kernel)
            done = collect(kernel, msg_id)
            assert done.content["status"] == "ok" or (
                done.error["ename"] == "KeyboardInterrupt")
            assert_well(kernel)


def test_a_stop_ends_a_flood_of_short_lines_soon(tmp_path):
    with Kernel(3, env={"XDG_STATE_HOME": str(tmp_path)}) as kernel:
        kernel.run(IMPORT)
        msg_id = kernel.send("print('begun', flush=True)\n"
                             "while True: os.write(1, b'%d y\\n' % rank * 1000)")
        kernel.wait_output(msg_id, "begun")
        time.sleep(0.3)
        press_stop(kernel)
        assert collect(kernel, msg_id).error["ename"] == "KeyboardInterrupt"
        assert_well(kernel)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_rank_killed_at_a_random_moment(seed):
    draw = random.Random(seed)
    with Kernel(3) as kernel:
        kernel.run(IMPORT)
        msg_id = begin_traffic(kernel, draw)
        victim = draw.randrange(3)
        kill(interpreters(kernel)[victim])
        done = collect(kernel, msg_id)
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert f"rank {victim}" in text and "SIGKILL" in text
        for message in done.outputs:
            assert "rank" in str(message)
        # Saved ranks and sizes are stale.
        kernel.run(IMPORT.replace("kept = rank + 1", ""))
        assert kernel.run("comm.allgather(kept)").result == str(
            [rank + 1 for rank in range(3) if rank != victim])
        assert kernel.run(WELL.format(2), timeout=15).result == "True"
        processes = kernel.processes()
        begin = time.monotonic()
    assert time.monotonic() - begin < 4
    assert not wait_gone(processes, 3)


def test_shutdown_while_ranks_start(tmp_path):
    draw = random.Random(3)
    for _ in range(4):
        kernel = Kernel(3, wait="", env={"TMPDIR": str(tmp_path)})
        time.sleep(draw.random() * 0.6)
        processes = kernel.processes()
        kernel.stop()
        assert not wait_gone(processes)
        assert not os.listdir(tmp_path)
