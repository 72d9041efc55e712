/* error.h - from MPI's codes to Python's exceptions */
#ifndef SRC_ERROR_H
#define SRC_ERROR_H

#include "bindings/src/module.h"
#include "bindings/wait/mpiwait.h"

extern bool error_is_pending;
int mpi_raise(int rc);

/* The only way from an MPI code to an exception: 0 for MPI_SUCCESS, -1 with the
 * exception set otherwise.  Needs the GIL.
 *
 * Raises MPI.Exception; KeyboardInterrupt or PeerError when libmpiwait ended the
 * call (mpiwait.h); NotImplementedError when the library has no such call
 * (absent.h); and what a user-defined reduction raised during the call. */
static inline int mpi_check(int rc)
{
    return __builtin_expect(rc == MPI_SUCCESS && !error_is_pending, 1) ? 0
                                                                       : mpi_raise(rc);
}

/* Callbacks cannot raise through MPI: takes the current exception away, to be
 * raised by the MPI call that made the callback.  The first one stays. */
void error_defer(void);

/* One MPI call without the GIL where 'leave' is true.  Leaving it and coming back costs
 * as much as a small call does, so those that wait for nobody stay. */
#define MPI_CALL_IF(leave, rc, call)                                                   \
    do {                                                                               \
        PyThreadState *thread = (leave) ? PyEval_SaveThread() : NULL;                  \
                                                                                       \
        (rc) = (call);                                                                 \
        if (thread)                                                                    \
            PyEval_RestoreThread(thread);                                              \
    } while (0)

/* One MPI call that can wait, without the GIL: MPI_CALL(rc, MPI_Barrier(comm)); */
#define MPI_CALL(rc, call) MPI_CALL_IF(true, rc, call)

/* One MPI call that does not wait, such as MPI_Iprobe(). */
#define MPI_CALL_NOW(rc, call) MPI_CALL_IF(mpi_calls_back(), rc, call)

/* Whether a call that enters MPI's progress must leave the GIL, though it does not wait
 * (mpiwait.h). */
static inline bool mpi_calls_back(void)
{
    return __builtin_expect(
        atomic_load_explicit(&mpiwait_calls_back, memory_order_relaxed), 0);
}

/* One step of what the user called 'name', which may be several MPI calls: its waits
 * are shown as that, and as waits for 'peer' where MPI's call does not say. */
#define CALLED_AS(name, comm, peer, tag, step)                                         \
    do {                                                                               \
        mpiwait_call_as(name, comm, peer, tag);                                        \
        step;                                                                          \
        mpiwait_call_as(NULL, MPI_COMM_NULL, 0, 0);                                    \
    } while (0)

#endif
