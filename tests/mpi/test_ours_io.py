"""Accesses to files keep the memory they use."""

import weakref

import numpy
import pytest
from mpi4py import MPI

MODE = MPI.MODE_RDWR | MPI.MODE_CREATE


@pytest.fixture
def file(tmp_path):
    handle = MPI.File.Open(MPI.COMM_SELF, tmp_path / "data", MODE)
    handle.Write_at(0, numpy.arange(8.0))
    yield handle
    if handle:
        handle.Close()


def watched():
    data = numpy.zeros(8)
    return data, weakref.ref(data)


@pytest.mark.parametrize("kind", ["Read_all", "Read_at_all", "Read_ordered",
                                  "Write_all", "Write_at_all", "Write_ordered"])
def test_memory_lives_from_begin_to_end(file, kind):
    data, alive = watched()
    args = (0,) if "_at" in kind else ()
    getattr(file, kind + "_begin")(*args, data)
    again = MPI.File(file)
    address = MPI.Get_address(data)
    del data
    assert alive() is not None
    getattr(again, kind + "_end")(MPI.buffer.fromaddress(address, 64))
    assert alive() is None


def test_a_closed_file_keeps_nothing(tmp_path):
    """Whether MPI lets a file be closed between begin and end is its business."""
    file = MPI.File.Open(MPI.COMM_SELF, tmp_path / "data", MODE)
    data, alive = watched()
    file.Write_all_begin(data)
    del data
    try:
        file.Close()
    except MPI.Exception:
        assert alive() is not None
        file.Write_all_end(bytes(8))
        file.Close()
    assert alive() is None


def test_a_second_begin_keeps_the_first(file):
    first, alive = watched()
    second, other = watched()
    file.Read_all_begin(first)
    with pytest.raises(MPI.Exception):
        file.Read_all_begin(second)
    del second
    assert other() is None
    address = MPI.Get_address(first)
    del first
    assert alive() is not None
    file.Read_all_end(MPI.buffer.fromaddress(address, 64))
    assert alive() is None


@pytest.mark.parametrize("name", ["Iread_at", "Iread_at_all", "Iwrite_at", "Iwrite_at_all"])
def test_requests_keep_their_memory(file, name):
    data, alive = watched()
    request = getattr(file, name)(0, data)
    del data
    assert alive() is not None or request == MPI.REQUEST_NULL
    request.Wait()
    assert alive() is None


def test_a_failed_access_keeps_nothing(file):
    data, alive = watched()
    for call in (file.Write_at, file.Iwrite_at, file.Write_at_all_begin):
        with pytest.raises(MPI.Exception):
            call(-1, data)
    del call, data
    assert alive() is None
