"""rankbook replay: what it writes, what it says, how it ends."""

import json
import os
import pathlib
import pty
import select
import signal
import subprocess

import nbformat
import psutil
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANKBOOK = pathlib.Path(os.environ.get("BUILD", ROOT / "build")) / "bin/rankbook"
LIMIT = 60


class Replay:
    """A directory with a notebook, the command on it, and what came of it."""

    def __init__(self, folder):
        self.path, self.out = folder / "in.ipynb", folder / "out.ipynb"
        self.runs = folder / "runs"
        self.runs.mkdir()
        self.started = []

    def command(self, *options):
        return [RANKBOOK, "replay", self.path, "-o", self.out, "--start", "none",
                *map(str, options)]

    @property
    def env(self):
        env = dict(os.environ, TMPDIR=str(self.runs))
        env.pop("XDG_RUNTIME_DIR", None)
        return env

    def write(self, *cells, **metadata):
        notebook = new_notebook(metadata=metadata)
        notebook.cells = [new_code_cell(cell) if isinstance(cell, str) else cell
                          for cell in cells]
        nbformat.write(notebook, self.path)

    def run(self, *options, status=0):
        done = subprocess.run(self.command(*options), capture_output=True, text=True,
                              timeout=LIMIT, env=self.env)
        assert done.returncode == status, done.stderr
        assert not list(self.runs.iterdir()), "a directory is left behind"
        return done

    def start(self, *options):
        process = subprocess.Popen(self.command(*options), stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=self.env)
        self.started.append(process)
        return process

    def cells(self):
        notebook = nbformat.read(self.out, as_version=nbformat.NO_CONVERT)
        assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
        nbformat.validate(notebook)
        return notebook.cells

    def text(self, idx):
        return "".join(output.get("text", "") for output in self.cells()[idx].outputs)


@pytest.fixture
def replay(tmp_path):
    replay = Replay(tmp_path)
    yield replay
    for process in replay.started:
        process.kill()
        process.communicate()


class Signpost:
    """A named pipe: a cell says by it that it has come somewhere."""

    def __init__(self, path):
        self.path = str(path)
        self.reach = f"open({self.path!r}, 'w').close()"
        os.mkfifo(path)

    def wait(self):
        fd = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK)
        reached = select.select([fd], [], [], LIMIT)[0]
        os.close(fd)
        assert reached, "the cell does not come there"


@pytest.fixture
def signpost(tmp_path):
    return Signpost(tmp_path / "signpost")


def assert_gone(pids):
    """Processes of a run that has ended are gone, at the latest in 5 s."""
    for pid in pids:
        try:
            fd = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        ended = select.select([fd], [], [], 5)[0]
        os.close(fd)
        assert ended, f"process {pid} goes on"


# ------------------------------------------------------------------ outputs


def test_outputs(replay):
    replay.write(new_markdown_cell("# Title"), "print('hello')", "6 * 7", "",
                 "import sys; print('oops', file=sys.stderr)")
    replay.run("-n", 2)
    cells = replay.cells()
    assert [cell.get("execution_count") for cell in cells] == [None, 1, 2, None, 3]
    assert cells[1].outputs == [
        {"output_type": "stream", "name": "stdout", "text": "hello\n"}]
    assert cells[2].outputs == [
        {"output_type": "execute_result", "execution_count": 2, "metadata": {},
         "data": {"text/plain": "42"}}]
    assert cells[4].outputs[0].name == "stderr"


def test_displays(replay):
    replay.write("from IPython.display import HTML, clear_output, display\n"
                 "shown = display(HTML('<b>1</b>'), display_id='it')",
                 "shown.update(HTML('<b>2</b>'))",
                 "print('gone')\nclear_output(wait=True)\nprint('stays')",
                 "for i in range(5): print(f'\\r{i} %', end='', flush=True)",
                 "display({'application/json': {'a': [1]}, 'text/plain': 'json'},"
                 " raw=True)")
    replay.run()
    cells = replay.cells()
    assert cells[0].outputs[0].data["text/html"] == "<b>2</b>"
    assert cells[1].outputs == []
    assert replay.text(2) == "stays\n"
    assert replay.text(3) == "4 %"
    assert cells[4].outputs[0].data["application/json"] == {"a": [1]}


def test_files_are_written_as_nbformat_writes_them(replay):
    replay.write("print('a\\nb\\u00e9')", "'x'", theirs={"a": [1]})
    replay.run()
    nbformat.write(nbformat.read(replay.out, as_version=4), replay.path)
    assert replay.out.read_text() == replay.path.read_text()


def test_metadata(replay):
    replay.write("1", theirs={"a": [1]})
    replay.run("-n", 2)
    notebook = json.loads(replay.out.read_text())
    metadata = notebook["metadata"]
    assert metadata["theirs"] == {"a": [1]}
    assert metadata["kernelspec"] == {
        "name": "rankbook-2", "display_name": "MPI Python (2 ranks)",
        "language": "python"}
    assert metadata["language_info"]["name"] == "python"
    times = notebook["cells"][0]["metadata"]["execution"]
    assert sorted(times.values()) == [times[name] for name in (
        "iopub.status.busy", "iopub.execute_input", "shell.execute_reply",
        "iopub.status.idle")] or times["iopub.status.busy"] == min(times.values())


def test_old_notebooks_are_upgraded(replay):
    replay.path.write_text(json.dumps({
        "nbformat": 4, "nbformat_minor": 0, "metadata": {"theirs": 1}, "cells": [
            {"cell_type": "code", "execution_count": 9, "metadata": {},
             "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
             "source": ["print(1)\n", "print(2)"]},
            {"cell_type": "raw", "metadata": {}, "source": "raw"}]}))
    replay.run()
    assert replay.text(0) == "1\n2\n"
    assert len({cell.id for cell in replay.cells()}) == 2


def test_the_default_output_is_beside_the_notebook(replay):
    replay.write("1")
    subprocess.run([RANKBOOK, "replay", replay.path, "--start", "none"], check=True,
                   timeout=LIMIT, env=replay.env)
    assert replay.path.with_name("in.replayed.ipynb").exists()


def test_a_notebook_may_replace_itself(replay):
    replay.write("print('self')")
    replay.out = replay.path
    replay.run()
    assert replay.text(0) == "self\n"


def test_it_is_saved_after_each_cell(replay):
    replay.write("print('first')",
                 f"import json; print(json.load(open({str(replay.out)!r}))"
                 "['cells'][0]['outputs'][0]['text'])")
    replay.run()
    assert replay.text(1) == "['first\\n']\n"


def test_no_cells(replay):
    replay.write(new_markdown_cell("only text"), "   \n", new_code_cell(
        "1/0", metadata={"tags": ["skip-execution"]}))
    replay.run()
    assert [cell.get("execution_count") for cell in replay.cells()] == [None] * 3


def test_output_modes(replay):
    replay.write("%%output raw\nprint('same')", "print('same')", "%output rank",
                 "print('same')")
    replay.run("-n", 2)
    texts = ["".join(out.text for out in cell.outputs) for cell in replay.cells()]
    assert texts[:3] == ["same\nsame\n", "same\n", ""]
    assert sorted(texts[3].splitlines()) == ["[0] same", "[1] same"]


def test_four_ranks(replay):
    replay.write("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nprint(comm.rank)",
                 "comm.allreduce(comm.rank)",
                 "%%rank 0\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    replay.run("-n", 4, "--start", "mpiexec")
    cells = replay.cells()
    assert replay.text(0) == "".join(f"[{rank}] {rank}\n" for rank in range(4))
    assert cells[1].outputs[0].data["text/plain"] == "6"
    assert any("image/png" in output.get("data", {}) for output in cells[2].outputs)


def test_what_json_libraries_dislike(replay):
    replay.write("from IPython.display import display\n"
                 "display({'application/json': {'a': 2**70}, 'text/plain': 'big'},"
                 " raw=True)",
                 "print('a\\0b\\ud83d')", "'\\0'")
    replay.run()
    cells = replay.cells()
    assert cells[0].outputs[0].data["application/json"]["a"] == 2**70
    assert replay.text(1).startswith("a\0b")


# ------------------------------------------------------------------ errors


def test_the_first_error_ends_it(replay):
    replay.write("x = 1", "1/0", "print('never')")
    done = replay.run(status=1)
    assert "ZeroDivisionError" in done.stderr and "\x1b" not in done.stderr
    assert done.stderr.splitlines()[-1] == (
        f"rankbook: code cell 2 failed; the notebook up to there is in {replay.out}")
    cells = replay.cells()
    assert [output.output_type for output in cells[1].outputs] == ["error"]
    assert cells[1].outputs[0].ename == "ZeroDivisionError"
    assert cells[2].outputs == [] and cells[2].execution_count is None


def test_expected_errors(replay):
    replay.write(new_code_cell("1/0", metadata={"tags": ["raises-exception"]}),
                 "print('on')")
    done = replay.run("--print")
    assert replay.text(1) == "on\n"
    assert "ZeroDivisionError: division by zero" in done.stdout
    assert done.stderr == ""


def test_syntax_errors(replay):
    replay.write("def f(:")
    assert "SyntaxError" in replay.run(status=1).stderr


@pytest.mark.parametrize("text, why", [
    ("", "not JSON"), ("{}", "not a notebook"),
    ('{"nbformat": 3, "nbformat_minor": 0, "worksheets": []}', "its format is 3"),
    ('{"nbformat": 4, "nbformat_minor": 0, "cells": [1]}', "cell 1 is neither"),
])
def test_bad_notebooks(replay, text, why):
    replay.path.write_text(text)
    done = replay.run(status=2)
    assert why in done.stderr and done.stderr.count("\n") == 1
    assert not replay.out.exists()


@pytest.mark.parametrize("options, why", [
    (("-n", 0), "number of ranks"), (("-n", "x"), "number of ranks"),
    (("--nothing",), "unknown option"), (("-p", "a"), "no value"),
    (("-p", "a b", 1), "no name of a Python variable"),
    (("--timeout", "soon"), "no number of seconds"), (("second.ipynb",), "unexpected"),
    (("--start", "magic"), "magic"), (("--python", "/nonexistent"), "/nonexistent"),
    (("-o", "/nonexistent/out.ipynb"), "/nonexistent/out.ipynb"),
    (("-o", "/dev/null"), "/dev/null"),
])
def test_bad_options(replay, options, why):
    replay.write("1")
    done = replay.run(*options, status=2)
    assert why in done.stderr and done.stderr.count("\n") == 1
    assert not replay.out.exists()


def test_a_missing_notebook(replay):
    done = replay.run(status=2)
    assert "No such file" in done.stderr and done.stderr.count("\n") == 1


# ------------------------------------------------------------------ options


def test_parameters(replay):
    replay.write(new_code_cell("size = 10; name = 'default'; rest = 0",
                               metadata={"tags": ["parameters"]}),
                 "print(repr((size, name, rest)))")
    replay.run("-p", "size", 20, "-p", "name", "it's", "-p", "rest",
               '[1, {"a": null}]')
    cells = replay.cells()
    assert cells[1].metadata.tags == ["injected-parameters"]
    assert replay.text(2) == '(20, "it\'s", [1, {\'a\': None}])\n'


def test_print(replay):
    replay.write("print('out')", "6 * 7",
                 "from IPython.display import Image, display\n"
                 "display(Image(data=b'\\x89PNG\\r\\n\\x1a\\n', format='png'))")
    assert replay.run("--print").stdout == "out\n42\n[figure]\n"


def test_nothing_is_said_without_a_terminal(replay):
    replay.write("print('out')")
    done = replay.run()
    assert (done.stdout, done.stderr) == ("", "")


def test_progress_on_a_terminal(replay):
    replay.write("first = 1", "second = 2")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(replay.command(), stderr=theirs, env=replay.env)
    os.close(theirs)
    said = b""
    try:
        while data := os.read(ours, 4096):
            said += data
    except OSError:  # the terminal has nobody at its other end
        pass
    os.close(ours)
    assert process.wait(LIMIT) == 0
    assert b"[1/2]" in said and b"second = 2" in said
    assert b"2 code cells in" in said and bytes(replay.out) in said


def test_timeout(replay):
    replay.write("import time; print('kept'); time.sleep(600)", "1")
    done = replay.run("--timeout", 0.5, status=1)
    assert done.stderr.splitlines()[-1] == "rankbook: code cell 1 took longer than 0.5 s"
    assert [output.output_type for output in replay.cells()[0].outputs] == [
        "stream", "error"]


# ------------------------------------------------------------------ ends


def test_interrupt(replay, signpost):
    replay.write("x = 1", f"{signpost.reach}\nimport time; time.sleep(600)",
                 "print('never')")
    process = replay.start()
    signpost.wait()
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, said
    assert "KeyboardInterrupt" in said
    assert replay.cells()[1].outputs[-1].ename == "KeyboardInterrupt"
    assert not list(replay.runs.iterdir())


def test_a_second_interrupt_ends_it(replay, signpost):
    replay.write("import os, time\nprint(os.getpid(), os.getppid(), flush=True)\n"
                 "def stay():\n"
                 f"    try: {signpost.reach}; time.sleep(600)\n"
                 "    except KeyboardInterrupt: pass\n"
                 "stay(); stay(); time.sleep(600)")
    process = replay.start()
    for _ in range(2):
        signpost.wait()
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, said
    assert_gone(map(int, replay.text(0).split()))
    assert not list(replay.runs.iterdir())


def test_terminate(replay, signpost):
    replay.write("import os, time; print(os.getpid(), os.getppid(), flush=True)",
                 f"{signpost.reach}; time.sleep(600)")
    process = replay.start()
    signpost.wait()
    process.send_signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 143
    process.communicate()
    assert_gone(map(int, replay.text(0).split()))


def test_a_killed_replay_leaves_nothing(replay, signpost):
    replay.write("import os, time", f"{signpost.reach}; time.sleep(600)")
    process = replay.start()
    signpost.wait()
    below = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.communicate()
    assert_gone(child.pid for child in below)
    assert not list(replay.runs.iterdir())


LAUNCHER = ("import os, signal\n"
            "def parent(pid): return int(open(f'/proc/{pid}/stat').read()"
            ".rpartition(')')[2].split()[1])\n"
            "launcher = parent(os.getppid())\n"
            "children = open(f'/proc/{launcher}/task/{launcher}/children').read()"
            ".split()\n"
            "print(os.getpid(), os.getppid(), launcher, *children)\n")


def test_a_killed_launcher(replay):
    replay.write(LAUNCHER, "os.kill(launcher, signal.SIGKILL); signal.pause()")
    process = replay.start()
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert said == ("rankbook: the kernel was ended by signal 9 (Killed) in code cell "
                    "2\n")
    assert_gone(map(int, replay.text(0).split()))
    assert not list(replay.runs.iterdir())


def test_a_killed_front(replay):
    replay.write(LAUNCHER, "for pid in children:\n"
                 "    if open(f'/proc/{pid}/comm').read().startswith('rankbook-front'):\n"
                 "        os.kill(int(pid), signal.SIGKILL)\n"
                 "signal.pause()")
    process = replay.start()
    _, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 1
    assert "the logs are in" in said and "code cell 2" in said
    assert_gone(map(int, replay.text(0).split()))


def test_a_killed_rank(replay):
    replay.write("import os; os.kill(os.getpid(), 9)", "print('never')")
    done = replay.run(status=1)
    assert "rank 0" in done.stderr and "rankbook: code cell 1 failed" in done.stderr
    assert replay.cells()[0].outputs[-1].output_type == "error"
