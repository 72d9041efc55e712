/* bsend.c - the memory that buffered sends use */
#include "bindings/src/buffer.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* The attached object and the MPI.buffer that holds its memory. */
static int attach(PyObject *object)
{
    PyObject *memory = buffer_frombuffer_impl(object, false), *pair;
    int rc;

    if (!memory)
        return -1;
    pair = PyTuple_Pack(2, object, memory);
    Py_DECREF(memory);
    if (!pair)
        return -1;
    rc = mpi_check(MPI_Buffer_attach_c(buffer_address(memory), buffer_size(memory)));
    if (rc < 0)
        Py_DECREF(pair);
    else
        Py_XSETREF(module->attached, pair);
    return rc;
}

int mpi_Attach_buffer_impl(PyObject *buf)
{
    PyObject *pair;

    if (buf != Py_None && !is_instance(buf, CLASS_BufferAutomaticType))
        return attach(buf);
    if (mpi_check(MPI_Buffer_attach_c(MPI_BUFFER_AUTOMATIC, 0)) < 0)
        return -1;
    if (!(pair = PyTuple_Pack(1, module->buffer_automatic)))
        return -1;
    Py_XSETREF(module->attached, pair);
    return 0;
}

/* Waits until the messages in the buffer have left. */
PyObject *mpi_Detach_buffer_impl(void)
{
    PyObject *pair, *object = Py_None;
    void *addr = NULL;
    MPI_Count size = 0;
    int rc;

    MPI_CALL(rc, MPI_Buffer_detach_c(&addr, &size));
    if (mpi_check(rc) < 0)
        return NULL;
    pair = module->attached;
    module->attached = NULL;
    if (pair)
        object = PyTuple_GET_ITEM(pair, 0);
    Py_INCREF(object);
    Py_XDECREF(pair);
    return object;
}
