/* p2p.h - waiting for messages: what the small and the large twins share */
#ifndef WAIT_P2P_H
#define WAIT_P2P_H

#include <mpi.h>
#include <stdbool.h>

/* A receive that the layer has posted, a send, or both. */
struct exchange {
    const char *call;
    MPI_Comm comm;
    int peer, tag; /* what it waits for, as the caller named it */
    MPI_Request recv, send;
    MPI_Status *status; /* of the receive */
    void *packed;       /* the layer's own send buffer, for free(); or NULL */
    int dest;           /* whom it waits for once it has received */
};

/* Waits for both; 'rc' is what starting them returned.  An interrupt cancels the
 * receive, unless its message has come, and leaves the send active. */
int p2p_finish(struct exchange *exchange, int rc);

/* Never abandoned: the message is already out of MPI's queues. */
int p2p_finish_matched(const char *call, MPI_Request *request, MPI_Status *status);

/* MPI_Sendrecv_replace for both twins. */
int p2p_replace(void *buf, MPI_Count count, MPI_Datatype type, int dest, int sendtag,
                int source, int recvtag, MPI_Comm comm, MPI_Status *status);

#endif
