/* pycapi.h - the C functions of mpi4py.MPI; include mpi4py.h
 *
 *     PyObject *PyMPIComm_New(MPI_Comm);     a new object, of the most derived class
 *     MPI_Comm *PyMPIComm_Get(PyObject *);   its handle, valid while the object is
 *     PyTypeObject PyMPIComm_Type;
 *
 * and the same for Datatype, Status, Request, Message, Op, Group, Info, Errhandler,
 * Session, Win and File.  PyMPIStatus_New() copies what its argument points to;
 * PyMPIStatus_Get() also accepts None, for MPI_STATUS_IGNORE.  NULL means that an
 * exception is set.
 *
 * The functions are found at run time, in capsules of the module that are named by
 * the functions' signatures.  For an MPI without one of these types define
 * MPI4PY_LIMITED_API_SKIP_SESSION and so on.
 */
#ifndef MPI4PY_PYCAPI_H
#define MPI4PY_PYCAPI_H

#include <Python.h>

#include <mpi.h>
#include <string.h>

/* ------------------------------------------------------------ the classes */
/* X(class, argument of New, its spelling in the capsule's name) */
#ifndef MPI4PY_LIMITED_API_SKIP_DATATYPE
#define MPI4PY_DATATYPE(X) X(Datatype, MPI_Datatype, "MPI_Datatype")
#define PyMPIDatatype_Type (*mpi4py_Datatype_type)
#else
#define MPI4PY_DATATYPE(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_STATUS
#define MPI4PY_STATUS(X) X(Status, MPI_Status *, "MPI_Status *")
#define PyMPIStatus_Type (*mpi4py_Status_type)
#else
#define MPI4PY_STATUS(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_REQUEST
#define MPI4PY_REQUEST(X) X(Request, MPI_Request, "MPI_Request")
#define MPI4PY_REQUESTS(X) X(Prequest) X(Grequest)
#define PyMPIRequest_Type (*mpi4py_Request_type)
#define PyMPIPrequest_Type (*mpi4py_Prequest_type)
#define PyMPIGrequest_Type (*mpi4py_Grequest_type)
#else
#define MPI4PY_REQUEST(X)
#define MPI4PY_REQUESTS(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_MESSAGE
#define MPI4PY_MESSAGE(X) X(Message, MPI_Message, "MPI_Message")
#define PyMPIMessage_Type (*mpi4py_Message_type)
#else
#define MPI4PY_MESSAGE(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_OP
#define MPI4PY_OP(X) X(Op, MPI_Op, "MPI_Op")
#define PyMPIOp_Type (*mpi4py_Op_type)
#else
#define MPI4PY_OP(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_GROUP
#define MPI4PY_GROUP(X) X(Group, MPI_Group, "MPI_Group")
#define PyMPIGroup_Type (*mpi4py_Group_type)
#else
#define MPI4PY_GROUP(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_INFO
#define MPI4PY_INFO(X) X(Info, MPI_Info, "MPI_Info")
#define PyMPIInfo_Type (*mpi4py_Info_type)
#else
#define MPI4PY_INFO(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_ERRHANDLER
#define MPI4PY_ERRHANDLER(X) X(Errhandler, MPI_Errhandler, "MPI_Errhandler")
#define PyMPIErrhandler_Type (*mpi4py_Errhandler_type)
#else
#define MPI4PY_ERRHANDLER(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_SESSION
#define MPI4PY_SESSION(X) X(Session, MPI_Session, "MPI_Session")
#define PyMPISession_Type (*mpi4py_Session_type)
#else
#define MPI4PY_SESSION(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_COMM
#define MPI4PY_COMM(X) X(Comm, MPI_Comm, "MPI_Comm")
#define MPI4PY_COMMS(X)                                                                \
    X(Intracomm) X(Topocomm) X(Cartcomm) X(Graphcomm) X(Distgraphcomm) X(Intercomm)
#define PyMPIComm_Type (*mpi4py_Comm_type)
#define PyMPIIntracomm_Type (*mpi4py_Intracomm_type)
#define PyMPITopocomm_Type (*mpi4py_Topocomm_type)
#define PyMPICartcomm_Type (*mpi4py_Cartcomm_type)
#define PyMPIGraphcomm_Type (*mpi4py_Graphcomm_type)
#define PyMPIDistgraphcomm_Type (*mpi4py_Distgraphcomm_type)
#define PyMPIIntercomm_Type (*mpi4py_Intercomm_type)
#else
#define MPI4PY_COMM(X)
#define MPI4PY_COMMS(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_WIN
#define MPI4PY_WIN(X) X(Win, MPI_Win, "MPI_Win")
#define PyMPIWin_Type (*mpi4py_Win_type)
#else
#define MPI4PY_WIN(X)
#endif
#ifndef MPI4PY_LIMITED_API_SKIP_FILE
#define MPI4PY_FILE(X) X(File, MPI_File, "MPI_File")
#define PyMPIFile_Type (*mpi4py_File_type)
#else
#define MPI4PY_FILE(X)
#endif
#define MPI4PY_CLASSES(X)                                                              \
    MPI4PY_DATATYPE(X)                                                                 \
    MPI4PY_STATUS(X)                                                                   \
    MPI4PY_REQUEST(X)                                                                  \
    MPI4PY_MESSAGE(X)                                                                  \
    MPI4PY_OP(X)                                                                       \
    MPI4PY_GROUP(X)                                                                    \
    MPI4PY_INFO(X)                                                                     \
    MPI4PY_ERRHANDLER(X)                                                               \
    MPI4PY_SESSION(X)                                                                  \
    MPI4PY_COMM(X)                                                                     \
    MPI4PY_WIN(X)                                                                      \
    MPI4PY_FILE(X)

/* ------------------------------------------------------------ what they provide */
#define MPI4PY_DECLARE(Class, argument, text)                                          \
    static PyTypeObject *mpi4py_##Class##_type = NULL;                                 \
    static PyObject *(*PyMPI##Class##_New)(argument) = NULL;                           \
    static MPI_##Class *(*PyMPI##Class##_Get)(PyObject *) = NULL;
MPI4PY_CLASSES(MPI4PY_DECLARE)
#undef MPI4PY_DECLARE

#define MPI4PY_DECLARE(Class) static PyTypeObject *mpi4py_##Class##_type = NULL;
MPI4PY_REQUESTS(MPI4PY_DECLARE)
MPI4PY_COMMS(MPI4PY_DECLARE)
#undef MPI4PY_DECLARE

#define MPI4PY_DECLARE(Class)                                                          \
    static PyObject *(*PyMPI##Class##_New)(MPI_Request) = NULL;
MPI4PY_REQUESTS(MPI4PY_DECLARE)
#undef MPI4PY_DECLARE

/* ------------------------------------------------------------ the import */
/* The reference stays: the module is never unloaded. */
static inline int mpi4py_import_type(PyObject *module, const char *name,
                                     PyTypeObject **type)
{
    PyObject *object = PyObject_GetAttrString(module, name);

    if (!object)
        return -1;
    if (!PyType_Check(object)) {
        PyErr_Format(PyExc_TypeError, "mpi4py.MPI.%s is not a type", name);
        Py_DECREF(object);
        return -1;
    }
    *type = (PyTypeObject *)object;
    return 0;
}

/* 'function' is the address of a pointer to a function. */
static inline int mpi4py_import_function(PyObject *capsules, const char *name,
                                         const char *signature, void *function)
{
    PyObject *capsule = PyDict_GetItemString(capsules, name);
    void *pointer;

    if (!capsule) {
        PyErr_Format(PyExc_ImportError, "mpi4py.MPI has no C function %s", name);
        return -1;
    }
    if (!(pointer = PyCapsule_GetPointer(capsule, signature)))
        return -1;
    memcpy(function, &pointer, sizeof(pointer));
    return 0;
}

static inline int import_mpi4py__MPI(void)
{
    PyObject *module = PyImport_ImportModule("mpi4py.MPI");
    PyObject *capsules = NULL;
    int rc = -1;

    if (!module || !(capsules = PyObject_GetAttrString(module, "__pyx_capi__")))
        goto done;
#define MPI4PY_IMPORT(Class, argument, text)                                           \
    if (mpi4py_import_type(module, #Class, &mpi4py_##Class##_type) < 0                 \
        || mpi4py_import_function(capsules, "PyMPI" #Class "_New",                     \
                                  "PyObject *(" text ")", (void *)&PyMPI##Class##_New) \
               < 0                                                                     \
        || mpi4py_import_function(capsules, "PyMPI" #Class "_Get",                     \
                                  "MPI_" #Class " *(PyObject *)",                      \
                                  (void *)&PyMPI##Class##_Get)                         \
               < 0)                                                                    \
        goto done;
    MPI4PY_CLASSES(MPI4PY_IMPORT)
#undef MPI4PY_IMPORT
#define MPI4PY_IMPORT(Class)                                                           \
    if (mpi4py_import_type(module, #Class, &mpi4py_##Class##_type) < 0)                \
        goto done;
    MPI4PY_REQUESTS(MPI4PY_IMPORT)
    MPI4PY_COMMS(MPI4PY_IMPORT)
#undef MPI4PY_IMPORT
#define MPI4PY_IMPORT(Class)                                                           \
    if (mpi4py_import_function(capsules, "PyMPI" #Class "_New",                        \
                               "PyObject *(MPI_Request)", (void *)&PyMPI##Class##_New) \
        < 0)                                                                           \
        goto done;
    MPI4PY_REQUESTS(MPI4PY_IMPORT)
#undef MPI4PY_IMPORT
    rc = 0;
done:
    Py_XDECREF(capsules);
    Py_XDECREF(module);
    return rc;
}

#undef MPI4PY_CLASSES
#undef MPI4PY_REQUESTS
#undef MPI4PY_COMMS

#endif
