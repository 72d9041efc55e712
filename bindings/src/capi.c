/* capi.c - what C and Cython code finds in mpi4py.MPI
 *
 * The functions of mpi4py.h, as capsules in the dictionary __pyx_capi__.  A capsule's
 * name is the function's signature: importers compare it.
 */
#include "bindings/mpi4py/MPI.h"
#include "bindings/src/handle.h"
#include "bindings/src/status.h"

/* Clients were compiled with the public layout. */
#define SAME(name, Class, field, ob_field)                                             \
    _Static_assert(sizeof(struct name##_object) == sizeof(struct PyMPI##Class##Object) \
                       && offsetof(struct name##_object, field)                        \
                              == offsetof(struct PyMPI##Class##Object, ob_field),      \
                   "MPI.h has another layout of " #Class);
#define HANDLE(name, Class, ...) SAME(name, Class, mpi, ob_mpi)
HANDLE_CLASSES(HANDLE)
#undef HANDLE
SAME(status, Status, mpi, ob_mpi)
SAME(request, Request, keep, ob_buf)
SAME(grequest, Grequest, same, ob_grequest)
SAME(message, Message, keep, ob_buf)
SAME(win, Win, memory, ob_mem)

/* Whoever has the address may use the handle, and change it. */
#define HANDLE(name, Class, mpi_type, ...)                                             \
    static mpi_type *name##_address(PyObject *object)                                  \
    {                                                                                  \
        mpi_type mpi;                                                                  \
                                                                                       \
        if (name##_from(object, "argument", &mpi) < 0)                                 \
            return NULL;                                                               \
        ((struct name##_object *)object)->flags |= HANDLE_EXPORTED;                    \
        return &((struct name##_object *)object)->mpi;                                 \
    }
HANDLE_CLASSES(HANDLE)
#undef HANDLE

static PyObject *prequest_wrap(MPI_Request mpi)
{
    return request_wrap_as(module->types[CLASS_Prequest], mpi);
}

static PyObject *grequest_wrap(MPI_Request mpi)
{
    return request_wrap_as(module->types[CLASS_Grequest], mpi);
}

static PyObject *status_copy(const MPI_Status *mpi)
{
    if (!mpi || mpi == MPI_STATUS_IGNORE)
        return PyObject_CallNoArgs((PyObject *)module->types[CLASS_Status]);
    return status_wrap(mpi);
}

static MPI_Status *status_address(PyObject *object)
{
    if (object == Py_None)
        return MPI_STATUS_IGNORE;
    if (is_instance(object, CLASS_Status))
        return &((struct status_object *)object)->mpi;
    PyErr_Format(PyExc_TypeError, "argument must be mpi4py.MPI.Status or None, not %s",
                 Py_TYPE(object)->tp_name);
    return NULL;
}

typedef void (*function_f)(void);

static const struct {
    const char *name;
    const char *signature;
    function_f function;
} functions[] = {
#define HANDLE(name, Class, mpi_type, ...)                                             \
    { "PyMPI" #Class "_New", "PyObject *(MPI_" #Class ")", (function_f)name##_wrap },  \
        { "PyMPI" #Class "_Get", "MPI_" #Class " *(PyObject *)",                       \
          (function_f)name##_address },
    HANDLE_CLASSES(HANDLE)
#undef HANDLE
        { "PyMPIPrequest_New", "PyObject *(MPI_Request)", (function_f)prequest_wrap },
    { "PyMPIGrequest_New", "PyObject *(MPI_Request)", (function_f)grequest_wrap },
    { "PyMPIStatus_New", "PyObject *(MPI_Status *)", (function_f)status_copy },
    { "PyMPIStatus_Get", "MPI_Status *(PyObject *)", (function_f)status_address },
};

int capi_module_init(struct module_state *state)
{
    PyObject *capsules = PyDict_New(), *capsule;
    size_t idx;
    int rc = capsules ? 0 : -1;

    for (idx = 0; rc == 0 && idx < Py_ARRAY_LENGTH(functions); idx++) {
        capsule = PyCapsule_New((void *)functions[idx].function,
                                functions[idx].signature, NULL);
        rc =
            capsule ? PyDict_SetItemString(capsules, functions[idx].name, capsule) : -1;
        Py_XDECREF(capsule);
    }
    if (rc == 0)
        rc = PyModule_AddObjectRef(state->module, "__pyx_capi__", capsules);
    Py_XDECREF(capsules);
    return rc;
}
