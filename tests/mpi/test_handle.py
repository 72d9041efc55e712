"""What all classes of MPI objects have in common."""
import pickle
import weakref

import pytest

from mpi4py import MPI

NULL = {
    MPI.Comm: MPI.COMM_NULL,
    MPI.Request: MPI.REQUEST_NULL,
    MPI.Message: MPI.MESSAGE_NULL,
    MPI.Op: MPI.OP_NULL,
    MPI.Datatype: MPI.DATATYPE_NULL,
    MPI.Group: MPI.GROUP_NULL,
    MPI.Info: MPI.INFO_NULL,
    MPI.Errhandler: MPI.ERRHANDLER_NULL,
    MPI.Session: MPI.SESSION_NULL,
    MPI.Win: MPI.WIN_NULL,
    MPI.File: MPI.FILE_NULL,
}
CONSTANTS = [
    "COMM_WORLD",
    "COMM_SELF",
    "INT",
    "DOUBLE",
    "SUM",
    "MAXLOC",
    "GROUP_EMPTY",
    "MESSAGE_NO_PROC",
    "ERRORS_RETURN",
]
CLASSES = list(NULL)
of_class = pytest.mark.parametrize("cls", CLASSES, ids=[c.__name__ for c in CLASSES])


def class_of(handle):
    return next(c for c in CLASSES if isinstance(handle, c))


@of_class
def test_null(cls):
    assert not NULL[cls]
    assert cls() == NULL[cls]
    assert cls(None) == NULL[cls]
    assert NULL[cls] == NULL[cls]


@of_class
def test_wrong_arguments(cls):
    with pytest.raises(TypeError):
        cls(3)
    with pytest.raises(TypeError):
        cls(NULL[cls], NULL[cls])
    with pytest.raises(TypeError):
        cls(handle=NULL[cls])


@pytest.mark.parametrize("name", CONSTANTS)
def test_copies_share_the_handle(name):
    handle = getattr(MPI, name)
    copy = type(handle)(handle)
    assert copy is not handle and copy == handle and not copy != handle
    assert bool(copy) is True
    assert copy.handle == handle.handle


@pytest.mark.parametrize("name", CONSTANTS)
def test_comparison(name):
    handle = getattr(MPI, name)
    assert handle != NULL[class_of(handle)]
    assert handle != 3 and handle != None  # noqa: E711
    assert (handle == "x") is False
    with pytest.raises(TypeError):
        handle < handle
    with pytest.raises(TypeError):
        hash(handle)


@pytest.mark.parametrize("name", CONSTANTS)
def test_numbers(name):
    handle = getattr(MPI, name)
    cls = class_of(handle)
    assert isinstance(handle.handle, int) and handle.handle >= 0
    again = cls.fromhandle(handle.handle)
    assert again == handle and type(again) is type(handle)
    with pytest.raises(AttributeError):
        handle.handle = 1
    with pytest.raises(TypeError):
        cls.fromhandle("one")


@pytest.mark.parametrize("name", CONSTANTS)
def test_fortran(name):
    handle = getattr(MPI, name)
    number = handle.py2f()
    assert isinstance(number, int)
    assert class_of(handle).f2py(number) == handle


@pytest.mark.parametrize("name", CONSTANTS)
def test_constants_pickle_by_name(name):
    handle = getattr(MPI, name)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(handle, protocol)) is handle


def test_what_does_not_pickle(comm):
    with pytest.raises(ValueError):
        pickle.dumps(comm)


@pytest.mark.parametrize("name", CONSTANTS)
def test_objects(name):
    handle = getattr(MPI, name)
    assert weakref.ref(handle)() is handle
    with pytest.raises(AttributeError):
        handle.note = 1
    assert type(handle).__module__ == "mpi4py.MPI"

    class Own(class_of(handle)):
        pass

    own = Own(handle)
    own.note = 1
    assert own == handle and own.note == 1


@of_class
def test_free_of_null_and_constants_is_harmless(cls):
    cls().free()
    for name in CONSTANTS:
        handle = getattr(MPI, name)
        if isinstance(handle, cls):
            handle.free()
            assert handle


def test_subclasses():
    assert issubclass(MPI.Intracomm, MPI.Comm)
    assert type(MPI.COMM_WORLD) is MPI.Intracomm
    assert type(MPI.COMM_SELF) is MPI.Intracomm
    assert type(MPI.COMM_NULL) is MPI.Comm
    assert type(MPI.Comm.fromhandle(MPI.COMM_WORLD.handle)) is MPI.Intracomm


@pytest.mark.parametrize("name", ["BOTTOM", "IN_PLACE", "BUFFER_AUTOMATIC"])
def test_special_address(name):
    """It is its number, and a place without bytes there."""
    constant = getattr(MPI, name)
    assert constant == int(constant)
    assert constant != int(constant) + 1
    assert hash(constant) == hash(int(constant))
    assert memoryview(constant).obj is None
    assert memoryview(constant).nbytes == 0
    assert MPI.Get_address(constant) == int(constant)
