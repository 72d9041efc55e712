/* introspect.c - sizes, addresses and numbers of handles, for ctypes and cffi */
#include "bindings/src/handle.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

/* Every object of these classes has MPI's value at the same place. */
static const struct {
    enum class_id id;
    size_t size;
} roots[] = {
#define HANDLE(name, Class, mpi_type, ...) { CLASS_##Class, sizeof(mpi_type) },
    HANDLE_CLASSES(HANDLE)
#undef HANDLE
        { CLASS_Status, sizeof(MPI_Status) },
};

/* Row of 'cls' in roots; -1 with a TypeError when it is none of ours. */
static int find_root(PyTypeObject *cls)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(roots); idx++)
        if (PyType_IsSubtype(cls, module->types[roots[idx].id]))
            return (int)idx;
    PyErr_Format(PyExc_TypeError, "expecting an MPI type or instance, not %s",
                 cls->tp_name);
    return -1;
}

static void *address_of(PyObject *object)
{
    return (char *)object + offsetof(struct comm_object, mpi);
}

PyObject *mpi__sizeof_impl(PyObject *arg)
{
    int idx = find_root(PyType_Check(arg) ? (PyTypeObject *)arg : Py_TYPE(arg));

    return idx < 0 ? NULL : PyLong_FromSize_t(roots[idx].size);
}

PyObject *mpi__addressof_impl(PyObject *arg)
{
    return find_root(Py_TYPE(arg)) < 0 ? NULL : PyLong_FromVoidPtr(address_of(arg));
}

PyObject *mpi__handleof_impl(PyObject *arg)
{
    int idx = find_root(Py_TYPE(arg));

    if (idx < 0)
        return NULL;
    if (roots[idx].id == CLASS_Status)
        return PyLong_FromVoidPtr(address_of(arg));
    return PyObject_GetAttrString(arg, "handle");
}
