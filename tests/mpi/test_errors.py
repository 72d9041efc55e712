"""MPI.Exception, error classes and strings."""
import pytest

from mpi4py import MPI

CLASSES = "BUFFER COUNT TYPE TAG COMM RANK REQUEST ROOT GROUP OP ARG TRUNCATE OTHER INTERN".split()


@pytest.fixture
def error():
    with pytest.raises(MPI.Exception) as caught:
        MPI.COMM_SELF.Send(b"", 5)
    return caught.value


def test_class():
    assert issubclass(MPI.Exception, RuntimeError)
    assert MPI.Exception.__module__ == "mpi4py.MPI"


def test_raised(error):
    assert error.Get_error_class() == error.error_class == MPI.ERR_RANK
    assert error.Get_error_code() == error.error_code == int(error)
    assert error.Get_error_string() == error.error_string == str(error)
    assert "rank" in str(error)
    assert error.args == (int(error),)
    assert bool(error) is True


@pytest.mark.parametrize("name", CLASSES)
def test_made(name):
    code = getattr(MPI, "ERR_" + name)
    error = MPI.Exception(code)
    assert int(error) == code == error.Get_error_class()
    assert MPI.Get_error_class(code) == code
    assert MPI.Get_error_string(code) == str(error)


def test_success():
    error = MPI.Exception()
    assert int(error) == MPI.SUCCESS
    assert bool(error) is False


def test_comparison():
    error = MPI.Exception(MPI.ERR_RANK)
    assert error == MPI.ERR_RANK and error != MPI.ERR_TAG
    assert error == MPI.Exception(MPI.ERR_RANK)
    assert error != MPI.Exception(MPI.ERR_TAG)
    assert hash(error) == hash(MPI.ERR_RANK)
    assert error < MPI.ERR_LASTCODE and error <= error and error >= error
    assert error > MPI.SUCCESS


def test_negative_codes():
    assert MPI.Exception(-1).Get_error_class() == MPI.ERR_UNKNOWN


def test_wrong_arguments():
    with pytest.raises(TypeError):
        MPI.Exception("text")
    with pytest.raises(TypeError):
        MPI.Exception(1, 2)


def test_caught_as(error):
    for cls in (MPI.Exception, RuntimeError, Exception):
        try:
            raise error
        except cls:
            pass


def test_errors_do_not_break_the_communicator(comm):
    for _ in range(3):
        with pytest.raises(MPI.Exception):
            comm.Send(b"", comm.size)
        with pytest.raises(MPI.Exception):
            comm.recv(source=comm.size)
    assert comm.allreduce(1) == comm.size
