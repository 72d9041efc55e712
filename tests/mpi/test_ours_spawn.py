"""Programs that start programs, where only the root knows what."""
import os
import pathlib
import sys

import pytest

from mpi4py import MPI

ARGS = [str(pathlib.Path(__file__).with_name("child.py")), ":".join(sys.path)]


def meet(intercomm, children):
    """What the children tell: how many they are, and how many arguments they got."""
    every = intercomm.Merge(False)
    told = []
    for _ in range(2):
        mine, all_of_them = bytearray([255]), bytearray(every.size)
        every.Gather([mine, MPI.BYTE], [all_of_them, 1, MPI.BYTE], root=0)
        told.append(list(all_of_them)[intercomm.size :])
    every.Free()
    assert intercomm.remote_size == children
    rank = intercomm.rank
    intercomm.Disconnect()
    return told if rank == 0 else [[children] * children, None]


def test_all_forms_of_a_command(comm):
    for command in (
        sys.executable,
        os.fsencode(sys.executable),
        pathlib.Path(sys.executable),
    ):
        child = MPI.COMM_SELF.Spawn(command, [*ARGS, b"bytes", pathlib.Path("path")])
        assert type(child) is MPI.Intercomm
        assert meet(child, 1) == [[1], [2]]


def test_only_the_root_says_what(comm):
    root, codes = comm.size - 1, [None] * 7
    if comm.rank == root:
        child = comm.Spawn(sys.executable, iter(ARGS), 2, root=root, errcodes=codes)
    else:
        child = comm.Spawn(None, None, -1, root=root, errcodes=codes)
    assert codes == [MPI.SUCCESS, MPI.SUCCESS]
    assert meet(child, 2)[0] == [2, 2]


def test_several_programs(comm):
    codes = []
    if comm.rank == 0:
        child = comm.Spawn_multiple(
            [sys.executable] * 2, [ARGS, [*ARGS, "more"]], [2, 1], errcodes=codes
        )
    else:
        child = comm.Spawn_multiple(None, errcodes=codes)
    assert codes == [[MPI.SUCCESS] * 2, [MPI.SUCCESS]]
    told = meet(child, 3)
    assert told[0] == [3, 3, 3]
    assert told[1] in (None, [0, 0, 1])


def test_wrong_arguments(comm):
    spawn, many = MPI.COMM_SELF.Spawn, MPI.COMM_SELF.Spawn_multiple
    for arguments in (
        (None,),
        (5,),
        ("x", 5),
        ("x", [5]),
        ("x", None, "a"),
        ("x", None, 1, None),
    ):
        with pytest.raises(TypeError):
            spawn(*arguments)
    with pytest.raises(ValueError):
        spawn("x\0y")
    for arguments in (
        (None,),
        (5,),
        ([5],),
        (["x"], 5),
        (["x"], [[5]]),
        (["x"], None, "a"),
        (["x"], None, 1, [5]),
        (["x"], None, 1, 5),
    ):
        with pytest.raises(TypeError):
            many(*arguments)
    for arguments in (
        ("x",),
        (b"x",),
        (["x"], [["a"], ["b"]]),
        (["x"], None, [1, 1]),
        (["x"], None, 1, [MPI.INFO_NULL] * 2),
    ):
        with pytest.raises(ValueError):
            many(*arguments)
