/* coll_blocking.c - blocking collectives of buffers */
#include "bindings/src/coll.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

static int finished(struct coll *coll, int rc)
{
    coll_clear(coll);
    return mpi_check(rc);
}

/* A small call on a communicator of one process waits for nobody. */
static bool leaves_gil(const struct coll *coll)
{
    return coll->members.size != 1 || coll->members.is_inter
           || !message_is_quick(coll->send) || !message_is_quick(coll->recv);
}

#define PASS(...) __VA_ARGS__
#define COLLECTIVE(owner, name, iname, params, prepare, args)                          \
    int owner##_##name##_impl(struct comm_object *self, PASS params)                   \
    {                                                                                  \
        struct message send, recv;                                                     \
        struct coll coll;                                                              \
        int rc;                                                                        \
                                                                                       \
        if (coll_init(&coll, self->mpi, &send, &recv) < 0 || prepare < 0)              \
            return -1;                                                                 \
        MPI_CALL_IF(leaves_gil(&coll), rc, MPI_##name##_c(PASS args, self->mpi));      \
        return finished(&coll, rc);                                                    \
    }
#define REDUCTION COLLECTIVE
#include "bindings/src/collectives.h"

int comm_Barrier_impl(struct comm_object *self)
{
    const struct mpiwait_members *members = mpiwait_members(self->mpi);
    bool is_alone = members && members->size == 1 && !members->is_inter;
    int rc;

    MPI_CALL_IF(!is_alone, rc, MPI_Barrier(self->mpi));
    return mpi_check(rc);
}
