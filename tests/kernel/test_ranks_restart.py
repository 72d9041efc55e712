"""%ranks restart and %ranks N: other ranks, the same kernel."""

import os
import pathlib
import re
import shutil
import signal

import psutil
import pytest
from harness import RANKBOOK, TIMEOUT, Kernel, interpreters, kill, wait_gone

SUM = "from mpi4py import MPI\nMPI.COMM_WORLD.allreduce(1)"

# What the ranks do before they are ready, while the gate is shut: say so, and wait.
CONFIG = """
import os, time
if os.path.exists({gate!r}):
    os.write(os.open({reached!r}, os.O_WRONLY), b'%d ' % os.getpid())
while os.path.exists({gate!r}):
    time.sleep(0.02)
"""

# An mpiexec that fails while a file is there.
MPIEXEC = """#!/bin/sh
if [ -e {flag} ]; then echo no room on this host >&2; exit 7; fi
exec {mpiexec} "$@"
"""


def restarted(kernel, ranks):
    """The cell's output, but for how long it took."""
    noun = "rank" if ranks == 1 else "ranks"
    return rf"{ranks} {noun}, started anew in \d+\.\d s; variables are gone\n"


def restart(kernel, word="restart"):
    done = kernel.run(f"%ranks {word}")
    assert done.content["status"] == "ok", done.content
    ranks = kernel.ranks if word == "restart" else word
    assert re.fullmatch(restarted(kernel, ranks), done.stream()), done.stream()
    return done


def works(kernel, ranks=None):
    """All ranks run a cell together."""
    if kernel.method == "mpiexec":
        assert kernel.run(SUM).result == str(ranks or kernel.ranks)
    else:
        assert kernel.run("1 + 1").result == "2"


def press_stop(kernel):
    """Unlike Kernel.interrupt(), leaves on IOPub what the cell says meanwhile."""
    message = kernel.client.session.msg("interrupt_request", {})
    kernel.client.control_channel.send(message)
    assert kernel.client.get_control_msg(timeout=TIMEOUT)["content"]["status"] == "ok"


def has_ended(kernel, msg_id, ename):
    done = kernel.collect(msg_id)
    assert done.content["status"] == "error" and done.content["ename"] == ename, done.content
    return done


@pytest.fixture
def gate(tmp_path):
    """Ranks that start wait while 'gate' exists; see Gate."""
    return Gate(tmp_path)


class Gate:
    """A profile whose configuration waits: a start lasts as long as a test wants."""

    def __init__(self, folder):
        self.path, reached = folder / "gate", str(folder / "reached")
        os.mkfifo(reached)
        self.reached = os.open(reached, os.O_RDWR)
        profile = folder / "ipython" / "profile_default"
        (profile / "startup").mkdir(parents=True)
        (profile / "startup" / "00.py").write_text("started = True")
        (profile / "ipython_config.py").write_text(
            CONFIG.format(gate=str(self.path), reached=reached))
        self.env = {"IPYTHONDIR": str(folder / "ipython")}

    def shut(self):
        self.path.touch()

    def open(self):
        self.path.unlink()

    def wait(self, ranks):
        """Until this many have come to it: their pids."""
        pids = b""
        while pids.count(b" ") < ranks:
            pids += os.read(self.reached, 999)
        return [int(pid) for pid in pids.split()]


@pytest.fixture(params=["mpi-1", "mpi-4"])
def gated(request, gate):
    ranks = int(request.param[-1])
    with Kernel(ranks, env=gate.env) as kernel:
        kernel.gate = gate
        yield kernel


# ---------------------------------------------------------------- as it should be

def test_variables_are_gone_and_the_kernel_stays(kernel):
    before = interpreters(kernel).values()
    count = kernel.run("x = 1").content["execution_count"]
    done = restart(kernel)
    assert done.content["execution_count"] == count + 1
    assert done.states == ["busy", "idle"]
    assert not wait_gone(before, 0)
    assert len(interpreters(kernel)) == kernel.ranks
    done = kernel.run("'x' in globals()")
    assert done.result == "False" and done.content["execution_count"] == count + 2
    assert kernel.run(f"Out[{count + 2}], In[{count + 2}]").result == \
        '(False, "\'x\' in globals()")'
    works(kernel)


@pytest.mark.parametrize("world", ["none-3", "mpi-4"])
def test_another_size(kernels, world):
    kernel = kernels(world)
    restart(kernel, 2)
    works(kernel, 2)
    *table, last = kernel.run("%ranks").stream().splitlines()
    assert [row.split()[0] for row in table] == ["rank", "0", "1"]
    assert last == (f"2 were started; this kernel has {kernel.ranks} by itself: "
                    f"%ranks {kernel.ranks} goes back")
    banner = kernel.request("kernel_info_request", {}).content["banner"]
    assert "on 2 ranks" in banner
    usage = kernel.request("usage_request", {}, "control").content
    assert [each["rank"] for each in usage["ranks"]] == [0, 1]
    assert kernel.run("%%rank 2\nx = 1").content["evalue"] == "rank 2 is not one of 0-1"
    restart(kernel, kernel.ranks)
    usage = kernel.request("usage_request", {}, "control").content
    assert len(usage["ranks"]) == kernel.ranks
    works(kernel)


def test_cells_behind_it_run_on_the_new_ranks(kernel):
    kernel.run("x = 1")
    first, second = kernel.send("%ranks restart"), kernel.send("'x' in globals()")
    kernel.collect(first)
    assert kernel.collect(second).result == "False"


def test_it_waits_for_the_cell_that_runs(world):
    other = world.connect()
    world.run("import time\nx = 5")
    running = world.send("print('begun', flush=True)\nwhile True: time.sleep(0.1)")
    world.wait_output(running, "begun")
    waiting = world.send("%ranks restart", other)
    assert world.request("kernel_info_request", {}).content["status"] == "ok"
    press_stop(world)
    has_ended(world, running, "KeyboardInterrupt")
    assert world.collect(waiting, other).content["status"] == "aborted"
    assert world.run("x").result == "5"
    other.stop_channels()


def test_the_control_channel_restarts_too(world):
    world.run("x = 1")
    done = world.request("execute_request", {"code": "%ranks restart"}, "control")
    assert done.content["status"] == "ok"
    assert world.run("'x' in globals()").result == "False"


def test_widgets_are_closed(world):
    world.run("from comm import create_comm\nheld = create_comm('c', comm_id='w1')")
    assert "w1" in world.request("comm_info_request", {}).content["comms"]
    msg_id = world.send("%ranks restart")
    closed = None
    while not closed:
        message = world.client.get_iopub_msg(timeout=TIMEOUT)
        closed = message if message["msg_type"] == "comm_close" else None
    assert closed["content"]["comm_id"] == "w1"
    world.collect(msg_id)
    assert not world.request("comm_info_request", {}).content["comms"]


@pytest.mark.parametrize("words", ["0", "-1", "x", "1 2", "10000", "restart now", "restart, 2",
                                   "8\nx = 1", "restart\nx = 1"])
def test_misuse_is_one_line_and_changes_nothing(kernel, words):
    before = interpreters(kernel)
    kernel.run("x = 7")
    done = kernel.run(f"%ranks {words}")
    assert done.content["ename"] == "UsageError" and "\n" not in done.content["evalue"]
    assert len(done.outputs) == 1
    assert interpreters(kernel) == before and kernel.run("x").result == "7"


@pytest.mark.parametrize("code", ["%%rank 0\n%ranks restart", "%%rank 0\n%ranks 2",
                                  "x = 7\n%ranks restart"])
def test_it_stands_alone(kernel, code):
    kernel.run("x = 7")
    done = kernel.run(code)
    assert done.content["ename"] == "UsageError"
    assert done.content["evalue"] == "%ranks must stand alone in its cell"
    assert kernel.run("x").result == "7"


def test_help(kernel):
    (page,) = kernel.run("%ranks?").content["payload"]
    text = page["data"]["text/plain"]
    assert "%ranks restart" in text and "%ranks 8" in text


# ---------------------------------------------------------------- the next time

@pytest.fixture
def notebook(tmp_path):
    """The environment of a notebook's kernels, as jupyter_server makes it."""
    return {"JPY_SESSION_NAME": str(tmp_path / "a notebook.ipynb"),
            "XDG_STATE_HOME": str(tmp_path)}


REMEMBERED = "; variables are gone. This notebook starts with"


@pytest.mark.parametrize("method", ["none", "mpiexec"])
def test_a_notebook_keeps_its_number(notebook, method):
    with Kernel(2, method, env=notebook) as kernel:
        kernel.run("%ranks restart")
        text = kernel.run("%ranks 3").stream()
        assert text.endswith(f"{REMEMBERED} 3 from now on; %ranks 2 goes back\n"), text
        assert kernel.run("%ranks 3").stream().endswith("; variables are gone\n")
    with Kernel(2, method, env=dict(notebook, JPY_SESSION_NAME="/other.ipynb")) as kernel:
        works(kernel, 2)
        assert len(interpreters(kernel)) == 2
    with Kernel(2, method, env=notebook) as kernel:
        works(kernel, 3)
        assert len(interpreters(kernel)) == 3
        assert "%ranks 2 goes back" in kernel.run("%ranks").stream()
        text = kernel.run("%ranks 2").stream()
        assert text.endswith(f"{REMEMBERED} 2 from now on\n"), text
        assert "goes back" not in kernel.run("%ranks").stream()
    with Kernel(2, method, env=notebook) as kernel:
        assert len(interpreters(kernel)) == 2


def log_of(kernel, name):
    (front,) = [each for each in kernel.processes() if each.name() == "rankbook-front"]
    return (pathlib.Path(front.environ()["RANKBOOK_RUN"]) / "log" / name).read_text()


def test_a_broken_file_is_ignored(notebook, tmp_path):
    (tmp_path / "rankbook").mkdir()
    (tmp_path / "rankbook" / "sizes").write_bytes(b"\xff\0many ranks\n\n")
    with Kernel(2, "none", env=notebook) as kernel:
        assert len(interpreters(kernel)) == 2
        assert "line 2 is no number of ranks and a notebook" in log_of(kernel, "launcher.log")


def test_where_nothing_can_be_written(notebook, tmp_path):
    (tmp_path / "rankbook").write_text("no directory")
    with Kernel(1, "none", env=notebook) as kernel:
        restart(kernel, 2)
        assert log_of(kernel, "front.log").count("is not remembered") == 1


LIMITED = ["sh", "-c", 'ulimit -n 200; exec "$0" "$@"', RANKBOOK, "kernel", "-n", "2",
           "-f", "{connection_file}"]


def test_no_room_changes_nothing():
    with Kernel(2, argv=LIMITED) as kernel:
        kernel.run("x = 7")
        done = kernel.run("%ranks 500")
        assert done.content["ename"] == "UsageError"
        assert done.content["evalue"].startswith("too few open files for 500 ranks: ")
        assert "\n" not in done.content["evalue"] and len(done.outputs) == 1
        assert kernel.run("x").result == "7"
        works(kernel, 2)


def test_no_room_for_what_is_remembered(notebook, tmp_path):
    (tmp_path / "rankbook").mkdir()
    (tmp_path / "rankbook" / "sizes").write_text("500 %(JPY_SESSION_NAME)s\n" % notebook)
    with Kernel(2, argv=LIMITED, env=notebook, wait="welcome") as kernel:
        done = kernel.run("x = 1")
        assert done.content["ename"] == "StartError"
        assert done.content["evalue"].startswith("too few open files for 500 ranks: ")
        assert "%ranks 2 starts as many as this kernel has by itself" in done.content["evalue"]
        assert kernel.run("%ranks 2").stream().endswith("starts with 2 from now on\n")
        works(kernel, 2)


# ---------------------------------------------------------------- after a fault

@pytest.fixture(scope="module")
def own():
    """A kernel whose ranks may be harmed: each test begins with a restart."""
    with Kernel(4) as kernel:
        yield kernel


def test_a_world_of_survivors_is_whole_again(own):
    restart(own)
    dead = own.run("import os\nfrom mpi4py import MPI\n"
                   "if MPI.COMM_WORLD.rank in (1, 2): os._exit(3)")
    assert dead.content["ename"] == "RankDied"
    assert "%ranks restart starts all ranks anew" in dead.error["traceback"][-1]
    restart(own)
    works(own)


def test_all_are_dead(own):
    restart(own)
    assert own.run("import os\nos.abort()").content["ename"] == "RankDied"
    restart(own)
    works(own)


@pytest.mark.parametrize("name", ["rankbook-interp", "rankbook-keeper", "mpiexec"])
def test_processes_that_stand_still(own, name):
    restart(own)
    process = [each for each in own.processes() if each.name().startswith(name)][-1]
    process.send_signal(signal.SIGSTOP)
    restart(own)
    works(own)
    assert not wait_gone([process], 0)


def test_the_process_manager_was_killed(own):
    restart(own)
    before = {each.pid: each.name() for each in own.processes()}
    kill(psutil.Process(min(pid for pid in before if before[pid].startswith("mpiexec"))))
    restart(own)
    works(own)
    left = {each.pid for each in own.processes()} & set(before)
    assert sorted(before[pid] for pid in left - {own.pid}) == [
        "rankbook-front", "rankbook-sweep"]


def test_communicators_near_their_end(own):
    """MPICH has room for 2048; with all of them in use even healing fails."""
    restart(own, 2)
    own.run("from mpi4py import MPI\nkept = [MPI.COMM_WORLD.Dup() for _ in range(1900)]")
    failed = own.send("1 / 0")
    own.wait_output(failed, " of 2048 communicators are in use")
    failed = own.send("while True: kept.append(MPI.COMM_WORLD.Dup())")
    own.wait_output(failed, "begin anew by %ranks restart")
    restart(own, 4)
    works(own)


def test_a_start_that_failed(tmp_path):
    flag, wrapper = tmp_path / "flag", tmp_path / "mpiexec"
    real = os.environ.get("RANKBOOK_MPIEXEC") or shutil.which("mpiexec")
    wrapper.write_text(MPIEXEC.format(flag=flag, mpiexec=real))
    wrapper.chmod(0o755)
    flag.touch()
    with Kernel(2, env={"RANKBOOK_MPIEXEC": str(wrapper)}, wait="welcome") as kernel:
        done = kernel.run("1 + 1")
        assert done.content["ename"] == "StartError"
        assert "no room on this host" in done.content["evalue"]
        assert "%ranks restart" in done.content["evalue"]
        done = kernel.run("%ranks restart")
        assert "no room on this host" in done.content["evalue"]
        flag.unlink()
        restart(kernel)
        works(kernel)
        flag.touch()
        done = kernel.run("%ranks 3")
        assert done.content["ename"] == "StartError"
        assert "no room on this host" in done.content["evalue"]
        assert kernel.run("x = 1").content["ename"] == "StartError"
        flag.unlink()
        restart(kernel, 1)
        works(kernel, 1)


# ---------------------------------------------------------------- a fault in a restart

def test_stop_ends_the_cell_and_the_ranks_start(gated):
    gated.gate.shut()
    msg_id = gated.send("%ranks restart")
    gated.gate.wait(gated.ranks)
    press_stop(gated)
    done = has_ended(gated, msg_id, "KeyboardInterrupt")
    assert "the next cell runs on them" in done.content["evalue"]
    gated.gate.open()
    assert gated.run("started").result == "True"
    works(gated)


def test_a_start_that_does_not_end(gated):
    gated.gate.shut()
    first = gated.send("%ranks restart")
    gated.gate.wait(gated.ranks)
    press_stop(gated)
    has_ended(gated, first, "KeyboardInterrupt")
    second = gated.send("%ranks 2")
    gated.gate.wait(2)
    gated.gate.open()
    assert re.fullmatch(restarted(gated, 2), gated.collect(second).stream())
    works(gated, 2)


@pytest.mark.parametrize("name", ["rankbook-interp", "rankbook-keeper", "mpiexec"])
def test_a_process_is_killed_meanwhile(gated, name):
    gated.gate.shut()
    msg_id = gated.send("%ranks restart")
    rank = psutil.Process(gated.gate.wait(gated.ranks)[0])
    family = [rank, *rank.parents()]
    kill(next(each for each in family if each.name().startswith(name)))
    done = has_ended(gated, msg_id, "StartError")
    assert "%ranks restart" in done.content["evalue"]
    gated.gate.open()
    restart(gated)
    works(gated)


def test_shutdown_meanwhile(gated):
    gated.gate.shut()
    gated.send("%ranks restart")
    gated.gate.wait(gated.ranks)
    processes = gated.processes()
    message = gated.client.session.msg("shutdown_request", {"restart": False})
    gated.client.control_channel.send(message)
    assert gated.client.get_control_msg(timeout=TIMEOUT)["content"]["status"] == "ok"
    assert not wait_gone(processes)


def test_the_launcher_is_killed_meanwhile(gated):
    gated.gate.shut()
    gated.send("%ranks restart")
    gated.gate.wait(gated.ranks)
    processes = gated.processes()
    kill(psutil.Process(gated.pid))
    assert not wait_gone(processes)


# ---------------------------------------------------------------- nothing is left behind

def footprint(kernel):
    """What a kernel holds, by kind."""
    (front,) = [each for each in kernel.processes() if each.name() == "rankbook-front"]
    run = pathlib.Path(front.environ()["RANKBOOK_RUN"])
    return {
        "processes": sorted(each.name() for each in kernel.processes()),
        "descriptors": [psutil.Process(kernel.pid).num_fds(), front.num_fds()],
        "files": sorted(str(path.relative_to(run)) for path in run.rglob("*")),
    }, front


def shared_files(kernel):
    """The files in /dev/shm that the ranks have mapped, whether or not they have a name."""
    return {word for each in interpreters(kernel).values()
            for word in pathlib.Path(f"/proc/{each.pid}/maps").read_text().split()
            if word.startswith("/dev/shm/")}


def test_ten_restarts_leave_nothing(own):
    restart(own, 2)
    works(own, 2)
    before, front = footprint(own)
    memory, shared = front.memory_info().rss, set()
    for _ in range(10):
        shared |= shared_files(own)
        restart(own, 2)
    works(own, 2)
    assert footprint(own)[0] == before
    assert shared and not [path for path in shared if os.path.exists(path)]
    assert front.memory_info().rss < memory + (2 << 20)
