"""A second import of the module in one process."""
import test_core_rc
from test_core_rc import python

pytestmark = test_core_rc.pytestmark


def test_second_interpreter():
    code = """
from mpi4py import MPI
import _xxsubinterpreters as interpreters
second = interpreters.create()
try:
    interpreters.run_string(second, "from mpi4py import MPI")
except Exception as error:
    print(error)
interpreters.destroy(second)
print(MPI.COMM_WORLD.bcast("alive"))
"""
    status, out, _ = python("-c", code)
    assert status == 0
    assert "mpi4py.MPI can be imported once in a process" in out
    assert out.endswith("alive\n")


def test_second_import():
    code = """
import importlib, sys
from mpi4py import MPI
assert importlib.reload(MPI) is MPI
del sys.modules["mpi4py.MPI"]
try:
    importlib.import_module("mpi4py.MPI")
except ImportError as error:
    print(error)
print(MPI.COMM_WORLD.bcast("alive"))
"""
    status, out, _ = python("-c", code)
    assert (status, out) == (0, "mpi4py.MPI can be imported once in a process\nalive\n")


def test_import_again_after_a_failure():
    code = """
import warnings
warnings.simplefilter("error")
try:
    from mpi4py import MPI
except RuntimeWarning as error:
    print(error)
import mpi4py
mpi4py.rc.threads = True
from mpi4py import MPI
print(MPI.COMM_WORLD.bcast("alive"))
"""
    code = "import mpi4py; mpi4py.rc.threads = 'x'\n" + code
    status, out, _ = python("-c", code)
    assert (status, out) == (0, "mpi4py.rc.threads: unexpected value 'x'\nalive\n")
