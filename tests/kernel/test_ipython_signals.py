"""Signals, forks and crashes of a cell: what Python does, in a rank as elsewhere."""

import re

import pytest
from harness import expand


@pytest.fixture(params=["mpi-1", "mpi-4"])
def kernel(request, kernels):
    return kernels(request.param)


def plain(done):
    """The one error's traceback, without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(done.error["traceback"]))


@pytest.mark.parametrize("code", [
    "signal.raise_signal(signal.SIGINT)",
    "os.kill(os.getpid(), signal.SIGINT)\nwhile True: pass",
])
def test_a_cell_may_interrupt_itself(kernel, code):
    done = kernel.run("import os, signal\n" + code)
    assert done.content["ename"] == "KeyboardInterrupt" and len(done.outputs) == 1
    assert "rankbook_shell" not in plain(done)
    assert kernel.run("1").result == "1"


def test_it_may_catch_that(kernel):
    assert kernel.run("try: signal.raise_signal(signal.SIGINT)\n"
                      "except KeyboardInterrupt: print('caught')").text() == "caught\n"


def test_stop_after_the_cell_has_interrupted_itself(kernel):
    msg_id = kernel.send("from mpi4py import MPI\n"
                         "try: signal.raise_signal(signal.SIGINT)\n"
                         "except KeyboardInterrupt: MPI.COMM_WORLD.barrier()\n"
                         "print('caught', flush=True)\n"
                         "import time; time.sleep(600)")
    kernel.wait_output(msg_id, "caught")
    kernel.interrupt()
    done = kernel.collect(msg_id)
    assert done.content["ename"] == "KeyboardInterrupt" and len(done.of("error")) == 1
    assert "time.sleep(600)" in plain(done) and "rankbook_shell" not in plain(done)


def test_one_stop_is_one_interrupt_also_in_mpi(kernel):
    kernel.run("from mpi4py import MPI; world = MPI.COMM_WORLD")
    msg_id = kernel.send("import time\ntry:\n"
                         "    world.barrier()\n    print('waits', flush=True)\n"
                         "    world.recv(source=world.rank, tag=9)\n"
                         "except KeyboardInterrupt: print('stopped once')\n"
                         "for i in range(50): time.sleep(0.002)\n"
                         "print('went on')")
    kernel.wait_output(msg_id, "waits")
    kernel.interrupt()
    done = kernel.collect(msg_id)
    assert done.content["status"] == "ok", done.outputs
    assert done.text().endswith("stopped once\nwent on\n")


def test_handlers_of_the_user_are_kept(kernel):
    kernel.run("old = signal.signal(signal.SIGUSR1, lambda *_: print('usr1'))")
    assert kernel.run("os.kill(os.getpid(), signal.SIGUSR1)").text() == "usr1\n"
    assert kernel.run("signal.signal(signal.SIGUSR1, old).__name__").result == "'<lambda>'"


def test_a_handler_for_sigint_is_for_its_cell(kernel):
    done = kernel.run("_ = signal.signal(signal.SIGINT, lambda *_: print('mine'))\n"
                      "signal.raise_signal(signal.SIGINT)")
    assert done.text() == "mine\n" and done.content["status"] == "ok"
    done = kernel.run("signal.raise_signal(signal.SIGINT)")
    assert done.content["ename"] == "KeyboardInterrupt"


def test_an_alarm(kernel):
    done = kernel.run("def late(*_): raise TimeoutError('too late')\n"
                      "_ = signal.signal(signal.SIGALRM, late)\n"
                      "_ = signal.setitimer(signal.ITIMER_REAL, 0.01)\n"
                      "while True: pass")
    assert done.content["ename"] == "TimeoutError"


def test_a_forked_child_that_raises(kernel):
    done = kernel.run("pid = os.fork()\nif pid == 0: raise ValueError('in the child')\n"
                      "print('status', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))")
    assert done.content["status"] == "ok"
    assert "status 1\n" in done.text()
    assert done.text("stderr").count("in the child\n") == 1


@pytest.mark.parametrize("end, status", [("pass", 0), ("import sys; sys.exit(3)", 3)])
def test_a_forked_child_ends_with_its_cell(kernel, end, status):
    done = kernel.run(f"pid = os.fork()\nif pid == 0: {end}\n"
                      "else: print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))")
    assert done.content["status"] == "ok" and done.text() == f"{status}\n"
    assert kernel.run("'alone'").result == "'alone'"


def test_children_of_multiprocessing(kernel):
    done = kernel.run(
        "import multiprocessing\ncontext = multiprocessing.get_context('fork')\n"
        "def good(): print('from the child')\n"
        "def bad(): raise ValueError('of the child')\n"
        "for target in good, bad:\n"
        "    child = context.Process(target=target); child.start(); child.join()\n"
        "    print(child.exitcode)")
    assert done.text() == "from the child\n0\n1\n"
    assert "ValueError: of the child" in done.text("stderr")


def test_children_that_are_spawned(kernel, tmp_path):
    (tmp_path / "spawned.py").write_text("def work(x):\n    print('spawned')\n    return x + 1\n")
    done = kernel.run(
        f"import multiprocessing, sys; sys.path.insert(0, {str(tmp_path)!r}); import spawned\n"
        "from concurrent.futures import ProcessPoolExecutor\n"
        "with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:\n"
        "    print(pool.submit(spawned.work, 1).result())")
    for lines in expand(done.stream(), kernel.ranks):
        assert sorted(lines) == ["2", "spawned"], done.outputs


def test_stop_reaches_children(kernel):
    msg_id = kernel.send(
        "def sleep(pipe):\n    import time\n"
        "    pipe.send('sleeps')\n    time.sleep(600)\n"
        "here, there = context.Pipe()\n"
        "child = context.Process(target=sleep, args=(there,)); child.start()\n"
        "here.recv(); world.barrier(); print('all sleep', flush=True); child.join()")
    kernel.wait_output(msg_id, "all sleep")
    kernel.interrupt()
    assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"
    assert kernel.run("child.join(); os.path.exists(f'/proc/{child.pid}')").result == (
        "False")


def test_the_stack_of_faulthandler(kernel):
    done = kernel.run("import faulthandler\n"
                      "def deep(): faulthandler.dump_traceback(all_threads=False)\ndeep()")
    assert "in deep" in done.text("stderr") + done.text()


def test_sys_exit_ends_the_cell_only(kernel):
    done = kernel.run("sys.exit(3)")
    assert done.content["ename"] == "SystemExit" and done.content["evalue"] == "3"
    assert kernel.run("'alive'").result == "'alive'"


@pytest.mark.parametrize("event", ["pre_execute", "pre_run_cell", "post_execute",
                                   "post_run_cell"])
def test_stop_in_a_callback_around_the_cell_ends_the_cell(kernel, event):
    """IPython would say that the callback has failed, and go on."""
    kernel.run("import time\nran = []\n"
               "def dally(*_):\n"
               f"    get_ipython().events.unregister('{event}', dally)\n"
               "    print('dallies', flush=True)\n    time.sleep(600)\n"
               "'ready'")
    done = kernel.run(f"get_ipython().events.register('{event}', dally)"
                      if event.startswith("pre") else "'not yet'")
    assert done.content["status"] == "ok"
    msg_id = kernel.send("ran.append(1)" if event.startswith("pre") else
                         f"get_ipython().events.register('{event}', dally)")
    kernel.wait_output(msg_id, "dallies")
    kernel.interrupt()
    done = kernel.collect(msg_id)
    assert done.content.get("ename") == "KeyboardInterrupt" and not done.text()
    assert "time.sleep(600)" in plain(done)
    assert kernel.run("ran").result == "[]"
