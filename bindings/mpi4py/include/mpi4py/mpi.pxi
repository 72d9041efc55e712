# mpi.pxi - MPI's own declarations, for those who include them into a Cython file
include "../../libmpi.pxd"
