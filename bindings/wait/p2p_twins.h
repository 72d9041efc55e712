/* p2p_twins.h - the calls of messages.c, for COUNT and TWIN as set by it
 *
 * No include guard: included once for each twin.
 */
#define SEND(name, iname)                                                              \
    EXPORT int TWIN(MPI_##name)(const void *buf, COUNT count, MPI_Datatype type,       \
                                int dest, int tag, MPI_Comm comm)                      \
    {                                                                                  \
        struct exchange exchange = { .call = #name,                                    \
                                     .comm = comm,                                     \
                                     .peer = dest,                                     \
                                     .tag = tag,                                       \
                                     .recv = MPI_REQUEST_NULL };                       \
                                                                                       \
        if (!layer_is_on() || dest == MPI_PROC_NULL)                                   \
            return TWIN(PMPI_##name)(buf, count, type, dest, tag, comm);               \
        exchange.send = MPI_REQUEST_NULL;                                              \
        return p2p_finish(&exchange, TWIN(PMPI_##iname)(buf, count, type, dest, tag,   \
                                                        comm, &exchange.send));        \
    }

SEND(Send, Isend)
SEND(Ssend, Issend)
SEND(Rsend, Irsend)
#undef SEND

EXPORT int TWIN(MPI_Recv)(void *buf, COUNT count, MPI_Datatype type, int source,
                          int tag, MPI_Comm comm, MPI_Status *status)
{
    struct exchange exchange = { "Recv",           comm,  source, tag, MPI_REQUEST_NULL,
                                 MPI_REQUEST_NULL, status };

    if (!layer_is_on() || source == MPI_PROC_NULL)
        return TWIN(PMPI_Recv)(buf, count, type, source, tag, comm, status);
    return p2p_finish(&exchange, TWIN(PMPI_Irecv)(buf, count, type, source, tag, comm,
                                                  &exchange.recv));
}

EXPORT int TWIN(MPI_Sendrecv)(const void *sendbuf, COUNT sendcount,
                              MPI_Datatype sendtype, int dest, int sendtag,
                              void *recvbuf, COUNT recvcount, MPI_Datatype recvtype,
                              int source, int recvtag, MPI_Comm comm,
                              MPI_Status *status)
{
    struct exchange exchange = { .call = "Sendrecv",
                                 .comm = comm,
                                 .peer = source,
                                 .tag = recvtag,
                                 .recv = MPI_REQUEST_NULL,
                                 .send = MPI_REQUEST_NULL,
                                 .status = status,
                                 .dest = dest };
    int rc;

    if (!layer_is_on())
        return TWIN(PMPI_Sendrecv)(sendbuf, sendcount, sendtype, dest, sendtag, recvbuf,
                                   recvcount, recvtype, source, recvtag, comm, status);
    rc = TWIN(PMPI_Irecv)(recvbuf, recvcount, recvtype, source, recvtag, comm,
                          &exchange.recv);
    if (rc == MPI_SUCCESS)
        rc = TWIN(PMPI_Isend)(sendbuf, sendcount, sendtype, dest, sendtag, comm,
                              &exchange.send);
    return p2p_finish(&exchange, rc);
}

EXPORT int TWIN(MPI_Sendrecv_replace)(void *buf, COUNT count, MPI_Datatype type,
                                      int dest, int sendtag, int source, int recvtag,
                                      MPI_Comm comm, MPI_Status *status)
{
    if (!layer_is_on())
        return TWIN(PMPI_Sendrecv_replace)(buf, count, type, dest, sendtag, source,
                                           recvtag, comm, status);
    return p2p_replace(buf, count, type, dest, sendtag, source, recvtag, comm, status);
}

EXPORT int TWIN(MPI_Mrecv)(void *buf, COUNT count, MPI_Datatype type,
                           MPI_Message *message, MPI_Status *status)
{
    MPI_Request request;
    int rc;

    if (!layer_is_on())
        return TWIN(PMPI_Mrecv)(buf, count, type, message, status);
    rc = TWIN(PMPI_Imrecv)(buf, count, type, message, &request);
    return rc != MPI_SUCCESS ? rc : p2p_finish_matched("Mrecv", &request, status);
}
