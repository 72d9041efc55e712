"""Memory that MPI still uses stays, memory that it does not use goes."""
import array
import gc
import weakref

import pytest

from mpi4py import MPI

SELF = MPI.COMM_SELF


class Memory(array.array):
    """An array that can be watched."""


def memory(count=1000):
    return Memory("b", bytes(count))


def test_a_dropped_receive_keeps_its_memory():
    data = memory()
    alive = weakref.ref(data)
    request = SELF.Irecv(data, 0, 3)
    del request, data
    gc.collect()
    assert alive() is not None
    SELF.Send(b"\1" * 1000, 0, 3)
    assert alive()[999] == 1
    while alive() is not None:  # the next requests ask MPI about it
        SELF.Isend(b"", MPI.PROC_NULL).Wait()


def test_a_finished_request_lets_go():
    data = memory()
    alive = weakref.ref(data)
    request = SELF.Irecv(data, 0, 3)
    SELF.Send(b"\1" * 1000, 0, 3)
    request.Wait()
    del data
    assert alive() is None and not request


def test_copies_share_the_memory():
    data = memory()
    alive = weakref.ref(data)
    request = SELF.Irecv(data, 0, 3)
    copy = MPI.Request(request)
    del request, data
    SELF.Send(b"\1" * 1000, 0, 3)
    assert alive() is not None
    copy.Wait()
    assert alive() is None


def test_a_copy_that_saw_no_end():
    request = SELF.Irecv(memory(), 0, 3)
    copy = MPI.Request(request)
    SELF.Send(b"\1" * 1000, 0, 3)
    copy.Wait()
    del request  # holds a number that MPI has given to nobody, or to another
    SELF.sendrecv(1, 0, source=0)


def test_freed_requests_keep_their_memory():
    data = memory()
    alive = weakref.ref(data)
    request = SELF.Irecv(data, 0, 3)
    request.Free()
    assert not request
    del data
    assert alive() is not None
    SELF.Send(b"\1" * 1000, 0, 3)
    while alive() is not None:
        SELF.Isend(b"", MPI.PROC_NULL).Wait()


@pytest.mark.parametrize("spec", [0, -1, [None, 4], ["x"], [memory(), -1, MPI.BYTE]])
def test_failed_calls_release_the_memory(spec):
    data = bytearray(8)
    with pytest.raises((TypeError, ValueError, KeyError)):
        SELF.Sendrecv(data, 0, 0, spec, 0)
    data.extend(b"!")  # an exported bytearray cannot grow


def test_attached_memory_comes_back():
    data = bytearray(1 << 16)
    MPI.Attach_buffer(data)
    SELF.Bsend(b"abc", 0)
    got = bytearray(3)
    SELF.Recv(got, 0)
    assert got == b"abc"
    assert MPI.Detach_buffer() is data


def test_buffers_share_their_owner():
    whole = MPI.buffer.allocate(10, clear=True)
    part = whole[2:5]
    part[:] = b"abc"
    assert whole.tobytes() == b"\0\0abc\0\0\0\0\0"
    whole.release()
    assert len(whole) == 0 and part.tobytes() == b"abc"
    view = memoryview(part)
    part.release()
    assert view.tobytes() == b"abc"
