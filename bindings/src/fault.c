/* fault.c - communicators whose processes may fail (ULFM)
 *
 * No MPI library has it under MPI's names yet.  Where it is absent nobody ever
 * fails, as far as a program can tell: nothing is revoked, the failed are an empty
 * group, and an agreement is a reduction.
 */
#include "bindings/src/comm.h"
#include "bindings/src/error.h"
#include "bindings/src/request.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ instead */
/* The communicator is MPI's to check. */
static int is_revoked(MPI_Comm comm, int *flag)
{
    int rc = MPI_Comm_is_revoked(comm, flag);

    if (rc != MPI_ABSENT)
        return rc;
    rc = MPI_Comm_test_inter(comm, flag);
    *flag = 0;
    return rc;
}

static int get_failed(MPI_Comm comm, MPI_Group *failed)
{
    int is_inter, rc = MPI_Comm_get_failed(comm, failed);

    if (rc == MPI_ABSENT && (rc = MPI_Comm_test_inter(comm, &is_inter)) == MPI_SUCCESS)
        *failed = MPI_GROUP_EMPTY;
    return rc;
}

static int ack_failed(MPI_Comm comm, int count, int *acked)
{
    int rc = MPI_Comm_ack_failed(comm, count, acked);

    return rc == MPI_ABSENT ? is_revoked(comm, acked) : rc;
}

/* Groups that reduce across learn of each other; so they tell it back. */
static int agree(MPI_Comm comm, int *flag)
{
    int is_inter, own = *flag, theirs, rc = MPI_Comm_agree(comm, flag);

    if (rc != MPI_ABSENT)
        return rc;
    rc = MPI_Comm_test_inter(comm, &is_inter);
    if (rc == MPI_SUCCESS)
        rc = MPI_Allreduce_c(&own, &theirs, 1, MPI_INT, MPI_BAND, comm);
    if (rc == MPI_SUCCESS && is_inter)
        rc = MPI_Allreduce_c(&theirs, &own, 1, MPI_INT, MPI_BAND, comm);
    if (rc == MPI_SUCCESS)
        *flag = own & theirs;
    return rc;
}

/* Between groups one reduction must do, as in mpi4py: of what the others gave.
 * 'own' stays until the request is done. */
static int iagree(MPI_Comm comm, int *own, int *flag, MPI_Request *request)
{
    int rc = MPI_Comm_iagree(comm, flag, request);

    if (rc != MPI_ABSENT)
        return rc;
    *own = *flag;
    return MPI_Iallreduce_c(own, flag, 1, MPI_INT, MPI_BAND, comm, request);
}

static int shrink(MPI_Comm comm, MPI_Comm *newcomm)
{
    int rc = MPI_Comm_shrink(comm, newcomm);

    return rc == MPI_ABSENT ? MPI_Comm_dup(comm, newcomm) : rc;
}

static int ishrink(MPI_Comm comm, MPI_Info unused, MPI_Comm *newcomm,
                   MPI_Request *request)
{
    int rc = MPI_Comm_ishrink(comm, newcomm, request);

    return rc == MPI_ABSENT ? MPI_Comm_idup(comm, newcomm, request) : rc;
}

/* ------------------------------------------------------------ methods */
int comm_Revoke_impl(struct comm_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_Comm_revoke(self->mpi));
    return mpi_check(rc);
}

PyObject *comm_Is_revoked_impl(struct comm_object *self)
{
    int flag = 0;

    if (mpi_check(is_revoked(self->mpi, &flag)) < 0)
        return NULL;
    return PyBool_FromLong(flag);
}

PyObject *comm_Get_failed_impl(struct comm_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(get_failed(self->mpi, &group)) < 0)
        return NULL;
    return group_wrap(group);
}

/* As many as can fail: those of the remote group, too. */
static int member_count(MPI_Comm comm, int *count)
{
    int is_inter = 0, remote = 0;

    if (mpi_check(MPI_Comm_size(comm, count)) < 0
        || mpi_check(MPI_Comm_test_inter(comm, &is_inter)) < 0
        || (is_inter && mpi_check(MPI_Comm_remote_size(comm, &remote)) < 0))
        return -1;
    *count += remote;
    return 0;
}

PyObject *comm_Ack_failed_impl(struct comm_object *self, PyObject *num_to_ack)
{
    int count, acked = 0, rc;

    if (num_to_ack == Py_None ? member_count(self->mpi, &count) < 0
                              : bind_int(num_to_ack, &count) < 0)
        return NULL;
    MPI_CALL(rc, ack_failed(self->mpi, count, &acked));
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(acked);
}

PyObject *comm_Agree_impl(struct comm_object *self, int flag)
{
    int rc;

    MPI_CALL(rc, agree(self->mpi, &flag));
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(flag);
}

static int acquire_flag(struct buffer *buf, PyObject *flag)
{
    if (buffer_acquire(buf, flag, BUFFER_WRITABLE | BUFFER_FORMAT) < 0)
        return -1;
    if (!buf->format || strcmp(buf->format + (buf->format[0] == '@'), "i"))
        PyErr_Format(PyExc_ValueError, "expecting buffer with format 'i', got '%s'",
                     buf->format ? buf->format : "B");
    else if (buf->nbytes != sizeof(int))
        PyErr_Format(PyExc_ValueError, "expecting buffer of one item, got %zd bytes",
                     buf->nbytes);
    else
        return 0;
    buffer_release(buf);
    return -1;
}

PyObject *comm_Iagree_impl(struct comm_object *self, PyObject *flag)
{
    struct keep_object *keep = keep_create();
    MPI_Request request = MPI_REQUEST_NULL;
    int rc;

    if (!keep || acquire_flag(&keep->msgs[0].buf, flag) < 0) {
        Py_XDECREF(keep);
        return NULL;
    }
    MPI_CALL(rc, iagree(self->mpi, (int *)keep->msgs[1].some, keep->msgs[0].buf.addr,
                        &request));
    return request_started(rc, request, keep);
}

PyObject *comm_Shrink_impl(struct comm_object *self)
{
    MPI_Comm comm = MPI_COMM_NULL;
    int rc;

    MPI_CALL(rc, shrink(self->mpi, &comm));
    return comm_created(comm_plain_class(self), rc, comm);
}

PyObject *comm_Ishrink_impl(struct comm_object *self)
{
    return comm_started(self, comm_plain_class(self), ishrink, MPI_INFO_NULL);
}
