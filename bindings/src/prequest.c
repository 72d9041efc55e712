/* prequest.c - persistent requests */
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

PyObject *prequest_new_impl(PyTypeObject *cls, struct request_object *request)
{
    return request_new_as(cls, request, CLASS_Prequest);
}

/* ------------------------------------------------------------ starting */
/* The partitions of a partitioned send are not ready any more. */
static void rewind_partitions(struct keep_object *keep)
{
    if (keep && keep->is_persistent && keep->object)
        memset(PyByteArray_AS_STRING(keep->object), 0,
               PyByteArray_GET_SIZE(keep->object));
}

int prequest_Start_impl(struct request_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_Start(&self->mpi));
    if (rc == MPI_SUCCESS)
        rewind_partitions((struct keep_object *)self->keep);
    return mpi_check(rc);
}

int prequest_Startall_impl(PyTypeObject *cls, PyObject *requests)
{
    struct request_list list;
    int idx, rc;

    if (request_list_init(&list, requests) < 0)
        return -1;
    if (request_list_take(&list) < 0) {
        request_list_clear(&list);
        return -1;
    }
    MPI_CALL(rc, MPI_Startall(list.count, list.mpi));
    for (idx = 0; rc == MPI_SUCCESS && idx < list.count; idx++)
        rewind_partitions(list.keeps[idx]);
    request_list_store(&list);
    request_list_clear(&list);
    return mpi_check(rc);
}

/* ------------------------------------------------------------ point-to-point */
typedef int (*send_init_f)(const void *buf, MPI_Count count, MPI_Datatype type,
                           int dest, int tag, MPI_Comm comm, MPI_Request *request);

static PyObject *send_init(struct comm_object *self, PyObject *buf, int dest, int tag,
                           send_init_f call)
{
    struct keep_object *keep = keep_p2p(buf, 0, dest, KEEP_SEND);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL(rc, call(MESSAGE(&keep->msgs[0]), dest, tag, self->mpi, &request));
    return request_persisted(rc, request, keep);
}

#define SEND_INIT(Name)                                                                \
    PyObject *comm_##Name##_impl(struct comm_object *self, PyObject *buf, int dest,    \
                                 int tag)                                              \
    {                                                                                  \
        return send_init(self, buf, dest, tag, MPI_##Name##_c);                        \
    }
SEND_INIT(Send_init)
SEND_INIT(Bsend_init)
SEND_INIT(Ssend_init)
SEND_INIT(Rsend_init)

PyObject *comm_Recv_init_impl(struct comm_object *self, PyObject *buf, int source,
                              int tag)
{
    struct keep_object *keep = keep_p2p(buf, BUFFER_WRITABLE, source, KEEP_RECV);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL(
        rc, MPI_Recv_init_c(MESSAGE(&keep->msgs[0]), source, tag, self->mpi, &request));
    return request_persisted(rc, request, keep);
}
