/* collective.c - the way of a blocking collective */
#include "bindings/wait/collective.h"

#include "bindings/wait/arrive.h"
#include "bindings/wait/carry.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/quiet.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"

bool collective_begin(struct collective *collective, MPI_Comm handle,
                      const struct call *call)
{
    return layer_is_on() && collective_enter(collective, comm_of(handle), call);
}

/* All members have brought their data. */
static int carried(struct comm *comm, const struct call *call)
{
    int rc = arrive_take(comm, call);
    struct call next;

    for (; rc == MPI_SUCCESS && arrive_next(comm, call, &next); call = &next) {
        if ((rc = arrive(comm, &next)) == MPI_SUCCESS)
            rc = arrive_take(comm, &next);
    }
    return rc;
}

bool collective_enter(struct collective *collective, struct comm *comm,
                      const struct call *call)
{
    if (!comm || comm->way == COMM_ALONE)
        return false;
    *collective = (struct collective){ .call = call, .comm = comm };
    if (comm->health != COMM_OPEN)
        collective->rc = comm_refuse(comm, call_name(call->kind));
    else if ((collective->rc = comm_settle(comm, false)) == MPI_SUCCESS
             && comm->way == COMM_PLACE)
        collective->rc = arrive(comm, call);
    collective->over = collective->rc != MPI_SUCCESS;
    if (!collective->over && comm->way == COMM_PLACE && arrive_carried(comm)) {
        collective->rc = carried(comm, call);
        collective->over = true;
    }
    return true;
}

/* It will never end by itself.  The request is left to MPI: it cannot be freed. */
static int give_up(struct collective *collective)
{
    struct comm *comm = collective->comm;
    const char *name = call_name(collective->call->kind), *why;
    int rc, rank;

    if (comm->way == COMM_PLACE && arrive_is_stuck(comm))
        return arrive_stuck(comm, collective->call);
    rc = reason_interrupted(name);
    if (mpiwait_reason(rc, &why, &rank) == MPIWAIT_DEATH)
        comm_close(comm, COMM_BROKEN, rank, "%s", why);
    else
        comm_close(comm, COMM_BROKEN, -1, "%s was interrupted after it had begun",
                   name);
    return rc;
}

static int wait_for_end(struct collective *collective)
{
    struct comm *comm = collective->comm;
    bool met = comm->way == COMM_PLACE;
    struct quiet quiet = { 0 };
    struct wait wait;
    int done = 0, rc;

    wait_begin(&wait, call_name(collective->call->kind), comm->handle, WAIT_NONE,
               WAIT_NONE);
    wait.begun = met;
    while ((rc = PMPI_Test(&collective->request, &done, MPI_STATUS_IGNORE))
               == MPI_SUCCESS
           && !done) {
        bool ended = wait_pause(&wait) || (met && arrive_is_stuck(comm));

        if (ended && (!met || quiet_turn(&quiet, comm, &wait))) {
            rc = give_up(collective);
            break;
        }
    }
    wait_end(&wait);
    return rc;
}

int collective_end(struct collective *collective)
{
    struct comm *comm = collective->comm;
    bool met = comm->way == COMM_PLACE;

    if (collective->over)
        return collective->rc;
    if (met && collective->rc == MPI_SUCCESS)
        arrive_begun(comm);
    else if (met)
        arrive_failed(comm, collective->call);
    if (collective->rc == MPI_SUCCESS)
        collective->rc = wait_for_end(collective);
    if (met)
        quiet_leave(comm);
    return collective->rc;
}
