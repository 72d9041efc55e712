/* collective.h - the way of a blocking collective
 *
 *     if (!collective_begin(&collective, comm, &call))
 *         return PMPI_Bcast(...);
 *     if (collective_may_start(&collective))
 *         collective.rc = PMPI_Ibcast(..., &collective.request);
 *     return collective_end(&collective);
 */
#ifndef WAIT_COLLECTIVE_H
#define WAIT_COLLECTIVE_H

#include <mpi.h>
#include <stdbool.h>

struct call;
struct comm;

struct collective {
    const struct call *call;
    struct comm *comm;
    MPI_Request request;
    bool over; /* done, or refused as 'rc' says: nothing may be started */
    int rc;
};

/* False: the plain MPI call will do, it waits for nobody or MPI will refuse it. */
bool collective_begin(struct collective *collective, MPI_Comm comm,
                      const struct call *call);

/* The same for the members of a window or file (comm_shadow()). */
bool collective_enter(struct collective *collective, struct comm *comm,
                      const struct call *call);

static inline bool collective_may_start(const struct collective *collective)
{
    return !collective->over;
}

/* Waits for what was started.  Returns the MPI code of the whole. */
int collective_end(struct collective *collective);

#endif
