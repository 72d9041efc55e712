/* dlpack.c - arrays by the DLPack protocol, versions 1.x and before
 *
 * The capsule is kept as it came, and never renamed: it stays the producer's, whose
 * destructor gives the tensor back when the last reference to the capsule goes.
 */
#include "bindings/src/bind.h"
#include "bindings/src/foreign_impl.h"

static const char protocol[] = "dlpack";

/* The ABI, from the specification. */
enum { DEVICE_CPU = 1, DEVICE_CUDA_HOST = 3, DEVICE_ROCM_HOST = 11 };
enum { DEVICE_CUDA_MANAGED = 13 };
enum { TYPE_INT = 0, TYPE_UINT = 1, TYPE_FLOAT = 2, TYPE_COMPLEX = 5, TYPE_BOOL = 6 };
enum { FLAG_READ_ONLY = 1 };

struct dl_tensor {
    void *data;
    struct {
        int32_t type;
        int32_t id;
    } device;
    int32_t ndim;
    struct {
        uint8_t code;
        uint8_t bits;
        uint16_t lanes;
    } dtype;
    int64_t *shape;
    int64_t *strides; /* in items; NULL: C order */
    uint64_t byte_offset;
};

struct dl_managed {
    struct dl_tensor tensor;
    void *context;
    void (*deleter)(struct dl_managed *self);
};

struct dl_versioned {
    struct {
        uint32_t major, minor;
    } version;
    void *context;
    void (*deleter)(struct dl_versioned *self);
    uint64_t flags;
    struct dl_tensor tensor;
};

/* ------------------------------------------------------------ asking */
static int refuse(const char *text)
{
    PyErr_Format(PyExc_BufferError, "%s: %s", protocol, text);
    return -1;
}

static int ask_device(PyObject *device, int *type)
{
    PyObject *pair = PyObject_CallNoArgs(device);
    PyObject *items = pair ? PySequence_Tuple(pair) : NULL;
    int id, rc = -1;

    Py_XDECREF(pair);
    if (!items)
        return -1;
    if (PyTuple_GET_SIZE(items) != 2)
        PyErr_Format(PyExc_ValueError,
                     "%s: a device is a pair of type and number, not %zd items",
                     protocol, PyTuple_GET_SIZE(items));
    else if (bind_int(PyTuple_GET_ITEM(items, 0), type) == 0)
        rc = bind_int(PyTuple_GET_ITEM(items, 1), &id);
    Py_DECREF(items);
    return rc;
}

/* 'more' (borrowed, may be NULL) is added to what every version knows. */
static PyObject *call(PyObject *method, int device_type, PyObject *more)
{
    PyObject *none = PyTuple_New(0), *kwds = PyDict_New(), *stream = NULL;
    PyObject *capsule = NULL;

    if (!none || !kwds || (more && PyDict_Update(kwds, more) < 0))
        goto done;
    /* -1: the producer need not wait for anything.  A CPU has no streams. */
    if (device_type != DEVICE_CPU
        && (!(stream = PyLong_FromLong(-1))
            || PyDict_SetItemString(kwds, "stream", stream) < 0))
        goto done;
    capsule = PyObject_Call(method, none, kwds);
done:
    Py_XDECREF(stream);
    Py_XDECREF(kwds);
    Py_XDECREF(none);
    return capsule;
}

/* Producers of before version 1 do not know the new parameters. */
static PyObject *ask_capsule(PyObject *method, int device_type)
{
    PyObject *more =
        Py_BuildValue("{s:(ii),s:O}", "max_version", 1, 0, "copy", Py_False);
    PyObject *capsule = more ? call(method, device_type, more) : NULL;

    Py_XDECREF(more);
    if (capsule || !PyErr_ExceptionMatches(PyExc_TypeError))
        return capsule;
    PyErr_Clear();
    return call(method, device_type, NULL);
}

/* ------------------------------------------------------------ looking */
static int find_tensor(PyObject *capsule, const struct dl_tensor **tensor,
                       bool *readonly)
{
    const struct dl_versioned *versioned;
    const struct dl_managed *managed;

    *readonly = false;
    if (PyCapsule_IsValid(capsule, "dltensor_versioned")) {
        versioned = PyCapsule_GetPointer(capsule, "dltensor_versioned");
        if (versioned->version.major != 1) {
            PyErr_Format(PyExc_BufferError, "%s: version %u.%u instead of 1.x",
                         protocol, versioned->version.major, versioned->version.minor);
            return -1;
        }
        *readonly = versioned->flags & FLAG_READ_ONLY;
        *tensor = &versioned->tensor;
        return 0;
    }
    if (PyCapsule_IsValid(capsule, "dltensor")) {
        managed = PyCapsule_GetPointer(capsule, "dltensor");
        *tensor = &managed->tensor;
        return 0;
    }
    return refuse("expecting a capsule that nobody has used");
}

static int check_layout(const struct dl_tensor *tensor)
{
    int dim;

    if (tensor->ndim < 0)
        return refuse("number of dimensions is negative");
    if (tensor->ndim > 0 && !tensor->shape)
        return refuse("shape is NULL");
    for (dim = 0; tensor->strides && dim < tensor->ndim; dim++)
        if (tensor->strides[dim] < 0)
            return refuse("a stride is negative");
    return 0;
}

/* The first letter of numpy's type strings, by DLPack's type code. */
static const char kinds[] = { [TYPE_INT] = 'i',
                              [TYPE_UINT] = 'u',
                              [TYPE_FLOAT] = 'f',
                              [TYPE_COMPLEX] = 'c',
                              [TYPE_BOOL] = 'b' };

static const char *format_of(const struct dl_tensor *tensor)
{
    uint8_t code = tensor->dtype.code;

    /* How those who know no complex numbers say them. */
    if (code == TYPE_FLOAT && tensor->dtype.lanes == 2)
        return foreign_format('c', tensor->dtype.bits / 4);
    if (tensor->dtype.lanes != 1 || tensor->dtype.bits % 8 || code >= sizeof(kinds))
        return NULL;
    return foreign_format(kinds[code], tensor->dtype.bits / 8);
}

static bool is_host(int device_type)
{
    return device_type == DEVICE_CPU || device_type == DEVICE_CUDA_HOST
           || device_type == DEVICE_ROCM_HOST || device_type == DEVICE_CUDA_MANAGED;
}

static int set(struct buffer *buf, PyObject *capsule, int flags)
{
    struct foreign array = { .owner = capsule };
    const struct dl_tensor *tensor = NULL;
    int64_t itemsize;

    if (find_tensor(capsule, &tensor, &array.readonly) < 0 || check_layout(tensor) < 0)
        return -1;
    itemsize = ((int64_t)tensor->dtype.bits * tensor->dtype.lanes + 7) / 8;
    if (foreign_size(protocol, tensor->ndim, tensor->shape, itemsize, &array.nbytes)
        < 0)
        return -1;
    if (tensor->strides
        && foreign_check_strides(protocol, tensor->ndim, tensor->shape, tensor->strides,
                                 1)
               < 0)
        return -1;
    if (tensor->data)
        array.addr = (char *)tensor->data + tensor->byte_offset;
    array.format = format_of(tensor);
    array.is_device = !is_host(tensor->device.type);
    return foreign_set(buf, protocol, &array, flags);
}

int dlpack_acquire(struct buffer *buf, PyObject *device, PyObject *method, int flags)
{
    PyObject *capsule;
    int type, rc;

    if (ask_device(device, &type) < 0)
        return -1;
    if (type < 0) {
        PyErr_Format(PyExc_OverflowError, "%s: device type %d is negative", protocol,
                     type);
        return -1;
    }
    if (!(capsule = ask_capsule(method, type)))
        return -1;
    rc = set(buf, capsule, flags);
    buffer_drop(capsule);
    return rc;
}
