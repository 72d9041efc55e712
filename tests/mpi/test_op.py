"""Operations: predefined ones on Python objects, and one's own."""
import pytest
from support import error_class

from mpi4py import MPI

CASES = [
    ("SUM", 2, 3, 5),
    ("SUM", "a", "b", "ab"),
    ("SUM", [1], [2], [1, 2]),
    ("PROD", 2, 3, 6),
    ("PROD", "ab", 2, "abab"),
    ("MAX", 2, 3, 3),
    ("MAX", "b", "a", "b"),
    ("MIN", 2, 3, 2),
    ("LAND", 2, 0, False),
    ("LAND", [1], "x", True),
    ("LOR", 0, "", False),
    ("LOR", 0, 5, True),
    ("LXOR", 1, 2, False),
    ("LXOR", 1, 0, True),
    ("BAND", 6, 3, 2),
    ("BOR", 6, 3, 7),
    ("BXOR", 6, 3, 5),
    ("BOR", {1}, {2}, {1, 2}),
    ("MAXLOC", (1, 0), (2, 1), (2, 1)),
    ("MAXLOC", (2, 5), (2, 3), (2, 3)),
    ("MINLOC", (1, 0), (2, 1), (1, 0)),
    ("MINLOC", (2, 5), (2, 3), (2, 3)),
    ("REPLACE", 1, 2, 2),
    ("NO_OP", 1, 2, 1),
]


@pytest.mark.parametrize("name, x, y, result", CASES)
def test_call(name, x, y, result):
    got = getattr(MPI, name)(x, y)
    assert got == result
    assert type(got) is type(result)


def test_ties_and_identity():
    class Weight:
        def __gt__(self, other):
            return False

        __lt__ = __gt__

    a, b = Weight(), Weight()
    assert MPI.MAX(a, b) is a
    assert MPI.MIN(a, b) is a


def test_errors_of_operands():
    with pytest.raises(TypeError):
        MPI.SUM(1, "a")
    with pytest.raises(TypeError):
        MPI.SUM(1)
    with pytest.raises(TypeError):
        MPI.SUM(1, 2, 3)
    with pytest.raises(ValueError):
        MPI.OP_NULL(1, 2)


def test_properties():
    assert MPI.SUM.Is_commutative() is True
    assert MPI.SUM.is_commutative is True
    assert MPI.SUM.is_predefined is True
    assert error_class(MPI.SUM.Free) is not None
    assert MPI.SUM


def test_create():
    def function(source, target, datatype):
        pass

    for commute in (True, False):
        op = MPI.Op.Create(function, commute)
        assert op and op.Is_commutative() is commute
        assert op.is_predefined is False
        op.Free()
        assert not op
    assert MPI.Op.Create(function).Is_commutative() is False
    with pytest.raises((TypeError, AttributeError)):
        MPI.Op.Create(3)


def test_user_ops_can_be_called():
    op = MPI.Op.Create(lambda x, y, datatype: "called")
    assert op("a", "b") == "called"
    op.Free()


def test_slots_are_used_again():
    for _ in range(100):
        MPI.Op.Create(lambda a, b, t: None).Free()
