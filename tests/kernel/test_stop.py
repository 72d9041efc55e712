"""Stop, to the end: a rank in native code that never returns to Python."""

import os
import re
import shutil
import signal
import subprocess
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from harness import RANKBOOK, TIMEOUT, Kernel, interpreters, wait_gone

# Never returns to Python, whatever signals come, and holds the GIL.  It says itself that
# it is there: before that, Stop is still heard.
NATIVE = """
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>
void stay(const char *word, int spins, int blocks)
{
    sigset_t all;

    sigfillset(&all);
    if (blocks)
        pthread_sigmask(SIG_BLOCK, &all, NULL);
    if (write(1, word, strlen(word)) < 0)
        return;
    for (volatile int i = 0;; i += spins) {
        if (!spins)
            pause();
    }
}
"""
STUCK = """
import ctypes, os, re, sys
native = ctypes.PyDLL({!r})
def freeze():
    native.stay(b'rank %d is in\\n' % rank, 0, 0)
"""
IMPORT = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
kept = rank + 1
"""


@pytest.fixture(scope="module")
def prepare(tmp_path_factory):
    """The cell that comes first."""
    folder = tmp_path_factory.mktemp("native")
    (folder / "stay.c").write_text(NATIVE)
    subprocess.run([shutil.which("cc"), "-shared", "-fPIC", "-o", folder / "stay.so",
                    folder / "stay.c"], check=True)
    return STUCK.format(str(folder / "stay.so")) + IMPORT


def wait_stuck(kernel, msg_id, ranks, words=""):
    """Until these are in native code, and 'words' are shown."""
    seen, deadline = "", time.monotonic() + TIMEOUT
    wanted = [words, *(f"rank {rank} is in\n" for rank in ranks)]
    while not all(text in seen for text in wanted):
        message = kernel.client.get_iopub_msg(timeout=deadline - time.monotonic())
        if (message["parent_header"].get("msg_id") == msg_id
                and message["msg_type"] == "stream"):
            seen += message["content"]["text"]
    return seen


@pytest.fixture
def stuck(prepare):
    """Starts a kernel, since ranks of it die; 'rank' and 'comm' are there."""
    running = []

    def start(ranks):
        running.append(Kernel(ranks))
        running[0].run(prepare)
        return running[0]

    yield start
    for kernel in running:
        kernel.stop()


def press(kernel):
    """Stop; what the cell says meanwhile stays on IOPub."""
    message = kernel.client.session.msg("interrupt_request", {})
    kernel.client.control_channel.send(message)
    while (kernel.client.get_control_msg(timeout=TIMEOUT)["parent_header"]["msg_id"]
           != message["header"]["msg_id"]):
        pass


def traceback(done):
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_a_second_stop_kills_the_rank_that_cannot_hear(stuck, ranks):
    """... while others wait for it in MPI, and compute; what it wrote last is there."""
    kernel, victim = stuck(ranks), ranks - 1
    msg_id = kernel.send("comm.barrier()\n"
                         f"if rank == {victim}:\n"
                         "    print('last words')\n"
                         "    freeze()\n"
                         "elif rank == 0: comm.recv(source=size - 1)\n"
                         "else:\n    while True: pass")
    wait_stuck(kernel, msg_id, [victim], "last words\n")
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert (f"[{victim}] waits at line 4 of the cell (at line 4 of another cell,"
            " in freeze)\n") in said
    assert f"to kill rank {victim}: its variables are lost" in said
    assert said.count("\n  [") == 1, said
    press(kernel)
    done = kernel.collect(msg_id)
    died = f"rank {victim} died: killed by SIGKILL (it did not answer Stop) at line 4"
    assert died in traceback(done)
    if ranks == 1:
        assert "%ranks restart" in traceback(done) and "%ranks restart" in said
        assert kernel.run("1").error["ename"] == "RankDied"
        assert kernel.run("%ranks restart").content["status"] == "ok"
        assert kernel.run("1").result == "1"
    else:
        assert kernel.run("rank, size = comm.rank, comm.size\n"
                          "comm.allgather(kept)").result == str(list(range(1, ranks)))


def test_several_are_told_and_killed_together(stuck):
    kernel = stuck(4)
    msg_id = kernel.send("comm.barrier()\nif rank % 2: freeze()")
    wait_stuck(kernel, msg_id, [1, 3])
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "  [1,3] waits at line 2 of the cell (at line 4 of another cell, in freeze)\n" in said
    assert "to kill ranks 1,3: their variables are lost" in said
    press(kernel)
    text = traceback(kernel.collect(msg_id))
    assert "rank 1 died" in text and "rank 3 died" in text
    assert kernel.run("comm.allgather(kept)").result == "[1, 3]"


def test_code_that_computes_and_blocks_signals(stuck):
    """Without its frames the cell still says what is known: C code, SIGINT blocked."""
    kernel = stuck(2)
    msg_id = kernel.send("comm.barrier()\n"
                         "native.stay(b'rank %d is in\\n' % rank, 1, rank)")
    wait_stuck(kernel, msg_id, [0, 1])
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "  [0] computes at line 2 of the cell\n" in said
    assert "  [1] computes; it blocks SIGINT\n" in said
    press(kernel)
    text = traceback(kernel.collect(msg_id))
    assert "rank 0 died" in text and "rank 1 died" in text and "%ranks restart" in text


def test_a_rank_that_cleans_up_is_never_killed(stuck, tmp_path):
    """It has heard the first Stop; presses before the cell has said anything are no
    more than interrupts."""
    kernel = stuck(2)
    before, flag = interpreters(kernel), tmp_path / "go on"
    msg_id = kernel.send("comm.barrier()\nif rank == 1: freeze()\n"
                         "for heard in 'once', 'twice':\n"
                         "    try:\n        print('runs', flush=True)\n"
                         "        while True: pass\n"
                         "    except KeyboardInterrupt: print(heard, flush=True)\n"
                         f"while not os.path.exists({str(flag)!r}): pass\n"
                         "'clean'")
    if "runs" not in wait_stuck(kernel, msg_id, [1]):
        kernel.wait_output(msg_id, "runs")
    press(kernel)
    kernel.wait_output(msg_id, "once\n[0] runs")
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "\n  [1] waits" in said and "kill rank 1:" in said and "\n  [0]" not in said
    press(kernel)
    assert not wait_gone([before[1]], TIMEOUT)
    flag.touch()
    done = kernel.collect(msg_id)
    assert "rank 1 died" in traceback(done)
    assert before[0].is_running() and kernel.run("kept").result == "1"


def test_ctrl_c_ends_a_replay_all_the_same(prepare, tmp_path):
    """Nobody sits in front of it: what a second Stop would do comes by itself."""
    os.mkfifo(tmp_path / "begun")
    nbformat.write(new_notebook(cells=[
        new_code_cell(prepare),
        new_code_cell("if rank == 1:\n"
                      f"    os.dup2(os.open({str(tmp_path / 'begun')!r}, os.O_WRONLY), 1)\n"
                      "    freeze()")]), tmp_path / "in.ipynb")
    replay = subprocess.Popen(
        [RANKBOOK, "replay", tmp_path / "in.ipynb", "-n", "2", "-o", tmp_path / "out.ipynb"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True)
    with open(tmp_path / "begun") as begun:
        assert begun.readline() == "rank 1 is in\n"
    replay.send_signal(signal.SIGINT)
    said = replay.communicate(timeout=TIMEOUT)[1]
    assert replay.returncode == 130, said
    assert "rank 1 died: killed by SIGKILL (it did not answer Stop) at line 3" in said
    shown = nbformat.read(tmp_path / "out.ipynb", as_version=4).cells[1].outputs
    assert "[1] waits at line 3 of the cell" in shown[0].text
    assert [each.ename for each in shown if each.output_type == "error"] == ["RankDied"], shown


def test_what_is_c_and_listens_ends_at_once(world):
    """A regular expression that takes for ever, a sort, a sum."""
    for code in ("re.match('(a+)+$', 'a' * 60 + 'b')",
                 "sorted(iter(lambda: 1, 2), key=abs)",
                 "sum(iter(lambda: 1, 2))"):
        msg_id = world.send(f"import re\nprint('begun', flush=True)\n{code}")
        world.wait_output(msg_id, "begun")
        press(world)
        done = world.collect(msg_id)
        assert done.error["ename"] == "KeyboardInterrupt"
        assert not done.text("stderr")
