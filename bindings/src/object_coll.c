/* object_coll.c - collectives of objects
 *
 * All take two trips: the sizes, then the bytes.  A size of BLOCKS_FAILED says that
 * its rank has no object to give; who learns of it raises after the second trip,
 * which every rank makes: between groups and among neighbours not all know of it.
 */
#include "bindings/src/blocks.h"
#include "bindings/src/coll.h"
#include "bindings/src/context.h"
#include "bindings/src/error.h"
#include "bindings/src/neighbors.h"
#include "mpi_impl.h"

int comm_barrier_impl(struct comm_object *self)
{
    int rc;

    CALLED_AS("barrier", MPI_COMM_NULL, 0, 0, rc = comm_Barrier_impl(self));
    return rc;
}

/* What this rank is in a collective with a root; both, in an intracommunicator. */
struct part {
    int size, rank; /* of the ranks that the root talks to, and ours */
    bool is_root, is_member;
};

static int part_init(struct part *part, MPI_Comm comm, int root)
{
    struct mpiwait_members members;
    enum coll_role role;

    if (coll_members(comm, &members) < 0)
        return -1;
    role = coll_role(&members, root);
    part->size = members.size;
    part->rank = members.rank;
    part->is_root = role == COLL_ROOT;
    part->is_member = role == COLL_MEMBER || !members.is_inter;
    return 0;
}

/* The pickle of one object and its size, or BLOCKS_FAILED. */
static MPI_Count prepare_one(struct message *msg, PyObject *obj,
                             struct failure *failure)
{
    if (pickle_message(msg, obj) == 0)
        return msg->count;
    failure_catch(failure);
    return BLOCKS_FAILED;
}

/* ------------------------------------------------------------ broadcast */
/* The first trip carries the size, and small pickles altogether.  A negative size
 * says which rank has failed: -1 - rank. */
struct head {
    MPI_Count nbytes;
    char bytes[1016];
};

static PyObject *spread_bytes(struct head *head, const struct message *msg,
                              bool is_inter, int root, MPI_Comm comm)
{
    bool is_long = head->nbytes > (MPI_Count)sizeof(head->bytes);
    MPI_Count nbytes = is_long ? head->nbytes : 0;
    PyObject *bytes;
    int rc;

    bytes = msg ? buffer_wrap(msg->buf.view.obj, msg->addr, msg->count, true)
                : buffer_allocate(head->nbytes < 0 ? 0 : head->nbytes, false);
    if (!bytes)
        return NULL;
    /* Between groups some ranks do not know the size, but must make the call. */
    if (is_long || is_inter) {
        MPI_CALL(rc, MPI_Bcast_c(buffer_address(bytes), nbytes, MPI_BYTE, root, comm));
        if (mpi_check(rc) < 0)
            Py_CLEAR(bytes);
    }
    if (bytes && !is_long && !msg && head->nbytes > 0)
        memcpy(buffer_address(bytes), head->bytes, head->nbytes);
    return bytes;
}

PyObject *object_spread(const char *call, const struct message *msg, int culprit,
                        int root, MPI_Comm comm)
{
    struct mpiwait_members members;
    PyObject *bytes;
    struct head head;
    int rc;

    if (coll_members(comm, &members) < 0)
        return NULL;
    if (root == MPI_PROC_NULL)
        head.nbytes = 0;
    else
        head.nbytes = msg ? msg->count : -1 - culprit;
    if (msg && msg->count && msg->count <= (MPI_Count)sizeof(head.bytes))
        memcpy(head.bytes, msg->addr, msg->count);
    MPI_CALL(rc, MPI_Bcast_c(&head, sizeof(head), MPI_BYTE, root, comm));
    if (mpi_check(rc) < 0)
        return NULL;
    if (head.nbytes < 0 && !members.is_inter)
        bytes = NULL;
    else if (!(bytes = spread_bytes(&head, msg, members.is_inter, root, comm)))
        return NULL;
    if (head.nbytes < 0) {
        Py_CLEAR(bytes);
        object_raise_peer(-1 - (int)head.nbytes, call);
    }
    return bytes;
}

PyObject *comm_bcast_impl(struct comm_object *self, PyObject *obj, int root)
{
    struct failure failure = { NULL };
    struct context *context;
    struct message msg;
    PyObject *bytes = NULL, *result = NULL;
    struct part part;
    bool has_object;

    if (part_init(&part, self->mpi, root) < 0)
        return NULL;
    message_init(&msg);
    if (part.is_root)
        prepare_one(&msg, obj, &failure);
    has_object = part.is_root && !failure_is_set(&failure);
    if ((context = context_enter(self->mpi, "bcast"))) {
        bytes = object_spread("bcast", has_object ? &msg : NULL, part.rank, root,
                              self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (bytes)
        result = part.is_member ? object_load(bytes) : Py_NewRef(Py_None);
    Py_XDECREF(bytes);
    message_clear(&msg);
    return result;
}

/* ------------------------------------------------------------ gather */
static int gather_bytes(struct blocks *blocks, const struct message *msg,
                        MPI_Count nbytes, int root, bool is_root, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc, MPI_Gather_c(&nbytes, 1, MPI_COUNT, blocks->sizes, 1, MPI_COUNT, root,
                              comm));
    if (mpi_check(rc) < 0)
        return -1;
    if (is_root) {
        blocks_arrange(blocks);
        if (blocks_allocate(blocks) < 0)
            return -1;
    }
    MPI_CALL(rc, MPI_Gatherv_c(msg->addr, msg->count, MPI_BYTE, blocks_addr(blocks),
                               blocks->sizes, blocks->displs, MPI_BYTE, root, comm));
    return mpi_check(rc);
}

PyObject *comm_gather_impl(struct comm_object *self, PyObject *sendobj, int root)
{
    struct failure failure = { NULL };
    struct blocks blocks = { 0 };
    struct context *context;
    struct message msg;
    PyObject *result = NULL;
    MPI_Count nbytes = 0;
    struct part part;
    int rc = -1;

    if (part_init(&part, self->mpi, root) < 0)
        return NULL;
    if (part.is_root && blocks_init(&blocks, part.size) < 0) {
        blocks_clear(&blocks);
        return NULL;
    }
    message_init(&msg);
    if (part.is_member)
        nbytes = prepare_one(&msg, sendobj, &failure);
    if ((context = context_enter(self->mpi, "gather"))) {
        rc = gather_bytes(&blocks, &msg, nbytes, root, part.is_root, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (rc == 0 && !part.is_root)
        result = Py_NewRef(Py_None);
    else if (rc == 0 && blocks.culprit >= 0)
        object_raise_peer(blocks.culprit, "gather");
    else if (rc == 0)
        result = blocks_load(&blocks);
    message_clear(&msg);
    blocks_clear(&blocks);
    return result;
}

/* ------------------------------------------------------------ scatter */
/* The bytes for this rank, none where there are none, or NULL. */
static PyObject *scatter_bytes(struct blocks *blocks, int root, bool is_root,
                               MPI_Comm comm)
{
    MPI_Count nbytes = 0;
    PyObject *bytes;
    bool has_failed;
    int rc;

    MPI_CALL(rc, MPI_Scatter_c(blocks->sizes, 1, MPI_COUNT, &nbytes, 1, MPI_COUNT, root,
                               comm));
    if (mpi_check(rc) < 0)
        return NULL;
    if ((has_failed = nbytes == BLOCKS_FAILED))
        nbytes = 0;
    if (is_root)
        blocks_arrange(blocks);
    if (!(bytes = buffer_allocate(nbytes, false)))
        return NULL;
    MPI_CALL(rc, MPI_Scatterv_c(blocks_addr(blocks), blocks->sizes, blocks->displs,
                                MPI_BYTE, buffer_address(bytes), nbytes, MPI_BYTE, root,
                                comm));
    if (mpi_check(rc) < 0 || (has_failed && object_raise_peer(root, "scatter") < 0))
        Py_CLEAR(bytes);
    return bytes;
}

PyObject *comm_scatter_impl(struct comm_object *self, PyObject *sendobj, int root)
{
    struct failure failure = { NULL };
    struct blocks blocks = { 0 };
    struct context *context;
    PyObject *bytes = NULL, *result = NULL;
    struct part part;

    if (part_init(&part, self->mpi, root) < 0)
        return NULL;
    if (part.is_root) {
        if (blocks_init(&blocks, part.size) < 0)
            goto done;
        blocks_prepare(&blocks, sendobj, &failure);
    }
    if ((context = context_enter(self->mpi, "scatter"))) {
        bytes = scatter_bytes(&blocks, root, part.is_root, self->mpi);
        context_leave(context);
    }
    if (failure_is_set(&failure))
        failure_raise(&failure);
    else if (bytes)
        result = part.is_member ? object_load(bytes) : Py_NewRef(Py_None);
done:
    Py_XDECREF(bytes);
    blocks_clear(&blocks);
    return result;
}

/* ------------------------------------------------------------ without a root */
/* MPI's calls for the two trips: of all ranks, or of neighbours. */
struct exchange {
    const char *call;
    int (*sizes)(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                 void *recvbuf, MPI_Count recvcount, MPI_Datatype recvtype,
                 MPI_Comm comm);
    int (*gather)(const void *sendbuf, MPI_Count sendcount, MPI_Datatype sendtype,
                  void *recvbuf, const MPI_Count recvcounts[], const MPI_Aint displs[],
                  MPI_Datatype recvtype, MPI_Comm comm);
    int (*all)(const void *sendbuf, const MPI_Count sendcounts[],
               const MPI_Aint sdispls[], MPI_Datatype sendtype, void *recvbuf,
               const MPI_Count recvcounts[], const MPI_Aint rdispls[],
               MPI_Datatype recvtype, MPI_Comm comm);
    bool is_local; /* blocks are of neighbours, not of ranks */
};

/* 'from' has no object to give. */
static int raise_culprit(struct comm_object *self, const struct exchange *exchange,
                         int from)
{
    PyObject *edges;
    int rank = from;

    if (exchange->is_local) {
        if (!(edges = topocomm_inedges_get(self)))
            return -1;
        rank = (int)PyLong_AsLong(PyList_GET_ITEM(edges, from));
        Py_DECREF(edges);
    }
    return object_raise_peer(rank, exchange->call);
}

/* The end of both: the list of what came, if all went well. */
static PyObject *exchanged(struct comm_object *self, const struct exchange *exchange,
                           struct blocks *in, int rc, struct failure *failure)
{
    if (failure_is_set(failure))
        failure_raise(failure);
    else if (rc == 0 && in->culprit >= 0)
        raise_culprit(self, exchange, in->culprit);
    else if (rc == 0)
        return blocks_load(in);
    return NULL;
}

static int allgather_bytes(const struct exchange *exchange, const struct message *msg,
                           MPI_Count nbytes, struct blocks *in, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc, exchange->sizes(&nbytes, 1, MPI_COUNT, in->sizes, 1, MPI_COUNT, comm));
    if (mpi_check(rc) < 0)
        return -1;
    blocks_arrange(in);
    if (blocks_allocate(in) < 0)
        return -1;
    MPI_CALL(rc, exchange->gather(msg->addr, msg->count, MPI_BYTE, blocks_addr(in),
                                  in->sizes, in->displs, MPI_BYTE, comm));
    return mpi_check(rc);
}

static PyObject *allgather(struct comm_object *self, const struct exchange *exchange,
                           PyObject *obj, int sources)
{
    struct failure failure = { NULL };
    struct blocks in = { 0 };
    struct context *context;
    struct message msg;
    PyObject *result;
    MPI_Count nbytes;
    int rc = -1;

    if (blocks_init(&in, sources) < 0) {
        blocks_clear(&in);
        return NULL;
    }
    nbytes = prepare_one(&msg, obj, &failure);
    if ((context = context_enter(self->mpi, exchange->call))) {
        rc = allgather_bytes(exchange, &msg, nbytes, &in, self->mpi);
        context_leave(context);
    }
    result = exchanged(self, exchange, &in, rc, &failure);
    message_clear(&msg);
    blocks_clear(&in);
    return result;
}

static int alltoall_bytes(const struct exchange *exchange, struct blocks *out,
                          struct blocks *in, MPI_Comm comm)
{
    int rc;

    MPI_CALL(rc,
             exchange->sizes(out->sizes, 1, MPI_COUNT, in->sizes, 1, MPI_COUNT, comm));
    if (mpi_check(rc) < 0)
        return -1;
    blocks_arrange(out);
    blocks_arrange(in);
    if (blocks_allocate(in) < 0)
        return -1;
    MPI_CALL(rc, exchange->all(blocks_addr(out), out->sizes, out->displs, MPI_BYTE,
                               blocks_addr(in), in->sizes, in->displs, MPI_BYTE, comm));
    return mpi_check(rc);
}

static PyObject *alltoall(struct comm_object *self, const struct exchange *exchange,
                          PyObject *objs, int targets, int sources)
{
    struct failure failure = { NULL };
    struct blocks out = { 0 }, in = { 0 };
    struct context *context;
    PyObject *result = NULL;
    int rc = -1;

    if (blocks_init(&out, targets) < 0 || blocks_init(&in, sources) < 0)
        goto done;
    blocks_prepare(&out, objs, &failure);
    if ((context = context_enter(self->mpi, exchange->call))) {
        rc = alltoall_bytes(exchange, &out, &in, self->mpi);
        context_leave(context);
    }
    result = exchanged(self, exchange, &in, rc, &failure);
done:
    blocks_clear(&out);
    blocks_clear(&in);
    return result;
}

PyObject *comm_allgather_impl(struct comm_object *self, PyObject *sendobj)
{
    static const struct exchange exchange = { .call = "allgather",
                                              .sizes = MPI_Allgather_c,
                                              .gather = MPI_Allgatherv_c };
    struct mpiwait_members members;

    if (coll_members(self->mpi, &members) < 0)
        return NULL;
    return allgather(self, &exchange, sendobj, members.size);
}

PyObject *comm_alltoall_impl(struct comm_object *self, PyObject *sendobj)
{
    static const struct exchange exchange = { .call = "alltoall",
                                              .sizes = MPI_Alltoall_c,
                                              .all = MPI_Alltoallv_c };
    struct mpiwait_members members;

    if (coll_members(self->mpi, &members) < 0)
        return NULL;
    return alltoall(self, &exchange, sendobj, members.size, members.size);
}

PyObject *topocomm_neighbor_allgather_impl(struct comm_object *self, PyObject *sendobj)
{
    static const struct exchange exchange = { .call = "neighbor_allgather",
                                              .sizes = MPI_Neighbor_allgather_c,
                                              .gather = MPI_Neighbor_allgatherv_c,
                                              .is_local = true };
    int sources, targets;

    if (neighbors_count(self->mpi, &sources, &targets) < 0)
        return NULL;
    return allgather(self, &exchange, sendobj, sources);
}

PyObject *topocomm_neighbor_alltoall_impl(struct comm_object *self, PyObject *sendobj)
{
    static const struct exchange exchange = { .call = "neighbor_alltoall",
                                              .sizes = MPI_Neighbor_alltoall_c,
                                              .all = MPI_Neighbor_alltoallv_c,
                                              .is_local = true };
    int sources, targets;

    if (neighbors_count(self->mpi, &sources, &targets) < 0)
        return NULL;
    return alltoall(self, &exchange, sendobj, targets, sources);
}
