/* bsend.c - waiting until the messages in a buffer have left
 *
 * Before MPI-4.1 there is no call that could be asked again and again, and none of
 * these can be interrupted.
 */
#include "bindings/wait/layer.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/wait.h"

#if MPI_VERSION > 4 || (MPI_VERSION == 4 && MPI_SUBVERSION >= 1)

/* An interrupt leaves the messages where they are. */
static int finish(const char *call, MPI_Comm comm, MPI_Request *request)
{
    struct wait wait;
    int done = 0, rc;

    wait_begin(&wait, call, comm, WAIT_NONE, WAIT_NONE);
    while ((rc = PMPI_Test(request, &done, MPI_STATUS_IGNORE)) == MPI_SUCCESS
           && !done) {
        if (wait_pause(&wait)) {
            PMPI_Request_free(request);
            rc = reason_interrupted(call);
            break;
        }
    }
    wait_end(&wait);
    return rc;
}

/* MPI's own call comes last, when it has nothing to wait for, or something to complain
 * about. */
#define FLUSHED(name, shown, shown_comm, iflush, params, args)                         \
    EXPORT int MPI_##name params                                                       \
    {                                                                                  \
        MPI_Request request;                                                           \
        int rc = MPI_SUCCESS;                                                          \
                                                                                       \
        if (layer_is_on() && (iflush) == MPI_SUCCESS)                                  \
            rc = finish(shown, shown_comm, &request);                                  \
        return rc == MPI_SUCCESS ? PMPI_##name args : rc;                              \
    }

#define OWNER(iflush, comm, flush, detach, params, args)                               \
    FLUSHED(flush, "Flush_buffer", comm, iflush, (params), (args))                     \
    FLUSHED(detach, "Detach_buffer", comm, iflush, (params, void *addr, int *size),    \
            (args, addr, size))                                                        \
    FLUSHED(detach##_c, "Detach_buffer", comm, iflush,                                 \
            (params, void *addr, MPI_Count *size), (args, addr, size))

OWNER(PMPI_Comm_iflush_buffer(comm, &request), comm, Comm_flush_buffer,
      Comm_detach_buffer, MPI_Comm comm, comm)
OWNER(PMPI_Session_iflush_buffer(session, &request), MPI_COMM_NULL,
      Session_flush_buffer, Session_detach_buffer, MPI_Session session, session)

/* The process's own buffer, which has no handle. */
FLUSHED(Buffer_flush, "Flush_buffer", MPI_COMM_NULL, PMPI_Buffer_iflush(&request),
        (void), ())
FLUSHED(Buffer_detach, "Detach_buffer", MPI_COMM_NULL, PMPI_Buffer_iflush(&request),
        (void *addr, int *size), (addr, size))
FLUSHED(Buffer_detach_c, "Detach_buffer", MPI_COMM_NULL, PMPI_Buffer_iflush(&request),
        (void *addr, MPI_Count *size), (addr, size))

#endif
