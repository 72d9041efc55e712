/* collectives.h - the collectives that send and receive buffers
 *
 * COLLECTIVE(class, name, nonblocking name, parameters, preparation, arguments)
 * REDUCTION(the same): one of the parameters is 'op'
 *
 * No include guard: included where functions are made of it, one file for each form.
 * In all forms 'self' is the communicator and 'coll' a struct coll; what MPI is
 * called with begins with 'arguments' and goes on with the communicator.
 */
#define BUFFERS PyObject *sendbuf, PyObject *recvbuf
#define PREPARE(family, ...) coll_##family(&coll, sendbuf, recvbuf, __VA_ARGS__)

#define SEND MESSAGE(coll.send)
#define RECV MESSAGE(coll.recv)
#define SEND_V MESSAGE_V(coll.send)
#define RECV_V MESSAGE_V(coll.recv)
#define SEND_W MESSAGE_W(coll.send)
#define RECV_W MESSAGE_W(coll.recv)
/* A reduction has one count and type; the preparation gives them to 'send'. */
#define REDUCE coll.send->addr, coll.recv->addr, coll.send->count, coll.send->type
/* Where the result is divided, those of the parts count. */
#define REDUCE_BLOCK coll.send->addr, coll.recv->addr, coll.recv->count, coll.recv->type
#define REDUCE_V coll.send->addr, coll.recv->addr, coll.recv->counts, coll.recv->type

COLLECTIVE(comm, Bcast, Ibcast, (PyObject * buf, int root),
           coll_bcast(&coll, buf, root), (SEND, root))

COLLECTIVE(comm, Gather, Igather, (BUFFERS, int root),
           PREPARE(gather, root, COLL_SIMPLE), (SEND, RECV, root))
COLLECTIVE(comm, Gatherv, Igatherv, (BUFFERS, int root),
           PREPARE(gather, root, COLL_VECTOR), (SEND, RECV_V, root))
COLLECTIVE(comm, Scatter, Iscatter, (BUFFERS, int root),
           PREPARE(scatter, root, COLL_SIMPLE), (SEND, RECV, root))
COLLECTIVE(comm, Scatterv, Iscatterv, (BUFFERS, int root),
           PREPARE(scatter, root, COLL_VECTOR), (SEND_V, RECV, root))

COLLECTIVE(comm, Allgather, Iallgather, (BUFFERS), PREPARE(allgather, COLL_SIMPLE),
           (SEND, RECV))
COLLECTIVE(comm, Allgatherv, Iallgatherv, (BUFFERS), PREPARE(allgather, COLL_VECTOR),
           (SEND, RECV_V))
COLLECTIVE(comm, Alltoall, Ialltoall, (BUFFERS), PREPARE(alltoall, COLL_SIMPLE),
           (SEND, RECV))
COLLECTIVE(comm, Alltoallv, Ialltoallv, (BUFFERS), PREPARE(alltoall, COLL_VECTOR),
           (SEND_V, RECV_V))
COLLECTIVE(comm, Alltoallw, Ialltoallw, (BUFFERS), PREPARE(alltoall, COLL_W),
           (SEND_W, RECV_W))

REDUCTION(comm, Reduce, Ireduce, (BUFFERS, MPI_Op op, int root), PREPARE(reduce, root),
          (REDUCE, op, root))
REDUCTION(comm, Allreduce, Iallreduce, (BUFFERS, MPI_Op op),
          coll_allreduce(&coll, sendbuf, recvbuf), (REDUCE, op))
REDUCTION(comm, Reduce_scatter_block, Ireduce_scatter_block, (BUFFERS, MPI_Op op),
          coll_reduce_scatter_block(&coll, sendbuf, recvbuf), (REDUCE_BLOCK, op))
REDUCTION(comm, Reduce_scatter, Ireduce_scatter,
          (BUFFERS, PyObject *recvcounts, MPI_Op op),
          PREPARE(reduce_scatter, recvcounts), (REDUCE_V, op))
REDUCTION(intracomm, Scan, Iscan, (BUFFERS, MPI_Op op),
          coll_scan(&coll, sendbuf, recvbuf), (REDUCE, op))
REDUCTION(intracomm, Exscan, Iexscan, (BUFFERS, MPI_Op op),
          coll_scan(&coll, sendbuf, recvbuf), (REDUCE, op))

COLLECTIVE(topocomm, Neighbor_allgather, Ineighbor_allgather, (BUFFERS),
           PREPARE(neighbor_allgather, COLL_SIMPLE), (SEND, RECV))
COLLECTIVE(topocomm, Neighbor_allgatherv, Ineighbor_allgatherv, (BUFFERS),
           PREPARE(neighbor_allgather, COLL_VECTOR), (SEND, RECV_V))
COLLECTIVE(topocomm, Neighbor_alltoall, Ineighbor_alltoall, (BUFFERS),
           PREPARE(neighbor_alltoall, COLL_SIMPLE), (SEND, RECV))
COLLECTIVE(topocomm, Neighbor_alltoallv, Ineighbor_alltoallv, (BUFFERS),
           PREPARE(neighbor_alltoall, COLL_VECTOR), (SEND_V, RECV_V))
COLLECTIVE(topocomm, Neighbor_alltoallw, Ineighbor_alltoallw, (BUFFERS),
           PREPARE(neighbor_alltoall, COLL_W), (SEND_W, RECV_W))
