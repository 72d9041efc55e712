"""Persistent requests: their memory lives as long as MPI may use it, and no longer."""
import sys

from support import ring

from mpi4py import MPI


def is_held(memory, before):
    return sys.getrefcount(memory) > before + 1  # one is the argument


def release_orphans(comm):
    """A new request asks what has become of those that were dropped."""
    comm.Isend(b"", MPI.PROC_NULL).Wait()


def test_memory_is_held_between_two_starts(comm):
    following, previous = ring(comm)
    memory = bytearray(4)
    before = sys.getrefcount(memory)
    request = comm.Recv_init(memory, previous)
    for turn in range(3):
        assert is_held(memory, before)
        request.Start()
        comm.Send(b"ab%02d" % turn, following)
        request.Wait()
        assert memory == b"ab%02d" % turn
    request.Free()
    assert not is_held(memory, before)


def test_dropped_while_inactive(comm):
    memory = bytearray(4)
    before = sys.getrefcount(memory)
    comm.Recv_init(memory, comm.rank)
    comm.Send_init(memory, comm.rank)
    assert not is_held(memory, before)


def test_dropped_while_active(comm):
    following, previous = ring(comm)
    memory = bytearray(4)
    before = sys.getrefcount(memory)
    request = comm.Recv_init(memory, previous)
    request.Start()
    del request
    release_orphans(comm)
    assert is_held(memory, before)
    comm.Barrier()
    comm.Send(b"late", following)
    while is_held(memory, before):
        release_orphans(comm)
    assert memory == b"late"


def test_freed_while_active(comm):
    following, previous = ring(comm)
    memory = bytearray(4)
    request = comm.Recv_init(memory, previous)
    copy = MPI.Prequest(request)
    request.Start()
    request.Free()
    assert not request
    comm.Barrier()
    comm.Send(b"late", following)
    while memory != b"late":
        release_orphans(comm)
    del copy
    release_orphans(comm)


def test_one_who_knows_the_number_may_start_it(comm):
    """So the memory stays."""
    memory = bytearray(4)
    request = comm.Recv_init(memory, comm.rank)
    number = request.handle
    del request
    again = MPI.Prequest.fromhandle(number)
    again.Start()
    comm.Send(b"four", comm.rank)
    again.Wait()
    assert memory == b"four"
    again.Free()
