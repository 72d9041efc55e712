"""Cells in an interpreter, without front and MPI: what IPython shows and answers."""

import json
import time

import pytest

from front import plain


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


def test_what_is_made_late_can_be_configured(front):
    assert front.run("%config IPCompleter.use_jedi").value == "False"


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


def test_a_rank_that_is_held_writes_no_further(front):
    told = front.folder / "told"
    front.send("HOLD", b"1")
    cell = front.start("import os, select\nsize = 0\n"
                       "while select.select([], [1], [], 0)[1]:\n"
                       "    size += os.write(1, b'x' * 4096)\n"
                       f"open({str(told)!r}, 'w').close()\nos.write(1, b'end')")
    while not told.exists():
        front.send("PING")
        assert not front.poll(20) or front.recv()[0] != "STREAM"
    front.send("HOLD", b"0")
    done = front.finish(cell)
    assert done.stdout == len(done.stdout[3:]) * "x" + "end" and len(done.stdout) > 4096


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
    assert out.stdout == "right\nbytes\n1 2 False UTF-8\n"
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
    opened = {"comm_id": "x", "target_name": "t", "data": {}}
    front.send("RUN", {"comm": "comm_open"}, opened, {}, cell=900)
    kind, _, frames = front.wait_for("COMM")[-1]
    assert frames[0] == b"comm_close" and json.loads(frames[1])["comm_id"] == "x"
    front.wait_for("DONE")
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
    said = {"comm_id": identity, "data": {}}
    front.send("RUN", {"comm": "comm_msg"}, said, {}, b"in", cell=901)
    front.wait_for("DONE")
    assert front.run("got == [b'in']").value == "True"
    front.run("c.close()")


def test_heal_is_answered(front):
    front.send("HEAL")
    assert json.loads(front.wait_for("HEALED")[-1][2][0]) == {"text": "", "size": 0}


# ---- method none ----


def test_mpi4py_says_that_there_is_no_mpi(front):
    out = front.run("from mpi4py import MPI")
    assert out.done["ename"] == "ImportError"
    assert "without MPI" in out.done["evalue"]
