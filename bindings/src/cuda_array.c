/* cuda_array.c - arrays by the CUDA Array Interface
 *
 * The interface is a dictionary: data (address and read-only flag), typestr, shape,
 * and perhaps strides (in bytes), descr and mask.
 */
#include "bindings/src/bind.h"
#include "bindings/src/foreign_impl.h"

static const char protocol[] = "__cuda_array_interface__";

struct layout {
    int ndim;
    int64_t shape[PyBUF_MAX_NDIM];
    int64_t strides[PyBUF_MAX_NDIM];
};

static int want(const char *key, const char *type, PyObject *value)
{
    PyErr_Format(PyExc_TypeError, "%s: '%s' must be %s, not %s", protocol, key, type,
                 Py_TYPE(value)->tp_name);
    return -1;
}

/* Borrowed; NULL without an exception when there is none, or it is None. */
static PyObject *find(PyObject *interface, const char *key)
{
    PyObject *value = PyDict_GetItemString(interface, key);

    return value == Py_None ? NULL : value;
}

/* Borrowed; NULL with the exception set. */
static PyObject *must(PyObject *interface, const char *key)
{
    PyObject *value = PyDict_GetItemString(interface, key);

    if (!value)
        PyErr_Format(PyExc_KeyError, "%s has no '%s'", protocol, key);
    return value;
}

/* ------------------------------------------------------------ the parts */
static int read_data(PyObject *interface, struct foreign *array)
{
    PyObject *data = must(interface, "data"), *addr, *number;
    int readonly;

    if (!data)
        return -1;
    if (!PyTuple_Check(data))
        return want("data", "tuple", data);
    if (PyTuple_GET_SIZE(data) != 2) {
        PyErr_Format(PyExc_ValueError,
                     "%s: 'data' is a pair of address and read-only flag, not %zd "
                     "items",
                     protocol, PyTuple_GET_SIZE(data));
        return -1;
    }
    if ((readonly = PyObject_IsTrue(PyTuple_GET_ITEM(data, 1))) < 0)
        return -1;
    array->readonly = readonly;
    addr = PyTuple_GET_ITEM(data, 0);
    if (addr == Py_None && array->nbytes == 0)
        return 0;
    if (!(number = PyNumber_Index(addr)))
        return -1;
    array->addr = PyLong_AsVoidPtr(number);
    Py_DECREF(number);
    return PyErr_Occurred() ? -1 : 0;
}

static int read_numbers(PyObject *tuple, int count, int64_t *values)
{
    MPI_Count value;
    int idx;

    for (idx = 0; idx < count; idx++) {
        if (bind_index(PyTuple_GET_ITEM(tuple, idx), &value) < 0)
            return -1;
        values[idx] = value;
    }
    return 0;
}

static int read_shape(PyObject *interface, struct layout *layout)
{
    PyObject *shape = must(interface, "shape");

    if (!shape)
        return -1;
    if (!PyTuple_Check(shape))
        return want("shape", "tuple", shape);
    if (PyTuple_GET_SIZE(shape) > PyBUF_MAX_NDIM) {
        PyErr_Format(PyExc_BufferError, "%s: %zd dimensions are too many", protocol,
                     PyTuple_GET_SIZE(shape));
        return -1;
    }
    layout->ndim = (int)PyTuple_GET_SIZE(shape);
    return read_numbers(shape, layout->ndim, layout->shape);
}

static int check_strides(PyObject *interface, struct layout *layout, int64_t itemsize)
{
    PyObject *strides = find(interface, "strides");

    if (!strides)
        return 0;
    if (!PyTuple_Check(strides))
        return want("strides", "tuple", strides);
    if (PyTuple_GET_SIZE(strides) < layout->ndim) {
        PyErr_Format(PyExc_IndexError, "%s: %zd strides for %d dimensions", protocol,
                     PyTuple_GET_SIZE(strides), layout->ndim);
        return -1;
    }
    if (read_numbers(strides, layout->ndim, layout->strides) < 0)
        return -1;
    return foreign_check_strides(protocol, layout->ndim, layout->shape, layout->strides,
                                 itemsize);
}

/* Order, kind and size, as in "<f8". */
static int read_typestr(PyObject *typestr, Py_UCS4 *order, Py_UCS4 *kind,
                        int64_t *itemsize)
{
    PyObject *digits, *number = NULL;
    MPI_Count size = 0;
    int rc = -1;

    if (!PyUnicode_Check(typestr))
        return want("typestr", "str", typestr);
    if (PyUnicode_GET_LENGTH(typestr) < 3) {
        PyErr_Format(PyExc_ValueError, "%s: typestr %R is too short", protocol,
                     typestr);
        return -1;
    }
    *order = PyUnicode_READ_CHAR(typestr, 0);
    *kind = PyUnicode_READ_CHAR(typestr, 1);
    digits = PyUnicode_Substring(typestr, 2, PyUnicode_GET_LENGTH(typestr));
    if (digits && (number = PyLong_FromUnicodeObject(digits, 10))
        && bind_index(number, &size) == 0)
        rc = 0;
    Py_XDECREF(number);
    Py_XDECREF(digits);
    if (rc == 0 && size < 0) {
        PyErr_Format(PyExc_ValueError, "%s: typestr %R has a negative size", protocol,
                     typestr);
        rc = -1;
    }
    *itemsize = size;
    return rc;
}

/* The order matters only to those who believe the type string. */
static int check_order(PyObject *typestr, Py_UCS4 order)
{
    const Py_UCS4 native = PY_LITTLE_ENDIAN ? '<' : '>';
    const Py_UCS4 other = PY_LITTLE_ENDIAN ? '>' : '<';

    if (order == native || order == '|')
        return 0;
    PyErr_Format(PyExc_BufferError, "%s: typestr %R with %s byte order", protocol,
                 typestr, order == other ? "non-native" : "unrecognized");
    return -1;
}

/* One unnamed field of the type string's type says nothing new. */
static int check_descr(PyObject *interface, PyObject *typestr)
{
    PyObject *descr = find(interface, "descr"), *plain;
    int equal;

    if (!descr)
        return 0;
    if (!PyList_Check(descr))
        return want("descr", "list", descr);
    if (!(plain = Py_BuildValue("[(sO)]", "", typestr)))
        return -1;
    equal = PyObject_RichCompareBool(descr, plain, Py_EQ);
    Py_DECREF(plain);
    if (equal)
        return equal < 0 ? -1 : 0;
    return PyErr_WarnFormat(PyExc_RuntimeWarning, 1, "%s: ignoring 'descr' key",
                            protocol);
}

/* ------------------------------------------------------------ together */
static int read_parts(PyObject *interface, struct foreign *array, int flags)
{
    PyObject *typestr;
    struct layout layout;
    Py_UCS4 order = 0, kind = 0;
    int64_t itemsize = 0;

    if (!(typestr = must(interface, "typestr"))
        || read_typestr(typestr, &order, &kind, &itemsize) < 0
        || read_shape(interface, &layout) < 0
        || foreign_size(protocol, layout.ndim, layout.shape, itemsize, &array->nbytes)
               < 0
        || read_data(interface, array) < 0
        || check_strides(interface, &layout, itemsize) < 0)
        return -1;
    if (find(interface, "mask")) {
        PyErr_Format(PyExc_BufferError, "%s: cannot handle masked arrays", protocol);
        return -1;
    }
    if (flags & BUFFER_FORMAT && check_order(typestr, order) < 0)
        return -1;
    array->format = kind < 128 ? foreign_format((char)kind, itemsize) : NULL;
    return check_descr(interface, typestr);
}

/* From a copy: what its values do when they are asked for numbers may change it. */
static int read_interface(PyObject *interface, struct foreign *array, int flags)
{
    PyObject *copy;
    int rc;

    if (!PyDict_Check(interface)) {
        PyErr_Format(PyExc_TypeError, "%s must be dict, not %s", protocol,
                     Py_TYPE(interface)->tp_name);
        return -1;
    }
    if (!(copy = PyDict_Copy(interface)))
        return -1;
    rc = read_parts(copy, array, flags);
    Py_DECREF(copy);
    return rc;
}

int cuda_array_acquire(struct buffer *buf, PyObject *object, PyObject *interface,
                       int flags)
{
    struct foreign array = { .is_device = true };
    int rc;

    /* In a tuple, because an exporter that also has the buffer protocol would be told
     * to release a view that it never gave. */
    if (!(array.owner = PyTuple_Pack(1, object)))
        return -1;
    rc = read_interface(interface, &array, flags);
    if (rc == 0)
        rc = foreign_set(buf, protocol, &array, flags);
    Py_DECREF(array.owner);
    return rc;
}
