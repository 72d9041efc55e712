"""Communicators, where mpi4py trusts its caller or promises less."""
import gc
import weakref

import pytest

from mpi4py import MPI


def test_mpi_writes_into_an_object_that_lives(comm):
    """Until the duplicate is made, whoever has forgotten it."""
    copy, request = comm.Idup()
    alive = weakref.ref(copy)
    del copy, request
    gc.collect()
    while comm.allreduce(alive() is not None, MPI.LOR):
        comm.isend(None, comm.rank)  # the layer asks about what was forgotten
        comm.recv(source=comm.rank)


def test_two_groups_agree(comm):
    """mpi4py tells each group what the other one agreed on."""
    if comm.size < 2:
        return
    low = comm.rank == 0
    half = comm.Split(low)
    inter = half.Create_intercomm(0, comm, int(low), 1)
    assert inter.Agree(0b101 if low else 0b110) == 0b100
    assert type(inter.Split(0, 0)) is MPI.Intercomm
    inter.Free()
    half.Free()


def test_an_index_beyond_the_edges(comm):
    for make in (comm.Create_graph, comm.Graph_map):
        with pytest.raises(ValueError):
            make([2**30], [0])


def test_a_root_that_starts_nothing(comm):
    """The others do not wait for it: they hear that its arguments were wrong."""
    for call in (comm.Spawn, comm.Spawn_multiple):
        with pytest.raises(TypeError if comm.rank == 0 else RuntimeError):
            call(5)


def test_an_argument_of_several_lines(comm):
    """mpiexec's protocol has lines: it would end the job."""
    with pytest.raises(ValueError):
        MPI.COMM_SELF.Spawn("x", ["one\ntwo"])


def test_error_codes_go_into_a_list(comm):
    for call in (MPI.COMM_SELF.Spawn, MPI.COMM_SELF.Spawn_multiple):
        with pytest.raises(TypeError):
            call("x", errcodes=())


def test_an_operand_that_cannot_cross(comm):
    """Both groups hear of it."""
    if comm.size < 2:
        return
    half = comm.Split(comm.rank == 0)
    inter = half.Create_intercomm(0, comm, int(comm.rank == 0), 1)
    for last in range(comm.size):
        value = (lambda: 0) if comm.rank == last else 1
        with pytest.raises(Exception) as caught:
            inter.allreduce(value)
        assert (caught.type is MPI.PeerError) == (comm.rank != last)
    assert inter.allreduce(1) == inter.remote_size
    inter.Free()
    half.Free()


@pytest.mark.parametrize("rank", [-5, -1, 2**31 - 1])
def test_distributed_graph_of_nobody(comm, rank):
    """MPICH would end the process."""
    for sources, destinations in (([rank], [0]), ([0], [rank])):
        with pytest.raises(ValueError, match=f"is {rank}, but"):
            comm.Create_dist_graph(sources, [1], destinations)
