"""Stop, to the end: a rank in native code that never returns to Python."""

import os
import re
import shutil
import signal
import subprocess

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from harness import RANKBOOK, TIMEOUT, Kernel, interpreters, wait_gone

# A mutex that is locked twice: waits for ever with the GIL held, through any signal.
STUCK = """
import ctypes, os, signal, sys, threading, time
def freeze():
    mutex = ctypes.create_string_buffer(64)
    native = ctypes.PyDLL(None)
    native.pthread_mutex_lock(mutex)
    native.pthread_mutex_lock(mutex)
"""
IMPORT = """
from mpi4py import MPI
comm = MPI.COMM_WORLD
rank, size = comm.rank, comm.size
kept = rank + 1
"""


@pytest.fixture
def stuck():
    """Starts a kernel, since ranks of it die; 'rank' and 'comm' are there."""
    running = []

    def start(ranks):
        running.append(Kernel(ranks))
        running[0].run(STUCK + IMPORT)
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
    msg_id = kernel.send("comm.barrier()\nprint('begun', flush=True)\n"
                         f"if rank == {victim}:\n"
                         "    print('last words')\n"
                         "    freeze()\n"
                         "elif rank == 0: comm.recv(source=size - 1)\n"
                         "else:\n    while True: pass")
    kernel.wait_output(msg_id, "last words")
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert (f"[{victim}] waits at line 5 of the cell (at line 6 of another cell,"
            " in freeze)\n") in said
    assert f"to kill rank {victim}: its variables are lost" in said
    assert said.count("\n  [") == 1, said
    press(kernel)
    done = kernel.collect(msg_id)
    died = f"rank {victim} died: killed by SIGKILL (it did not answer Stop) at line 5"
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
    msg_id = kernel.send("comm.barrier()\nprint('begun', flush=True)\n"
                         "if rank % 2: freeze()")
    kernel.wait_output(msg_id, "begun")
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "  [1,3] waits at line 3 of the cell (at line 6 of another cell, in freeze)\n" in said
    assert "to kill ranks 1,3: their variables are lost" in said
    press(kernel)
    text = traceback(kernel.collect(msg_id))
    assert "rank 1 died" in text and "rank 3 died" in text
    assert kernel.run("comm.allgather(kept)").result == "[1, 3]"


def test_code_that_computes_and_blocks_signals(stuck, tmp_path):
    """Without its frames the cell still says what is known: C code, SIGINT blocked."""
    (tmp_path / "spin.c").write_text(
        "#include <signal.h>\n#include <stddef.h>\n"
        "void spin(int blocks)\n{\n    sigset_t all;\n    sigfillset(&all);\n"
        "    if (blocks)\n        pthread_sigmask(SIG_BLOCK, &all, NULL);\n"
        "    for (volatile int i = 0;; i++)\n        ;\n}\n")
    library = tmp_path / "spin.so"
    subprocess.run([shutil.which("cc"), "-shared", "-fPIC", "-o", library,
                    tmp_path / "spin.c"], check=True)
    kernel = stuck(2)
    msg_id = kernel.send(f"spin = ctypes.PyDLL({str(library)!r}).spin\n"
                         "comm.barrier()\nprint('begun', flush=True)\n"
                         "spin(rank)")
    kernel.wait_output(msg_id, "begun")
    press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "  [0] computes at line 4 of the cell\n" in said
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
    for text in "runs", "once\n[0] runs":
        kernel.wait_output(msg_id, text)
        press(kernel)
    said = kernel.wait_output(msg_id, "Press Stop once more")
    assert "\n  [1] waits" in said and "kill rank 1:" in said and "\n  [0]" not in said
    press(kernel)
    assert not wait_gone([before[1]], TIMEOUT)
    flag.touch()
    done = kernel.collect(msg_id)
    assert "rank 1 died" in traceback(done)
    assert before[0].is_running() and kernel.run("kept").result == "1"


def test_ctrl_c_ends_a_replay_all_the_same(tmp_path):
    """Nobody sits in front of it: what a second Stop would do comes by itself."""
    os.mkfifo(tmp_path / "begun")
    nbformat.write(new_notebook(cells=[
        new_code_cell(STUCK + IMPORT),
        new_code_cell(f"if rank == 1:\n    open({str(tmp_path / 'begun')!r}, 'w').close()\n"
                      "    freeze()")]), tmp_path / "in.ipynb")
    replay = subprocess.Popen(
        [RANKBOOK, "replay", tmp_path / "in.ipynb", "-n", "2", "-o", tmp_path / "out.ipynb"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, start_new_session=True)
    open(tmp_path / "begun").close()
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
