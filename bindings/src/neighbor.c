/* neighbor.c - neighbours, and the buffers of their collectives */
#include "bindings/src/neighbor.h"

#include "bindings/src/coll.h"
#include "bindings/src/error.h"

int neighbor_counts(MPI_Comm comm, int *sources, int *targets)
{
    int topology, rank, weighted;

    *sources = *targets = 0;
    if (mpi_check(MPI_Topo_test(comm, &topology)) < 0)
        return -1;
    switch (topology) {
    case MPI_CART:
        if (mpi_check(MPI_Cartdim_get(comm, sources)) < 0)
            return -1;
        *targets = *sources *= 2;
        return 0;
    case MPI_GRAPH:
        if (mpi_check(MPI_Comm_rank(comm, &rank)) < 0
            || mpi_check(MPI_Graph_neighbors_count(comm, rank, sources)) < 0)
            return -1;
        *targets = *sources;
        return 0;
    case MPI_DIST_GRAPH:
        return mpi_check(
            MPI_Dist_graph_neighbors_count(comm, sources, targets, &weighted));
    default:
        return 0; /* MPI says what is wrong */
    }
}

/* ------------------------------------------------------------ which ranks */
/* Each dimension has two neighbours: below and above. */
static int cart_source(MPI_Comm comm, int idx, int *rank)
{
    int below, above;

    if (mpi_check(MPI_Cart_shift(comm, idx / 2, 1, &below, &above)) < 0)
        return -1;
    *rank = idx % 2 ? above : below;
    return 0;
}

static int graph_sources(MPI_Comm comm, int count, int *ranks)
{
    int self;

    if (mpi_check(MPI_Comm_rank(comm, &self)) < 0)
        return -1;
    return mpi_check(MPI_Graph_neighbors(comm, self, count, ranks));
}

int neighbor_source(MPI_Comm comm, int idx, int *rank)
{
    int topology, sources, targets, *ranks, rc;

    if (mpi_check(MPI_Topo_test(comm, &topology)) < 0
        || neighbor_counts(comm, &sources, &targets) < 0)
        return -1;
    if (topology == MPI_CART)
        return cart_source(comm, idx, rank);
    if (!(ranks = PyMem_New(int, sources + targets))) {
        PyErr_NoMemory();
        return -1;
    }
    rc = topology == MPI_GRAPH
             ? graph_sources(comm, sources, ranks)
             : mpi_check(MPI_Dist_graph_neighbors(comm, sources, ranks, MPI_UNWEIGHTED,
                                                  targets, ranks + sources,
                                                  MPI_UNWEIGHTED));
    *rank = rc < 0 ? MPI_PROC_NULL : ranks[idx];
    PyMem_Free(ranks);
    return rc;
}

/* ------------------------------------------------------------ buffers */
/* Without IN_PLACE: a rank need not be its own neighbour. */
static int prepare(struct coll *coll, PyObject *send, PyObject *recv,
                   enum coll_form send_form, int send_blocks, enum coll_form recv_form,
                   int recv_blocks)
{
    if (coll_take(coll->recv, recv, BUFFER_WRITABLE, recv_form, recv_blocks) == 0
        && coll_take(coll->send, send, 0, send_form, send_blocks) == 0)
        return 0;
    coll_clear(coll);
    return -1;
}

/* Without neighbours MPI touches no memory, however many entries one block has. */
static int blocks_of(enum coll_form form, int neighbors)
{
    return form == COLL_SIMPLE && neighbors == 0 ? MESSAGE_UNUSED : neighbors;
}

int coll_neighbor_allgather(struct coll *coll, PyObject *send, PyObject *recv,
                            enum coll_form form)
{
    int sources, targets;

    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (neighbor_counts(coll->comm, &sources, &targets) < 0)
        return -1;
    return prepare(coll, send, recv, COLL_SIMPLE, 0, form, blocks_of(form, sources));
}

int coll_neighbor_alltoall(struct coll *coll, PyObject *send, PyObject *recv,
                           enum coll_form form)
{
    int sources, targets;

    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (neighbor_counts(coll->comm, &sources, &targets) < 0)
        return -1;
    return prepare(coll, send, recv, form, blocks_of(form, targets), form,
                   blocks_of(form, sources));
}
