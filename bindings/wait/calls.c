/* calls.c - MPI's collectives: blocking, nonblocking and persistent, both twins
 *
 * Made of the table in collectives.h.  A blocking one goes the way of
 * collective.h; the others only count, because their order against the blocking
 * ones must agree on all members.
 */
#include "bindings/wait/bcast.h"
#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"

static int counted(int rc, MPI_Comm comm)
{
    if (rc == MPI_SUCCESS)
        comm_count(comm);
    return rc;
}

/* MPI's own are not right everywhere; one takes both sizes of counts. */
#define PMPI_Ibcast bcast_start
#define PMPI_Ibcast_c bcast_start
#define PMPI_Bcast_init bcast_init
#define PMPI_Bcast_init_c bcast_init

#define PASS(...) __VA_ARGS__
#define COLLECTIVE(name, iname, side, params, args, ...)                               \
    EXPORT int TWIN(MPI_##name)(PASS params)                                           \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name, __VA_ARGS__ };                 \
        struct collective collective;                                                  \
                                                                                       \
        if (!collective_begin(&collective, comm, &call))                               \
            return TWIN(PMPI_##name)(PASS args);                                       \
        if (collective_may_start(&collective))                                         \
            collective.rc = TWIN(PMPI_##iname)(PASS args, &collective.request);        \
        return collective_end(&collective);                                            \
    }                                                                                  \
    EXPORT int TWIN(MPI_##iname)(PASS params, MPI_Request * request)                   \
    {                                                                                  \
        return counted(TWIN(PMPI_##iname)(PASS args, request), comm);                  \
    }                                                                                  \
    EXPORT int TWIN(MPI_##name##_init)(PASS params, MPI_Info info,                     \
                                       MPI_Request * request)                          \
    {                                                                                  \
        return counted(TWIN(PMPI_##name##_init)(PASS args, info, request), comm);      \
    }

#define COUNT int
#define DISPL int
#define TWIN(name) name
#include "bindings/wait/collectives.h"
#undef COUNT
#undef DISPL
#undef TWIN

#define COUNT MPI_Count
#define DISPL MPI_Aint
#define TWIN(name) name##_c
#include "bindings/wait/collectives.h"

/* Having met is all that a barrier is. */
EXPORT int MPI_Barrier(MPI_Comm comm)
{
    const struct call call = { .kind = CALL_Barrier };
    struct collective collective;

    if (!collective_begin(&collective, comm, &call))
        return PMPI_Barrier(comm);
    if (!collective_may_start(&collective) || collective.comm->way == COMM_PLACE)
        return collective.rc;
    collective.rc = PMPI_Ibarrier(comm, &collective.request);
    return collective_end(&collective);
}

EXPORT int MPI_Ibarrier(MPI_Comm comm, MPI_Request *request)
{
    return counted(PMPI_Ibarrier(comm, request), comm);
}

EXPORT int MPI_Barrier_init(MPI_Comm comm, MPI_Info info, MPI_Request *request)
{
    return counted(PMPI_Barrier_init(comm, info, request), comm);
}

EXPORT int MPI_Comm_idup(MPI_Comm comm, MPI_Comm *newcomm, MPI_Request *request)
{
    return counted(PMPI_Comm_idup(comm, newcomm, request), comm);
}

EXPORT int MPI_Comm_idup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm *newcomm,
                                   MPI_Request *request)
{
    return counted(PMPI_Comm_idup_with_info(comm, info, newcomm, request), comm);
}
