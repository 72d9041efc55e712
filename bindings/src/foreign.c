/* foreign.c - memory of objects that have no buffer protocol */
#include "bindings/src/foreign.h"

#include <stdint.h>

#include "bindings/src/foreign_impl.h"

/* ------------------------------------------------------------ arrays */
int foreign_size(const char *protocol, int ndim, const int64_t *shape, int64_t itemsize,
                 Py_ssize_t *nbytes)
{
    int64_t size = itemsize;
    bool is_empty = false, overflow = false;
    int dim;

    for (dim = 0; dim < ndim; dim++) {
        if (shape[dim] < 0) {
            PyErr_Format(PyExc_BufferError, "%s: shape[%d] is negative (%lld)",
                         protocol, dim, (long long)shape[dim]);
            return -1;
        }
        is_empty |= shape[dim] == 0;
        overflow |= __builtin_mul_overflow(size, shape[dim], &size);
    }
    if (overflow && !is_empty) {
        PyErr_Format(PyExc_BufferError, "%s: array is larger than memory can be",
                     protocol);
        return -1;
    }
    *nbytes = is_empty ? 0 : (Py_ssize_t)size;
    return 0;
}

/* Dimensions in memory order, the innermost first: 'first', 'first' + 'step', ... */
static bool follows(int ndim, const int64_t *shape, const int64_t *strides,
                    int64_t unit, int first, int step)
{
    int64_t expected = unit;
    int count;

    for (count = 0; count < ndim; count++, first += step) {
        if (shape[first] != 1 && strides[first] != expected)
            return false;
        expected *= shape[first];
    }
    return true;
}

int foreign_check_strides(const char *protocol, int ndim, const int64_t *shape,
                          const int64_t *strides, int64_t unit)
{
    int dim;

    for (dim = 0; dim < ndim; dim++)
        if (shape[dim] == 0) /* nothing is there that could be scattered */
            return 0;
    if (follows(ndim, shape, strides, unit, ndim - 1, -1)
        || follows(ndim, shape, strides, unit, 0, 1))
        return 0;
    PyErr_Format(PyExc_BufferError,
                 "%s: array is not contiguous; send a contiguous copy of it", protocol);
    return -1;
}

int foreign_set(struct buffer *buf, const char *protocol, const struct foreign *array,
                int flags)
{
    if (array->readonly && flags & BUFFER_WRITABLE) {
        PyErr_Format(PyExc_BufferError, "%s: array is not writable", protocol);
        return -1;
    }
    if (!array->addr && array->nbytes > 0) {
        PyErr_Format(PyExc_BufferError, "%s: array of %zd bytes has no address",
                     protocol, array->nbytes);
        return -1;
    }
    /* Nothing but the owner is there to be released. */
    buf->view = (Py_buffer){ .obj = Py_NewRef(array->owner),
                             .buf = array->addr,
                             .len = array->nbytes,
                             .itemsize = 1,
                             .readonly = array->readonly };
    buf->held = true;
    buf->addr = array->addr;
    buf->nbytes = array->nbytes;
    buf->format = array->format;
    buf->is_device = array->is_device;
    return 0;
}

/* Those of numbers in C; anything else is sent as bytes. */
static const struct {
    char kind;
    unsigned char size;
    const char *format;
} formats[] = {
    { 'b', sizeof(bool), "?" },
    { 'i', 1, "b" },
    { 'i', sizeof(short), "h" },
    { 'i', sizeof(int), "i" },
    { 'i', sizeof(long), "l" },
    { 'i', sizeof(long long), "q" },
    { 'u', 1, "B" },
    { 'u', sizeof(short), "H" },
    { 'u', sizeof(int), "I" },
    { 'u', sizeof(long), "L" },
    { 'u', sizeof(long long), "Q" },
    { 'f', 2, "e" },
    { 'f', sizeof(float), "f" },
    { 'f', sizeof(double), "d" },
    { 'f', sizeof(long double), "g" },
    { 'c', 2 * sizeof(float), "F" },
    { 'c', 2 * sizeof(double), "D" },
    { 'c', 2 * sizeof(long double), "G" },
};

const char *foreign_format(char kind, int64_t itemsize)
{
    size_t idx;

    for (idx = 0; idx < Py_ARRAY_LENGTH(formats); idx++)
        if (formats[idx].kind == kind && formats[idx].size == itemsize)
            return formats[idx].format;
    return NULL;
}

/* ------------------------------------------------------------ protocols */
/* 1 with a new reference, 0 when there is no such attribute, -1 with the exception
 * set. */
static int find_attr(PyObject *object, const char *name, PyObject **attr)
{
    if ((*attr = PyObject_GetAttrString(object, name)))
        return 1;
    if (!PyErr_ExceptionMatches(PyExc_AttributeError))
        return -1;
    PyErr_Clear();
    return 0;
}

/* What the protocols' functions return: 1 done, 0 not supported, -1 failed. */
static int acquire_dlpack(struct buffer *buf, PyObject *object, int flags)
{
    PyObject *device = NULL, *method = NULL;
    int rc = find_attr(object, "__dlpack_device__", &device);

    if (rc > 0)
        rc = find_attr(object, "__dlpack__", &method);
    if (rc > 0)
        rc = dlpack_acquire(buf, device, method, flags) < 0 ? -1 : 1;
    Py_XDECREF(method);
    Py_XDECREF(device);
    return rc;
}

static int acquire_cuda_array(struct buffer *buf, PyObject *object, int flags)
{
    PyObject *interface;
    int rc = find_attr(object, "__cuda_array_interface__", &interface);

    if (rc > 0)
        rc = cuda_array_acquire(buf, object, interface, flags) < 0 ? -1 : 1;
    Py_XDECREF(interface);
    return rc;
}

bool foreign_is_possible(PyObject *object)
{
    return PyObject_HasAttrString(object, "__dlpack__")
           || PyObject_HasAttrString(object, "__cuda_array_interface__");
}

int foreign_acquire(struct buffer *buf, PyObject *object, int flags)
{
    PyObject *type, *value, *traceback;
    int rc;

    if (!PyErr_ExceptionMatches(PyExc_Exception))
        return -1;
    PyErr_Fetch(&type, &value, &traceback);
    if ((rc = acquire_dlpack(buf, object, flags)) == 0)
        rc = acquire_cuda_array(buf, object, flags);
    if (rc == 0) {
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return rc < 0 ? -1 : 0;
}
