/* side.h - MPI calls that wait and have no nonblocking form
 *
 *     struct lock_args *args = side_args(sizeof(*args));
 *     struct side_call call = { "Win_lock", lock_run, comm, handler, false };
 *
 *     *args = ...;
 *     if (!side_run(&call, args, &rc))
 *         return rc;              ... left behind: 'args' are gone ...
 *     side_free(args);
 *
 * Such a call runs on a thread beside the caller's, which waits for it as every
 * call here waits.  When the caller gives up, the thread stays behind in MPI, with
 * what it needs; it costs a core until MPI lets it go, if ever.  So this is for
 * calls that may never end, not for all.  The threads block all signals.
 */
#ifndef WAIT_SIDE_H
#define WAIT_SIDE_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

struct comm;

struct side_call {
    const char *name;
    int (*run)(void *args);
    struct comm *comm;      /* broken when the call is left behind; NULL: none */
    MPI_Errhandler handler; /* what MPI calls when it fails; side_run() frees it */
    bool begun; /* all members are known to be in it: only a death ends it */
    bool (*gives_up)(void); /* besides interrupts; NULL: nothing */
};

/* Zeroed memory for all that 'run' reads and writes. */
void *side_args(size_t size);

/* A copy of 'size' bytes that lives as long as 'args'; NULL for NULL. */
void *side_copy(void *args, const void *data, size_t size);
void side_free(void *args);

/* True: the call has ended with '*rc'.  False: this thread was asked to end; '*rc' is
 * the code that says why, and 'args' belong to the thread that was left behind.
 *
 * Runs it on the caller's thread where MPI allows no other, and where 'handler' is a
 * function of the user's, which belongs there. */
bool side_run(const struct side_call *call, void *args, int *rc);

/* True once a thread was left behind: MPI_Finalize would wait for ever. */
bool side_has_left(void);

#endif
