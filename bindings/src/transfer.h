/* transfer.h - objects under way in several messages
 *
 * The protocol.  The sender starts the header (parcel.h) on the user's communicator and
 * all pieces on the payload communicator, a duplicate of MPI_COMM_WORLD of
 * libmpiwait's, at once and in this order, with a tag that no other transfer of its
 * has.  The receiver learns from the header what comes, allocates, and posts the
 * receives of the pieces, so that nothing is copied; MPI keeps the order of messages
 * with the same tag.
 *
 * Who receives the header need not be who waits for the object: nobody may wait at all.
 * So transfers are a registry that libmpiwait advances from every loop in which this
 * rank waits for anything, from tests, and while it is idle.  That makes
 *     r = comm.irecv(); comm.send(large); r.wait()
 * on both sides complete, as MPI promises.  A transfer shows itself to the user as a
 * generalized request, which is done when the last piece is.
 *
 * A transfer goes on when its request is dropped and when the wait for it was
 * interrupted: what was announced is received, and thrown away.  Only a receive whose
 * header has not come can be cancelled.
 *
 * The registry takes locks and makes MPI calls, but never needs the GIL: all functions
 * that return an MPI code are to be called without it.
 */
#ifndef SRC_TRANSFER_H
#define SRC_TRANSFER_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>

#include "bindings/src/parcel.h"

struct transfer;

struct transfer_piece {
    void *addr;
    size_t nbytes;
};

typedef int (*transfer_isend_f)(const void *buf, MPI_Count count, MPI_Datatype type,
                                int dest, int tag, MPI_Comm comm, MPI_Request *request);

/* Whether there is a payload communicator. */
bool transfer_is_on(void);

/* The rank that 'dest' of 'comm' has on the payload communicator, or -1: it is of
 * another world, and understands no headers.  An MPI code. */
int transfer_find(MPI_Comm comm, int dest, int *rank);

/* Own rank there, and a tag for the pieces of one transfer. */
int transfer_rank(void);
int transfer_tag(void);

/* Sends 'header' by 'call', and the pieces to 'peer'.  The memory of all is the
 * caller's, until '*request' is done. */
int transfer_send(const struct transfer_piece *header, transfer_isend_f call, int dest,
                  int tag, MPI_Comm comm, const struct transfer_piece *pieces,
                  int count, int peer, int piece_tag, MPI_Request *request);

/* Receives whatever comes, a pickle or a header, into 'memory', and what a header
 * announces.  'memory' is the caller's, until '*request' is done. */
int transfer_recv(struct transfer_piece memory, int source, int tag, MPI_Comm comm,
                  struct transfer **transfer, MPI_Request *request);
int transfer_mrecv(struct transfer_piece memory, MPI_Message *message,
                   struct transfer **transfer, MPI_Request *request);

/* Goes on with a header that has arrived. */
int transfer_begin(struct transfer_piece header, const MPI_Status *status,
                   struct transfer **transfer, MPI_Request *request);

/* What has been received, once the request is done: NULL when it was no header, and
 * '*is_damaged' when it was a damaged one. */
const struct parcel *transfer_parcel(struct transfer *transfer, bool *is_damaged);
/* Its pieces; each can be taken away once, and is to be given to pool_free(). */
struct transfer_piece transfer_take(struct transfer *transfer, int idx);

/* Accepts NULL. */
void transfer_unref(struct transfer *transfer);

/* Throws away what a header that nobody wants announces. */
void transfer_refuse(const void *header, size_t nbytes);

/* One look at all transfers; quick when there are none.  1 when something has moved. */
int transfer_advance(void *unused);

#endif
