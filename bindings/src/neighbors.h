/* neighbors.h - how many neighbours a process has */
#ifndef SRC_NEIGHBORS_H
#define SRC_NEIGHBORS_H

#include "bindings/src/module.h"

/* How many neighbours this process receives from and sends to, as many times as they
 * are its neighbours.  -1 with the exception set: also when there is no topology. */
int neighbors_count(MPI_Comm comm, int *indegree, int *outdegree);

#endif
