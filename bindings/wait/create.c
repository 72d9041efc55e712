/* create.c - collectives that make a communicator
 *
 * The members of the parent meet; then the duplicate is made by its nonblocking
 * form and the others by MPI's own call on a thread beside (side.h); at last the
 * members of the result agree on its place.
 */
#include <stddef.h>
#include <string.h>

#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/pairs.h"
#include "bindings/wait/rendezvous.h"
#include "bindings/wait/side.h"

static int adopt(int rc, const MPI_Comm *handle)
{
    struct comm *comm;

    if (!layer_is_on() || rc != MPI_SUCCESS || *handle == MPI_COMM_NULL
        || !(comm = comm_of(*handle)))
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

/* ---- on a thread beside ---- */

static int finish(const struct side_call *side, void *args, const MPI_Comm *result,
                  MPI_Comm *newcomm)
{
    int rc;

    if (!side_run(side, args, &rc))
        return rc;
    if (rc == MPI_SUCCESS)
        *newcomm = *result;
    side_free(args);
    return adopt(rc, newcomm);
}

static MPI_Errhandler handler_of(MPI_Comm comm)
{
    MPI_Errhandler handler = MPI_ERRORS_RETURN;

    PMPI_Comm_get_errhandler(comm, &handler);
    return handler;
}

#define KEEP(array, size) args->array = side_copy(args, array, size)
#define KEEP_INTS(array, count) KEEP(array, (size_t)(count) * sizeof(int))
#define KEEP_TEXT(text) KEEP(text, strlen(text) + 1)

#define RUN(name, ...)                                                                 \
    struct name##_args {                                                               \
        PAIRS_FIELDS(__VA_ARGS__)                                                      \
        MPI_Comm result;                                                               \
    };                                                                                 \
    static int name##_run(void *arg)                                                   \
    {                                                                                  \
        struct name##_args *args = arg;                                                \
                                                                                       \
        return PMPI_##name(PAIRS_OF(__VA_ARGS__), &args->result);                      \
    }

#define HAND_OVER(name, keep, ...)                                                     \
    args = side_args(sizeof(*args));                                                   \
    *args = (struct name##_args){ PAIRS_NAMES(__VA_ARGS__), MPI_COMM_NULL };           \
    keep;                                                                              \
    return finish(&side, args, &args->result, newcomm)

/* 'good': the arguments that MPI would refuse here alone; the others would be inside
 * then.  Let it refuse them before the members meet.  'keep' copies what the thread
 * beside must find when its caller is gone. */
#define CREATE(name, good, keep, ...)                                                  \
    RUN(name, __VA_ARGS__)                                                             \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__), MPI_Comm *newcomm)                \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name };                              \
        struct collective collective;                                                  \
        struct side_call side = { #name, name##_run };                                 \
        struct name##_args *args;                                                      \
                                                                                       \
        if (!(good) || !collective_begin(&collective, comm, &call))                    \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__), newcomm);                     \
        if (!collective_may_start(&collective))                                        \
            return collective.rc;                                                      \
        side.comm = collective.comm;                                                   \
        side.handler = handler_of(comm);                                               \
        side.begun = collective.comm->way == COMM_PLACE;                               \
        HAND_OVER(name, keep, __VA_ARGS__);                                            \
    }

CREATE(Comm_create, group != MPI_GROUP_NULL, (void)0, 2, MPI_Comm, comm, MPI_Group,
       group)

CREATE(Comm_split, color >= 0 || color == MPI_UNDEFINED, (void)0, 3, MPI_Comm, comm,
       int, color, int, key)

CREATE(Comm_split_type, type > 0 || type == MPI_UNDEFINED, (void)0, 4, MPI_Comm, comm,
       int, type, int, key, MPI_Info, info)

CREATE(Cart_create, ndims >= 0, (KEEP_INTS(dims, ndims), KEEP_INTS(periods, ndims)), 5,
       MPI_Comm, comm, int, ndims, const int *, dims, const int *, periods, int,
       reorder)

static int count_dims(MPI_Comm comm)
{
    int count = 0;

    return PMPI_Cartdim_get(comm, &count) == MPI_SUCCESS ? count : 0;
}

CREATE(Cart_sub, remain_dims != NULL, KEEP_INTS(remain_dims, count_dims(comm)), 2,
       MPI_Comm, comm, const int *, remain_dims)

CREATE(Graph_create, nnodes >= 0 && idx && edges,
       (KEEP_INTS(idx, nnodes), KEEP_INTS(edges, nnodes ? idx[nnodes - 1] : 0)), 5,
       MPI_Comm, comm, int, nnodes, const int *, idx, const int *, edges, int, reorder)

static int sum_of(const int *values, int count)
{
    int sum = 0;

    while (count > 0)
        sum += values[--count];
    return sum;
}

/* Two constants are no arrays. */
#define KEEP_WEIGHTS(weights, count)                                                   \
    ((weights) == MPI_UNWEIGHTED || (weights) == MPI_WEIGHTS_EMPTY                     \
         ? (void)0                                                                     \
         : (void)(KEEP_INTS(weights, count)))

CREATE(Dist_graph_create, n == 0 || (n > 0 && sources && degrees && destinations),
       (KEEP_INTS(sources, n), KEEP_INTS(degrees, n),
        KEEP_INTS(destinations, sum_of(degrees, n)),
        KEEP_WEIGHTS(weights, sum_of(degrees, n))),
       8, MPI_Comm, comm, int, n, const int *, sources, const int *, degrees,
       const int *, destinations, const int *, weights, MPI_Info, info, int, reorder)

CREATE(Dist_graph_create_adjacent, indegree >= 0 && outdegree >= 0,
       (KEEP_INTS(sources, indegree), KEEP_WEIGHTS(sourceweights, indegree),
        KEEP_INTS(destinations, outdegree), KEEP_WEIGHTS(destweights, outdegree)),
       9, MPI_Comm, comm, int, indegree, const int *, sources, const int *,
       sourceweights, int, outdegree, const int *, destinations, const int *,
       destweights, MPI_Info, info, int, reorder)

/* Others than the members of 'comm' must come too, who are not known here: whoever
 * gives up breaks 'comm'.  A single member waits for them as well. */
#define MEET(name, keep, ...)                                                          \
    RUN(name, __VA_ARGS__)                                                             \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__), MPI_Comm *newcomm)                \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name };                              \
        struct collective collective;                                                  \
        struct side_call side = { #name, name##_run };                                 \
        struct name##_args *args;                                                      \
                                                                                       \
        if (!layer_is_on())                                                            \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__), newcomm);                     \
        if (collective_begin(&collective, comm, &call)) {                              \
            if (!collective_may_start(&collective))                                    \
                return collective.rc;                                                  \
            side.comm = collective.comm;                                               \
        }                                                                              \
        side.handler = handler_of(comm);                                               \
        HAND_OVER(name, keep, __VA_ARGS__);                                            \
    }

MEET(Intercomm_create, (void)0, 5, MPI_Comm, comm, int, local_leader, MPI_Comm,
     peer_comm, int, remote_leader, int, tag)

/* Only the root's is read. */
#define KEEP_PORT()                                                                    \
    args->port = port && comm_of(comm)->rank == root                                   \
                     ? side_copy(args, port, strlen(port) + 1)                         \
                     : NULL

MEET(Comm_accept, KEEP_PORT(), 4, const char *, port, MPI_Info, info, int, root,
     MPI_Comm, comm)

MEET(Comm_connect, KEEP_PORT(), 4, const char *, port, MPI_Info, info, int, root,
     MPI_Comm, comm)

/* For some of the members of a communicator, or before there is one. */
#define MAKE(name, parent, tag, size, keep, ...)                                       \
    RUN(name, __VA_ARGS__)                                                             \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__), MPI_Comm *newcomm)                \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name };                              \
        struct side_call side = { #name, name##_run };                                 \
        struct name##_args *args;                                                      \
        int rc;                                                                        \
                                                                                       \
        if (!layer_is_on())                                                            \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__), newcomm);                     \
        if ((rc = rendezvous(group, &call, tag, size, &side.begun)) != MPI_SUCCESS)    \
            return rc;                                                                 \
        side.handler = handler_of(parent);                                             \
        HAND_OVER(name, keep, __VA_ARGS__);                                            \
    }

MAKE(Comm_create_group, comm, &tag, sizeof(tag), (void)0, 3, MPI_Comm, comm, MPI_Group,
     group, int, tag)

MAKE(Comm_create_from_group, MPI_COMM_SELF, stringtag, strlen(stringtag),
     KEEP_TEXT(stringtag), 4, MPI_Group, group, const char *, stringtag, MPI_Info, info,
     MPI_Errhandler, errhandler)

/* Of two groups, which meet in MPI only; but all members of the result are known to
 * come out of it. */
RUN(Intercomm_merge, 2, MPI_Comm, comm, int, high)
EXPORT int MPI_Intercomm_merge(MPI_Comm comm, int high, MPI_Comm *newcomm)
{
    struct side_call side = { "Intercomm_merge", Intercomm_merge_run };
    struct Intercomm_merge_args *args;

    if (!layer_is_on())
        return PMPI_Intercomm_merge(comm, high, newcomm);
    side.handler = handler_of(comm);
    HAND_OVER(Intercomm_merge, (void)0, 2, MPI_Comm, comm, int, high);
}

/* ---- of other processes ---- */

/* The process manager answers, or the job is lost. */
#define SPAWN(name, ...)                                                               \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__), MPI_Comm *newcomm, int codes[])   \
    {                                                                                  \
        const struct call call = { .kind = CALL_##name };                              \
        struct collective collective;                                                  \
                                                                                       \
        if (collective_begin(&collective, comm, &call)                                 \
            && !collective_may_start(&collective))                                     \
            return collective.rc;                                                      \
        return adopt(PMPI_##name(PAIRS_NAMES(__VA_ARGS__), newcomm, codes), newcomm);  \
    }

SPAWN(Comm_spawn, 6, const char *, command, char **, argv, int, maxprocs, MPI_Info,
      info, int, root, MPI_Comm, comm)

SPAWN(Comm_spawn_multiple, 7, int, count, char **, commands, char ***, argvs,
      const int *, maxprocs, const MPI_Info *, infos, int, root, MPI_Comm, comm)
