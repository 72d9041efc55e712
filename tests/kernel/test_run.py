"""Scripts on ranks, by `rankbook run` and by mpiexec with our mpi4py: how they end."""

import os
import select
import signal
import subprocess
import sys
import time

import psutil
import pytest
from harness import BUILD, RANKBOOK

TIMEOUT = 40
MPIEXEC = os.environ.get("MPIEXEC") or os.path.join(os.path.dirname(sys.executable),
                                                    "mpiexec")
# Ranks say what happened, and go on when all have: mpiexec ends the others when the
# first rank ends.
SCRIPT = """
import os, sys, traceback
from mpi4py import MPI
comm = MPI.COMM_WORLD
gate, *calls = sys.argv[1:]
def say(text):
    os.write(1, text.encode())
say("begun %d\\n" % os.getpid())
try:
    eval(calls[comm.rank])
except KeyboardInterrupt:
    say(traceback.format_exc() + "stopped\\n")
    open(gate).close()
    raise
"""
# Runs of a program on N ranks: of our interpreter, and of a plain python.
STARTS = {
    "run": lambda ranks: [RANKBOOK, "run", "-n", str(ranks)],
    "mpiexec": lambda ranks: [MPIEXEC, "-n", str(ranks), sys.executable],
}


@pytest.fixture(params=STARTS)
def start(request, tmp_path):
    """Starts SCRIPT with a call for each rank; nothing of it stays behind."""
    script, gate, processes = tmp_path / "script.py", tmp_path / "gate", []
    script.write_text(SCRIPT)
    os.mkfifo(gate)

    def run(*calls):
        processes.append(subprocess.Popen(
            [*STARTS[request.param](len(calls)), script, gate, *calls],
            env=dict(os.environ, PYTHONPATH=str(BUILD / "lib/rankbook/python")),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        return processes[-1]

    run.gate = gate
    yield run
    for process in processes:
        if process.poll() is None:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()
        process.communicate()


def read(process, text, count):
    """What it writes, up to the count-th 'text' and the end of its line."""
    seen = ""
    while seen.count(text) < count or seen[-1] != "\n":
        assert select.select([process.stdout], [], [], TIMEOUT)[0], seen
        data = os.read(process.stdout.fileno(), 65536)
        assert data, seen
        seen += data.decode()
    return seen


def wait_blocked(pid):
    """Returns when the process has begun to sleep again and again, as MPI calls do."""
    process, deadline = psutil.Process(pid), time.monotonic() + TIMEOUT
    begin = process.num_ctx_switches().voluntary
    while process.num_ctx_switches().voluntary < begin + 50:
        assert time.monotonic() < deadline
        os.sched_yield()


RECV, BARRIER = "comm.recv(source=comm.rank)", "comm.Barrier()"
BUFFER, PROBE = "comm.Recv(bytearray(1), source=comm.rank)", "comm.probe()"


@pytest.mark.parametrize("whom", ["ranks", "mpiexec"])
@pytest.mark.parametrize("calls", [[RECV], [RECV, BARRIER], [BUFFER, PROBE]])
def test_an_interrupt_ends_blocked_calls(start, calls, whom):
    process = start(*calls)
    begun = read(process, "begun", len(calls))
    pids = [int(line.split()[1]) for line in begun.splitlines()]
    for pid in pids:
        wait_blocked(pid)
    for pid in pids if whom == "ranks" else [process.pid]:
        os.kill(pid, signal.SIGINT)
    text = read(process, "stopped", len(calls))
    assert text.count("KeyboardInterrupt") == len(calls), text
    with open(start.gate, "w"):
        assert process.wait(TIMEOUT) != 0


def test_an_exception_is_the_exit_status(start):
    process = start("None", "1 / 0")
    text = process.communicate(timeout=TIMEOUT)[0].decode()
    assert text.count("ZeroDivisionError") == 1
    assert process.returncode == 1


def test_the_runner_of_mpi4py_ends_all(tmp_path):
    """A rank that raises leaves the others waiting, unless `-m mpi4py` runs it."""
    script = tmp_path / "script.py"
    script.write_text("from mpi4py import MPI\nc = MPI.COMM_WORLD\n"
                      "c.recv(source=1) if c.rank == 0 else 1 / 0\n")
    done = subprocess.run([RANKBOOK, "run", "-n", "2", "-m", "mpi4py", script],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
    assert done.stdout.count("ZeroDivisionError") == 1
    assert done.returncode == 1
