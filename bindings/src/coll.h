/* coll.h - the buffers of a collective call
 *
 * One preparation per family (what the root, the others, and IN_PLACE mean), used by
 * the blocking, nonblocking and persistent forms alike: a struct coll lies on the
 * stack, or borrows the two messages of a keep.
 */
#ifndef SRC_COLL_H
#define SRC_COLL_H

#include "bindings/src/message.h"

struct coll {
    struct message *send;
    struct message *recv;
    MPI_Comm comm;
    int size, rank; /* of the group that 'comm' talks to, and within ours */
    bool is_inter;
};

/* 0, or -1 with the exception set.  A null communicator is left to MPI: the
 * messages stay empty. */
int coll_init(struct coll *coll, MPI_Comm comm, struct message *send,
              struct message *recv);

int coll_bcast(struct coll *coll, PyObject *buf, int root);
int coll_gather(struct coll *coll, PyObject *send, PyObject *recv, int root,
                bool vector);
int coll_scatter(struct coll *coll, PyObject *send, PyObject *recv, int root,
                 bool vector);
int coll_allgather(struct coll *coll, PyObject *send, PyObject *recv, bool vector);
int coll_alltoall(struct coll *coll, PyObject *send, PyObject *recv, bool vector);
int coll_reduce(struct coll *coll, PyObject *send, PyObject *recv, int root);
int coll_allreduce(struct coll *coll, PyObject *send, PyObject *recv);
int coll_scan(struct coll *coll, PyObject *send, PyObject *recv);
int coll_reduce_scatter_block(struct coll *coll, PyObject *send, PyObject *recv);
/* 'counts' NULL: the members tell each other, by a collective call. */
int coll_reduce_scatter(struct coll *coll, PyObject *send, PyObject *recv,
                        PyObject *counts);

#endif
