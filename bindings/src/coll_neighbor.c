/* coll_neighbor.c - the buffers of a collective among neighbours */
#include "bindings/src/coll.h"
#include "bindings/src/neighbors.h"

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
    if (neighbors_count(coll->comm, &sources, &targets) < 0)
        return -1;
    return prepare(coll, send, recv, COLL_SIMPLE, 0, form, blocks_of(form, sources));
}

int coll_neighbor_alltoall(struct coll *coll, PyObject *send, PyObject *recv,
                           enum coll_form form)
{
    int sources, targets;

    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (neighbors_count(coll->comm, &sources, &targets) < 0)
        return -1;
    return prepare(coll, send, recv, form, blocks_of(form, targets), form,
                   blocks_of(form, sources));
}
