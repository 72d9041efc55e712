/* blocks.c - pickles end to end, one for each rank */
#include "bindings/src/blocks.h"

int blocks_init(struct blocks *blocks, int count)
{
    *blocks = (struct blocks){ .count = count, .culprit = -1 };
    blocks->sizes = PyMem_Calloc(count, sizeof(*blocks->sizes));
    blocks->displs = PyMem_Calloc(count, sizeof(*blocks->displs));
    if (blocks->sizes && blocks->displs)
        return 0;
    PyErr_NoMemory();
    return -1;
}

void blocks_clear(struct blocks *blocks)
{
    PyMem_Free(blocks->sizes);
    PyMem_Free(blocks->displs);
    Py_CLEAR(blocks->bytes);
}

void blocks_arrange(struct blocks *blocks)
{
    int rank;

    blocks->total = 0;
    for (rank = 0; rank < blocks->count; rank++) {
        if (blocks->sizes[rank] == BLOCKS_FAILED) {
            blocks->culprit = rank;
            blocks->sizes[rank] = 0;
        }
        blocks->displs[rank] = (MPI_Aint)blocks->total;
        blocks->total += blocks->sizes[rank];
    }
}

int blocks_allocate(struct blocks *blocks)
{
    return (blocks->bytes = buffer_allocate(blocks->total, false)) ? 0 : -1;
}

char *blocks_addr(struct blocks *blocks)
{
    return blocks->bytes ? buffer_address(blocks->bytes) : NULL;
}

/* The pickles of all items of 'list'. */
static int blocks_dump(struct blocks *blocks, PyObject *list)
{
    struct message *msgs = PyMem_New(struct message, blocks->count);
    int done = 0, rank, rc = -1;

    if (!msgs) {
        PyErr_NoMemory();
        return -1;
    }
    for (; done < blocks->count; done++) {
        if (pickle_message(&msgs[done], PyList_GET_ITEM(list, done)) < 0)
            goto done;
        blocks->sizes[done] = msgs[done].count;
    }
    blocks_arrange(blocks);
    if (blocks_allocate(blocks) < 0)
        goto done;
    for (rank = 0; rank < blocks->count; rank++)
        if (msgs[rank].count)
            memcpy(blocks_addr(blocks) + blocks->displs[rank], msgs[rank].addr,
                   msgs[rank].count);
    rc = 0;
done:
    for (rank = 0; rank < done; rank++)
        message_clear(&msgs[rank]);
    PyMem_Free(msgs);
    return rc;
}

PyObject *blocks_load(struct blocks *blocks)
{
    PyObject *list = PyList_New(blocks->count), *obj;
    int rank;

    for (rank = 0; list && rank < blocks->count; rank++) {
        obj = pickle_load(blocks->bytes, blocks_addr(blocks) + blocks->displs[rank],
                          blocks->sizes[rank]);
        if (obj)
            PyList_SET_ITEM(list, rank, obj);
        else
            Py_CLEAR(list);
    }
    return list;
}

/* A list with one item for each rank; of None for None. */
static PyObject *items_of(PyObject *obj, int count)
{
    PyObject *list;
    int idx;

    if (obj != Py_None) {
        if (!(list = PySequence_List(obj)))
            return NULL;
        if (PyList_GET_SIZE(list) == count)
            return list;
        PyErr_Format(PyExc_ValueError, "expecting %d items, got %zd", count,
                     PyList_GET_SIZE(list));
        Py_DECREF(list);
        return NULL;
    }
    if (!(list = PyList_New(count)))
        return NULL;
    for (idx = 0; idx < count; idx++)
        PyList_SET_ITEM(list, idx, Py_NewRef(Py_None));
    return list;
}

void blocks_prepare(struct blocks *blocks, PyObject *obj, struct failure *failure)
{
    PyObject *list = items_of(obj, blocks->count);
    int rank;

    if (!list || blocks_dump(blocks, list) < 0) {
        failure_catch(failure);
        for (rank = 0; rank < blocks->count; rank++)
            blocks->sizes[rank] = BLOCKS_FAILED;
    }
    Py_XDECREF(list);
}
