/* MPI.h - the objects of mpi4py.MPI, for C code that reads their MPI handles
 *
 * Every object begins with the MPI handle (a status: with the status), then flags
 * and weak references, which belong to the module.  Subclasses (Intracomm, Prequest,
 * ...) have the layout of their base.  Cython has the same in MPI.pxd.
 */
#ifndef MPI4PY_MPI_H
#define MPI4PY_MPI_H

#include <Python.h>

#include <mpi.h>

#define MPI4PY_OBJECT_HEAD(mpi_type)                                                   \
    PyObject_HEAD mpi_type ob_mpi;                                                     \
    unsigned int flags;                                                                \
    PyObject *__weakref__;

#define MPI4PY_OBJECT(Class)                                                           \
    struct PyMPI##Class##Object {                                                      \
        MPI4PY_OBJECT_HEAD(MPI_##Class)                                                \
    };
MPI4PY_OBJECT(Datatype)
MPI4PY_OBJECT(Status)
MPI4PY_OBJECT(Op)
MPI4PY_OBJECT(Group)
MPI4PY_OBJECT(Info)
MPI4PY_OBJECT(Errhandler)
MPI4PY_OBJECT(Session)
MPI4PY_OBJECT(Comm)
MPI4PY_OBJECT(File)
#undef MPI4PY_OBJECT

struct PyMPIRequestObject {
    MPI4PY_OBJECT_HEAD(MPI_Request)
    PyObject *ob_buf;
};
struct PyMPIPrequestObject {
    struct PyMPIRequestObject base;
};
struct PyMPIGrequestObject {
    struct PyMPIRequestObject base;
    MPI_Request ob_grequest;
};
struct PyMPIMessageObject {
    MPI4PY_OBJECT_HEAD(MPI_Message)
    PyObject *ob_buf;
};
struct PyMPIWinObject {
    MPI4PY_OBJECT_HEAD(MPI_Win)
    PyObject *ob_mem;
};
#undef MPI4PY_OBJECT_HEAD

struct PyMPIIntracommObject {
    struct PyMPICommObject base;
};
struct PyMPITopocommObject {
    struct PyMPIIntracommObject base;
};
struct PyMPICartcommObject {
    struct PyMPITopocommObject base;
};
struct PyMPIGraphcommObject {
    struct PyMPITopocommObject base;
};
struct PyMPIDistgraphcommObject {
    struct PyMPITopocommObject base;
};
struct PyMPIIntercommObject {
    struct PyMPICommObject base;
};

#endif
