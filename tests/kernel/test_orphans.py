"""Whoever is killed, nothing is left: no process, no file."""

import os
import select
import signal

import psutil
import pytest
from harness import Kernel, kill

LIMIT = 20  # the promise is 5 s, on a machine that is not busy
CHILDREN = """
import os, subprocess
from mpi4py import MPI
MPI.COMM_WORLD.barrier()
child = subprocess.Popen(['sleep', '1000'])
"""
DETACHED = """
child = subprocess.Popen(['sleep', '1000'], start_new_session=True)
print(child.pid)
"""


@pytest.fixture
def kernel(tmp_path):
    """Two ranks with all that a kernel makes in a folder, and children of theirs."""
    kernel = Kernel(2, env={"TMPDIR": str(tmp_path)})
    try:
        assert kernel.run(CHILDREN).content["status"] == "ok"
        yield kernel
    finally:
        kernel.client.stop_channels()
        if kernel.manager.has_kernel:
            kernel.manager.shutdown_kernel(now=True)


def everything(kernel):
    """A descriptor for each process of the kernel: it is readable once that has ended."""
    found = {}
    for process in kernel.processes():
        try:
            found[os.pidfd_open(process.pid)] = process.name()
        except ProcessLookupError:
            pass
    return found


def assert_nothing_runs(descriptors):
    for fd, name in descriptors.items():
        assert select.select([fd], [], [], LIMIT)[0], f"{name} goes on"
        os.close(fd)


def assert_nothing_left(descriptors, folder):
    assert_nothing_runs(descriptors)
    assert not list(folder.iterdir())


def test_a_child_with_a_session_of_its_own_is_let_go(kernel, tmp_path):
    """It was made to outlive those who started it."""
    left = everything(kernel)
    child = psutil.Process(int(kernel.run("%%rank 0" + DETACHED).text()))
    try:
        kernel.manager.shutdown_kernel()
        assert_nothing_left(left, tmp_path)
        assert child.is_running()
    finally:
        child.kill()


def test_a_kernel_whose_front_is_killed_leaves_its_log(kernel, tmp_path):
    left = everything(kernel)
    kill(next(p for p in kernel.processes() if p.name() == "rankbook-front"))
    assert_nothing_runs(left)
    assert {path.name for path in tmp_path.glob("*/*")} == {"log"}


@pytest.mark.parametrize("victim", ["rankbook"])
def test_a_kernel_whose_head_is_killed_ends(kernel, victim, tmp_path):
    left = everything(kernel)
    assert sorted(left.values()).count("sleep") == 2
    kill(next(p for p in kernel.processes() if p.name() == victim))
    assert_nothing_left(left, tmp_path)


PARTS = ["rankbook-interpreter", "rankbook-keeper", "mpiexec", "hydra_pmi_proxy",
         "rankbook-sweep"]


@pytest.mark.parametrize("victim", PARTS)
def test_a_kernel_that_is_shut_down_without_a_part_leaves_nothing(kernel, victim, tmp_path):
    """What is left of it answers, and ends as ever."""
    left = everything(kernel)
    victims = [p for p in kernel.processes() if p.name().startswith(victim[:15])]
    os.kill(victims[-1].pid, signal.SIGKILL)
    assert kernel.request("kernel_info_request", {}).content["status"] == "ok"
    assert kernel.run("1").content["status"] in ("ok", "error")
    kernel.manager.shutdown_kernel()
    assert_nothing_left(left, tmp_path)
