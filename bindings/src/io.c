/* io.c - reading and writing files
 *
 * MPI has some thirty calls for it, of five families: by whether they wait, and by
 * whether they are given an offset.  A row below is one of them: its name in Python, in
 * MPI, and what its buffer must be.  A family is one function; the row gives it MPI's
 * call in a shape that all share.
 */
#include "bindings/src/error.h"
#include "bindings/src/file.h"
#include "bindings/src/request.h"
#include "bindings/src/status.h"
#include "mpi_impl.h"

struct access {
    MPI_File file;
    MPI_Offset offset;
    struct message *msg;
    MPI_Status *status;
    MPI_Request request;
};

typedef int (*access_f)(struct access *access);

enum { READS = BUFFER_WRITABLE, WRITES = 0 };

/* ------------------------------------------------------------ blocking */
static int transfer(struct file_object *self, MPI_Offset offset, PyObject *buf,
                    int flags, struct status_object *status, access_f call)
{
    struct message msg;
    struct access access = { .file = self->mpi,
                             .offset = offset,
                             .msg = &msg,
                             .status = status_or_ignore(status) };
    int rc;

    if (message_simple(&msg, buf, flags, 0) < 0)
        return -1;
    MPI_CALL(rc, call(&access));
    message_clear(&msg);
    return mpi_check(rc);
}

#define TRANSFER(Name, name, flags)                                                    \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, MESSAGE(a->msg), a->status);               \
    }                                                                                  \
    int file_##Name##_impl(struct file_object *self, PyObject *buf,                    \
                           struct status_object *status)                               \
    {                                                                                  \
        return transfer(self, 0, buf, flags, status, call_##name);                     \
    }
TRANSFER(Read, read, READS)
TRANSFER(Read_all, read_all, READS)
TRANSFER(Read_shared, read_shared, READS)
TRANSFER(Read_ordered, read_ordered, READS)
TRANSFER(Write, write, WRITES)
TRANSFER(Write_all, write_all, WRITES)
TRANSFER(Write_shared, write_shared, WRITES)
TRANSFER(Write_ordered, write_ordered, WRITES)

#define TRANSFER_AT(Name, name, flags)                                                 \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, a->offset, MESSAGE(a->msg), a->status);    \
    }                                                                                  \
    int file_##Name##_impl(struct file_object *self, MPI_Count offset, PyObject *buf,  \
                           struct status_object *status)                               \
    {                                                                                  \
        return transfer(self, offset, buf, flags, status, call_##name);                \
    }
TRANSFER_AT(Read_at, read_at, READS)
TRANSFER_AT(Read_at_all, read_at_all, READS)
TRANSFER_AT(Write_at, write_at, WRITES)
TRANSFER_AT(Write_at_all, write_at_all, WRITES)

/* ------------------------------------------------------------ nonblocking */
static PyObject *start(struct file_object *self, MPI_Offset offset, PyObject *buf,
                       int flags, access_f call)
{
    struct keep_object *keep = keep_create();
    struct access access = { .file = self->mpi,
                             .offset = offset,
                             .request = MPI_REQUEST_NULL };
    int rc;

    if (!keep || message_simple(&keep->msgs[0], buf, flags, 0) < 0) {
        Py_XDECREF(keep);
        return NULL;
    }
    access.msg = &keep->msgs[0];
    MPI_CALL(rc, call(&access));
    if (mpi_check(rc) == 0)
        return request_start(access.request, keep);
    Py_DECREF(keep);
    return NULL;
}

#define START(Name, name, flags)                                                       \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, MESSAGE(a->msg), &a->request);             \
    }                                                                                  \
    PyObject *file_##Name##_impl(struct file_object *self, PyObject *buf)              \
    {                                                                                  \
        return start(self, 0, buf, flags, call_##name);                                \
    }
START(Iread, iread, READS)
START(Iread_all, iread_all, READS)
START(Iread_shared, iread_shared, READS)
START(Iwrite, iwrite, WRITES)
START(Iwrite_all, iwrite_all, WRITES)
START(Iwrite_shared, iwrite_shared, WRITES)

#define START_AT(Name, name, flags)                                                    \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, a->offset, MESSAGE(a->msg), &a->request);  \
    }                                                                                  \
    PyObject *file_##Name##_impl(struct file_object *self, MPI_Count offset,           \
                                 PyObject *buf)                                        \
    {                                                                                  \
        return start(self, offset, buf, flags, call_##name);                           \
    }
START_AT(Iread_at, iread_at, READS)
START_AT(Iread_at_all, iread_at_all, READS)
START_AT(Iwrite_at, iwrite_at, WRITES)
START_AT(Iwrite_at_all, iwrite_at_all, WRITES)

/* ------------------------------------------------------------ split collectives */
/* What was begun and not ended: one per file.  File objects are copied and dropped, and
 * their layout is not ours to extend, so this stands beside them. */
static struct split {
    MPI_File file;
    struct message msg;
    struct split *next;
} * splits;

static void split_destroy(struct split *split)
{
    message_clear(&split->msg);
    PyMem_Free(split);
}

void io_forget(MPI_File file)
{
    struct split **link, *split;

    for (link = &splits; (split = *link); link = &split->next) {
        if (split->file == file) {
            *link = split->next;
            split_destroy(split);
            return;
        }
    }
}

static int begin(struct file_object *self, MPI_Offset offset, PyObject *buf, int flags,
                 access_f call)
{
    struct split *split = PyMem_New(struct split, 1);
    struct access access = { .file = self->mpi, .offset = offset };
    int rc;

    if (!split) {
        PyErr_NoMemory();
        return -1;
    }
    if (message_simple(&split->msg, buf, flags, 0) < 0) {
        PyMem_Free(split);
        return -1;
    }
    access.msg = &split->msg;
    MPI_CALL(rc, call(&access));
    if (rc != MPI_SUCCESS) {
        split_destroy(split);
        return mpi_check(rc);
    }
    split->file = self->mpi;
    split->next = splits;
    splits = split;
    return mpi_check(rc);
}

static int end(struct file_object *self, PyObject *buf, int flags,
               struct status_object *status, access_f call)
{
    int rc = transfer(self, 0, buf, flags, status, call);

    if (rc == 0)
        io_forget(self->mpi);
    return rc;
}

#define BEGIN(Name, name, flags)                                                       \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, MESSAGE(a->msg));                          \
    }                                                                                  \
    int file_##Name##_impl(struct file_object *self, PyObject *buf)                    \
    {                                                                                  \
        return begin(self, 0, buf, flags, call_##name);                                \
    }
BEGIN(Read_all_begin, read_all_begin, READS)
BEGIN(Read_ordered_begin, read_ordered_begin, READS)
BEGIN(Write_all_begin, write_all_begin, WRITES)
BEGIN(Write_ordered_begin, write_ordered_begin, WRITES)

#define BEGIN_AT(Name, name, flags)                                                    \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name##_c(a->file, a->offset, MESSAGE(a->msg));               \
    }                                                                                  \
    int file_##Name##_impl(struct file_object *self, MPI_Count offset, PyObject *buf)  \
    {                                                                                  \
        return begin(self, offset, buf, flags, call_##name);                           \
    }
BEGIN_AT(Read_at_all_begin, read_at_all_begin, READS)
BEGIN_AT(Write_at_all_begin, write_at_all_begin, WRITES)

#define END(Name, name, flags)                                                         \
    static int call_##name(struct access *a)                                           \
    {                                                                                  \
        return MPI_File_##name(a->file, a->msg->addr, a->status);                      \
    }                                                                                  \
    int file_##Name##_impl(struct file_object *self, PyObject *buf,                    \
                           struct status_object *status)                               \
    {                                                                                  \
        return end(self, buf, flags, status, call_##name);                             \
    }
END(Read_all_end, read_all_end, READS)
END(Read_at_all_end, read_at_all_end, READS)
END(Read_ordered_end, read_ordered_end, READS)
END(Write_all_end, write_all_end, WRITES)
END(Write_at_all_end, write_at_all_end, WRITES)
END(Write_ordered_end, write_ordered_end, WRITES)
