"""Attributes: how long keys, values and functions live, and what functions may do."""
import gc
import sys
import weakref

import pytest
from support import error_class

from mpi4py import MPI


class Value:
    """An attribute value that can be watched."""


MAKERS = {
    "communicator": lambda: MPI.COMM_SELF.Dup(),
    "datatype": lambda: MPI.INT.Dup(),
}
if hasattr(MPI.Win, "Create"):
    MAKERS["window"] = lambda: MPI.Win.Create(MPI.BOTTOM, 1, MPI.INFO_NULL, MPI.COMM_SELF)

copyable = pytest.mark.parametrize("make", ["communicator", "datatype"])
every = pytest.mark.parametrize("make", MAKERS)


@pytest.fixture
def holder(make):
    obj = MAKERS[make]()
    yield obj
    if obj:
        obj.Free()



@every
def test_value_lives_until_it_is_deleted(holder):
    key = holder.Create_keyval()
    value = Value()
    seen = weakref.ref(value)
    holder.Set_attr(key, value)
    del value
    assert holder.Get_attr(key) is seen()
    holder.Delete_attr(key)
    assert seen() is None
    assert holder.Free_keyval(key) == MPI.KEYVAL_INVALID


@every
def test_value_lives_until_it_is_replaced(holder):
    key = holder.Create_keyval()
    value = Value()
    seen = weakref.ref(value)
    holder.Set_attr(key, value)
    del value
    holder.Set_attr(key, 5)
    assert seen() is None
    assert holder.Get_attr(key) == 5
    holder.Delete_attr(key)
    holder.Free_keyval(key)


@copyable
def test_value_lives_as_long_as_a_copy(holder):
    key = holder.Create_keyval(True)
    value = Value()
    seen = weakref.ref(value)
    holder.Set_attr(key, value)
    del value
    other = holder.Dup()
    holder.Delete_attr(key)
    assert other.Get_attr(key) is seen()
    other.Free()
    assert seen() is None
    holder.Free_keyval(key)


@every
def test_functions_live_as_long_as_the_key(holder):
    def delete(obj, key, value):
        deleted.append(value)

    deleted = []
    seen = weakref.ref(delete)
    key = holder.Create_keyval(None, delete)
    del delete
    holder.Set_attr(key, "one")
    holder.Free_keyval(key)
    gc.collect()
    assert seen()
    holder.Free()
    assert deleted == ["one"]
    gc.collect()
    assert seen() is None


@copyable
def test_what_functions_get(holder, make):
    calls = []

    def note(obj, key, value):
        assert type(obj) is type(holder)
        # MPICH gives another handle of a datatype.
        assert obj == holder or value == "copy" or make == "datatype"
        calls.append((obj, key, value))
        return "copy"

    key = holder.Create_keyval(note, note)
    holder.Set_attr(key, "value")
    other = holder.Dup()
    assert other.Get_attr(key) == "copy"
    other.Free()
    holder.Delete_attr(key)
    holder.Free_keyval(key)
    assert [c[1:] for c in calls] == [(key, "value"), (key, "copy"), (key, "value")]
    assert not any(c[0] for c in calls)


@every
def test_references_are_balanced(holder):
    value = Value()

    def turn():
        key = holder.Create_keyval(lambda o, k, v: v, lambda o, k, v: None)
        for _ in range(3):
            holder.Set_attr(key, value)
        if hasattr(holder, "Dup"):
            other = holder.Dup()
            assert other.Get_attr(key) is value
            other.Free()
        holder.Delete_attr(key)
        holder.Free_keyval(key)

    before = sys.getrefcount(value)
    for _ in range(1000):
        turn()
    assert sys.getrefcount(value) == before


@every
def test_delete_function_drops_the_last_reference(holder):
    box = [Value()]
    seen = weakref.ref(box[0])
    key = holder.Create_keyval(None, lambda o, k, v: box.clear())
    holder.Set_attr(key, box[0])
    holder.Delete_attr(key)
    assert seen() is None
    holder.Free_keyval(key)


@every
def test_delete_function_frees_the_key(holder):
    key = holder.Create_keyval(None, lambda o, k, v: holder.Free_keyval(k))
    holder.Set_attr(key, 1)
    holder.Delete_attr(key)
    assert holder.Get_attr(key) is None


def test_values_that_hold_their_communicator():
    comm = MPI.COMM_SELF.Dup()
    key = MPI.Comm.Create_keyval()
    value = Value()
    value.comm = comm
    seen = weakref.ref(value)
    comm.Set_attr(key, value)
    del value
    gc.collect()
    assert seen()
    comm.Free()
    gc.collect()
    assert seen() is None
    MPI.Comm.Free_keyval(key)


@every
@pytest.mark.parametrize("number", [0, 1, 2**63, 2**64 - 1])
def test_addresses(holder, number):
    key = holder.Create_keyval(nopython=True)
    holder.Set_attr(key, number)
    assert holder.Get_attr(key) == number
    holder.Delete_attr(key)
    holder.Free_keyval(key)


@every
def test_what_is_no_address(holder):
    key = holder.Create_keyval(nopython=True)
    with pytest.raises(TypeError):
        holder.Set_attr(key, "text")
    with pytest.raises(OverflowError):
        holder.Set_attr(key, 2**64)
    assert holder.Get_attr(key) is None
    holder.Free_keyval(key)


@every
def test_wrong_keys(holder):
    for key in (MPI.KEYVAL_INVALID, -12345, MPI.TAG_UB + 2**10):
        assert error_class(holder.Set_attr, key, 1) == MPI.ERR_KEYVAL
        assert error_class(holder.Delete_attr, key) == MPI.ERR_KEYVAL
    assert error_class(holder.Free_keyval, MPI.KEYVAL_INVALID) == MPI.ERR_KEYVAL
    assert error_class(holder.Get_attr, MPI.KEYVAL_INVALID) == MPI.ERR_KEYVAL


@copyable
def test_copy_function_raises(shown, make):
    holder = MAKERS[make]()
    for error, code in ((ValueError, MPI.ERR_OTHER), (MPI.ERR_ARG, MPI.ERR_ARG)):

        def copy(obj, key, value, error=error):
            raise MPI.Exception(error) if isinstance(error, int) else error

        key = holder.Create_keyval(copy)
        holder.Set_attr(key, 1)
        assert error_class(holder.Dup) == code
        holder.Delete_attr(key)
        holder.Free_keyval(key)
    assert "ValueError" in shown()
    holder.Free()


@every
def test_delete_function_raises(shown, holder):
    def delete(obj, key, value):
        raise KeyError("lost")

    key = holder.Create_keyval(None, delete)
    holder.Set_attr(key, 1)
    holder.Set_attr(key, 2)
    assert error_class(holder.Delete_attr, key) == MPI.ERR_OTHER
    assert holder.Get_attr(key) is None
    assert shown().count("KeyError: 'lost'") == 2
    holder.Set_attr(key, 3)
    holder.Free()
    holder.Free_keyval(key)


def test_predefined():
    for comm in (MPI.COMM_WORLD, MPI.COMM_SELF):
        assert comm.Get_attr(MPI.TAG_UB) >= 32767
        assert comm.Get_attr(MPI.LASTUSEDCODE) >= MPI.ERR_LASTCODE
        assert comm.Get_attr(MPI.WTIME_IS_GLOBAL) in (0, 1)
    assert error_class(MPI.COMM_WORLD.Set_attr, MPI.TAG_UB, 4) == MPI.ERR_KEYVAL
    assert error_class(MPI.COMM_WORLD.Delete_attr, MPI.TAG_UB) == MPI.ERR_KEYVAL


@pytest.mark.skipif("window" not in MAKERS, reason="no windows")
def test_predefined_of_windows():
    memory = bytearray(24)
    win = MPI.Win.Create(memory, 8, MPI.INFO_NULL, MPI.COMM_SELF)
    assert win.Get_attr(MPI.WIN_BASE) == MPI.Get_address(memory)
    assert win.Get_attr(MPI.WIN_SIZE) == 24
    assert win.Get_attr(MPI.WIN_DISP_UNIT) == 8
    assert win.Get_attr(MPI.WIN_CREATE_FLAVOR) == MPI.WIN_FLAVOR_CREATE
    assert win.Get_attr(MPI.WIN_MODEL) in (MPI.WIN_SEPARATE, MPI.WIN_UNIFIED)
    win.Free()
