/* message.c - address, count, datatype
 *
 * Preparation has three steps: take the argument apart (which of buffer, counts,
 * displacements and type were given), acquire the memory and find the type, then
 * compute what was not given from the length of the memory.
 */
#include "bindings/src/message.h"

#include <stdint.h>

#include "bindings/src/bind.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "bindings/src/foreign.h"
#include "bindings/src/message_parts.h"

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
    msg->buf.view.obj = NULL;
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
    if (from->addr == from->some)
        to->addr = to->some;
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
static bool is_type(PyObject *object)
{
    return PyUnicode_Check(object) || is_instance(object, CLASS_Datatype);
}

static bool is_pair(PyObject *object, bool vector)
{
    /* In the vector forms a list is a list of counts. */
    return PyTuple_Check(object) || (!vector && PyList_Check(object));
}

int parts_set_pair(struct parts *parts, PyObject *pair)
{
    Py_ssize_t size = PySequence_Fast_GET_SIZE(pair);

    if (size != 2) {
        PyErr_Format(
            PyExc_ValueError,
            "message: expecting a pair of count and displacement, got %zd items", size);
        return -1;
    }
    parts->counts = parts_given(PySequence_Fast_GET_ITEM(pair, 0));
    parts->displs = parts_given(PySequence_Fast_GET_ITEM(pair, 1));
    return 0;
}

static int set_counts(struct parts *parts, PyObject *object, bool vector)
{
    if (is_pair(object, vector))
        return parts_set_pair(parts, object);
    parts->counts = parts_given(object);
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
        if (foreign_is_possible(spec))
            return 0;
        PyErr_SetString(PyExc_TypeError, "message: expecting buffer or list/tuple");
        return -1;
    }
    size = PySequence_Fast_GET_SIZE(spec);
    items = PySequence_Fast_ITEMS(spec);
    if (size < 2 || size > 4) {
        PyErr_SetString(PyExc_ValueError, "message: expecting 2 to 4 items");
        return -1;
    }
    parts->buf = items[0] == module->bottom ? NULL : parts_given(items[0]);
    parts->is_none = items[0] == Py_None;
    if (size > 2)
        parts->type = parts_given(items[size - 1]);
    if (size == 2 && is_type(items[1]))
        parts->type = items[1];
    else if (size < 4)
        return set_counts(parts, items[1], vector);
    else {
        parts->counts = parts_given(items[1]);
        parts->displs = parts_given(items[2]);
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
    if (displ > msg->buf.nbytes / room->extent)
        return raise_value("message: displacement %lld out of bounds, number of "
                           "datatype entries %lld",
                           displ, msg->buf.nbytes / room->extent);
    room->offset = displ * room->extent;
    msg->addr = (char *)msg->addr + room->offset;
    return 0;
}

int message_check_memory(const struct message *msg, MPI_Count size, MPI_Count start,
                         MPI_Count count)
{
    MPI_Count room = msg->buf.nbytes - start, bytes;

    if (count <= 0 || size == 0 || !msg->buf.held
        || (start >= 0 && !__builtin_mul_overflow(count, size, &bytes)
            && bytes <= room))
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "message: buffer of %zd bytes is too small for %lld entries of %lld "
                 "bytes at byte %lld",
                 msg->buf.nbytes, count, size, start);
    return -1;
}

static int given_count(struct message *msg, const struct parts *parts,
                       const struct room *room, int blocks)
{
    MPI_Count all;

    if (bind_index(parts->counts, &msg->count) < 0)
        return -1;
    if (msg->count < 0)
        return raise_value("message: negative count %lld", msg->count, 0);
    if (parts->is_none && msg->count > 0)
        return raise_value("message: buffer is None but count is %lld", msg->count, 0);
    if (blocks == MESSAGE_UNUSED)
        return 0;
    if (__builtin_mul_overflow(msg->count, blocks > 1 ? blocks : 1, &all))
        return raise_value("message: count %lld is too large for %lld blocks",
                           msg->count, blocks);
    return message_check_memory(msg, datatype_basic_size(msg->type), room->offset, all);
}

static int find_count(struct message *msg, const struct parts *parts, int blocks)
{
    struct room room;

    if (apply_displacement(msg, &room, parts->displs) < 0)
        return -1;
    if (parts->counts)
        return given_count(msg, parts, &room, blocks);
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
    int rc;

    message_init(msg);
    if (take_apart(&parts, spec, false) < 0)
        return -1;
    parts_hold(&parts);
    rc =
        acquire(msg, &parts, flags) < 0 || find_count(msg, &parts, blocks) < 0 ? -1 : 0;
    parts_release(&parts);
    if (rc < 0)
        message_clear(msg);
    return rc;
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

/* An array of numpy may be a number, when it has no dimensions: then it has no length.
 */
static bool is_number(PyObject *object)
{
    if (PyLong_Check(object) || !PyIndex_Check(object))
        return PyLong_Check(object);
    if (!PySequence_Check(object))
        return true;
    if (PySequence_Size(object) >= 0)
        return false;
    PyErr_Clear();
    return true;
}

int message_copy_counts(PyObject *object, int blocks, MPI_Count *values)
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
    for (idx = 0; idx < blocks; idx++) {
        if (bind_index(PySequence_Fast_GET_ITEM(items, idx), &values[idx]) < 0)
            goto done;
        if (PySequence_Fast_GET_SIZE(items) != blocks) {
            PyErr_SetString(PyExc_ValueError, "message: a list of counts changed");
            goto done;
        }
    }
    rc = 0;
done:
    Py_DECREF(items);
    return rc;
}

int message_set_counts(struct message *msg, PyObject *counts, int blocks)
{
    if (allocate_vectors(msg, blocks) < 0)
        return -1;
    return counts ? message_copy_counts(counts, blocks, msg->counts) : 0;
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
        return message_copy_counts(object, blocks, msg->counts);
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
        return message_copy_counts(object, blocks, (MPI_Count *)msg->displs);
    if (object && bind_index(object, &stride) < 0)
        return -1;
    for (idx = 0; idx < blocks; idx++) {
        msg->displs[idx] = object ? (MPI_Count)((uint64_t)stride * idx) : sum;
        sum = (MPI_Count)((uint64_t)sum + msg->counts[idx]);
    }
    return 0;
}

/* Each block of a basic type within the memory. */
static int check_blocks(const struct message *msg, int blocks)
{
    MPI_Count size = datatype_basic_size(msg->type), start;
    int idx;

    for (idx = 0; size > 0 && idx < blocks; idx++) {
        if (__builtin_mul_overflow(msg->displs[idx], size, &start))
            return raise_value("message: displacement %lld is too large",
                               msg->displs[idx], 0);
        if (message_check_memory(msg, size, start, msg->counts[idx]) < 0)
            return -1;
    }
    return 0;
}

int message_vector(struct message *msg, PyObject *spec, int flags, int blocks)
{
    struct parts parts;
    int rc = -1;

    message_init(msg);
    if (take_apart(&parts, spec, true) < 0)
        return -1;
    parts_hold(&parts);
    if (acquire(msg, &parts, flags) == 0 && allocate_vectors(msg, blocks) == 0
        && find_counts(msg, parts.counts, blocks) == 0
        && find_displs(msg, parts.displs, blocks) == 0)
        rc = check_blocks(msg, blocks);
    parts_release(&parts);
    if (rc < 0)
        message_clear(msg);
    return rc;
}
