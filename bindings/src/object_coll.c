/* object_coll.c - collectives of objects
 *
 * All but the broadcast take two trips: the sizes, then the bytes.  A size of FAILED
 * says that its rank has no object to give; all ranks that learn of it raise.
 */
#include <stdlib.h>

#include "bindings/src/context.h"
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "mpi_impl.h"

enum { FAILED = -1 };

int comm_barrier_impl(struct comm_object *self)
{
    int rc;

    CALLED_AS("barrier", MPI_COMM_NULL, 0, 0, rc = comm_Barrier_impl(self));
    return rc;
}

/* ------------------------------------------------------------ blocks */
/* One piece of bytes for each rank, end to end. */
struct blocks {
    int count;
    MPI_Count *sizes;
    MPI_Aint *displs;
    MPI_Count total;
    int culprit; /* a rank whose size is FAILED, or -1 */
    PyObject *bytes;
};

static int blocks_init(struct blocks *blocks, int count)
{
    *blocks = (struct blocks){ .count = count, .culprit = -1 };
    blocks->sizes = PyMem_New(MPI_Count, count);
    blocks->displs = PyMem_New(MPI_Aint, count);
    if (blocks->sizes && blocks->displs)
        return 0;
    PyErr_NoMemory();
    return -1;
}

static void blocks_clear(struct blocks *blocks)
{
    PyMem_Free(blocks->sizes);
    PyMem_Free(blocks->displs);
    Py_CLEAR(blocks->bytes);
}

/* From sizes to places; who failed gets none. */
static void blocks_arrange(struct blocks *blocks)
{
    int rank;

    blocks->total = 0;
    for (rank = 0; rank < blocks->count; rank++) {
        if (blocks->sizes[rank] == FAILED) {
            blocks->culprit = rank;
            blocks->sizes[rank] = 0;
        }
        blocks->displs[rank] = (MPI_Aint)blocks->total;
        blocks->total += blocks->sizes[rank];
    }
}

static int blocks_allocate(struct blocks *blocks)
{
    return (blocks->bytes = buffer_allocate(blocks->total, false)) ? 0 : -1;
}

static char *blocks_addr(struct blocks *blocks)
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

/* The objects of all blocks, as a list. */
static PyObject *blocks_load(struct blocks *blocks)
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

/* The pickles of the items of 'obj'; all sizes are FAILED if that fails. */
static void blocks_prepare(struct blocks *blocks, PyObject *obj,
                           struct failure *failure)
{
    PyObject *list = items_of(obj, blocks->count);
    int rank;

    if (!list || blocks_dump(blocks, list) < 0) {
        failure_catch(failure);
        for (rank = 0; rank < blocks->count; rank++)
            blocks->sizes[rank] = FAILED;
    }
    Py_XDECREF(list);
}

/* The pickle of one object and its size, or FAILED. */
static MPI_Count prepare_one(struct message *msg, PyObject *obj,
                             struct failure *failure)
{
    if (pickle_message(msg, obj) == 0)
        return msg->count;
    failure_catch(failure);
    return FAILED;
}

static int size_and_rank(MPI_Comm comm, int *size, int *rank)
{
    if (mpi_check(MPI_Comm_size(comm, size)) < 0)
        return -1;
    return mpi_check(MPI_Comm_rank(comm, rank));
}

/* ------------------------------------------------------------ broadcast */
/* The first trip carries the size, and small pickles altogether.  A negative size
 * says which rank has failed: -1 - rank. */
struct head {
    MPI_Count nbytes;
    char bytes[1016];
};

PyObject *object_spread(const char *call, const struct message *msg, int culprit,
                        int root, MPI_Comm comm)
{
    PyObject *bytes = NULL;
    struct head head;
    int rc;

    head.nbytes = msg ? msg->count : -1 - culprit;
    if (msg && msg->count && msg->count <= (MPI_Count)sizeof(head.bytes))
        memcpy(head.bytes, msg->addr, msg->count);
    MPI_CALL(rc, MPI_Bcast_c(&head, sizeof(head), MPI_BYTE, root, comm));
    if (mpi_check(rc) < 0)
        return NULL;
    if (head.nbytes < 0) {
        object_raise_peer(-1 - (int)head.nbytes, call);
        return NULL;
    }
    bytes = msg ? buffer_wrap(msg->buf.view.obj, msg->addr, msg->count, true)
                : buffer_allocate(head.nbytes, false);
    if (!bytes)
        return NULL;
    if (head.nbytes > (MPI_Count)sizeof(head.bytes)) {
        MPI_CALL(rc,
                 MPI_Bcast_c(buffer_address(bytes), head.nbytes, MPI_BYTE, root, comm));
        if (mpi_check(rc) < 0)
            Py_CLEAR(bytes);
    } else if (!msg && head.nbytes) {
        memcpy(buffer_address(bytes), head.bytes, head.nbytes);
    }
    return bytes;
}

PyObject *comm_bcast_impl(struct comm_object *self, PyObject *obj, int root)
{
    struct failure failure = { NULL };
    struct context *context;
    struct message msg;
    PyObject *bytes = NULL, *result = NULL;
    bool is_root;
    int size, rank;

    if (size_and_rank(self->mpi, &size, &rank) < 0)
        return NULL;
    is_root = rank == root;
    if (is_root && pickle_message(&msg, obj) < 0)
        failure_catch(&failure);
    if ((context = context_enter(self->mpi, "bcast"))) {
        bytes =
            object_spread("bcast", is_root && !failure_is_set(&failure) ? &msg : NULL,
                          rank, root, self->mpi);
        context_leave(context);
    }
    if (is_root && failure_is_set(&failure))
        failure_raise(&failure);
    else if (bytes)
        result = object_load(bytes);
    Py_XDECREF(bytes);
    if (is_root)
        message_clear(&msg);
    return result;
}

/* ------------------------------------------------------------ gather */
static int gather_bytes(struct blocks *blocks, const struct message *msg,
                        MPI_Count nbytes, int root, bool is_root, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc, MPI_Gather_c(&nbytes, 1, MPI_COUNT, blocks->sizes, 1, MPI_COUNT, root,
                              comm));
    if (mpi_check(rc) < 0)
        return -1;
    if (is_root) {
        blocks_arrange(blocks);
        if (blocks_allocate(blocks) < 0)
            return -1;
    }
    MPI_CALL(rc, MPI_Gatherv_c(msg->addr, msg->count, MPI_BYTE, blocks_addr(blocks),
                               blocks->sizes, blocks->displs, MPI_BYTE, root, comm));
    return mpi_check(rc);
}

PyObject *comm_gather_impl(struct comm_object *self, PyObject *sendobj, int root)
{
    struct failure failure = { NULL };
    struct blocks blocks = { 0 };
    struct context *context;
    struct message msg;
    PyObject *result = NULL;
    MPI_Count nbytes;
    int size, rank, rc = -1;

    if (size_and_rank(self->mpi, &size, &rank) < 0
        || (rank == root && blocks_init(&blocks, size) < 0)) {
        blocks_clear(&blocks);
        return NULL;
    }
    nbytes = prepare_one(&msg, sendobj, &failure);
    if ((context = context_enter(self->mpi, "gather"))) {
        rc = gather_bytes(&blocks, &msg, nbytes, root, rank == root, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (rc == 0 && rank != root)
        result = Py_NewRef(Py_None);
    else if (rc == 0 && blocks.culprit >= 0)
        object_raise_peer(blocks.culprit, "gather");
    else if (rc == 0)
        result = blocks_load(&blocks);
    message_clear(&msg);
    blocks_clear(&blocks);
    return result;
}

/* ------------------------------------------------------------ scatter */
/* The bytes for this rank, or NULL. */
static PyObject *scatter_bytes(struct blocks *blocks, int root, MPI_Comm comm)
{
    MPI_Count nbytes = 0;
    PyObject *bytes;
    int rc;

    MPI_CALL(rc, MPI_Scatter_c(blocks->sizes, 1, MPI_COUNT, &nbytes, 1, MPI_COUNT, root,
                               comm));
    if (mpi_check(rc) < 0)
        return NULL;
    if (nbytes == FAILED) {
        object_raise_peer(root, "scatter");
        return NULL;
    }
    if (!(bytes = buffer_allocate(nbytes, false)))
        return NULL;
    MPI_CALL(rc, MPI_Scatterv_c(blocks_addr(blocks), blocks->sizes, blocks->displs,
                                MPI_BYTE, buffer_address(bytes), nbytes, MPI_BYTE, root,
                                comm));
    if (mpi_check(rc) < 0)
        Py_CLEAR(bytes);
    return bytes;
}

PyObject *comm_scatter_impl(struct comm_object *self, PyObject *sendobj, int root)
{
    struct failure failure = { NULL };
    struct blocks blocks = { 0 };
    struct context *context;
    PyObject *bytes = NULL, *result = NULL;
    int size, rank;

    if (size_and_rank(self->mpi, &size, &rank) < 0)
        return NULL;
    if (rank == root) {
        if (blocks_init(&blocks, size) < 0)
            goto done;
        blocks_prepare(&blocks, sendobj, &failure);
    }
    if ((context = context_enter(self->mpi, "scatter"))) {
        bytes = scatter_bytes(&blocks, root, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (bytes)
        result = object_load(bytes);
done:
    Py_XDECREF(bytes);
    blocks_clear(&blocks);
    return result;
}

/* ------------------------------------------------------------ allgather */
/* All ranks see the same sizes: where one has failed, none goes on. */
static int allgather_bytes(struct blocks *blocks, const struct message *msg,
                           MPI_Count nbytes, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc,
             MPI_Allgather_c(&nbytes, 1, MPI_COUNT, blocks->sizes, 1, MPI_COUNT, comm));
    if (mpi_check(rc) < 0)
        return -1;
    blocks_arrange(blocks);
    if (blocks->culprit >= 0)
        return object_raise_peer(blocks->culprit, "allgather");
    if (blocks_allocate(blocks) < 0)
        return -1;
    MPI_CALL(rc, MPI_Allgatherv_c(msg->addr, msg->count, MPI_BYTE, blocks_addr(blocks),
                                  blocks->sizes, blocks->displs, MPI_BYTE, comm));
    return mpi_check(rc);
}

PyObject *comm_allgather_impl(struct comm_object *self, PyObject *sendobj)
{
    struct failure failure = { NULL };
    struct blocks blocks = { 0 };
    struct context *context;
    struct message msg;
    PyObject *result = NULL;
    MPI_Count nbytes;
    int size, rank, rc = -1;

    if (size_and_rank(self->mpi, &size, &rank) < 0 || blocks_init(&blocks, size) < 0) {
        blocks_clear(&blocks);
        return NULL;
    }
    nbytes = prepare_one(&msg, sendobj, &failure);
    if ((context = context_enter(self->mpi, "allgather"))) {
        rc = allgather_bytes(&blocks, &msg, nbytes, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (rc == 0)
        result = blocks_load(&blocks);
    message_clear(&msg);
    blocks_clear(&blocks);
    return result;
}

/* ------------------------------------------------------------ alltoall */
/* Who fails tells everybody, so that here, too, none goes on. */
static int alltoall_bytes(struct blocks *out, struct blocks *in, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc,
             MPI_Alltoall_c(out->sizes, 1, MPI_COUNT, in->sizes, 1, MPI_COUNT, comm));
    if (mpi_check(rc) < 0)
        return -1;
    blocks_arrange(in);
    if (in->culprit >= 0)
        return object_raise_peer(in->culprit, "alltoall");
    if (blocks_allocate(in) < 0)
        return -1;
    MPI_CALL(rc,
             MPI_Alltoallv_c(blocks_addr(out), out->sizes, out->displs, MPI_BYTE,
                             blocks_addr(in), in->sizes, in->displs, MPI_BYTE, comm));
    return mpi_check(rc);
}

PyObject *comm_alltoall_impl(struct comm_object *self, PyObject *sendobj)
{
    struct failure failure = { NULL };
    struct blocks out = { 0 }, in = { 0 };
    struct context *context;
    PyObject *result = NULL;
    int size, rank, rc = -1;

    if (size_and_rank(self->mpi, &size, &rank) < 0 || blocks_init(&out, size) < 0
        || blocks_init(&in, size) < 0)
        goto done;
    blocks_prepare(&out, sendobj, &failure);
    if ((context = context_enter(self->mpi, "alltoall"))) {
        rc = alltoall_bytes(&out, &in, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (rc == 0)
        result = blocks_load(&in);
done:
    blocks_clear(&out);
    blocks_clear(&in);
    return result;
}
