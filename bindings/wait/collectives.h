/* collectives.h - the blocking collectives that have a nonblocking form
 *
 * COLLECTIVE(name, nonblocking name, side, parameters, arguments, fields of call)
 *
 * No include guard: included where a table or functions are made of it.  The
 * parameters hold for the nonblocking and the persistent form too, and with COUNT
 * and DISPL as int or as MPI_Count and MPI_Aint for the small and the large twin.
 * 'side' says which buffer's size all members must agree on, and whether there is
 * a root (see call.c).
 */
#define SEND_ARGS .send = sendcount, .send_type = sendtype, .send_buf = sendbuf
#define RECV_ARGS .recv = recvcount, .recv_type = recvtype, .recv_buf = recvbuf
#define REDUCE_ARGS(count)                                                             \
    .op = op, .send = count, .send_type = type, .send_buf = sendbuf, .recv_buf = recvbuf

COLLECTIVE(Bcast, Ibcast, ROOTED_SEND,
           (void *buf, COUNT count, MPI_Datatype type, int root, MPI_Comm comm),
           (buf, count, type, root, comm), .root = root, .send = count,
           .send_type = type, .recv_buf = buf)

COLLECTIVE(Gather, Igather, ROOTED_GATHER,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm),
           .root = root, SEND_ARGS, RECV_ARGS)

COLLECTIVE(Gatherv, Igatherv, ROOTED,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            const COUNT recvcounts[], const DISPL displs[], MPI_Datatype recvtype,
            int root, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype, root,
            comm),
           .root = root)

COLLECTIVE(Scatter, Iscatter, ROOTED_SCATTER,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, int root, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, root, comm),
           .root = root, SEND_ARGS, RECV_ARGS)

COLLECTIVE(Scatterv, Iscatterv, ROOTED,
           (const void *sendbuf, const COUNT sendcounts[], const DISPL displs[],
            MPI_Datatype sendtype, void *recvbuf, COUNT recvcount,
            MPI_Datatype recvtype, int root, MPI_Comm comm),
           (sendbuf, sendcounts, displs, sendtype, recvbuf, recvcount, recvtype, root,
            comm),
           .root = root)

COLLECTIVE(Allgather, Iallgather, RECV,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm),
           SEND_ARGS, RECV_ARGS)

COLLECTIVE(Allgatherv, Iallgatherv, PLAIN,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            const COUNT recvcounts[], const DISPL displs[], MPI_Datatype recvtype,
            MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype,
            comm), )

COLLECTIVE(Alltoall, Ialltoall, RECV,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm),
           SEND_ARGS, RECV_ARGS)

COLLECTIVE(Alltoallv, Ialltoallv, PLAIN,
           (const void *sendbuf, const COUNT sendcounts[], const DISPL sdispls[],
            MPI_Datatype sendtype, void *recvbuf, const COUNT recvcounts[],
            const DISPL rdispls[], MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls,
            recvtype, comm), )

COLLECTIVE(Alltoallw, Ialltoallw, PLAIN,
           (const void *sendbuf, const COUNT sendcounts[], const DISPL sdispls[],
            const MPI_Datatype sendtypes[], void *recvbuf, const COUNT recvcounts[],
            const DISPL rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm),
           (sendbuf, sendcounts, sdispls, sendtypes, recvbuf, recvcounts, rdispls,
            recvtypes, comm), )

COLLECTIVE(Reduce, Ireduce, ROOTED_SEND,
           (const void *sendbuf, void *recvbuf, COUNT count, MPI_Datatype type,
            MPI_Op op, int root, MPI_Comm comm),
           (sendbuf, recvbuf, count, type, op, root, comm), .root = root,
           REDUCE_ARGS(count))

COLLECTIVE(Allreduce, Iallreduce, SEND,
           (const void *sendbuf, void *recvbuf, COUNT count, MPI_Datatype type,
            MPI_Op op, MPI_Comm comm),
           (sendbuf, recvbuf, count, type, op, comm), REDUCE_ARGS(count))

COLLECTIVE(Reduce_scatter, Ireduce_scatter, PLAIN,
           (const void *sendbuf, void *recvbuf, const COUNT recvcounts[],
            MPI_Datatype type, MPI_Op op, MPI_Comm comm),
           (sendbuf, recvbuf, recvcounts, type, op, comm), .op = op)

COLLECTIVE(Reduce_scatter_block, Ireduce_scatter_block, SEND,
           (const void *sendbuf, void *recvbuf, COUNT recvcount, MPI_Datatype type,
            MPI_Op op, MPI_Comm comm),
           (sendbuf, recvbuf, recvcount, type, op, comm), REDUCE_ARGS(recvcount))

COLLECTIVE(Scan, Iscan, SEND,
           (const void *sendbuf, void *recvbuf, COUNT count, MPI_Datatype type,
            MPI_Op op, MPI_Comm comm),
           (sendbuf, recvbuf, count, type, op, comm), REDUCE_ARGS(count))

COLLECTIVE(Exscan, Iexscan, SEND,
           (const void *sendbuf, void *recvbuf, COUNT count, MPI_Datatype type,
            MPI_Op op, MPI_Comm comm),
           (sendbuf, recvbuf, count, type, op, comm), REDUCE_ARGS(count))

COLLECTIVE(Neighbor_allgather, Ineighbor_allgather, PLAIN,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm), )

COLLECTIVE(Neighbor_allgatherv, Ineighbor_allgatherv, PLAIN,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            const COUNT recvcounts[], const DISPL displs[], MPI_Datatype recvtype,
            MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcounts, displs, recvtype,
            comm), )

COLLECTIVE(Neighbor_alltoall, Ineighbor_alltoall, PLAIN,
           (const void *sendbuf, COUNT sendcount, MPI_Datatype sendtype, void *recvbuf,
            COUNT recvcount, MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcount, sendtype, recvbuf, recvcount, recvtype, comm), )

COLLECTIVE(Neighbor_alltoallv, Ineighbor_alltoallv, PLAIN,
           (const void *sendbuf, const COUNT sendcounts[], const DISPL sdispls[],
            MPI_Datatype sendtype, void *recvbuf, const COUNT recvcounts[],
            const DISPL rdispls[], MPI_Datatype recvtype, MPI_Comm comm),
           (sendbuf, sendcounts, sdispls, sendtype, recvbuf, recvcounts, rdispls,
            recvtype, comm), )

COLLECTIVE(Neighbor_alltoallw, Ineighbor_alltoallw, PLAIN,
           (const void *sendbuf, const COUNT sendcounts[], const MPI_Aint sdispls[],
            const MPI_Datatype sendtypes[], void *recvbuf, const COUNT recvcounts[],
            const MPI_Aint rdispls[], const MPI_Datatype recvtypes[], MPI_Comm comm),
           (sendbuf, sendcounts, sdispls, sendtypes, recvbuf, recvcounts, rdispls,
            recvtypes, comm), )

#undef SEND_ARGS
#undef RECV_ARGS
#undef REDUCE_ARGS
