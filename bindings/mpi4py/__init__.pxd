# Makes `cimport mpi4py` work.
