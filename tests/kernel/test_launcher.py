"""The launcher: what it refuses, and what it does for front and ranks.

Its duties are tested against a front and keepers that the test scripts: programs of
these names beside a copy of rankbook, which do what FRONT and KEEPER say.
"""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import psutil
import pytest
from harness import RANKBOOK, Kernel

TIMEOUT = 30

FRONT = """#!{python}
import os, signal, socket, struct, sys, time
(CHECK, START, KILL, DONE,
 CHECKED, FAILED, EXITED, INTERRUPT, SHUTDOWN) = range(1, 10)
pair = socket.socket(fileno=int(sys.argv[sys.argv.index("--launcher") + 1]))
def send(order, number=0, text=""):
    pair.send(struct.pack("=ii", order, number) + text.encode())
def recv():
    data = pair.recv(9000)
    order, number = struct.unpack("=ii", data[:8])
    return order, number, data[8:].decode()
def say(*words):
    print(*words, flush=True)
exec(os.environ["FRONT"])
"""

KEEPER = """#!{python}
import os, signal, sys, time
exec(os.environ["KEEPER"])
"""


def rankbook(*args, **options):
    """One command: its exit status, its stdout, its stderr."""
    options.setdefault("stdin", subprocess.DEVNULL)
    done = subprocess.run([RANKBOOK, *map(str, args)], text=True, timeout=TIMEOUT,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def connection(tmp_path):
    path = tmp_path / "connection.json"
    ports = {f"{name}_port": 0 for name in ("shell", "iopub", "stdin", "control", "hb")}
    path.write_text(json.dumps(dict(ports, ip="127.0.0.1", transport="tcp", key="secret",
                                    signature_scheme="hmac-sha256")))
    return path


# ---------------------------------------------------------------- what is refused

@pytest.mark.parametrize("args, words", [
    ([], "no command: see 'rankbook --help'"),
    (["frob"], "unknown command 'frob': see 'rankbook --help'"),
    (["kernel"], "no connection file: give it by -f FILE"),
    (["kernel", "-f"], "option '-f' needs a value: FILE"),
    (["kernel", "-f", "/nonexistent.json"],
     "connection file /nonexistent.json: No such file or directory"),
    (["kernel", "-n", "0"], "-n: '0' is no number of ranks: give one from 1 to 1024"),
    (["kernel", "-n", "x"], "-n: 'x' is no number of ranks: give one from 1 to 1024"),
    (["kernel", "--frob"], "unknown option '--frob': see 'rankbook kernel --help'"),
    (["run"], "nothing to run: give a script, -m MODULE or -c CODE"),
    (["run", "-n", "2", "/nonexistent.py"],
     "cannot read the script '/nonexistent.py': No such file or directory"),
    (["run", "--frob"], "unknown option '--frob': see 'rankbook run --help'"),
    (["install", "--user", "--sys-prefix"],
     "give one of --user, --sys-prefix and --prefix"),
    (["install", "--start", "slurm"],
     "--start: 'slurm' is no way to start ranks: choose from mpiexec, none"),
    (["install", "--prefix", "/proc/none"],
     "make the directory /proc/none: No such file or directory"),
    (["doctor", "now"], "unexpected argument 'now'"),
    (["run", "two\nlines"], "cannot read the script 'two?lines': No such file or directory"),
])
def test_a_wrong_command_line_is_one_line(args, words):
    assert rankbook(*args) == (2, "", f"rankbook: {words}\n")


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"transport": "udp"}'])
def test_a_broken_connection_file_is_one_line(tmp_path, content):
    path = tmp_path / "broken.json"
    path.write_text(content)
    status, out, err = rankbook("kernel", "-f", path)
    assert (status, out) == (2, "")
    assert err.startswith("rankbook: ") and err.count("\n") == 1
    assert str(path) in err


def test_a_port_in_use_is_one_line(connection):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        info = dict(json.loads(connection.read_text()), shell_port=port)
        connection.write_text(json.dumps(info))
        status, out, err = rankbook("kernel", "-f", connection, "--start", "none")
    assert (status, out) == (2, "")
    assert err.startswith("rankbook") and err.count("\n") == 1
    assert str(port) in err and "shell" in err and "Address already in use" in err
    assert json.loads(connection.read_text()) == info


@pytest.mark.parametrize("command", [["kernel", "-f", "{file}"], ["run", "-c", "pass"],
                                     ["install", "--prefix", "{tmp}"]])
def test_a_missing_python_is_one_line(tmp_path, connection, command):
    args = [word.format(file=connection, tmp=tmp_path / "prefix") for word in command]
    env = dict(os.environ, RANKBOOK_PYTHON="/nonexistent/python")
    status, out, err = rankbook(*args, env=env)
    assert (status, out) == (2, "")
    assert err == ("rankbook: no Python environment at '/nonexistent/python': give the "
                   "path of a python by --python or RANKBOOK_PYTHON\n")
    assert not (tmp_path / "prefix").exists()


def test_run_without_an_mpiexec_is_one_line():
    env = dict(os.environ, RANKBOOK_MPIEXEC="/nonexistent/mpiexec")
    status, out, err = rankbook("run", "-c", "pass", env=env)
    assert (status, out) == (2, "")
    assert err.startswith("rankbook: no mpiexec at '/nonexistent/mpiexec': ")
    assert err.count("\n") == 1


@pytest.mark.parametrize("command", ["", "kernel", "run", "install", "doctor"])
def test_help_fits_a_screen(command):
    status, out, err = rankbook(*command.split(), "--help")
    assert (status, err) == (0, "")
    assert out.startswith("Usage: rankbook")
    lines = out.splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


def test_version():
    status, out, err = rankbook("--version")
    assert (status, err) == (0, "") and out.startswith("rankbook ")


# ---------------------------------------------------------------- kernelspecs

def test_install_writes_kernelspecs(tmp_path):
    status, out, err = rankbook("install", "--prefix", tmp_path, "-n", 1, "-n", 4)
    assert (status, err) == (0, "")
    kernels = tmp_path / "share/jupyter/kernels"
    assert out.splitlines() == [f"MPI Python (1 rank): {kernels}/rankbook-1",
                                f"MPI Python (4 ranks): {kernels}/rankbook-4"]
    assert sorted(p.name for p in kernels.iterdir()) == ["rankbook-1", "rankbook-4"]
    spec = json.loads((kernels / "rankbook-4/kernel.json").read_text())
    assert spec["argv"] == [RANKBOOK, "kernel", "-n", "4", "-f", "{connection_file}"]
    assert spec["display_name"] == "MPI Python (4 ranks)"
    assert spec["interrupt_mode"] == "message" and spec["language"] == "python"
    assert spec["metadata"] == {"debugger": True, "supported_encryption": ["curve"]}
    assert os.access(spec["env"]["RANKBOOK_PYTHON"], os.X_OK)
    for logo in ("logo-32x32.png", "logo-64x64.png", "logo-svg.svg"):
        assert (kernels / "rankbook-4" / logo).stat().st_size > 0


def test_install_again_replaces(tmp_path):
    for name in ("Old", 'New "quoted" \\ é'):
        status, _, err = rankbook("install", "--prefix", tmp_path, "-n", 2, "--name", "mine",
                                  "--display-name", name, "--start", "none")
        assert (status, err) == (0, "")
    kernels = tmp_path / "share/jupyter/kernels"
    assert [p.name for p in kernels.iterdir()] == ["mine"]
    spec = json.loads((kernels / "mine/kernel.json").read_text())
    assert spec["display_name"] == 'New "quoted" \\ é'
    assert spec["argv"][-2:] == ["--start", "none"]


def test_install_defaults_to_the_user(tmp_path):
    env = dict(os.environ, JUPYTER_DATA_DIR=str(tmp_path / "data"))
    status, out, err = rankbook("install", env=env)
    assert (status, err) == (0, "")
    names = {p.name for p in (tmp_path / "data/kernels").iterdir()}
    assert {"rankbook-1", "rankbook-2", "rankbook-4", f"rankbook-{os.cpu_count()}"} == names


def test_doctor_says_what_to_do(tmp_path):
    env = dict(os.environ, JUPYTER_DATA_DIR=str(tmp_path), RANKBOOK_MPIEXEC="/nonexistent")
    status, out, err = rankbook("doctor", env=env)
    assert (status, err) == (1, "")
    lines = out.splitlines()
    assert all(line[:4] in ("ok  ", "no  ") for line in lines)
    bad = [line for line in lines if line.startswith("no  ")]
    assert bad and all(" -> " in line for line in bad)
    assert any("mpiexec" in line and "RANKBOOK_MPIEXEC" in line for line in bad)


# ---------------------------------------------------------------- front and ranks

class Launcher:
    """A copy of rankbook beside a front and keepers that the test scripts."""

    def __init__(self, tmp_path, connection, front, keeper="", method="none", **env):
        self.run_base = tmp_path / "run"
        self.run_base.mkdir()
        bin_dir = tmp_path / "bin"
        bin_dir.mkdir()
        shutil.copy(RANKBOOK, bin_dir)
        for name, text in (("rankbook-front", FRONT), ("rankbook-keeper", KEEPER)):
            (bin_dir / name).write_text(text.format(python=sys.executable))
            (bin_dir / name).chmod(0o755)
        self.argv = [str(bin_dir / "rankbook"), "kernel", "-f", str(connection),
                     "--start", method]
        self.env = dict(os.environ, TMPDIR=str(self.run_base), FRONT=front, KEEPER=keeper,
                        **env)
        self.env.pop("XDG_RUNTIME_DIR", None)

    def start(self):
        self.process = subprocess.Popen(self.argv, env=self.env, text=True,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        return self

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def finish(self, timeout=TIMEOUT):
        out, err = self.process.communicate(timeout=timeout)
        return self.process.returncode, out, err

    def runs(self):
        return list(self.run_base.iterdir())


@pytest.fixture
def launch(tmp_path, connection):
    started = []

    def start(front, **options):
        started.append(Launcher(tmp_path, connection, front, **options).start())
        return started[-1]

    yield start
    for launcher in started:
        if launcher.process.poll() is None:
            launcher.process.kill()
        launcher.process.communicate()


def test_ranks_are_started_when_the_front_asks(launch):
    launcher = launch(
        "send(START, 2, 'xyz'); order = recv(); say(order[0] == EXITED, order[1])\n"
        "say(';'.join(sorted(order[2].splitlines()))); send(DONE)",
        keeper="e = os.environ\n"
               "words = [e['RANKBOOK_RANK'], e['RANKBOOK_SIZE'], e['RANKBOOK_METHOD'],"
               " e['UCX_ERROR_SIGNALS'] == '', e['RANKBOOK_SECRET'], 'PMI_RANK' in e]\n"
               "os.write(1, (' '.join(map(str, words)) + '\\n').encode())",
        PMI_RANK="7")
    assert launcher.line() == "True 0"
    assert launcher.line() == "0 2 none True xyz False;1 2 none True xyz False"
    assert launcher.finish() == (0, "", "")
    assert launcher.runs() == []


def test_the_run_directory_is_private(launch):
    launcher = launch("run = sys.argv[sys.argv.index('--run') + 1]\n"
                      "say(run, oct(os.stat(run).st_mode & 0o777), os.environ['RANKBOOK_WIRE'])"
                      "; send(DONE)")
    run, mode, wire = launcher.line().split()
    assert mode == "0o700" and wire == f"ipc://{run}/wire"
    assert launcher.finish() == (0, "", "")


def test_nothing_is_inherited_by_chance(launch):
    code = "say(*sorted(os.readlink(f'/proc/self/fd/{n}') for n in os.listdir('/proc/self/fd')"\
           " if int(n) > 2 and os.path.islink(f'/proc/self/fd/{n}')))"
    launcher = launch(code + "; send(DONE)")
    assert [name.split(":")[0] for name in launcher.line().split()] == ["socket"]
    assert launcher.finish() == (0, "", "")


def test_without_mpiexec_the_front_is_told(launch):
    launcher = launch("send(START, 1); order = recv(); say(order[0] == FAILED, order[2])"
                      "; send(DONE)", method="mpiexec", RANKBOOK_MPIEXEC="/nonexistent")
    assert launcher.line().startswith("True no mpiexec at '/nonexistent': ")
    assert launcher.finish() == (0, "", "")


def test_the_words_of_a_failing_mpiexec_are_kept(launch, tmp_path):
    mpiexec = tmp_path / "mpiexec"
    mpiexec.write_text("#!/bin/sh\necho no route to host >&2\nexit 7\n")
    mpiexec.chmod(0o755)
    launcher = launch("send(START, 1); order = recv(); say(order[0] == EXITED,"
                      " os.WEXITSTATUS(order[1]), order[2]); send(DONE)",
                      method="mpiexec", RANKBOOK_MPIEXEC=str(mpiexec))
    assert launcher.line() == "True 7 no route to host"
    assert launcher.finish() == (0, "", "")


def test_ranks_that_do_not_end_are_killed(launch):
    launcher = launch(
        "send(START, 1); os.read(os.open(os.environ['READY'], os.O_RDONLY), 1)\n"
        "send(KILL); order = recv(); say(order[0] == EXITED, os.WTERMSIG(order[1]))\n"
        "send(DONE)",
        keeper="signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
               "os.write(os.open(os.environ['READY'], os.O_WRONLY), b'x')\n"
               "signal.pause()\nsignal.pause()", READY=fifo())
    assert launcher.line() == f"True {int(signal.SIGKILL)}"
    assert launcher.finish() == (0, "", "")


def fifo():
    """A name for two processes to meet at."""
    path = os.path.join("/tmp", f"rankbook-test-{os.getpid()}-{time.monotonic_ns()}")
    os.mkfifo(path)
    return path


@pytest.fixture(autouse=True)
def no_fifos():
    yield
    for path in pathlib.Path("/tmp").glob(f"rankbook-test-{os.getpid()}-*"):
        path.unlink()


def test_a_front_that_dies_ends_the_run(launch):
    launcher = launch("send(START, 2); os.kill(os.getpid(), signal.SIGSEGV)",
                      keeper="signal.pause()")
    status, out, err = launcher.finish()
    assert (status, out) == (1, "")
    (run,) = launcher.runs()
    assert err == f"rankbook: the front ended unexpectedly; the logs are in {run}/log\n"
    assert "front" in (run / "log/launcher.log").read_text()


def test_a_front_that_refuses_has_said_why(launch):
    launcher = launch("print('rankbook: port 5 is in use', file=sys.stderr); sys.exit(2)")
    assert launcher.finish() == (2, "", "rankbook: port 5 is in use\n")
    assert launcher.runs() == []


def test_signals_are_orders(launch):
    launcher = launch("say('up'); say(recv()[0] == INTERRUPT)\n"
                      "say(recv()[0] == SHUTDOWN); send(DONE)")
    assert launcher.line() == "up"
    launcher.process.send_signal(signal.SIGINT)
    assert launcher.line() == "True"
    launcher.process.send_signal(signal.SIGTERM)
    assert launcher.line() == "True"
    assert launcher.finish() == (0, "", "")


def test_a_front_that_does_not_listen_is_killed_in_time(launch):
    launcher = launch("signal.signal(signal.SIGTERM, signal.SIG_IGN); send(START, 1)\n"
                      "say('up'); signal.pause()", keeper="signal.pause()")
    assert launcher.line() == "up"
    began = time.monotonic()
    launcher.process.send_signal(signal.SIGTERM)
    assert launcher.finish()[0] == 1
    assert time.monotonic() - began < 2.5  # Jupyter's patience


def test_the_run_ends_with_the_process_that_started_it(launch, tmp_path, connection):
    launcher = Launcher(tmp_path, connection, "say('up'); say(recv()[0] == SHUTDOWN)"
                        "; send(DONE)", JPY_PARENT_PID="1")
    parent = subprocess.Popen(
        [sys.executable, "-c", "import subprocess, sys\n"
         "subprocess.Popen(sys.argv[1:]); sys.stdin.read()", *launcher.argv],
        env=launcher.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout.readline() == "up\n"
    parent.kill()
    assert parent.stdout.readline() == "True\n"
    parent.communicate()  # end of file: nobody holds the pipe any more
    assert launcher.runs() == []


def test_kill_9_leaves_nothing(launch):
    launcher = launch("send(START, 2); say(os.getpid()); pair.recv(1)",
                      keeper="signal.pause()")
    launcher.line()
    processes = psutil.Process(launcher.process.pid).children(recursive=True)
    launcher.process.kill()
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive
    assert launcher.runs() == []


# ---------------------------------------------------------------- the real programs

def shared_files(processes):
    """The files in /dev/shm that the processes have mapped and that have a name."""
    paths = set()
    for process in processes:
        maps = pathlib.Path(f"/proc/{process.pid}/maps").read_text()
        paths |= {word for word in maps.split() if word.startswith("/dev/shm/")}
    return {path for path in paths if os.path.exists(path)}


@pytest.mark.parametrize("method", ["none", "mpiexec"])
@pytest.mark.parametrize("end", ["shutdown", "SIGTERM", "kill -9",
                                 "kill -9 while computing"])
def test_a_kernel_leaves_nothing_behind(tmp_path, method, end):
    kernel = Kernel(2, method, env={"TMPDIR": str(tmp_path), "XDG_RUNTIME_DIR": ""})
    kernel.run("pass")
    processes = kernel.processes()
    files = shared_files(processes)
    assert bool(files) == (method == "mpiexec")
    assert len(list(tmp_path.iterdir())) == 1
    if end == "shutdown":
        kernel.stop()
    else:
        if "computing" in end:
            kernel.send("print('go', flush=True)\nwhile True: pass")
            while kernel.client.get_iopub_msg(timeout=TIMEOUT)["msg_type"] != "stream":
                pass
        os.kill(kernel.pid, signal.SIGTERM if end == "SIGTERM" else signal.SIGKILL)
    _, alive = psutil.wait_procs(processes, timeout=5)
    assert not alive
    if end != "shutdown":
        kernel.client.stop_channels()
    assert list(tmp_path.iterdir()) == []
    assert not [path for path in files if os.path.exists(path)]


# ---------------------------------------------------------------- scripts

def test_run_is_mpiexec_python(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nfrom mpi4py import MPI\nc = MPI.COMM_WORLD\n"
                      "got = c.gather((c.rank, sys.argv[1:]))\n"
                      "if c.rank == 0: print(c.size, got, sys.stdin.read())\n"
                      "sys.exit(3 if c.rank == 1 else 0)\n")
    status, out, err = rankbook("run", "-n", 2, script, "-n", "--x", "a b", stdin=None,
                                input="hello")
    assert out == "2 [(0, ['-n', '--x', 'a b']), (1, ['-n', '--x', 'a b'])] hello\n"
    assert status == 3


def test_run_takes_text_and_modules():
    code = "from mpi4py import MPI; print(MPI.COMM_WORLD.size)"
    assert rankbook("run", "-n", 2, "-c", code)[:2] == (0, "2\n2\n")
    assert rankbook("run", "-m", "this")[1].startswith("The Zen of Python")
    assert rankbook("run", "-", stdin=None, input="print(1 + 1)")[:2] == (0, "2\n")
