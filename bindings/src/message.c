/* message.c - address, count, datatype
 *
 * Preparation has three steps: take the argument apart (which of buffer, counts,
 * displacements and type were given), acquire the memory and find the type, then
 * compute what was not given from the length of the memory.
 */
#include "bindings/src/message.h"

#include "bindings/src/bind.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"

/* The parts of an argument; borrowed, NULL when they were not given or None. */
struct parts {
    PyObject *buf; /* NULL: address 0 */
    PyObject *counts;
    PyObject *displs;
    PyObject *type;
};

/* What the memory holds, in entries of the datatype. */
struct room {
    MPI_Count lb, extent;
    MPI_Count offset; /* of the displacement, in bytes */
};

void message_init(struct message *msg)
{
    msg->addr = NULL;
    msg->count = 0;
    msg->type = MPI_BYTE;
    msg->counts = NULL;
    msg->displs = NULL;
    msg->types = NULL;
    msg->heap = NULL;
    msg->buf.held = false;
    msg->buf.nbytes = 0;
}

void message_clear(struct message *msg)
{
    buffer_release(&msg->buf);
    if (msg->heap)
        PyMem_Free(msg->heap);
    msg->heap = NULL;
}

void message_move(struct message *to, struct message *from)
{
    memcpy(to, from, sizeof(*to));
    if (from->counts == from->some) {
        to->counts = to->some;
        to->displs = (MPI_Aint *)(to->some + MESSAGE_INLINE);
    }
    message_init(from);
}

bool message_is_in_place(PyObject *spec)
{
    return spec == Py_None || spec == module->in_place;
}

/* ------------------------------------------------------------ taking apart */
static PyObject *given(PyObject *object)
{
    return object == Py_None ? NULL : object;
}

static bool is_type(PyObject *object)
{
    return PyUnicode_Check(object) || is_instance(object, CLASS_Datatype);
}

static bool is_pair(PyObject *object, bool vector)
{
    /* In the vector forms a list is a list of counts. */
    return PyTuple_Check(object) || (!vector && PyList_Check(object));
}

static int set_pair(struct parts *parts, PyObject *pair)
{
    Py_ssize_t size = PySequence_Fast_GET_SIZE(pair);

    if (size != 2) {
        PyErr_Format(
            PyExc_ValueError,
            "message: expecting a pair of count and displacement, got %zd items", size);
        return -1;
    }
    parts->counts = given(PySequence_Fast_GET_ITEM(pair, 0));
    parts->displs = given(PySequence_Fast_GET_ITEM(pair, 1));
    return 0;
}

static int set_counts(struct parts *parts, PyObject *object, bool vector)
{
    if (is_pair(object, vector))
        return set_pair(parts, object);
    parts->counts = given(object);
    return 0;
}

static int take_apart(struct parts *parts, PyObject *spec, bool vector)
{
    PyObject **items;
    Py_ssize_t size;

    *parts = (struct parts){ .buf = spec };
    if (buffer_is_possible(spec))
        return 0;
    if (!PyList_Check(spec) && !PyTuple_Check(spec)) {
        PyErr_SetString(PyExc_TypeError, "message: expecting buffer or list/tuple");
        return -1;
    }
    size = PySequence_Fast_GET_SIZE(spec);
    items = PySequence_Fast_ITEMS(spec);
    if (size < 2 || size > 4) {
        PyErr_SetString(PyExc_ValueError, "message: expecting 2 to 4 items");
        return -1;
    }
    parts->buf = items[0] == module->bottom ? NULL : given(items[0]);
    if (size > 2)
        parts->type = given(items[size - 1]);
    if (size == 2 && is_type(items[1]))
        parts->type = items[1];
    else if (size < 4)
        return set_counts(parts, items[1], vector);
    else {
        parts->counts = given(items[1]);
        parts->displs = given(items[2]);
    }
    return 0;
}

/* ------------------------------------------------------------ memory and type */
int message_type(PyObject *object, MPI_Datatype *type)
{
    const char *format;

    if (!is_type(object)) {
        PyErr_Format(PyExc_KeyError, "cannot map %R to MPI datatype", object);
        return -1;
    }
    if (!PyUnicode_Check(object)) {
        *type = ((struct datatype_object *)object)->mpi;
        return 0;
    }
    if (!(format = PyUnicode_AsUTF8(object)))
        return -1;
    return datatype_from_format(format, type);
}

static int find_type(struct message *msg, const struct parts *parts)
{
    if (!parts->type && parts->buf)
        return datatype_from_format(msg->buf.format, &msg->type);
    return message_type(parts->type ? parts->type : Py_None, &msg->type);
}

static int acquire(struct message *msg, const struct parts *parts, int flags)
{
    if (!parts->type)
        flags |= BUFFER_FORMAT;
    if (!parts->buf) {
        msg->addr = MPI_BOTTOM;
    } else {
        if (buffer_acquire(&msg->buf, parts->buf, flags) < 0)
            return -1;
        msg->addr = msg->buf.addr;
    }
    return find_type(msg, parts);
}

/* ------------------------------------------------------------ counts */
static int raise_value(const char *format, long long one, long long other)
{
    PyErr_Format(PyExc_ValueError, format, one, other);
    return -1;
}

static int measure(const struct message *msg, struct room *room, const char *purpose)
{
    if (msg->type == MPI_DATATYPE_NULL) {
        PyErr_Format(PyExc_ValueError, "message: cannot %s, datatype is null", purpose);
        return -1;
    }
    if (datatype_extent(msg->type, &room->lb, &room->extent) < 0)
        return -1;
    if (room->extent > 0)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "message: cannot %s, datatype extent %lld (lb:%lld, ub:%lld)", purpose,
                 room->extent, room->lb, room->lb + room->extent);
    return -1;
}

/* Entries from 'offset' to the end of the memory. */
static int infer_count(const struct message *msg, const struct room *room,
                       MPI_Count *count)
{
    MPI_Count length = msg->buf.nbytes - room->offset;

    if (length % room->extent) {
        PyErr_Format(
            PyExc_ValueError,
            "message: cannot infer count, buffer length %lld is not a multiple "
            "of datatype extent %lld (lb:%lld, ub:%lld)",
            length, room->extent, room->lb, room->lb + room->extent);
        return -1;
    }
    *count = length / room->extent;
    return 0;
}

static int apply_displacement(struct message *msg, struct room *room, PyObject *object)
{
    MPI_Count displ = 0;

    room->offset = 0;
    if (!object)
        return 0;
    if (bind_index(object, &displ) < 0)
        return -1;
    if (displ < 0)
        return raise_value("message: negative displacement %lld", displ, 0);
    if (displ == 0)
        return 0;
    if (measure(msg, room, "handle displacement") < 0)
        return -1;
    if (msg->buf.held && displ > msg->buf.nbytes / room->extent)
        return raise_value("message: displacement %lld out of bounds, number of "
                           "datatype entries %lld",
                           displ, msg->buf.nbytes / room->extent);
    room->offset = displ * room->extent;
    msg->addr = (char *)msg->addr + room->offset;
    return 0;
}

static int find_count(struct message *msg, const struct parts *parts, int blocks)
{
    struct room room;

    if (apply_displacement(msg, &room, parts->displs) < 0)
        return -1;
    if (parts->counts) {
        if (bind_index(parts->counts, &msg->count) < 0)
            return -1;
        return msg->count < 0
                   ? raise_value("message: negative count %lld", msg->count, 0)
                   : 0;
    }
    if (!msg->buf.held) /* address 0: nothing is there to be counted */
        return 0;
    if (measure(msg, &room, "infer count") < 0
        || infer_count(msg, &room, &msg->count) < 0)
        return -1;
    if (blocks < 2)
        return 0;
    if (msg->count % blocks)
        return raise_value(
            "message: cannot infer count, number of entries %lld is not a "
            "multiple of required number of blocks %lld",
            msg->count, blocks);
    msg->count /= blocks;
    return 0;
}

int message_simple(struct message *msg, PyObject *spec, int flags, int blocks)
{
    struct parts parts;

    message_init(msg);
    if (take_apart(&parts, spec, false) == 0 && acquire(msg, &parts, flags) == 0
        && find_count(msg, &parts, blocks) == 0)
        return 0;
    message_clear(msg);
    return -1;
}

int message_p2p(struct message *msg, PyObject *spec, int flags, int rank)
{
    if (rank != MPI_PROC_NULL)
        return message_simple(msg, spec, flags, 0);
    message_init(msg);
    return 0;
}

/* ------------------------------------------------------------ vectors */
static int allocate_vectors(struct message *msg, int blocks)
{
    if (blocks <= MESSAGE_INLINE) {
        msg->counts = msg->some;
        msg->displs = (MPI_Aint *)(msg->some + MESSAGE_INLINE);
        return 0;
    }
    if (!(msg->heap = PyMem_Malloc(blocks * (sizeof(MPI_Count) + sizeof(MPI_Aint))))) {
        PyErr_NoMemory();
        return -1;
    }
    msg->counts = msg->heap;
    msg->displs = (MPI_Aint *)(msg->counts + blocks);
    return 0;
}

static bool is_number(PyObject *object)
{
    return PyLong_Check(object) || (PyIndex_Check(object) && !PySequence_Check(object));
}

/* 'values[i]' from a sequence of 'blocks' integers. */
static int copy_sequence(PyObject *object, int blocks, MPI_Count *values)
{
    /* A copy of a list: what an item's __index__() does may change it. */
    PyObject *items =
        PyList_Check(object)
            ? PyList_AsTuple(object)
            : PySequence_Fast(object, "message: expecting a sequence of integers");
    int idx, rc = -1;

    if (!items)
        return -1;
    if (PyUnicode_Check(object)) {
        PyErr_SetString(PyExc_TypeError, "message: counts must be integers, not str");
        goto done;
    }
    if (PySequence_Fast_GET_SIZE(items) != blocks) {
        PyErr_Format(PyExc_ValueError, "expecting %d items, got %zd", blocks,
                     PySequence_Fast_GET_SIZE(items));
        goto done;
    }
    for (idx = 0; idx < blocks; idx++)
        if (bind_index(PySequence_Fast_GET_ITEM(items, idx), &values[idx]) < 0)
            goto done;
    rc = 0;
done:
    Py_DECREF(items);
    return rc;
}

int message_set_counts(struct message *msg, PyObject *counts, int blocks)
{
    if (allocate_vectors(msg, blocks) < 0)
        return -1;
    return counts ? copy_sequence(counts, blocks, msg->counts) : 0;
}

/* As even as possible, the first blocks take what is left over. */
static int infer_counts(struct message *msg, int blocks)
{
    struct room room = { .offset = 0 };
    MPI_Count total = 0;
    int idx;

    if (msg->buf.held
        && (measure(msg, &room, "infer count") < 0
            || infer_count(msg, &room, &total) < 0))
        return -1;
    for (idx = 0; idx < blocks; idx++)
        msg->counts[idx] = total / blocks + (idx < total % blocks);
    return 0;
}

static int find_counts(struct message *msg, PyObject *object, int blocks)
{
    MPI_Count count;
    int idx;

    if (!object)
        return infer_counts(msg, blocks);
    if (!is_number(object))
        return copy_sequence(object, blocks, msg->counts);
    if (bind_index(object, &count) < 0)
        return -1;
    for (idx = 0; idx < blocks; idx++)
        msg->counts[idx] = count;
    return 0;
}

static int find_displs(struct message *msg, PyObject *object, int blocks)
{
    MPI_Count stride, sum = 0;
    int idx;

    _Static_assert(sizeof(MPI_Aint) == sizeof(MPI_Count), "one width");
    if (object && !is_number(object))
        return copy_sequence(object, blocks, (MPI_Count *)msg->displs);
    if (object && bind_index(object, &stride) < 0)
        return -1;
    for (idx = 0; idx < blocks; idx++) {
        msg->displs[idx] = object ? stride * idx : sum;
        sum += msg->counts[idx];
    }
    return 0;
}

int message_vector(struct message *msg, PyObject *spec, int flags, int blocks)
{
    struct parts parts;

    message_init(msg);
    if (take_apart(&parts, spec, true) == 0 && acquire(msg, &parts, flags) == 0
        && allocate_vectors(msg, blocks) == 0
        && find_counts(msg, parts.counts, blocks) == 0
        && find_displs(msg, parts.displs, blocks) == 0)
        return 0;
    message_clear(msg);
    return -1;
}

/* ------------------------------------------------------------ a type for each block */
static int take_apart_w(struct parts *parts, PyObject *spec)
{
    PyObject **items;
    Py_ssize_t size;

    if (!PyList_Check(spec) && !PyTuple_Check(spec)) {
        PyErr_SetString(buffer_is_possible(spec) ? PyExc_ValueError : PyExc_TypeError,
                        "message: expecting a list or tuple of a buffer and a datatype "
                        "for each rank");
        return -1;
    }
    size = PySequence_Fast_GET_SIZE(spec);
    items = PySequence_Fast_ITEMS(spec);
    if (size < 2 || size > 4) {
        PyErr_Format(PyExc_ValueError, "message: expecting 2 to 4 items, got %zd",
                     size);
        return -1;
    }
    *parts = (struct parts){ .type = items[size - 1] };
    parts->buf = items[0] == module->bottom ? NULL : given(items[0]);
    if (size == 4) {
        parts->counts = given(items[1]);
        parts->displs = given(items[2]);
    } else if (size == 3) {
        if (!is_pair(items[1], false)) {
            PyErr_Format(
                PyExc_TypeError,
                "message: expecting a pair of counts and displacements, not %s",
                Py_TYPE(items[1])->tp_name);
            return -1;
        }
        if (set_pair(parts, items[1]) < 0)
            return -1;
    }
    if (parts->buf || (parts->counts && parts->displs))
        return 0;
    PyErr_SetString(PyExc_ValueError,
                    "message: BOTTOM requires counts and displacements");
    return -1;
}

static int allocate_w(struct message *msg, int blocks)
{
    size_t each = sizeof(MPI_Count) + sizeof(MPI_Aint) + sizeof(MPI_Datatype);

    if (!(msg->heap = PyMem_Malloc(blocks * each))) {
        PyErr_NoMemory();
        return -1;
    }
    msg->counts = msg->heap;
    msg->displs = (MPI_Aint *)(msg->counts + blocks);
    msg->types = (MPI_Datatype *)(msg->displs + blocks);
    return 0;
}

/* 'otherwise' is what each value is when none were given. */
static int copy_or_fill(PyObject *object, int blocks, MPI_Count *values,
                        MPI_Count otherwise)
{
    int idx;

    if (object)
        return copy_sequence(object, blocks, values);
    for (idx = 0; idx < blocks; idx++)
        values[idx] = otherwise;
    return 0;
}

static int copy_types(PyObject *object, int blocks, MPI_Datatype *types)
{
    PyObject *items =
        PySequence_Fast(object, "message: expecting a sequence of datatypes");
    int idx, rc = -1;

    if (!items)
        return -1;
    if (PySequence_Fast_GET_SIZE(items) != blocks) {
        PyErr_Format(PyExc_ValueError,
                     "message: expecting %d datatypes, one for each rank, got %zd",
                     blocks, PySequence_Fast_GET_SIZE(items));
        goto done;
    }
    for (idx = 0; idx < blocks; idx++)
        if (datatype_from(PySequence_Fast_GET_ITEM(items, idx), "datatype", &types[idx])
            < 0)
            goto done;
    rc = 0;
done:
    Py_DECREF(items);
    return rc;
}

int message_w(struct message *msg, PyObject *spec, int flags, int blocks)
{
    struct parts parts;
    int rc = -1;

    message_init(msg);
    if (take_apart_w(&parts, spec) < 0)
        return -1;
    /* What follows may run the caller's code, which can change the list. */
    Py_XINCREF(parts.buf);
    Py_XINCREF(parts.counts);
    Py_XINCREF(parts.displs);
    Py_INCREF(parts.type);
    if ((!parts.buf || buffer_acquire(&msg->buf, parts.buf, flags) == 0)
        && allocate_w(msg, blocks) == 0
        && copy_or_fill(parts.counts, blocks, msg->counts, 1) == 0
        && copy_or_fill(parts.displs, blocks, (MPI_Count *)msg->displs, 0) == 0
        && copy_types(parts.type, blocks, msg->types) == 0) {
        msg->addr = parts.buf ? msg->buf.addr : MPI_BOTTOM;
        rc = 0;
    } else
        message_clear(msg);
    Py_XDECREF(parts.buf);
    Py_XDECREF(parts.counts);
    Py_XDECREF(parts.displs);
    Py_DECREF(parts.type);
    return rc;
}
