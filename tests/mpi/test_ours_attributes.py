"""Attribute functions that mpi4py cannot survive, or shows and forgets."""
import pytest
from support import error_class

from mpi4py import MPI


@pytest.fixture
def holder():
    comm = MPI.COMM_SELF.Dup()
    yield comm
    if comm:
        comm.Free()


def test_delete_function_deletes(holder):
    def delete(obj, key, value):
        codes.append(error_class(obj.Delete_attr, key))

    codes = []
    key = MPI.Comm.Create_keyval(None, delete)
    holder.Set_attr(key, 1)
    holder.Delete_attr(key)
    assert codes == [MPI.ERR_KEYVAL]
    MPI.Comm.Free_keyval(key)


def test_delete_function_sets(holder):
    def delete(obj, key, value):
        codes.append(error_class(obj.Set_attr, key, 2))

    codes = []
    key = MPI.Comm.Create_keyval(None, delete)
    holder.Set_attr(key, 1)
    holder.Delete_attr(key)
    assert codes == [MPI.ERR_KEYVAL]
    assert holder.Get_attr(key) is None
    MPI.Comm.Free_keyval(key)


def test_delete_function_frees(holder):
    def delete(obj, key, value):
        codes.append(error_class(value.Free))

    codes = []
    key = MPI.Comm.Create_keyval(None, delete)
    holder.Set_attr(key, holder)
    holder.Delete_attr(key)
    assert codes == [MPI.ERR_KEYVAL]
    MPI.Comm.Free_keyval(key)


def test_value_is_an_object_after_the_key_was_freed(holder):
    key = MPI.Comm.Create_keyval()
    value = [1]
    holder.Set_attr(key, value)
    MPI.Comm.Free_keyval(key)
    MPI.Comm.Free_keyval(key)
    assert holder.Get_attr(key) is value


def test_interrupt_in_a_function(holder):
    def stop(obj, key, value):
        raise KeyboardInterrupt

    key = MPI.Comm.Create_keyval(stop, stop)
    holder.Set_attr(key, 1)
    with pytest.raises(KeyboardInterrupt):
        holder.Dup()
    with pytest.raises(KeyboardInterrupt):
        holder.Set_attr(key, 2)
    assert holder.Get_attr(key) == 2
    with pytest.raises(KeyboardInterrupt):
        holder.Delete_attr(key)
    MPI.Comm.Free_keyval(key)


@pytest.mark.parametrize("function", [1, "text", [], object()])
def test_no_function(function):
    for cls in (MPI.Comm, MPI.Datatype, MPI.Win):
        with pytest.raises(TypeError, match="copy_fn must be callable"):
            cls.Create_keyval(function)
        with pytest.raises(TypeError, match="delete_fn must be callable"):
            cls.Create_keyval(None, function)


def test_copy_raises_on_one_rank(shown):
    """All members of the new communicator hear of it, not only the one."""

    def copy(obj, key, value):
        if value == 0:
            raise ValueError("not here")
        return value

    comm = MPI.COMM_WORLD.Dup()
    key = MPI.Comm.Create_keyval(copy)
    comm.Set_attr(key, comm.rank)
    with pytest.raises((MPI.Exception, MPI.PeerError)):
        comm.Dup()
    assert ("not here" in shown()) == (comm.rank == 0)
    comm.Delete_attr(key)
    MPI.Comm.Free_keyval(key)
    comm.Free()
