"""Kernels that tests share: one for each world, started once."""

import atexit
import os
import pathlib
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from harness import Kernel  # noqa: E402

WORLDS = {"none-1": (1, "none"), "none-3": (3, "none"), "mpi-1": (1, "mpiexec"),
          "mpi-4": (4, "mpiexec")}
# it tears the lines of ranks that share an output, with any mpiexec
os.environ.pop("PYTHONUNBUFFERED", None)

# the user's own history is none of the tests' business
os.environ["IPYTHONDIR"] = tempfile.mkdtemp(prefix="rankbook-ipython-")
atexit.register(shutil.rmtree, os.environ["IPYTHONDIR"], ignore_errors=True)


@pytest.fixture(scope="session")
def kernels():
    """Returns the shared kernel of a world, by name; started at first use."""
    running = {}

    def get(world):
        if world not in running:
            running[world] = Kernel(*WORLDS[world])
        return running[world]

    yield get
    for kernel in running.values():
        kernel.stop()


@pytest.fixture(params=list(WORLDS))
def kernel(request, kernels):
    """One kernel a world: the test runs on each."""
    return kernels(request.param)


@pytest.fixture
def four(kernels):
    """Four ranks with MPI."""
    return kernels("mpi-4")


@pytest.fixture(params=["mpi-1", "mpi-4"])
def world(request, kernels):
    """One rank, and four, with MPI."""
    return kernels(request.param)
