/* partitioned.c - partitioned communication
 *
 * The keep of a partitioned send has a bytearray with a flag for each partition, set
 * when it is ready: MPICH aborts the process when one is ready twice.  It also crashes
 * over MPI_PROC_NULL; a partitioned request to nobody is a plain persistent one.
 */
#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "bindings/src/exception.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ creation */
/* Prepares the message of one partition. */
static struct keep_object *prepare(PyObject *buf, int flags, int partitions, int rank)
{
    struct keep_object *keep = keep_create();
    bool is_sent = !(flags & BUFFER_WRITABLE);

    if (!keep)
        return NULL;
    keep->kind = rank == MPI_PROC_NULL ? KEEP_NOBODY : is_sent ? KEEP_SEND : KEEP_RECV;
    if (rank != MPI_PROC_NULL
        && message_simple(&keep->msgs[0], buf, flags, partitions) < 0)
        goto error;
    if (is_sent && partitions > 0) {
        if (!(keep->object = PyByteArray_FromStringAndSize(NULL, partitions)))
            goto error;
        memset(PyByteArray_AS_STRING(keep->object), 0, partitions);
    }
    return keep;
error:
    Py_DECREF(keep);
    return NULL;
}

PyObject *comm_Psend_init_impl(struct comm_object *self, PyObject *buf, int partitions,
                               int dest, int tag, MPI_Info info)
{
    struct keep_object *keep = prepare(buf, 0, partitions, dest);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    if (keep->kind == KEEP_NOBODY)
        MPI_CALL(rc, MPI_Send_init_c(MESSAGE(&keep->msgs[0]), dest, tag, self->mpi,
                                     &request));
    else
        MPI_CALL(rc, MPI_Psend_init(keep->msgs[0].addr, partitions, keep->msgs[0].count,
                                    keep->msgs[0].type, dest, tag, self->mpi, info,
                                    &request));
    return request_persisted(rc, request, keep);
}

PyObject *comm_Precv_init_impl(struct comm_object *self, PyObject *buf, int partitions,
                               int source, int tag, MPI_Info info)
{
    struct keep_object *keep = prepare(buf, BUFFER_WRITABLE, partitions, source);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    if (keep->kind == KEEP_NOBODY)
        MPI_CALL(rc, MPI_Recv_init_c(MESSAGE(&keep->msgs[0]), source, tag, self->mpi,
                                     &request));
    else
        MPI_CALL(rc, MPI_Precv_init(keep->msgs[0].addr, partitions, keep->msgs[0].count,
                                    keep->msgs[0].type, source, tag, self->mpi, info,
                                    &request));
    return request_persisted(rc, request, keep);
}

/* ------------------------------------------------------------ partitions */
/* The partitions first..last, or those in list[first..last]. */
struct partitions {
    int *list; /* NULL: a range */
    int first, last;
};

static int raise_ready(int partition)
{
    char text[80];
    PyObject *error;

    snprintf(text, sizeof(text),
             "partition %d is ready already: start the request again", partition);
    if ((error = exception_create(MPI_ERR_REQUEST, text)))
        PyErr_SetObject((PyObject *)module->types[CLASS_Exception], error);
    Py_XDECREF(error);
    return -1;
}

/* Sets their flags, which must not be set, or clears them.  Partitions that do not
 * exist are MPI's to complain about. */
static int mark(struct keep_object *keep, struct partitions some, bool is_ready)
{
    char *flags = PyByteArray_AS_STRING(keep->object);
    int count = (int)PyByteArray_GET_SIZE(keep->object), idx, partition;

    if (!some.list && some.first < 0)
        some.first = 0;
    if (!some.list && some.last >= count)
        some.last = count - 1;
    for (idx = some.first; idx <= some.last; idx++) {
        partition = some.list ? some.list[idx] : idx;
        if (partition < 0 || partition >= count)
            continue;
        if (is_ready && flags[partition]) {
            mark(keep, (struct partitions){ some.list, some.first, idx - 1 }, false);
            return raise_ready(partition);
        }
        flags[partition] = is_ready;
    }
    return 0;
}

static int pready(struct request_object *self, struct partitions some)
{
    struct keep_object *keep = (struct keep_object *)self->keep;
    bool is_marked = keep && keep->is_persistent && keep->object;
    int rc;

    if (is_marked && mark(keep, some, true) < 0)
        return -1;
    if (is_marked && keep->kind == KEEP_NOBODY)
        return 0;
    Py_XINCREF(keep);
    if (some.list)
        MPI_CALL(rc, MPI_Pready_list(some.last + 1, some.list, self->mpi));
    else if (some.first == some.last)
        MPI_CALL(rc, MPI_Pready(some.first, self->mpi));
    else
        MPI_CALL(rc, MPI_Pready_range(some.first, some.last, self->mpi));
    if (rc != MPI_SUCCESS && is_marked)
        mark(keep, some, false);
    Py_XDECREF(keep);
    return mpi_check(rc);
}

int prequest_Pready_impl(struct request_object *self, int partition)
{
    return pready(self, (struct partitions){ NULL, partition, partition });
}

int prequest_Pready_range_impl(struct request_object *self, int partition_low,
                               int partition_high)
{
    return pready(self, (struct partitions){ NULL, partition_low, partition_high });
}

int prequest_Pready_list_impl(struct request_object *self, PyObject *partitions)
{
    Py_ssize_t count = -1;
    int *list = bind_ints(partitions, &count), rc;

    if (!list)
        return -1;
    rc = pready(self, (struct partitions){ list, 0, (int)count - 1 });
    PyMem_Free(list);
    return rc;
}

/* MPICH crashes over the null request. */
PyObject *prequest_Parrived_impl(struct request_object *self, int partition)
{
    struct keep_object *keep = (struct keep_object *)self->keep;
    int rc, flag = 1;

    if (self->mpi == MPI_REQUEST_NULL || (keep && keep->kind == KEEP_NOBODY))
        Py_RETURN_TRUE;
    MPI_CALL(rc, MPI_Parrived(self->mpi, partition, &flag));
    return mpi_check(rc) < 0 ? NULL : PyBool_FromLong(flag);
}
