/* object.c - objects between two ranks */
#include "bindings/src/object.h"

#include <string.h>

#include "bindings/src/bind.h"
#include "bindings/src/context.h"
#include "bindings/src/error.h"
#include "bindings/src/object_parcel.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ failures */
void failure_catch(struct failure *failure)
{
    if (failure_is_set(failure))
        PyErr_Clear();
    else
        PyErr_Fetch(&failure->type, &failure->value, &failure->traceback);
}

int failure_raise(struct failure *failure)
{
    PyErr_Restore(failure->type, failure->value, failure->traceback);
    *failure = (struct failure){ NULL };
    return -1;
}

void failure_clear(struct failure *failure)
{
    Py_CLEAR(failure->type);
    Py_CLEAR(failure->value);
    Py_CLEAR(failure->traceback);
}

int object_raise_peer(int rank, const char *call)
{
    PyErr_Format((PyObject *)module->types[CLASS_PeerError],
                 "rank %d raised an exception while it prepared its part of %s", rank,
                 call);
    return -1;
}

/* ------------------------------------------------------------ sending */
struct keep_object *object_keep(PyObject *obj)
{
    struct keep_object *keep = keep_create();

    if (keep && obj && pickle_message(&keep->msgs[0], obj) < 0)
        Py_CLEAR(keep);
    return keep;
}

/* Waits for a request, which MPI goes on with when the wait is interrupted. */
int object_wait(MPI_Request request, struct keep_object *keep, MPI_Status *status)
{
    struct failure failure = { NULL };
    int rc, result;

    MPI_CALL(rc, MPI_Wait(&request, status));
    result = mpi_check(rc);
    if (request == MPI_REQUEST_NULL)
        return result;
    failure_catch(&failure);
    request_orphan(request, true, (struct keep_object *)Py_NewRef(keep));
    return failure_raise(&failure);
}

/* Waits for a send; takes 'keep'. */
static int finish_send(MPI_Request request, struct keep_object *keep)
{
    int result = object_wait(request, keep, MPI_STATUS_IGNORE);

    Py_DECREF(keep);
    return result;
}

int object_send(struct keep_object *keep, object_isend_f call, int dest, int tag,
                MPI_Comm comm)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    MPI_CALL(rc, call(MESSAGE(&keep->msgs[0]), dest, tag, comm, &request));
    if (mpi_check(rc) < 0) {
        Py_DECREF(keep);
        return -1;
    }
    return finish_send(request, keep);
}

/* Small messages leave at once; then nobody waits.  0 or 1, or -1 with the exception
 * set. */
static int is_sent(MPI_Request *request)
{
    int rc, flag = 0;

    MPI_CALL_NOW(rc, PMPI_Test(request, &flag, MPI_STATUS_IGNORE));
    return mpi_check(rc) < 0 ? -1 : flag;
}

static int send(struct comm_object *self, PyObject *obj, int dest, int tag,
                object_isend_f call, const char *name)
{
    MPI_Request request;
    struct keep_object *keep = parcel_start(obj, call, dest, tag, self->mpi, &request);
    int rc;

    if (!keep)
        return -1;
    if ((rc = is_sent(&request)) != 0) {
        Py_DECREF(keep);
        return rc < 0 ? -1 : 0;
    }
    CALLED_AS(name, self->mpi, dest, tag, rc = finish_send(request, keep));
    return rc;
}

static PyObject *isend(struct comm_object *self, PyObject *obj, int dest, int tag,
                       object_isend_f call)
{
    MPI_Request request;
    struct keep_object *keep = parcel_start(obj, call, dest, tag, self->mpi, &request);

    return keep ? request_start(request, keep) : NULL;
}

int comm_send_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return send(self, obj, dest, tag, MPI_Isend_c, "send");
}

int comm_ssend_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return send(self, obj, dest, tag, MPI_Issend_c, "ssend");
}

int comm_bsend_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return send(self, obj, dest, tag, MPI_Ibsend_c, "bsend");
}

PyObject *comm_isend_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return isend(self, obj, dest, tag, MPI_Isend_c);
}

PyObject *comm_issend_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return isend(self, obj, dest, tag, MPI_Issend_c);
}

PyObject *comm_ibsend_impl(struct comm_object *self, PyObject *obj, int dest, int tag)
{
    return isend(self, obj, dest, tag, MPI_Ibsend_c);
}

/* ------------------------------------------------------------ receiving */
PyObject *object_load(PyObject *bytes)
{
    return pickle_load(bytes, buffer_address(bytes), buffer_size(bytes));
}

PyObject *object_allocate(const MPI_Status *status)
{
    MPI_Count nbytes = 0;

    if (mpi_check(MPI_Get_count_c(status, MPI_BYTE, &nbytes)) < 0)
        return NULL;
    return buffer_allocate(nbytes, false);
}

/* For libraries without matched probes (mpi4py.rc.recv_mprobe = False): a lock keeps
 * other receives of objects from the message whose size we know. */
static PyObject *recv_locked(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    PyObject *lock = context_lock(comm, "recv"), *bytes = NULL;
    int rc;

    if (!lock)
        return NULL;
    MPI_CALL(rc, MPI_Probe(source, tag, comm, status));
    if (mpi_check(rc) == 0 && (bytes = object_allocate(status))) {
        MPI_CALL(rc, MPI_Recv_c(buffer_address(bytes), buffer_size(bytes), MPI_BYTE,
                                status->MPI_SOURCE, status->MPI_TAG, comm, status));
        if (mpi_check(rc) < 0)
            Py_CLEAR(bytes);
    }
    context_unlock(lock);
    return bytes;
}

/* Matched first: another thread cannot take the message whose size we know. */
static int match(int source, int tag, MPI_Comm comm, MPI_Message *message,
                 MPI_Status *status)
{
    int rc;

    *message = MPI_MESSAGE_NULL;
    MPI_CALL(rc, MPI_Mprobe(source, tag, comm, message, status));
    return mpi_check(rc);
}

static PyObject *recv_matched(MPI_Message *message, MPI_Status *status)
{
    PyObject *bytes = object_allocate(status);
    int rc;

    if (!bytes)
        return NULL;
    MPI_CALL(rc, MPI_Mrecv_c(buffer_address(bytes), buffer_size(bytes), MPI_BYTE,
                             message, status));
    if (mpi_check(rc) < 0)
        Py_CLEAR(bytes);
    return bytes;
}

PyObject *object_recv(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Message message;

    if (!module->options.recv_mprobe)
        return recv_locked(source, tag, comm, status);
    if (match(source, tag, comm, &message, status) < 0)
        return NULL;
    return recv_matched(&message, status);
}

/* Arrays of one item have an index, too. */
static bool is_number(PyObject *obj)
{
    return PyIndex_Check(obj) && !PySequence_Check(obj);
}

/* Memory for a receive whose size is not known: of the default size, of 'buf' bytes
 * if that is a number, or 'buf' itself.  Prepares the first message of 'keep'. */
static int prepare_into(struct keep_object *keep, PyObject *buf)
{
    struct message *msg = &keep->msgs[0];
    Py_ssize_t nbytes = module->options.irecv_bufsz;

    if (buf != Py_None && !is_number(buf)) {
        if (buffer_acquire(&msg->buf, buf, BUFFER_WRITABLE) < 0)
            return -1;
        keep->object = Py_NewRef(buf);
        msg->addr = msg->buf.addr;
        msg->count = msg->buf.nbytes;
        return 0;
    }
    if (buf != Py_None) {
        nbytes = PyNumber_AsSsize_t(buf, PyExc_OverflowError);
        if (nbytes == -1 && PyErr_Occurred())
            return -1;
        if (nbytes < 0) {
            PyErr_SetString(PyExc_ValueError, "expecting non-negative buffer length");
            return -1;
        }
    }
    if (!(keep->object = buffer_allocate(nbytes, false)))
        return -1;
    msg->addr = buffer_address(keep->object);
    msg->count = nbytes;
    return 0;
}

static PyObject *recv_into(PyObject *buf, int source, int tag, MPI_Comm comm,
                           MPI_Status *status)
{
    struct keep_object *keep = keep_create();
    PyObject *obj = NULL;
    int rc;

    if (!keep || prepare_into(keep, buf) < 0)
        goto done;
    MPI_CALL(rc, MPI_Recv_c(MESSAGE(&keep->msgs[0]), source, tag, comm, status));
    if (mpi_check(rc) == 0)
        obj = parcel_arrived(keep, status);
done:
    Py_XDECREF(keep);
    return obj;
}

static int warn_of_buf(PyObject *buf)
{
    return buf == Py_None
               ? 0
               : PyErr_WarnEx(PyExc_UserWarning, "the 'buf' argument is deprecated", 1);
}

static PyObject *load_and_drop(PyObject *bytes, const MPI_Status *status)
{
    PyObject *obj = bytes ? parcel_load(bytes, status) : NULL;

    Py_XDECREF(bytes);
    return obj;
}

/* One that has been matched, and is all here.  Most small ones need no memory of their
 * own: what they say is plain. */
static PyObject *recv_small(MPI_Message *message, MPI_Count nbytes, MPI_Status *status)
{
    char data[PICKLE_SMALL];
    PyObject *bytes, *obj;
    int rc;

    MPI_CALL_NOW(rc, MPI_Mrecv_c(data, nbytes, MPI_BYTE, message, status));
    if (mpi_check(rc) < 0)
        return NULL;
    if ((obj = pickle_load_small(data, nbytes)) || PyErr_Occurred())
        return obj;
    if ((bytes = buffer_allocate(nbytes, false)))
        memcpy(buffer_address(bytes), data, (size_t)nbytes);
    return load_and_drop(bytes, status);
}

/* Of any size. */
static PyObject *recv_any(int source, int tag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Message message;
    MPI_Count nbytes = 0;

    if (!module->options.recv_mprobe)
        return load_and_drop(recv_locked(source, tag, comm, status), status);
    if (match(source, tag, comm, &message, status) < 0
        || mpi_check(MPI_Get_count_c(status, MPI_BYTE, &nbytes)) < 0)
        return NULL;
    return nbytes <= PICKLE_SMALL
               ? recv_small(&message, nbytes, status)
               : load_and_drop(recv_matched(&message, status), status);
}

static PyObject *recv(PyObject *buf, int source, int tag, MPI_Comm comm,
                      MPI_Status *status)
{
    return buf == Py_None ? recv_any(source, tag, comm, status)
                          : recv_into(buf, source, tag, comm, status);
}

PyObject *comm_recv_impl(struct comm_object *self, PyObject *buf, int source, int tag,
                         struct status_object *status)
{
    PyObject *obj;
    MPI_Status mpi = status_begin(status);

    if (warn_of_buf(buf) < 0)
        return NULL;
    CALLED_AS("recv", self->mpi, source, tag,
              obj = recv(buf, source, tag, self->mpi, &mpi));
    if (obj)
        status_store(status, &mpi);
    return obj;
}

PyObject *comm_irecv_impl(struct comm_object *self, PyObject *buf, int source, int tag)
{
    struct keep_object *keep = keep_create();
    MPI_Request request;

    if (keep && prepare_into(keep, buf) == 0
        && parcel_post(keep, source, tag, self->mpi, &request) == 0)
        return request_start(request, keep);
    Py_XDECREF(keep);
    return NULL;
}

/* ------------------------------------------------------------ both */
/* Starts a send whose receive comes next. */
static int start_send(struct keep_object *keep, int dest, int tag, MPI_Comm comm,
                      MPI_Request *request)
{
    int rc;

    *request = MPI_REQUEST_NULL;
    MPI_CALL(rc, MPI_Isend_c(MESSAGE(&keep->msgs[0]), dest, tag, comm, request));
    return mpi_check(rc);
}

/* Waits for the send unless the receive has failed; takes 'keep'. */
static int end_send(MPI_Request request, struct keep_object *keep, bool received)
{
    struct failure failure = { NULL };

    if (received)
        return finish_send(request, keep);
    failure_catch(&failure);
    request_orphan(request, true, keep);
    return failure_raise(&failure);
}

PyObject *object_sendrecv(struct keep_object *keep, int dest, int sendtag, int source,
                          int recvtag, MPI_Comm comm, MPI_Status *status)
{
    MPI_Request request;
    PyObject *bytes;

    if (start_send(keep, dest, sendtag, comm, &request) < 0) {
        Py_DECREF(keep);
        return NULL;
    }
    bytes = object_recv(source, recvtag, comm, status);
    if (end_send(request, keep, bytes) < 0)
        Py_CLEAR(bytes);
    return bytes;
}

PyObject *comm_sendrecv_impl(struct comm_object *self, PyObject *sendobj, int dest,
                             int sendtag, PyObject *recvbuf, int source, int recvtag,
                             struct status_object *status)
{
    struct keep_object *keep;
    MPI_Status mpi = status_begin(status);
    MPI_Request request;
    PyObject *obj;

    if (warn_of_buf(recvbuf) < 0
        || !(keep = parcel_start(sendobj, MPI_Isend_c, dest, sendtag, self->mpi,
                                 &request)))
        return NULL;
    CALLED_AS("sendrecv", MPI_COMM_NULL, 0, 0,
              obj = recv(recvbuf, source, recvtag, self->mpi, &mpi);
              if (end_send(request, keep, obj) < 0) Py_CLEAR(obj));
    if (obj)
        status_store(status, &mpi);
    return obj;
}
