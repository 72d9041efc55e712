/* buffer.c - memory of Python objects, and the class MPI.buffer
 *
 * An MPI.buffer is an address, a length and the owner of the memory: a memoryview
 * of another object, a capsule for memory of its own, what foreign_acquire() found, or
 * nobody.  Slices share the owner, so that releasing a buffer leaves its slices valid.
 */
#include "bindings/src/buffer.h"

#include <structmember.h>

#include "bindings/src/error.h"
#include "bindings/src/foreign.h"
#include "mpi_impl.h"

struct buffer_object {
    PyObject_HEAD char *addr;
    Py_ssize_t nbytes;
    bool readonly;
    bool is_device;
    PyObject *owner; /* or NULL */
    PyObject *weakrefs;
};

static const char memory_capsule[] = "mpi4py.MPI memory";

/* ------------------------------------------------------------ struct buffer */
bool buffer_is_possible(PyObject *object)
{
    return PyObject_CheckBuffer(object);
}

/* What PEP 3118 refuses; its exception is set.  Our own objects export memory of the
 * CPU only, because those who ask would look at it. */
static int acquire_other(struct buffer *buf, PyObject *object, int flags)
{
    struct buffer_object *self = (struct buffer_object *)object;

    if (!is_instance(object, CLASS_buffer) || !self->is_device)
        return foreign_acquire(buf, object, flags);
    if (self->readonly && flags & BUFFER_WRITABLE)
        return -1;
    PyErr_Clear();
    *buf = (struct buffer){ .addr = self->addr,
                            .nbytes = self->nbytes,
                            .format = "B",
                            .held = true,
                            .is_device = true,
                            .view = { .obj = Py_XNewRef(self->owner) } };
    return 0;
}

int buffer_acquire(struct buffer *buf, PyObject *object, int flags)
{
    int how = PyBUF_ANY_CONTIGUOUS;

    if (flags & BUFFER_WRITABLE)
        how |= PyBUF_WRITABLE;
    if (flags & BUFFER_FORMAT)
        how |= PyBUF_FORMAT;
    if (PyObject_GetBuffer(object, &buf->view, how) < 0) {
        buf->held = false;
        return acquire_other(buf, object, flags);
    }
    buf->held = true;
    buf->is_device = false;
    buf->addr = buf->view.buf;
    buf->nbytes = buf->view.len;
    buf->format = buf->view.format;
    return 0;
}

void buffer_drop(PyObject *owner)
{
    PyObject *type, *value, *traceback;

    if (!owner || !PyCapsule_CheckExact(owner)) {
        Py_XDECREF(owner);
        return;
    }
    PyErr_Fetch(&type, &value, &traceback);
    Py_DECREF(owner);
    PyErr_Restore(type, value, traceback);
}

void buffer_release(struct buffer *buf)
{
    if (!buf->held)
        return;
    buf->held = false;
    if (buf->view.obj && PyCapsule_CheckExact(buf->view.obj))
        buffer_drop(buf->view.obj);
    else
        PyBuffer_Release(&buf->view);
}

/* ------------------------------------------------------------ making one */
/* Takes 'owner' (may be NULL), always. */
static PyObject *buffer_create(PyObject *owner, void *addr, Py_ssize_t nbytes,
                               bool readonly)
{
    PyTypeObject *cls = module->types[CLASS_buffer];
    struct buffer_object *self = (struct buffer_object *)cls->tp_alloc(cls, 0);

    if (!self) {
        buffer_drop(owner);
        return NULL;
    }
    self->owner = owner;
    self->addr = addr;
    self->nbytes = nbytes;
    self->readonly = readonly;
    return (PyObject *)self;
}

/* A part of 'self', or all of it. */
static PyObject *buffer_share(struct buffer_object *self, Py_ssize_t start,
                              Py_ssize_t nbytes, bool readonly)
{
    struct buffer_object *part = (struct buffer_object *)buffer_create(
        Py_XNewRef(self->owner), self->addr + start, nbytes, readonly);

    if (part)
        part->is_device = self->is_device;
    return (PyObject *)part;
}

/* -1 with a BufferError when only MPI may touch the memory. */
static int check_host(struct buffer_object *self)
{
    if (!self->is_device)
        return 0;
    PyErr_SetString(PyExc_BufferError, "buffer is not CPU-accessible");
    return -1;
}

PyObject *buffer_wrap(PyObject *owner, void *addr, Py_ssize_t nbytes, bool readonly)
{
    return buffer_create(Py_XNewRef(owner), addr, nbytes, readonly);
}

static void free_memory(PyObject *capsule)
{
    PyMem_RawFree(PyCapsule_GetPointer(capsule, memory_capsule));
}

PyObject *buffer_allocate(Py_ssize_t nbytes, bool clear)
{
    void *addr =
        clear ? PyMem_RawCalloc(1, nbytes ? nbytes : 1) : PyMem_RawMalloc(nbytes);
    PyObject *owner;

    if (!addr)
        return PyErr_NoMemory();
    if (!(owner = PyCapsule_New(addr, memory_capsule, free_memory))) {
        PyMem_RawFree(addr);
        return NULL;
    }
    return buffer_create(owner, addr, nbytes, false);
}

/* After PEP 3118 has refused. */
static PyObject *from_other(PyObject *object, bool readonly)
{
    struct buffer_object *self;
    struct buffer buf;

    if (acquire_other(&buf, object, 0) < 0)
        return NULL;
    self = (struct buffer_object *)buffer_create(buf.view.obj, buf.addr, buf.nbytes,
                                                 readonly || buf.view.readonly);
    if (self)
        self->is_device = buf.is_device;
    return (PyObject *)self;
}

PyObject *buffer_from_object(PyObject *object, bool readonly)
{
    PyObject *owner = PyMemoryView_FromObject(object);
    Py_buffer *view;

    if (!owner)
        return from_other(object, readonly);
    view = PyMemoryView_GET_BUFFER(owner);
    if (!PyBuffer_IsContiguous(view, 'A')) {
        PyErr_SetString(PyExc_BufferError, "buffer is not contiguous");
        Py_DECREF(owner);
        return NULL;
    }
    return buffer_create(owner, view->buf, view->len, readonly || view->readonly);
}

void *buffer_address(PyObject *buf)
{
    return ((struct buffer_object *)buf)->addr;
}

Py_ssize_t buffer_size(PyObject *buf)
{
    return ((struct buffer_object *)buf)->nbytes;
}

PyObject *buffer_new_impl(PyTypeObject *cls, PyObject *buf)
{
    return buf ? buffer_from_object(buf, false) : buffer_create(NULL, NULL, 0, false);
}

PyObject *buffer_allocate_impl(MPI_Aint nbytes, bool clear)
{
    if (nbytes < 0) {
        PyErr_SetString(PyExc_ValueError, "expecting non-negative size");
        return NULL;
    }
    return buffer_allocate(nbytes, clear);
}

PyObject *buffer_frombuffer_impl(PyObject *obj, bool readonly)
{
    struct buffer_object *self =
        (struct buffer_object *)buffer_from_object(obj, readonly);

    if (self && !readonly && self->readonly) {
        PyErr_SetString(PyExc_BufferError, "Object is not writable.");
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

PyObject *buffer_fromaddress_impl(MPI_Aint address, MPI_Aint nbytes, bool readonly)
{
    if (nbytes < 0) {
        PyErr_SetString(PyExc_ValueError, "expecting non-negative size");
        return NULL;
    }
    if (nbytes > 0 && address == 0) {
        PyErr_SetString(PyExc_ValueError, "expecting non-NULL address");
        return NULL;
    }
    return buffer_create(NULL, (void *)address, nbytes, readonly);
}

/* ------------------------------------------------------------ members */
PyObject *buffer_cast_impl(struct buffer_object *self, PyObject *format,
                           PyObject *shape)
{
    PyObject *view = PyMemoryView_FromObject((PyObject *)self), *result = NULL;

    if (view && shape)
        result = PyObject_CallMethod(view, "cast", "OO", format, shape);
    else if (view)
        result = PyObject_CallMethod(view, "cast", "O", format);
    Py_XDECREF(view);
    return result;
}

PyObject *buffer_tobytes_impl(struct buffer_object *self, PyObject *order)
{
    if (check_host(self) < 0)
        return NULL;
    return PyBytes_FromStringAndSize(self->addr, self->nbytes);
}

PyObject *buffer_toreadonly_impl(struct buffer_object *self)
{
    return buffer_share(self, 0, self->nbytes, true);
}

int buffer_release_impl(struct buffer_object *self)
{
    Py_CLEAR(self->owner);
    self->addr = NULL;
    self->nbytes = 0;
    self->readonly = self->is_device = false;
    return 0;
}

PyObject *buffer_address_get(struct buffer_object *self)
{
    return PyLong_FromVoidPtr(self->addr);
}

PyObject *buffer_obj_get(struct buffer_object *self)
{
    PyObject *obj = self->owner;

    if (obj && PyMemoryView_Check(obj))
        obj = PyMemoryView_GET_BUFFER(obj)->obj;
    else if (obj && PyTuple_Check(obj))
        obj = PyTuple_GET_ITEM(obj, 0);
    else if (obj && PyCapsule_IsValid(obj, memory_capsule))
        obj = (PyObject *)self;
    return Py_NewRef(obj ? obj : Py_None);
}

PyObject *buffer_nbytes_get(struct buffer_object *self)
{
    return PyLong_FromSsize_t(self->nbytes);
}

PyObject *buffer_readonly_get(struct buffer_object *self)
{
    return PyBool_FromLong(self->readonly);
}

PyObject *buffer_format_get(struct buffer_object *self)
{
    return PyUnicode_FromString("B");
}

PyObject *buffer_itemsize_get(struct buffer_object *self)
{
    return PyLong_FromLong(1);
}

/* ------------------------------------------------------------ slots */
static void buffer_dealloc(PyObject *object)
{
    struct buffer_object *self = (struct buffer_object *)object;
    PyTypeObject *cls = Py_TYPE(object);

    if (self->weakrefs)
        PyObject_ClearWeakRefs(object);
    buffer_drop(self->owner);
    cls->tp_free(object);
    Py_DECREF(cls);
}

/* The view holds the owner too: it outlives release(). */
static int buffer_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct buffer_object *self = (struct buffer_object *)object;

    if (check_host(self) < 0) {
        view->obj = NULL;
        return -1;
    }
    if (PyBuffer_FillInfo(view, object, self->addr, self->nbytes, self->readonly, flags)
        < 0)
        return -1;
    view->internal = Py_XNewRef(self->owner);
    return 0;
}

static void buffer_releasebuffer(PyObject *object, Py_buffer *view)
{
    Py_XDECREF((PyObject *)view->internal);
}

static Py_ssize_t buffer_length(PyObject *object)
{
    return ((struct buffer_object *)object)->nbytes;
}

/* The part of 'self' that 'item' names: '*is_slice' or one byte. */
static int locate(struct buffer_object *self, PyObject *item, Py_ssize_t *start,
                  Py_ssize_t *length, bool *is_slice)
{
    Py_ssize_t stop, step;

    *is_slice = PySlice_Check(item);
    if (*is_slice) {
        if (PySlice_Unpack(item, start, &stop, &step) < 0)
            return -1;
        *length = PySlice_AdjustIndices(self->nbytes, start, &stop, step);
        if (step == 1)
            return 0;
        PyErr_SetString(PyExc_IndexError, "slice with step not supported");
        return -1;
    }
    if (!PyIndex_Check(item)) {
        PyErr_SetString(PyExc_TypeError, "index must be integer or slice");
        return -1;
    }
    *start = PyNumber_AsSsize_t(item, PyExc_IndexError);
    if (*start == -1 && PyErr_Occurred())
        return -1;
    if (*start < 0)
        *start += self->nbytes;
    if (*start >= 0 && *start < self->nbytes)
        return 0;
    PyErr_SetString(PyExc_IndexError, "index out of range");
    return -1;
}

static PyObject *buffer_subscript(PyObject *object, PyObject *item)
{
    struct buffer_object *self = (struct buffer_object *)object;
    Py_ssize_t start, length;
    bool is_slice;

    if (locate(self, item, &start, &length, &is_slice) < 0)
        return NULL;
    if (is_slice)
        return buffer_share(self, start, length, self->readonly);
    if (check_host(self) < 0)
        return NULL;
    return PyLong_FromLong((unsigned char)self->addr[start]);
}

/* For iteration, which ends with the first IndexError. */
static PyObject *buffer_item(PyObject *object, Py_ssize_t idx)
{
    struct buffer_object *self = (struct buffer_object *)object;

    if (idx < 0 || idx >= self->nbytes) {
        PyErr_SetString(PyExc_IndexError, "index out of range");
        return NULL;
    }
    return check_host(self) < 0 ? NULL
                                : PyLong_FromLong((unsigned char)self->addr[idx]);
}

static int byte_from(PyObject *value, unsigned char *byte)
{
    int number;

    if (bind_int(value, &number) < 0)
        return -1;
    if (number < 0 || number > 255) {
        PyErr_Format(PyExc_OverflowError, "%d does not fit a byte", number);
        return -1;
    }
    *byte = (unsigned char)number;
    return 0;
}

static int assign_slice(char *addr, Py_ssize_t length, PyObject *value)
{
    struct buffer source = { 0 };
    int rc = -1;

    if (buffer_acquire(&source, value, 0) < 0)
        return -1;
    if (source.is_device) {
        PyErr_SetString(PyExc_BufferError, "buffer is not CPU-accessible");
    } else if (source.nbytes == length) {
        if (length > 0)
            memmove(addr, source.addr, length);
        rc = 0;
    } else {
        PyErr_SetString(PyExc_ValueError, "slice length does not match buffer");
    }
    buffer_release(&source);
    return rc;
}

/* 'value' is a number for each byte, or as much memory as the slice. */
static int assign(struct buffer_object *self, PyObject *item, PyObject *value)
{
    bool is_memory = PySlice_Check(item) && !PyIndex_Check(value), is_slice;
    Py_ssize_t start, length = 1;
    unsigned char byte = 0;

    if (!is_memory && byte_from(value, &byte) < 0)
        return -1;
    if (locate(self, item, &start, &length, &is_slice) < 0 || check_host(self) < 0)
        return -1;
    if (is_memory)
        return assign_slice(self->addr + start, length, value);
    if (length > 0)
        memset(self->addr + start, byte, length);
    return 0;
}

static int buffer_ass_subscript(PyObject *object, PyObject *item, PyObject *value)
{
    struct buffer_object *self = (struct buffer_object *)object;
    PyObject *owner;
    int rc;

    if (!value) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "Subscript deletion not supported by mpi4py.MPI.buffer");
        return -1;
    }
    if (self->readonly) {
        PyErr_SetString(PyExc_TypeError, "buffer is read-only");
        return -1;
    }
    /* What 'item' and 'value' do when they are asked may release 'self'. */
    owner = Py_XNewRef(self->owner);
    rc = assign(self, item, value);
    buffer_drop(owner);
    return rc;
}

static PyMemberDef buffer_members[] = {
    { "__weaklistoffset__", T_PYSSIZET, offsetof(struct buffer_object, weakrefs),
      READONLY },
    { NULL },
};
static const PyType_Slot buffer_slots[] = {
    { Py_tp_dealloc, buffer_dealloc },
    { Py_bf_getbuffer, buffer_getbuffer },
    { Py_bf_releasebuffer, buffer_releasebuffer },
    { Py_sq_length, buffer_length },
    { Py_sq_item, buffer_item },
    { Py_mp_length, buffer_length },
    { Py_mp_subscript, buffer_subscript },
    { Py_mp_ass_subscript, buffer_ass_subscript },
    { Py_tp_members, buffer_members },
    { 0 },
};
const struct class_def buffer_class = { .size = sizeof(struct buffer_object),
                                        .slots = buffer_slots };

/* ------------------------------------------------------------ MPI's memory */
/* MPICH ends the process when it is to free memory that it did not allocate: so what
 * it allocated is remembered. */
static int remember(void *addr)
{
    PyObject *number = PyLong_FromVoidPtr(addr);
    int rc = -1;

    if (number && (module->allocated || (module->allocated = PySet_New(NULL))))
        rc = PySet_Add(module->allocated, number);
    Py_XDECREF(number);
    return rc;
}

/* 1 when it was remembered, 0 when not, -1 with the exception set. */
static int forget(void *addr)
{
    PyObject *number = PyLong_FromVoidPtr(addr);
    int rc = -1;

    if (number)
        rc = module->allocated ? PySet_Discard(module->allocated, number) : 0;
    Py_XDECREF(number);
    return rc;
}

PyObject *mpi_Alloc_mem_impl(MPI_Aint size, MPI_Info info)
{
    void *addr = NULL;

    if (mpi_check(MPI_Alloc_mem(size ? size : 1, info, &addr)) < 0)
        return NULL;
    if (remember(addr) == 0)
        return buffer_create(NULL, addr, size, false);
    MPI_Free_mem(addr);
    return NULL;
}

int mpi_Free_mem_impl(struct buffer_object *mem)
{
    int known = forget(mem->addr);

    if (known == 0)
        PyErr_SetString(PyExc_ValueError, "memory was not allocated by Alloc_mem()");
    if (known <= 0 || mpi_check(MPI_Free_mem(mem->addr)) < 0)
        return -1;
    return buffer_release_impl(mem);
}
