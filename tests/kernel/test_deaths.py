"""Every way to die, on 4, 3 and 2 ranks: one error, and the others go on."""

import os
import pathlib

import pytest
from harness import Kernel, interpreters, kill

SETUP = """
from mpi4py import MPI
import ctypes, mmap, numpy as np, os, resource, signal, sys, tempfile, time
comm = MPI.COMM_WORLD
me, kept = comm.rank, [comm.rank] * 1000
class Deep:
    def __repr__(self): return repr([self])
def overflow():
    sys.setrecursionlimit(1 << 30)
    repr(Deep())
def bus_error():
    with tempfile.TemporaryFile() as file:
        file.truncate(4096)
        memory = mmap.mmap(file.fileno(), 4096)
        file.truncate(0)
        return memory[0]
"""

# What the rank does, and what the error says of it.
WAYS = {
    "SIGKILL": ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
    "SIGSEGV": ("ctypes.string_at(0)",
                "killed by SIGSEGV (segmentation fault) at line 4 of the cell"),
    "overflow": ("overflow()", "killed by SIGSEGV (stack overflow) at line "),
    "SIGBUS": ("bus_error()", "killed by SIGBUS (bus error) at line 4 of the cell"),
    "SIGFPE": ("signal.raise_signal(signal.SIGFPE)",
               "killed by SIGFPE (arithmetic error) at line 4 of the cell"),
    "SIGILL": ("signal.raise_signal(signal.SIGILL)",
               "killed by SIGILL (illegal instruction) at line 4 of the cell"),
    "abort": ("os.abort()", "killed by SIGABRT (it called abort()) at line 4 of the cell"),
    "exit": ("os._exit(3)", "ended with exit status 3"),
}
# What the others do meanwhile, by their number.
MOMENTS = {4: "comm.Barrier()", 3: "comm.recv(source={victim})", 2: "pass"}

# All that a world is good for, and what its ranks have kept.
CHECK = """
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
right, left = (rank + 1) % size, (rank - 1) % size
got = comm.sendrecv('x' * 100000 + str(rank), right, source=left)
half = comm.Split(rank % 2)
win = MPI.Win.Allocate(4, comm=comm)
win.Fence(); win.Put(np.full(1, rank, 'i'), right); win.Fence()
seen = int(np.frombuffer(win, 'i')[0])
win.Free()
well = (got[100000:] == str(left), half.allreduce(1) == half.size, seen == left,
        float(comm.allreduce(np.ones(3)).sum()) == 3 * size, kept == [me] * 1000)
half.Free()
(comm.allgather(me), comm.allreduce(all(well), MPI.LAND))
"""


def said(done):
    return "\n".join([done.error["evalue"], *done.error["traceback"]])


def assert_whole(kernel, living):
    done = kernel.run(CHECK)
    assert done.result == str((living, True)), done.outputs


def set_up(ranks, **options):
    kernel = Kernel(ranks, **options)
    assert kernel.run(SETUP).content["status"] == "ok"
    return kernel


@pytest.mark.parametrize("way", WAYS)
def test_a_way_to_die(way):
    code, words = WAYS[way]
    living = [0, 1, 2, 3]
    with set_up(4) as kernel:
        while len(living) > 1:
            victim = len(living) // 2
            others = MOMENTS[len(living)].format(victim=victim)
            done = kernel.run(f"if comm.rank != {victim}: {others}\n"
                              f"else:\n    print('last words of', me, end='')\n    {code}")
            assert done.error["ename"] == "RankDied"
            assert f"rank {victim} " in done.error["evalue"]
            assert words in done.error["evalue"], done.error
            assert "%ranks restart" in said(done)
            assert f"last words of {living.pop(victim)}" in done.stream()
            assert_whole(kernel, living)


@pytest.fixture
def four(kernels):
    kernel = kernels("mpi-4")
    assert kernel.run(SETUP).content["status"] == "ok"
    return kernel


def test_abort_of_mpi_ends_the_cell_and_nobody_dies(four):
    done = four.run("if me == 1: comm.Abort(4)\ncomm.Barrier()")
    assert "Abort" in said(done) and "4" in said(done)
    assert_whole(four, [0, 1, 2, 3])


def test_a_limit_of_memory_is_an_error_and_nobody_dies(four):
    done = four.run(
        "if me == 2:\n"
        "    used = int(open('/proc/self/statm').read().split()[0]) * 4096\n"
        "    resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20), -1))\n"
        "    try: bytearray(8 << 30)\n"
        "    finally: resource.setrlimit(resource.RLIMIT_AS, (-1, -1))\n"
        "comm.Barrier()")
    assert done.error["ename"] == "MemoryError"
    assert_whole(four, [0, 1, 2, 3])


@pytest.fixture
def limited():
    """Puts a kernel's processes in a control group with so many bytes."""
    root = pathlib.Path("/sys/fs/cgroup")
    name = f"rankbook-test-{os.getpid()}"
    group = root / "memory" / name if (root / "memory").is_dir() else root / name
    limit = group / ("memory.limit_in_bytes" if (root / "memory").is_dir() else "memory.max")
    try:
        group.mkdir()
        limit.write_text("max\n" if limit.name == "memory.max" else "-1\n")
    except OSError as error:
        pytest.skip(f"no control groups for this user: {error}")

    def set_limit(kernel, size):
        for process in kernel.processes():
            (group / "cgroup.procs").write_text(str(process.pid))
        limit.write_text(str(size))

    yield set_limit
    group.rmdir()


def test_out_of_memory_is_told_from_a_kill(limited):
    with set_up(2) as kernel:
        limited(kernel, 1 << 30)
        # From here on it counts what happens in this group.
        assert kernel.run("1 / 0").error["ename"] == "ZeroDivisionError"
        done = kernel.run("if me == 1: kept = bytearray(4 << 30)\ncomm.Barrier()")
        assert "rank 1 died: killed by SIGKILL (out of memory: " in said(done)
        assert_whole(kernel, [0])
        done = kernel.run("os.kill(os.getpid(), signal.SIGKILL)")
        assert "rank 0 died: killed by SIGKILL (killed from outside)" in said(done)


def test_all_at_once():
    with set_up(3) as kernel:
        done = kernel.run("print('last', me)\nos.kill(os.getpid(), signal.SIGKILL)")
        assert done.error["ename"] == "RankDied"
        assert all(f"rank {rank} died" in said(done) for rank in range(3)), said(done)
        assert done.text().count("last") == 3
        assert kernel.run("1").error["ename"] == "RankDied"
        assert kernel.run("%ranks restart").content["status"] == "ok"
        assert kernel.run(SETUP).content["status"] == "ok"
        assert_whole(kernel, [0, 1, 2])


def press(kernel):
    """Stop, and what the cell says meanwhile stays where it is."""
    message = kernel.client.session.msg("interrupt_request", {})
    kernel.client.control_channel.send(message)
    while (kernel.client.get_control_msg(timeout=40)["parent_header"]["msg_id"]
           != message["header"]["msg_id"]):
        pass


def test_a_death_while_stop_is_answered():
    """... by a rank that hears of Stop, and dies of it."""
    with set_up(4) as kernel:
        cell = kernel.send("comm.Barrier()\nif me == 0: print('begun', flush=True)\n"
                           "try: comm.recv(source=me)\n"
                           "except KeyboardInterrupt:\n"
                           "    if me == 2: os._exit(5)\n"
                           "    raise")
        kernel.wait_output(cell, "begun")
        press(kernel)
        done = kernel.collect(cell)
        assert "rank 2 ended with exit status 5" in said(done)
        assert_whole(kernel, [0, 1, 3])


def test_stop_and_death_while_ranks_heal():
    """Both come as soon as the cell has ended: the others are about to heal."""
    with set_up(4) as kernel:
        processes = interpreters(kernel)
        cell = kernel.send("if me == 3: os.abort()\ncomm.Barrier()")
        done = kernel.collect(cell)
        kill(processes[0])
        press(kernel)
        assert "rank 3 died" in said(done)
        cell = kernel.send("comm.Barrier()")
        done = kernel.collect(cell)
        if done.content["status"] == "error":
            assert done.error["ename"] == "RankDied", done.error
        assert_whole(kernel, [1, 2])
