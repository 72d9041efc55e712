"""Object collectives among neighbours of which one fails."""
import pytest

from mpi4py import MPI


class Unwilling:
    def __reduce__(self):
        raise ZeroDivisionError


def topologies(comm):
    rank, size = comm.rank, comm.size
    yield comm.Create_cart([size], periods=[True])
    yield comm.Create_graph(
        [2 * (r + 1) for r in range(size)],
        [n for r in range(size) for n in ((r - 1) % size, (r + 1) % size)],
    )
    yield comm.Create_dist_graph_adjacent([(rank - 1) % size], [(rank + 1) % size])


@pytest.mark.parametrize("name", ["neighbor_allgather", "neighbor_alltoall"])
def test_only_the_neighbours_of_who_fails_raise(comm, name):
    for topo in topologies(comm):
        call = getattr(topo, name)
        obj = Unwilling() if topo.rank == 0 else topo.rank
        obj = obj if name == "neighbor_allgather" else [obj] * topo.outdegree
        if topo.rank == 0:
            with pytest.raises(ZeroDivisionError):
                call(obj)
        elif 0 in topo.inedges:
            with pytest.raises(MPI.PeerError, match="rank 0 raised"):
                call(obj)
        else:
            assert call(obj) == list(topo.inedges)
        again = topo.rank if name == "neighbor_allgather" else [topo.rank] * topo.outdegree
        assert call(again) == list(topo.inedges)
        topo.Free()
