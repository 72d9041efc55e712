/* message_w.c - messages with a datatype for each block */
#include "bindings/src/bind.h"
#include "bindings/src/datatype.h"
#include "bindings/src/message_parts.h"

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
    parts->buf = items[0] == module->bottom ? NULL : parts_given(items[0]);
    if (size == 4) {
        parts->counts = parts_given(items[1]);
        parts->displs = parts_given(items[2]);
    } else if (size == 3) {
        if (!PyTuple_Check(items[1]) && !PyList_Check(items[1])) {
            PyErr_Format(
                PyExc_TypeError,
                "message: expecting a pair of counts and displacements, not %s",
                Py_TYPE(items[1])->tp_name);
            return -1;
        }
        if (parts_set_pair(parts, items[1]) < 0)
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
        return message_copy_counts(object, blocks, values);
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

static int check_blocks_w(const struct message *msg, int blocks)
{
    int idx;

    for (idx = 0; idx < blocks; idx++)
        if (message_check_memory(msg, datatype_basic_size(msg->types[idx]),
                                 msg->displs[idx], msg->counts[idx])
            < 0)
            return -1;
    return 0;
}

int message_w(struct message *msg, PyObject *spec, int flags, int blocks)
{
    struct parts parts;
    int rc = -1;

    message_init(msg);
    if (take_apart_w(&parts, spec) < 0)
        return -1;
    parts_hold(&parts);
    if ((!parts.buf || buffer_acquire(&msg->buf, parts.buf, flags) == 0)
        && allocate_w(msg, blocks) == 0
        && copy_or_fill(parts.counts, blocks, msg->counts, 1) == 0
        && copy_or_fill(parts.displs, blocks, (MPI_Count *)msg->displs, 0) == 0
        && copy_types(parts.type, blocks, msg->types) == 0
        && check_blocks_w(msg, blocks) == 0) {
        msg->addr = parts.buf ? msg->buf.addr : MPI_BOTTOM;
        rc = 0;
    } else
        message_clear(msg);
    parts_release(&parts);
    return rc;
}
