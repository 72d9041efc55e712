"""Keeper and interpreter, with this file in the place of the front.

Method none: no MPI is needed, and one keeper is a whole kernel.
"""

import itertools
import json
import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
import zmq

BUILD = Path(os.environ.get("BUILD", Path(__file__).parents[2] / "build")).resolve()
KEEPER = BUILD / "bin" / "rankbook-keeper"
SECRET = "0123456789abcdef"
TIMEOUT = 20

HEADER = struct.Struct("<4sHHiIQQQ")
TYPES = {
    name: 1 + i
    for i, name in enumerate(
        "RUN ASK INTERRUPT INPUT_REPLY STOP BYE PING BUSY HEAL".split()
    )
}
TYPES.update(
    {
        name: 32 + i
        for i, name in enumerate(
            "HELLO READY STREAM DISPLAY RESULT COMM INPUT ANSWER DONE WAITING HEALED "
            "EXIT USAGE".split()
        )
    }
)
NAMES = {number: name for name, number in TYPES.items()}


class Front:
    """Plays the front for one keeper."""

    def __init__(self, folder, **env):
        self.endpoint = f"ipc://{folder}/wire"
        self.folder = folder
        (folder / "log").mkdir(exist_ok=True)
        self.context = zmq.Context()
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        self.router.bind(self.endpoint)
        self.cells = itertools.count(1)
        self.peer = None
        self.process = subprocess.Popen(
            [KEEPER],
            env={
                **os.environ,
                "RANKBOOK_WIRE": self.endpoint,
                "RANKBOOK_SECRET": SECRET,
                "RANKBOOK_RUN": str(folder),
                "RANKBOOK_RANK": "0",
                "RANKBOOK_SIZE": "1",
                "RANKBOOK_METHOD": "none",
                "RANKBOOK_PYTHON": sys.executable,
                "IPYTHONDIR": str(folder / "ipython"),
                "JPY_SECRET": "visible",
                **env,
            },
            stdin=subprocess.DEVNULL,
        )

    def send(self, kind, *frames, cell=0):
        frames = [f if isinstance(f, bytes) else json.dumps(f).encode() for f in frames]
        length = sum(map(len, frames))
        header = HEADER.pack(
            b"RBK1", 1, TYPES[kind], 0, len(frames), cell, length, 0
        )
        self.router.send_multipart([self.peer, header, *frames])

    def recv(self, timeout=TIMEOUT):
        """(kind, cell, frames); pings while it waits."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if self.router.poll(500):
                self.peer, header, *frames = self.router.recv_multipart()
                magic, version, kind, rank, count, cell, length, _ = HEADER.unpack(
                    header
                )
                assert (magic, version, rank) == (b"RBK1", 1, 0)
                assert count == len(frames) and length == sum(map(len, frames))
                return NAMES[kind], cell, frames
            if self.peer:
                self.send("PING")
        raise AssertionError("nothing came from the keeper")

    def wait_for(self, kind):
        """Everything up to the first message of 'kind', which comes last."""
        seen = []
        while not seen or seen[-1][0] != kind:
            seen.append(self.recv())
        return seen

    def ready(self):
        kind, _, frames = self.recv()
        assert kind == "HELLO" and frames[0].decode() == SECRET
        self.hello = json.loads(frames[1])
        self.info = json.loads(self.wait_for("READY")[-1][2][0])
        return self

    def start(self, code, **options):
        cell = next(self.cells)
        options = {"count": cell, "lead": True, **options}
        self.send("RUN", options, code.encode(), cell=cell)
        return cell

    def jump(self, count):
        """Leaves out 'count' numbers of cells; returns the next."""
        number = next(self.cells) + count
        self.cells = itertools.count(number)
        return number

    def finish(self, cell, until="DONE"):
        result = Outcome(cell)
        for kind, number, frames in self.wait_for(until):
            result.add(kind, number, frames)
        return result

    def run(self, code, **options):
        return self.finish(self.start(code, **options))

    def stream(self, cell, text):
        """Waits until the cell has written 'text'."""
        seen = ""
        while text not in seen:
            kind, number, frames = self.recv()
            assert number == cell
            if kind == "STREAM":
                seen += frames[1].decode()
        return seen

    def interrupt(self, reason="stop", **more):
        self.send("INTERRUPT", {"reason": reason, **more})

    def ask(self, kind, content):
        self.send("ASK", kind.encode(), content, {}, cell=999)
        return json.loads(self.wait_for("ANSWER")[-1][2][0])

    def interpreter(self):
        return self.info["pid"]

    def close(self):
        if self.process.poll() is None and self.peer:
            self.send("BYE")
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        elif self.process.poll() is None:
            self.process.kill()
        status = self.process.wait()
        self.context.destroy(0)
        return status


class Outcome:
    """What one cell brought."""

    def __init__(self, cell):
        self.cell = cell
        self.text = {"stdout": "", "stderr": ""}
        self.order = []
        self.results, self.displays, self.others = [], [], []
        self.done = self.exit = None

    def add(self, kind, cell, frames):
        if kind == "STREAM":
            name, text = frames[0].decode(), frames[1].decode()
            self.text[name] += text
            self.order.append(text)
        elif kind == "RESULT":
            self.results.append(json.loads(frames[0]))
        elif kind == "DISPLAY":
            self.displays.append((frames[0].decode(), json.loads(frames[1])))
        elif kind == "DONE":
            assert cell == self.cell
            self.done = json.loads(frames[0])
        elif kind == "EXIT":
            self.exit = json.loads(frames[0])
        else:
            self.others.append((kind, cell, frames))

    @property
    def stdout(self):
        return self.text["stdout"]

    @property
    def stderr(self):
        return self.text["stderr"]

    @property
    def value(self):
        return self.results[0]["data"]["text/plain"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    front = Front(tmp_path_factory.mktemp("k")).ready()
    yield front
    assert front.close() == 0


@pytest.fixture
def front(shared):
    shared.run("%reset -sf")
    return shared


@pytest.fixture
def own(tmp_path):
    fronts = []

    def make(**env):
        fronts.append(Front(tmp_path, **env))
        return fronts[-1]

    yield make
    for front in fronts:
        front.close()


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


# ---- cells ----


def test_text_and_result(front):
    out = front.run("print('hello'); 1 + 2")
    assert out.stdout == "hello\n"
    assert out.value == "3"
    assert out.results[0]["execution_count"] == out.cell
    assert out.done["status"] == "ok"
    assert out.done["execution_count"] == out.cell


def test_results_are_kept_by_the_number_of_the_cell(front):
    n = front.jump(10)  # as after cells for other ranks
    out = front.run("'kept'")
    assert out.results[0]["execution_count"] == n
    assert front.run(f"Out[{n}], In[{n}]").value == "('kept', \"'kept'\")"


def test_silent_and_unstored_cells_do_not_count(front):
    n = front.jump(0)
    front.run("41")
    out = front.run("7", count=n + 1, store_history=False)
    assert out.results[0]["execution_count"] == n + 1
    assert front.run("8", silent=True, count=n + 1).results == []
    assert front.run(f"_{n}").value == "41"


def test_an_error_is_said_once_and_ends_the_cell(front):
    out = front.run("print(1)\ndef f():\n    1/0\nf()\nprint(2)")
    assert out.done["status"] == "error"
    assert out.done["ename"] == "ZeroDivisionError"
    assert out.done["evalue"] == "division by zero"
    assert f"Cell In[{out.cell}], line 4" in plain("\n".join(out.done["traceback"]))
    assert out.done["line"] in (3, 4)
    assert out.stdout == "1\n" and out.stderr == ""


@pytest.mark.parametrize(
    "code, name",
    [
        ("x = = 1", "SyntaxError"),
        ("  if 1:\n x", "IndentationError"),
        ("%nosuchmagic", "UsageError"),
        ("%ranks", "UsageError"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("raise ExceptionGroup('g', [ValueError(1)])", "ExceptionGroup"),
        ("class E(Exception):\n    __str__ = None\nraise E", "E"),
        ("await 1", "TypeError"),
        ("return 3", "SyntaxError"),
    ],
)
def test_every_kind_of_error_is_one_error(front, code, name):
    out = front.run(code)
    assert out.done["status"] == "error"
    assert out.done["ename"] == name
    assert out.done["traceback"]
    assert front.run("1").value == "1"


def test_user_expressions(front):
    out = front.run("a = 5", user_expressions={"good": "a", "bad": "1/0"})
    said = out.done["user_expressions"]
    assert said["good"]["data"]["text/plain"] == "5"
    assert said["bad"]["ename"] == "ZeroDivisionError"


def test_the_directive_line_leaves_the_cell(front):
    assert front.run("%%rank 0\n6 * 7").value == "42"
    out = front.run("%%rank 0\n%%capture x\nprint(1)")
    assert out.done["status"] == "ok" and out.stdout == ""
    out = front.run("%output rank\n\n1/0")
    assert "line 3" in plain("\n".join(out.done["traceback"]))


def test_payloads_are_the_lead_rank_s(front):
    page = front.run("print?").done["payload"]
    assert [p["source"] for p in page] == ["page"]
    assert front.run("print?", lead=False).done["payload"] == []
    text = front.run("get_ipython().set_next_input('x')").done["payload"][0]
    assert text == {"source": "set_next_input", "text": "x", "replace": False}
    out = front.run("exit")
    assert out.done["payload"][0]["source"] == "ask_exit"
    assert "shut it down" in out.stdout


# ---- output ----


def test_many_lines_arrive_whole_and_in_order(front):
    out = front.run("for i in range(20000): print(i)")
    assert out.stdout == "".join(f"{i}\n" for i in range(20000))
    assert len(out.order) < 2000


def test_a_large_text_arrives_whole(front):
    assert len(front.run("print('x' * 5_000_000)").stdout) == 5_000_001


def test_text_that_is_no_unicode_is_escaped(front):
    assert front.run(r"print('a\ud800b')").stdout == "a\\ud800b\n"
    data = front.run(r"display({'text/plain': 'a\ud800b', 'x': float('nan')}, raw=True)")
    assert data.displays[0][1]["data"] == {"text/plain": "a\ufffdb", "x": "nan"}


def test_streams_behave_like_files(front):
    code = (
        "import sys\n"
        "class S(str):\n    def encode(self, *a): return b'wrong'\n"
        "sys.stdout.write(S('right\\n'))\n"
        "sys.stdout.buffer.write(b'bytes\\n')\n"
        "print(sys.stdout.fileno(), sys.stderr.fileno(), sys.stdout.isatty(),"
        " sys.stdout.encoding)\n"
        "sys.stdout.write(b'no')"
    )
    out = front.run(code)
    assert out.stdout == "right\nbytes\n1 2 False utf-8\n"
    assert out.done["ename"] == "TypeError"


def test_c_output_belongs_to_its_cell(front):
    code = (
        "import ctypes\n"
        "ctypes.CDLL(None).printf(b'from C\\n')\n"
        "import os; _ = os.write(2, 'h\\u00e4\\n'.encode())"
    )
    out = front.run(code)
    assert out.stdout == "from C\n"
    assert out.stderr == "h\u00e4\n"


def test_programs_write_between_prints(front):
    out = front.run("print('a')\n!echo b\nprint('c')")
    assert out.stdout == "a\nb\nc\n"
    out = front.run("print('a', end='')\nimport os\n_ = os.system('printf b')")
    assert out.stdout == "ab"
    assert front.run("!exit 3\n_exit_code").value == "3"
    assert front.run("x = !echo y\nx[0]").value == "'y'"


def test_a_thread_keeps_the_cell_that_started_it(front):
    first = front.start(
        "import threading\n"
        "go = threading.Event()\n"
        "t = threading.Thread(target=lambda: (go.wait(), print('late')))\n"
        "t.start()"
    )
    front.finish(first)
    second = front.start("go.set(); t.join(); print('mine')")
    texts = {}
    for kind, cell, frames in front.wait_for("DONE"):
        if kind == "STREAM":
            texts[cell] = texts.get(cell, "") + frames[1].decode()
    assert texts == {first: "late\n", second: "mine\n"}


def test_a_forked_child_writes_but_does_not_speak(front):
    code = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if pid == 0:\n"
        "    print('child')\n"
        "    display('shown')\n"
        "    sys.stdout.flush()\n"
        "    os._exit(0)\n"
        "_ = os.waitpid(pid, 0)\n"
        "print('parent')"
    )
    out = front.run(code)
    assert sorted(out.stdout.split()) == ["'shown'", "child", "parent"]
    assert out.displays == []
    pool = front.run(
        "import multiprocessing as m\n"
        "with m.get_context('fork').Pool(2) as p: print(p.map(abs, [-1, 2]))"
    )
    assert pool.stdout == "[1, 2]\n"


def test_displays(front):
    out = front.run(
        "from IPython.display import clear_output\n"
        "h = display('one', display_id='i')\nh.update('two')\nclear_output(wait=True)"
    )
    kinds = [kind for kind, _ in out.displays]
    assert kinds == ["display_data", "update_display_data", "clear_output"]
    assert out.displays[0][1]["transient"] == {"display_id": "i"}
    assert out.displays[1][1]["data"] == {"text/plain": "'two'"}
    assert out.displays[2][1] == {"wait": True}


def test_display_hooks_see_messages_first(front):
    out = front.run(
        "seen = []\n"
        "pub = get_ipython().display_pub\n"
        "def hook(m): seen.append(m['msg_type'])\n"
        "pub.register_hook(hook); display(1); pub.unregister_hook(hook)\n"
        "display(2); seen"
    )
    assert len(out.displays) == 1 and out.value == "['display_data']"


def test_figures_are_shown_at_the_end_of_the_cell(front):
    out = front.run("import matplotlib.pyplot as plt\n_ = plt.plot([1, 2])")
    assert out.done["status"] == "ok", out.done
    assert "image/png" in out.displays[0][1]["data"]


# ---- await ----


def test_top_level_await(front):
    assert front.run("import asyncio\nawait asyncio.sleep(0, 'slept')").value == "'slept'"


def test_tasks_go_on_between_cells_and_keep_their_cell(front):
    first = front.start(
        "import asyncio\n"
        "async def f():\n    await e.wait()\n    print('task')\n"
        "e = asyncio.Event(); t = asyncio.create_task(f())"
    )
    front.finish(first)
    second = front.start("e.set()")
    seen = front.wait_for("DONE")
    while not any(kind == "STREAM" for kind, _, _ in seen):
        seen.append(front.recv())
    texts = [(c, f[1]) for kind, c, f in seen if kind == "STREAM"]
    assert texts == [(first, b"task\n")] and second != first


def test_asyncio_works_in_the_cell_that_imports_it(own):
    front = own().ready()
    out = front.run("import sys; 'asyncio' in sys.modules")
    assert out.value == "False"
    out = front.run(
        "import asyncio\nt = asyncio.create_task(asyncio.sleep(0, 'done'))"
    )
    assert out.done["status"] == "ok", out.done
    assert front.run("await t").value == "'done'"
    assert front.run("1").value == "1"


# ---- interrupts ----


@pytest.mark.parametrize(
    "code",
    [
        "print('go')\nwhile True: pass",
        "import time\nprint('go')\ntime.sleep(100)",
        "print('go')\n!sleep 100",
        "import asyncio\nprint('go')\nawait asyncio.sleep(100)",
        "import asyncio\nasync def f():\n    while True: pass\nprint('go')\nawait f()",
        "import threading\nprint('go')\nthreading.Event().wait()",
    ],
)
def test_stop_ends_the_cell_and_keeps_the_variables(front, code):
    front.run("kept = 1")
    cell = front.start(code)
    front.stream(cell, "go")
    begun = time.monotonic()
    front.interrupt()
    out = front.finish(cell)
    assert out.done["status"] == "error", out.done
    assert out.done["ename"] == "KeyboardInterrupt"
    assert time.monotonic() - begun < 2
    assert front.run("kept").value == "1"


def test_stop_at_once_after_run_is_not_lost(front):
    for _ in range(20):
        cell = front.start("while True: pass")
        front.interrupt()
        assert front.finish(cell).done["ename"] == "KeyboardInterrupt"


def test_stop_while_idle_is_nothing(front):
    front.interrupt()
    front.interrupt()
    assert front.run("import time; time.sleep(.05); 'well'").value == "'well'"


def test_one_stop_raises_once(front):
    cell = front.start(
        "import time\nn = 0\ntry:\n    print('go')\n    time.sleep(100)\n"
        "finally:\n    time.sleep(.2); n += 1"
    )
    front.stream(cell, "go")
    front.interrupt()
    assert front.finish(cell).done["ename"] == "KeyboardInterrupt"
    assert front.run("n").value == "1"


# ---- input ----


def test_input_asks_and_gets_an_answer(front):
    cell = front.start("input('name? ')", allow_stdin=True)
    question = front.wait_for("INPUT")[-1]
    assert json.loads(question[2][0]) == {"prompt": "name? ", "password": False}
    assert question[1] == cell
    front.send("INPUT_REPLY", "J\u00f6".encode(), cell=cell)
    assert front.finish(cell).value == "'J\u00f6'"
    cell = front.start("import getpass; getpass.getpass()", allow_stdin=True)
    question = front.wait_for("INPUT")[-1]
    assert json.loads(question[2][0])["password"] is True
    front.send("INPUT_REPLY", b"\x04", cell=cell)
    assert front.finish(cell).done["ename"] == "EOFError"


def test_input_can_be_stopped_and_forbidden(front):
    cell = front.start("input()", allow_stdin=True)
    front.wait_for("INPUT")
    front.interrupt()
    assert front.finish(cell).done["ename"] == "KeyboardInterrupt"
    out = front.run("input()", allow_stdin=False)
    assert out.done["ename"] == "StdinNotImplementedError"


# ---- questions ----


def test_completion_inspection_and_completeness(front):
    front.run("variable_one = 1")
    got = front.ask("complete_request", {"code": "variable_o", "cursor_pos": 10})
    assert got["matches"] == ["variable_one"]
    assert (got["cursor_start"], got["cursor_end"]) == (0, 10)
    assert got["metadata"]["_jupyter_types_experimental"][0]["text"] == "variable_one"
    got = front.ask("complete_request", {"code": "'\u00e4\U0001d11e'; zi", "cursor_pos": 8})
    assert "zip" in got["matches"] and got["cursor_start"] == 6
    got = front.ask("inspect_request", {"code": "zip", "cursor_pos": 3})
    assert got["found"] and "text/plain" in got["data"]
    got = front.ask("inspect_request", {"code": "nothing_here", "cursor_pos": 3})
    assert got == {"status": "ok", "found": False, "data": {}, "metadata": {}}
    ask = lambda code: front.ask("is_complete_request", {"code": code})
    assert ask("1") == {"status": "complete"}
    assert ask("def f():") == {"status": "incomplete", "indent": "    "}
    assert ask("import = 7q") == {"status": "invalid"}


def test_history(front):
    first = front.run("'one'").cell
    front.run("'two'")
    ask = lambda **content: front.ask("history_request", content)["history"]
    got = ask(hist_access_type="tail", n=2, raw=True, output=False)
    assert [entry[2] for entry in got] == ["'one'", "'two'"]
    got = ask(hist_access_type="range", session=0, start=first, stop=first + 1)
    assert [entry[1:] for entry in got] == [[first, "'one'"]]
    got = ask(hist_access_type="search", pattern="'tw*", n=1)
    assert got[0][2] == "'two'"


def test_questions_are_answered_while_a_cell_runs(front):
    front.run(
        "class Trap:\n"
        "    @property\n"
        "    def inner(self): raise SystemExit('ran')\n"
        "trap = Trap()"
    )
    cell = front.start("print('go')\nwhile True: pass")
    front.stream(cell, "go")
    got = front.ask("complete_request", {"code": "tra", "cursor_pos": 3})
    assert "trap" in got["matches"]
    got = front.ask("complete_request", {"code": "trap.inner.", "cursor_pos": 11})
    assert got["status"] == "ok"
    got = front.ask("inspect_request", {"code": "zip", "cursor_pos": 3})
    assert got["found"]
    got = front.ask("is_complete_request", {"code": "1"})
    assert got["status"] == "complete"
    front.interrupt()
    assert front.finish(cell).done["ename"] == "KeyboardInterrupt"


def test_comms(front):
    assert front.ask("comm_info_request", {}) == {"status": "ok", "comms": {}}
    front.send("ASK", b"comm_open", {"comm_id": "x", "target_name": "t", "data": {}}, {})
    kind, _, frames = front.wait_for("COMM")[-1]
    assert frames[0] == b"comm_close" and json.loads(frames[1])["comm_id"] == "x"
    front.wait_for("ANSWER")
    cell = front.start(
        "import comm\nc = comm.create_comm(target_name='mine', buffers=[b'raw'])\n"
        "got = []\nc.on_msg(lambda m: got.append(m['buffers'][0]))"
    )
    kind, number, frames = front.wait_for("COMM")[-1]
    assert (number, frames[0], frames[3]) == (cell, b"comm_open", b"raw")
    identity = json.loads(frames[1])["comm_id"]
    front.wait_for("DONE")
    info = front.ask("comm_info_request", {"target_name": "mine"})
    assert info["comms"] == {identity: {"target_name": "mine"}}
    front.send("ASK", b"comm_msg", {"comm_id": identity, "data": {}}, {}, b"in")
    front.wait_for("ANSWER")
    assert front.run("got").value == "[b'in']"
    front.run("c.close()")


def test_heal_is_answered(front):
    front.send("HEAL")
    assert json.loads(front.wait_for("HEALED")[-1][2][0]) == {"text": ""}


# ---- method none ----


def test_mpi4py_says_that_there_is_no_mpi(front):
    out = front.run("from mpi4py import MPI")
    assert out.done["ename"] == "ImportError"
    assert "without MPI" in out.done["evalue"]


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
        shared.router.poll(1000)
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
        import select

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
        "print('go')\nwhile True:\n    try:\n        while True: pass\n"
        "    except BaseException: pass"
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
    front.router.close()
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


def plain(text):
    import re

    return re.sub(r"\x1b\[[0-9;]*m", "", text)
