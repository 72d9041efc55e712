/* MPI_api.h - the name that old code includes; see include/mpi4py/mpi4py.h */
#include "include/mpi4py/mpi4py.h"
