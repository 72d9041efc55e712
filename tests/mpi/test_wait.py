"""libmpiwait: small C programs, and mpi4py's own wheel, under mpiexec.

Each program checks itself and prints what it finds wrong; see its head.
BUILD, MPICC and MPIEXEC name other than the default build and MPI.
"""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests/mpi/wait"
BUILD = ROOT / os.environ.get("BUILD", "build")
LIBRARY = BUILD / "lib/rankbook/libmpiwait.so"
ARCHIVES = [BUILD / "obj/libpage.a", BUILD / "obj/libbase.a"]
MPICC = os.environ.get("MPICC", str(ROOT / ".venv/bin/mpicc"))
MPIEXEC = os.environ.get("MPIEXEC", str(ROOT / ".venv/bin/mpiexec"))
PEER = ROOT / ".venv-peers/bin/python"
FLAGS = ["-std=c11", "-D_GNU_SOURCE", f"-I{ROOT}", "-O1", "-g", "-Wall"]


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """Compiles a program of tests/mpi/wait, once, and tells where it is."""
    folder = tmp_path_factory.mktemp("wait")

    def build(name):
        path = folder / name
        if not path.exists():
            subprocess.run(
                [MPICC, *FLAGS, SOURCES / f"{name}.c", "-o", path]
                + [LIBRARY, *ARCHIVES, f"-Wl,-rpath,{LIBRARY.parent}", "-lpthread"],
                check=True,
            )
        return path

    return build


def run(ranks, *command, options=(), **environ):
    """Runs a command on ranks; its output is the message when it fails."""
    done = subprocess.run(
        [MPIEXEC, *options, "-n", str(ranks), *map(str, command)],
        env={**os.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("ranks", [1, 2, 4])
@pytest.mark.parametrize("name", ["values", "stop", "caller", "waitall", "mismatch", "stress", "mixes"])
def test_with_shared_memory(program, name, ranks):
    run(ranks, program(name))


@pytest.mark.parametrize("ranks", [2, 4])
@pytest.mark.parametrize("name", ["values", "plain"])
def test_without_shared_memory(program, name, ranks):
    run(ranks, program(name), RANKBOOK_WAIT="plain")


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_switched_off(program, ranks):
    run(ranks, program("values"), RANKBOOK_WAIT="off")


@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
def test_random_programs(program, ranks):
    """Small collectives, beside the same through plain MPI."""
    run(ranks, program("programs"), ranks, 400)


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_more_communicators_than_slots(program, tmp_path, ranks):
    run(ranks, program("slots"), tmp_path / "file")


@pytest.mark.parametrize("ranks", [2, 3])
def test_without_slots(program, ranks):
    run(ranks, program("programs"), 1, 100, RANKBOOK_NODE_COLLECTIVES="0")


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_windows_files_and_creators(program, tmp_path, ranks):
    run(ranks, program("side"), tmp_path / "file", options=["-disable-auto-cleanup"])


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_interrupted_collectives_keep_the_context_ids(program, ranks):
    """`ids 10000` does it for long."""
    run(ranks, program("ids"), 60)


@pytest.mark.parametrize("ranks", [1, 2, 3, 4])
def test_a_program_that_dies_of_errors(tmp_path, ranks):
    path = tmp_path / "fatal"
    subprocess.run([MPICC, *FLAGS, SOURCES / "fatal.c", "-o", path], check=True)
    told = run(ranks, path, tmp_path / "even", tmp_path / "odd", LD_PRELOAD=str(LIBRARY))
    assert told.count("fine") == ranks, told


CALLS = ["Barrier", "Test", "Comm_split", "Comm_create_group", "Intercomm_create", "Win_allocate",
         "Win_fence", "Win_lock", "Win_start", "Win_wait", "File_open", "File_write_all",
         "File_close"]


@pytest.mark.parametrize("call", ["inside", "early", *CALLS])
@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_death(program, tmp_path, ranks, call):
    run(ranks, program("death"), tmp_path / "lock", call,
        options=["-disable-auto-cleanup"])


@pytest.mark.parametrize("ranks", [2, 3, 4])
def test_threads_that_wait_in_different_calls(program, ranks):
    run(ranks, program("threads"), 8)


@pytest.mark.parametrize("ranks", [1, 3])
def test_abort(program, ranks):
    assert run(ranks, program("abort")).count("does not end the ranks") == ranks
    with pytest.raises(AssertionError):
        run(ranks, program("abort"), "script")


@pytest.mark.parametrize("members", [2, 4, 7])
def test_word(tmp_path, members):
    path = tmp_path / "word"
    sources = [SOURCES / "word.c", ROOT / "bindings/wait/word.c"]
    subprocess.run(
        [MPICC, *FLAGS, *sources, "-o", path, "-lpthread"], check=True
    )
    done = subprocess.run(
        [path, str(members)], stdout=subprocess.PIPE, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("ranks", [1, 2, 4])
def test_unmodified_mpi4py(ranks):
    """The layer under the wheel: nobody there knows of it."""
    told = run(ranks, PEER, SOURCES / "wheel.py", LD_PRELOAD=str(LIBRARY))
    assert told.count("fine") == ranks, told
