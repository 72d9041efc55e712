"""Arrays without the buffer protocol: DLPack and the CUDA Array Interface."""

import gc
import sys
import weakref

import numpy
import pytest
from mpi4py import MPI

SELF = MPI.COMM_SELF


class Producer:
    """DLPack of a NumPy array; counts what is still out."""

    def __init__(self, data, **kwds):
        self.data, self.kwds = data, kwds

    def __dlpack_device__(self):
        return self.kwds.get("device", self.data.__dlpack_device__())

    def __dlpack__(self, **kwds):
        return self.data.__dlpack__(**kwds)


class Interface:
    def __init__(self, data, /, **changes):
        self.data = data
        self.__cuda_array_interface__ = {
            "version": 3, "typestr": data.dtype.str, "shape": data.shape,
            "data": (data.ctypes.data, False), **changes}


def numbers():
    return numpy.arange(6, dtype="d")


@pytest.mark.parametrize("wrap", [Producer, Interface])
def test_a_message_gives_everything_back(wrap):
    source, sink = numbers(), numpy.zeros(6)
    held = sys.getrefcount(source), sys.getrefcount(sink)
    for _ in range(5):
        SELF.Sendrecv(wrap(source), 0, 0, wrap(sink), 0, 0)
    assert (source == sink).all()
    assert (sys.getrefcount(source), sys.getrefcount(sink)) == held


@pytest.mark.parametrize("wrap", [Producer, Interface])
@pytest.mark.parametrize("spec", [
    lambda a: [a, 7, MPI.DOUBLE], lambda a: [a, "zz"], lambda a: [a, (1, 9), "d"],
    lambda a: [a, None, 3], lambda a: [a, 1.5], lambda a: [a, -1]])
def test_a_refused_message_gives_everything_back(wrap, spec):
    data = numbers()
    held = sys.getrefcount(data)
    for _ in range(5):
        with pytest.raises((TypeError, ValueError, KeyError)):
            SELF.Bcast(spec(wrap(data)))
    gc.collect()
    assert sys.getrefcount(data) == held


@pytest.mark.parametrize("wrap", [Producer, Interface])
def test_a_pending_request_keeps_the_array(wrap):
    sink = wrap(numpy.zeros(6))
    alive = weakref.ref(sink.data)
    request = SELF.Irecv(sink, 0)
    del sink
    assert alive() is not None
    SELF.Send(numbers(), 0)
    request.Wait()
    assert alive() is None


@pytest.mark.parametrize("wrap", [Producer, Interface])
def test_a_buffer_keeps_the_array(wrap):
    array = wrap(numbers())
    alive = weakref.ref(array.data)
    buf = MPI.buffer(array)[8:16].toreadonly()
    del array
    assert alive() is not None
    assert buf.nbytes == 8
    del buf
    assert alive() is None


def test_device_memory_is_for_mpi_only():
    source, sink = numbers(), numpy.zeros(6)
    send, recv = MPI.buffer(Interface(source)), MPI.buffer(Interface(sink))
    SELF.Sendrecv([send, "d"], 0, 0, [recv[:], "d"], 0, 0)
    assert (source == sink).all()
    for look in (lambda: send[0], send.tobytes, lambda: bytes(send), lambda: memoryview(send),
                 lambda: list(send), lambda: recv.__setitem__(0, 1),
                 lambda: MPI.buffer(bytearray(48)).__setitem__(slice(None), send)):
        with pytest.raises(BufferError):
            look()


@pytest.mark.parametrize("changes, error", [
    ({"shape": (2**40, 2**40)}, BufferError), ({"shape": (-1,)}, BufferError),
    ({"shape": (2**63,)}, OverflowError), ({"shape": (1,) * 65}, BufferError),
    ({"data": (0, False)}, BufferError), ({"data": (1, True)}, BufferError),
    ({"strides": (2**62,)}, BufferError), ({"strides": (-8,)}, BufferError),
    ({"typestr": "<d" + "9" * 30}, OverflowError), ({"typestr": "<f-8"}, ValueError),
    ({"mask": 1}, BufferError), ({"typestr": ">f8"}, BufferError)])
def test_a_wrong_interface_is_refused(changes, error):
    with pytest.raises(error):
        SELF.Recv(Interface(numbers(), **changes), 0)


@pytest.mark.parametrize("device, error", [
    (None, TypeError), ((1,), ValueError), (("x", 0), TypeError), ((-1, 0), OverflowError),
    ((2**40, 0), OverflowError)])
def test_a_wrong_device_is_refused(device, error):
    with pytest.raises(error):
        SELF.Recv(Producer(numbers(), device=device), 0)


def test_a_scattered_or_constant_array_is_no_place_to_receive():
    constant = numbers()
    constant.flags.writeable = False
    for data in (numbers()[::2], constant):
        with pytest.raises(BufferError):
            SELF.Recv(Producer(data), 0)


@pytest.mark.parametrize("call", [
    lambda a: SELF.Bcast([a, 7, MPI.DOUBLE]), lambda a: SELF.Bcast([a, 2**62, "d"]),
    lambda a: SELF.Bcast([a, (3, 4), "d"]), lambda a: SELF.Alltoallv([a, [7], "d"], a.copy()),
    lambda a: SELF.Alltoallv([a, ([1], [-1]), "d"], a.copy()),
    lambda a: SELF.Alltoallv([a, ([1], [2**62]), "d"], a.copy()),
    lambda a: SELF.Alltoallw([a, [7], [0], [MPI.DOUBLE]], [a.copy(), [6], [0], [MPI.DOUBLE]])])
def test_a_message_stays_in_its_memory(call):
    with pytest.raises(ValueError):
        call(numbers())


def test_only_what_was_allocated_is_freed():
    mem = MPI.Alloc_mem(16)
    part = mem[:]
    for other in (MPI.buffer(b"bytes"), MPI.buffer(), mem[1:]):
        with pytest.raises(ValueError):
            MPI.Free_mem(other)
    MPI.Free_mem(mem)
    with pytest.raises(ValueError):
        MPI.Free_mem(part)


def test_packing_stays_in_its_memory():
    data = numpy.zeros(3, "i")
    for position in (-1, 13, 2**62):
        with pytest.raises(ValueError):
            MPI.INT.Pack(data, bytearray(12), position, SELF)
        with pytest.raises(ValueError):
            MPI.INT.Unpack(bytes(12), position, data, SELF)
    for call in (lambda: MPI.INT.Pack_external("external32", data, bytearray(12), 4),
                 lambda: MPI.INT.Unpack_external("external32", bytes(12), 4, data)):
        with pytest.raises(ValueError):
            call()
