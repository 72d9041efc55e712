/* rc.h - what mpi4py.rc and the environment say */
#ifndef SRC_RC_H
#define SRC_RC_H

#include "bindings/src/module.h"

/* Each option is an attribute of mpi4py.rc that MPI4PY_RC_NAME in the environment
 * overrides (and is written back to it).  A value that makes no sense is a
 * RuntimeWarning, and the default stands.  -1 with the exception set. */
int rc_read(struct module_options *options);

/* A RuntimeWarning when this process was started by another MPI's mpiexec, unless
 * MPI4PY_CHECK_MPIEXEC says no.  -1 with the exception set. */
int rc_check_mpiexec(void);

#endif
