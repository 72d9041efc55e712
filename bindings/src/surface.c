/* surface.c - the generated wrappers and tables, compiled once */
#include "mpi_impl.h"

#include "mpi_surface.h"
