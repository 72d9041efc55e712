"""A keeper and its interpreter as processes: their start, costs and ends."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from front import BUILD


# ---- start ----


def test_hello_and_ready_say_who_they_are(shared):
    assert shared.hello["size"] == 1
    assert shared.hello["pid"] == shared.process.pid
    assert shared.info["language_info"]["name"] == "python"
    assert shared.info["executable"] == sys.executable


def test_secrets_do_not_reach_user_code(front):
    code = "import os; sorted(k for k in os.environ if k.startswith('RANKBOOK_'))"
    names = front.run(code).value
    for name in "SECRET", "WIRE", "PAGE_FD", "RECORD_FD", "FAULT_FD":
        assert f"RANKBOOK_{name}" not in names
    fds = front.run("os.listdir('/proc/self/fd')").value
    out = front.run("!ls /proc/self/fd").stdout.split()
    assert set(out) <= {"0", "1", "2", "3"}, fds


def test_a_python_that_is_missing_is_named(own):
    front = own(RANKBOOK_PYTHON="/nowhere/bin/python")
    front.recv()
    exit = front.finish(0, "EXIT").exit
    assert "rank 0 could not start" in exit["text"]


def test_an_environment_without_ipython_is_explained(own, tmp_path):
    (tmp_path / "IPython.py").write_text("raise ImportError('none here')")
    front = own(PYTHONPATH=str(tmp_path))
    front.recv()
    exit = front.finish(0, "EXIT").exit
    assert "IPython cannot be imported" in exit["text"]
    assert "none here" in exit["text"] and "pip install ipython" in exit["text"]


# ---- costs ----


def test_a_keeper_that_is_idle_does_nothing(shared):
    def ticks():
        fields = Path(f"/proc/{shared.process.pid}/stat").read_text().rsplit(")", 1)[1]
        return sum(map(int, fields.split()[11:13]))

    shared.run("1")
    before = ticks()
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        shared.send("PING")
        shared.poll(1000)
    assert ticks() - before <= 1


def test_a_keeper_is_small(shared):
    text = Path(f"/proc/{shared.process.pid}/smaps_rollup").read_text()
    pss = next(int(line.split()[1]) for line in text.splitlines() if line[:4] == "Pss:")
    assert pss <= 5 * 1024


# ---- ends ----


def gone(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    state = Path(f"/proc/{pid}/stat")
    return state.exists() and state.read_text().rsplit(")", 1)[1].split()[0] == "Z"


def wait_gone(pid, timeout=6):
    fd = os.pidfd_open(pid) if not gone(pid) else None
    if fd is not None:
        assert select.select([fd], [], [], timeout)[0], f"process {pid} lives"
        os.close(fd)


def test_a_killed_interpreter_says_its_last_words(own):
    front = own().ready()
    cell = front.start("import os, sys, time\nos.write(1, b'last')\ntime.sleep(100)")
    front.stream(cell, "last")
    os.kill(front.interpreter(), signal.SIGKILL)
    out = front.finish(cell, "EXIT")
    assert out.exit["signal"] == signal.SIGKILL
    assert out.exit["text"].startswith("rank 0 died: killed by SIGKILL")
    front.send("PING")
    assert front.close() == 0


@pytest.mark.parametrize("last", [1, 7, 5000, 100000])
def test_what_was_printed_is_there_once_whatever_it_dies_of(own, last):
    """Also what had not left yet, and nothing twice."""
    front = own().ready()
    cell = front.start(f"import os, signal\nfor i in range({last}): print(i)\n"
                       "print('end', end='')\nos.kill(os.getpid(), signal.SIGKILL)")
    out = front.finish(cell, "EXIT")
    assert out.stdout == "".join(f"{i}\n" for i in range(last)) + "end"


def test_what_was_printed_is_there_once_when_it_is_killed(own):
    front = own().ready()
    cell = front.start("i = 0\nwhile True:\n    print(i)\n    i += 1")
    begin = front.stream(cell, "\n1000\n")
    os.kill(front.interpreter(), signal.SIGKILL)
    lines = (begin + front.finish(cell, "EXIT").stdout).splitlines()
    assert len(lines) > 1000
    assert lines[:-1] == [str(i) for i in range(len(lines) - 1)]


def test_a_crash_is_told_with_its_line(own):
    front = own().ready()
    cell = front.start("import ctypes\n\nctypes.string_at(0)")
    exit = front.finish(cell, "EXIT").exit
    assert exit["signal"] == signal.SIGSEGV
    assert "SIGSEGV (segmentation fault)" in exit["text"]
    assert exit["where"].startswith("line 3 of the cell (at ")
    assert "in string_at" in exit["where"]


def test_an_exit_status_is_told(own):
    front = own().ready()
    cell = front.start("import os; print('bye'); os._exit(7)")
    out = front.finish(cell, "EXIT")
    assert out.exit["status"] == 7
    assert out.exit["text"] == "rank 0 ended with exit status 7"


def test_stop_ends_the_interpreter_in_order(own):
    front = own().ready()
    front.run("import atexit, os; _ = atexit.register(lambda: os.write(1, b'ended'))")
    front.send("STOP")
    out = front.finish(0, "EXIT")
    assert out.exit["status"] == 0 and "ended" in out.stdout
    assert front.close() == 0


def test_stop_does_not_wait_for_a_cell(own):
    front = own().ready()
    cell = front.start(
        "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "print('go')\nwhile True: pass"
    )
    front.stream(cell, "go")
    begun = time.monotonic()
    front.send("STOP")
    exit = front.finish(cell, "EXIT").exit
    assert exit["signal"] == signal.SIGKILL
    assert time.monotonic() - begun < 2


def test_nothing_is_left_when_the_front_vanishes(own):
    front = own().ready()
    front.run("import subprocess; p = subprocess.Popen(['sleep', '100'])")
    child = int(front.run("p.pid").value)
    front.hang_up()
    front.process.wait(6)
    wait_gone(front.interpreter())
    wait_gone(child)


def test_nothing_is_left_when_the_keeper_is_killed(own):
    front = own().ready()
    front.process.kill()
    front.process.wait()
    wait_gone(front.interpreter())


def test_a_script_runs_as_with_python(tmp_path):
    program = [BUILD / "bin" / "rankbook-interpreter", "--"]
    env = {**os.environ, "RANKBOOK_METHOD": "none", "RANKBOOK_PYTHON": sys.executable}
    run = lambda *args, **more: subprocess.run(
        [*program, *args], env=env, text=True, capture_output=True, timeout=30, **more
    )
    assert run("-c", "import sys; print(sys.argv)", "a").stdout == "['-c', 'a']\n"
    script = tmp_path / "s.py"
    script.write_text("import sys, IPython\nprint(__file__, input())\nsys.exit(4)")
    done = run(str(script), input="line\n")
    assert (done.stdout, done.returncode) == (f"{script} line\n", 4)
    assert "usage" in run("-m", "json.tool", "--help").stdout
    assert run("-", input="print(6 * 7)").stdout == "42\n"
    assert run("-c", "1/0").returncode == 1
