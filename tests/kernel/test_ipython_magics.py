"""IPython's magics on ranks."""

import json
import re

import pytest


@pytest.fixture(params=["mpi-1", "mpi-4"])
def kernel(request, kernels):
    return kernels(request.param)


def plain(done):
    """The one error's traceback, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))


# ---- programs ----

def test_bash(kernel):
    done = kernel.run("%%bash\necho out\necho err >&2")
    assert done.text() == "out\n" and done.text("stderr") == "err\n"
    assert kernel.run("%%bash --out kept\necho out").outputs == []
    assert kernel.run("kept").result == "'out\\n'"


def test_a_script_that_fails(kernel):
    done = kernel.run("%%bash\nexit 3")
    assert done.content["ename"] == "CalledProcessError" and len(done.outputs) == 1
    assert "exit status 3" in done.content["evalue"]


@pytest.mark.parametrize("code", ["%%bash\nfor i in 1 2 3 4; do echo $i; done > {0}/$$\n"
                                  "mv {0}/$$ {0}/begun$$; sleep 600",
                                  "!echo 1 > {0}/begun$$; sleep 600"])
def test_stop_of_a_program_is_an_interrupt(kernel, tmp_path, code):
    kernel.run("import os\nfrom mpi4py import MPI")
    watch = (f"import threading\ndef watch():\n"
             f"    while len([n for n in os.listdir({str(tmp_path)!r})\n"
             f"               if n.startswith('begun')]) < {kernel.ranks}: pass\n"
             "    print('all run', flush=True)\n"
             "thread = threading.Thread(target=watch)")
    kernel.run(watch)
    # a program that is started in a line with others can have a thread beside it
    msg_id = kernel.send("thread.start()\nget_ipython().run_cell(" +
                         repr(code.format(tmp_path)) + ").raise_error()")
    kernel.wait_output(msg_id, "all run")
    kernel.interrupt()
    done = kernel.collect(msg_id)
    assert done.content["ename"] == "KeyboardInterrupt", done.outputs
    assert "rankbook_shell" not in plain(done)
    assert kernel.run("thread.join()").content["status"] == "ok"


def test_system_and_its_exit_code(kernel):
    assert kernel.run("!echo a; exit 3").text() == "a\n"
    assert kernel.run("_exit_code").result == "3"
    assert kernel.run("%sx echo b").result == "['b']"


# ---- displays and captures ----

def test_capture_takes_displays_as_well(kernel):
    done = kernel.run("%%capture cap\nimport sys\nprint('out'); print('err', file=sys.stderr)\n"
                      "display('shown')\n42")
    assert done.outputs == []
    assert kernel.run("cap.stdout, cap.stderr, len(cap.outputs)").result == (
        "('out\\n', 'err\\n', 2)")
    done = kernel.run("cap.show()")
    assert done.text() == "out\n" and done.text("stderr") == "err\n"
    assert [d["data"]["text/plain"] for d in done.of("display_data")] == ["'shown'", "42"]


def test_capture_of_one_stream(kernel):
    assert kernel.run("%%capture --no-stdout\nprint('seen')").text() == "seen\n"


def test_time(kernel):
    done = kernel.run("%time sum(range(10))")
    assert done.result == "45" and "Wall time" in done.text()
    assert kernel.run("%%time\nkept = 8\nkept").result == "8"
    assert "per loop" in kernel.run("%timeit -n1 -r1 pass").text()
    assert kernel.run("%%time\n1/0").content["ename"] == "ZeroDivisionError"


# ---- matplotlib ----

@pytest.mark.parametrize("name", ["inline", "agg"])
def test_backends_of_a_rank(kernel, name):
    done = kernel.run(f"%matplotlib {name}")
    assert done.content["status"] == "ok" and not done.outputs
    assert name in kernel.run("import matplotlib; matplotlib.get_backend()").result


@pytest.mark.parametrize("name, word", [
    ("widget", "%pip install ipympl"), ("qt", "window"), ("tk", "window"), ("", "window"),
    ("nonsense", "nonsense")])
def test_backends_that_a_rank_does_not_have(kernel, name, word):
    done = kernel.run(f"%matplotlib {name}")
    assert done.content["ename"] == "UsageError" and len(done.outputs) == 1
    assert word in plain(done) and "inline" in plain(done) + "inline" * bool(name == "widget")
    assert len(plain(done).splitlines()) == 1
    assert "inline" in kernel.run("%matplotlib inline\nmatplotlib.get_backend()").result


def test_config_of_the_inline_backend(kernel):
    kernel.run("%matplotlib inline\n%config InlineBackend.figure_format = 'svg'")
    done = kernel.run("import matplotlib.pyplot as plt\nplt.plot([1, 2]);")
    assert any("image/svg+xml" in shown["data"] for shown in done.of("display_data"))
    kernel.run("%config InlineBackend.figure_format = 'png'")
    assert "image/png" in kernel.run("plt.plot([1, 2]);").of("display_data")[0]["data"]


# ---- payloads and history ----

@pytest.mark.parametrize("code, text", [
    ("zip?", "zip(*iterables"), ("def f(): return 7\nf??", "return 7"),
    ("%pinfo zip", "zip(*iterables"), ("%page zip", "<class 'zip'>")])
def test_pagers(kernel, code, text):
    done = kernel.run(code)
    (payload,) = done.content["payload"]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", payload["data"]["text/plain"])
    assert payload["source"] == "page" and text in shown
    assert payload["start"] == 0 and not done.outputs


def test_what_comes_into_the_next_cell(kernel, tmp_path):
    def payload(code):
        (one,) = kernel.run(code).content["payload"]
        return one

    assert payload("get_ipython().set_next_input('1 + 1')") == {
        "source": "set_next_input", "text": "1 + 1", "replace": False}
    script = tmp_path / "script.py"
    script.write_text("loaded = 1\n")
    loaded = payload(f"%load {script}")
    assert loaded["replace"] and loaded["text"].endswith("loaded = 1\n")
    count = kernel.run("'recalled'").content["execution_count"]
    assert payload(f"%recall {count}")["text"] == "'recalled'"


def test_history_magic(kernel):
    count = kernel.run("first = 1").content["execution_count"]
    assert kernel.run(f"%history {count}").text() == "first = 1\n"


# ---- namespaces, files, directories ----

def test_run(kernel, tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nprint(__name__, sys.argv[1:])\nran = 1\n")
    assert kernel.run(f"%run {script} a b").text() == "__main__ ['a', 'b']\n"
    assert kernel.run("ran").result == "1"


def test_a_script_that_fails_fails_its_cell(kernel, tmp_path):
    (tmp_path / "fails.py").write_text("def f(): 1 / 0\nf()\n")
    (tmp_path / "exits.py").write_text("import sys\nsys.exit(3)\n")
    (tmp_path / "cells.ipy").write_text("%env\nnowhere\n")
    for file, name in ("fails.py", "ZeroDivisionError"), ("exits.py", "SystemExit"):
        done = kernel.run(f"%run {tmp_path}/{file}\nprint('goes on')")
        assert done.content["ename"] == name == done.error["ename"], done.outputs
        assert "goes on\n" in done.text() and done.stream("stderr") == ""
    assert kernel.run(f"%run {tmp_path}/cells.ipy").error["ename"] == "NameError"
    assert "line 1, in f" in plain(kernel.run(f"%run {tmp_path}/fails.py")) or (
        "fails.py:1" in plain(kernel.run(f"%run {tmp_path}/fails.py")))
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    assert kernel.run(f"%run {tmp_path}/leaves.py").content["status"] == "ok"
    done = kernel.run(f"%run {tmp_path}/fails.py\nint('x')")  # the cell's own comes first
    assert done.content["ename"] == "ValueError"
    assert "ZeroDivisionError" in done.text("stderr")
    assert kernel.run("1").content["status"] == "ok"


def test_a_script_that_fails_on_one_rank_frees_the_others(four, tmp_path):
    (tmp_path / "solver.py").write_text(
        "from mpi4py import MPI\ncomm = MPI.COMM_WORLD\n"
        "if comm.rank == 2: raise RuntimeError('diverged')\ncomm.Barrier()\n")
    done = four.run(f"%run {tmp_path}/solver.py")
    assert done.content["ename"] == "RuntimeError" and "diverged" in plain(done)
    assert four.run("comm.allreduce(1)").result == "4"


def test_cd_and_env_are_for_all_ranks(kernel, tmp_path):
    kernel.run("import os; before = os.getcwd()")
    assert kernel.run(f"%cd {tmp_path}").text() == f"{tmp_path}\n"
    assert kernel.run("os.getcwd()").result == repr(str(tmp_path))
    assert kernel.run("%env KEPT=1").text() == "env: KEPT=1\n"
    assert kernel.run("os.environ['KEPT']").result == "'1'"
    kernel.run("%cd -q {before}")


def test_who_and_reset(kernel):
    kernel.run("%reset -f")
    assert "empty" in kernel.run("%who").text()
    kernel.run("kept = 1")
    assert kernel.run("%who").text().split() == ["kept"]
    assert kernel.run("del kept\n'alive'").result == "'alive'"
    assert kernel.run("1 + 1").result == "2"


def test_autoreload(kernel, tmp_path):
    module = tmp_path / "reloaded_module.py"
    module.write_text("value = 1\n")
    kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
               "%load_ext autoreload\n%autoreload 2\nimport reloaded_module")
    module.write_text("value = 'another'\n")
    assert kernel.run("reloaded_module.value").result == "'another'"
    assert kernel.run("%reload_ext autoreload").content["status"] == "ok"
    kernel.run("%autoreload 0")


def test_unknown_magics(kernel):
    done = kernel.run("%nonsense")
    assert done.content["ename"] == "UsageError" and len(done.outputs) == 1


def test_magics_below_rank(kernel):
    assert kernel.run("%%rank 0\n%%bash\necho one").text() == "one\n"
    assert kernel.run("%%rank 0\n%time 7").result == "7"


# ---- what is kept of outputs ----

def test_a_notebook_of_what_was_shown(kernel, tmp_path):
    kernel.run("%reset -f")
    kernel.run("print('some text'); display('a display', display_id='one')\n6 * 7")
    kernel.run("from IPython.display import update_display\n"
               "for i in range(3): update_display('a display', display_id='one')")
    kernel.run(f"%notebook {tmp_path}/made.ipynb")
    cells = json.loads((tmp_path / "made.ipynb").read_text())["cells"]
    (cell,) = [cell for cell in cells if "some text" in "".join(cell["source"])]
    assert [output["output_type"] for output in cell["outputs"]] == [
        "display_data", "execute_result"]
    assert not [cell for cell in cells if "update_display" in "".join(cell["source"])
                and cell["outputs"]]


def test_what_was_shown_does_not_fill_the_memory(kernel):
    """The newest is there, and the oldest goes: displays of one cell, results of many."""
    kernel.run("%reset -f\nimport rankbook_shell.kept as module\n"
               "most, module.MOST = module.MOST, 160 << 10")
    kernel.run("class Long:\n"
               "    def __repr__(self): return 'short'\n"
               "    def _repr_html_(self): return 'x' * (50 << 10)\n"
               "def kept():\n"
               "    outputs = get_ipython().history_manager.outputs\n"
               "    return sum(len(text) for some in outputs.values() for one in some\n"
               "               for text in one.bundle.values()) >> 10")
    for codes in ["for i in range(6): display(Long())"], ["Long()"] * 5:
        for code in codes:
            kernel.run(code)
        assert kernel.run("kept()").result == "150"
    kernel.run("module.MOST = most")
    kernel.run("%reset -f")


# ---- what ipykernel adds ----

def test_files_in_the_pager(kernel, tmp_path):
    script = tmp_path / "shown.py"
    script.write_text("shown = 'é'\n")
    (tmp_path / "plain.txt").write_text("two\nlines\n")
    for code, text in (f"%less {script}", "shown"), (f"%more {tmp_path}/plain.txt", "two\nlines"):
        done = kernel.run(code)
        (payload,) = done.content["payload"]
        assert payload["source"] == "page" and not done.outputs
        assert text in re.sub(r"\x1b\[[0-9;]*m", "", payload["data"]["text/plain"])
    for wrong in "%less", "%more /no/such/file":
        done = kernel.run(wrong)
        assert done.content["ename"] == "UsageError" and len(done.outputs) == 1
    (payload,) = kernel.run("%man sh").content["payload"]
    assert payload["source"] == "page" and "sh" in payload["data"]["text/plain"]


def test_edit_asks_the_front_end(kernel, tmp_path):
    script = tmp_path / "edited.py"
    script.write_text("def first(): pass\n\ndef second(): pass\n")
    done = kernel.run(f"%edit -n 3 {script}")
    assert done.content["payload"] == [
        {"source": "edit_magic", "filename": str(script), "line_number": 3}]
    kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import edited")
    (payload,) = kernel.run("%ed edited.second").content["payload"]
    assert payload["filename"] == str(script) and payload["line_number"] == 3
    kernel.run("del sys.path[0]\ntext = 'in_a_text = 1'")
    done = kernel.run("%edit text")
    (payload,) = done.content["payload"]
    assert open(payload["filename"]).read() == "in_a_text = 1"
    assert done.text().startswith("IPython will make a temporary file") and (
        len(done.text().splitlines()) == 1)
    count = kernel.run("def in_a_cell(): pass").content["execution_count"]
    (payload,) = kernel.run("%edit in_a_cell").content["payload"]
    assert "def in_a_cell" in open(payload["filename"]).read()
    (payload,) = kernel.run(f"%edit {count}").content["payload"]
    assert "def in_a_cell" in open(payload["filename"]).read()
    assert kernel.run("%edit no_such_thing").content["payload"] == []


def test_connect_info(kernel):
    path = kernel.manager.connection_file
    text = kernel.run("%connect_info").text()
    assert json.loads(text.split("\n\n")[0]) == json.load(open(path))
    assert "--existing" in text and path.split("/")[-1] in text


def test_clear_and_autosave(kernel):
    assert kernel.run("%clear").text().startswith("\x1b[H\x1b[2J")
    done = kernel.run("%autosave 60")
    (shown,) = done.of("display_data")
    assert "set_autosave_interval(60000)" in shown["data"]["application/javascript"]
    assert done.text() == "Autosaving every 60 seconds\n"
    assert kernel.run("%autosave 0").text() == "Autosave disabled\n"
    assert kernel.run("%autosave often").content["ename"] == "UsageError"


def test_what_a_rank_has_not(kernel):
    done = kernel.run("%qtconsole")
    assert done.content["ename"] == "UsageError" and len(plain(done).splitlines()) == 1
    assert f"--existing {kernel.manager.connection_file}".rsplit("/")[-1] in plain(done)
    assert "no subshells" in kernel.run("%subshell").text()


def test_no_magic_of_ipykernel_is_missing(kernel):
    from ipykernel.zmqshell import KernelMagics

    theirs = {name for names in KernelMagics.magics.values() for name in names}
    names = kernel.run("sorted(name for names in get_ipython().magics_manager.magics.values()"
                       " for name in names)")
    assert theirs and not theirs - set(eval(names.result))


# ---- what one rank does for all ----

def test_pip_is_run_once(kernel, tmp_path):
    done = kernel.run(f"%pip --version > /dev/null; echo run >> {tmp_path}/runs")
    assert done.content["status"] == "ok"
    assert (tmp_path / "runs").read_text() == "run\n"
    assert done.text() == "Note: you may need to restart the kernel to use updated packages.\n"


@pytest.mark.parametrize("program", ["pip", "{sys.executable} -m pip -q", "cd . && pip"])
def test_a_program_that_installs_is_run_once(kernel, tmp_path, program):
    """And all ranks have its exit status."""
    kernel.run("import sys")
    done = kernel.run(f"!{program} install --help > /dev/null; echo run >> {tmp_path}/runs; "
                      "echo once; exit 3\nstatus = _exit_code\nprint(status)")
    assert (tmp_path / "runs").read_text() == "run\n"
    assert done.stream().startswith("once\n") and done.text().endswith("\n3\n")
    kernel.run(f"!echo pip install >> {tmp_path}/others")
    assert (tmp_path / "others").read_text() == "pip install\n" * kernel.ranks


def test_what_pip_says_has_no_label(kernel):
    text = kernel.run("%pip --version").text()
    assert text.startswith("pip ") and len(text.splitlines()) == 2, text
    assert kernel.run("%%capture caught\n%pip --version").outputs == []


def test_a_module_that_has_come_is_found(kernel, tmp_path):
    kernel.run(f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
               "try: import rankbook_comes\nexcept ImportError: pass")
    done = kernel.run(f"%pip --version > /dev/null; echo x = 1 > {tmp_path}/rankbook_comes.py\n"
                      "import rankbook_comes; rankbook_comes.x")
    assert done.result == "1"


def test_writefile_writes_once(kernel, tmp_path):
    path = tmp_path / "module.py"
    assert kernel.run(f"%%writefile {path}\nx = 1").text() == f"Writing {path}\n"
    assert kernel.run(f"%%writefile -a {path}\ny = 2").text() == f"Appending to {path}\n"
    assert path.read_text() == "x = 1\ny = 2\n"


def test_writefile_where_ranks_are_in_different_folders(kernel, tmp_path):
    kernel.run("import os\nfrom mpi4py import MPI\nbefore = os.getcwd()\n"
               f"os.mkdir({str(tmp_path)!r} + f'/{{MPI.COMM_WORLD.rank}}')\n"
               f"os.chdir({str(tmp_path)!r} + f'/{{MPI.COMM_WORLD.rank}}')")
    kernel.run("%%writefile here\nx")
    assert len(list(tmp_path.glob("*/here"))) == kernel.ranks
    kernel.run("os.chdir(before)")


def test_once_for_each_time_round(kernel, tmp_path):
    kernel.run(f"for i in range(3):\n    %pip --version > /dev/null; echo $i >> {tmp_path}/runs")
    assert len((tmp_path / "runs").read_text().splitlines()) == 3


def test_a_wrong_option_is_one_error(kernel):
    done = kernel.run("%%writefile --nonsense\nx")
    assert done.content["status"] == "error" and len(done.of("error")) == 1


def test_save_asks_once(kernel, tmp_path):
    path = tmp_path / "saved.py"
    path.write_text("old\n")
    count = kernel.run("saved = 5").content["execution_count"]
    msg_id = kernel.send(f"%save {path} {count}", allow_stdin=True)
    assert "exists" in kernel.client.get_stdin_msg(timeout=40)["content"]["prompt"]
    kernel.client.input("y")
    kernel.collect(msg_id)
    assert "saved = 5" in path.read_text()
