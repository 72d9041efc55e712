"""Point-to-point messages of buffers."""
import numpy
import pytest
from support import TYPES, error_class, ring

from mpi4py import MPI

CODES = sorted(TYPES)


@pytest.mark.parametrize("code", CODES)
def test_send_recv(comm, make, code):
    following, previous = ring(comm)
    sent, got = make.full(code, 9, comm.rank), make.full(code, 9, 99)
    request = comm.Irecv(got, source=previous, tag=1)
    assert comm.Send(sent, dest=following, tag=1) is None
    assert request.Wait() is True
    assert list(got) == [previous] * 9


@pytest.mark.parametrize("name", ["Send", "Ssend", "Rsend"])
def test_send_modes(comm, make, name):
    following, previous = ring(comm)
    sent, got = make.of("i", range(5)), make.full("i", 5)
    request = comm.Irecv(got, previous)
    comm.Barrier()  # a ready send needs its receive posted
    getattr(comm, name)(sent, following)
    request.Wait()
    assert list(got) == list(range(5))


@pytest.mark.parametrize("name", ["Isend", "Issend", "Irsend"])
def test_nonblocking_send_modes(comm, make, name):
    following, previous = ring(comm)
    sent, got = make.of("i", range(5)), make.full("i", 5)
    receive = comm.Irecv(got, previous)
    comm.Barrier()
    request = getattr(comm, name)(sent, following)
    receive.Wait()
    request.Wait()
    assert list(got) == list(range(5))
    assert request == MPI.REQUEST_NULL


@pytest.mark.parametrize("count", [0, 1, 7, 100_000])
def test_sizes(comm, make, count):
    following, previous = ring(comm)
    sent, got = make.full("d", count, 1.5), make.full("d", count)
    status = MPI.Status()
    request = comm.Isend(sent, following)
    assert comm.Recv(got, previous, MPI.ANY_TAG, status) is None
    request.Wait()
    assert list(got) == [1.5] * count
    assert status.Get_count(MPI.DOUBLE) == count
    assert status.Get_count() == 8 * count


FORMS = {
    "buf": lambda b: b,
    "list of one type": lambda b: [b, MPI.INT],
    "type code": lambda b: [b, "i"],
    "count": lambda b: [b, 6],
    "count, type": lambda b: [b, 6, MPI.INT],
    "tuple": lambda b: (b, 6, MPI.INT),
    "count and displacement": lambda b: [b, (6, 0)],
    "count, displacement, type": lambda b: [b, 6, 0, MPI.INT],
    "pair and type": lambda b: [b, (6, 0), "i"],
    "None for the count": lambda b: [b, None, MPI.INT],
}


@pytest.mark.parametrize("form", FORMS)
def test_message_forms(comm, make, form):
    following, previous = ring(comm)
    sent, got = make.of("i", range(6)), make.full("i", 6, -1)
    comm.Sendrecv(FORMS[form](sent), following, 0, FORMS[form](got), previous, 0)
    assert list(got) == list(range(6))


def test_counts_and_displacements(comm, make):
    following, previous = ring(comm)
    sent, got = make.of("i", range(6)), make.full("i", 6, -1)
    comm.Sendrecv(
        [sent, (2, 3), MPI.INT], following, recvbuf=[got, 2, 1, MPI.INT], source=previous
    )
    assert list(got) == [-1, 3, 4, -1, -1, -1]


def test_bytes_like(comm):
    following, previous = ring(comm)
    for sent in (b"abc", bytearray(b"abc"), memoryview(b"abc")):
        got = bytearray(3)
        comm.Sendrecv(sent, following, recvbuf=got, source=previous)
        assert got == b"abc"


def test_other_type_than_the_buffers(comm):
    following, previous = ring(comm)
    sent, got = numpy.arange(4, dtype="i4"), bytearray(16)
    comm.Sendrecv([sent, MPI.BYTE], following, recvbuf=got, source=previous)
    assert got == sent.tobytes()


def test_nothing_at_all(comm):
    following, previous = ring(comm)
    comm.Sendrecv(
        [None, 0, MPI.INT], following, recvbuf=[None, 0, MPI.INT], source=previous
    )
    comm.Sendrecv([MPI.BOTTOM, 0, MPI.INT], following, recvbuf=[None, "B"], source=previous)


def test_proc_null(comm):
    null, status = MPI.PROC_NULL, MPI.Status()
    assert comm.Send(None, null) is None
    assert comm.Recv(None, null, status=status) is None
    assert status.source == null and status.Get_count() == 0
    comm.Sendrecv(None, null, recvbuf=None, source=null)
    comm.Isend(None, null).Wait()
    comm.Irecv(None, null).Wait()


def test_sendrecv_by_position(comm, make):
    following, previous = ring(comm)
    sent, got = make.full("i", 1, comm.rank), make.full("i", 1)
    status = MPI.Status()
    assert comm.Sendrecv(sent, following, 3, got, previous, 3, status) is None
    assert got[0] == previous
    assert (status.source, status.tag) == (previous, 3)


def test_fortran_order(comm):
    following, previous = ring(comm)
    sent = numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3))
    got = numpy.zeros((2, 3), order="F")
    comm.Sendrecv(sent, following, recvbuf=got, source=previous)
    assert (got == sent).all()


def test_wildcards(comm, make):
    following, previous = ring(comm)
    sent, got = make.full("i", 1, comm.rank), make.full("i", 1)
    request = comm.Isend(sent, following, tag=12)
    status = MPI.Status()
    comm.Recv(got, MPI.ANY_SOURCE, MPI.ANY_TAG, status)
    request.Wait()
    assert status.Get_source() == previous and status.Get_tag() == 12


def test_what_is_no_buffer(comm):
    for call in (
        lambda: comm.Send(object(), 0),
        lambda: comm.Send("text", 0),
        lambda: comm.Send(3, 0),
        lambda: comm.Recv(None, 0),
        lambda: comm.Send(None, 0),
        lambda: comm.Isend({}, 0),
        lambda: comm.Send([b"a", 1, 0, MPI.BYTE, None], 0),
        lambda: comm.Send([], 0),
    ):
        with pytest.raises((TypeError, ValueError)):
            call()


def test_receive_into_what_is_read_only(comm):
    for call in (comm.Recv, comm.Irecv):
        with pytest.raises(BufferError):
            call(b"abc", 0)


def test_not_contiguous(comm):
    with pytest.raises((BufferError, ValueError)):
        comm.Send(numpy.zeros(10)[::2], 0)


def test_messages_that_do_not_fit(comm):
    data = numpy.zeros(4, dtype="i")
    for spec in (
        [data, 4, -1, MPI.INT],
        [data, (1, 5), MPI.INT],
        [data, -1, MPI.INT],
        [bytearray(5), MPI.INT],
    ):
        with pytest.raises(ValueError):
            comm.Send(spec, 0)


def test_unknown_type_code(comm):
    with pytest.raises(KeyError):
        comm.Send([b"a", "nonsense"], 0)
    with pytest.raises((KeyError, BufferError)):
        comm.Send(numpy.zeros(2, dtype=[("a", "i4"), ("b", "f8")]), 0)


def test_other_byte_order(comm):
    with pytest.raises((BufferError, ValueError, KeyError)):
        comm.Send(numpy.zeros(2, dtype=">i4"), 0)


@pytest.mark.parametrize("name", ["Send", "Ssend", "Isend", "Issend"])
def test_wrong_ranks_and_tags(comm, name):
    call, data = getattr(comm, name), bytearray(1)
    assert error_class(call, data, comm.size) == MPI.ERR_RANK
    assert error_class(call, data, -7) == MPI.ERR_RANK
    assert error_class(call, data, 0, -7) == MPI.ERR_TAG
    assert error_class(comm.Recv, data, comm.size) == MPI.ERR_RANK
    assert error_class(comm.Irecv, data, comm.size) == MPI.ERR_RANK


def test_wrong_arguments(comm):
    data = bytearray(1)
    for call in (
        lambda: comm.Send(),
        lambda: comm.Send(data),
        lambda: comm.Send(data, 0, 0, 0),
        lambda: comm.Send(data, dst=0),
        lambda: comm.Send(data, None),
        lambda: comm.Send(data, "0"),
        lambda: comm.Send(data, 0, dest=0),
        lambda: comm.Recv(data, status=1),
        lambda: comm.Sendrecv(data),
    ):
        with pytest.raises(TypeError):
            call()


def test_truncated(comm):
    following, previous = ring(comm)
    request = comm.Isend(bytes(100), following)
    assert error_class(comm.Recv, bytearray(10), previous) == MPI.ERR_TRUNCATE
    request.Wait()


def test_null_communicator():
    comm, data = MPI.COMM_NULL, bytearray(1)
    for name in ("Send", "Isend", "Recv", "Irecv"):
        assert error_class(getattr(comm, name), data, 0) == MPI.ERR_COMM


def test_arrays_of_every_dtype(comm):
    following, previous = ring(comm)
    for code in "?bhilqBHILQfdgFDG":
        sent = numpy.ones(3, dtype=code)
        got = numpy.zeros(3, dtype=code)
        comm.Sendrecv(sent, following, recvbuf=got, source=previous)
        assert (got == sent).all(), code


def test_dates(comm):
    following, previous = ring(comm)
    sent = numpy.arange(3)
    got = numpy.zeros(3, dtype=sent.dtype)
    comm.Sendrecv([sent, "m8"], following, recvbuf=[got, "M8"], source=previous)
    assert (got == sent).all()
