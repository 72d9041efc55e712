"""Strings and sequences of integers, as arguments."""
import pytest

from mpi4py import MPI


def test_bytes_are_strings(comm):
    copy = comm.Dup()
    for name in ("name", b"name"):
        copy.Set_name(name)
        assert copy.Get_name() == "name"
    copy.name = b"other"
    assert copy.name == "other"
    copy.Free()


def test_a_string_ends_where_it_ends(comm):
    for name in ("one\0two", b"one\0two"):
        with pytest.raises(ValueError):
            comm.Set_name(name)
    for name in (5, bytearray(b"name")):
        with pytest.raises(TypeError):
            comm.Set_name(name)


def test_items_are_integers(comm):
    group = comm.Get_group()
    for ranks in ([0.0], ["0"], [None]):
        with pytest.raises(TypeError):
            group.Incl(ranks)
    group.Free()


def test_a_sequence_that_shrinks_while_it_is_read(comm):
    class Shrinking:
        def __index__(self):
            ranks.clear()
            return 0

    ranks = [Shrinking() for _ in range(1000)]
    group = comm.Get_group()
    try:
        group.Incl(ranks)
    except (IndexError, MPI.Exception):
        pass
    group.Free()
