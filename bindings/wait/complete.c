/* complete.c - MPI_Wait and its like
 *
 * An interrupt leaves the requests active and untouched.  MPI_Test and its like
 * are MPI's own: they do not wait.
 */
#include <stdbool.h>

#include "bindings/wait/layer.h"
#include "bindings/wait/wait.h"

/* 'test' sets 'done'; both are expressions over the caller's variables. */
#define WAIT_UNTIL(name, test)                                                         \
    do {                                                                               \
        struct wait wait;                                                              \
        int done = 0, rc;                                                              \
                                                                                       \
        wait_begin(&wait, name, MPI_COMM_NULL, WAIT_NONE, WAIT_NONE);                  \
        while ((rc = (test)) == MPI_SUCCESS && !done) {                                \
            if (wait_pause(&wait)) {                                                   \
                rc = wait_take(&wait);                                                 \
                break;                                                                 \
            }                                                                          \
        }                                                                              \
        wait_end(&wait);                                                               \
        return rc;                                                                     \
    } while (0)

EXPORT int MPI_Wait(MPI_Request *request, MPI_Status *status)
{
    if (!layer_is_on())
        return PMPI_Wait(request, status);
    WAIT_UNTIL("Wait", PMPI_Test(request, &done, status));
}

static bool is_in_status(int rc)
{
    int class;

    return PMPI_Error_class(rc, &class) == MPI_SUCCESS && class == MPI_ERR_IN_STATUS;
}

/* One request has failed, and MPI_Testall gave up there without touching any; MPICH's
 * own MPI_Waitall, and so its users, complete all.  An interrupt leaves the rest
 * pending, as MPI allows, and is for the next call. */
static void complete_each(struct wait *wait, int count, MPI_Request requests[],
                          MPI_Status statuses[])
{
    bool told = statuses != MPI_STATUSES_IGNORE;
    int done, rc;

    for (int i = 0; told && i < count; i++)
        statuses[i].MPI_ERROR = MPI_ERR_PENDING;
    for (int i = 0; i < count; i++) {
        MPI_Status status;

        while ((rc = PMPI_Test(&requests[i], &done, &status)) == MPI_SUCCESS && !done) {
            if (wait_pause(wait))
                return;
        }
        status.MPI_ERROR = rc;
        if (told)
            statuses[i] = status;
    }
}

/* For partitioned requests MPICH's MPI_Testall says that one has failed when none has.
 * Without statuses nobody knows. */
static int check_failure(int rc, int count, const MPI_Status statuses[])
{
    for (int i = 0; i < count; i++) {
        if (statuses == MPI_STATUSES_IGNORE || statuses[i].MPI_ERROR != MPI_SUCCESS)
            return rc;
    }
    return MPI_SUCCESS;
}

EXPORT int MPI_Waitall(int count, MPI_Request requests[], MPI_Status statuses[])
{
    struct wait wait;
    int done = 0, rc;

    if (!layer_is_on())
        return PMPI_Waitall(count, requests, statuses);
    wait_begin(&wait, "Waitall", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE);
    while ((rc = PMPI_Testall(count, requests, &done, statuses)) == MPI_SUCCESS
           && !done) {
        if (wait_pause(&wait)) {
            wait_end(&wait);
            return wait_take(&wait);
        }
    }
    if (rc != MPI_SUCCESS && is_in_status(rc)) {
        if (!done)
            complete_each(&wait, count, requests, statuses);
        rc = check_failure(rc, count, statuses);
    }
    wait_end(&wait);
    return rc;
}

EXPORT int MPI_Waitany(int count, MPI_Request requests[], int *idx, MPI_Status *status)
{
    if (!layer_is_on())
        return PMPI_Waitany(count, requests, idx, status);
    WAIT_UNTIL("Waitany", PMPI_Testany(count, requests, idx, &done, status));
}

/* MPI_Testsome has no flag: 0 is "none yet", MPI_UNDEFINED "none active". */
EXPORT int MPI_Waitsome(int count, MPI_Request requests[], int *outcount, int indices[],
                        MPI_Status statuses[])
{
    if (!layer_is_on())
        return PMPI_Waitsome(count, requests, outcount, indices, statuses);
    WAIT_UNTIL("Waitsome",
               (rc = PMPI_Testsome(count, requests, outcount, indices, statuses),
                done = rc != MPI_SUCCESS || *outcount != 0, rc));
}
