/* left.h - sends that outlive the call that began them
 *
 * A send is never cancelled (MPICH crashes or hangs over one that is not matched),
 * so an interrupted call leaves it active.  Those whose buffer belongs to the
 * layer are kept here until they are done.
 */
#ifndef WAIT_LEFT_H
#define WAIT_LEFT_H

#include <mpi.h>
#include <stdbool.h>

/* Takes 'buffer', which free() releases once 'request' is done. */
void left_keep(MPI_Request request, void *buffer);

/* Frees what is done.  Cheap when nothing was kept. */
void left_advance(void);

/* Whether the process's callers keep the buffers of interrupted sends alive:
 * mpiwait_keep_sends(). */
bool left_is_allowed(void);

#endif
