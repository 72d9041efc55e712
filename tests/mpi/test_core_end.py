"""What a process leaves behind when it ends, each in an interpreter of its own."""
import pytest
import test_core_rc
from test_core_rc import python

pytestmark = test_core_rc.pytestmark

ALIVE = """
from mpi4py import MPI
def note(*args):
    print("called", flush=True)
class Value:
    def __del__(self):
        print("gone", flush=True)
value = Value()
keys = [c.Create_keyval(True, note) for c in (MPI.Comm, MPI.Datatype, MPI.Win)]
MPI.COMM_SELF.Set_attr(keys[0], value)
MPI.COMM_WORLD.Set_attr(keys[0], value)
MPI.INT.Set_attr(keys[1], value)
comm = MPI.COMM_SELF.Dup()
handler = MPI.Comm.Create_errhandler(note)
for c in (comm, MPI.COMM_SELF, MPI.COMM_WORLD):
    c.Set_errhandler(handler)
if hasattr(MPI.Win, "Allocate"):
    win = MPI.Win.Allocate(16)
    win.Set_attr(keys[2], value)
    win.Set_errhandler(MPI.Win.Create_errhandler(note))
if hasattr(MPI.Session, "Init"):
    session = MPI.Session.Init()
    session.Set_errhandler(MPI.Session.Create_errhandler(note))
op = MPI.Op.Create(note)
del value
"""


def quiet(text):
    """Without what UCX says about what nobody freed."""
    return "\n".join(line for line in text.splitlines() if "UCX" not in line)


@pytest.mark.parametrize(
    "end", ["", "import sys; sys.exit(3)", "import os; os._exit(3)", "1 / 0"]
)
@pytest.mark.parametrize("finalize", ["", "import mpi4py; mpi4py.rc.finalize = False\n"])
def test_everything_alive(finalize, end):
    status, out, err = python("-c", finalize + ALIVE + end)
    assert quiet(out) == ""
    assert status == (0 if not end else 1 if "/" in end else 3)
    if end == "1 / 0":
        assert "ZeroDivisionError" in err
    else:
        assert quiet(err) == ""


def test_finalize_by_hand_deletes_attributes():
    code = """
from mpi4py import MPI
class Value:
    def __del__(self):
        print("gone")
def delete(comm, key, value):
    print("delete", comm == MPI.COMM_SELF, type(value).__name__)
key = MPI.Comm.Create_keyval(None, delete)
MPI.COMM_SELF.Set_attr(key, Value())
MPI.Finalize()
print("finalized")
"""
    status, out, _ = python("-c", code)
    assert (status, out) == (0, "delete True Value\ngone\nfinalized\n")


def test_what_may_be_asked_before_and_after():
    code = """
import mpi4py
mpi4py.rc.initialize = False
from mpi4py import MPI
def ask():
    MPI.Get_version(), MPI.Get_library_version(), MPI.get_vendor()
    assert MPI.Get_error_class(MPI.ERR_ARG) == MPI.ERR_ARG
    assert str(MPI.Exception(MPI.ERR_ARG)) == MPI.Get_error_string(MPI.ERR_ARG)
    info = MPI.Info.Create()
    info.Set("a", "b")
    info.Free()
    MPI.Session.Create_errhandler(print)
ask()
MPI.Init()
ask()
MPI.Finalize()
ask()
print("done")
"""
    assert python("-c", code)[:2] == (0, "done\n")


def test_abort_status():
    status, out, err = python(
        "-c", "from mpi4py import MPI; MPI._set_abort_status(7); print('last')"
    )
    assert (status, out) == (7, "last\n")
    assert "MPI_Abort" in err


def test_rc_deleted():
    code = """
import mpi4py, sys
del mpi4py.rc, sys.modules["mpi4py.rc"]
from mpi4py import MPI
print(MPI.Is_initialized())
"""
    assert python("-c", code)[:2] == (0, "True\n")
    assert python("-c", code, MPI4PY_RC_INITIALIZE="0")[:2] == (0, "False\n")


def test_error_handler_raises():
    code = """
from mpi4py import MPI
handler = MPI.Comm.Create_errhandler(lambda comm, code: 1 / 0)
MPI.COMM_SELF.Set_errhandler(handler)
try:
    MPI.COMM_SELF.Send([None, 0, MPI.BYTE], 5)
finally:
    print("not reached")
"""
    status, out, err = python("-c", code)
    assert (status, out) == (1, "")
    assert "ZeroDivisionError" in err and "MPI_Abort" in err


@pytest.mark.parametrize(
    "value, known",
    [("1", True), ("off", True), ("", True), ("maybe", False), ("2", False)],
)
def test_check_of_mpiexec(value, known):
    status, _, err = python(
        "-c",
        "from mpi4py import MPI",
        OMPI_COMM_WORLD_SIZE="1",
        MPI4PY_CHECK_MPIEXEC=value,
    )
    assert status == 0
    assert ("OMPI_COMM_WORLD_SIZE=1" in err) == (value == "1")
    assert ("MPI4PY_CHECK_MPIEXEC: unexpected value" in err) == (not known)
