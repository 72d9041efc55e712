/* datarep.c - data representations of files, with conversions in Python */
#include "bindings/src/buffer.h"
#include "bindings/src/callback.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* MPI has no call that ends a data representation: they stay. */
struct datarep {
    PyObject *read, *write, *extent; /* NULL for None */
};

static void datarep_destroy(struct datarep *datarep)
{
    Py_XDECREF(datarep->read);
    Py_XDECREF(datarep->write);
    Py_XDECREF(datarep->extent);
    PyMem_Free(datarep);
}

static PyObject *given(PyObject *function)
{
    return function == Py_None ? NULL : Py_NewRef(function);
}

static struct datarep *datarep_create(PyObject *read, PyObject *write, PyObject *extent)
{
    struct datarep *datarep = PyMem_New(struct datarep, 1);

    if (!datarep) {
        PyErr_NoMemory();
        return NULL;
    }
    *datarep = (struct datarep){ given(read), given(write), given(extent) };
    return datarep;
}

/* ------------------------------------------------------------ callbacks */
static int measure(struct datarep *datarep, MPI_Datatype datatype, MPI_Aint *extent)
{
    PyObject *type = datatype_wrap(datatype), *result = NULL;
    MPI_Count count = 0;
    int rc = -1;

    if (type && (result = PyObject_CallOneArg(datarep->extent, type))
        && bind_count(result, &count) == 0)
        rc = 0;
    Py_XDECREF(result);
    Py_XDECREF(type);
    *extent = count;
    return rc;
}

/* function(userbuf, datatype, count, filebuf, position): in the user's memory the items
 * begin at 'position', in the file's at 0. */
static int convert(struct datarep *datarep, PyObject *function, void *user,
                   MPI_Datatype datatype, MPI_Count count, void *file,
                   MPI_Offset position)
{
    PyObject *here = NULL, *there = NULL, *type = NULL, *result = NULL;
    bool is_read = function == datarep->read;
    MPI_Count lb, in_memory;
    MPI_Aint in_file;

    if (measure(datarep, datatype, &in_file) == 0
        && datatype_extent(datatype, &lb, &in_memory) == 0
        && (here = buffer_wrap(NULL, user, (position + count) * in_memory, !is_read))
        && (there = buffer_wrap(NULL, file, count * in_file, is_read))
        && (type = datatype_wrap(datatype)))
        result = PyObject_CallFunction(function, "OOLOL", here, type, (long long)count,
                                       there, (long long)position);
    Py_XDECREF(type);
    Py_XDECREF(there);
    Py_XDECREF(here);
    Py_XDECREF(result);
    return result ? 0 : -1;
}

#define CONVERSION(name)                                                               \
    static int on_##name(void *user, MPI_Datatype datatype, MPI_Count count,           \
                         void *file, MPI_Offset position, void *extra)                 \
    {                                                                                  \
        struct datarep *datarep = extra;                                               \
        struct callback callback;                                                      \
        int rc = MPI_SUCCESS;                                                          \
                                                                                       \
        if (!callback_enter(&callback))                                                \
            return MPI_ERR_CONVERSION;                                                 \
        if (convert(datarep, datarep->name, user, datatype, count, file, position)     \
            < 0)                                                                       \
            rc = callback_failed(datarep->name);                                       \
        callback_leave(&callback);                                                     \
        return rc;                                                                     \
    }
CONVERSION(read)
CONVERSION(write)

static int on_extent(MPI_Datatype datatype, MPI_Aint *extent, void *extra)
{
    struct datarep *datarep = extra;
    struct callback callback;
    int rc = MPI_SUCCESS;

    if (!callback_enter(&callback))
        return MPI_ERR_CONVERSION;
    if (measure(datarep, datatype, extent) < 0)
        rc = callback_failed(datarep->extent);
    callback_leave(&callback);
    return rc;
}

/* ------------------------------------------------------------ registering */
int mpi_Register_datarep_impl(const char *name, PyObject *read, PyObject *write,
                              PyObject *extent)
{
    struct datarep *datarep;
    int rc;

    if (!PyCallable_Check(extent)) {
        PyErr_Format(PyExc_TypeError, "'extent_fn' must be callable, not %s",
                     Py_TYPE(extent)->tp_name);
        return -1;
    }
    if (!(datarep = datarep_create(read, write, extent)))
        return -1;
    MPI_CALL(rc, MPI_Register_datarep_c(
                     name, datarep->read ? on_read : MPI_CONVERSION_FN_NULL_C,
                     datarep->write ? on_write : MPI_CONVERSION_FN_NULL_C, on_extent,
                     datarep));
    if (rc != MPI_SUCCESS)
        datarep_destroy(datarep);
    return mpi_check(rc);
}
