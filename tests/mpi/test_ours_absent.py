"""What the MPI library lacks."""
import pytest

from mpi4py import MPI


def test_says_what_is_missing():
    """Fault tolerance is in no MPI yet."""
    with pytest.raises(NotImplementedError, match="has no MPI_Comm_revoke"):
        MPI.COMM_SELF.Revoke()


def test_constants_have_values():
    assert MPI.ERR_REVOKED == MPI.ERR_UNKNOWN
    assert MPI.BUFFER_AUTOMATIC == -2
    assert isinstance(MPI.BFLOAT16_T, MPI.Datatype)
