/* bcast.c - nonblocking broadcasts, right between groups too */
#include "bindings/wait/bcast.h"

#include <stddef.h>

#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "kernel/base/mem.h"

/* Where a plain broadcast would go wrong; NULL: nowhere. */
static struct comm *find_intercomm(MPI_Comm handle)
{
    struct comm *comm = layer_is_on() ? comm_of(handle) : NULL;

    return comm && comm->members.is_inter ? comm : NULL;
}

/* The whole buffer is one block, so that counts and displacements are the same for
 * all broadcasts: MPI may read them until a request is done. */
static int block_init(struct comm *comm, MPI_Count count, MPI_Datatype type,
                      MPI_Datatype *block)
{
    int size = comm->members.size, rc, idx;

    if (!comm->ones) {
        comm->ones = xcalloc((size_t)size, sizeof(*comm->ones));
        comm->zeros = xcalloc((size_t)size, sizeof(*comm->zeros));
        for (idx = 0; idx < size; idx++)
            comm->ones[idx] = 1;
    }
    if ((rc = PMPI_Type_contiguous_c(count, type, block)) != MPI_SUCCESS)
        return rc;
    return PMPI_Type_commit(block);
}

/* Nobody receives an empty block, so it must not be sent: the root does what
 * the others of its group do: nothing. */
static int root_of(int root, MPI_Count count)
{
    return root == MPI_ROOT && count == 0 ? MPI_PROC_NULL : root;
}

int bcast_start(void *buf, MPI_Count count, MPI_Datatype type, int root,
                MPI_Comm handle, MPI_Request *request)
{
    struct comm *comm = find_intercomm(handle);
    MPI_Datatype block;
    int rc;

    if (!comm)
        return PMPI_Ibcast_c(buf, count, type, root, handle, request);
    root = root_of(root, count);
    if (root != MPI_ROOT)
        return PMPI_Iscatterv_c(NULL, NULL, NULL, MPI_BYTE, buf, count, type, root,
                                handle, request);
    if ((rc = block_init(comm, count, type, &block)) != MPI_SUCCESS)
        return rc;
    rc = PMPI_Iscatterv_c(buf, comm->ones, comm->zeros, block, NULL, 0, MPI_BYTE, root,
                          handle, request);
    PMPI_Type_free(&block);
    return rc;
}

int bcast_init(void *buf, MPI_Count count, MPI_Datatype type, int root, MPI_Comm handle,
               MPI_Info info, MPI_Request *request)
{
    struct comm *comm = find_intercomm(handle);
    MPI_Datatype block;
    int rc;

    if (!comm)
        return PMPI_Bcast_init_c(buf, count, type, root, handle, info, request);
    root = root_of(root, count);
    if (root != MPI_ROOT)
        return PMPI_Scatterv_init_c(NULL, NULL, NULL, MPI_BYTE, buf, count, type, root,
                                    handle, info, request);
    if ((rc = block_init(comm, count, type, &block)) != MPI_SUCCESS)
        return rc;
    rc = PMPI_Scatterv_init_c(buf, comm->ones, comm->zeros, block, NULL, 0, MPI_BYTE,
                              root, handle, info, request);
    PMPI_Type_free(&block);
    return rc;
}
