/* create.c - collectives that make a communicator
 *
 * The members of the parent meet; then the duplicate is made by its nonblocking
 * form and the others by MPI's own call, which all members are known to enter; at
 * last the members of the result agree on its place.
 */
#include <stddef.h>

#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"

static int adopt(int rc, const MPI_Comm *handle)
{
    struct comm *comm;

    if (rc != MPI_SUCCESS || *handle == MPI_COMM_NULL || !(comm = comm_of(*handle)))
        return rc;
    return comm_settle(comm, true);
}

EXPORT int MPI_Comm_dup(MPI_Comm comm, MPI_Comm *newcomm)
{
    const struct call call = { .kind = CALL_Comm_dup };
    struct collective collective;

    if (!collective_begin(&collective, comm, &call))
        return PMPI_Comm_dup(comm, newcomm);
    if (collective_may_start(&collective))
        collective.rc = PMPI_Comm_idup(comm, newcomm, &collective.request);
    return adopt(collective_end(&collective), newcomm);
}

EXPORT int MPI_Comm_dup_with_info(MPI_Comm comm, MPI_Info info, MPI_Comm *newcomm)
{
    const struct call call = { .kind = CALL_Comm_dup_with_info };
    struct collective collective;

    if (!collective_begin(&collective, comm, &call))
        return PMPI_Comm_dup_with_info(comm, info, newcomm);
    if (collective_may_start(&collective))
        collective.rc =
            PMPI_Comm_idup_with_info(comm, info, newcomm, &collective.request);
    return adopt(collective_end(&collective), newcomm);
}

/* 'good': the arguments that MPI would refuse here alone; the others would be
 * inside then.  Let it refuse them before the members meet. */
#define CREATE(name, good, params, args)                                               \
    EXPORT int MPI_##name params                                                       \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name };                              \
        struct collective collective;                                                  \
                                                                                       \
        if (!(good) || !collective_begin(&collective, comm, &call))                    \
            return PMPI_##name args;                                                   \
        if (!collective_may_start(&collective))                                        \
            return collective.rc;                                                      \
        return adopt(PMPI_##name args, newcomm);                                       \
    }

CREATE(Comm_create, group != MPI_GROUP_NULL,
       (MPI_Comm comm, MPI_Group group, MPI_Comm *newcomm), (comm, group, newcomm))

CREATE(Comm_split, color >= 0 || color == MPI_UNDEFINED,
       (MPI_Comm comm, int color, int key, MPI_Comm *newcomm),
       (comm, color, key, newcomm))

CREATE(Comm_split_type, type > 0 || type == MPI_UNDEFINED,
       (MPI_Comm comm, int type, int key, MPI_Info info, MPI_Comm *newcomm),
       (comm, type, key, info, newcomm))

CREATE(Cart_create, ndims >= 0,
       (MPI_Comm comm, int ndims, const int dims[], const int periods[], int reorder,
        MPI_Comm *newcomm),
       (comm, ndims, dims, periods, reorder, newcomm))

CREATE(Cart_sub, remain_dims != NULL,
       (MPI_Comm comm, const int remain_dims[], MPI_Comm *newcomm),
       (comm, remain_dims, newcomm))

CREATE(Graph_create, nnodes >= 0,
       (MPI_Comm comm, int nnodes, const int idx[], const int edges[], int reorder,
        MPI_Comm *newcomm),
       (comm, nnodes, idx, edges, reorder, newcomm))

CREATE(Dist_graph_create, n >= 0,
       (MPI_Comm comm, int n, const int sources[], const int degrees[],
        const int destinations[], const int weights[], MPI_Info info, int reorder,
        MPI_Comm *newcomm),
       (comm, n, sources, degrees, destinations, weights, info, reorder, newcomm))

CREATE(Dist_graph_create_adjacent, indegree >= 0 && outdegree >= 0,
       (MPI_Comm comm, int indegree, const int sources[], const int sourceweights[],
        int outdegree, const int destinations[], const int destweights[], MPI_Info info,
        int reorder, MPI_Comm *newcomm),
       (comm, indegree, sources, sourceweights, outdegree, destinations, destweights,
        info, reorder, newcomm))

/* The other group is not waited for here, and MPI cannot be interrupted there. */
CREATE(Intercomm_create, true,
       (MPI_Comm comm, int local_leader, MPI_Comm peer_comm, int remote_leader, int tag,
        MPI_Comm *newcomm),
       (comm, local_leader, peer_comm, remote_leader, tag, newcomm))

CREATE(Comm_accept, true,
       (const char *port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *newcomm),
       (port, info, root, comm, newcomm))

CREATE(Comm_connect, true,
       (const char *port, MPI_Info info, int root, MPI_Comm comm, MPI_Comm *newcomm),
       (port, info, root, comm, newcomm))

CREATE(Comm_spawn, true,
       (const char *command, char *argv[], int maxprocs, MPI_Info info, int root,
        MPI_Comm comm, MPI_Comm *newcomm, int codes[]),
       (command, argv, maxprocs, info, root, comm, newcomm, codes))

CREATE(Comm_spawn_multiple, true,
       (int count, char *commands[], char **argvs[], const int maxprocs[],
        const MPI_Info infos[], int root, MPI_Comm comm, MPI_Comm *newcomm,
        int codes[]),
       (count, commands, argvs, maxprocs, infos, root, comm, newcomm, codes))

/* Nobody meets before these, whose members are not those of one intracommunicator;
 * but those of the result are all known to come out of them. */
#define MAKE(name, params, args)                                                       \
    EXPORT int MPI_##name params                                                       \
    {                                                                                  \
        int rc = PMPI_##name args;                                                     \
                                                                                       \
        return layer_is_on() ? adopt(rc, newcomm) : rc;                                \
    }

MAKE(Comm_create_group, (MPI_Comm comm, MPI_Group group, int tag, MPI_Comm *newcomm),
     (comm, group, tag, newcomm))

MAKE(Comm_create_from_group,
     (MPI_Group group, const char *stringtag, MPI_Info info, MPI_Errhandler errhandler,
      MPI_Comm *newcomm),
     (group, stringtag, info, errhandler, newcomm))

MAKE(Intercomm_merge, (MPI_Comm comm, int high, MPI_Comm *newcomm),
     (comm, high, newcomm))
