/* gone.h - members that are no more
 *
 * A death interrupts those who wait for the dead.  Whoever waits for them later, on a
 * communicator that still has them, learns it here: healing has left them out of the
 * world, so nobody has to be asked.
 */
#ifndef WAIT_GONE_H
#define WAIT_GONE_H

#include <mpi.h>
#include <stdbool.h>

/* The first member, of either group, of whom 'is_there' says no; as a rank of
 * MPI_COMM_WORLD, or -1.  Processes outside of it are not known. */
int gone_member(MPI_Comm comm, bool (*is_there)(int rank));

/* Whom a message from or to 'peer' of 'comm' (or from WAIT_ANY) waits for in vain; as a
 * rank of MPI_COMM_WORLD.  -1: there is somebody who can end the wait, or nobody knows.
 * Cheap while nobody is gone. */
int gone_peer(MPI_Comm comm, int peer);

#endif
