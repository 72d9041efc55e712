/* object_parcel.c - objects that may be too large for one message */
#include "bindings/src/object_parcel.h"

#include "bindings/src/error.h"
#include "bindings/src/pool.h"
#include "bindings/src/transfer.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ sending */
/* A parcel that is about to be sent: what MPI reads of it belongs to a keep. */
struct outgoing {
    struct parcel parcel;
    int peer;
    uint64_t sizes[PARCEL_PIECES + 1];
    struct transfer_piece pieces[PARCEL_PIECES + 1];
};

static void add_piece(struct outgoing *out, void *addr, size_t nbytes)
{
    out->pieces[out->parcel.count] = (struct transfer_piece){ addr, nbytes };
    out->sizes[out->parcel.count++] = nbytes;
}

/* The pickle comes first, or in the header where it fits. */
static void fill(struct outgoing *out, const struct message *pickle, PyObject *buffers)
{
    Py_ssize_t idx, count = buffers ? PyList_GET_SIZE(buffers) : 0;
    struct parcel *parcel = &out->parcel;

    *parcel = (struct parcel){ .sender = transfer_rank(),
                               .tag = transfer_tag(),
                               .sizes = out->sizes };
    if (PARCEL_HEAD + (size_t)count * PARCEL_SIZE_BYTES + (size_t)pickle->count
        <= PARCEL_MAX) {
        parcel->pickle = pickle->addr;
        parcel->pickle_size = (size_t)pickle->count;
    } else {
        add_piece(out, pickle->addr, (size_t)pickle->count);
    }
    for (idx = 0; idx < count; idx++) {
        PyObject *buffer = PyList_GET_ITEM(buffers, idx);

        add_piece(out, buffer_address(buffer), (size_t)buffer_size(buffer));
    }
}

/* Sends the pickle in the first message of 'keep', and 'buffers' (may be NULL). */
static int send_parcel(struct keep_object *keep, PyObject *buffers,
                       struct outgoing *out, object_isend_f call, int dest, int tag,
                       MPI_Comm comm, MPI_Request *request)
{
    struct transfer_piece header;
    PyObject *bytes;
    int rc;

    fill(out, &keep->msgs[0], buffers);
    header.nbytes = parcel_length(&out->parcel);
    if (!(bytes = PyBytes_FromStringAndSize(NULL, (Py_ssize_t)header.nbytes)))
        return -1;
    header.addr = PyBytes_AS_STRING(bytes);
    parcel_encode(&out->parcel, header.addr);
    keep->object = Py_BuildValue("NO", bytes, buffers ? buffers : Py_None);
    if (!keep->object)
        return -1;
    MPI_CALL(rc, transfer_send(&header, call, dest, tag, comm, out->pieces,
                               out->parcel.count, out->peer, out->parcel.tag, request));
    return mpi_check(rc);
}

static int send_message(struct keep_object *keep, object_isend_f call, int dest,
                        int tag, MPI_Comm comm, MPI_Request *request)
{
    bool leave = keep->msgs[0].count > MESSAGE_SMALL || mpi_calls_back();
    int rc;

    MPI_CALL_IF(leave, rc, call(MESSAGE(&keep->msgs[0]), dest, tag, comm, request));
    return mpi_check(rc);
}

/* True when 'dest' understands parcels.  Of a rank that does not exist the send will
 * tell. */
static bool find_peer(struct outgoing *out, int dest, MPI_Comm comm)
{
    out->peer = -1;
    return transfer_find(comm, dest, &out->peer) == MPI_SUCCESS && out->peer >= 0;
}

/* For MPI_PROC_NULL nothing is pickled. */
static int start(struct keep_object *keep, PyObject *obj, object_isend_f call, int dest,
                 int tag, MPI_Comm comm, MPI_Request *request)
{
    struct message *msg = &keep->msgs[0];
    PyObject *buffers = NULL;
    struct outgoing out; /* not cleared */
    int rc;

    if (dest == MPI_PROC_NULL)
        return send_message(keep, call, dest, tag, comm, request);
    if (call == MPI_Ibsend_c || !transfer_is_on())
        return pickle_message(msg, obj) < 0
                   ? -1
                   : send_message(keep, call, dest, tag, comm, request);
    if (pickle_split(msg, obj, &buffers, PARCEL_PIECES) < 0)
        return -1;
    if (pickle_is_own() && (buffers || msg->count > PARCEL_MAX)
        && find_peer(&out, dest, comm)) {
        rc = send_parcel(keep, buffers, &out, call, dest, tag, comm, request);
        Py_XDECREF(buffers);
        return rc;
    }
    if (buffers) {
        Py_DECREF(buffers);
        message_clear(msg);
        if (pickle_message(msg, obj) < 0)
            return -1;
    }
    return send_message(keep, call, dest, tag, comm, request);
}

struct keep_object *parcel_start(PyObject *obj, object_isend_f call, int dest, int tag,
                                 MPI_Comm comm, MPI_Request *request)
{
    struct keep_object *keep = keep_create();

    *request = MPI_REQUEST_NULL;
    if (!keep)
        return NULL;
    keep->kind = KEEP_SEND;
    if (start(keep, obj, call, dest, tag, comm, request) < 0)
        Py_CLEAR(keep);
    return keep;
}

/* ------------------------------------------------------------ what has arrived */
/* Adds to the current exception what it is about; Pythons before 3.11 have no notes. */
static void note(const char *what, const MPI_Status *status)
{
    struct failure failure = { NULL };
    PyObject *text, *result = NULL;

    failure_catch(&failure);
    PyErr_NormalizeException(&failure.type, &failure.value, &failure.traceback);
    text = PyUnicode_FromFormat("%s from rank %d with tag %d", what, status->MPI_SOURCE,
                                status->MPI_TAG);
    if (text)
        result = PyObject_CallMethod(failure.value, "add_note", "O", text);
    PyErr_Clear();
    Py_XDECREF(result);
    Py_XDECREF(text);
    failure_raise(&failure);
}

/* The result of a loads(). */
static PyObject *noted(PyObject *obj, const MPI_Status *status)
{
    if (!obj)
        note("this was the object", status);
    return obj;
}

/* The memory of a piece is its owner's, and freed with it. */
static void free_piece(PyObject *capsule)
{
    pool_free(PyCapsule_GetPointer(capsule, NULL),
              (size_t)PyCapsule_GetContext(capsule));
}

/* A piece as an MPI.buffer. */
static PyObject *wrap_piece(struct transfer *transfer, int idx)
{
    struct transfer_piece piece = transfer_take(transfer, idx);
    PyObject *owner = PyCapsule_New(piece.addr, NULL, free_piece), *buffer;

    if (!owner) {
        pool_free(piece.addr, piece.nbytes);
        return NULL;
    }
    PyCapsule_SetContext(owner, (void *)piece.nbytes);
    buffer = buffer_wrap(owner, piece.addr, (Py_ssize_t)piece.nbytes, false);
    Py_DECREF(owner);
    return buffer;
}

/* All pieces from 'first' on. */
static PyObject *wrap_pieces(struct transfer *transfer, int first, int count)
{
    PyObject *list = PyList_New(count - first), *buffer;
    int idx;

    for (idx = first; list && idx < count; idx++) {
        if ((buffer = wrap_piece(transfer, idx)))
            PyList_SET_ITEM(list, idx - first, buffer);
        else
            Py_CLEAR(list);
    }
    return list;
}

static PyObject *load(struct keep_object *keep, const struct parcel *parcel)
{
    int first = parcel->pickle ? 0 : 1;
    PyObject *pickle, *buffers = NULL, *obj = NULL;

    pickle = parcel->pickle ? buffer_wrap(keep->object, (void *)parcel->pickle,
                                          (Py_ssize_t)parcel->pickle_size, true)
                            : wrap_piece(keep->transfer, 0);
    if (pickle && parcel->count == first)
        obj = pickle_loads(pickle);
    else if (pickle && (buffers = wrap_pieces(keep->transfer, first, parcel->count)))
        obj = pickle_join(pickle, buffers);
    Py_XDECREF(buffers);
    Py_XDECREF(pickle);
    return obj;
}

/* The object of a transfer that is done. */
static PyObject *finish(struct keep_object *keep, const MPI_Status *status)
{
    bool is_damaged = false;
    const struct parcel *parcel =
        keep->transfer ? transfer_parcel(keep->transfer, &is_damaged) : NULL;
    MPI_Count nbytes = 0;

    if (is_damaged) {
        PyErr_Format(PyExc_ValueError,
                     "the message from rank %d with tag %d begins like a large object, "
                     "but is damaged",
                     status->MPI_SOURCE, status->MPI_TAG);
        return NULL;
    }
    if (parcel)
        return noted(load(keep, parcel), status);
    if (mpi_check(MPI_Get_count_c(status, MPI_BYTE, &nbytes)) < 0)
        return NULL;
    return noted(pickle_load(keep->object, keep->msgs[0].addr, nbytes), status);
}

/* What a Request delivers. */
static PyObject *deliver(struct keep_object *keep, const MPI_Status *status)
{
    int cancelled = 0;

    if (mpi_check(MPI_Test_cancelled(status, &cancelled)) < 0)
        return NULL;
    if (cancelled && keep->is_taken_back) {
        PyErr_SetString(PyExc_RuntimeError,
                        "the cell that began this receive did not end well, so it was "
                        "taken back; begin it once more");
        return NULL;
    }
    return cancelled ? Py_NewRef(Py_None) : finish(keep, status);
}

/* ------------------------------------------------------------ receiving */
static struct transfer_piece memory_of(const struct keep_object *keep)
{
    return (struct transfer_piece){ keep->msgs[0].addr, (size_t)keep->msgs[0].count };
}

int parcel_post(struct keep_object *keep, int source, int tag, MPI_Comm comm,
                MPI_Request *request)
{
    int rc;

    *request = MPI_REQUEST_NULL;
    keep->finish = deliver;
    keep->kind = KEEP_RECV;
    if (transfer_is_on())
        MPI_CALL(rc, transfer_recv(memory_of(keep), source, tag, comm, &keep->transfer,
                                   request));
    else
        MPI_CALL(rc, MPI_Irecv_c(MESSAGE(&keep->msgs[0]), source, tag, comm, request));
    return mpi_check(rc);
}

int parcel_post_matched(struct keep_object *keep, MPI_Message *message,
                        MPI_Request *request)
{
    int rc;

    *request = MPI_REQUEST_NULL;
    keep->finish = deliver;
    if (transfer_is_on())
        MPI_CALL(rc,
                 transfer_mrecv(memory_of(keep), message, &keep->transfer, request));
    else
        MPI_CALL(rc, MPI_Imrecv_c(MESSAGE(&keep->msgs[0]), message, request));
    return mpi_check(rc);
}

PyObject *parcel_arrived(struct keep_object *keep, const MPI_Status *status)
{
    struct transfer_piece header = memory_of(keep);
    MPI_Request request;
    MPI_Count nbytes = 0;
    int rc;

    if (mpi_check(MPI_Get_count_c(status, MPI_BYTE, &nbytes)) < 0)
        return NULL;
    header.nbytes = (size_t)nbytes;
    if (!transfer_is_on() || !parcel_is_one(header.addr, header.nbytes))
        return finish(keep, status);
    MPI_CALL(rc, transfer_begin(header, status, &keep->transfer, &request));
    if (mpi_check(rc) < 0)
        return NULL;
    if (object_wait(request, keep, MPI_STATUS_IGNORE) < 0) {
        note("this has dropped the object, part of which had come,", status);
        return NULL;
    }
    return finish(keep, status);
}

PyObject *parcel_load(PyObject *bytes, const MPI_Status *status)
{
    struct keep_object *keep;
    PyObject *obj;

    if (!parcel_is_one(buffer_address(bytes), (size_t)buffer_size(bytes)))
        return noted(object_load(bytes), status);
    if (!(keep = keep_create()))
        return NULL;
    keep->object = Py_NewRef(bytes);
    keep->msgs[0].addr = buffer_address(bytes);
    keep->msgs[0].count = buffer_size(bytes);
    obj = parcel_arrived(keep, status);
    Py_DECREF(keep);
    return obj;
}
