/* coll.c - the buffers of a collective call
 *
 * What a rank must give depends on who it is: the root of an intracommunicator, one
 * of the others; in an intercommunicator a process of the root's group (root is
 * ROOT or PROC_NULL) or of the other one.  Buffers that do not matter are not
 * looked at.
 */
#include "bindings/src/coll.h"

#include "bindings/src/bind.h"
#include "bindings/src/error.h"

int coll_members(MPI_Comm comm, struct mpiwait_members *members)
{
    const struct mpiwait_members *known = mpiwait_members(comm);
    int is_inter = 0;

    if (known) {
        *members = *known;
        return 0;
    }
    if (mpi_check(MPI_Comm_test_inter(comm, &is_inter)) < 0)
        return -1;
    members->is_inter = is_inter;
    if (mpi_check(is_inter ? MPI_Comm_remote_size(comm, &members->size)
                           : MPI_Comm_size(comm, &members->size))
        < 0)
        return -1;
    return mpi_check(MPI_Comm_rank(comm, &members->rank));
}

int coll_init(struct coll *coll, MPI_Comm comm, struct message *send,
              struct message *recv)
{
    message_init(send);
    message_init(recv);
    *coll = (struct coll){ .send = send, .recv = recv, .comm = comm };
    return comm == MPI_COMM_NULL ? 0 : coll_members(comm, &coll->members);
}

void coll_clear(struct coll *coll)
{
    message_clear(coll->send);
    message_clear(coll->recv);
}

/* 0 of a preparation, -1 after clearing what was prepared. */
static int prepared(struct coll *coll, int rc)
{
    if (rc < 0)
        coll_clear(coll);
    return rc;
}

int coll_take(struct message *msg, PyObject *spec, int flags, enum coll_form form,
              int blocks)
{
    switch (form) {
    case COLL_VECTOR:
        return message_vector(msg, spec, flags, blocks);
    case COLL_W:
        return message_w(msg, spec, flags, blocks);
    default:
        return message_simple(msg, spec, flags, blocks);
    }
}

/* IN_PLACE is an address; counts and types are those of the other side. */
static void in_place(struct message *msg, const struct message *other)
{
    msg->addr = MPI_IN_PLACE;
    msg->count = other->count;
    msg->type = other->type;
    msg->counts = other->counts;
    msg->displs = other->displs;
    msg->types = other->types;
}

enum coll_role coll_role(const struct mpiwait_members *members, int root)
{
    if (!members->is_inter)
        return members->rank == root ? COLL_ROOT : COLL_MEMBER;
    if (root == MPI_ROOT)
        return COLL_ROOT;
    return root == MPI_PROC_NULL ? COLL_NONE : COLL_MEMBER;
}

int coll_bcast(struct coll *coll, PyObject *buf, int root)
{
    enum coll_role role;

    if (coll->comm == MPI_COMM_NULL
        || (role = coll_role(&coll->members, root)) == COLL_NONE)
        return 0;
    /* One side only: MPI_Bcast() has one buffer, which is 'send' for all. */
    return message_simple(coll->send, buf, role == COLL_ROOT ? 0 : BUFFER_WRITABLE, 0);
}

int coll_gather(struct coll *coll, PyObject *send, PyObject *recv, int root,
                enum coll_form form)
{
    enum coll_role role;

    if (coll->comm == MPI_COMM_NULL
        || (role = coll_role(&coll->members, root)) == COLL_NONE)
        return 0;
    if (role == COLL_MEMBER)
        return message_simple(coll->send, send, 0, 0);
    if (coll_take(coll->recv, recv, BUFFER_WRITABLE, form, coll->members.size) < 0)
        return -1;
    if (coll->members.is_inter)
        return 0;
    if (message_is_in_place(send)) {
        in_place(coll->send, coll->recv);
        return 0;
    }
    return prepared(coll, message_simple(coll->send, send, 0, 0));
}

int coll_scatter(struct coll *coll, PyObject *send, PyObject *recv, int root,
                 enum coll_form form)
{
    enum coll_role role;

    if (coll->comm == MPI_COMM_NULL
        || (role = coll_role(&coll->members, root)) == COLL_NONE)
        return 0;
    if (role == COLL_MEMBER)
        return message_simple(coll->recv, recv, BUFFER_WRITABLE, 0);
    if (coll_take(coll->send, send, 0, form, coll->members.size) < 0)
        return -1;
    if (coll->members.is_inter)
        return 0;
    if (message_is_in_place(recv)) {
        in_place(coll->recv, coll->send);
        return 0;
    }
    return prepared(coll, message_simple(coll->recv, recv, BUFFER_WRITABLE, 0));
}

/* Those without a root: IN_PLACE is the send side of an intracommunicator. */
static int symmetric(struct coll *coll, PyObject *send, PyObject *recv,
                     enum coll_form send_form, int send_blocks,
                     enum coll_form recv_form)
{
    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (coll_take(coll->recv, recv, BUFFER_WRITABLE, recv_form, coll->members.size) < 0)
        return -1;
    if (!coll->members.is_inter && message_is_in_place(send)) {
        in_place(coll->send, coll->recv);
        return 0;
    }
    return prepared(coll, coll_take(coll->send, send, 0, send_form, send_blocks));
}

int coll_allgather(struct coll *coll, PyObject *send, PyObject *recv,
                   enum coll_form form)
{
    return symmetric(coll, send, recv, COLL_SIMPLE, 0, form);
}

int coll_alltoall(struct coll *coll, PyObject *send, PyObject *recv,
                  enum coll_form form)
{
    return symmetric(coll, send, recv, form, coll->members.size, form);
}

/* ------------------------------------------------------------ reductions */
/* The end of a preparation.  MPICH ends the process over a null datatype here. */
static int reducible(struct coll *coll, int rc)
{
    if (rc < 0)
        return -1;
    if (coll->send->type == MPI_DATATYPE_NULL || coll->recv->type == MPI_DATATYPE_NULL)
        return prepared(coll, mpi_check(MPI_ERR_TYPE));
    return 0;
}

/* The two sides must agree; memory that is given for both is reduced in place. */
static int match(struct coll *coll)
{
    struct message *send = coll->send, *recv = coll->recv;

    if (send->type != recv->type)
        PyErr_SetString(PyExc_ValueError, "mismatch in send and receive MPI datatypes");
    else if (send->count != recv->count)
        PyErr_Format(PyExc_ValueError,
                     "mismatch in send count %lld and receive count %lld", send->count,
                     recv->count);
    else {
        if (send->addr == recv->addr && send->addr != MPI_BOTTOM && send->count > 0)
            send->addr = MPI_IN_PLACE;
        return 0;
    }
    return -1;
}

static int both(struct coll *coll, PyObject *send, PyObject *recv)
{
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0)
        return -1;
    if (message_is_in_place(send)) {
        in_place(coll->send, coll->recv);
        return 0;
    }
    if (message_simple(coll->send, send, 0, 0) < 0)
        return prepared(coll, -1);
    return coll->members.is_inter ? 0 : prepared(coll, match(coll));
}

int coll_reduce(struct coll *coll, PyObject *send, PyObject *recv, int root)
{
    enum coll_role role;

    if (coll->comm == MPI_COMM_NULL
        || (role = coll_role(&coll->members, root)) == COLL_NONE)
        return 0;
    if (role == COLL_MEMBER)
        return reducible(coll, message_simple(coll->send, send, 0, 0));
    if (!coll->members.is_inter)
        return reducible(coll, both(coll, send, recv));
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0)
        return -1;
    coll->send->count = coll->recv->count;
    coll->send->type = coll->recv->type;
    return reducible(coll, 0);
}

int coll_allreduce(struct coll *coll, PyObject *send, PyObject *recv)
{
    return coll->comm == MPI_COMM_NULL ? 0 : reducible(coll, both(coll, send, recv));
}

int coll_scan(struct coll *coll, PyObject *send, PyObject *recv)
{
    return coll_allreduce(coll, send, recv);
}

/* One block to everybody: the send side has them all. */
int coll_reduce_scatter_block(struct coll *coll, PyObject *send, PyObject *recv)
{
    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (message_is_in_place(send)) {
        if (message_simple(coll->recv, recv, BUFFER_WRITABLE, coll->members.size) < 0)
            return -1;
        in_place(coll->send, coll->recv);
        return reducible(coll, 0);
    }
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0
        || message_simple(coll->send, send, 0,
                          coll->members.is_inter ? 0 : coll->members.size)
               < 0
        || (!coll->members.is_inter && match(coll) < 0))
        return prepared(coll, -1);
    return reducible(coll, 0);
}

/* Every member's count. */
static int share_counts(struct coll *coll)
{
    MPI_Count *counts = coll->recv->counts;
    int rc;

    MPI_CALL(rc, MPI_Allgather_c(&coll->recv->count, 1, MPI_COUNT, counts, 1, MPI_COUNT,
                                 coll->comm));
    return mpi_check(rc);
}

static int match_counts(const struct coll *coll, bool is_in_place)
{
    const struct message *send = coll->send, *recv = coll->recv;
    MPI_Count sum = 0;
    int idx;

    for (idx = 0; idx < coll->members.size; idx++)
        sum += recv->counts[idx];
    if (send->type != recv->type)
        PyErr_SetString(PyExc_ValueError, "mismatch in send and receive MPI datatypes");
    else if (send->count != sum)
        PyErr_Format(PyExc_ValueError,
                     "mismatch in send count %lld and sum(counts) %lld", send->count,
                     sum);
    else if (!is_in_place && recv->count != recv->counts[coll->members.rank])
        PyErr_Format(PyExc_ValueError,
                     "mismatch in receive count %lld and receive counts[%d] %lld",
                     recv->count, coll->members.rank, recv->counts[coll->members.rank]);
    else
        return 0;
    return -1;
}

/* Between groups, what the other one would tell are its own counts. */
static int reduce_scatter_inter(struct coll *coll, PyObject *counts)
{
    int size;

    if (counts == Py_None) {
        PyErr_SetString(PyExc_TypeError, "'recvcounts' must be a sequence of integers "
                                         "on an intercommunicator");
        return -1;
    }
    if (mpi_check(MPI_Comm_size(coll->comm, &size)) < 0)
        return -1;
    return message_set_counts(coll->recv, counts, size);
}

static int reduce_scatter_intra(struct coll *coll, PyObject *counts, bool is_in_place)
{
    PyObject *given = counts == Py_None ? NULL : counts;

    if (message_set_counts(coll->recv, given, coll->members.size) < 0
        || (!given && share_counts(coll) < 0))
        return -1;
    if (is_in_place)
        in_place(coll->send, coll->recv);
    return match_counts(coll, is_in_place);
}

int coll_reduce_scatter(struct coll *coll, PyObject *send, PyObject *recv,
                        PyObject *counts)
{
    bool is_in_place = !coll->members.is_inter && message_is_in_place(send);

    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0
        || (!is_in_place && message_simple(coll->send, send, 0, 0) < 0)
        || (coll->members.is_inter ? reduce_scatter_inter(coll, counts)
                                   : reduce_scatter_intra(coll, counts, is_in_place))
               < 0)
        return prepared(coll, -1);
    return reducible(coll, 0);
}
