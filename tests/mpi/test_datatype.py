"""Datatypes: predefined ones, and what can be built from them."""
import pytest
from support import error_class

from mpi4py import MPI

SIZES = {
    "CHAR": 1,
    "SIGNED_CHAR": 1,
    "UNSIGNED_CHAR": 1,
    "BYTE": 1,
    "PACKED": 1,
    "C_BOOL": 1,
    "SHORT": 2,
    "INT": 4,
    "LONG": 8,
    "LONG_LONG": 8,
    "UNSIGNED_SHORT": 2,
    "UNSIGNED": 4,
    "UNSIGNED_LONG": 8,
    "FLOAT": 4,
    "DOUBLE": 8,
    "LONG_DOUBLE": 16,
    "INT8_T": 1,
    "INT16_T": 2,
    "INT32_T": 4,
    "INT64_T": 8,
    "UINT8_T": 1,
    "UINT16_T": 2,
    "UINT32_T": 4,
    "UINT64_T": 8,
    "C_FLOAT_COMPLEX": 8,
    "C_DOUBLE_COMPLEX": 16,
    "AINT": 8,
    "COUNT": 8,
    "OFFSET": 8,
    "WCHAR": 4,
    "FLOAT_INT": 8,
    "DOUBLE_INT": 12,
    "TWOINT": 8,
}
CODES = {"b": "SIGNED_CHAR", "i": "INT", "l": "LONG", "f": "FLOAT", "B": "UNSIGNED_CHAR"}


@pytest.mark.parametrize("name", SIZES)
def test_sizes(name):
    datatype = getattr(MPI, name)
    assert datatype.Get_size() == datatype.size == SIZES[name]
    lb, extent = datatype.Get_extent()
    assert (lb, extent) == (datatype.lb, datatype.extent)
    assert lb == 0 and extent >= SIZES[name]
    assert datatype.ub == lb + extent
    assert datatype.Get_true_extent() == (datatype.true_lb, datatype.true_extent)


def test_names():
    assert MPI.INT.Get_name() == MPI.INT.name == "MPI_INT"
    assert MPI.DOUBLE.name == "MPI_DOUBLE"


def test_short_names():
    assert MPI.BOOL == MPI.C_BOOL
    assert MPI.UNSIGNED_INT == MPI.UNSIGNED
    assert MPI.SINT64_T == MPI.INT64_T


@pytest.mark.parametrize("code", CODES)
def test_codes(code):
    datatype = getattr(MPI, CODES[code])
    assert MPI.Datatype.fromcode(code) == datatype
    assert MPI.Datatype.fromcode(datatype.tocode()).size == datatype.size
    with pytest.raises(ValueError):
        MPI.Datatype.fromcode("nonsense")


@pytest.fixture
def built():
    """Makes datatypes, and frees them."""
    made = []

    def build(datatype):
        made.append(datatype)
        assert datatype.Commit() is datatype
        return datatype

    yield build
    for datatype in made:
        datatype.Free()
        assert datatype == MPI.DATATYPE_NULL


def test_dup(built):
    copy = built(MPI.INT.Dup())
    assert copy != MPI.INT and copy.size == 4


def test_contiguous(built, make):
    three = built(MPI.INT.Create_contiguous(3))
    assert (three.size, three.extent) == (12, 12)
    sent, got = make.of("i", range(6)), make.full("i", 6)
    MPI.COMM_SELF.Sendrecv([sent, 2, three], 0, recvbuf=[got, 2, three], source=0)
    assert list(got) == list(range(6))


def test_vector(built, make):
    column = built(MPI.INT.Create_vector(3, 1, 2))
    assert (column.size, column.extent) == (12, 20)
    sent, got = make.of("i", range(6)), make.full("i", 3)
    MPI.COMM_SELF.Sendrecv([sent, 1, column], 0, recvbuf=got, source=0)
    assert list(got) == [0, 2, 4]


def test_predefined_types_stay():
    assert error_class(MPI.INT.Free) is not None
    assert MPI.INT.size == 4


def test_null():
    assert error_class(MPI.DATATYPE_NULL.Get_size) == MPI.ERR_TYPE
    assert error_class(MPI.DATATYPE_NULL.Commit) == MPI.ERR_TYPE
