/* object_probe.c - objects that are probed first */
#include "bindings/src/bind.h"
#include "bindings/src/error.h"
#include "bindings/src/object.h"
#include "bindings/src/object_parcel.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ probes */
PyObject *comm_probe_impl(struct comm_object *self, int source, int tag,
                          struct status_object *status)
{
    PyObject *found;

    CALLED_AS("probe", MPI_COMM_NULL, 0, 0,
              found = comm_Probe_impl(self, source, tag, status));
    return found;
}

PyObject *comm_iprobe_impl(struct comm_object *self, int source, int tag,
                           struct status_object *status)
{
    return comm_Iprobe_impl(self, source, tag, status);
}

/* A matched message keeps the memory for its bytes: its size is known only now. */
static PyObject *wrap_message(PyTypeObject *cls, MPI_Message message,
                              const MPI_Status *mpi, struct status_object *status)
{
    PyObject *object = message_wrap_as(cls, message);

    if (!object)
        return NULL;
    status_store(status, mpi);
    if (!(((struct message_object *)object)->keep = object_allocate(mpi)))
        Py_CLEAR(object);
    return object;
}

PyObject *message_probe_impl(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                             struct status_object *status)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status mpi = status_begin(status);
    int rc;

    CALLED_AS("mprobe", MPI_COMM_NULL, 0, 0,
              MPI_CALL(rc, MPI_Mprobe(source, tag, comm, &message, &mpi)));
    return mpi_check(rc) < 0 ? NULL : wrap_message(cls, message, &mpi, status);
}

PyObject *message_iprobe_impl(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                              struct status_object *status)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    MPI_Status mpi = status_begin(status);
    int rc, flag = 0;

    MPI_CALL(rc, MPI_Improbe(source, tag, comm, &flag, &message, &mpi));
    if (mpi_check(rc) < 0)
        return NULL;
    return flag ? wrap_message(cls, message, &mpi, status) : Py_NewRef(Py_None);
}

PyObject *comm_mprobe_impl(struct comm_object *self, int source, int tag,
                           struct status_object *status)
{
    return message_probe_impl(module->types[CLASS_Message], self->mpi, source, tag,
                              status);
}

PyObject *comm_improbe_impl(struct comm_object *self, int source, int tag,
                            struct status_object *status)
{
    return message_iprobe_impl(module->types[CLASS_Message], self->mpi, source, tag,
                               status);
}

/* ------------------------------------------------------------ matched messages */
/* A keep with the memory of the message; of no size when it was not probed here. */
static struct keep_object *message_keep(struct message_object *self)
{
    struct keep_object *keep = keep_create();

    if (keep && self->keep) {
        keep->object = Py_NewRef(self->keep);
        keep->msgs[0].addr = buffer_address(self->keep);
        keep->msgs[0].count = buffer_size(self->keep);
    }
    return keep;
}

/* MPI.MESSAGE_NO_PROC can be received for ever, its copies once. */
static void message_consume(struct message_object *self, MPI_Message left)
{
    if (self->flags & HANDLE_CONST)
        return;
    self->mpi = left;
    if (left == MPI_MESSAGE_NULL)
        Py_CLEAR(self->keep);
}

PyObject *message_recv_impl(struct message_object *self, struct status_object *status)
{
    struct keep_object *keep = message_keep(self);
    MPI_Message message = self->mpi;
    PyObject *obj = NULL;
    MPI_Status mpi = status_begin(status);
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL(rc, MPI_Mrecv_c(MESSAGE(&keep->msgs[0]), &message, &mpi));
    message_consume(self, message);
    if (mpi_check(rc) == 0) {
        status_store(status, &mpi);
        obj = parcel_arrived(keep, &mpi);
    }
    Py_DECREF(keep);
    return obj;
}

PyObject *message_irecv_impl(struct message_object *self)
{
    struct keep_object *keep = message_keep(self);
    MPI_Request request;
    MPI_Message message = self->mpi;
    int rc;

    if (!keep)
        return NULL;
    rc = parcel_post_matched(keep, &message, &request);
    message_consume(self, message);
    if (rc == 0)
        return request_start(request, keep);
    Py_DECREF(keep);
    return NULL;
}
