"""The end of the slots, and codes that MPICH has no words for."""
import pytest

from mpi4py import MPI


def test_a_33rd_handler():
    """In its own process all would be free; here others have taken some."""
    with pytest.raises(RuntimeError, match="error handlers of files: all 32 are taken"):
        for _ in range(33):
            MPI.File.Create_errhandler(lambda file, code: None).Free()


@pytest.mark.parametrize("code", [-1, -(2**31)])
def test_words_for_negative_codes(code):
    assert MPI.Get_error_string(code)
    assert str(MPI.Exception(code))


@pytest.mark.parametrize("number", [2**30, 2**30 + 2**23, 2**31 - 1, 2**30 - 1, 127, 2**29, -5])
def test_numbers_that_are_no_codes(number):
    """MPICH would read beyond its tables."""
    assert MPI.Get_error_string(number) == f"unknown error code {number}"
    assert str(number) in str(MPI.Exception(number)) or number < 0
    with pytest.raises(MPI.Exception) as caught:
        MPI.COMM_SELF.Call_errhandler(number)
    assert caught.value.Get_error_class() == MPI.ERR_ARG


def test_codes_of_the_program():
    error_class = MPI.Add_error_class()
    code = MPI.Add_error_code(error_class)
    assert MPI.Get_error_string(code) == ""
    MPI.Add_error_string(code, "too cold")
    assert MPI.Get_error_string(code) == str(MPI.Exception(code)) == "too cold"


def test_codes_of_a_call():
    """Where and why; an invented one of the same class has the words of the class."""
    with pytest.raises(MPI.Exception) as caught:
        MPI.COMM_SELF.Send(b"", 7)
    code = caught.value.Get_error_code()
    assert MPI.Get_error_string(code) == str(MPI.Exception(code))
    known = MPI.Get_error_string(MPI.ERR_RANK)
    assert MPI.Get_error_string(code).startswith(known)
    assert MPI.Get_error_string(2**30 + 2**24 + MPI.ERR_RANK) == known
