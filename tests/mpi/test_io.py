"""Files: all ways to read and write, wrong arguments, many handles of one file."""

import os
import pathlib
import tempfile
import threading

import numpy
import pytest
from mpi4py import MPI

WORLD = MPI.COMM_WORLD
RANK, SIZE = WORLD.Get_rank(), WORLD.Get_size()
MODE = MPI.MODE_RDWR | MPI.MODE_CREATE
COUNT = 5


@pytest.fixture
def path():
    """One path for all ranks."""
    name = None
    if RANK == 0:
        descriptor, name = tempfile.mkstemp(prefix="mpi-io-")
        os.close(descriptor)
    name = WORLD.bcast(name)
    yield pathlib.Path(name)
    WORLD.Barrier()
    if RANK == 0:
        os.unlink(name)


@pytest.fixture
def file(path):
    """Open on all ranks, and seen as doubles."""
    handle = MPI.File.Open(WORLD, path, MODE)
    handle.Set_view(0, MPI.DOUBLE)
    yield handle
    if handle:
        handle.Close()


def settle(file):
    file.Sync()
    WORLD.Barrier()
    file.Sync()


def mine(offset=0):
    return numpy.arange(COUNT, dtype="d") + 10 * RANK + offset


def plain(call):
    return lambda *args: call(*args)


def waited(call):
    return lambda *args: call(*args).Wait()


def split(file, name):
    def call(*args):
        getattr(file, name + "_begin")(*args)
        getattr(file, name + "_end")(args[-1])

    return call


def ways(file, verb, kind):
    """All methods that do the same."""
    yield plain(getattr(file, verb + kind))
    if kind != "_ordered":
        yield waited(getattr(file, "I" + verb.lower() + kind))
    if kind in ("_at_all", "_all", "_ordered"):
        yield split(file, verb + kind)


@pytest.mark.parametrize("kind", ["_at", "_at_all"])
def test_explicit_offsets(file, kind):
    for write in ways(file, "Write", kind):
        for read in ways(file, "Read", kind):
            data, result = mine(), numpy.zeros(COUNT)
            write(RANK * COUNT, data)
            settle(file)
            read(RANK * COUNT, result)
            assert (result == data).all()
            WORLD.Barrier()


@pytest.mark.parametrize("kind", ["", "_all"])
def test_individual_pointers(file, kind):
    for write in ways(file, "Write", kind):
        for read in ways(file, "Read", kind):
            data, result = mine(), numpy.zeros(COUNT)
            file.Seek(RANK * COUNT)
            write(data)
            assert file.Get_position() == (RANK + 1) * COUNT
            settle(file)
            file.Seek(RANK * COUNT)
            read(result)
            assert (result == data).all()
            WORLD.Barrier()


def test_the_shared_pointer(file):
    for write in ways(file, "Write", "_shared"):
        for read in ways(file, "Read", "_shared"):
            result = numpy.zeros(COUNT)
            file.Seek_shared(0)
            WORLD.Barrier()
            write(mine())
            settle(file)
            assert file.Get_position_shared() == SIZE * COUNT
            WORLD.Barrier()
            file.Seek_shared(0)
            read(result)
            ranks = WORLD.allgather(int(result[0]) // 10)
            assert sorted(ranks) == list(range(SIZE))


def test_the_order_of_ranks(file):
    for write in ways(file, "Write", "_ordered"):
        for read in ways(file, "Read", "_ordered"):
            result = numpy.zeros(COUNT)
            file.Seek_shared(0)
            write(mine())
            settle(file)
            file.Seek_shared(0)
            read(result)
            assert (result == mine()).all()


def test_a_status_counts(file):
    file.Write_at_all(RANK * COUNT, mine())
    settle(file)
    status = MPI.Status()
    file.Read_at(SIZE * COUNT - 2, numpy.zeros(COUNT), status)
    assert status.Get_count(MPI.DOUBLE) == 2


def test_views_interleave_ranks(file):
    blocks = MPI.DOUBLE.Create_vector(COUNT, 1, SIZE).Commit()
    file.Set_view(RANK * 8, MPI.DOUBLE, blocks)
    file.Write_all(mine())
    settle(file)
    disp, etype, filetype, name = file.Get_view()
    assert (disp, etype.size, filetype.size, name) == (RANK * 8, 8, 8 * COUNT, "native")
    filetype.Free()
    assert file.Get_byte_offset(2) == 8 * (RANK + 2 * SIZE)
    file.Set_view()
    everything = numpy.zeros(SIZE * COUNT)
    file.Read_at_all(0, everything)
    assert (everything.reshape(COUNT, SIZE)[:, RANK] == mine()).all()
    blocks.Free()


def test_names_of_files(path):
    for name in (path, str(path), os.fsencode(path)):
        MPI.File.Open(MPI.COMM_SELF, name, MODE).Close()
    for name in (3, None, bytearray(b"name")):
        with pytest.raises(TypeError):
            MPI.File.Open(MPI.COMM_SELF, name)
        with pytest.raises(TypeError):
            MPI.File.Delete(name)
    with pytest.raises(ValueError):
        MPI.File.Open(MPI.COMM_SELF, "zero\0byte")


@pytest.mark.parametrize("name, mode, error", [
    ("missing", MPI.MODE_RDONLY, MPI.ERR_NO_SUCH_FILE),
    ("new", MPI.MODE_RDONLY | MPI.MODE_WRONLY, MPI.ERR_AMODE),
])
def test_files_that_do_not_open(tmp_path, name, mode, error):
    with pytest.raises(MPI.Exception) as caught:
        MPI.File.Open(MPI.COMM_SELF, tmp_path / name, mode)
    assert caught.value.Get_error_class() == error


def test_a_file_that_is_opened_twice(path):
    """Two handles of one file know nothing of each other's pointer and end."""
    first, second = (MPI.File.Open(WORLD, path, MODE) for _ in range(2))
    data, result = mine(), numpy.zeros(COUNT)
    first.Write_at_all_begin(RANK * data.nbytes, data)
    first.Write_at_all_end(data)
    settle(first)
    assert second.Get_position() == 0
    first.Close()
    second.Read_at_all(RANK * data.nbytes, result)
    assert (result == data).all()
    second.Close()


def test_memory_must_be_writable(file):
    for kind in ("", "_all", "_at", "_at_all", "_shared", "_ordered"):
        args = (0, bytes(8)) if "_at" in kind else (bytes(8),)
        names = ["Read" + kind]
        if kind != "_ordered":
            names.append("Iread" + kind)
        if kind in ("_at_all", "_all", "_ordered"):
            names += ["Read" + kind + "_begin"]
        for name in names:
            with pytest.raises(BufferError):
                getattr(file, name)(*args)


def test_bad_arguments(file):
    one = numpy.zeros(1)
    for offset in (-1, 1 << 59):
        with pytest.raises(MPI.Exception):
            file.Write_at(offset, one)
    with pytest.raises(OverflowError):
        file.Write_at(1 << 70, one)
    for call in (lambda: file.Seek(-1), lambda: file.Seek(0, 99),
                 lambda: file.Get_byte_offset(-1),
                 lambda: file.Get_type_extent(MPI.DATATYPE_NULL)):
        with pytest.raises(MPI.Exception):
            call()
    for call in (lambda: file.Write(None), lambda: file.Read_at(0, 7),
                 lambda: file.Read(one, 3), lambda: file.Set_view(0, None),
                 lambda: file.Read_all_end(None)):
        with pytest.raises(TypeError):
            call()


def test_an_end_without_a_beginning(file):
    with pytest.raises(MPI.Exception):
        file.Read_all_end(numpy.zeros(1))


def test_a_closed_file(file):
    file.Close()
    assert file == MPI.FILE_NULL
    for call in (file.Close, file.Sync, file.Get_view, lambda: file.size,
                 lambda: file.group_size, lambda: file.Read(numpy.zeros(1)),
                 lambda: file.Iwrite(numpy.zeros(1)),
                 lambda: file.Read_all_begin(numpy.zeros(1))):
        with pytest.raises(MPI.Exception):
            call()


def test_free_closes(path):
    handle = MPI.File.Open(MPI.COMM_SELF, path, MODE)
    handle.free()
    assert handle == MPI.FILE_NULL


def test_sizes_and_properties(file):
    WORLD.Barrier()
    file.Set_size(40)
    assert file.size == 40
    WORLD.Barrier()
    file.Preallocate(80)
    assert file.Get_size() == 80
    assert file.amode == MODE
    assert (file.group_rank, file.group_size) == (RANK, SIZE)
    file.atomicity = True
    assert file.atomicity is True
    with pytest.raises(TypeError):
        file.info = {}
    with pytest.raises(AttributeError):
        file.size = 3


def test_subclasses_are_kept(path):
    class File(MPI.File):
        pass

    handle = File.Open(MPI.COMM_SELF, path, MODE)
    assert type(handle) is File
    handle.Close()


def test_a_data_representation_is_registered_once():
    name = "test-io-datarep-%d" % os.getpid()
    MPI.Register_datarep(name, None, None, lambda datatype: datatype.extent)
    with pytest.raises(MPI.Exception) as caught:
        MPI.Register_datarep(name, None, None, lambda datatype: datatype.extent)
    assert caught.value.Get_error_class() == MPI.ERR_DUP_DATAREP


@pytest.mark.skipif(SIZE < 2, reason="nobody to wait for")
def test_threads_run_while_a_rank_waits(file):
    """The others join the write after a thread of rank 0 has told them to."""
    if RANK == 0:
        def answer():
            for rank in range(1, SIZE):
                WORLD.send(None, rank, tag=7)

        thread = threading.Thread(target=answer)
        thread.start()
    else:
        WORLD.recv(source=0, tag=7)
    file.Write_ordered(mine())
    if RANK == 0:
        thread.join()
