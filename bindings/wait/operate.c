/* operate.c - vectors of all members, reduced by a user's operation */
#include "bindings/wait/operate.h"

#include <stdio.h>
#include <stdlib.h>

#include "bindings/wait/layer.h"
#include "kernel/base/mem.h"

#define WHY 256

static _Thread_local char said[WHY];

EXPORT void mpiwait_op_failed(const char *why)
{
    snprintf(said, sizeof(said), "%s", why);
}

/* Memory for 'count' elements; 'at' is the address that MPI takes for it. */
struct room {
    char *memory, *at;
};

static int room_make(struct room *room, MPI_Count count, MPI_Datatype type)
{
    MPI_Count low, extent, true_low, true_extent;
    int rc;

    if ((rc = PMPI_Type_get_extent_c(type, &low, &extent)) != MPI_SUCCESS
        || (rc = PMPI_Type_get_true_extent_c(type, &true_low, &true_extent))
               != MPI_SUCCESS)
        return rc;
    if (extent < 0) { /* elements before the first one */
        true_low += (count - 1) * extent;
        extent = -extent;
    }
    room->memory = xcalloc(1, (size_t)((count - 1) * extent + true_extent) + 1);
    room->at = room->memory - true_low;
    return MPI_SUCCESS;
}

static int unpack(const struct operation *operation, int member, struct room *to)
{
    MPI_Count at = 0;

    return PMPI_Unpack_c(operation->vectors + (size_t)member * operation->stride,
                         (MPI_Count)operation->bytes, &at, to->at, operation->count,
                         operation->type, operation->comm);
}

static int pack(const struct operation *operation, const struct room *from, char *to)
{
    MPI_Count at = 0;

    return PMPI_Pack_c(from->at, operation->count, operation->type, to,
                       (MPI_Count)operation->bytes, &at, operation->comm);
}

/* 'sum' is that of the members before; 'next' becomes that with this one. */
static int add(const struct operation *operation, int member, struct room *sum,
               struct room *next)
{
    struct room old = *sum;
    int rc = unpack(operation, member, next);

    if (rc == MPI_SUCCESS && member > 0)
        rc = PMPI_Reduce_local_c(sum->at, next->at, operation->count, operation->type,
                                 operation->op);
    *sum = *next;
    *next = old;
    return rc == MPI_SUCCESS && said[0] ? MPI_ERR_OP : rc;
}

int operate(const struct operation *operation, char *results, bool prefixes,
            const char **why)
{
    struct room sum = { 0 }, next = { 0 };
    int rc;

    said[0] = '\0';
    if ((rc = room_make(&sum, operation->count, operation->type)) == MPI_SUCCESS)
        rc = room_make(&next, operation->count, operation->type);
    for (int i = 0; rc == MPI_SUCCESS && i < operation->members; i++) {
        rc = add(operation, i, &sum, &next);
        if (rc == MPI_SUCCESS && (prefixes || i == operation->members - 1)) {
            rc = pack(operation, &sum, results);
            results += operation->bytes;
        }
    }
    free(sum.memory);
    free(next.memory);
    *why = said;
    return rc;
}
