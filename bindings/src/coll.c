/* coll.c - the buffers of a collective call, and the blocking collectives
 *
 * What a rank must give depends on who it is: the root of an intracommunicator, one
 * of the others; in an intercommunicator a process of the root's group (root is
 * ROOT or PROC_NULL) or of the other one.  Buffers that do not matter are not
 * looked at.
 */
#include "bindings/src/coll.h"

#include "bindings/src/error.h"
#include "mpi_impl.h"

enum { SIMPLE, VECTOR };

int coll_init(struct coll *coll, MPI_Comm comm, struct message *send,
              struct message *recv)
{
    int is_inter = 0;

    message_init(send);
    message_init(recv);
    *coll = (struct coll){ .send = send, .recv = recv, .comm = comm };
    if (comm == MPI_COMM_NULL)
        return 0;
    if (mpi_check(MPI_Comm_test_inter(comm, &is_inter)) < 0)
        return -1;
    coll->is_inter = is_inter;
    if (mpi_check(is_inter ? MPI_Comm_remote_size(comm, &coll->size)
                           : MPI_Comm_size(comm, &coll->size))
        < 0)
        return -1;
    return mpi_check(MPI_Comm_rank(comm, &coll->rank));
}

static void coll_clear(struct coll *coll)
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

static int take(struct message *msg, PyObject *spec, int flags, bool vector, int blocks)
{
    return vector ? message_vector(msg, spec, flags, blocks)
                  : message_simple(msg, spec, flags, blocks);
}

/* IN_PLACE is an address; count and type are those of the other side. */
static void in_place(struct message *msg, const struct message *other)
{
    msg->addr = MPI_IN_PLACE;
    msg->count = other->count;
    msg->type = other->type;
    msg->counts = other->counts;
    msg->displs = other->displs;
}

enum role { ROLE_ROOT, ROLE_MEMBER, ROLE_NONE };

static enum role role_of(const struct coll *coll, int root)
{
    if (!coll->is_inter)
        return coll->rank == root ? ROLE_ROOT : ROLE_MEMBER;
    if (root == MPI_ROOT)
        return ROLE_ROOT;
    return root == MPI_PROC_NULL ? ROLE_NONE : ROLE_MEMBER;
}

int coll_bcast(struct coll *coll, PyObject *buf, int root)
{
    enum role role = role_of(coll, root);

    if (coll->comm == MPI_COMM_NULL || role == ROLE_NONE)
        return 0;
    /* One side only: MPI_Bcast() has one buffer, which is 'send' for all. */
    return message_simple(coll->send, buf, role == ROLE_ROOT ? 0 : BUFFER_WRITABLE, 0);
}

int coll_gather(struct coll *coll, PyObject *send, PyObject *recv, int root,
                bool vector)
{
    enum role role = role_of(coll, root);

    if (coll->comm == MPI_COMM_NULL || role == ROLE_NONE)
        return 0;
    if (role == ROLE_MEMBER)
        return message_simple(coll->send, send, 0, 0);
    if (take(coll->recv, recv, BUFFER_WRITABLE, vector, coll->size) < 0)
        return -1;
    if (coll->is_inter)
        return 0;
    if (message_is_in_place(send)) {
        in_place(coll->send, coll->recv);
        return 0;
    }
    return prepared(coll, message_simple(coll->send, send, 0, 0));
}

int coll_scatter(struct coll *coll, PyObject *send, PyObject *recv, int root,
                 bool vector)
{
    enum role role = role_of(coll, root);

    if (coll->comm == MPI_COMM_NULL || role == ROLE_NONE)
        return 0;
    if (role == ROLE_MEMBER)
        return message_simple(coll->recv, recv, BUFFER_WRITABLE, 0);
    if (take(coll->send, send, 0, vector, coll->size) < 0)
        return -1;
    if (coll->is_inter)
        return 0;
    if (message_is_in_place(recv)) {
        in_place(coll->recv, coll->send);
        return 0;
    }
    return prepared(coll, message_simple(coll->recv, recv, BUFFER_WRITABLE, 0));
}

/* Those without a root: IN_PLACE is the send side of an intracommunicator. */
static int symmetric(struct coll *coll, PyObject *send, PyObject *recv,
                     bool send_vector, int send_blocks, bool recv_vector)
{
    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (take(coll->recv, recv, BUFFER_WRITABLE, recv_vector, coll->size) < 0)
        return -1;
    if (!coll->is_inter && message_is_in_place(send)) {
        in_place(coll->send, coll->recv);
        return 0;
    }
    return prepared(coll, take(coll->send, send, 0, send_vector, send_blocks));
}

int coll_allgather(struct coll *coll, PyObject *send, PyObject *recv, bool vector)
{
    return symmetric(coll, send, recv, SIMPLE, 0, vector);
}

int coll_alltoall(struct coll *coll, PyObject *send, PyObject *recv, bool vector)
{
    return symmetric(coll, send, recv, vector, coll->size, vector);
}

/* ------------------------------------------------------------ reductions */
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
    return coll->is_inter ? 0 : prepared(coll, match(coll));
}

int coll_reduce(struct coll *coll, PyObject *send, PyObject *recv, int root)
{
    enum role role = role_of(coll, root);

    if (coll->comm == MPI_COMM_NULL || role == ROLE_NONE)
        return 0;
    if (role == ROLE_MEMBER)
        return message_simple(coll->send, send, 0, 0);
    if (!coll->is_inter)
        return both(coll, send, recv);
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0)
        return -1;
    coll->send->count = coll->recv->count;
    coll->send->type = coll->recv->type;
    return 0;
}

int coll_allreduce(struct coll *coll, PyObject *send, PyObject *recv)
{
    return coll->comm == MPI_COMM_NULL ? 0 : both(coll, send, recv);
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
        if (message_simple(coll->recv, recv, BUFFER_WRITABLE, coll->size) < 0)
            return -1;
        in_place(coll->send, coll->recv);
        return 0;
    }
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0
        || message_simple(coll->send, send, 0, coll->is_inter ? 0 : coll->size) < 0
        || (!coll->is_inter && match(coll) < 0))
        return prepared(coll, -1);
    return 0;
}

/* Every member's count, when the caller did not say. */
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

    if (coll->is_inter)
        return 0;
    for (idx = 0; idx < coll->size; idx++)
        sum += recv->counts[idx];
    if (send->type != recv->type)
        PyErr_SetString(PyExc_ValueError, "mismatch in send and receive MPI datatypes");
    else if (send->count != sum)
        PyErr_Format(PyExc_ValueError,
                     "mismatch in send count %lld and sum(counts) %lld", send->count,
                     sum);
    else if (!is_in_place && recv->count != recv->counts[coll->rank])
        PyErr_Format(PyExc_ValueError,
                     "mismatch in receive count %lld and receive counts[%d] %lld",
                     recv->count, coll->rank, recv->counts[coll->rank]);
    else
        return 0;
    return -1;
}

int coll_reduce_scatter(struct coll *coll, PyObject *send, PyObject *recv,
                        PyObject *counts)
{
    bool is_in_place = message_is_in_place(send);

    if (coll->comm == MPI_COMM_NULL)
        return 0;
    if (message_simple(coll->recv, recv, BUFFER_WRITABLE, 0) < 0)
        return -1;
    if ((!is_in_place && message_simple(coll->send, send, 0, 0) < 0)
        || message_set_counts(coll->recv, counts, coll->size) < 0
        || (!counts && share_counts(coll) < 0))
        return prepared(coll, -1);
    if (is_in_place)
        in_place(coll->send, coll->recv);
    return prepared(coll, match_counts(coll, is_in_place));
}

/* ------------------------------------------------------------ blocking */
/* The buffers of one blocking call on the stack. */
struct stack {
    struct coll coll;
    struct message send, recv;
};

/* The end of a blocking call. */
static int done(struct stack *stack, int rc)
{
    coll_clear(&stack->coll);
    return mpi_check(rc);
}

/* One method: prepare 's', call MPI without the GIL, clean up. */
#define BLOCKING(name, params, prepare, call)                                          \
    int name##_impl params                                                             \
    {                                                                                  \
        struct stack s;                                                                \
        int rc;                                                                        \
                                                                                       \
        if (coll_init(&s.coll, self->mpi, &s.send, &s.recv) < 0 || prepare < 0)        \
            return -1;                                                                 \
        MPI_CALL(rc, call);                                                            \
        return done(&s, rc);                                                           \
    }

#define SENDS MESSAGE(&s.send)
#define RECVS MESSAGE(&s.recv)
#define SENDS_V MESSAGE_V(&s.send)
#define RECVS_V MESSAGE_V(&s.recv)
/* A reduction has one count and type; coll_reduce() sees to it that 'send' has them. */
#define REDUCES s.send.addr, s.recv.addr, s.send.count, s.send.type
#define COMM self->mpi

int comm_Barrier_impl(struct comm_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_Barrier(self->mpi));
    return mpi_check(rc);
}

BLOCKING(comm_Bcast, (struct comm_object * self, PyObject *buf, int root),
         coll_bcast(&s.coll, buf, root), MPI_Bcast_c(SENDS, root, COMM))

#define TO_ROOT                                                                        \
    (struct comm_object * self, PyObject * sendbuf, PyObject * recvbuf, int root)
BLOCKING(comm_Gather, TO_ROOT, coll_gather(&s.coll, sendbuf, recvbuf, root, SIMPLE),
         MPI_Gather_c(SENDS, RECVS, root, COMM))
BLOCKING(comm_Gatherv, TO_ROOT, coll_gather(&s.coll, sendbuf, recvbuf, root, VECTOR),
         MPI_Gatherv_c(SENDS, RECVS_V, root, COMM))
BLOCKING(comm_Scatter, TO_ROOT, coll_scatter(&s.coll, sendbuf, recvbuf, root, SIMPLE),
         MPI_Scatter_c(SENDS, RECVS, root, COMM))
BLOCKING(comm_Scatterv, TO_ROOT, coll_scatter(&s.coll, sendbuf, recvbuf, root, VECTOR),
         MPI_Scatterv_c(SENDS_V, RECVS, root, COMM))

#define TO_ALL (struct comm_object * self, PyObject * sendbuf, PyObject * recvbuf)
BLOCKING(comm_Allgather, TO_ALL, coll_allgather(&s.coll, sendbuf, recvbuf, SIMPLE),
         MPI_Allgather_c(SENDS, RECVS, COMM))
BLOCKING(comm_Allgatherv, TO_ALL, coll_allgather(&s.coll, sendbuf, recvbuf, VECTOR),
         MPI_Allgatherv_c(SENDS, RECVS_V, COMM))
BLOCKING(comm_Alltoall, TO_ALL, coll_alltoall(&s.coll, sendbuf, recvbuf, SIMPLE),
         MPI_Alltoall_c(SENDS, RECVS, COMM))
BLOCKING(comm_Alltoallv, TO_ALL, coll_alltoall(&s.coll, sendbuf, recvbuf, VECTOR),
         MPI_Alltoallv_c(SENDS_V, RECVS_V, COMM))

BLOCKING(comm_Reduce,
         (struct comm_object * self, PyObject *sendbuf, PyObject *recvbuf, MPI_Op op,
          int root),
         coll_reduce(&s.coll, sendbuf, recvbuf, root),
         MPI_Reduce_c(REDUCES, op, root, COMM))

#define WITH_OP                                                                        \
    (struct comm_object * self, PyObject * sendbuf, PyObject * recvbuf, MPI_Op op)
BLOCKING(comm_Allreduce, WITH_OP, coll_allreduce(&s.coll, sendbuf, recvbuf),
         MPI_Allreduce_c(REDUCES, op, COMM))
BLOCKING(comm_Reduce_scatter_block, WITH_OP,
         coll_reduce_scatter_block(&s.coll, sendbuf, recvbuf),
         MPI_Reduce_scatter_block_c(s.send.addr, s.recv.addr, s.recv.count, s.recv.type,
                                    op, COMM))

BLOCKING(comm_Reduce_scatter,
         (struct comm_object * self, PyObject *sendbuf, PyObject *recvbuf,
          PyObject *recvcounts, MPI_Op op),
         coll_reduce_scatter(&s.coll, sendbuf, recvbuf,
                             recvcounts == Py_None ? NULL : recvcounts),
         MPI_Reduce_scatter_c(s.send.addr, s.recv.addr, s.recv.counts, s.recv.type, op,
                              COMM))

/* Members of Intracomm, whose objects are comm_objects too. */
BLOCKING(intracomm_Scan, WITH_OP, coll_scan(&s.coll, sendbuf, recvbuf),
         MPI_Scan_c(REDUCES, op, COMM))
BLOCKING(intracomm_Exscan, WITH_OP, coll_scan(&s.coll, sendbuf, recvbuf),
         MPI_Exscan_c(REDUCES, op, COMM))
