/* absent.h - what MPI has and the library in use lacks
 *
 * The binding is written for all of MPI.  What mpi.h does not have is defined here,
 * by the generated mpi_absent.h: a constant gets the value that mpi4py gives it, a
 * function does nothing, and its code makes mpi_check() raise NotImplementedError.
 * The table of both is bindings/api/absent.txt.  mpi_absent() is the place for a
 * breakpoint.
 */
#ifndef SRC_ABSENT_H
#define SRC_ABSENT_H

#include <limits.h>
#include <mpi.h>
#include <stddef.h>

/* No code of MPI's. */
enum { MPI_ABSENT = INT_MIN };

/* Returns MPI_ABSENT.  'function' is kept for the thread's next mpi_absent_name(). */
int mpi_absent(const char *function);
const char *mpi_absent_name(void);

#include "mpi_absent.h"

#endif
