"""What goes wrong in a cell, and what is said late."""

import re

import pytest


@pytest.fixture(params=["mpi-1", "mpi-4"])
def kernel(request, kernels):
    return kernels(request.param)


def plain(done):
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))


def test_exception_groups(kernel):
    done = kernel.run("raise ExceptionGroup('two', [ValueError(1), TypeError('t')])")
    assert done.content["ename"] == "ExceptionGroup" and len(done.outputs) == 1
    assert "ValueError: 1" in plain(done) and "TypeError: t" in plain(done)


def test_chained_errors(kernel):
    done = kernel.run("try: 1 / 0\nexcept ZeroDivisionError as error:\n"
                      "    raise KeyError('k') from error")
    assert done.content["ename"] == "KeyError" and len(done.outputs) == 1
    assert "ZeroDivisionError: division by zero" in plain(done)
    assert "direct cause" in plain(done)


@pytest.mark.parametrize("code", ["f = lambda:", " x = 1\n  y = 2", "def f(:"])
def test_syntax_errors(kernel, code):
    done = kernel.run(code)
    assert done.content["ename"] in ("SyntaxError", "IndentationError")
    assert len(done.outputs) == 1 and "Cell In[" in plain(done)


def test_deep_recursion(kernel):
    done = kernel.run("def f(): f()\nf()")
    assert done.content["ename"] == "RecursionError" and len(done.outputs) == 1
    assert len(plain(done)) < 100000
    assert kernel.run("'alive'").result == "'alive'"


def test_a_warning_is_shown_once(kernel):
    done = kernel.run("import warnings\nwarnings.warn('look out')")
    lines = done.text("stderr").splitlines()
    assert len(lines) == 2 and lines[0].endswith("UserWarning: look out"), lines


def test_an_error_whose_text_cannot_be_made(kernel):
    done = kernel.run("class Bad(Exception):\n    def __str__(self): raise RuntimeError('no')\n"
                      "raise Bad()")
    assert done.content["status"] == "error" and len(done.of("error")) == 1
    assert kernel.run("'alive'").result == "'alive'"


def test_modes_of_tracebacks(kernel):
    assert kernel.run("%xmode Minimal").text() == "Exception reporting mode: Minimal\n"
    assert plain(kernel.run("1 / 0")) == "ZeroDivisionError: division by zero\n"
    kernel.run("%xmode Context")
    assert "Cell In[" in plain(kernel.run("1 / 0"))


@pytest.mark.parametrize("start", [
    "async def late():\n    await gate.wait()\n    print('late')\n    said.set()\n"
    "import asyncio\ngate, said = asyncio.Event(), asyncio.Event()\n"
    "job = asyncio.ensure_future(late())",
    "import threading\ngate, said = threading.Event(), threading.Event()\n"
    "def late():\n    gate.wait()\n    print('late')\n    said.set()\n"
    "threading.Thread(target=late).start()"])
def test_what_comes_late_belongs_to_its_cell(kernel, start):
    first = kernel.send(start)
    kernel.collect(first)
    kernel.send("gate.set()" + ("\nawait said.wait()" if "await" in start else "\nsaid.wait()"))
    assert kernel.wait_output(first, "late").startswith("late")


def test_an_error_in_a_thread_is_shown(kernel):
    done = kernel.run("def bad(): raise ValueError('of a thread')\n"
                      "thread = threading.Thread(target=bad); thread.start(); thread.join()")
    assert done.content["status"] == "ok"
    assert "ValueError: of a thread" in done.text("stderr")


def test_what_libraries_look_for(kernel):
    done = kernel.run("shell = get_ipython()\n"
                      "shell.kernel.shell is shell, type(shell).__name__, "
                      "'IPKernelApp' in shell.config")
    assert done.result == "(True, 'ZMQInteractiveShell', True)"
