/* bcast.h - nonblocking broadcasts, right between groups too
 *
 * On an intercommunicator MPICH's (5.0.2) are wrong: the receiving group takes the
 * other group's root for one of its own, and a rank that has nothing to do takes no
 * tag, so that its next call meets others' earlier ones.  A scatter that gives
 * everybody the same block is a broadcast, too: this is what happens there.
 */
#ifndef WAIT_BCAST_H
#define WAIT_BCAST_H

#include <mpi.h>

/* Like PMPI_Ibcast_c() and PMPI_Bcast_init_c(). */
int bcast_start(void *buf, MPI_Count count, MPI_Datatype type, int root, MPI_Comm comm,
                MPI_Request *request);
int bcast_init(void *buf, MPI_Count count, MPI_Datatype type, int root, MPI_Comm comm,
               MPI_Info info, MPI_Request *request);

#endif
