/* coll.h - the buffers of a collective call
 *
 * One preparation per family (what the root, the others, and IN_PLACE mean), used by
 * the blocking, nonblocking and persistent forms alike: a struct coll lies on the
 * stack, and borrows two messages from there or from a keep.  The forms themselves
 * are made from the table in collectives.h.
 */
#ifndef SRC_COLL_H
#define SRC_COLL_H

#include "bindings/src/message.h"
#include "bindings/wait/mpiwait.h"

/* How one buffer is divided among ranks: in blocks of one length; by counts and
 * displacements; by these and a datatype for each block. */
enum coll_form { COLL_SIMPLE, COLL_VECTOR, COLL_W };

struct coll {
    struct message *send;
    struct message *recv;
    MPI_Comm comm;
    struct mpiwait_members members; /* of 'comm' */
};

/* Size, rank and kind of a communicator, quickly; -1 with the exception set. */
int coll_members(MPI_Comm comm, struct mpiwait_members *members);

/* What this rank is when there is a root. */
enum coll_role { COLL_ROOT, COLL_MEMBER, COLL_NONE };
enum coll_role coll_role(const struct mpiwait_members *members, int root);

/* 0, or -1 with the exception set.  A null communicator is left to MPI: the
 * messages stay empty. */
int coll_init(struct coll *coll, MPI_Comm comm, struct message *send,
              struct message *recv);
void coll_clear(struct coll *coll);

/* message_simple(), message_vector() or message_w(). */
int coll_take(struct message *msg, PyObject *spec, int flags, enum coll_form form,
              int blocks);

/* The preparations, by family.  0, or -1 with the exception set and both messages
 * cleared. */
int coll_bcast(struct coll *coll, PyObject *buf, int root);
int coll_gather(struct coll *coll, PyObject *send, PyObject *recv, int root,
                enum coll_form form);
int coll_scatter(struct coll *coll, PyObject *send, PyObject *recv, int root,
                 enum coll_form form);
int coll_allgather(struct coll *coll, PyObject *send, PyObject *recv,
                   enum coll_form form);
int coll_alltoall(struct coll *coll, PyObject *send, PyObject *recv,
                  enum coll_form form);
int coll_reduce(struct coll *coll, PyObject *send, PyObject *recv, int root);
int coll_allreduce(struct coll *coll, PyObject *send, PyObject *recv);
int coll_scan(struct coll *coll, PyObject *send, PyObject *recv);
int coll_reduce_scatter_block(struct coll *coll, PyObject *send, PyObject *recv);
/* 'counts' None: the members tell each other, by a collective call. */
int coll_reduce_scatter(struct coll *coll, PyObject *send, PyObject *recv,
                        PyObject *counts);
/* On a communicator with a topology. */
int coll_neighbor_allgather(struct coll *coll, PyObject *send, PyObject *recv,
                            enum coll_form form);
int coll_neighbor_alltoall(struct coll *coll, PyObject *send, PyObject *recv,
                           enum coll_form form);

#endif
