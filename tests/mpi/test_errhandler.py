"""Error handlers in Python."""
import pickle
import weakref

import pytest
from support import error_class

from mpi4py import MPI

MAKERS = {"communicator": lambda: MPI.COMM_SELF.Dup()}
if hasattr(MPI.Win, "Create"):
    MAKERS["window"] = lambda: MPI.Win.Create(MPI.BOTTOM, 1, MPI.INFO_NULL, MPI.COMM_SELF)


@pytest.fixture
def holder(make):
    obj = MAKERS[make]()
    yield obj
    obj.Free()


every = pytest.mark.parametrize("make", MAKERS)


def seen_by(cls, calls):
    return cls.Create_errhandler(lambda obj, code: calls.append((type(obj), code)))


@every
def test_call(holder):
    calls = []
    handler = seen_by(type(holder), calls)
    holder.Set_errhandler(handler)
    holder.Call_errhandler(MPI.ERR_ARG)
    assert calls == [(type(holder), MPI.ERR_ARG)]
    assert holder.Get_errhandler() == handler
    holder.Set_errhandler(MPI.ERRORS_RETURN)
    holder.Call_errhandler(MPI.ERR_ARG)
    assert len(calls) == 1
    handler.Free()
    assert handler == MPI.ERRHANDLER_NULL


def test_errors_reach_it():
    calls = []
    comm = MPI.COMM_SELF.Dup()
    handler = seen_by(MPI.Comm, calls)
    comm.Set_errhandler(handler)
    handler.Free()  # the communicator keeps it
    try:
        comm.Send([None, 0, MPI.BYTE], 5)
    except MPI.Exception as error:
        assert error.error_class == MPI.ERR_RANK
    assert [MPI.Get_error_class(code) for _, code in calls] == [MPI.ERR_RANK]
    comm.Free()


def test_new_communicators_return_errors():
    comm = MPI.COMM_SELF.Dup()
    comm.Set_errhandler(MPI.ERRORS_ARE_FATAL)
    for make in (comm.Dup, lambda: comm.Split(0)):
        new = make()
        handler = new.Get_errhandler()
        assert handler == MPI.ERRORS_RETURN
        handler.Free()
        new.Free()
    comm.Free()


def test_no_handler():
    for cls in (MPI.Comm, MPI.Win, MPI.File, MPI.Session):
        for wrong in (None, 1, "text"):
            with pytest.raises((TypeError, AttributeError)):
                cls.Create_errhandler(wrong)
    comm = MPI.COMM_SELF.Dup()
    with pytest.raises(TypeError):
        comm.Set_errhandler(None)
    assert error_class(comm.Set_errhandler, MPI.ERRHANDLER_NULL) in (
        MPI.ERR_ARG,
        MPI.ERR_ERRHANDLER,
        MPI.ERR_OTHER,
    )
    comm.Free()


def test_function_lives_as_long_as_MPI_may_call_it():
    def handle(comm, code):
        pass

    comm = MPI.COMM_SELF.Dup()
    handler = MPI.Comm.Create_errhandler(handle)
    seen = weakref.ref(handle)
    comm.Set_errhandler(handler)
    handler.Free()
    del handle
    comm.Call_errhandler(MPI.ERR_ARG)
    assert seen()
    comm.Free()


def test_exceptions():
    error = MPI.Exception(MPI.ERR_ARG)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        again = pickle.loads(pickle.dumps(error, protocol))
        assert type(again) is MPI.Exception and again == error
    assert {error: 1}[MPI.ERR_ARG] == 1
    assert error == float(MPI.ERR_ARG) and error != "text" and error != None  # noqa: E711
    assert error < MPI.ERR_LASTCODE and MPI.ERR_LASTCODE > error
    assert not MPI.Exception() and MPI.Exception().args == (MPI.SUCCESS,)
    assert MPI.Exception(-1) == MPI.ERR_UNKNOWN
    with pytest.raises(TypeError):
        error < "text"
    with pytest.raises(TypeError):
        MPI.Exception("text")
    with pytest.raises(OverflowError):
        MPI.Exception(2**40)


def test_subclass_of_exception():
    class Error(MPI.Exception):
        def __init__(self, code, where):
            super().__init__(code)
            self.where = where

    error = Error(MPI.ERR_ARG, "here")
    assert int(error) == error.error_code == MPI.ERR_ARG
    assert error.where == "here"


def test_error_strings():
    code = MPI.Add_error_code(MPI.Add_error_class())
    MPI.Add_error_string(code, "cannot \N{GREEK SMALL LETTER PI}")
    assert str(MPI.Exception(code)) == "cannot \N{GREEK SMALL LETTER PI}"
    with pytest.raises(TypeError):
        MPI.Add_error_string(code, 5)
    assert error_class(MPI.Add_error_code, -5) == MPI.ERR_OTHER
