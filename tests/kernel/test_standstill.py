"""Who waits for whom: errors and reports go to those that nobody can free any more."""

import re

import pytest
from harness import Kernel

IMPORT = """
from mpi4py import MPI
import numpy as np, os, pathlib, time
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
def compute_until(path):
    while not os.path.exists(path):
        time.sleep(0.01)
"""


ASK = {"code": "%where", "silent": False, "store_history": True,
       "user_expressions": {}, "allow_stdin": False, "stop_on_error": True}


@pytest.fixture(scope="module")
def still():
    """Returns the kernel of so many ranks, which reports early."""
    running = {}

    def get(ranks):
        if ranks not in running:
            running[ranks] = Kernel(ranks, env={"RANKBOOK_STANDSTILL_MS": "600"})
            running[ranks].run(IMPORT)
        return running[ranks]

    yield get
    for kernel in running.values():
        kernel.stop()


def reported(kernel, code, end):
    """The report that has 'end' in it; the cell is stopped, and MPI works."""
    msg_id = kernel.send(code)
    text = kernel.wait_output(msg_id, end)
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("comm.allreduce(1)").result == str(kernel.ranks)
    return text


@pytest.mark.parametrize("ranks", [2, 3, 4])
@pytest.mark.parametrize("code, cause", [
    ("if rank: comm.Barrier()", "Barrier misses rank 0, which has ended the cell"),
    ("if rank == 0: comm.recv(source=1, tag=3)",
     "rank 1 has ended the cell and sends nothing to rank 0 with tag 3"),
    ("if rank == 1: comm.ssend(0, 0)",
     "rank 0 has ended the cell and does not receive what rank 1 sends"),
    ("if rank < 2: comm.Ssend(np.ones(1), 1 - rank)",
     "ranks 0 and 1 send to one another, and neither receives"),
    ("if rank == 0: comm.Recv(np.ones(1), 1, tag=5)\n"
     "elif rank == 1: comm.Ssend(np.ones(1), 0, tag=6)",
     "tags differ: rank 1 sends tag 6, rank 0 receives tag 5"),
    ("if rank == 0: comm.recv(source=1)\nelse: comm.Barrier()",
     "Barrier misses rank 0, which waits in recv"),
])
def test_a_report_names_the_cause(still, ranks, code, cause):
    text = reported(still(ranks), code, cause)
    assert "waits in" in text and "stop the cell to go on" in text


@pytest.mark.parametrize("ranks", [3, 4])
def test_a_circle_of_sends(still, ranks):
    circle = ", ".join(map(str, [*range(ranks), 0]))
    text = reported(still(ranks), "comm.ssend(0, (rank + 1) % size)",
                    f"a circle of sends, and nobody receives (ranks {circle})")
    assert f"nobody moves: ranks 0-{ranks - 1} all wait" in text


def test_a_request_that_nobody_completes(still):
    text = reported(still(2), "comm.Irecv(np.ones(1), 1 - rank).Wait()", "nobody moves")
    assert "rank 0 waits in Wait" in text and "rank 1 waits in Wait" in text


def test_lines_are_those_of_the_users_code(still):
    """Also where the call is in a function of an earlier cell."""
    kernel = still(2)
    count = kernel.run("def wait_for(source):\n"
                       "    return comm.recv(source=source)").content["execution_count"]
    text = reported(kernel, "1\n2\nif rank == 0: comm.Recv(np.ones(1), 1)\n"
                            "else: wait_for(0)", f"in line 2 of cell {count}")
    assert f"rank 0 waits in Recv (peer 1) in line 3 of cell {count + 1}" in text


@pytest.mark.parametrize("channel", ["shell", "control"])
def test_where_is_answered_while_a_cell_runs(still, channel, tmp_path):
    """From another client, and on the control channel; it has no number of its own."""
    kernel, flag = still(3), tmp_path / "flag"
    msg_id = kernel.send(f"if rank == 2: compute_until({str(flag)!r}); comm.send(1, 0)\n"
                         "if rank == 0: comm.recv(source=2)")
    client = kernel.connect()
    shown = ""
    while "rank 0: waits in recv (peer 2) in line 2 of cell" not in shown:
        done = kernel.request("execute_request", ASK, channel, client)
        shown = done.stream()
    count = done.content["execution_count"]
    assert done.content["status"] == "ok" and len(shown.splitlines()) == 3
    assert "rank 1: idle" in shown and "rank 2: computes in " in shown
    while not re.search(r"rank 2: computes in line \d+ of cell \d+ for", shown):
        shown = kernel.request("execute_request", ASK, channel, client).stream()
    flag.touch()
    assert kernel.collect(msg_id).content["execution_count"] == count
    shown = kernel.run("%where").stream()
    assert shown.splitlines() == [f"rank {rank}: idle" for rank in range(3)]


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("loop, call", [
    ("while not request.Test(): pass", "Test"),
    ("while not MPI.Request.Testall([request]): pass", "Testall"),
    ("while not comm.iprobe(source=1): time.sleep(0.01)", "Iprobe (peer 1)"),
])
def test_a_loop_of_tests_is_shown_as_a_wait(still, ranks, loop, call):
    kernel = still(ranks)
    msg_id = kernel.send(f"if rank == 0:\n    request = comm.Irecv(np.ones(1), 1)\n    {loop}")
    shown = ""
    while f"rank 0: waits in {call} in line 3 of cell" not in shown:
        shown = kernel.request("execute_request", ASK, "control").stream()
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("comm.allreduce(1)").result == str(ranks)


def test_a_communicator_is_named(still):
    still(3).run("part = comm.Split(rank > 0); part.Set_name('part')")
    text = reported(still(3), "if rank == 1: part.Barrier()", "cause: ")
    assert "rank 1 waits in Barrier on part of 2 ranks" in text
    assert "Barrier misses rank 2, which has ended the cell" in text


@pytest.mark.parametrize("ranks", [3, 4])
def test_a_report_leaves_out_who_waits_for_one_that_computes(still, ranks, tmp_path):
    kernel, flag = still(ranks), tmp_path / "flag"
    msg_id = kernel.send(f"if rank == 2: compute_until({str(flag)!r})\n"
                         "if rank == 2 and size > 3: comm.send('done', 3)\n"
                         "if rank == 3: print(comm.recv(source=2))\n"
                         "if rank < 2: comm.recv(source=1 - rank)")
    text = kernel.wait_output(msg_id, "neither sends")
    assert "[ranks 0-1 wait in vain, whatever the others do" in text
    assert "rank 3 waits" not in text
    flag.touch()
    if ranks > 3:
        kernel.wait_output(msg_id, "done")
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("comm.allreduce(1)").result == str(ranks)


def test_who_waits_for_one_that_computes_is_left_to_finish(still, tmp_path):
    """Rank 0 raises: 3 waits for it, 2 for 1, and 1 computes until 3 has its error."""
    kernel, flag = still(4), tmp_path / "flag"
    done = kernel.run(
        "if rank == 0: raise ValueError('broken')\n"
        f"if rank == 1: compute_until({str(flag)!r}); comm.send('done', 2)\n"
        "if rank == 2: print(comm.recv(source=1))\n"
        "if rank == 3:\n"
        "    try: comm.recv(source=0)\n"
        f"    except MPI.PeerError: pathlib.Path({str(flag)!r}).touch(); raise")
    assert done.content["ename"] == "ValueError" and "done" in done.text()
    text = "\n".join(done.error["traceback"])
    assert "PeerError" in text and "recv" in text
    assert kernel.run("comm.allreduce(1)").result == "4"


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_who_only_waits_for_the_one_that_raised_is_released(still, ranks):
    kernel = still(ranks)
    done = kernel.run("if rank == 0: raise ValueError('broken')\n"
                      "if rank == 1: comm.recv(source=0)\n"
                      "if rank > 1: comm.recv(source=MPI.ANY_SOURCE)")
    assert done.content["ename"] == "ValueError"
    assert "PeerError" in "\n".join(done.error["traceback"])
    assert kernel.run("comm.allreduce(1)").result == str(ranks)
