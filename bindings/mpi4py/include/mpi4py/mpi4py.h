/* mpi4py.h - MPI handles in and out of Python objects, for C and C++
 *
 * A file that calls the functions of pycapi.h includes this header and calls
 * import_mpi4py() once, while its module is initialised: 0, or -1 with the exception
 * set.  The pointers that it sets belong to that file.
 *
 * With MPI4PY_LIMITED_API the layout of the objects (MPI.h) stays unknown, and
 * Python's limited API is enough.
 */
#ifndef MPI4PY_H
#define MPI4PY_H

#include <Python.h>

#include <mpi.h>

#ifndef MPI4PY_LIMITED_API
#include "../../MPI.h"
#endif
#include "pycapi.h"

static inline int import_mpi4py(void)
{
    return import_mpi4py__MPI();
}

#endif
