"""Topologies: which class they are, and what their makers refuse."""
import pytest

from mpi4py import MPI


@pytest.fixture
def topologies(comm):
    ring = [(comm.rank - 1) % comm.size, (comm.rank + 1) % comm.size]
    made = {
        MPI.Cartcomm: comm.Create_cart([comm.size], True),
        MPI.Graphcomm: comm.Create_graph(range(1, comm.size + 1), range(comm.size)),
        MPI.Distgraphcomm: comm.Create_dist_graph_adjacent(ring, ring),
    }
    yield made
    for topology in made.values():
        topology.Free()


def test_each_is_of_its_class(topologies):
    for kind, topology in topologies.items():
        assert type(topology) is kind
        assert type(MPI.Comm.fromhandle(topology.handle)) is kind
        assert type(MPI.Intracomm(topology)) is MPI.Intracomm
        for other in topologies:
            if other is not kind:
                with pytest.raises(TypeError):
                    other(topology)


def test_copies_keep_the_class_and_parts_do_not(topologies):
    for kind, topology in topologies.items():
        for make, expected in ((topology.Dup, kind), (topology.Split, MPI.Intracomm)):
            made = make()
            assert type(made) is expected
            made.Free()


def test_neighbours(topologies, comm):
    ring = [(comm.rank - 1) % comm.size, (comm.rank + 1) % comm.size]
    for kind, expected in (
        (MPI.Cartcomm, ring),
        (MPI.Graphcomm, [comm.rank]),
        (MPI.Distgraphcomm, ring),
    ):
        topology = topologies[kind]
        assert topology.degrees == (len(expected), len(expected))
        assert topology.inoutedges == (expected, expected)


def test_wrong_numbers_of_items(comm):
    for make, arguments in (
        (comm.Create_cart, ([1], [])),
        (comm.Cart_map, ([1], [True, True])),
        (comm.Create_dist_graph, ([0], [1], [0, 0])),
        (comm.Create_dist_graph, ([0], [1, 1], [0, 0])),
        (comm.Create_dist_graph, ([0], [1], [0], [1, 2])),
        (comm.Create_dist_graph, ([0], [-1], [])),
        (comm.Create_dist_graph, ([0], [1], [0], MPI.WEIGHTS_EMPTY)),
        (comm.Create_dist_graph_adjacent, ([0], [0], [1, 2], [1])),
    ):
        with pytest.raises(ValueError):
            make(*arguments)


def test_wrong_types(comm):
    for make, arguments in (
        (comm.Create_cart, (1,)),
        (comm.Create_cart, ([1.5],)),
        (comm.Create_graph, (None, None)),
        (comm.Create_dist_graph, (None, None, None)),
        (comm.Create_dist_graph_adjacent, ([0], [0], 5, 5)),
        (MPI.Topocomm, (comm,)),
    ):
        with pytest.raises(TypeError):
            make(*arguments)
    with pytest.raises(TypeError):
        MPI.Topocomm().degrees
