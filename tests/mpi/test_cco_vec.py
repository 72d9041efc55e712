"""Collectives of buffers of different size: the v forms."""
import numpy
import pytest

from mpi4py import MPI


@pytest.fixture
def counts(comm):
    return [r + 1 for r in range(comm.size)]


@pytest.fixture
def displs(counts):
    """With a gap of one item before each block."""
    return [sum(counts[:r]) + r + 1 for r in range(len(counts))]


def blocks(counts):
    return [r for r, n in enumerate(counts) for _ in range(n)]


def spread(counts, displs, fill=-1):
    """The blocks, with gaps."""
    result = [fill] * (displs[-1] + counts[-1])
    for r, (count, displ) in enumerate(zip(counts, displs)):
        result[displ : displ + count] = [r] * count
    return result


def test_gatherv(comm, make, counts, displs):
    sent = make.full("i", counts[comm.rank], comm.rank)
    for root in range(comm.size):
        is_root = comm.rank == root
        got = make.full("i", sum(counts), -1) if is_root else None
        spec = [got, counts] if is_root else None
        assert comm.Gatherv(sent, spec, root=root) is None
        if is_root:
            assert list(got) == blocks(counts)
        got = make.full("i", displs[-1] + counts[-1], -1) if is_root else None
        spec = [got, (counts, displs), MPI.INT] if is_root else None
        comm.Gatherv(sent, spec, root)
        if is_root:
            assert list(got) == spread(counts, displs)


def test_scatterv(comm, make, counts, displs):
    for root in range(comm.size):
        sent = make.of("i", spread(counts, displs))
        spec = [sent, counts, displs, MPI.INT] if comm.rank == root else None
        got = make.full("i", counts[comm.rank], -1)
        assert comm.Scatterv(spec, got, root=root) is None
        assert list(got) == [comm.rank] * counts[comm.rank]


def test_allgatherv(comm, make, counts, displs):
    sent = make.full("i", counts[comm.rank], comm.rank)
    got = make.full("i", sum(counts), -1)
    assert comm.Allgatherv(sent, [got, counts]) is None
    assert list(got) == blocks(counts)
    got = make.full("i", displs[-1] + counts[-1], -1)
    comm.Allgatherv(sent, [got, counts, displs, "i"])
    assert list(got) == spread(counts, displs)


def test_allgatherv_in_place(comm, make, counts):
    data = make.of("i", [r if r == comm.rank else -1 for r in blocks(counts)])
    comm.Allgatherv(MPI.IN_PLACE, [data, counts])
    assert list(data) == blocks(counts)


def test_alltoallv(comm, make, counts):
    sent = make.full("i", sum(counts), comm.rank)
    mine = counts[comm.rank]
    got = make.full("i", mine * comm.size, -1)
    assert comm.Alltoallv([sent, counts], [got, [mine] * comm.size]) is None
    assert list(got) == [r for r in range(comm.size) for _ in range(mine)]


def test_alltoallv_in_place(comm, make):
    data = make.of("i", [10 * comm.rank + r for r in range(comm.size)])
    comm.Alltoallv(MPI.IN_PLACE, [data, 1])
    assert list(data) == [10 * r + comm.rank for r in range(comm.size)]


def test_counts_that_follow_from_the_size(comm, make):
    """Without counts, blocks are as even as possible, the first ones larger."""
    total = 2 * comm.size + 1
    even = [total // comm.size + (r < total % comm.size) for r in range(comm.size)]
    sent = make.full("i", even[comm.rank], comm.rank)
    got = make.full("i", total, -1)
    comm.Allgatherv(sent, got)
    assert list(got) == blocks(even)


def test_one_count_and_one_stride_for_all(comm, make):
    sent = make.full("i", 2, comm.rank)
    got = make.full("i", 3 * comm.size, -1)
    comm.Allgatherv(sent, [got, (2, 3)])
    assert list(got) == [v for r in range(comm.size) for v in (r, r, -1)]
    got = make.full("i", 2 * comm.size, -1)
    comm.Allgatherv(sent, [got, 2, MPI.INT])
    assert list(got) == [r for r in range(comm.size) for _ in range(2)]


def test_lists_in_every_form(comm, make, counts):
    sent = make.full("i", counts[comm.rank], comm.rank)
    displs = [sum(counts[:r]) for r in range(comm.size)]
    for form in (
        lambda b: [b, counts],
        lambda b: [b, (counts, None)],
        lambda b: [b, (counts, displs)],
        lambda b: [b, counts, MPI.INT],
        lambda b: [b, counts, displs, MPI.INT],
        lambda b: [b, counts, None, "i"],
        lambda b: (b, numpy.array(counts), numpy.array(displs), MPI.INT),
    ):
        got = make.full("i", sum(counts), -1)
        comm.Allgatherv(sent, form(got))
        assert list(got) == blocks(counts)


def test_wrong_counts(comm, make, counts):
    data = make.full("i", sum(counts))
    sent = make.full("i", 1)
    with pytest.raises((ValueError, TypeError)):
        comm.Allgatherv(sent, [data, [1] * (comm.size + 1)])
    with pytest.raises(TypeError):
        comm.Allgatherv(sent, [data, "i", [1] * comm.size, None])
    with pytest.raises(TypeError):
        comm.Allgatherv(sent, object())
    with pytest.raises((TypeError, ValueError)):
        comm.Allgatherv(sent, None)
