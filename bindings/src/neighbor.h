/* neighbor.h - who is whose neighbour on a communicator with a topology */
#ifndef SRC_NEIGHBOR_H
#define SRC_NEIGHBOR_H

#include "bindings/src/module.h"

/* How many neighbours send to this rank, and how many it sends to; none without a
 * topology.  -1 with the exception set. */
int neighbor_counts(MPI_Comm comm, int *sources, int *targets);

/* The rank of the source 'idx', or MPI_PROC_NULL; -1 with the exception set. */
int neighbor_source(MPI_Comm comm, int idx, int *rank);

#endif
