/* p2p.c - point-to-point communication of buffers */
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "bindings/src/status.h"
#include "bindings/wait/mpiwait.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ blocking */
typedef int (*send_f)(const void *buf, MPI_Count count, MPI_Datatype type, int dest,
                      int tag, MPI_Comm comm);

/* An interrupted send goes on in MPI: its memory goes to the orphans. */
static int send_failed(int rc, struct message *msg)
{
    MPI_Request left = mpiwait_left_send();
    struct keep_object *keep = NULL;

    mpi_check(rc);
    if (left != MPI_REQUEST_NULL) {
        PyObject *type, *value, *traceback;

        PyErr_Fetch(&type, &value, &traceback);
        if ((keep = keep_create()))
            message_move(&keep->msgs[0], msg);
        else
            msg->buf.held = false; /* better lost than used by somebody else */
        request_orphan(left, true, keep);
        PyErr_Restore(type, value, traceback);
    }
    message_clear(msg);
    return -1;
}

static int send(struct comm_object *self, PyObject *buf, int dest, int tag, send_f call)
{
    struct message msg;
    int rc;

    if (message_p2p(&msg, buf, 0, dest) < 0)
        return -1;
    MPI_CALL_IF(dest != MPI_PROC_NULL, rc, call(MESSAGE(&msg), dest, tag, self->mpi));
    if (rc != MPI_SUCCESS)
        return send_failed(rc, &msg);
    message_clear(&msg);
    return mpi_check(rc);
}

int comm_Send_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return send(self, buf, dest, tag, MPI_Send_c);
}

int comm_Ssend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return send(self, buf, dest, tag, MPI_Ssend_c);
}

int comm_Bsend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return send(self, buf, dest, tag, MPI_Bsend_c);
}

int comm_Rsend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return send(self, buf, dest, tag, MPI_Rsend_c);
}

int comm_Recv_impl(struct comm_object *self, PyObject *buf, int source, int tag,
                   struct status_object *status)
{
    struct message msg;
    int rc;

    if (message_p2p(&msg, buf, BUFFER_WRITABLE, source) < 0)
        return -1;
    MPI_CALL_IF(
        source != MPI_PROC_NULL, rc,
        MPI_Recv_c(MESSAGE(&msg), source, tag, self->mpi, status_or_ignore(status)));
    message_clear(&msg);
    return mpi_check(rc);
}

int comm_Sendrecv_impl(struct comm_object *self, PyObject *sendbuf, int dest,
                       int sendtag, PyObject *recvbuf, int source, int recvtag,
                       struct status_object *status)
{
    struct message out, in;
    int rc;

    if (message_p2p(&out, sendbuf, 0, dest) < 0)
        return -1;
    if (message_p2p(&in, recvbuf, BUFFER_WRITABLE, source) < 0) {
        message_clear(&out);
        return -1;
    }
    MPI_CALL(rc, MPI_Sendrecv_c(MESSAGE(&out), dest, sendtag, MESSAGE(&in), source,
                                recvtag, self->mpi, status_or_ignore(status)));
    message_clear(&in);
    if (rc != MPI_SUCCESS)
        return send_failed(rc, &out);
    message_clear(&out);
    return mpi_check(rc);
}

int comm_Sendrecv_replace_impl(struct comm_object *self, PyObject *buf, int dest,
                               int sendtag, int source, int recvtag,
                               struct status_object *status)
{
    int rank = dest == MPI_PROC_NULL ? source : dest, rc;
    struct message msg;

    if (message_p2p(&msg, buf, BUFFER_WRITABLE, rank) < 0)
        return -1;
    MPI_CALL(rc, MPI_Sendrecv_replace_c(MESSAGE(&msg), dest, sendtag, source, recvtag,
                                        self->mpi, status_or_ignore(status)));
    message_clear(&msg);
    return mpi_check(rc);
}

/* ------------------------------------------------------------ nonblocking */
typedef int (*isend_f)(const void *buf, MPI_Count count, MPI_Datatype type, int dest,
                       int tag, MPI_Comm comm, MPI_Request *request);

static PyObject *isend(struct comm_object *self, PyObject *buf, int dest, int tag,
                       isend_f call)
{
    struct keep_object *keep = keep_p2p(buf, 0, dest, KEEP_SEND);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL_IF(!message_is_quick(&keep->msgs[0]), rc,
                call(MESSAGE(&keep->msgs[0]), dest, tag, self->mpi, &request));
    return request_started(rc, request, keep);
}

PyObject *comm_Isend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return isend(self, buf, dest, tag, MPI_Isend_c);
}

PyObject *comm_Issend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return isend(self, buf, dest, tag, MPI_Issend_c);
}

PyObject *comm_Ibsend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return isend(self, buf, dest, tag, MPI_Ibsend_c);
}

PyObject *comm_Irsend_impl(struct comm_object *self, PyObject *buf, int dest, int tag)
{
    return isend(self, buf, dest, tag, MPI_Irsend_c);
}

PyObject *comm_Irecv_impl(struct comm_object *self, PyObject *buf, int source, int tag)
{
    struct keep_object *keep = keep_p2p(buf, BUFFER_WRITABLE, source, KEEP_RECV);
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL_IF(!message_is_quick(&keep->msgs[0]), rc,
                MPI_Irecv_c(MESSAGE(&keep->msgs[0]), source, tag, self->mpi, &request));
    return request_started(rc, request, keep);
}

PyObject *comm_Isendrecv_impl(struct comm_object *self, PyObject *sendbuf, int dest,
                              int sendtag, PyObject *recvbuf, int source, int recvtag)
{
    struct keep_object *keep = keep_create();
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep || message_p2p(&keep->msgs[0], sendbuf, 0, dest) < 0
        || message_p2p(&keep->msgs[1], recvbuf, BUFFER_WRITABLE, source) < 0) {
        Py_XDECREF(keep);
        return NULL;
    }
    MPI_CALL(rc, MPI_Isendrecv_c(MESSAGE(&keep->msgs[0]), dest, sendtag,
                                 MESSAGE(&keep->msgs[1]), source, recvtag, self->mpi,
                                 &request));
    return request_started(rc, request, keep);
}

PyObject *comm_Isendrecv_replace_impl(struct comm_object *self, PyObject *buf, int dest,
                                      int sendtag, int source, int recvtag)
{
    int rank = dest == MPI_PROC_NULL ? source : dest, rc;
    struct keep_object *keep = keep_p2p(buf, BUFFER_WRITABLE, rank, KEEP_OTHER);
    MPI_Request request = MPI_REQUEST_NULL;

    if (!keep)
        return NULL;
    MPI_CALL(rc, MPI_Isendrecv_replace_c(MESSAGE(&keep->msgs[0]), dest, sendtag, source,
                                         recvtag, self->mpi, &request));
    return request_started(rc, request, keep);
}

/* ------------------------------------------------------------ probes */
PyObject *comm_Probe_impl(struct comm_object *self, int source, int tag,
                          struct status_object *status)
{
    int rc;

    MPI_CALL(rc, MPI_Probe(source, tag, self->mpi, status_or_ignore(status)));
    return mpi_check(rc) < 0 ? NULL : Py_NewRef(Py_True);
}

PyObject *comm_Iprobe_impl(struct comm_object *self, int source, int tag,
                           struct status_object *status)
{
    int rc, flag = 0;

    MPI_CALL_NOW(rc,
                 MPI_Iprobe(source, tag, self->mpi, &flag, status_or_ignore(status)));
    return mpi_check(rc) < 0 ? NULL : PyBool_FromLong(flag);
}

static PyObject *mprobe(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                        struct status_object *status)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    int rc;

    MPI_CALL(rc, MPI_Mprobe(source, tag, comm, &message, status_or_ignore(status)));
    return mpi_check(rc) < 0 ? NULL : message_wrap_as(cls, message);
}

static PyObject *improbe(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                         struct status_object *status)
{
    MPI_Message message = MPI_MESSAGE_NULL;
    int rc, flag = 0;

    MPI_CALL_NOW(
        rc, MPI_Improbe(source, tag, comm, &flag, &message, status_or_ignore(status)));
    if (mpi_check(rc) < 0)
        return NULL;
    return flag ? message_wrap_as(cls, message) : Py_NewRef(Py_None);
}

PyObject *comm_Mprobe_impl(struct comm_object *self, int source, int tag,
                           struct status_object *status)
{
    return mprobe(module->types[CLASS_Message], self->mpi, source, tag, status);
}

PyObject *comm_Improbe_impl(struct comm_object *self, int source, int tag,
                            struct status_object *status)
{
    return improbe(module->types[CLASS_Message], self->mpi, source, tag, status);
}

PyObject *message_Probe_impl(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                             struct status_object *status)
{
    return mprobe(cls, comm, source, tag, status);
}

PyObject *message_Iprobe_impl(PyTypeObject *cls, MPI_Comm comm, int source, int tag,
                              struct status_object *status)
{
    return improbe(cls, comm, source, tag, status);
}

static int message_rank(const struct message_object *self)
{
    return self->mpi == MPI_MESSAGE_NO_PROC ? MPI_PROC_NULL : 0;
}

/* MPI.MESSAGE_NO_PROC can be received for ever, its copies once. */
static void message_consumed(struct message_object *self, MPI_Message message)
{
    if (!(self->flags & HANDLE_CONST))
        self->mpi = message;
    if (message == MPI_MESSAGE_NULL)
        Py_CLEAR(self->keep);
}

int message_Recv_impl(struct message_object *self, PyObject *buf,
                      struct status_object *status)
{
    MPI_Message message = self->mpi;
    struct message msg;
    int rc;

    if (message_p2p(&msg, buf, BUFFER_WRITABLE, message_rank(self)) < 0)
        return -1;
    MPI_CALL(rc, MPI_Mrecv_c(MESSAGE(&msg), &message, status_or_ignore(status)));
    message_clear(&msg);
    message_consumed(self, message);
    return mpi_check(rc);
}

PyObject *message_Irecv_impl(struct message_object *self, PyObject *buf)
{
    struct keep_object *keep =
        keep_p2p(buf, BUFFER_WRITABLE, message_rank(self), KEEP_OTHER);
    MPI_Request request = MPI_REQUEST_NULL;
    MPI_Message message = self->mpi;
    int rc;

    if (!keep)
        return NULL;
    MPI_CALL_IF(!message_is_quick(&keep->msgs[0]), rc,
                MPI_Imrecv_c(MESSAGE(&keep->msgs[0]), &message, &request));
    message_consumed(self, message);
    return request_started(rc, request, keep);
}
