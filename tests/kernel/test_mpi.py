"""MPI in cells: collectives, stopping them, ranks that raise or die."""

import os
import time

import pytest
from harness import Kernel, interpreters, kill, wait_gone

IMPORT = "from mpi4py import MPI\nimport numpy as np\ncomm = MPI.COMM_WORLD\nrank = comm.rank"


@pytest.fixture
def world(four):
    four.run(IMPORT)
    return four


def test_the_binding_is_ours_and_its_size_is_the_kernels(world):
    assert world.run("comm.size").result == "4"
    assert "rankbook" in world.run("MPI.__file__").result


def test_objects_and_arrays(world):
    assert world.run("comm.allreduce(rank ** 2)").result == "14"
    assert world.run("comm.bcast({'a': rank}, root=2)").result == "{'a': 2}"
    assert world.run("comm.allgather(rank)").result == "[0, 1, 2, 3]"
    assert world.run("a = np.full(3, rank, 'd'); b = np.empty(3)\n"
                     "comm.Allreduce(a, b); b").result == "array([6., 6., 6.])"
    assert world.run("comm.sendrecv(rank, dest=(rank + 1) % 4, source=(rank - 1) % 4)"
                     " == (rank - 1) % 4").result == "True"


@pytest.mark.parametrize("call", [
    "comm.Barrier()", "comm.recv(source=0)", "comm.Recv(np.empty(1), source=0)",
    "comm.bcast(None, root=0)", "comm.allreduce(1)", "comm.probe(source=0)",
    "comm.irecv(source=0).wait()", "comm.Allreduce(np.ones(2), np.ones(2))",
    "comm.gather(1)", "comm.Dup()"])
def test_stop_ends_a_blocked_call_and_keeps_everything(world, call):
    world.run("kept = rank + 1")
    msg_id = world.send("print('begun', flush=True)\n"
                        f"if rank == 1:\n    {call}\nelse:\n    import time; time.sleep(60)")
    world.wait_output(msg_id, "begun")
    begin = time.monotonic()
    world.interrupt()
    done = world.collect(msg_id)
    assert time.monotonic() - begin < 2
    assert done.content["ename"] == "KeyboardInterrupt"
    assert world.run("comm.allreduce(kept)").result == "10"
    assert world.run("comm.sendrecv(rank, (rank + 1) % 4, source=(rank - 1) % 4)"
                     " == (rank - 1) % 4").result == "True"


def test_a_rank_that_raises_does_not_leave_the_others_waiting(world):
    done = world.run("if rank == 2: raise ValueError('broken')\ncomm.Barrier()")
    assert done.content["ename"] == "ValueError"
    assert "broken" in done.content["evalue"]
    assert world.run("comm.allreduce(1)").result == "4"


def test_a_mismatched_collective_is_an_error_on_all(world):
    done = world.run("if rank == 0: comm.Bcast(np.zeros(1))\nelse: comm.Barrier()")
    assert done.content["status"] == "error"
    text = "\n".join(done.error["traceback"])
    assert "Bcast" in text and "Barrier" in text
    assert world.run("comm.allreduce(1)").result == "4"


def test_a_standstill_is_reported():
    with Kernel(3) as kernel:
        kernel.run(IMPORT)
        msg_id = kernel.send("if rank == 0: comm.Recv(np.empty(1), source=1, tag=5)\n"
                             "elif rank == 1: comm.recv(source=2, tag=5)\n"
                             "else: comm.ssend(0, 1, tag=6)")
        text = kernel.wait_output(msg_id, "rank 2 waits in ssend (peer 1, tag 6)")
        assert "rank 0 waits in Recv (peer 1, tag 5)" in text
        assert "rank 1 waits in recv (peer 2, tag 5)" in text
        kernel.interrupt()
        assert kernel.collect(msg_id).content["ename"] == "KeyboardInterrupt"


@pytest.mark.parametrize("when", ["computing", "waiting", "idle"])
def test_a_rank_that_dies_is_named_and_the_others_stay(when):
    with Kernel(3) as kernel:
        kernel.run(IMPORT + "\nkept = rank")
        if when == "idle":
            kill(interpreters(kernel)[1])
            done = kernel.run("comm.Barrier()")
        else:
            begin = "print('begun', flush=True)\nimport time\n"
            msg_id = kernel.send(begin + (
                "time.sleep(60)" if when == "computing" else
                "time.sleep(60) if rank == 1 else comm.Barrier()"))
            kernel.wait_output(msg_id, "begun")
            kill(interpreters(kernel)[1])
            if when == "computing":
                kernel.interrupt()
            done = kernel.collect(msg_id)
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert done.content["status"] == "error"
        assert "rank 1" in text and "SIGKILL" in text
        assert_smaller(kernel, [0, 2])


def assert_smaller(kernel, kept):
    """The survivors are a world of their own, with 'kept' as they had it."""
    size = len(kept)
    assert kernel.run("%ranks").text().count("idle") == size
    assert kernel.run("(comm.size, comm.allreduce(1), MPI.COMM_WORLD is comm)").result == (
        str((size, size, True)))
    done = kernel.run("print(comm.rank, kept)")
    assert done.text() == "".join(f"[{i}] {i} {old}\n" for i, old in enumerate(kept)) or (
        size == 1 and done.text() == f"0 {kept[0]}\n")
    code = """
rank, size = comm.rank, comm.size
right, left = (rank + 1) % size, (rank - 1) % size
got = comm.sendrecv('x' * 100000 + str(rank), right, source=left)
half = comm.Split(rank % 2)
win = MPI.Win.Allocate(4, comm=comm)
win.Fence(); win.Put(np.full(1, rank, 'i'), right); win.Fence()
memory = np.frombuffer(win, 'i')[0]
(got[100000:] == str(left), half.allreduce(1) == half.size, int(memory) == left)
"""
    assert kernel.run(code).result == "(True, True, True)"
    assert kernel.run(f"%%rank {size - 1}\ncomm.rank").result == str(size - 1)
    assert kernel.run(f"%%rank {size}\n1").content["ename"] == "UsageError"


def test_one_death_after_another():
    with Kernel(4) as kernel:
        kernel.run(IMPORT + "\nkept = rank")
        done = kernel.run("import os\nif rank == 0: os._exit(7)\ncomm.Barrier()")
        assert "rank 0 ended with" in "\n".join(done.error["traceback"])
        assert_smaller(kernel, [1, 2, 3])
        done = kernel.run("if comm.rank == 1: os.abort()\ncomm.bcast(1)")
        assert "rank 1 died" in "\n".join(done.error["traceback"])
        assert_smaller(kernel, [1, 3])
        done = kernel.run("if comm.rank == 1: os.abort()\ncomm.bcast(1)")
        assert "rank 1 died" in "\n".join(done.error["traceback"])
        assert_smaller(kernel, [1])


def test_a_crash_shows_signal_and_line():
    with Kernel(2) as kernel:
        kernel.run(IMPORT)
        done = kernel.run("import ctypes\nif rank == 1:\n    ctypes.string_at(0)")
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert "rank 1" in text and "SIGSEGV" in text


@pytest.mark.parametrize("code", ["import os; os._exit(3)", "import os; os.abort()"])
def test_every_rank_gone(code):
    with Kernel(2) as kernel:
        done = kernel.run(code)
        assert done.content["status"] == "error"
        assert kernel.run("1").content["status"] == "error"
        assert kernel.request("kernel_info_request", {}).content["status"] == "ok"


def test_a_failing_mpiexec_is_explained_in_the_first_cell(tmp_path):
    fake = tmp_path / "mpiexec"
    fake.write_text("#!/bin/sh\necho 'no slots left on this machine' >&2\nexit 7\n")
    fake.chmod(0o755)
    with Kernel(2, env={"RANKBOOK_MPIEXEC": str(fake)}, wait="welcome") as kernel:
        assert kernel.request("kernel_info_request", {}).content["status"] == "ok"
        done = kernel.run("1")
        assert done.content["status"] == "error"
        assert "no slots left" in "\n".join(done.error["traceback"])


def test_a_missing_mpiexec_is_explained_in_the_first_cell(tmp_path):
    with Kernel(2, env={"RANKBOOK_MPIEXEC": str(tmp_path / "none")}, wait="welcome") as kernel:
        done = kernel.run("1")
        assert "mpiexec" in done.content["evalue"] + "\n".join(done.error["traceback"])


def test_an_mpiexec_of_another_mpi_is_explained(tmp_path):
    """It starts all ranks, but the library does not hear of it: all are 0 of 1."""
    fake = tmp_path / "mpiexec"
    fake.write_text("#!/bin/sh\nfor program; do :; done\n"
                    "for rank in 0 1; do\n"
                    "    PMI_RANK=$rank PMI_SIZE=2 \"$program\" &\ndone\nwait\n")
    fake.chmod(0o755)
    with Kernel(2, env={"RANKBOOK_MPIEXEC": str(fake)}, wait=False) as kernel:
        done = kernel.run("1")
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert "rank 0 of 1" in text and "do not belong together" in text


def test_a_rank_that_dies_at_start_is_explained(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nif os.environ.get('PMI_RANK') == '1':\n"
        "    os.write(2, b'no luck today\\n')\n    os._exit(9)\n")
    with Kernel(2, env={"PYTHONPATH": str(tmp_path)}, wait="welcome") as kernel:
        done = kernel.run("1")
        text = done.content["evalue"] + "\n".join(done.error["traceback"])
        assert "rank 1" in text and "no luck today" in text


@pytest.mark.parametrize("victim", ["rankbook", "rankbook-front"])
def test_when_launcher_or_front_die_nothing_stays(victim):
    kernel = Kernel(3)
    try:
        kernel.run(IMPORT)
        processes = kernel.processes()
        kill(next(p for p in processes if p.name() == victim))
        assert not wait_gone(processes, 6)
    finally:
        kernel.client.stop_channels()
        kernel.manager.cleanup_resources()


def test_nothing_is_left_in_dev_shm():
    before = set(os.listdir("/dev/shm"))
    with Kernel(3) as kernel:
        kernel.run(IMPORT + "\ncomm.Barrier()")
        kill(interpreters(kernel)[2])
        kernel.run("1")
    assert not {name for name in set(os.listdir("/dev/shm")) - before
                if name.startswith(("mpich", "rankbook", "ucx"))}


def test_a_cell_may_start_mpiexec(world):
    done = world.run("%%rank 0\nimport subprocess, sys, os\n"
                     "print(subprocess.run([os.environ.get('RANKBOOK_MPIEXEC') or 'mpiexec',"
                     " '-n', '2', 'echo', 'nested'], capture_output=True, text=True).stdout)")
    assert done.text().split() == ["nested", "nested"]


def test_one_first_cell_for_rank_zero_cannot_hang():
    with Kernel(2) as kernel:
        assert kernel.run("%%rank 0\nfrom mpi4py import MPI\nMPI.COMM_WORLD.size").result == (
            "2")


def test_receives_of_a_failed_cell_are_taken_back(four):
    """The traceback still holds them; those of other cells stay."""
    four.run("from mpi4py import MPI\ncomm = MPI.COMM_WORLD\nrank, size = comm.rank, comm.size\n"
             "right, left = (rank + 1) % size, (rank - 1) % size\n"
             "early = comm.irecv(source=left, tag=7)")
    done = four.run("def begin():\n    late = comm.irecv(source=left, tag=8)\n"
                    "    globals()['late'] = late\n    1 / 0\nbegin()")
    assert done.error["ename"] == "ZeroDivisionError"
    done = four.run("[comm.sendrecv(rank, right, tag, source=left, recvtag=tag) == left\n"
                    " for tag in (8, 9)]")
    assert done.result == "[True, True]"
    assert four.run("comm.send(rank, right, 7); early.wait() == left").result == "True"
    assert "taken back" in four.run("late.wait()").error["evalue"]
