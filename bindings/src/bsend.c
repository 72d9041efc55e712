/* bsend.c - the memory that buffered sends use
 *
 * The process, a communicator and a session can each have some.  module->attached
 * says what Python gave: (owner, handle) -> (object, MPI.buffer).  What is not there
 * was attached by C, or is MPI's.
 */
#include "bindings/src/buffer.h"
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ owners */
struct owner {
    const char *name;
    int (*attach)(intptr_t handle, void *addr, MPI_Count size);
    int (*detach)(intptr_t handle, void **addr, MPI_Count *size);
    int (*flush)(intptr_t handle);
    int (*iflush)(intptr_t handle, MPI_Request *request);
};

#define OWNER(who, do_attach, do_detach, do_flush, do_iflush)                          \
    static int who##_attach(intptr_t handle, void *addr, MPI_Count size)               \
    {                                                                                  \
        return do_attach;                                                              \
    }                                                                                  \
    static int who##_detach(intptr_t handle, void **addr, MPI_Count *size)             \
    {                                                                                  \
        return do_detach;                                                              \
    }                                                                                  \
    static int who##_flush(intptr_t handle)                                            \
    {                                                                                  \
        return do_flush;                                                               \
    }                                                                                  \
    static int who##_iflush(intptr_t handle, MPI_Request *request)                     \
    {                                                                                  \
        return do_iflush;                                                              \
    }                                                                                  \
    static const struct owner of_##who = { #who, who##_attach, who##_detach,           \
                                           who##_flush, who##_iflush };

#define COMM (MPI_Comm) handle
#define SESSION (MPI_Session) handle
OWNER(process, MPI_Buffer_attach_c(addr, size), MPI_Buffer_detach_c(addr, size),
      MPI_Buffer_flush(), MPI_Buffer_iflush(request))
OWNER(comm, MPI_Comm_attach_buffer_c(COMM, addr, size),
      MPI_Comm_detach_buffer_c(COMM, addr, size), MPI_Comm_flush_buffer(COMM),
      MPI_Comm_iflush_buffer(COMM, request))
OWNER(session, MPI_Session_attach_buffer_c(SESSION, addr, size),
      MPI_Session_detach_buffer_c(SESSION, addr, size),
      MPI_Session_flush_buffer(SESSION), MPI_Session_iflush_buffer(SESSION, request))

/* ------------------------------------------------------------ what was attached */
static PyObject *key_of(const struct owner *owner, intptr_t handle)
{
    return Py_BuildValue("(sn)", owner->name, (Py_ssize_t)handle);
}

static int remember(const struct owner *owner, intptr_t handle, PyObject *object,
                    PyObject *memory)
{
    PyObject *key = key_of(owner, handle), *pair = PyTuple_Pack(2, object, memory);
    int rc = -1;

    if (!module->attached)
        module->attached = PyDict_New();
    if (key && pair && module->attached)
        rc = PyDict_SetItem(module->attached, key, pair);
    Py_XDECREF(pair);
    Py_XDECREF(key);
    return rc;
}

/* The object whose memory is at 'addr', which is forgotten; NULL without an exception
 * when it is not known, with one on failure. */
static PyObject *recall(const struct owner *owner, intptr_t handle, const void *addr)
{
    PyObject *key = key_of(owner, handle), *pair, *object = NULL;

    if (!key)
        return NULL;
    if (module->attached && (pair = PyDict_GetItemWithError(module->attached, key))) {
        if (buffer_address(PyTuple_GET_ITEM(pair, 1)) == addr)
            object = Py_NewRef(PyTuple_GET_ITEM(pair, 0));
        if (PyDict_DelItem(module->attached, key) < 0)
            Py_CLEAR(object);
    }
    Py_DECREF(key);
    return object;
}

/* ------------------------------------------------------------ calls */
static int attach(const struct owner *owner, intptr_t handle, PyObject *object)
{
    PyObject *memory;
    int rc;

    if (object == Py_None || is_instance(object, CLASS_BufferAutomaticType))
        return mpi_check(owner->attach(handle, MPI_BUFFER_AUTOMATIC, 0));
    if (!(memory = buffer_frombuffer_impl(object, false)))
        return -1;
    rc = mpi_check(owner->attach(handle, buffer_address(memory), buffer_size(memory)));
    if (rc == 0 && (rc = remember(owner, handle, object, memory)) < 0)
        owner->detach(handle, &(void *){ NULL }, &(MPI_Count){ 0 });
    Py_DECREF(memory);
    return rc;
}

/* Waits until the messages in the memory have left. */
static PyObject *detach(const struct owner *owner, intptr_t handle)
{
    PyObject *object;
    void *addr = NULL;
    MPI_Count size = 0;
    int rc;

    MPI_CALL(rc, owner->detach(handle, &addr, &size));
    if (mpi_check(rc) < 0)
        return NULL;
    if ((object = recall(owner, handle, addr)) || PyErr_Occurred())
        return object;
    if (addr == MPI_BUFFER_AUTOMATIC)
        return Py_NewRef(module->buffer_automatic);
    return buffer_wrap(NULL, addr, size, false);
}

static int flush(const struct owner *owner, intptr_t handle)
{
    int rc;

    MPI_CALL(rc, owner->flush(handle));
    return mpi_check(rc);
}

static PyObject *iflush(const struct owner *owner, intptr_t handle)
{
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    MPI_CALL(rc, owner->iflush(handle, &request));
    return request_started(rc, request, NULL);
}

/* ------------------------------------------------------------ members */
int mpi_Attach_buffer_impl(PyObject *buf)
{
    return attach(&of_process, 0, buf);
}

PyObject *mpi_Detach_buffer_impl(void)
{
    return detach(&of_process, 0);
}

int mpi_Flush_buffer_impl(void)
{
    return flush(&of_process, 0);
}

PyObject *mpi_Iflush_buffer_impl(void)
{
    return iflush(&of_process, 0);
}

#define MEMBERS(who)                                                                   \
    int who##_Attach_buffer_impl(struct who##_object *self, PyObject *buf)             \
    {                                                                                  \
        return attach(&of_##who, (intptr_t)self->mpi, buf);                            \
    }                                                                                  \
    PyObject *who##_Detach_buffer_impl(struct who##_object *self)                      \
    {                                                                                  \
        return detach(&of_##who, (intptr_t)self->mpi);                                 \
    }                                                                                  \
    int who##_Flush_buffer_impl(struct who##_object *self)                             \
    {                                                                                  \
        return flush(&of_##who, (intptr_t)self->mpi);                                  \
    }                                                                                  \
    PyObject *who##_Iflush_buffer_impl(struct who##_object *self)                      \
    {                                                                                  \
        return iflush(&of_##who, (intptr_t)self->mpi);                                 \
    }
MEMBERS(comm)
MEMBERS(session)
