"""What the tests of the binding share; run.py starts them, journal.py reports."""
import os
import sys
from pathlib import Path

import pytest

# Tests that start mpiexec themselves do not run under it; all others do, because
# MPI without mpiexec is another thing.
ALONE = {"test_demos.py", "test_wait.py", "test_rc_objects.py"}
ALL = {path.name for path in Path(__file__).parent.glob("test_*.py")}
collect_ignore = sorted(ALONE if "PMI_RANK" in os.environ else ALL - ALONE)


@pytest.fixture
def comm():
    """A communicator of all ranks that no other test has touched."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD.Dup()
    yield comm
    comm.Free()


@pytest.fixture(params=["array", "numpy"])
def make(request):
    """Makes arrays: of the standard library, of NumPy."""
    import support

    return next(m for m in support.MAKERS if m.name == request.param)


@pytest.fixture
def shown(capfd, monkeypatch):
    """Called: what is on stderr, with what callbacks raised, which pytest would keep."""
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    return lambda: capfd.readouterr().err


sys.path.insert(0, os.path.dirname(__file__))
