"""Options of the import, each in an interpreter of its own."""
import os
import subprocess
import sys

import pytest


def python(*args, **environment):
    """A script's status, output and errors, outside of any mpiexec."""
    names = {k: v for k, v in os.environ.items() if not k.startswith(("PMI", "HYDI"))}
    done = subprocess.run(
        [sys.executable, *args],
        env={**names, **environment},
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


pytestmark = pytest.mark.skipif(
    int(os.environ.get("PMI_RANK", "0")) > 0, reason="one rank is enough"
)

ASK = "from mpi4py import MPI; print(MPI.Is_initialized(), MPI.Is_finalized())"


def test_import_initialises():
    assert python("-c", ASK) == (0, "True False\n", "")


def test_initialize_false():
    code = "import mpi4py; mpi4py.rc.initialize = False; " + ASK
    assert python("-c", code) == (0, "False False\n", "")


def test_environment_wins_and_is_written_back():
    code = ASK + "; import mpi4py; print(mpi4py.rc.initialize)"
    done = python("-c", code, MPI4PY_RC_INITIALIZE="no")
    assert done == (0, "False False\nFalse\n", "")


def test_init_and_finalize_by_hand():
    code = """
import mpi4py
mpi4py.rc(initialize=False, finalize=False)
from mpi4py import MPI
assert MPI.Init_thread() == MPI.THREAD_MULTIPLE
assert MPI.COMM_SELF.bcast(5) == 5
MPI.Finalize()
print(MPI.Is_finalized())
"""
    assert python("-c", code) == (0, "True\n", "")


def test_thread_level():
    code = """
import mpi4py
mpi4py.rc.thread_level = "serialized"
from mpi4py import MPI
print(MPI.Query_thread() == MPI.THREAD_SERIALIZED)
"""
    assert python("-c", code) == (0, "True\n", "")


def test_a_wrong_value_is_a_warning():
    code = 'import mpi4py; mpi4py.rc.threads = "perhaps"; ' + ASK
    status, out, err = python("-c", code)
    assert (status, out) == (0, "True False\n")
    assert "RuntimeWarning: mpi4py.rc.threads: unexpected value 'perhaps'" in err


def test_a_wrong_name_is_an_error():
    status, _, err = python("-c", "import mpi4py; mpi4py.rc.thread = True")
    assert status == 1 and "TypeError" in err
    status, _, err = python("-c", "import mpi4py; mpi4py.rc(thread=True)")
    assert status == 1 and "TypeError" in err


def test_run():
    assert python("-m", "mpi4py", "-c", "import sys; print(sys.argv)", "a")[1] == (
        "['-c', 'a']\n"
    )
    assert python("-m", "mpi4py", "--version")[1].startswith("mpi4py 4.1")
    status, _, err = python("-m", "mpi4py")
    assert status == 1 and "usage:" in err
    status, out, _ = python("-m", "mpi4py", "--module")
    assert status == 0 and "MPI" in out


def test_run_aborts_with_the_traceback():
    status, _, err = python(
        "-m", "mpi4py", "-c", "from mpi4py import MPI; raise ValueError('lost')"
    )
    assert status != 0 and "ValueError: lost" in err


def test_import_leaves_the_environment_alone():
    """What is set for the time of loading is gone, also for C."""
    code = """
import ctypes, os
names = set(os.environ)
from mpi4py import MPI
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
name = "UCX_MEM_MMAP_HOOK_MODE"
print(set(os.environ) == names, (getenv(name.encode()) is None) == (name not in names))
"""
    assert python("-c", code) == (0, "True True\n", "")
