"""Status: what a message was."""
import pickle

import pytest

from mpi4py import MPI


@pytest.fixture
def status():
    return MPI.Status()


def test_new(status):
    assert status.Get_source() == MPI.ANY_SOURCE
    assert status.Get_tag() == MPI.ANY_TAG
    assert status.Get_error() == MPI.SUCCESS
    assert status.Is_cancelled() is False
    assert status.Get_count() == 0
    assert status.Get_elements(MPI.INT) == 0


@pytest.mark.parametrize(
    "name, getter, setter, value",
    [
        ("source", "Get_source", "Set_source", 3),
        ("tag", "Get_tag", "Set_tag", 17),
        ("error", "Get_error", "Set_error", MPI.ERR_TAG),
        ("cancelled", "Is_cancelled", "Set_cancelled", True),
    ],
)
def test_fields(status, name, getter, setter, value):
    assert getattr(status, setter)(value) is None
    assert getattr(status, getter)() == value
    assert getattr(status, name) == value
    other = MPI.Status()
    setattr(other, name, value)
    assert other == status


def test_count(status):
    assert status.Set_elements(MPI.INT, 7) is None
    assert status.Get_count(MPI.INT) == 7
    assert status.Get_count(datatype=MPI.BYTE) == 28
    assert status.Get_elements(MPI.INT) == 7
    assert status.count == 28
    status.count = 5
    assert status.Get_count() == 5
    assert status.Get_count(MPI.INT) == MPI.UNDEFINED


def test_copies_and_comparison(status):
    status.source, status.tag = 1, 2
    copy = MPI.Status(status)
    assert copy == status and not copy != status
    copy.tag = 3
    assert copy != status
    assert status != 3 and not status == None  # noqa: E711
    with pytest.raises(TypeError):
        status < copy
    with pytest.raises(TypeError):
        hash(status)


def test_pickling(status):
    status.source, status.tag, status.error, status.count = 1, 2, 0, 24
    status.cancelled = True
    copy = pickle.loads(pickle.dumps(status))
    assert type(copy) is MPI.Status
    for name in ("source", "tag", "error", "count", "cancelled"):
        assert getattr(copy, name) == getattr(status, name)


def test_wrong_arguments(status):
    with pytest.raises(TypeError):
        MPI.Status(3)
    with pytest.raises(TypeError):
        status.Set_source("one")
    with pytest.raises(TypeError):
        status.Get_count(3)
    with pytest.raises((TypeError, AttributeError, NotImplementedError)):
        del status.source
