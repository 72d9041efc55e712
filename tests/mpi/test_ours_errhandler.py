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
