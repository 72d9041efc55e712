"""What Stop and deaths cost: bench.py's group faults.  There is no peer that does it."""

import os
import random
import signal
import time

import psutil

from floods import timed
from peer import Peer

RANKS = 4
WORLD = 8  # as it begins to die
PREPARE = """
from mpi4py import MPI
import numpy as np
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
window = MPI.Win.Allocate(8, comm=comm)
big = np.zeros(1 << 20)
"""
# Rank 0 is not there: nobody comes out by itself.
BLOCKED = ["comm.recv()", "comm.Probe()", "comm.irecv().wait()", "comm.Ssend(big, 0)",
           "comm.Barrier()", "comm.allreduce(1)", "comm.Allreduce(MPI.IN_PLACE, big)",
           "comm.Split(0)", "comm.Dup()", "window.Fence()"]
GRACE_MS = 1000  # what those who may still come out have (graph.h)
WAIT_S = 10


def blocked(call):
    return f"print('in', flush=True)\nif rank: {call}\nelse: comm.recv(tag=7)"


def start(rankbook, ranks):
    peer = Peer([rankbook, "kernel", "-n", str(ranks), "-f", "{connection_file}"])
    peer.wait_started()
    peer.run(PREPARE)
    return peer


def enter(peer, code):
    msg_id = peer.execute(code)
    assert peer.published(msg_id, "stream", b"in")
    return msg_id


def interrupt(peer, code):
    def call():
        peer.interrupt()
        assert peer.reply(msg_id)["ename"] == "KeyboardInterrupt"

    msg_id = enter(peer, code)
    took = timed(call)
    assert peer.idle(msg_id)
    return took


def recover(peer, draw):
    """From the kill of one of the ranks, all of which wait for the next, until a cell of
    the others has made its sum."""
    def call():
        os.kill(victim["pid"], signal.SIGKILL)
        assert peer.reply(msg_id)["ename"] == "RankDied"
        peer.run("assert comm.allreduce(1) == comm.size")

    msg_id = enter(peer, "print('in', flush=True)\n"
                         "comm.recv(source=(comm.rank + 1) % comm.size)")
    usage = peer.reply(peer.send("usage_request", {}, "control"), "control")
    victim = draw.choice([rank for rank in usage["ranks"] if rank.get("pid")])
    return timed(call)


def wait_quietly(peer):
    """Processor time of a rank in recv, in percent."""
    msg_id = enter(peer, blocked("comm.recv()"))
    ranks = [process for process in peer.processes()
             if process.name().startswith("rankbook-interp")]
    spent = [sum(process.cpu_times()[:2]) for process in ranks]
    time.sleep(WAIT_S)  # that is what is measured
    used = [100 * (sum(psutil.Process(process.pid).cpu_times()[:2]) - before) / WAIT_S
            for process, before in zip(ranks, spent)]
    peer.interrupt()
    peer.reply(msg_id)
    assert peer.idle(msg_id)
    return max(used)


def bench_faults(table, build, rounds):
    rankbook, draw = str(build / "bin/rankbook"), random.Random(1)
    peer = start(rankbook, RANKS)
    took = [interrupt(peer, blocked(call)) for _ in range(rounds) for call in BLOCKED]
    table.add_worst(f"interrupt of blocked calls, {RANKS} ranks, p99", took, 300)
    table.add("a rank that waits 10 s in recv, processor", [wait_quietly(peer)], goal=2,
              unit="%")
    peer.stop()
    took = []
    for _ in range(rounds):
        peer = start(rankbook, WORLD)
        took += [recover(peer, draw) - GRACE_MS for _ in range(WORLD - 2)]
        peer.stop()
    table.add_worst("recovery after a death, less the grace, p99", took, 2000)
