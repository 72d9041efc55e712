/* coll_start.c - nonblocking and persistent collectives of buffers
 *
 * What the blocking form has on its stack is in the keep of the request: buffers,
 * counts, displacements, datatypes.
 */
#include "bindings/src/coll.h"
#include "bindings/src/error.h"
#include "bindings/src/op.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

/* A keep whose messages 'coll' is to prepare, and which holds 'op' if Python made it;
 * NULL with the exception set. */
static struct keep_object *begin(struct coll *coll, MPI_Comm comm, MPI_Op op)
{
    struct keep_object *keep = keep_create();

    if (keep && coll_init(coll, comm, &keep->msgs[0], &keep->msgs[1]) < 0)
        Py_CLEAR(keep);
    if (keep)
        keep->op_slot = op_hold(op);
    return keep;
}

/* After a preparation that failed. */
static PyObject *refused(struct keep_object *keep)
{
    Py_XDECREF(keep);
    return NULL;
}

#define PASS(...) __VA_ARGS__
/* One form; 'more' are MPI's arguments between the communicator and the request. */
#define FORM(owner, name, params, prepare, args, more, op, finished)                   \
    PyObject *owner##_##name##_impl(struct comm_object *self, PASS params)             \
    {                                                                                  \
        MPI_Request request = MPI_REQUEST_NULL;                                        \
        struct coll coll;                                                              \
        struct keep_object *keep = begin(&coll, self->mpi, op);                        \
        int rc;                                                                        \
                                                                                       \
        if (!keep || prepare < 0)                                                      \
            return refused(keep);                                                      \
        MPI_CALL(rc, MPI_##name##_c(PASS args, self->mpi, PASS more &request));        \
        return finished(rc, request, keep);                                            \
    }
#define START(owner, name, iname, params, prepare, args, op)                           \
    FORM(owner, iname, params, prepare, args, (), op, request_started)                 \
    FORM(owner, name##_init, (PASS params, MPI_Info info), prepare, args, (info, ),    \
         op, request_persisted)
#define COLLECTIVE(...) START(__VA_ARGS__, MPI_OP_NULL)
#define REDUCTION(...) START(__VA_ARGS__, op)
#include "bindings/src/collectives.h"

PyObject *comm_Ibarrier_impl(struct comm_object *self)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    MPI_CALL(rc, MPI_Ibarrier(self->mpi, &request));
    return request_started(rc, request, NULL);
}

PyObject *comm_Barrier_init_impl(struct comm_object *self, MPI_Info info)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    MPI_CALL(rc, MPI_Barrier_init(self->mpi, info, &request));
    return request_persisted(rc, request, NULL);
}
